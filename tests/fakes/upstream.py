"""Every error that model servers know, and what a user is to read of it.

What they say is taken from recordings (Ollama), sources (llama.cpp, vLLM) and descriptions (LM
Studio, LiteLLM, Google's names of status codes).
"""

import json
from dataclasses import dataclass
from typing import Any

from fakes.fault_proxy import End, Fault
from fakes.gemini_server import failure
from mirador_lsp.core.errors import BadReply, ContextOverflow, ModelError, ModelUnavailable

_TEXT = b"text/plain; charset=utf-8"
IN_STREAM = 0


@dataclass(frozen=True)
class Row:
    """An error of a kind of server, and what a user is to read of it."""

    name: str
    status: int
    """`IN_STREAM` for an error that comes after the first words."""
    body: Any
    """JSON; text for what is none."""
    error: type[ModelError]
    words: str
    """In the sentence."""
    remedy: str
    """In the remedy."""

    def fault(self, dialect: str) -> Fault:
        """The fault that makes a proxy answer with it."""
        text = self.body if isinstance(self.body, str) else json.dumps(self.body)
        if self.status == IN_STREAM:
            framed = text if dialect == "ollama" else f"data: {text}\n"
            return Fault(self.name, lines=1, insert=f"{framed}\n".encode(), end=End.WELL_FORMED)
        kind = _TEXT if isinstance(self.body, str) else b"application/json; charset=utf-8"
        return Fault(self.name, status=self.status, insert=text.encode(), kind=kind)


_LONG = ("fit the 2048 tokens", "larger context_tokens")
_NESTED = {
    "code": 400,
    "message": "request (3904 tokens) exceeds the available context size (256 tokens)",
    "type": "exceed_context_size_error",
    "n_prompt_tokens": 3904,
    "n_ctx": 256,
}
_LOST = "an error was encountered while running the model: unexpected EOF"
_LOG = "log"
_PULL = "ollama pull"
_QUEUE = "server busy, please try again.  maximum pending requests exceeded"


def _ollama(
    name: str, status: int, said: str, error: type[ModelError], words: str, remedy: str
) -> Row:
    return Row(name, status, {"error": said}, error, words, remedy)


OLLAMA = (
    _ollama("a body that is no JSON", 400, "unexpected EOF", ModelUnavailable, "EOF", _LOG),
    _ollama(
        "an option of a wrong type",
        500,
        'option "num_ctx" must be of type integer',
        ModelUnavailable,
        "num_ctx",
        _LOG,
    ),
    _ollama("no such model", 404, "model 'x' not found", ModelUnavailable, "not there", _PULL),
    _ollama("no name", 404, "model '' not found", ModelUnavailable, "not there", _PULL),
    _ollama("a digest", 400, "invalid model name", ModelUnavailable, "invalid model", _LOG),
    _ollama(
        "no embeddings",
        501,
        "This server does not support embeddings. Start it with `--embeddings`",
        ModelUnavailable,
        "501",
        _LOG,
    ),
    _ollama(
        "a format that is none",
        500,
        'invalid format: "\\"yaml\\""; expected "json" or a valid JSON Schema object',
        ModelUnavailable,
        "invalid format",
        _LOG,
    ),
    _ollama(
        "too many probabilities",
        400,
        "top_logprobs must be between 0 and 20",
        ModelUnavailable,
        "top_logprobs",
        _LOG,
    ),
    _ollama("no thinking", 400, '"x" does not support thinking', ModelUnavailable, "think", _LOG),
    _ollama("no insert", 400, "x does not support insert", ModelUnavailable, "insert", _LOG),
    _ollama("no tools", 400, "x does not support tools", ModelUnavailable, "tools", _LOG),
    _ollama(
        "a duration that is none",
        400,
        'time: invalid duration "abc"',
        ModelUnavailable,
        "invalid duration",
        _LOG,
    ),
    _ollama("too long", 400, json.dumps({"error": _NESTED}), ContextOverflow, *_LONG),
    _ollama(
        "too long, without truncation",
        400,
        "the prompt is longer than the context length",
        ContextOverflow,
        *_LONG,
    ),
    _ollama("a full queue", 503, _QUEUE, ModelUnavailable, "busy", "in a while"),
    _ollama("the cloud wants a key", 401, "unauthorized", ModelUnavailable, "a key", "key_env"),
    _ollama("the cloud forbids it", 403, "forbidden", ModelUnavailable, "a key", "key_env"),
    _ollama("the cloud's limit", 429, "too many requests", ModelUnavailable, "busy", "while"),
    Row("no such route", 404, "404 page not found", ModelUnavailable, "does not know", "address"),
    Row("no such way", 405, "405 method not allowed", ModelUnavailable, "not know", "address"),
    _ollama("the runner died", IN_STREAM, _LOST, ModelUnavailable, "unexpected EOF", _LOG),
    _ollama(
        "the window is full",
        IN_STREAM,
        "exceeded the context size",
        ContextOverflow,
        *_LONG,
    ),
    Row("no last line", IN_STREAM, "", BadReply, "in the middle", "Ask again"),
)


