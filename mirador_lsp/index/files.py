"""What the index needs of the files of its workspace; the walk over them lives elsewhere."""

from collections.abc import Collection, Generator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Entry:
    """A file that may be read."""

    name: str
    """Relative to the workspace, with "/"."""
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class Left:
    """A file or folder that is left out."""

    name: str
    kind: str
    """Why, for counting many together: "too large", "ignored"."""
    limit: bool = False
    """The look ends here: there is more than it goes through."""


@dataclass(frozen=True)
class Text:
    """What a file holds."""

    text: str
    language: str
    """Id of its language, "" where no parser knows it."""
    content: str
    """SHA-256 of its bytes, hex."""


class Files(Protocol):
    """The files of one workspace. For one thread; nothing raises for what is or is not there."""

    def look(self, names: Collection[str] | None, most: int) -> Generator[Entry | Left, None, None]:
        """Every file, or these and what is below them; no file is opened for it. After `most`
        files and folders it ends with a `Left` that says `limit`.
        """
        ...

    def read(self, name: str) -> Text | Left:
        """The text of a file that a look has told."""
        ...
