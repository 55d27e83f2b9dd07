"""`python -m mirador_lsp` is the `mirador` command."""

import sys

from mirador_lsp.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
