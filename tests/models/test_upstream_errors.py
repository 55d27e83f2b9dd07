"""Every error that model servers and the HTTP library know is one of ours."""

import inspect
import json
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx  # noqa: TID253 — the tests are about its errors
import pytest

from fakes.fault_proxy import fault_proxy
from fakes.gemini_server import KEY, GeminiStandIn, gemini_server
from fakes.ollama_server import OllamaStandIn, ollama_server
from fakes.openai_server import OpenAIStandIn, openai_server
from fakes.upstream import (
    GEMINI,
    IN_STREAM,
    LITELLM,
    LLAMA_CPP,
    LM_STUDIO,
    OLLAMA,
    VLLM,
    Row,
)
from mirador_lsp.core.dialogue import Limits, Prompt
from mirador_lsp.core.errors import ModelError, ModelUnavailable
from mirador_lsp.core.ports import ModelBackend
from mirador_lsp.models.gemini import KEY_HEADER, GeminiBackend, GeminiOptions
from mirador_lsp.models.ollama import OllamaBackend, OllamaOptions
from mirador_lsp.models.openai_compat import OpenAIBackend, OpenAIOptions
from mirador_lsp.models.scripted import ScriptedBackend
from mirador_lsp.models.transport import Transport

_CODE = "def balance(account):\n    return ledger.sum_of(account.entries, 'since opening')\n"
_ASK = Prompt("You review code like a hawk.", _CODE, "What is wrong with the balance?")
_SCRIPT = '[[model]]\nname = "small"\ncontext_tokens = 100000\n[[reply]]\ntext = "one two three"\n'
_EVENTS = (
    json.dumps({"choices": [{"index": 0, "delta": {"content": "one"}}]}),
    json.dumps({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}),
    "data: [DONE]",
)
_TABLE = [
    *(pytest.param("ollama", row, id=f"Ollama: {row.name}") for row in OLLAMA),
    *(pytest.param("openai", row, id=f"llama.cpp: {row.name}") for row in LLAMA_CPP),
    *(pytest.param("openai", row, id=f"vLLM: {row.name}") for row in VLLM),
    *(pytest.param("openai", row, id=f"LM Studio: {row.name}") for row in LM_STUDIO),
    *(pytest.param("openai", row, id=f"LiteLLM: {row.name}") for row in LITELLM),
    *(pytest.param("gemini", row, id=f"Gemini: {row.name}") for row in GEMINI),
]
_DIALECTS = ("ollama", "openai", "gemini")


@asynccontextmanager
async def _server(dialect: str, folder: Path) -> AsyncIterator[str]:
    """The address of a server of a kind, without a fault."""
    script = folder / "script.toml"
    script.write_text(_SCRIPT)
    match dialect:
        case "ollama":
            own = OllamaStandIn(ScriptedBackend(script), {"coder": "small"})
            async with ollama_server(own):
                yield own.address
        case "gemini":
            service = GeminiStandIn(ScriptedBackend(script), {"coder": "small"})
            async with gemini_server(service):
                yield service.address
        case _:
            models = {"/v1/models": {"object": "list", "data": [{"id": "coder"}]}}
            async with openai_server(OpenAIStandIn(models, _EVENTS)) as stand_in:
                yield stand_in.address


def _backend(dialect: str, address: str) -> ModelBackend:
    header = KEY_HEADER if dialect == "gemini" else ""
    transport = Transport("lab", address, key=KEY, key_header=header)
    match dialect:
        case "ollama":
            return OllamaBackend(transport, OllamaOptions(2048), prefix="lab")
        case "gemini":
            return GeminiBackend(transport, GeminiOptions(("coder",), 2048), prefix="lab")
        case _:
            return OpenAIBackend(transport, OpenAIOptions(2048), prefix="lab")


async def _failure(dialect: str, address: str) -> ModelError:
    """What becomes of a question."""
    backend = _backend(dialect, address)
    try:
        async with backend.open("lab/coder", _ASK, Limits(12, 60)) as reply:
            async for _ in reply:
                pass
    except ModelError as error:
        return error
    finally:
        await backend.close()
    pytest.fail("a whole reply")


@pytest.mark.parametrize(("dialect", "row"), _TABLE)
async def test_each_error_of_a_server_is_one_of_ours(
    dialect: str, row: Row, tmp_path: Path
) -> None:
    """Its class, a sentence that says what happened, and what to do about it."""
    # A server that is asked again when it is busy stays busy.
    faults = [row.fault(dialect)] * (5 if row.status == 503 else 1)
    async with _server(dialect, tmp_path) as address, fault_proxy(address, *faults) as proxy:
        error = await _failure(dialect, proxy.address)
    assert type(error) is row.error
    assert row.words in str(error)
    assert str(error).endswith(".")
    assert error.remedy
    assert row.remedy in error.remedy


_REPEATED = (400, 401, 403, 404, 405, 408, 409, 413, 422, 429, 500, 501, 502, 504, IN_STREAM)


