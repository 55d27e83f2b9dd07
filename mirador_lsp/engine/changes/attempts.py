"""The rounds: a model writes, the ladder checks, and what failed is told to the model.

Every intent that asks a model goes through `pursue`. It brings a `Task`: how to ask, and the
ladder its texts have to climb.
"""

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from mirador_lsp.core.changes import Attempted, ChangeRequest, EmitChange, Patch, Rung
from mirador_lsp.core.clean import stream_safe
from mirador_lsp.core.dialogue import Limits, ModelCard, Prefill, Prompt
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import BadReply
from mirador_lsp.core.events import StageProgressed, StreamToken
from mirador_lsp.core.policy import INSTANT, StagePolicy
from mirador_lsp.core.routing import Circumstances, change_task
from mirador_lsp.core.text import Span
from mirador_lsp.engine.absent import absences
from mirador_lsp.engine.border import on_first_that_can
from mirador_lsp.engine.changes.ladder import Climb, Ladder, patch_of
from mirador_lsp.engine.changes.rewriting import Refused, new_imports
from mirador_lsp.engine.plan import unfit
from mirador_lsp.engine.router import choose
from mirador_lsp.engine.stages.job import Tally, Tools
from mirador_lsp.engine.units import ShownUnit

GET_A_MODEL = "No model is installed; get one with: mirador models pull 0.5b"
_MOST_ROUNDS = 5
_BOLDER = 0.5
"""Temperature of a repair round at least: at 0 a small model says the same again, whatever it is
told. Engines that we run draw from a fixed seed, so a round can be repeated."""


@dataclass(frozen=True)
class Round:
    """One attempt, as its writer sees it."""

    number: int
    """1 for the first."""
    failed: str = ""
    """What was wrong with the one before, for the prompt: one or several lines, bounded."""


class Pen:
    """A model ready to write for one change. Everything it says is streamed."""

    def __init__(
        self,
        card: ModelCard,
        policy: StagePolicy,
        request: ChangeRequest,
        tools: Tools,
        emit: EmitChange,
        tally: Tally,
    ) -> None:
        self.card = card
        self.policy = policy
        self.temperature = policy.temperature
        self._request = request
        self._tools = tools
        self._emit = emit
        self._tally = tally
        self._started = tools.clock.monotonic()
        self.deadline = self._started + policy.seconds

    def recall(self, snapshot: Snapshot, shown: ShownUnit) -> ShownUnit:
        """The unit with the context that its model was shown with it before, if any, so that the
        model does not read it anew.
        """
        return self._tools.stock.recall(snapshot, shown, self.card, self.policy)

    async def write(self, prompt: Prompt, at: StageProgressed, max_tokens: int) -> str:
        """The model's whole reply. Raises `Refused` when it was cut, and any `ModelError`."""
        clock = self._tools.clock
        limits = Limits(
            max_tokens=max_tokens,
            seconds=max(0.1, self.deadline - clock.monotonic()),
            temperature=self.temperature,
            priority=self._request.priority,
            on_wait=lambda before: self._emit(replace(at, before=before or None)),
        )
        self._emit(at)
        asked = clock.monotonic()
        pieces: list[str] = []
        async with self._tools.backend.open(self.card.name, prompt, limits) as reply:
            try:
                async for piece in reply:
                    if isinstance(piece, Prefill):
                        self._emit(_reading(at, piece))
                        continue
                    pieces.append(piece.text)
                    self._emit(self._token(piece.text, piece.logprob, at))
            finally:
                self._tally.add(reply.usage, self._started, asked)
                self._tools.stock.learn(self.card, prompt, reply.usage)
        if reply.usage.truncated:
            message = f"The reply was longer than {max_tokens} tokens and was cut."
            raise Refused(message)
        return "".join(pieces)

    def _token(self, text: str, logprob: float | None, at: StageProgressed) -> StreamToken:
        sure = self.policy.confidence if logprob is None else math.exp(min(logprob, 0.0))
        return StreamToken(
            content=stream_safe(text),
            confidence=sure,
            stage=self.policy.name,
            model=self.card.name,
            metadata={"unit": at.unit, "lens": ""},
            timestamp=self._tools.clock.wall(),
        )


Write = Callable[[Pen, Round], Awaitable[str]]
"""Asks the model; the whole new text of the ladder's document. Raises `Refused` for a reply that is
none, and any `ModelError`."""


