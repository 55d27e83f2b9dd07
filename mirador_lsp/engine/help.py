"""Where a user can read what a model's finding means."""

from importlib.resources import files
from pathlib import Path


def help_uri(section: str) -> str:
    """A `file:` URI of the packaged page `lenses.md`, at the section of a lens or a pass."""
    page = Path(str(files("mirador_lsp.engine").joinpath("lenses.md")))
    return f"{page.as_uri()}#{section}"
