"""Asking a model one question: streaming what it says, line by line, and keeping the reply."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from mirador_lsp.core.clean import stream_safe
from mirador_lsp.core.dialogue import Chunk, KeptReply, Limits, Prefill, Prompt
from mirador_lsp.core.events import ModelAsked, StageProgressed, StreamToken
from mirador_lsp.core.retrieval import Compiled
from mirador_lsp.engine.reading import is_hopeless
from mirador_lsp.engine.recall import recall_key
from mirador_lsp.engine.stages.job import Desk, Job, Tally, Tools

_ALTERNATIVES = 20


@dataclass(frozen=True)
class Question:
    """One question of a stage, and where the stage is."""

    prompt: Prompt
    max_tokens: int
    labels: Mapping[str, str]
    """Metadata of the tokens: "unit", "lens"."""
    at: StageProgressed
    """Told again, with the share read, while the model reads."""
    context: Compiled | None = None
    """How the context in the prompt came about."""


LineHeard = Callable[[str, float], bool]
"""Called with each whole line of a reply and how sure the model was of it, 0…1. True: enough."""


async def ask(
    question: Question, job: Job, tools: Tools, desk: Desk, tally: Tally, heard: LineHeard
) -> bool:
    """Put `question` to the job's model. Raises `ModelError`; what was heard by then was told,
    and whoever heard it has to take it back.

    A question answered before, by the same model for the same text, is not asked again. False when
    it was not, and the job is one from memory: nothing was heard then.
    """
    limits = Limits(
        max_tokens=question.max_tokens,
        seconds=max(0.1, job.deadline - tools.clock.monotonic()),
        temperature=job.policy.temperature,
        top_logprobs=_ALTERNATIVES if job.card.supports_logprobs else 0,
        priority=job.request.priority,
        owner=job.request.snapshot.uri,
        on_wait=lambda before: desk.emit(replace(question.at, before=before or None)),
    )
    key = recall_key(job.card, question.prompt, limits)
    if (kept := await tools.recall.find(key)) is not None:
        desk.emit(replace(_asked(question, job), kept=True))
        for line, sureness in zip(kept.lines, kept.sureness, strict=True):
            if heard(line, sureness):
                return True
        return True
    if job.from_memory:
        return False
    lines = _Lines(heard)
    asked = tools.clock.monotonic()
    desk.emit(_asked(question, job))
    async with tools.backend.open(job.card.name, question.prompt, limits) as reply:
        try:
            async for piece in reply:
                if isinstance(piece, Prefill):
                    desk.emit(_reading(question.at, piece))
                    continue
                desk.emit(_token(piece, question, job, tools))
                lines.add(piece)
                if lines.enough or is_hopeless(lines.unfinished):
                    break
        finally:
            tally.add(reply.usage, job.deadline - job.policy.seconds, asked)
            tools.stock.learn(job.card, question.prompt, reply.usage)
    lines.end()
    if lines.enough or not reply.usage.truncated:
        tools.recall.keep(job.card, key, lines.kept())
    return True


def brief(max_tokens: int, job: Job, tools: Tools) -> Limits:
    """What a reply may cost of which the probabilities are what counts."""
    return Limits(
        max_tokens=max_tokens,
        seconds=max(0.1, job.deadline - tools.clock.monotonic()),
        top_logprobs=_ALTERNATIVES,
        priority=job.request.priority,
        owner=job.request.snapshot.uri,
    )


async def hear_out(
    prompt: Prompt,
    limits: Limits,
    job: Job,
    tools: Tools,
    tally: Tally,
    fits: Callable[[Sequence[Chunk]], bool],
) -> tuple[Sequence[Chunk], bool]:
    """The whole of a brief reply that nobody reads along, and whether it was cut, which is no fault
    of it. One that does not fit counts against the model. Raises `ModelError`.
    """
    began = tools.clock.monotonic()
    with tools.meter.weighing(job.task, job.card, tally, limits.priority) as weighing:
        async with tools.backend.open(job.card.name, prompt, limits) as reply:
            try:
                chunks = [piece async for piece in reply if isinstance(piece, Chunk)]
            finally:
                cost = replace(reply.usage, truncated=False)
                tally.add(cost, job.deadline - job.policy.seconds, began)
        if not fits(chunks):
            weighing.broken()
    return chunks, reply.usage.truncated


def _asked(question: Question, job: Job) -> ModelAsked:
    return ModelAsked(
        stage=job.policy.name,
        model=job.card.name,
        unit=question.labels["unit"],
        lens=question.labels["lens"],
        prompt=question.prompt,
        context=question.context,
        digest=job.card.digest,
    )


def _reading(at: StageProgressed, prefill: Prefill) -> StageProgressed:
    share = prefill.done / prefill.total if prefill.total else 1.0
    return StageProgressed(at.stage, at.done, at.total, at.unit, at.lens, min(share, 1.0))


def _token(chunk: Chunk, question: Question, job: Job, tools: Tools) -> StreamToken:
    known = chunk.logprob is not None
    return StreamToken(
        content=stream_safe(chunk.text),
        confidence=math.exp(min(chunk.logprob or 0.0, 0.0)) if known else job.policy.confidence,
        stage=job.policy.name,
        model=job.card.name,
        metadata=question.labels,
        timestamp=tools.clock.wall(),
    )


class _Lines:
    """Cuts a stream of chunks into lines.

    How sure the model was of a reply is the weight of the token it began with against the token
    that would have said that there is nothing ("No…"); unknown counts as even. Later lines have no
    such moment of choice and inherit it.
    """

    def __init__(self, heard: LineHeard) -> None:
        self._heard = heard
        self._text = ""
        self._sure: float | None = None
        self._lines: list[str] = []
        self._sureness: list[float] = []
        self.enough = False

    def add(self, chunk: Chunk) -> None:
        if self._sure is None:
            self._sure = _sureness(chunk)
        self._text += chunk.text
        while "\n" in self._text and not self.enough:
            line, _, self._text = self._text.partition("\n")
            self._tell(line)

    @property
    def unfinished(self) -> str:
        """The line that is being said."""
        return self._text

    def end(self) -> None:
        """Tell what is left, unless enough was heard."""
        if self._text and not self.enough:
            self._tell(self._text)
        self._text = ""

    def kept(self) -> KeptReply:
        return KeptReply(tuple(self._lines), tuple(self._sureness))

    def _tell(self, line: str) -> None:
        sureness = 0.5 if self._sure is None else self._sure
        self._lines.append(line)
        self._sureness.append(sureness)
        self.enough = self._heard(line, sureness) or self.enough


def _sureness(first: Chunk) -> float:
    if first.logprob is None:
        return 0.5
    said = math.exp(min(first.logprob, 0.0))
    nothing = sum(math.exp(p) for token, p in first.alternatives if token.strip() in {"No", "no"})
    return said / (said + nothing) if said + nothing > 0 else 0.5
