"""The lines of Ollama's replies: which of them count, and what they say."""

import msgspec

from mirador_lsp.core.clean import plain
from mirador_lsp.core.dialogue import Chunk, ModelCard
from mirador_lsp.core.errors import BadReply, ModelUnavailable
from mirador_lsp.models.hiding import Hide
from mirador_lsp.models.refusals import AGAIN
from mirador_lsp.models.replies import End, Piece
from mirador_lsp.models.texts import speaks_of_length, too_long, was_cut

CLOUD = "cloud"
"""Tag on the card of a model that the server runs on another machine."""


class OllamaLines:
    """Reads the lines of one reply."""

    def __init__(
        self, card: ModelCard, least: int, hide: Hide, *, wants_probabilities: bool
    ) -> None:
        self._card = card
        self._least = least
        self._hide = hide
        self._wants = wants_probabilities

    def read(self, line: bytes) -> list[Piece]:
        """The pieces of a line. Raises `BadReply`, `ContextOverflow`, `ModelUnavailable`."""
        if not line.strip():
            return []
        try:
            said = _LINE.decode(line)
        except msgspec.MsgspecError as error:
            message = f"{self._card.name} sent a line that cannot be read."
            raise BadReply(message, remedy=AGAIN) from error
        if said.error:
            why = plain(said.error, 200)
            if speaks_of_length(why):
                raise too_long(self._card)
            message = f"{self._card.name} failed: {self._hide(why).rstrip('.')}."
            raise ModelUnavailable(message, remedy=AGAIN)
        if said.remote_host and CLOUD not in self._card.tags:
            message = f"{self._card.name} was answered by another machine."
            raise ModelUnavailable(message, remedy="Name a model that runs on the server itself.")
        pieces: list[Piece] = self._chunks(said)
        if said.done:
            self._check(said)
            pieces.append(
                End(
                    said.prompt_eval_count,
                    None,
                    said.eval_count,
                    truncated=said.done_reason == "length",
                )
            )
        return pieces

    def at_end(self) -> None:
        """The last line says that it is the last."""

    def _check(self, said: "_Line") -> None:
        """An older server ignores `truncate` and says nothing but the count."""
        if was_cut(said.prompt_eval_count, self._least):
            raise too_long(self._card)
        if said.done_reason not in ("stop", "length"):
            message = f"{self._card.name} ended its reply early ({said.done_reason[:40]})."
            raise BadReply(plain(message, 200), remedy=AGAIN)

    def _chunks(self, said: "_Line") -> list[Piece]:
        text = said.message.content
        if not text:
            return []
        if not self._wants or not said.logprobs:
            return [Chunk(text)]
        chunks: list[Piece] = [
            Chunk(
                each.token,
                min(each.logprob, 0.0),
                tuple((other.token, other.logprob) for other in each.top_logprobs),
            )
            for each in said.logprobs
        ]
        spelled = "".join(each.token for each in said.logprobs)
        return chunks if spelled == text else [Chunk(text, min(said.logprobs[0].logprob, 0.0))]


class _Token(msgspec.Struct, frozen=True):
    token: str
    logprob: float
    top_logprobs: tuple["_Token", ...] = ()


class _Message(msgspec.Struct, frozen=True):
    content: str = ""


class _Line(msgspec.Struct, frozen=True):
    message: _Message = _Message()
    done: bool = False
    done_reason: str = ""
    error: str = ""
    remote_host: str = ""
    prompt_eval_count: int | None = None
    eval_count: int | None = None
    logprobs: tuple[_Token, ...] = ()


_LINE = msgspec.json.Decoder(_Line)
