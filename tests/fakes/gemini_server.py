"""A stand-in for Gemini's API: answers as the service documents, its words made by any backend.

What it says besides the words (the form of events and errors, the names of fields and reasons)
follows the public description of `v1beta`. It listens on the loopback interface.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from mirador_lsp.core.dialogue import Chunk, Limits, Prompt
from mirador_lsp.core.errors import ContextOverflow, ModelError
from mirador_lsp.core.ports import ModelBackend

KEY = "AIza-of-the-tests-0123456789abcdef"
_JSON = b"application/json; charset=UTF-8"
_EVENTS = b"text/event-stream"
_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


@dataclass
class GeminiStandIn:
    """What the service has, how it misbehaves, and what it was asked."""

    backend: ModelBackend | None = None
    models: dict[str, str] = field(default_factory=dict)
    """Name to the backend's name of the model."""
    about: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What is told of models besides what is told of all."""
    no_logprobs: bool = False
    """Refuses questions that ask for probabilities, as many models do."""
    must_think: bool = False
    """Refuses questions that forbid it to think."""
    finish: str = ""
    """The reason it gives in the end; "" for the true one."""
    reason_everywhere: bool = False
    """Gives a reason with every piece, as the first generation did."""
    events: tuple[str, ...] | None = None
    """Said instead of any words of the backend: JSON, which is framed, or whole lines."""
    error: tuple[int, Any] | None = None
    """Status and body of the answer to every question."""
    asked: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    """(path, header fields, body) of every request."""
    page: int = 1000
    """Models on one page, at most."""
    address: str = ""

    @property
    def questions(self) -> list[Any]:
        """The bodies of the questions that were put."""
        return [body for path, _, body in self.asked if ":streamGenerateContent" in path]


@asynccontextmanager
async def gemini_server(stand_in: GeminiStandIn) -> AsyncIterator[GeminiStandIn]:
    """Serve until the block ends. One request a connection."""
    open_now: dict[asyncio.StreamWriter, asyncio.Event] = {}

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_now[writer] = asyncio.Event()
        try:
            await _serve(stand_in, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            open_now[writer].set()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    stand_in.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield stand_in
        for writer, ended in tuple(open_now.items()):
            writer.transport.abort()
            await ended.wait()


async def _serve(
    stand_in: GeminiStandIn, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.split("\r\n")
    method, path, _ = first.split(" ")
    fields = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in lines if line)}
    raw = await reader.readexactly(int(fields.get("content-length", 0)))
    body = json.loads(raw) if raw else None
    stand_in.asked.append((path, fields, body))
    place, _, query = path.partition("?")
    if fields.get("x-goog-api-key") != KEY:
        await _whole(writer, 400, bad_key())
    elif method == "GET" and place == "/v1beta/models":
        await _whole(writer, 200, _page(stand_in, query))
    elif method == "POST" and place.endswith(":streamGenerateContent"):
        name = place.removeprefix("/v1beta/models/").partition(":")[0]
        assert query == "alt=sse", "without it the answer is one array"
        await _answer(stand_in, name, body, reader, writer)
    else:
        await _whole(writer, 404, b"<html>Not Found</html>", b"text/html; charset=UTF-8")


def failure(code: int, message: str, status: str = "", *details: Any) -> dict[str, Any]:
    """An error as the service words it."""
    error: dict[str, Any] = {"code": code, "message": message, "status": status or _STATUS[code]}
    return {"error": error | ({"details": list(details)} if details else {})}


def bad_key() -> dict[str, Any]:
    """What is said to one who has no key that counts."""
    detail = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "API_KEY_INVALID",
        "domain": "googleapis.com",
        "metadata": {"service": "generativelanguage.googleapis.com"},
    }
    message = "API key not valid. Please pass a valid API key."
    return failure(400, message, "INVALID_ARGUMENT", detail)


def _page(stand_in: GeminiStandIn, query: str) -> dict[str, Any]:
    start = int(dict(part.split("=") for part in query.split("&")).get("pageToken", 0))
    names = list(stand_in.models)[start : start + stand_in.page]
    told = [
        {
            "name": f"models/{name}",
            "version": "001",
            "displayName": name.title(),
            "inputTokenLimit": 1_048_576,
            "outputTokenLimit": 65_536,
            "supportedGenerationMethods": ["generateContent", "countTokens"],
            "temperature": 1,
            "topP": 0.95,
            **stand_in.about.get(name, {}),
        }
        for name in names
    ]
    after = start + stand_in.page
    return {"models": told} | (
        {"nextPageToken": str(after)} if after < len(stand_in.models) else {}
    )


def _refusal(stand_in: GeminiStandIn, name: str, body: Any) -> tuple[int, Any] | None:
    """Status and body where the question is not answered."""
    config = body["generationConfig"]
    if stand_in.error is not None:
        return stand_in.error
    if name not in stand_in.models:
        text = f"models/{name} is not found for API version v1beta, or is not supported for"
        return 404, failure(404, f"{text} generateContent.")
    if config.get("responseLogprobs") and stand_in.no_logprobs:
        return 400, failure(400, f"Logprobs is not enabled for models/{name}")
    if "thinkingConfig" in config and stand_in.must_think:
        return 400, failure(400, "Budget 0 is invalid. This model only works in thinking mode.")
    if config.get("logprobs", 0) > 20:
        return 400, failure(400, "logprobs must be in [0, 20].")
    return None


async def _answer(
    stand_in: GeminiStandIn,
    name: str,
    body: Any,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    if (refusal := _refusal(stand_in, name, body)) is not None:
        await _whole(writer, *refusal)
        return
    speaking = asyncio.get_running_loop().create_task(_speak(stand_in, name, body, writer))
    left = asyncio.get_running_loop().create_task(reader.read(1))
    await asyncio.wait({speaking, left}, return_when=asyncio.FIRST_COMPLETED)
    speaking.cancel() if not speaking.done() else left.cancel()
    await asyncio.wait({speaking, left})
    if not speaking.cancelled() and (error := speaking.exception()) is not None:
        raise error


async def _speak(
    stand_in: GeminiStandIn, name: str, body: Any, writer: asyncio.StreamWriter
) -> None:
    if stand_in.events is not None:
        await _head(writer, 200, _EVENTS)
        for event in stand_in.events:
            await _send(writer, f"data: {event}\r\n\r\n" if event[:1] == "{" else f"{event}\r\n")
        await _send(writer, "")
        return
    assert stand_in.backend is not None
    config = body["generationConfig"]
    wanted = config.get("logprobs", 0) if config.get("responseLogprobs") else 0
    system = body.get("systemInstruction", {"parts": []})
    prompt = Prompt(_text(system), "", "".join(_text(turn) for turn in body["contents"]))
    limits = Limits(config["maxOutputTokens"], 100, config["temperature"], wanted)
    begun = False
    try:
        async with stand_in.backend.open(stand_in.models[name], prompt, limits) as reply:
            count = 0
            async for piece in reply:
                if not isinstance(piece, Chunk):
                    continue
                if not begun:
                    await _head(writer, 200, _EVENTS)
                    begun = True
                count += 1
                await _event(writer, _said(stand_in, name, piece, count))
            usage = reply.usage
        if not begun:
            await _head(writer, 200, _EVENTS)
        reason = stand_in.finish or ("MAX_TOKENS" if usage.truncated else "STOP")
        await _event(writer, _last(name, reason, usage.prompt_tokens, usage.completion_tokens))
        await _send(writer, "")
    except ContextOverflow:
        text = "The input token count (9) exceeds the maximum number of tokens allowed (8)."
        await _whole(writer, 400, failure(400, text))
    except ModelError as error:
        await _event(writer, failure(500, str(error)))


def _text(content: Any) -> str:
    return "".join(part["text"] for part in content["parts"])


def _said(stand_in: GeminiStandIn, name: str, chunk: Chunk, count: int) -> dict[str, Any]:
    candidate: dict[str, Any] = {
        "content": {"parts": [{"text": chunk.text}], "role": "model"},
        "index": 0,
    }
    if stand_in.reason_everywhere:
        candidate["finishReason"] = "STOP"
    if chunk.logprob is not None:
        others = [{"token": t, "logProbability": p} for t, p in chunk.alternatives]
        candidate["logprobsResult"] = {
            "topCandidates": [{"candidates": others}],
            "chosenCandidates": [{"token": chunk.text, "logProbability": chunk.logprob}],
        }
    usage = {"candidatesTokenCount": count, "totalTokenCount": count}
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": name}


def _last(name: str, reason: str, prompt: int, said: int) -> dict[str, Any]:
    return {
        "candidates": [
            {"content": {"parts": [{"text": ""}], "role": "model"}, "finishReason": reason}
        ],
        "usageMetadata": {
            "promptTokenCount": prompt,
            "candidatesTokenCount": said,
            "totalTokenCount": prompt + said,
        },
        "modelVersion": name,
        "responseId": "r1",
    }


async def _event(writer: asyncio.StreamWriter, value: Any) -> None:
    await _send(writer, f"data: {json.dumps(value)}\r\n\r\n")


async def _send(writer: asyncio.StreamWriter, text: str) -> None:
    """A chunk of the body; the empty one ends it."""
    data = text.encode()
    writer.write(b"%x\r\n%b\r\n" % (len(data), data))
    await writer.drain()


async def _head(writer: asyncio.StreamWriter, status: int, kind: bytes) -> None:
    writer.write(b"HTTP/1.1 %d X\r\nConnection: close\r\nContent-Type: %b\r\n" % (status, kind))
    writer.write(b"Transfer-Encoding: chunked\r\n\r\n")
    await writer.drain()


async def _whole(
    writer: asyncio.StreamWriter, status: int, body: object, kind: bytes = _JSON
) -> None:
    # Errors come indented, over several lines.
    data = body if isinstance(body, bytes) else json.dumps(body, indent=2).encode()
    writer.write(b"HTTP/1.1 %d X\r\nConnection: close\r\nContent-Type: %b\r\n" % (status, kind))
    writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(data), data))
    await writer.drain()
