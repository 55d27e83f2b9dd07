"""Builds the index and keeps it true: always the next small thing that matters most."""

import asyncio
import contextlib
import logging
import math
from collections.abc import Callable, Iterable, Iterator

from mirador_lsp.core.errors import IndexUnavailable
from mirador_lsp.core.retrieval import EmbedderCard, IndexReport
from mirador_lsp.index.catalogue import Counts
from mirador_lsp.index.cutter import Cutter
from mirador_lsp.index.cutting import Cut, CutThis, TooMuch
from mirador_lsp.index.embedding import Embedding
from mirador_lsp.index.holding import Holding
from mirador_lsp.index.keeper import Keeper
from mirador_lsp.index.pacing import Pace
from mirador_lsp.index.pausing import Gate
from mirador_lsp.index.reading import Job, Reading
from mirador_lsp.index.sharing import Sharing

MOST_FILES = 100_000
"""Files and folders of a workspace that is indexed without being asked."""
_MOST_ASKED = 2_000_000
_MOST_BYTES = 1_000_000
"""Larger texts are not parsed but cut by lines."""
_COUNT_SECONDS = 1.0
"""Between two counts of what there is, while it grows."""
_REST_SECONDS = 300.0
_RETRY_AT_ONCE, _RETRY_SECONDS = 0.1, 30.0
_AT_WORK = frozenset({"looking", "reading", "embedding"})
_TOO_MANY = (
    f"The workspace has more than {MOST_FILES:,} files and folders. Leave some out in "
    ".miradorignore, or build it all the same: mirador index build"
)
_log = logging.getLogger(__name__)


