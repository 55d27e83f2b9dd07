"""The events of Gemini's replies: which of them count, and what they say.

Nothing in the stream says that it is over: a reply is whole when the connection ends in good form
and the last piece gave a good reason. Older models give the reason with every piece.
"""

from typing import Any

import msgspec

from mirador_lsp.core.clean import plain
from mirador_lsp.core.dialogue import Chunk, ModelCard
from mirador_lsp.core.errors import BadReply, ModelError, ModelUnavailable
from mirador_lsp.models.hiding import Hide
from mirador_lsp.models.refusals import AGAIN, KEY_REMEDY, LATER
from mirador_lsp.models.replies import End, Piece
from mirador_lsp.models.texts import speaks_of_length, too_long, was_cut

_GOOD = ("STOP", "MAX_TOKENS")
_DRAWS = "it tried to draw a picture"
_CALLS = "it tried to call a function, and there is none"
_WHY = {
    "SAFETY": "its filter took the text for unsafe",
    "RECITATION": "the reply repeats a text that may be protected",
    "LANGUAGE": "it does not know the language",
    "BLOCKLIST": "its filter found a forbidden word",
    "PROHIBITED_CONTENT": "its filter took the text for forbidden",
    "SPII": "its filter took the text for personal data",
    "MALFORMED_FUNCTION_CALL": _CALLS,
    "UNEXPECTED_TOOL_CALL": _CALLS,
    "TOO_MANY_TOOL_CALLS": _CALLS,
    "MALFORMED_RESPONSE": "it lost the thread",
    "MISSING_THOUGHT_SIGNATURE": "it lost the thread",
    "IMAGE_SAFETY": _DRAWS,
    "IMAGE_PROHIBITED_CONTENT": _DRAWS,
    "IMAGE_RECITATION": _DRAWS,
    "IMAGE_OTHER": _DRAWS,
    "NO_IMAGE": _DRAWS,
    "OTHER": "it does not say why",
    "FINISH_REASON_UNSPECIFIED": "it does not say why",
    "BLOCK_REASON_UNSPECIFIED": "it does not say why",
}
_ANOTHER = "Another model can stand in; nothing of the reply is used."
_NO_RIGHT = "Look at what the key may do, at its limits and its billing, or use another model."
_AGAIN = "Ask again, or use another model."
_FAILED = ("The service of {model} failed.", _AGAIN)
_FORBIDDEN = ("The service of {model} may not be used with this key or from this place.", _NO_RIGHT)
_FAILURES = {
    "UNAUTHENTICATED": ("The service of {model} does not take the key.", KEY_REMEDY),
    "PERMISSION_DENIED": _FORBIDDEN,
    "FAILED_PRECONDITION": _FORBIDDEN,
    "RESOURCE_EXHAUSTED": (
        "What may be asked of {model} is used up for now.",
        "Ask again in a while, or raise the quota.",
    ),
    "UNAVAILABLE": ("The service of {model} is busy.", LATER),
    "NOT_FOUND": ("{model} is not there any more.", "`mirador models list` names those it has."),
    "DEADLINE_EXCEEDED": ("The service of {model} took too long.", _AGAIN),
    "INTERNAL": _FAILED,
    "UNKNOWN": _FAILED,
    "DATA_LOSS": _FAILED,
    "ABORTED": _FAILED,
    "CANCELLED": _FAILED,
}


class GeminiEvents:
    """Reads the lines of one reply: server-sent events, each one line of JSON."""

    def __init__(self, card: ModelCard, least: int, most: int, hide: Hide) -> None:
        """`most` tokens may be read of the reply, whatever the model was given for thinking."""
        self._card = card
        self._least = least
        self._most = most
        self._hide = hide
        self._reason = ""
        self._usage = _Usage()
        self._spoke = False

    def read(self, line: bytes) -> list[Piece]:
        """The pieces of a line. Raises `BadReply`, `ContextOverflow`, `ModelUnavailable`."""
        line = line.strip()
        if line.startswith(b"{"):
            # What fails in the middle may be told without the framing.
            data = line
        elif line.startswith(b"data:"):
            data = line[5:].strip()
        else:
            return []  # a comment that keeps the connection alive, the end of an event
        try:
            said = _EVENT.decode(data)
        except msgspec.MsgspecError as error:
            message = f"{self._card.name} sent a line that cannot be read."
            raise BadReply(message, remedy=AGAIN) from error
        if said.error is not None:
            raise failed(said.error, self._card, self._hide)
        if said.prompt_feedback is not None and (blocked := said.prompt_feedback.block_reason):
            message = f"{self._card.name} does not take the question: {_why(blocked)}."
            raise BadReply(message, remedy=_ANOTHER)
        self._usage = said.usage_metadata or self._usage
        return self._taken(said)

    def at_end(self) -> End:
        """What the end of the stream means. Raises as `read` does."""
        if self._reason not in _GOOD:
            message = f"{self._card.name} ended its reply early ({self._reason or 'no reason'})."
            raise BadReply(plain(message, 200), remedy=AGAIN)
        if self._reason == "MAX_TOKENS" and not self._spoke:
            message = f"{self._card.name} used up its tokens before it said anything."
            raise BadReply(message, remedy="Use a model that thinks less, or raise max_tokens.")
        if was_cut(self._usage.prompt_token_count, self._least):
            raise too_long(self._card)
        return self._end(truncated=self._reason == "MAX_TOKENS")

    def _taken(self, said: "_Event") -> list[Piece]:
        pieces: list[Piece] = []
        for candidate in said.candidates[:1]:
            pieces += _chunks(candidate)
            self._reason = candidate.finish_reason or self._reason
        self._spoke = self._spoke or bool(pieces)
        if self._reason not in ("", *_GOOD):
            message = f"{self._card.name} stopped its reply: {_why(self._reason)}."
            raise BadReply(plain(message, 200), remedy=_ANOTHER)
        if (self._usage.candidates_token_count or 0) > self._most:
            pieces.append(self._end(truncated=True))
        return pieces

    def _end(self, *, truncated: bool) -> End:
        usage = self._usage
        spoken = (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)
        return End(
            usage.prompt_token_count,
            usage.cached_content_token_count,
            spoken or None,
            truncated=truncated,
        )


