"""Where a user can read what a model's finding means."""

from importlib.resources import files
from pathlib import Path

from mirador_lsp.core.findings import Lens


def help_uri(lens: Lens) -> str:
    """A `file:` URI of the packaged page `lenses.md`, at the section of the lens."""
    page = Path(str(files("mirador_lsp.engine").joinpath("lenses.md")))
    return f"{page.as_uri()}#{lens.value}"
