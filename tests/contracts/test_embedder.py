"""What every `Embedder` promises, asked of each of them."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from fakes.embedder import HashEmbedder
from fakes.embedder_folder import embedder_folder
from fakes.engine import REAL_MODEL
from fakes.llama_server import llama_server
from fakes.ollama_server import OllamaStandIn, ollama_server
from fakes.openai_server import OpenAIStandIn, openai_server
from mirador_lsp.core.errors import ModelUnavailable
from mirador_lsp.core.ports import Embedder
from mirador_lsp.core.servers import ModelServer
from mirador_lsp.models.embedders import make_embedder
from mirador_lsp.models.scripted import ScriptedBackend
from mirador_lsp.settings import paths

_REAL = ("minilm", "static", "llama.cpp server")


@pytest.fixture(scope="module")
def real_server() -> Iterator[str]:
    """One llama.cpp server for all tests of this file."""
    with llama_server(REAL_MODEL, context=256, embeds=True) as address:
        yield address


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One models folder with a made-up embedder for all tests of this file."""
    models = tmp_path_factory.mktemp("models")
    embedder_folder(models)
    return models


@pytest.fixture(
    params=[
        "hash",
        "made-up minilm",
        "made-up static",
        "ollama",
        "openai",
        *(pytest.param(name, marks=pytest.mark.model) for name in _REAL),
    ]
)
async def embedder(
    request: pytest.FixtureRequest, folder: Path, tmp_path: Path
) -> AsyncIterator[Embedder]:
    """Each embedder in turn."""
    async with AsyncExitStack() as stack:
        made = await _make(request, folder, tmp_path, stack)
        yield made
        await made.close()


async def _make(
    request: pytest.FixtureRequest, folder: Path, tmp_path: Path, stack: AsyncExitStack
) -> Embedder:
    match request.param:
        case "hash":
            return HashEmbedder()
        case "made-up minilm" | "made-up static" as name:
            return await make_embedder(name.removeprefix("made-up "), models=folder)
        case "ollama":
            (tmp_path / "script.toml").write_text('[[model]]\nname = "m"\n')
            backend = ScriptedBackend(tmp_path / "script.toml")
            stand_in = OllamaStandIn(backend, {"nomic:latest": "m"}, embedder=HashEmbedder())
            await stack.enter_async_context(ollama_server(stand_in))
            return await _served("ollama", stand_in.address, "nomic")
        case "openai":
            server = OpenAIStandIn(answers={"/v1/embeddings": _answer})
            await stack.enter_async_context(openai_server(server))
            return await _served("openai", server.address, "some-model")
        case "llama.cpp server":
            address = request.getfixturevalue("real_server")
            return await _served("openai", address, "qwen", context_tokens=256)
        case name:
            return await make_embedder(name, models=paths(os.environ).models)


async def _served(kind: str, address: str, model: str, context_tokens: int = 4096) -> Embedder:
    server = ModelServer(name="there", kind=kind, url=address, context_tokens=context_tokens)
    return await make_embedder(f"there/{model}", models=Path("/nowhere"), servers=[server])


async def _answer(body: Any) -> tuple[int, Any]:
    """As OpenAI answers, the last text first."""
    if any(len(text) > 8000 for text in body["input"]):
        error = "This model's maximum context length is 8192 tokens"
        return 400, {"error": {"message": error}}
    rows = await HashEmbedder().documents(body["input"])
    data = [{"index": n, "embedding": list(row)} for n, row in enumerate(rows)]
    return 200, {"object": "list", "data": data[::-1]}


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


_READ = "def read_config(path):\n    return json.loads(path.read_text())"
_SORT = "def sort_words(words):\n    return sorted(words, key=str.casefold)"
_CLOSE = "def close_socket(self):\n    self.socket.close()"


async def test_card_says_what_it_is(embedder: Embedder) -> None:
    """The card has a name, a digest, and the size that the vectors have."""
    card = embedder.card
    assert card.name
    assert len(card.digest) == 64
    assert card.max_tokens >= 128
    assert len(await embedder.query(_READ)) == card.dimensions


