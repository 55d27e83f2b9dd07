"""Changed files that the project does not want reviewed: what `.miradorignore` names."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from mirador_lsp.core.change_sets import FileChange
from mirador_lsp.workspace.git.listing import read_inside
from mirador_lsp.workspace.ignoring import Rules, read_rules

NAME = ".miradorignore"
_MOST_BYTES = 256 * 1024
_MOST_WORK = 20_000_000


class IgnoreFiles:
    """The ignore files below a folder, each read once. What git ignores it does not list itself."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._read: dict[tuple[str, ...], Rules | None] = {}
        self._work = _MOST_WORK

    def without(self, files: Iterable[FileChange]) -> tuple[FileChange, ...]:
        """The files; those that are ignored say so and are not to be reviewed. Blocks."""
        return tuple(
            replace(file, snapshot=None, spans=(), why_not=f"ignored by {NAME}")
            if file.snapshot is not None and self._ignores(file.path)
            else file
            for file in files
        )

    def _ignores(self, path: str) -> bool:
        parts = tuple(path.split("/"))
        return any(self._says(parts[: end + 1], whole=parts) for end in range(len(parts)))

    def _says(self, parts: tuple[str, ...], whole: tuple[str, ...]) -> bool:
        """Whether the nearest file that speaks of a folder or file says that it is ignored."""
        for depth in range(len(parts) - 1, -1, -1):
            rules = self._rules(parts[:depth])
            if rules is None:
                continue
            self._work -= rules.cost
            if self._work < 0:
                return False
            verdict = rules.verdict(parts[depth:], is_folder=len(parts) < len(whole))
            if verdict is not None:
                return verdict
        return False

    def _rules(self, folder: tuple[str, ...]) -> Rules | None:
        if folder not in self._read:
            name = "/".join((*folder, NAME))
            content = read_inside(self._root, name, most=_MOST_BYTES)
            rules = read_rules(content, name=NAME) if isinstance(content, bytes) else None
            self._read[folder] = rules
        return self._read[folder]
