"""A stand-in for Ollama: answers as a recorded Ollama 0.32 did, its words made by any backend.

What it says besides the words (status codes, content types, error texts, the fields of the last
line) follows recordings of the real server. It listens on the loopback interface.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from mirador_lsp.core.dialogue import Chunk, Limits, Prompt
from mirador_lsp.core.errors import ContextOverflow, ModelError
from mirador_lsp.core.ports import Embedder, ModelBackend

_JSON = "application/json; charset=utf-8"
_LINES = "application/x-ndjson"
_TEXT = "text/plain; charset=utf-8"


@dataclass
class OllamaStandIn:
    """What the server has, how it misbehaves, and what it was asked."""

    backend: ModelBackend
    models: dict[str, str]
    """Tag to the backend's name of the model."""
    context: int = 2048
    digests: dict[str, str] = field(default_factory=dict)
    capabilities: dict[str, tuple[str, ...]] = field(default_factory=dict)
    remote: dict[str, str] = field(default_factory=dict)
    """Tag to the host it says it runs on."""
    cuts_silently: bool = False
    """Ignores `truncate`, as servers before 0.12 did."""
    embedder: Embedder | None = None
    """What computes vectors; as recorded, a server without one says so."""
    longest_input: int = 8000
    """Characters of a text from which on it is longer than the context."""
    busy: int = 0
    """So many questions are refused because the queue is full."""
    asked: list[tuple[str, Any]] = field(default_factory=list)
    """(path, body) of every request."""
    spoil: Callable[[bytes], bytes | None] | None = None
    """Changes a line of a reply; None cuts the connection instead."""
    running: int = 0
    address: str = ""

    def digest(self, tag: str) -> str:
        """The digest of a model's manifest."""
        return self.digests.get(tag, f"{abs(hash(tag)):064x}"[:64])


@asynccontextmanager
async def ollama_server(stand_in: OllamaStandIn) -> AsyncIterator[OllamaStandIn]:
    """Serve until the block ends."""
    served: dict[asyncio.StreamWriter, asyncio.Event] = {}

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served[writer] = asyncio.Event()
        try:
            while await _one_request(stand_in, reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            served[writer].set()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    stand_in.address = f"http://127.0.0.1:{port}"
    async with server:
        yield stand_in
        for writer, ended in tuple(served.items()):
            writer.transport.abort()
            await ended.wait()


async def _one_request(
    stand_in: OllamaStandIn, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> bool:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in lines if line)}
    raw = await reader.readexactly(int(headers.get("content-length", 0)))
    body = json.loads(raw) if raw else None
    stand_in.asked.append((path, body))
    match method, path:
        case "GET", "/api/version":
            return await _whole(writer, 200, {"version": "0.32.15"})
        case "GET", "/api/tags":
            return await _whole(
                writer, 200, {"models": [_tag(stand_in, t) for t in stand_in.models]}
            )
        case "POST", "/api/show":
            return await _show(stand_in, body, writer)
        case "POST", "/api/embed":
            return await _embed(stand_in, body, writer)
        case "POST", "/api/chat":
            return await _chat(stand_in, body, reader, writer)
        case _:
            return await _whole(writer, 404, "404 page not found", _TEXT)


def _tag(stand_in: OllamaStandIn, tag: str) -> dict[str, Any]:
    told = {"name": tag, "model": tag, "size": 491400218, "digest": stand_in.digest(tag)}
    if tag in stand_in.remote:
        told["remote_host"] = stand_in.remote[tag]
    return told


async def _show(stand_in: OllamaStandIn, body: Any, writer: asyncio.StreamWriter) -> bool:
    tag = body["model"]
    if tag not in stand_in.models:
        return await _whole(writer, 404, {"error": f"model '{tag}' not found"})
    answer: dict[str, Any] = {
        "capabilities": list(stand_in.capabilities.get(tag, ("completion",))),
        "details": {"format": "gguf", "family": "qwen2", "parameter_size": "494.03M"},
        "model_info": {
            "general.architecture": "qwen2",
            "general.parameter_count": 494032768,
            "qwen2.context_length": 32768,
        },
    }
    return await _whole(writer, 200, answer)


