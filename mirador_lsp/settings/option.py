"""What is known of one setting, kept in the metadata of the field that a source fills."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Option:
    """What is known of one setting besides its name, its type and its default."""

    doc: str
    """The documentation users read. Plain sentences, Markdown code spans allowed."""
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    """The only values; for a list, the only items."""
    narrows: str = ""
    """When a value makes a review look at less or show less: "smaller", "larger", "fewer" items of
    a list, or "" for never."""
    restricted: bool = False
    """An untrusted workspace file may not set it: it chooses what runs, or where files lie."""
    own: bool = False
    """Only the user's own settings count: no workspace's, however far the user trusts it."""
    is_path: bool = False
    """Text that names a file or folder; relative to the folder of the file that says it."""
    many_lines: bool = False
    """Text that may hold line ends."""
    form: str = ""
    """A regular expression that the whole text has to match."""
    pairs: bool = False
    """A list of NAME=VALUE, which may be written as a table as well."""
    may_be_empty: bool = False
    """A list that may name nothing."""
    repeats: bool = False
    """A list whose items keep their number: the words of a command."""
    max_length: int = 200
    """Code points of a text or of an item of a list."""


OPTION = "option"
"""Under this name a field's metadata holds its `Option`."""


def option(doc: str, **facts: Any) -> Any:
    """A field of a source: nothing said, and what is known of the setting."""
    return field(default=None, metadata={OPTION: Option(doc=doc, **facts)})
