"""What a change does, from the texts before and after: its symbols, who uses them, what breaks."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from mirador_lsp.core.change_sets import ChangeSet, FileChange
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import AnalyzerError, UserError
from mirador_lsp.core.events import Notice, NoticeKind
from mirador_lsp.core.policy import INSTANT
from mirador_lsp.core.references import ReferenceReader, References
from mirador_lsp.core.requests import ReviewRequest
from mirador_lsp.engine.changed.callers import Reader, Uses, uses_of
from mirador_lsp.engine.changed.symbols import SymbolChange, Touch, touched_symbols

MOST_STUDIED = 400
"""Files of a change of which the symbols are looked at, those with the most changed lines first."""
MOST_READERS = 400
"""Files that name a symbol and are read for it."""

FilesNaming = Callable[[Sequence[str], int], Awaitable[tuple[Sequence[Snapshot], int]]]
"""The files after the change, those of the change included, that hold one of the words: so many at
most, and how many there are. Raises `UserError` where nobody can tell."""


@dataclass(frozen=True)
class Study:
    """A change, understood as far as texts tell."""

    change: ChangeSet
    symbols: tuple[SymbolChange, ...] = ()
    uses: Uses = field(default_factory=lambda: Uses({}, {}))
    elsewhere: tuple[Snapshot, ...] = ()
    """Files that did not change and in which something does not fit any more."""
    notices: tuple[Notice, ...] = ()
    """What was not looked at."""

    def documents(self) -> list[Snapshot]:
        """What is to be looked at: the changed files first, then those in which something breaks.
        Files that only moved are among them where they use what was changed.
        """
        own = [
            file.snapshot
            for file in self.change.files
            if file.snapshot is not None and (file.spans or file.name in self.uses.findings)
        ]
        return [*own, *self.elsewhere]

    def shaped(self, request: ReviewRequest) -> ReviewRequest:
        """The request for one of the documents as this change wants it: what changed in it and
        what is caused in it, nothing else. In files that did not change no model is asked.
        """
        name = request.snapshot.name
        caused = self.uses.findings.get(name, ())
        for file in self.change.files:
            if file.name == name and file.snapshot is not None:
                return replace(request, only=file.spans, before=file.before, caused=caused)
        facts = replace(request.policy, stages=(INSTANT,), automatic=False)
        return replace(request, policy=facts, only=(), caused=caused)


async def study(change: ChangeSet, reader: ReferenceReader, naming: FilesNaming | None) -> Study:
    """Look at a change. Without `naming` nobody is asked who uses what was changed.

    Never raises for what texts hold.
    """
    notices: list[Notice] = []
    read = _Reading(reader, notices)
    files = sorted(change.files, key=lambda file: (-(file.added + file.removed), file.name))
    if (beyond := len(files) - MOST_STUDIED) > 0:
        text = f"Who uses the symbols of {beyond:,} more files was not looked at."
        notices.append(Notice(NoticeKind.SKIPPED, text, beyond))
    symbols: list[SymbolChange] = []
    for file in files[:MOST_STUDIED]:
        before = await read.of(_former(file))
        after = await read.of(file.snapshot)
        symbols += touched_symbols(file, before, after)
    there = {file.name for file in change.files if file.snapshot is not None}
    symbols = [each for each in symbols if each.touch is not Touch.MOVED or each.file not in there]
    symbols.sort(key=lambda each: (each.file, each.path))
    words = [each.name for each in symbols if each.touch is not Touch.ADDED]
    readers = await _readers(change, words, read, naming)
    uses = await asyncio.to_thread(uses_of, symbols, readers)
    changed = {file.name for file in change.files}
    elsewhere = tuple(
        each.snapshot
        for each in readers
        if each.snapshot.name in uses.findings and each.snapshot.name not in changed
    )
    return Study(change, tuple(symbols), uses, elsewhere, tuple(notices))


class _Reading:
    """Reads references; a text that cannot be read is told once."""

    def __init__(self, reader: ReferenceReader, notices: list[Notice]) -> None:
        self._reader = reader
        self._notices = notices

    async def of(self, snapshot: Snapshot | None) -> References | None:
        """The references of a text; None where there is no text."""
        if snapshot is None:
            return None
        try:
            return await self._reader.references(snapshot)
        except AnalyzerError as error:
            text = f"{snapshot.name}: {error}"
            self._notices.append(Notice(NoticeKind.UNAVAILABLE, text))
            return References((), (), str(error))

    def miss(self, text: str, count: int = 1) -> None:
        """Tell of something that is not looked at."""
        self._notices.append(Notice(NoticeKind.SKIPPED, text, count))


def _former(file: FileChange) -> Snapshot | None:
    """The file as it was."""
    if file.before is None:
        return None
    if file.snapshot is not None:
        return replace(file.snapshot, text=file.before, version=None)
    language = file.language
    return Snapshot(f"stdin:{file.name}", file.name, language, file.before) if language else None


async def _readers(
    change: ChangeSet, words: Sequence[str], read: _Reading, naming: FilesNaming | None
) -> list[Reader]:
    """The files that may use the symbols; those of the change as the change has them."""
    own = {file.name: file.snapshot for file in change.files if file.snapshot is not None}
    gone = {file.name for file in change.files} - set(own)
    found: dict[str, Snapshot] = {}
    if words and naming is not None:
        try:
            named, total = await naming(words, MOST_READERS)
        except UserError as error:
            named, total = (), 0
            read.miss(f"Who uses what was changed was not looked at: {error}")
        if total > MOST_READERS:
            beyond = total - MOST_READERS
            read.miss(f"{beyond:,} more files name what was changed and were not read.", beyond)
        found = {each.name: each for each in named if each.name not in gone}
    elif words:
        read.miss("Who else uses what was changed was not looked at: there is no repository here.")
    wanted = set(words)
    for name, snapshot in own.items():
        if len(found) < 2 * MOST_READERS and any(word in snapshot.text for word in wanted):
            found[name] = snapshot
    readers = []
    for name in sorted(found):
        references = await read.of(found[name])
        if references is not None:
            readers.append(Reader(found[name], references))
    return readers