def _typed(code: int, kind: str, said: str, *wanted: Any, **more: Any) -> Row:
    """An error of llama.cpp's form; LiteLLM's and OpenAI's have the same fields."""
    error = {"message": said, "type": kind, "code": code, **more}
    return Row(kind, code, {"error": error}, *wanted)


LLAMA_CPP = (
    _typed(400, "invalid_request_error", "bad grammar", ModelUnavailable, "bad grammar", _LOG),
    _typed(401, "authentication_error", "Invalid API Key", ModelUnavailable, "a key", "key_env"),
    _typed(403, "permission_error", "no", ModelUnavailable, "a key", "key_env"),
    _typed(404, "not_found_error", "File Not Found", ModelUnavailable, "not there", "models list"),
    _typed(500, "server_error", "Compute error.", ModelUnavailable, "Compute error", _LOG),
    _typed(501, "not_supported_error", "no embeddings", ModelUnavailable, "embeddings", _LOG),
    _typed(503, "unavailable_error", "Loading model", ModelUnavailable, "busy", "in a while"),
    Row("exceed_context_size_error", 400, {"error": _NESTED}, ContextOverflow, *_LONG),
    Row(
        "in the stream",
        IN_STREAM,
        {"error": {"code": 500, "message": "Compute error.", "type": "server_error"}},
        ModelUnavailable,
        "Compute error",
        _LOG,
    ),
    Row("in the stream, too long", IN_STREAM, {"error": _NESTED}, ContextOverflow, *_LONG),
)


def _vllm(code: int, kind: str, said: str, *wanted: Any) -> tuple[Row, Row]:
    """As older and as newer versions have it."""
    bare = {"object": "error", "message": said, "type": kind, "param": None, "code": code}
    return Row(f"{kind} bare", code, bare, *wanted), Row(kind, code, {"error": bare}, *wanted)


_MAXIMUM = "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens"
VLLM = (
    *_vllm(400, "BadRequestError", "top_logprobs > 20", ModelUnavailable, "top_logprobs", _LOG),
    *_vllm(400, "TooLong", _MAXIMUM, ContextOverflow, *_LONG),
    *_vllm(
        404, "NotFoundError", "The model `x` does not exist.", ModelUnavailable, "not there", ""
    ),
    *_vllm(422, "ValidationError", "field required", ModelUnavailable, "field required", _LOG),
    *_vllm(500, "InternalServerError", "EngineCore died", ModelUnavailable, "EngineCore", _LOG),
    *_vllm(503, "ServiceUnavailableError", "paused", ModelUnavailable, "busy", "in a while"),
    Row("Unauthorized", 401, {"error": "Unauthorized"}, ModelUnavailable, "a key", "key_env"),
    Row("FastAPI", 404, {"detail": "Not Found"}, ModelUnavailable, "not there", "models list"),
)
_KEEP = (
    "The number of tokens to keep from the initial prompt is greater than the context length. Try "
    "to load the model with a larger context length, or provide a shorter input"
)
LM_STUDIO = (
    Row("nothing loaded", 400, {"error": "No models loaded."}, ModelUnavailable, "No mod", _LOG),
    Row("too long", 400, {"error": _KEEP}, ContextOverflow, *_LONG),
    Row(
        "too long, in the stream",
        IN_STREAM,
        {"error": {"message": _KEEP}},
        ContextOverflow,
        *_LONG,
    ),
    Row(
        "model_not_found",
        404,
        {"error": {"message": "no x", "type": "invalid_request_error", "code": "model_not_found"}},
        ModelUnavailable,
        "not there",
        "models list",
    ),
    Row(
        "no such route, with status 200",
        200,
        {"error": "Unexpected endpoint or method. (POST /v1/chat/completions)"},
        ModelUnavailable,
        "Unexpected endpoint",
        _LOG,
    ),
    Row(
        "the model crashed",
        IN_STREAM,
        {"error": "Channel Error"},
        ModelUnavailable,
        "Channel",
        _LOG,
    ),
)


def _litellm(code: int, kind: str, said: str, *wanted: Any) -> Row:
    error = {"message": f"litellm.{kind}: {said}", "type": None, "param": None, "code": str(code)}
    return Row(kind, code, {"error": error}, *wanted)


