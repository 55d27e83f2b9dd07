"""What a question was answered before: in these words or others, by this process or another."""

from dataclasses import replace

from mirador_lsp.core.answers import Answer, AnswerRequest, Topic
from mirador_lsp.core.clean import plain
from mirador_lsp.core.dialogue import KeptReply, Limits, ModelCard
from mirador_lsp.core.errors import ContextOverflow
from mirador_lsp.core.events import Notice, NoticeKind
from mirador_lsp.core.policy import StagePolicy
from mirador_lsp.engine.answers.kept import Kept, KeptAnswers
from mirador_lsp.engine.answers.similar import find_similar, keep_similar
from mirador_lsp.engine.answers.subject import Subject
from mirador_lsp.engine.answers.wording import Shown, Wording, explained_finding, word
from mirador_lsp.engine.recall import recall_key
from mirador_lsp.engine.stages.job import Tools
from mirador_lsp.engine.units import show

SHARES = (1.0, 0.6, 0.35)
"""Of a model's context, tried in turn: tokens are estimated, and the estimate may be too low."""


class AnswerMemory:
    """Looks for earlier answers to one request, and keeps the new ones."""

    def __init__(
        self, request: AnswerRequest, subject: Subject, tools: Tools, kept: KeptAnswers
    ) -> None:
        self._request = request
        self._subject = subject
        self._tools = tools
        self._kept = kept

    @property
    def about(self) -> str:
        """The subject's key where the answer explains it, so that it can be looked up."""
        explains = self._request.topic is Topic.EXPLAIN
        explains &= explained_finding(self._request) is None
        explains &= not self._request.policy.panel  # which of several came last means nothing
        return self._subject.key if explains else ""

    async def known(self, policy: StagePolicy, card: ModelCard, shown: Shown) -> Kept | None:
        """What this very question was answered, if it was.

        Also where less was shown besides the code: how much is shown follows what was measured of
        the model, and what was answered before, which is no reason to ask again.
        """
        bare = Shown(show(self._request.snapshot, self._subject.unit))
        keys: dict[str, None] = {}  # where nothing has to be cut, every share words it alike
        for each in dict.fromkeys((shown, replace(shown, reach=""), bare)):
            for share in SHARES:
                try:
                    wording = word(self._request, self._subject, each, policy, card, share)
                except ContextOverflow:
                    break
                keys[self._key(policy, card, wording)] = None
        for key in keys:
            if kept := await self._under(key, policy, card):
                return kept
        return None

    async def similar(self, policy: StagePolicy, card: ModelCard, shown: Shown) -> Kept | None:
        """What a question in other words was answered, about the same code."""
        if not self._stands_alone:
            return None
        request = self._request
        place = self._tools.stock.workplace_of(request.snapshot)
        index = place.index if place is not None else None
        key = self._key_of_similar(policy, card, shown)
        found = await find_similar(request.question, key, self._tools.recall, index)
        if found is None:
            return None
        question, text, confidence = found
        kept = self._as_kept(policy, card, text, confidence)
        told = f"Answered before, when the question was: {plain(question, 200)}"
        notice = Notice(NoticeKind.FALLBACK, told, stage=policy.name)
        return replace(kept, answer=replace(kept.answer, kept=True), notices=(notice,))

    async def keep(
        self, policy: StagePolicy, card: ModelCard, shown: Shown, wording: Wording, fresh: Kept
    ) -> None:
        """Keep an answer; one that has to be told about, as it was cut, for this process only."""
        recall, answer = self._tools.recall, fresh.answer
        key = self._key(policy, card, wording)
        self._kept.keep(key, fresh)
        if fresh.notices:
            return
        recall.keep(card, key, KeptReply((answer.text,), (answer.confidence,)))
        if self._stands_alone:
            said = (answer.text, answer.confidence)
            similar = self._key_of_similar(policy, card, shown)
            await keep_similar(self._request.question, said, similar, recall, card)

    async def _under(self, key: str, policy: StagePolicy, card: ModelCard) -> Kept | None:
        if (kept := self._kept.get(key)) is not None:
            return kept
        if (said := await self._tools.recall.find(key)) is None:
            return None
        self._kept.keep(key, self._as_kept(policy, card, said.lines[0], said.sureness[0]))
        return self._kept.get(key)

    @property
    def _stands_alone(self) -> bool:
        """Whether the question means the same whenever it is asked of the same code."""
        return self._request.topic is Topic.ASK and not self._request.history

    def _key(self, policy: StagePolicy, card: ModelCard, wording: Wording) -> str:
        """Everything an answer depends on."""
        limits = limits_of(self._request, policy, card)
        return f"{policy.name} {recall_key(card, wording.prompt, limits)}"

    def _key_of_similar(self, policy: StagePolicy, card: ModelCard, shown: Shown) -> str:
        """Everything an answer depends on besides the words of its question."""
        wording = word(self._request, self._subject, shown, policy, card, SHARES[0])
        blank = replace(wording.prompt, question=self._subject.key)
        limits = limits_of(self._request, policy, card)
        return f"{policy.name} similar {recall_key(card, blank, limits)}"

    def _as_kept(self, policy: StagePolicy, card: ModelCard, text: str, confidence: float) -> Kept:
        said = Answer(
            text=text,
            stage=policy.name,
            model=card.name,
            confidence=confidence,
            digest=card.digest,
        )
        return Kept(said, self.about)


def limits_of(request: AnswerRequest, policy: StagePolicy, card: ModelCard) -> Limits:
    """Within what a model answers the request in a stage."""
    return Limits(
        max_tokens=request.max_tokens,
        seconds=policy.seconds,
        temperature=policy.temperature,
        top_logprobs=1 if card.supports_logprobs else 0,
        priority=request.priority,
        owner=request.snapshot.uri,
    )
