"""One stage says its answer: streamed, made harmless, stopped when it turns in circles."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from mirador_lsp.core.dialogue import Chunk, Limits, ModelCard, Prefill, Prompt
from mirador_lsp.core.errors import BadReply
from mirador_lsp.core.events import StageProgressed, StreamToken
from mirador_lsp.core.ports import Clock, ModelBackend
from mirador_lsp.engine.answers.harmless import Harmless
from mirador_lsp.engine.stages.job import Tally

_SHORTEST_SENTENCE = 24
"""Shorter ones are said twice in honest text."""
_LOOP = re.compile(r"(.{1,32}?)\1{3,}$", re.DOTALL)
_LOOP_LENGTH = 64
_SENTENCE = re.compile(r".*?(?:[.!?:](?=\s)|\n)\s*", re.DOTALL)
_BULLET = re.compile(r"^[\s\d.)*+-]+")
_REFUSAL = re.compile(
    r"(?:i.?m sorry|i am sorry|sorry,|i can(?:no|.)t (?:help|assist|answer|provide|explain)"
    r"|i(?: a|.)?m (?:unable|not able)|as an ai\b)",
    re.IGNORECASE,
)
_LONGEST_REFUSAL = 400


class Cut(Enum):
    """Why an answer is shorter than the model would have made it."""

    LENGTH = "length"
    """It reached its limit of tokens."""
    CIRCLES = "circles"
    """It began to say the same again."""


@dataclass(frozen=True)
class Spoken:
    """What a model said."""

    text: str
    sureness: float
    """Geometric mean of the probabilities of its tokens; 0.5 where they are not known."""
    cut: Cut | None = None


@dataclass(frozen=True)
class Voice:
    """Who speaks and who hears it."""

    stage: str
    card: ModelCard
    labels: Mapping[str, str]
    """Metadata of the tokens: "unit", "lens"."""
    unsure: float
    """Confidence of a token whose probability is not known."""
    tell: Callable[[StageProgressed | StreamToken], None]


async def speak(
    voice: Voice, prompt: Prompt, limits: Limits, backend: ModelBackend, clock: Clock, tally: Tally
) -> Spoken:
    """Put the prompt to the model, telling its answer as it comes.

    Raises `ModelError`; `BadReply` for an answer that is empty, refuses or only repeats itself.
    """
    hearing = _Hearing(voice, clock)
    asked = clock.monotonic()
    async with backend.open(voice.card.name, prompt, limits) as reply:
        try:
            async for piece in reply:
                if isinstance(piece, Prefill):
                    hearing.reading(piece)
                elif hearing.circles(piece):
                    break
        finally:
            tally.add(reply.usage, asked, asked)
    return hearing.spoken(truncated=reply.usage.truncated)


class _Hearing:
    """Takes in one reply."""

    def __init__(self, voice: Voice, clock: Clock) -> None:
        self._voice = voice
        self._clock = clock
        self._stream = Harmless()
        self._logprobs: list[float] = []
        self._said: set[str] = set()
        self._looked = 0
        """Up to here the text was searched for sentences said before."""
        self._circle: int | None = None
        """Where the text begins to repeat itself."""

    def reading(self, piece: Prefill) -> None:
        """Tell how much of the prompt was read."""
        share = min(piece.done / piece.total, 1.0) if piece.total else 1.0
        unit = self._voice.labels["unit"]
        self._voice.tell(StageProgressed(self._voice.stage, 0, 1, unit, prefill=share))

    def circles(self, piece: Chunk) -> bool:
        """Take in a piece; whether more of it would only be the same again."""
        if piece.logprob is not None:
            self._logprobs.append(min(piece.logprob, 0.0))
        self._tell(self._stream.add(piece.text))
        self._circle = self._repetition()
        return self._circle is not None

    def spoken(self, *, truncated: bool) -> Spoken:
        """What was said, as it is to stand. Raises BadReply where that is nothing."""
        self._tell(self._stream.end())
        text, cut = self._stream.text.strip(), None
        if self._circle is not None:
            text, cut = _balanced(self._stream.text[: self._circle]), Cut.CIRCLES
        elif truncated:
            text, cut = _whole(text), Cut.LENGTH
        if _REFUSAL.match(text) and len(text) <= _LONGEST_REFUSAL:
            message = "The model declined to answer."
            raise BadReply(message)
        if not re.search(r"\w", text):
            why = "only repeated itself" if cut is Cut.CIRCLES else "gave an empty answer"
            message = f"The model {why}."
            raise BadReply(message)
        return Spoken(text, self._sureness(), cut)

    def _tell(self, shown: str) -> None:
        if not shown:
            return
        known = math.exp(self._logprobs[-1]) if self._logprobs else self._voice.unsure
        self._voice.tell(
            StreamToken(
                content=shown,
                confidence=known,
                stage=self._voice.stage,
                model=self._voice.card.name,
                metadata=self._voice.labels,
                timestamp=self._clock.wall(),
            )
        )

    def _sureness(self) -> float:
        if not self._logprobs:
            return 0.5
        return math.exp(sum(self._logprobs) / len(self._logprobs))

    def _repetition(self) -> int | None:
        text = self._stream.text
        tail = text[-4 * _LOOP_LENGTH :]
        loop = _LOOP.search(tail[-2 * _LOOP_LENGTH :]) if not self._stream.in_code else None
        if loop is not None and len(loop[0]) >= _LOOP_LENGTH and loop[1].strip("-=_.*# \n"):
            return max(0, len(text) - len(loop[0]))
        while (match := _SENTENCE.match(text, self._looked)) is not None and match[0]:
            begin, self._looked = self._looked, match.end()
            sentence = _BULLET.sub("", match[0]).strip().lower()
            if self._stream.in_code or len(sentence) < _SHORTEST_SENTENCE:
                continue
            if sentence in self._said:
                return begin
            self._said.add(sentence)
        return None


def _whole(text: str) -> str:
    """`text` up to the end of its last whole sentence, if that leaves most of it; with a mark."""
    ends = [match.end() for match in re.finditer(r"[.!?](?=\s)", text)]
    kept = text[: ends[-1]] if ends and ends[-1] > len(text) // 2 else text
    return f"{_balanced(kept)} …" if not kept.endswith("```") else f"{kept}\n\n…"


def _balanced(text: str) -> str:
    """`text` without a code span or block that was opened and is closed no more."""
    text = text.rstrip()
    fences = re.findall(r"^```", text, re.MULTILINE)
    if len(fences) % 2:
        return f"{text}\n```"
    line = text.rpartition("\n")[2]
    return text[: text.rindex("`")].rstrip() if line.count("`") % 2 else text
