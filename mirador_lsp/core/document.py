"""The text under review, as it was at one moment."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePath
from typing import TypeVar

from mirador_lsp.core.text import LineIndex

Folder = TypeVar("Folder", bound=PurePath)


@dataclass(frozen=True)
class Snapshot:
    """A document at one version. Every offset that speaks of it counts code points of `text`."""

    uri: str
    """Identity of the document: a `file:` URI, or `stdin:NAME` for text that has no file."""
    name: str
    """What a user calls it: the path as given on the command line, or relative to the workspace."""
    language: str
    """Language id of `syntax.languages` ("python", "typescript"…), or "" when unknown."""
    text: str
    version: int | None = None
    """The editor's version number; None outside an editor."""
    path: str | None = field(default=None, compare=False)
    """Absolute path on disk, when there is one."""

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of the text, hex."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()

    @cached_property
    def lines(self) -> LineIndex:
        """Line starts and position conversion for `text`, computed once."""
        return LineIndex(self.text)


def folder_around(path: PurePath, folders: Iterable[Folder]) -> Folder | None:
    """The innermost of `folders` that holds `path`, by their names alone; None where none does."""
    around = [folder for folder in folders if path.is_relative_to(folder)]
    return max(around, key=lambda folder: len(folder.parts), default=None)
