"""A question that can be understood in several ways: the likely readings are begun at once, and
those that prove wrong are stopped at their engine.

It takes a model that can judge, to say which reading is right, and an engine with slots to spare,
for the readings and the judge must not wait for one another. With one slot, as the embedded engine
has it, there is nothing to gain: what is begun too early only makes the right answer later. There
the rules of `readings` decide alone.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from mirador_lsp.core.answers import AnswerEvent, AnswerRequest, EmitAnswer
from mirador_lsp.core.clean import plain
from mirador_lsp.core.dialogue import Chunk, Limits, ModelCard, Prompt
from mirador_lsp.core.errors import MiradorError, ModelError
from mirador_lsp.core.policy import INSTANT
from mirador_lsp.core.routing import Reading, answer_task
from mirador_lsp.engine import grammar
from mirador_lsp.engine.answers.answering import answer
from mirador_lsp.engine.answers.kept import KeptAnswers
from mirador_lsp.engine.answers.readings import applied, can_be_read_in_ways, meaning
from mirador_lsp.engine.prompts.render import render
from mirador_lsp.engine.router import choose
from mirador_lsp.engine.stages.job import Tools
from mirador_lsp.engine.stages.judging import logit_of_yes

Room = Callable[[str], Awaitable[int]]
"""How many more requests for a model its engine would work on at once."""


async def no_room(_model: str) -> int:
    """Where nobody can say, and on an engine that works on one request at a time."""
    return 0


_JUDGE_SECONDS = 3.0
"""After which the likeliest reading holds."""
_LEAST_ROOM = 2
"""One reading and the judge."""


async def answer_as_meant(
    request: AnswerRequest, tools: Tools, kept: KeptAnswers, emit: EmitAnswer, room: Room
) -> None:
    """Answer a question as it is meant; as `answering.answer` does in all else."""
    if not can_be_read_in_ways(request):
        await answer(request, tools, kept, emit)
        return
    outline = await tools.outliner.outline(request.snapshot)
    readings = meaning(request, outline).readings
    judge, spare = await _judge_of(request, tools, room) if len(readings) > 1 else (None, 0)
    if judge is None or spare < _LEAST_ROOM:
        await answer(applied(request, readings[0]), tools, kept, emit)
        return
    race = _Race(request, readings, tools, kept)
    try:
        await race.run(judge, spare - 1, emit)
    except* MiradorError as failed:
        raise failed.exceptions[0] from None


@dataclass
class _Draft:
    """An answer that is made before anybody knows whether it is wanted."""

    reading: Reading
    said: list[AnswerEvent] = field(default_factory=list)
    listener: EmitAnswer | None = None

    def hear(self, event: AnswerEvent) -> None:
        """Take in what is said; pass it on once it is wanted."""
        if self.listener is None:
            self.said.append(event)
        else:
            self.listener(event)

    def tell(self, listener: EmitAnswer) -> None:
        """It is wanted: say what was said so far, and from now on everything at once."""
        self.listener = listener
        for event in self.said:
            listener(event)
        self.said.clear()


class _Race:
    """The readings of one question, until one of them has won."""

    def __init__(
        self,
        request: AnswerRequest,
        readings: Sequence[Reading],
        tools: Tools,
        kept: KeptAnswers,
    ) -> None:
        self._request = request
        self._readings = readings
        self._tools = tools
        self._kept = kept

    async def run(self, judge: ModelCard, most: int, emit: EmitAnswer) -> None:
        """Begin `most` readings, ask which is right, and let that one go on alone."""
        drafts = [_Draft(reading) for reading in self._readings[:most]]
        async with asyncio.TaskGroup() as group:
            works = [group.create_task(self._answer(d.reading, d.hear)) for d in drafts]
            right = await self._decide(judge)
            for draft, work in zip(drafts, works, strict=True):
                if draft.reading is right:
                    draft.tell(emit)
                else:
                    work.cancel()
        if right not in [draft.reading for draft in drafts]:
            await self._answer(right, emit)

    async def _answer(self, reading: Reading, emit: EmitAnswer) -> None:
        await answer(applied(self._request, reading), self._tools, self._kept, emit)

    async def _decide(self, judge: ModelCard) -> Reading:
        """The reading that a model takes for the right one; the likeliest where it cannot say."""
        here, elsewhere = self._readings[0], self._readings[1]
        name = plain(self._request.snapshot.name, 100)
        asked = render(
            "answer_meaning",
            file=name,
            symbol=here.name,
            question=plain(self._request.question, 500),
        )
        system = render("meaning_system")
        version = f"{system.version}+{asked.version}"
        prompt = Prompt(system.text, "", asked.text, grammar.yes_or_no(), version)
        limits = Limits(2, _JUDGE_SECONDS, top_logprobs=20, owner=self._request.snapshot.uri)
        try:
            async with self._tools.backend.open(judge.name, prompt, limits) as reply:
                chunks = [piece async for piece in reply if isinstance(piece, Chunk)]
        except ModelError:
            return here
        logit = logit_of_yes(chunks[0].alternatives if chunks else ())
        return elsewhere if logit is not None and logit < -math.log(2) else here


async def _judge_of(
    request: AnswerRequest, tools: Tools, room: Room
) -> tuple[ModelCard | None, int]:
    """The model that says which reading is right, and the room that its engine has: that of the
    first stage that can judge.
    """
    if request.policy.panel:
        return None, 0
    cards = await tools.backend.cards()
    for stage in (name for name in request.policy.stages if name != INSTANT):
        task = answer_task(request.topic, stage)
        policy = request.policy.stage(stage)
        chosen = choose(task, policy, cards, tools.meter.insight).cards[:1]
        if chosen and chosen[0].can_judge:
            return chosen[0], await room(chosen[0].name)
    return None, 0
