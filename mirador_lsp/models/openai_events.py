"""The server-sent events of OpenAI's dialect: which of them count, and what they say."""

from typing import Any

import msgspec

from mirador_lsp.core.clean import plain
from mirador_lsp.core.dialogue import Chunk, ModelCard, Prefill
from mirador_lsp.core.errors import BadReply, ModelError, ModelUnavailable
from mirador_lsp.models.hiding import Hide
from mirador_lsp.models.refusals import AGAIN
from mirador_lsp.models.replies import End, Piece
from mirador_lsp.models.texts import speaks_of_length, too_long, was_cut

_DONE = b"[DONE]"


class OpenAIEvents:
    """Reads the lines of one reply: server-sent events, each one line of JSON."""

    def __init__(self, card: ModelCard, least: int, hide: Hide) -> None:
        self._card = card
        self._least = least
        self._hide = hide
        self._reason = ""
        self._usage: _Usage | None = None
        self._spoke = False

    def read(self, line: bytes) -> list[Piece]:
        """The pieces of a line. Raises `BadReply`, `ContextOverflow`, `ModelUnavailable`."""
        line = line.strip()
        if line.startswith(b"{"):
            # Some servers drop the framing when they fail in the middle.
            data = line
        elif line.startswith(b"data:"):
            data = line[5:].strip()
        else:
            return []  # a comment that keeps the connection alive, an event's name, its end
        if data == _DONE:
            return [self._end()]
        try:
            said = _EVENT.decode(data)
        except msgspec.MsgspecError as error:
            message = f"{self._card.name} sent a line that cannot be read."
            raise BadReply(message, remedy=AGAIN) from error
        if said.error is not None:
            raise _failed(said.error, self._card, self._hide)
        self._usage = said.usage or self._usage
        pieces: list[Piece] = []
        if said.prompt_progress is not None:
            progress = said.prompt_progress
            pieces.append(Prefill(min(progress.processed, progress.total), progress.total))
        for choice in said.choices:
            chunks = _chunks(choice)
            self._spoke = self._spoke or bool(chunks)
            pieces += chunks
            self._reason = choice.finish_reason or self._reason
        return pieces

    def at_end(self) -> None:
        """A word of its own says that it is over."""

    def _end(self) -> End:
        if self._reason not in ("stop", "length"):
            message = f"{self._card.name} ended its reply early ({self._reason or 'no reason'})."
            raise BadReply(plain(message, 200), remedy=AGAIN)
        if not self._spoke and self._reason == "stop":
            # A prompt that does not fit ends like this with some.
            message = f"{self._card.name} said nothing at all."
            raise BadReply(message, remedy="Give the server a larger context_tokens, or ask again.")
        usage = self._usage or _Usage()
        if was_cut(usage.prompt_tokens, self._least):
            raise too_long(self._card)
        details = usage.prompt_tokens_details
        return End(
            usage.prompt_tokens,
            details.cached_tokens if details else None,
            usage.completion_tokens,
            truncated=self._reason == "length",
        )


class _Alternative(msgspec.Struct, frozen=True):
    token: str
    logprob: float


class _Token(msgspec.Struct, frozen=True):
    token: str
    logprob: float
    top_logprobs: tuple[_Alternative, ...] | None = None


class _Logprobs(msgspec.Struct, frozen=True):
    content: tuple[_Token, ...] | None = None


class _Delta(msgspec.Struct, frozen=True):
    content: str | None = None


class _Choice(msgspec.Struct, frozen=True):
    delta: _Delta = _Delta()
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None


class _Details(msgspec.Struct, frozen=True):
    cached_tokens: int | None = None


class _Usage(msgspec.Struct, frozen=True):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _Details | None = None


class _Progress(msgspec.Struct, frozen=True):
    total: int
    processed: int


class _Event(msgspec.Struct, frozen=True):
    choices: tuple[_Choice, ...] = ()
    usage: _Usage | None = None
    error: Any = None
    prompt_progress: _Progress | None = None


_EVENT = msgspec.json.Decoder(_Event)


def _chunks(choice: _Choice) -> list[Piece]:
    text = choice.delta.content
    if not text:
        return []
    told = (choice.logprobs.content if choice.logprobs else None) or ()
    if "".join(each.token for each in told) != text:
        return [Chunk(text, min(told[0].logprob, 0.0) if told else None)]
    return [
        Chunk(
            each.token,
            min(each.logprob, 0.0),
            tuple((other.token, other.logprob) for other in each.top_logprobs or ()),
        )
        for each in told
    ]


def _failed(error: Any, card: ModelCard, hide: Hide) -> ModelError:
    said = error.get("message", "") if isinstance(error, dict) else error
    text = plain(str(said), 200)
    if speaks_of_length(text):
        return too_long(card)
    shown = hide(text).rstrip(".") or "it gave no reason"
    return ModelUnavailable(f"{card.name} failed: {shown}.", remedy=AGAIN)