def failed(error: Any, card: ModelCard, hide: Hide) -> ModelError:
    """The error that an `error` object of the service means, by the name of its status."""
    about = error if isinstance(error, dict) else {"message": error}
    status, said = str(about.get("status", "")), plain(str(about.get("message", "")), 300)
    if ("token count" in said.lower() and "exceed" in said.lower()) or speaks_of_length(said):
        return too_long(card)
    if _about_the_key(about, said):
        status = "UNAUTHENTICATED"
    if (sentence := _FAILURES.get(status)) is not None:
        message, remedy = sentence
        return ModelUnavailable(message.format(model=card.name), remedy=remedy)
    detail = plain(hide(said), 200).rstrip(".") or "it gave no reason"
    return ModelUnavailable(f"{card.name} failed: {detail}.", remedy=_AGAIN)


def _about_the_key(error: dict[str, Any], said: str) -> bool:
    """A key that is not valid is an invalid argument here; only the details tell."""
    details = error.get("details")
    reasons = {
        str(each.get("reason", ""))
        for each in (details if isinstance(details, list) else ())
        if isinstance(each, dict)
    }
    return any(reason.startswith("API_KEY") for reason in reasons) or "api key" in said.lower()


def _why(reason: str) -> str:
    return _WHY.get(reason, plain(f"it gives the reason {reason}", 80))


class _Named(msgspec.Struct, frozen=True, rename="camel"):
    """Fields are called as the service calls them."""


class _Part(_Named, frozen=True):
    text: str | None = None
    thought: bool = False


class _Content(_Named, frozen=True):
    parts: tuple[_Part, ...] = ()


class _Token(_Named, frozen=True):
    token: str = ""
    log_probability: float = 0.0


class _Likely(_Named, frozen=True):
    candidates: tuple[_Token, ...] = ()


class _Logprobs(_Named, frozen=True):
    chosen_candidates: tuple[_Token, ...] = ()
    top_candidates: tuple[_Likely, ...] = ()


class _Candidate(_Named, frozen=True):
    content: _Content | None = None
    finish_reason: str | None = None
    logprobs_result: _Logprobs | None = None


class _Feedback(_Named, frozen=True):
    block_reason: str = ""


class _Usage(_Named, frozen=True):
    prompt_token_count: int | None = None
    cached_content_token_count: int | None = None
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None


class _Event(_Named, frozen=True):
    candidates: tuple[_Candidate, ...] = ()
    prompt_feedback: _Feedback | None = None
    usage_metadata: _Usage | None = None
    error: Any = None


_EVENT = msgspec.json.Decoder(_Event)


def _chunks(candidate: _Candidate) -> list[Piece]:
    parts = candidate.content.parts if candidate.content else ()
    # What it thinks is no part of what it says.
    text = "".join(part.text or "" for part in parts if not part.thought)
    if not text:
        return []
    told = candidate.logprobs_result or _Logprobs()
    chosen = told.chosen_candidates
    if "".join(each.token for each in chosen) != text:
        return [Chunk(text, min(chosen[0].log_probability, 0.0) if chosen else None)]
    likely = [each.candidates for each in told.top_candidates]
    likely += [()] * (len(chosen) - len(likely))
    return [
        Chunk(
            each.token,
            min(each.log_probability, 0.0),
            tuple((other.token, min(other.log_probability, 0.0)) for other in others),
        )
        for each, others in zip(chosen, likely, strict=False)
    ]
