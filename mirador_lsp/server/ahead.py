"""Work before anybody asks, while all is quiet: a model reads the code around the cursor, and the
symbols there are explained; a model that the user is likely to want next is loaded.

Nothing waits for this work. Whatever the user does stops it at once, model included, and when all
has been quiet for a while it goes on. What it finds is kept by the engine; hovers look there.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from mirador_lsp.core.answers import Answer, AnswerEvent, AnswerFinished, AnswerRequest, Topic
from mirador_lsp.core.dialogue import Priority
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import MiradorError
from mirador_lsp.core.outline import Outline, Symbol
from mirador_lsp.core.policy import INSTANT, ReviewPolicy
from mirador_lsp.core.tasks import Supervisor
from mirador_lsp.core.text import Span
from mirador_lsp.server.apphost import AppHost, Reviewer
from mirador_lsp.server.outlines import Outlines
from mirador_lsp.settings import Settings, answer_policy

QUIET_SECONDS = 1.5
"""Without a message that counts, before the work begins or goes on."""
_NEAREST = 8
"""Symbols around the cursor that are explained."""
_MOST_TRIED = 500
_FIRST_PAUSE = 30.0
_LONGEST_PAUSE = 600.0
_log = logging.getLogger(__name__)


@dataclass
class Figures:
    """What came of it, for those who look into it."""

    read: int = 0
    """How often a model has read the code around the cursor."""
    loaded: int = 0
    """How often a model was loaded because the user's habits let expect it."""
    explained: int = 0
    stopped: int = 0
    """Because something else was to be done."""
    failed: int = 0
    reason: str = ""
    """Of the latest failure."""


@dataclass(frozen=True)
class _Task:
    """One explanation to be made."""

    symbol: Symbol
    policy: ReviewPolicy
    key: str
    """Code and stages; what failed once is not tried again before the code changes."""


class Ahead:
    """Explains what the user may ask about next."""

    def __init__(
        self,
        apps: AppHost,
        outlines: Outlines,
        supervisor: Supervisor,
        snapshot: Callable[[str], Snapshot | None],
        busy: Callable[[], bool],
    ) -> None:
        """`snapshot` is an open document as it is now; `busy` says whether the user waits for
        anything.
        """
        self._apps = apps
        self._outlines = outlines
        self._supervisor = supervisor
        self._snapshot = snapshot
        self._busy = busy
        self._settings: Settings | None = None
        self.quiet = QUIET_SECONDS
        self.figures = Figures()
        self._uri = ""
        self._line = 0
        """Where the cursor was last known to be."""
        self._timer: asyncio.TimerHandle | None = None
        self._work: asyncio.Task[None] | None = None
        self._asking = False
        self._tried: OrderedDict[str, None] = OrderedDict()
        self._in_a_row = 0
        self._not_before = 0.0

    @property
    def running(self) -> bool:
        """Whether a model may be at work for it."""
        return self._work is not None

    @property
    def begins(self) -> float | None:
        """When the work begins if all stays quiet, in the time of the event loop."""
        return self._timer.when() if self._timer is not None else None

    def allow(self, settings: Settings) -> None:
        """The settings are known, or new ones hold: earlier failures count no more."""
        self._settings = settings
        self._tried.clear()
        self._in_a_row, self._not_before = 0, 0.0
        self._arm()

    def look(self, uri: str, line: int | None = None) -> None:
        """The user looks at a line of a document; without a line, where they last did in it."""
        if line is not None or uri != self._uri:
            self._line = line or 0
        self._uri = uri
        # Looking around puts nothing off: a pointer that moves would do so for ever.
        if self._work is None and self._timer is None:
            self._arm()

    def pause(self) -> None:
        """The user does something: stop at once, and go on when all is quiet."""
        self._apps.stop_loading()
        if self._work is not None:
            self.figures.stopped += self._asking
            self._work.cancel()
            self._work = None
        self._arm()

    async def stop(self) -> None:
        """Stop, and wait until the application is let go of. `allow` sets it going again."""
        self._settings = None
        work = self._work
        self.pause()
        if work is not None:
            await asyncio.wait({work}, timeout=1.0)

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._uri and self._settings is not None and _wants(self._settings):
            self._timer = asyncio.get_running_loop().call_later(self.quiet, self._begin)

    def _begin(self) -> None:
        self._timer = None
        if self._busy():
            self._arm()  # nobody tells when it is over, so look again
        elif asyncio.get_running_loop().time() >= self._not_before and self._settings is not None:
            self._work = self._supervisor.start(self._explain(self._settings), "explain ahead")
            self._work.add_done_callback(self._ended)

    def _ended(self, work: asyncio.Task[None]) -> None:
        if self._work is work:
            self._work = None

    async def _explain(self, settings: Settings) -> None:
        try:
            app = await self._apps.get()
            await self._read(app)
            await self._load(app)
            while (task := await self._next(app, settings)) is not None:
                await self._ask(app, *task, settings)
        except MiradorError as error:
            self._failed(error.sentence())

    async def _read(self, app: Reviewer) -> None:
        """Let a model read the code around the cursor: a question about it begins sooner then."""
        snapshot = self._snapshot(self._uri)
        outline = await self._outlines.get(snapshot) if snapshot is not None else None
        if snapshot is None or outline is None:
            return
        line = min(self._line, len(snapshot.lines) - 1)
        cursor = snapshot.lines.line_span(line).start
        self.figures.read += await app.read_ahead(snapshot, outline, cursor)

    async def _load(self, app: Reviewer) -> None:
        """Load the model that will be asked next, as far as anybody can tell."""
        snapshot = self._snapshot(self._uri)
        loaded = await app.load_expected(snapshot.language if snapshot is not None else "")
        self.figures.loaded += bool(loaded)

    async def _next(self, app: Reviewer, settings: Settings) -> tuple[_Task, Snapshot] | None:
        """The next explanation that is missing; None when there is none, or no model."""
        snapshot = self._snapshot(self._uri)
        late = asyncio.get_running_loop().time() < self._not_before
        if snapshot is None or late or not settings.server.explain_ahead:
            return None
        outline = await self._outlines.get(snapshot)
        if outline is None or not await app.has_models():
            return None
        for task in _wanted(snapshot, outline, self._line, answer_policy(settings)):
            known = app.known_answer(snapshot, outline, _at(task.symbol))
            if task.key not in self._tried and not _enough(known, task.policy):
                return task, snapshot
        return None

    async def _ask(
        self, app: Reviewer, task: _Task, snapshot: Snapshot, settings: Settings
    ) -> None:
        finished: list[AnswerFinished] = []

        def hear(event: AnswerEvent) -> None:
            if isinstance(event, AnswerFinished):
                finished.append(event)

        request = AnswerRequest(
            snapshot=snapshot,
            topic=Topic.EXPLAIN,
            policy=task.policy,
            span=_at(task.symbol),
            priority=Priority.SPECULATION,
            max_tokens=settings.answers.max_tokens,
        )
        self._asking = True
        try:
            await app.answer(request, hear)
        finally:
            self._asking = False
        # Here and not before: what was stopped is tried again.
        self._tried[task.key] = None
        while len(self._tried) > _MOST_TRIED:
            self._tried.popitem(last=False)
        end = finished[-1] if finished else None
        if end is None or end.answer is None or not end.answer.model:
            notices = end.notices if end is not None else ()
            self._failed(notices[-1].message if notices else "The model gave no answer.")
        else:
            self.figures.explained += 1
            self._in_a_row = 0

    def _failed(self, reason: str) -> None:
        """Nobody asked, so nobody is told; but it is counted, and tried less and less often."""
        self.figures.failed += 1
        self.figures.reason = reason
        _log.info("explained nothing ahead, failure %d", self.figures.failed)
        pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(self._in_a_row, 10))
        self._in_a_row += 1
        self._not_before = asyncio.get_running_loop().time() + pause


