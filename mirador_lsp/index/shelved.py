"""Files of vectors in a folder, found by the embedder that they are of."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import IndexUnavailable, ServiceError
from mirador_lsp.core.retrieval import EmbedderCard, VectorFile
from mirador_lsp.index.prebuilt import ENDING, Prebuilt, mark_of, new_file
from mirador_lsp.ipc.private import ensure_private

_MOST_FILES = 64
_KEPT = 8
"""Imported files; with a further one the oldest goes."""


class PrebuiltFolder:
    """The files of a folder, or one file. Looked at again each time; for one thread at a time."""

    def __init__(self, place: Path, *, named: bool = False) -> None:
        """`named` by the user: then it is told where there is nothing at the place."""
        self.place = place
        self._named = named
        self._open: dict[Path, Prebuilt] = {}
        self._refused: dict[Path, tuple[tuple[int, ...] | None, str]] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        """Which files are not used and why, in sentences."""
        return tuple(why for _, why in self._refused.values())

    def vectors_of(self, card: EmbedderCard, ids: Iterable[str]) -> Mapping[str, Sequence[float]]:
        """Vectors of these chunks by that embedder. Never raises; see `notes`."""
        missing = list(ids)
        found: dict[str, Sequence[float]] = {}
        for path in self._paths():
            file = self._file(path) if missing else None
            if file is None or not file.is_of(card):
                continue
            try:
                found |= file.vectors_of(missing)
            except IndexUnavailable as error:
                self._refuse(path, file.mark, error)
            missing = [chunk for chunk in missing if chunk not in found]
        return found

    def close(self) -> None:
        """Let go of the files. May be repeated."""
        for file in self._open.values():
            file.close()
        self._open.clear()

    def _paths(self) -> list[Path]:
        try:
            with os.scandir(self.place) as entries:
                names = sorted(each.name for each in entries if each.name.endswith(ENDING))
        except NotADirectoryError:
            return [self.place]
        except OSError as error:
            if self._named or not isinstance(error, FileNotFoundError):
                self._refused[self.place] = (None, self._unread(error))
            return []
        self._refused.pop(self.place, None)
        return [self.place / name for name in names if not name.startswith(".")][:_MOST_FILES]

    def _unread(self, error: OSError) -> str:
        place = plain(str(self.place), 300)
        correct = " Correct index.shared." if self._named else ""
        return f"The vectors in {place} are not used: {error.strerror}.{correct}"

    def _file(self, path: Path) -> Prebuilt | None:
        """The file, checked again where it is another one than before."""
        mark = mark_of(path)
        known = self._open.get(path)
        if known is not None and known.mark == mark:
            return known
        if known is not None:
            self._open.pop(path).close()
        if path in self._refused and self._refused[path][0] == mark:
            return None
        self._refused.pop(path, None)
        try:
            file = Prebuilt.open(path)
        except IndexUnavailable as error:
            self._refuse(path, mark, error)
            return None
        self._open[path] = file
        return file

    def _refuse(self, path: Path, mark: tuple[int, ...] | None, error: IndexUnavailable) -> None:
        self._refused[path] = (mark, plain(error.sentence(), 400))
        known = self._open.pop(path, None)
        if known is not None:
            known.close()


def take_in(path: Path, folder: Path, most_bytes: int) -> tuple[VectorFile, str]:
    """Check a file and copy it into `folder`; what it holds, and the digest of its embedder.

    Raises `IndexUnavailable`; then nothing was copied.
    """
    source = Prebuilt.open(path, most_bytes)
    try:
        try:
            ensure_private(folder)
        except ServiceError as error:
            raise IndexUnavailable(str(error), remedy=error.remedy) from error
        kept = folder / f"{source.head.digest[:16]}-{source.mark[2]}-{source.mark[3]}{ENDING}"
        with new_file(kept, mode=0o600) as file:
            source.copy_to(file)
            file.flush()
            # The file may have been changed since it was checked; the copy is ours alone.
            Prebuilt.open(Path(file.name), most_bytes).close()
    finally:
        source.close()
    _make_room(folder)
    head = source.head
    return VectorFile(head.embedder, head.count, source.mark[2]), head.digest


def _make_room(folder: Path) -> None:
    files = [each for each in folder.glob(f"*{ENDING}") if not each.name.startswith(".")]
    for old in sorted(files, key=lambda each: each.stat().st_mtime_ns)[:-_KEPT]:
        old.unlink(missing_ok=True)
