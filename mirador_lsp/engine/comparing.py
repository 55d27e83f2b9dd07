"""Now and then the other models answer a question of a real review too, so that they are known.

Nobody waits for it: it runs after a review, behind everything else, and what it finds is not shown.
Only figures are kept.
"""

import logging
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from mirador_lsp.core.dialogue import Chunk, Limits, ModelCard, Priority, Prompt, Usage
from mirador_lsp.core.errors import ModelError, ServiceError
from mirador_lsp.core.findings import Lens
from mirador_lsp.core.ports import Clock, ModelBackend
from mirador_lsp.core.routing import COMPARED, Circumstances, Comparison, Outcome, Task
from mirador_lsp.engine.meter import Meter
from mirador_lsp.engine.reading import Claim, Reject, read_line
from mirador_lsp.engine.units import ShownUnit

_log = logging.getLogger(__name__)
_MOST_MODELS = 3
_SECONDS = 120.0
"""For one model's answer."""

Keep = Callable[[Sequence[Comparison]], Awaitable[None]]
"""Writes them down. Raises `ServiceError`."""


@dataclass(frozen=True)
class Sample:
    """A question that a review put to a model."""

    task: Task
    prompt: Prompt
    max_tokens: int
    shown: ShownUnit
    lenses: tuple[Lens, ...]
    language: str = ""
    """Of the document."""


@dataclass
class _Reply:
    """Of one model. Counts as a stage's tally does, for the meter."""

    card: ModelCard
    circumstances: Circumstances
    last: Usage | None = None
    outcome: Outcome = Outcome.FAILED
    lines: frozenset[int] = frozenset()
    """Where its claims point, in code points."""


class Comparing:
    """Counts reviews, and lets models answer the sample of every so many."""

    def __init__(self, backend: ModelBackend, meter: Meter, clock: Clock, every: int) -> None:
        """`every` so many reviews that asked a model; 0 for never."""
        self._backend = backend
        self._meter = meter
        self._clock = clock
        self._every = every
        self._count = 0
        self._sample: Sample | None = None
        self._due: Sample | None = None

    def met(self, sample: Sample) -> None:
        """A review has put this question to a model."""
        self._sample = sample

    def review_ended(self) -> bool:
        """Count a review; whether a comparison is due now."""
        sample, self._sample = self._sample, None
        if sample is None or self._every == 0:
            return False
        self._count += 1
        if self._count % self._every == 0:
            self._due = sample
        return self._due is not None

    async def run(self, cards: Sequence[ModelCard], keep: Keep) -> None:
        """Let `cards` answer what is due, one after the other, and write it down. Cancelling stops
        the model that answers.
        """
        sample, self._due = self._due, None
        # Nobody asked for it, so nothing leaves the machine for it.
        here = {card.name: card for card in cards if not card.leaves}
        different = list(here.values())[:_MOST_MODELS]
        if sample is None or len(different) < 2:
            return
        replies = [await self._ask(card, sample) for card in different]
        run = uuid.uuid4().hex
        rows = [self._row(run, sample, reply, replies) for reply in replies]
        try:
            await keep(rows)
        except ServiceError as error:
            _log.warning("a comparison is not kept: %s", error.sentence())

    async def _ask(self, card: ModelCard, sample: Sample) -> _Reply:
        asked = Circumstances(COMPARED, language=sample.language)
        reply = _Reply(card, asked)
        limits = Limits(sample.max_tokens, _SECONDS, priority=Priority.SPECULATION)
        # A model that gives no constrained replies is asked without; the reader checks in any case.
        prompt = sample.prompt
        if not card.supports_grammar:
            prompt = replace(prompt, constraint=None)
        try:
            with self._meter.weighing(sample.task, card, reply, limits.priority) as weighing:
                async with self._backend.open(card.name, prompt, limits) as said:
                    try:
                        pieces = [piece.text async for piece in said if isinstance(piece, Chunk)]
                    finally:
                        reply.last = said.usage
                understood, reply.lines = _read("".join(pieces), sample)
                if not understood:
                    weighing.broken()
                reply.outcome = weighing.outcome
        except ModelError as error:
            _log.info("%s did not answer a sample: %s", card.name, error)
        return reply

    def _row(
        self, run: str, sample: Sample, reply: _Reply, replies: Sequence[_Reply]
    ) -> Comparison:
        cost = reply.last if reply.last is not None else Usage()
        others = {line for other in replies if other is not reply for line in other.lines}
        return Comparison(
            run=run,
            task=sample.task,
            model=reply.card.name,
            digest=reply.card.digest,
            seconds=round(cost.seconds, 3),
            first_token_seconds=cost.first_token_seconds,
            prompt_tokens=cost.prompt_tokens,
            completion_tokens=cost.completion_tokens,
            outcome=reply.outcome,
            claims=len(reply.lines),
            shared=len(reply.lines & others),
            time=self._clock.wall(),
        )


def _read(text: str, sample: Sample) -> tuple[bool, frozenset[int]]:
    """Whether any line of a reply can be read, and where its claims point."""
    lines = [line for line in text.splitlines() if line.strip()]
    read = [read_line(line, sample.shown, sample.lenses) for line in lines]
    understood = any(each is not Reject.FORMAT for each in read)
    return understood, frozenset(each.span.start for each in read if isinstance(each, Claim))