def _wanted(
    snapshot: Snapshot, outline: Outline, line: int, policy: ReviewPolicy
) -> Iterator[_Task]:
    """What is worth explaining, in that order: with the first model stage the symbols around the
    cursor, the nearest first; then with all stages the one at the cursor.
    """
    models = [stage for stage in policy.stages if stage != INSTANT]
    quick = replace(policy, stages=(INSTANT, *models[:1]))
    near = sorted(outline.symbols, key=lambda symbol: _distance(snapshot, symbol, line))[:_NEAREST]
    for symbol in near:
        yield _task(snapshot, symbol, quick)
    if near and len(models) > 1 and not _distance(snapshot, near[0], line)[0]:
        yield _task(snapshot, near[0], policy)


def _task(snapshot: Snapshot, symbol: Symbol, policy: ReviewPolicy) -> _Task:
    code = snapshot.text[symbol.span.start : symbol.span.end]
    return _Task(symbol, policy, f"{symbol.path}\0{policy.stages}\0{hash(code)}")


def _distance(snapshot: Snapshot, symbol: Symbol, line: int) -> tuple[int, int]:
    """Lines between the cursor and a symbol; of those around it the innermost is nearest."""
    first = snapshot.lines.line_of(symbol.span.start)
    last = snapshot.lines.line_of(max(symbol.span.end - 1, symbol.span.start))
    return max(first - line, line - last, 0), last - first


def _wants(settings: Settings) -> bool:
    return settings.server.explain_ahead or settings.engine.prewarm


def _at(symbol: Symbol) -> Span:
    return Span(symbol.header.start, symbol.header.start)


def _enough(known: Answer | None, policy: ReviewPolicy) -> bool:
    """Whether what is known comes from the last of the stages, or from a later one."""
    if known is None:
        return False
    stages = policy.stages
    return known.stage not in stages or known.stage == stages[-1]
