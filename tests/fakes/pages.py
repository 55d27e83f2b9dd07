"""Snippets of a documentation page, so that what stands there is what is run."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
_LINES = re.MULTILINE | re.DOTALL


def snippets(page: str, heading: str, language: str) -> list[str]:
    """The code blocks in `language` between `heading` and the next heading of a page in docs/."""
    text = (DOCS / page).read_text("utf-8")
    wanted = rf"^#+ {re.escape(heading)}\n(.*?)(?=^#+ |\Z)"
    section = re.search(wanted, _hidden(text), _LINES)
    assert section is not None, f"{page} has no heading {heading!r}"
    part = text[section.start(1) : section.end(1)]
    return re.findall(rf"^```{language}\n(.*?)^```$", part, _LINES)


def snippet(page: str, heading: str, language: str) -> str:
    """The only code block in `language` under `heading`."""
    (found,) = snippets(page, heading, language)
    return found


def _hidden(text: str) -> str:
    """The text with the inside of code blocks blanked: a comment in a script is no heading."""
    return re.sub(r"^```.*?^```$", lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=_LINES)