@dataclass(frozen=True)
class Task:
    """What an intent brings to the rounds."""

    headline: str
    """Begins the title of the patch: "Fix: use a bound parameter"."""
    ladder: Ladder
    write: Write
    remark: str = ""
    """What else a text that reached CLEAN was checked for; goes into the title."""
    basis: Span | None = None
    """See `Patch.basis`."""


@dataclass(frozen=True)
class Outcome:
    """What came of it: a patch, or why there is none."""

    patch: Patch | None
    why: str = ""
    """One plain sentence with the remedy; "" when there is a patch."""
    attempts: tuple[Attempted, ...] = field(default=())


async def pursue(task: Task, request: ChangeRequest, tools: Tools, emit: EmitChange) -> Outcome:
    """Let a model try, up to `request.repairs` further times after the first.

    Never raises for what a model does; `AnalyzerError` when the parser is lost.
    """
    policy = writing_stage(request)
    if policy is None:
        return Outcome(None, "The settings allow no model stage: review.stages names none.")
    if why := unfit(request.snapshot, request.policy):
        return Outcome(None, f"No model may read this file: {why}.")
    for notice in await tools.meter.refresh():
        emit(notice)
    purpose = change_task(request.intent)
    cards = await tools.backend.cards()
    choice = choose(purpose, policy, cards, tools.meter.insight)
    if not choice.cards:
        absent = await absences(request.policy, cards, tools.backend)
        return Outcome(None, " ".join(dict.fromkeys(absent.values())) or GET_A_MODEL)
    rounds = min(1 + max(0, request.repairs), _MOST_ROUNDS)
    attempts: list[Attempted] = []
    lost: list[str] = []
    """Why no further attempt is of use."""

    async def work(card: ModelCard, tally: Tally) -> Patch | None:
        attempts.clear()
        pen = Pen(card, policy, request, tools, emit, tally)
        now = Round(1)
        while now.number <= rounds:
            with tools.meter.weighing(purpose, card, tally, request.priority) as weighing:
                patch, climb = await _attempt(task, request, pen, now)
                if patch is None:
                    weighing.broken()
            done = Attempted(now.number, climb.reached, climb.failed, climb.why)
            attempts.append(done)
            emit(done)
            if patch is not None or climb.final:
                lost.extend([climb.why] if climb.final else [])
                return patch
            now = Round(now.number + 1, climb.detail or climb.why)
        return None

    within = Circumstances(stages=request.policy.stages, language=request.snapshot.language)
    patch = await on_first_that_can(policy.name, choice, rounds, tools.clock, emit, work, within)
    if patch is not None:
        return Outcome(patch, "", tuple(attempts))
    return Outcome(None, lost[0] if lost else _why_not(attempts), tuple(attempts))


def writing_stage(request: ChangeRequest) -> StagePolicy | None:
    """The last model stage that runs; None where none does."""
    names = [name for name in request.policy.stages if name != INSTANT]
    return request.policy.stage(names[-1]) if names else None


async def _attempt(
    task: Task, request: ChangeRequest, pen: Pen, now: Round
) -> tuple[Patch | None, Climb]:
    if now.number > 1:
        pen.temperature = max(pen.policy.temperature, _BOLDER)
    try:
        text = await task.write(pen, now)
    except (Refused, BadReply) as refused:
        return None, Climb((), Rung.APPLIES, str(refused), str(refused))
    climb = await task.ladder.climb(text)
    if climb.failed is not None:
        return None, climb
    headline = task.headline
    if brought := new_imports(task.ladder.base.text, text):
        headline = f"{headline}; adds `{'`, `'.join(brought[:2])}`"
    patch = patch_of(
        task.ladder,
        request,
        text,
        climb,
        headline=headline,
        model=pen.card.name,
        remark=task.remark,
    )
    return replace(patch, digest=pen.card.digest, basis=task.basis), climb


def _why_not(attempts: list[Attempted]) -> str:
    if not attempts:
        return "No model could write it; the notices say why."
    tried = "The attempt" if len(attempts) == 1 else f"The last of {len(attempts)} attempts"
    why = attempts[-1].why
    return f"{tried} was not good enough: {why[:1].lower()}{why[1:]}"


def _reading(at: StageProgressed, prefill: Prefill) -> StageProgressed:
    share = prefill.done / prefill.total if prefill.total else 1.0
    return StageProgressed(at.stage, at.done, at.total, at.unit, at.lens, min(share, 1.0))