async def _chat(
    stand_in: OllamaStandIn, body: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> bool:
    tag, options = body["model"], body.get("options", {})
    refused = _refused(stand_in, tag, body)
    if refused is not None:
        return await _whole(writer, *refused)
    if not body["messages"]:
        done = {"model": tag, "message": {"role": "assistant", "content": ""}, "done": True}
        return await _whole(writer, 200, done | {"done_reason": "load"})
    system = "".join(m["content"] for m in body["messages"] if m["role"] == "system")
    user = "".join(m["content"] for m in body["messages"] if m["role"] == "user")
    cut = len(user) > 4 * options.get("num_ctx", 4096)
    if cut and stand_in.cuts_silently:
        user = user[-options.get("num_ctx", 4096) :]
    elif cut:
        inner = {"code": 400, "message": "the prompt is longer than the context length"}
        inner |= {"type": "exceed_context_size_error", "n_ctx": options.get("num_ctx", 4096)}
        return await _whole(writer, 400, {"error": json.dumps({"error": inner})})
    wanted = body.get("top_logprobs", 0) if body.get("logprobs") else 0
    limits = Limits(options["num_predict"], 100, options.get("temperature", 0), wanted)
    answering = asyncio.get_running_loop().create_task(
        _answer(stand_in, tag, Prompt(system, "", user), limits, writer)
    )
    left = asyncio.get_running_loop().create_task(reader.read(1))
    await asyncio.wait({answering, left}, return_when=asyncio.FIRST_COMPLETED)
    answering.cancel() if not answering.done() else left.cancel()
    await asyncio.wait({answering, left})
    if not answering.cancelled() and (error := answering.exception()) is not None:
        raise error
    return False


async def _embed(stand_in: OllamaStandIn, body: Any, writer: asyncio.StreamWriter) -> bool:
    refused = _refused(stand_in, body["model"], body)
    if refused is not None:
        return await _whole(writer, *refused)
    if stand_in.embedder is None:
        error = "This server does not support embeddings. Start it with `--embeddings`"
        return await _whole(writer, 501, {"error": error})
    texts = body["input"]
    if any(len(text) > stand_in.longest_input for text in texts):
        if not body.get("truncate", True):
            error = "the input length exceeds the context length"
            return await _whole(writer, 400, {"error": error})
        texts = [text[: stand_in.longest_input] for text in texts]
    rows = await stand_in.embedder.documents(texts)
    answer = {"model": body["model"], "embeddings": [list(row) for row in rows]}
    answer |= {"total_duration": 1000, "load_duration": 100, "prompt_eval_count": len(texts)}
    return await _whole(writer, 200, answer)


def _refused(stand_in: OllamaStandIn, tag: str, body: Any) -> tuple[int, dict[str, str]] | None:
    """Status and error of a question that is not answered."""
    if tag not in stand_in.models:
        return 404, {"error": f"model '{tag}' not found"}
    if stand_in.busy:
        stand_in.busy -= 1
        error = "server busy, please try again.  maximum pending requests exceeded"
        return 503, {"error": error}
    if body.get("think") and "thinking" not in stand_in.capabilities.get(tag, ()):
        return 400, {"error": f'"{tag}" does not support thinking'}
    if body.get("top_logprobs", 0) > 20:
        return 400, {"error": "top_logprobs must be between 0 and 20"}
    return None


async def _answer(
    stand_in: OllamaStandIn, tag: str, prompt: Prompt, limits: Limits, writer: asyncio.StreamWriter
) -> None:
    stand_in.running += 1
    try:
        name = stand_in.models[tag]
        async with stand_in.backend.open(name, prompt, limits) as reply:
            await _head(writer, 200, _LINES, chunked=True)
            async for piece in reply:
                if isinstance(piece, Chunk) and not await _line(
                    stand_in, writer, _said(tag, piece)
                ):
                    return
            usage = reply.usage
        end = {
            "model": tag,
            "message": {"role": "assistant", "content": ""},
            "done": True,
            "done_reason": "length" if usage.truncated else "stop",
            "total_duration": int(usage.seconds * 1e9),
            "load_duration": 1000000,
            "prompt_eval_count": usage.prompt_tokens,
            "eval_count": usage.completion_tokens,
        }
        if await _line(stand_in, writer, end):
            writer.write(b"0\r\n\r\n")
            await writer.drain()
    except ContextOverflow as error:
        await _whole(writer, 400, {"error": str(error)})
    except ModelError as error:
        await _line(stand_in, writer, {"error": str(error)})
    finally:
        stand_in.running -= 1


def _said(tag: str, chunk: Chunk) -> dict[str, Any]:
    line: dict[str, Any] = {
        "model": tag,
        "message": {"role": "assistant", "content": chunk.text},
        "done": False,
    }
    if chunk.logprob is not None:
        others = [{"token": t, "logprob": p} for t, p in chunk.alternatives]
        token = {"token": chunk.text, "logprob": chunk.logprob, "top_logprobs": others}
        line["logprobs"] = [token]
    return line


async def _line(stand_in: OllamaStandIn, writer: asyncio.StreamWriter, value: Any) -> bool:
    """Send a line of a reply; False when the connection was cut instead."""
    line: bytes | None = json.dumps(value).encode() + b"\n"
    if stand_in.spoil is not None:
        line = stand_in.spoil(line or b"")
    if line is None:
        writer.transport.abort()
        return False
    writer.write(b"%x\r\n%b\r\n" % (len(line), line))
    await writer.drain()
    return True


async def _whole(
    writer: asyncio.StreamWriter, status: int, body: object, kind: str = _JSON
) -> bool:
    data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    await _head(writer, status, kind, length=len(data))
    writer.write(data)
    await writer.drain()
    return True


async def _head(
    writer: asyncio.StreamWriter,
    status: int,
    kind: str,
    *,
    length: int = 0,
    chunked: bool = False,
) -> None:
    size = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {length}"
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\n{size}\r\n\r\n"
    writer.write(head.encode())
    await writer.drain()