class Builder:
    """For the event loop; `run` is one task. Its figures may be read at any time."""

    def __init__(
        self,
        keeper: Keeper,
        holding: Holding,
        embedding: Embedding,
        sharing: Sharing,
        on_battery: Callable[[], bool],
        clock: Callable[[], float],
        tell: Callable[[], None],
    ) -> None:
        """`tell` is called whenever the report may have changed."""
        self._keeper = keeper
        self._holding = holding
        self._embedding = embedding
        self._sharing = sharing
        self._clock = clock
        self._tell = tell
        self._stirred = asyncio.Event()
        self._known = asyncio.Event()
        self.gate = Gate(on_battery, clock, self._stirred.set)
        self._make_reading: Callable[[], Reading] | None = None
        self._reading: Reading | None = None
        self._looking: Iterator[None] | None = None
        self._cutter = Cutter(clock)
        self._job: Job | None = None
        """Read, and next to be cut."""
        self._done: tuple[Job, Cut | TooMuch | None] | None = None
        """Cut, and next to be put into the catalogue."""
        self._settling: Iterator[None] | None = None
        self._collected = False
        self._changed: dict[str, None] = {}
        self._look = False
        self._asked = False
        self._reopen = False
        self._paces: dict[str, Pace] = {}
        """By the digest of the embedder."""
        self._phase = "starting"
        self._reason = ""
        self._counts = Counts(0, 0, 0, 0, {})
        self._counted = -_COUNT_SECONDS
        self.looked = -math.inf
        """When everything was last begun to be looked at."""
        self.unfit = ""
        """Why this workspace is not indexed unless the user asks for it; or ""."""
        self.max_disk_bytes = 0
        """What the catalogue may take before what nobody has any more goes; 0 for no limit."""

    async def until_open(self) -> None:
        """Return once the catalogue can be asked. Raises `IndexUnavailable` when it cannot."""
        await self._known.wait()
        if self._phase == "failed":
            raise IndexUnavailable(self._reason)

    def read_with(self, make: Callable[[], Reading]) -> None:
        """How files are read from now on; everything is looked at again."""
        self._make_reading = make
        self._reading = None
        self.look(asked=False)

    def look(self, *, asked: bool) -> None:
        """Look at every file again; `asked` by the user, so however many there are."""
        self._look = True
        if asked:
            self._asked = True
            self.gate.ask()
        if self._phase in {"ready", "off"}:
            self._now("looking")  # who asks for it must not take what was for the answer
        self._stirred.set()

    def changed(self, names: Iterable[str]) -> None:
        """These files were written, made or removed."""
        self._changed.update(dict.fromkeys(names))
        self._stirred.set()

    async def opened(self, names: Iterable[str]) -> None:
        """The user looks at these files."""
        await self.until_open()
        if self._reading is not None:
            await self._keeper.do(self._reading.opened, tuple(names))
        self._stirred.set()

    def stir(self) -> None:
        """There may be something to do: other embedders, memories."""
        self._stirred.set()

    def reopen(self) -> None:
        """The catalogue failed somebody: open it again, whatever that takes."""
        self._reopen = True
        self._stirred.set()

    def report(self) -> IndexReport:
        """What there is and is done, at once."""
        reading, cards = self._reading, self._embedding.cards
        digest = cards[-1].digest if cards else ""
        paused = self.gate.reason if self._phase in _AT_WORK else ""
        notes = (*self._holding.notes, self._embedding.note, *self._sharing.notes)
        return IndexReport(
            phase="paused" if paused else self._phase,
            reason=paused or self._reason,
            files=len(self._holding.stamps),
            chunks=self._counts.chunks,
            vectors=self._counts.vectors.get(digest, 0),
            waiting=reading.waiting if reading is not None else 0,
            skipped=reading.skipped() if reading is not None else (),
            embedder=cards[-1].name if cards else "",
            bytes=self._counts.bytes,
            notes=tuple(note for note in notes if note),
            sends=self._sharing.sends,
        )

    def missing(self) -> tuple[str, ...]:
        """What a search cannot find yet, and why, in sentences."""
        report, note = self.report(), self._embedding.note
        notes = [report.reason]
        if self._phase in {"starting", "looking"}:
            notes.append("The files of the workspace are still being looked at.")
        elif report.waiting:
            notes.append(f"{report.waiting:,} files are still to be read.")
        if note:
            notes.append(f"Found by words and names only: {note}")
        elif report.embedder and report.vectors < report.chunks:
            share = 100 * report.vectors // max(report.chunks, 1)
            notes += [f"{share} % can be found by meaning so far.", *self._sharing.notes]
        return tuple(note for note in notes if note)

    @property
    def lacks_vectors(self) -> bool:
        """Whether some chunks may have no final vector yet."""
        report = self.report()
        return self._phase == "embedding" or report.vectors < report.chunks

    async def run(self) -> None:
        """Build for ever. Ends with an exception only for a defect."""
        while True:
            try:
                await self._keeper.do(self._holding.open)
                self._begin()
                await self._build()
            except IndexUnavailable as error:
                # Damaged, the disk is full, or another process has it: opening tells which.
                _log.warning("%s", error.sentence())
                again = self._phase == "failed"
                self._now("failed", error.sentence())
                self._known.set()
                await asyncio.sleep(_RETRY_SECONDS if again else _RETRY_AT_ONCE)

    async def rest_if_unused(self) -> None:
        """Let go of the process that cuts, where nothing was cut for long."""
        if self._clock() - self._cutter.used > _REST_SECONDS:
            await self._cutter.end()

    async def close(self) -> None:
        """Let go of what `run` has started, once it has ended."""
        await self._cutter.end()

    def _begin(self) -> None:
        """The catalogue was opened; it may be another one than before."""
        self._reading = self._looking = self._settling = None
        self._job = self._done = None
        self._reopen = False
        self._look = True
        self._now("looking")
        self._known.set()

    async def _build(self) -> None:
        while not self._reopen:
            self._stirred.clear()
            if await self._step():
                await self._count()
                self._tell()
                continue
            await self._count(at_once=True)
            self._tell()
            rests = self._embedding.resting, self._sharing.resting, self.gate.patience
            waits = [each for each in rests if each]
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(waits, default=None)):
                    await self._stirred.wait()

    async def _step(self) -> bool:
        """Do the next thing. False when there is none, or it may not be done now."""
        reading = await self._have_reading()
        if reading is None or self._is_off(reading):
            return False
        if self._changed or reading.urgent:
            # A few files, at once, whoever waits for what.
            await self._follow_changes(reading)
            return True
        await self.gate.look_at_power()
        if self.gate.reason:
            return False
        if self._look or self._looking is not None:
            await self._look_everywhere(reading)
        elif reading.waiting or self._job is not None or self._done is not None:
            self._now("reading")
            await self._read(reading)
        else:
            return await self._finish()
        return True

    async def _have_reading(self) -> Reading | None:
        if self._reading is None and self._make_reading is not None:
            self._looking = self._job = self._done = None
            self._look = True
            self._reading = await self._keeper.do(self._make_reading)
        return self._reading

    def _is_off(self, reading: Reading) -> bool:
        why = "" if self._asked else self.unfit
        if not why and reading.too_many and not self._look:
            why = _TOO_MANY
        if why:
            self._changed.clear()
            self._now("off", why)
        return bool(why)

    async def _follow_changes(self, reading: Reading) -> None:
        names, self._changed = tuple(self._changed), {}
        if names:
            work = reading.look(names, MOST_FILES)
            while await self._keeper.advance(work):
                pass
        while reading.urgent:
            await self._read(reading)
        while self._job is not None or self._done is not None:
            await self._read(reading, more=False)

    async def _look_everywhere(self, reading: Reading) -> None:
        if self._look:
            self._look = False
            self.looked = self._clock()
            self._looking = reading.look(None, _MOST_ASKED if self._asked else MOST_FILES)
        self._now("looking")
        if self._looking is not None and not await self._keeper.advance(self._looking):
            self._looking = None

    async def _read(self, reading: Reading, *, more: bool = True) -> None:
        """While one file is cut, the one before it is put into the catalogue and the next one is
        read. Without `more` no further one is begun.
        """
        job, self._job = self._job, None
        done, self._done = self._done, None

        async def keep() -> Job | None:
            if done is not None:
                await self._keeper.do(reading.put, *done)
            return await self._keeper.do(reading.next_job) if more else None

        if job is None:
            self._job = await keep()
            return
        text = job.text
        asked = CutThis(text.text, text.language, job.entry.name, _MOST_BYTES)
        cut, self._job = await asyncio.gather(self._cutter.cut(asked), keep())
        self._done = job, cut

    async def _finish(self) -> bool:
        """Vectors, then what is left to tidy up. False when all is done."""
        if not self._holding.settled or self._settling is not None:
            self._now("embedding")  # all files are known, only vectors are not
            if self._settling is None:
                self._settling = self._holding.settle()
            if not await self._keeper.advance(self._settling):
                self._settling = None
            return True
        for card in self._embedding.cards:
            if await self._embed(card):
                return True
        if not self._embedding.settled:
            return False  # it is not known yet whether there is something to embed with
        if self._phase != "ready":
            await self._count(at_once=True)  # who is told that all is done is told how much it is
        self._now("ready")
        if await self._sharing.offer():
            return True
        if self._collected or not self.max_disk_bytes:
            return False
        collect = self._holding.catalogue.collect
        found = await self._keeper.do(collect, keep_bytes=self.max_disk_bytes)
        self._collected = not found.sources
        return True

    async def _embed(self, card: EmbedderCard) -> bool:
        """Embed the next few chunks. False when there are none, or it cannot be done now."""
        if self._embedding.resting:
            return False
        pace = self._paces.setdefault(card.digest, Pace())
        pending = await self._keeper.do(self._holding.pending, card.digest, pace.texts)
        if not pending:
            return False
        self._now("embedding")
        began = self._clock()
        rows = await self._sharing.documents(card, pending)
        if rows is None:
            return False
        pace.took(len(pending), self._clock() - began)
        try:
            await self._keeper.do(self._holding.keep, card.digest, rows)
        except ValueError as error:
            self._embedding.refuse(f"The embedder {card.name} gives wrong vectors: {error}.")
            return False
        return True

    async def _count(self, *, at_once: bool = False) -> None:
        if at_once or self._clock() - self._counted >= _COUNT_SECONDS:
            self._counts = await self._keeper.do(self._holding.counts)
            self._counted = self._clock()

    def _now(self, phase: str, reason: str = "") -> None:
        if (phase, reason) != (self._phase, self._reason):
            self._phase, self._reason = phase, reason
            self._tell()