async def test_a_vector_for_each_text_in_order(embedder: Embedder) -> None:
    """Each text has its vector, of length 1, at its place."""
    texts = [_READ, _SORT, _CLOSE, "short", _READ * 3]
    vectors = await embedder.documents(texts)
    assert [len(vector) for vector in vectors] == [embedder.card.dimensions] * len(texts)
    assert [_dot(v, v) for v in vectors] == pytest.approx([1.0] * len(texts), abs=1e-4)
    turned = await embedder.documents(texts[::-1])
    for one, other in zip(vectors, reversed(turned), strict=True):
        assert _dot(one, other) > 0.999


async def test_no_texts_no_vectors(embedder: Embedder) -> None:
    """Nothing asked, nothing given."""
    assert len(await embedder.documents([])) == 0


async def test_more_texts_than_go_at_once(embedder: Embedder) -> None:
    """Many texts have as many vectors, each its own."""
    texts = [f"value_{number} = {number}" for number in range(36)]
    vectors = await embedder.documents(texts)
    assert len(vectors) == len(texts)
    assert _dot(vectors[34], await embedder.query(texts[34])) > 0.99


async def test_queries_compare_with_documents(embedder: Embedder) -> None:
    """The query that is a document's text finds it; one that shares its words comes nearest."""
    vectors = await embedder.documents([_READ, _SORT, _CLOSE])
    assert _dot(await embedder.query(_SORT), vectors[1]) > 0.99
    if embedder.card.name.endswith("qwen"):
        return  # its model was made to talk; what its vectors mean is not promised
    for number, words in enumerate(("read config path", "sort words", "close the socket")):
        asked = await embedder.query(words)
        nearest = max(range(3), key=lambda at: _dot(asked, vectors[at]))
        assert nearest == number


@pytest.mark.parametrize(
    "text",
    ["", " \n\t", "\ud800 lone", "nul \0 here", "\u202e bidi", "😀 漢字", "[SEP] [PAD]", "{}();"],
)
async def test_any_text_has_a_vector(embedder: Embedder, text: str) -> None:
    """Whatever a file holds, there is a vector of length 1."""
    (vector,) = await embedder.documents([text])
    assert _dot(vector, vector) == pytest.approx(1, abs=1e-4)
    assert len(await embedder.query(text)) == embedder.card.dimensions


async def test_long_texts_are_cut(embedder: Embedder) -> None:
    """A text of any length has a vector, that of its beginning; others beside it have theirs."""
    long = _READ + "\n" + "word another " * 60_000
    vectors = await embedder.documents([_SORT, long, _CLOSE])
    assert _dot(vectors[0], await embedder.query(_SORT)) > 0.99
    assert _dot(vectors[2], await embedder.query(_CLOSE)) > 0.99
    other_end = await embedder.query(long + " and other things at the end")
    assert _dot(vectors[1], other_end) > 0.99


async def test_questions_at_the_same_time(embedder: Embedder) -> None:
    """Queries and documents asked together are each answered as if alone."""
    alone = await embedder.query(_SORT)
    many = [_READ, _CLOSE] * 8
    documents, *queries = await asyncio.gather(
        embedder.documents(many), *(embedder.query(_SORT) for _ in range(4))
    )
    assert len(documents) == len(many)
    assert all(_dot(alone, query) > 0.99 for query in queries)


async def test_cancelling_is_clean(embedder: Embedder) -> None:
    """A cancelled call ends as cancelled, and the next one is answered."""
    task = asyncio.get_running_loop().create_task(embedder.documents([_READ] * 300))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(await embedder.query(_READ)) == embedder.card.dimensions


async def test_closed_is_unavailable(embedder: Embedder) -> None:
    """After `close`, which may be repeated, every call raises `ModelUnavailable`."""
    await embedder.query(_READ)
    await embedder.close()
    await embedder.close()
    with pytest.raises(ModelUnavailable):
        await embedder.documents([_READ])
    with pytest.raises(ModelUnavailable):
        await embedder.query(_READ)