@pytest.mark.parametrize("form", ["as it is", "escaped", "shouted"])
@pytest.mark.parametrize("status", _REPEATED)
@pytest.mark.parametrize("dialect", _DIALECTS)
async def test_no_error_repeats_the_key_or_the_code(
    dialect: str, status: int, form: str, tmp_path: Path
) -> None:
    """However a server quotes what it was sent; neither does what is logged of the error."""
    said = f"cannot read {_CODE} with the key {KEY}"
    said = {"as it is": said, "escaped": repr(said), "shouted": said.upper()}[form]
    body = {"error": {"message": said, "status": "INVALID_ARGUMENT", "type": "x", "code": status}}
    bare = {"error": said} if dialect == "ollama" else body
    fault = Row("echo", status, bare, ModelUnavailable, "", "").fault(dialect)
    async with _server(dialect, tmp_path) as address, fault_proxy(address, fault) as proxy:
        error = await _failure(dialect, proxy.address)
    logged = "".join(traceback.format_exception(error)) + repr(error) + error.sentence()
    squeezed = "".join(char for char in logged if char.isalnum()).casefold()
    for secret in (_CODE.splitlines()[1], KEY, KEY[5:20]):
        letters = "".join(char for char in secret if char.isalnum()).casefold()
        assert letters not in squeezed
    assert "sum_of" not in logged.lower()


def _classes(*roots: type[Exception]) -> set[type[Exception]]:
    found = set(roots)
    for root in roots:
        found |= _classes(*root.__subclasses__()) if root.__subclasses__() else set()
    # Classes of other packages that build on the library are not its own.
    return {each for each in found if each.__module__.startswith("httpx")}


_BROKE = "The connection to lab broke"
_ABSENT = "lab does not answer at"
_ADDRESS = "The address of lab cannot be used"
_SENTENCES = {
    "CloseError": _BROKE,
    "ConnectError": _ABSENT,
    "ConnectTimeout": _ABSENT,
    "DecodingError": _BROKE,
    "HTTPError": _BROKE,
    "HTTPStatusError": _BROKE,
    "InvalidURL": _ADDRESS,
    "LocalProtocolError": _BROKE,
    "NetworkError": _BROKE,
    "PoolTimeout": _BROKE,
    "ProtocolError": _BROKE,
    "ProxyError": _BROKE,
    "ReadError": _BROKE,
    "ReadTimeout": _BROKE,
    "RemoteProtocolError": _BROKE,
    "RequestError": _BROKE,
    "RequestNotRead": _BROKE,
    "ResponseNotRead": _BROKE,
    "StreamClosed": _BROKE,
    "StreamConsumed": _BROKE,
    "StreamError": _BROKE,
    "TimeoutException": _BROKE,
    "TooManyRedirects": _BROKE,
    "TransportError": _BROKE,
    "UnsupportedProtocol": _ADDRESS,
    "WriteError": _BROKE,
    "WriteTimeout": _BROKE,
}
"""What users read of each error that is raised before an answer has begun."""
_ALL = sorted(
    _classes(httpx.HTTPError, httpx.StreamError, httpx.InvalidURL), key=lambda one: one.__name__
)


def test_the_library_knows_no_error_that_is_not_in_the_table() -> None:
    """A new one has to be thought about."""
    assert {one.__name__ for one in _ALL} == set(_SENTENCES)


def _made(kind: type[Exception]) -> Exception:
    request = httpx.Request("POST", "http://127.0.0.1/")
    known = {
        "message": f"key {KEY}",
        "request": request,
        "response": httpx.Response(500, request=request),
    }
    takes = inspect.signature(kind.__init__).parameters
    return kind(**{name: known[name] for name in takes if name in known})


class _Breaking(httpx.AsyncByteStream):
    """Says the beginning of a line, then breaks."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b'{"message": '
        raise self._error


@pytest.mark.parametrize("later", [False, True], ids=["at once", "while it answers"])
@pytest.mark.parametrize("kind", _ALL, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("dialect", _DIALECTS)
async def test_each_error_of_the_library_is_one_of_ours(
    dialect: str,
    kind: type[Exception],
    later: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """None comes through, whenever it is raised, and none tells the key."""
    send = httpx.AsyncHTTPTransport.handle_async_request

    async def breaking(self: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        if not any(word in request.url.path for word in ("chat", "streamGenerateContent")):
            return await send(self, request)
        if not later:
            raise _made(kind)
        head = {"content-type": "text/event-stream"}
        return httpx.Response(200, headers=head, stream=_Breaking(_made(kind)))

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", breaking)
    async with _server(dialect, tmp_path) as address:
        error = await _failure(dialect, address)
    assert type(error) is ModelUnavailable
    expected = _BROKE if later else _SENTENCES[kind.__name__]
    assert expected in str(error)
    assert error.remedy
    assert KEY not in error.sentence()