LITELLM = (
    _litellm(400, "BadRequestError", "no", ModelUnavailable, "BadRequestError", _LOG),
    _litellm(400, "UnsupportedParamsError", "seed", ModelUnavailable, "seed", _LOG),
    _litellm(400, "ContextWindowExceededError", _MAXIMUM, ContextOverflow, *_LONG),
    _litellm(400, "ContentPolicyViolationError", "no", ModelUnavailable, "ContentPolicy", _LOG),
    _litellm(400, "BudgetExceededError", "Budget", ModelUnavailable, "Budget", _LOG),
    _litellm(401, "AuthenticationError", "no", ModelUnavailable, "a key", "key_env"),
    _litellm(403, "PermissionDeniedError", "no", ModelUnavailable, "a key", "key_env"),
    _litellm(404, "NotFoundError", "no", ModelUnavailable, "not there", "models list"),
    _litellm(408, "Timeout", "late", ModelUnavailable, "Timeout", _LOG),
    _litellm(422, "UnprocessableEntityError", "no", ModelUnavailable, "Unprocessable", _LOG),
    _litellm(429, "RateLimitError", "slow down", ModelUnavailable, "busy", "in a while"),
    _litellm(500, "APIConnectionError", "no", ModelUnavailable, "APIConnection", _LOG),
    _litellm(500, "InternalServerError", "no", ModelUnavailable, "InternalServer", _LOG),
    _litellm(502, "BadGatewayError", "no", ModelUnavailable, "BadGateway", _LOG),
    _litellm(503, "ServiceUnavailableError", "no", ModelUnavailable, "busy", "in a while"),
)

_CODES = {
    "CANCELLED": (499, "failed", "Ask again"),
    "UNKNOWN": (500, "failed", "Ask again"),
    "INVALID_ARGUMENT": (400, "what was wrong", "Ask again"),
    "DEADLINE_EXCEEDED": (504, "too long", "Ask again"),
    "NOT_FOUND": (404, "not there", "models list"),
    "ALREADY_EXISTS": (409, "what was wrong", "Ask again"),
    "PERMISSION_DENIED": (403, "may not be used", "billing"),
    "RESOURCE_EXHAUSTED": (429, "used up", "quota"),
    "FAILED_PRECONDITION": (400, "may not be used", "billing"),
    "ABORTED": (409, "failed", "Ask again"),
    "OUT_OF_RANGE": (400, "what was wrong", "Ask again"),
    "UNIMPLEMENTED": (501, "what was wrong", "Ask again"),
    "INTERNAL": (500, "failed", "Ask again"),
    "UNAVAILABLE": (503, "busy", "in a while"),
    "DATA_LOSS": (500, "failed", "Ask again"),
    "UNAUTHENTICATED": (401, "does not take the key", "key_env"),
}
"""The names of google.rpc.Code, less OK, with the status of HTTP that each comes with."""


def _google() -> list[Row]:
    rows: list[Row] = []
    for name, (status, words, remedy) in _CODES.items():
        body = failure(status, "what was wrong", name)
        rows.append(Row(name, status, body, ModelUnavailable, words, remedy))
        rows.append(Row(f"{name} in a list", status, [body], ModelUnavailable, words, remedy))
        rows.append(Row(f"{name} in the stream", IN_STREAM, body, ModelUnavailable, words, remedy))
    return rows


_TOKENS = "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."
_NO_KEY = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
_BLOCKED = "does not take the question"


def _ended(reason: str) -> Any:
    return {"candidates": [{"content": {"parts": []}, "finishReason": reason}]}


def _stopped(reason: str, words: str) -> Row:
    return Row(reason, IN_STREAM, _ended(reason), BadReply, words, "Another model")


def _blocked(reason: str) -> Row:
    body = {"promptFeedback": {"blockReason": reason}}
    return Row(f"blocked: {reason}", IN_STREAM, body, BadReply, _BLOCKED, "Another model")


GEMINI = (
    *_google(),
    Row(
        "a key that is none",
        400,
        failure(400, "no", "INVALID_ARGUMENT", _NO_KEY),
        ModelUnavailable,
        "does not take the key",
        "key_env",
    ),
    Row("too long", 400, failure(400, _TOKENS), ContextOverflow, *_LONG),
    Row("a gateway's page", 404, "<html>Not Found</html>", ModelUnavailable, "not know", "address"),
    _stopped("SAFETY", "unsafe"),
    _stopped("RECITATION", "protected"),
    _stopped("LANGUAGE", "language"),
    _stopped("OTHER", "does not say why"),
    _stopped("BLOCKLIST", "forbidden word"),
    _stopped("PROHIBITED_CONTENT", "forbidden"),
    _stopped("SPII", "personal data"),
    _stopped("MALFORMED_FUNCTION_CALL", "function"),
    _stopped("UNEXPECTED_TOOL_CALL", "function"),
    _stopped("TOO_MANY_TOOL_CALLS", "function"),
    _stopped("MALFORMED_RESPONSE", "thread"),
    _stopped("MISSING_THOUGHT_SIGNATURE", "thread"),
    _stopped("FINISH_REASON_UNSPECIFIED", "does not say why"),
    _stopped("IMAGE_SAFETY", "picture"),
    _stopped("IMAGE_PROHIBITED_CONTENT", "picture"),
    _stopped("IMAGE_RECITATION", "picture"),
    _stopped("IMAGE_OTHER", "picture"),
    _stopped("NO_IMAGE", "picture"),
    _stopped("A_REASON_OF_NEXT_YEAR", "A_REASON_OF_NEXT_YEAR"),
    *map(_blocked, ("SAFETY", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "IMAGE_SAFETY")),
    _blocked("BLOCK_REASON_UNSPECIFIED"),
)
