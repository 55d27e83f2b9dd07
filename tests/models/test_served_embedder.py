"""Vectors from the user's own servers: what is asked, and what each wrong answer becomes."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from fakes.embedder import HashEmbedder
from fakes.ollama_server import OllamaStandIn, ollama_server
from fakes.openai_server import OpenAIStandIn, openai_server
from mirador_lsp.core.errors import BadReply, ModelError, ModelUnavailable
from mirador_lsp.core.ports import Embedder
from mirador_lsp.core.servers import ModelServer
from mirador_lsp.models.embedders import make_embedder
from mirador_lsp.models.scripted import ScriptedBackend

_NOWHERE = Path("/nowhere")


@pytest.fixture
async def ollama(tmp_path: Path) -> AsyncIterator[OllamaStandIn]:
    """An Ollama that has one model for vectors."""
    script = tmp_path / "script.toml"
    script.write_text('[[model]]\nname = "m"\n')
    stand_in = OllamaStandIn(
        ScriptedBackend(script), {"nomic:latest": "m"}, embedder=HashEmbedder()
    )
    async with ollama_server(stand_in):
        yield stand_in


async def _of(stand_in: OllamaStandIn, model: str = "nomic", **more: Any) -> Embedder:
    server = ModelServer(name="box", kind="ollama", url=stand_in.address, **more)
    return await make_embedder(f"box/{model}", models=_NOWHERE, servers=[server])


def _embeds(stand_in: OllamaStandIn) -> list[Any]:
    return [body for path, body in stand_in.asked if path == "/api/embed"]


async def test_ollama_is_told_not_to_cut(ollama: OllamaStandIn) -> None:
    """The body names the tag, the context and how long the model stays, and forbids cutting."""
    embedder = await _of(ollama, keep_alive="3m", context_tokens=1024)
    await embedder.documents(["one", "two"])
    assert _embeds(ollama)[-1] == {
        "model": "nomic:latest",
        "input": ["one", "two"],
        "truncate": False,
        "keep_alive": "3m",
        "options": {"num_ctx": 1024},
    }
    assert embedder.card.max_tokens == 1024
    assert not embedder.card.local
    await embedder.close()


async def test_the_digest_follows_the_model(ollama: OllamaStandIn) -> None:
    """A model that was pulled anew under its name is another embedder."""
    ollama.digests["nomic:latest"] = "a" * 64
    first = await _of(ollama)
    same = await _of(ollama)
    ollama.digests["nomic:latest"] = "b" * 64
    other = await _of(ollama)
    assert first.card.digest == same.card.digest != other.card.digest
    for embedder in (first, same, other):
        await embedder.close()


async def test_long_texts_are_halved_until_they_fit(ollama: OllamaStandIn) -> None:
    """Only the text that is too long loses its end; the others are asked again as they are."""
    ollama.longest_input = 50
    embedder = await _of(ollama)
    await embedder.documents(["short", "x" * 180, "also short"])
    asked = [body["input"] for body in _embeds(ollama)]
    halves = [["x" * 180], ["x" * 90], ["x" * 45]]
    assert asked[2:] == [["short"], ["x" * 180, "also short"], *halves, ["also short"]]
    await embedder.close()


async def test_many_texts_go_in_bounded_questions(ollama: OllamaStandIn) -> None:
    """No question holds more than 32 texts, nor many more than a hundred thousand characters."""
    ollama.longest_input = 1_000_000
    embedder = await _of(ollama)
    await embedder.documents(["word"] * 70 + ["y" * 30_000] * 9)
    bodies = [body["input"] for body in _embeds(ollama)[1:]]
    assert sum(len(texts) for texts in bodies) == 79
    assert max(len(texts) for texts in bodies) <= 32
    assert max(sum(map(len, texts)) for texts in bodies) <= 100_000
    await embedder.close()


async def test_a_busy_server_is_asked_again(ollama: OllamaStandIn) -> None:
    """A full queue is waited for, a little."""
    embedder = await _of(ollama)
    ollama.busy = 1
    assert len(await embedder.documents(["a"])) == 1
    ollama.busy = 99
    with pytest.raises(ModelUnavailable, match="busy"):
        await embedder.documents(["a"])
    await embedder.close()


async def test_cloud_models_are_refused(ollama: OllamaStandIn) -> None:
    """A model that Ollama runs elsewhere sees no text unless the user allows it."""
    ollama.models["big:cloud"] = "m"
    ollama.models["sly:latest"] = "m"
    ollama.remote["sly:latest"] = "https://somewhere.example"
    for model in ("big:cloud", "sly"):
        with pytest.raises(ModelUnavailable, match="another machine"):
            await _of(ollama, model)
    assert not _embeds(ollama)
    await (await _of(ollama, "sly", allow_cloud=True)).close()


async def test_pins_hold(ollama: OllamaStandIn) -> None:
    """A model of another digest than the pinned one is not used."""
    ollama.digests["nomic:latest"] = "a" * 64
    with pytest.raises(ModelUnavailable, match="pinned"):
        await _of(ollama, pins=(f"nomic:latest={'b' * 64}",))
    await (await _of(ollama, pins=(f"nomic:latest=sha256:{'a' * 64}",))).close()


async def test_a_model_that_is_not_there(ollama: OllamaStandIn) -> None:
    """The error names the command that gets it."""
    with pytest.raises(ModelUnavailable) as caught:
        await _of(ollama, "bge")
    assert caught.value.remedy == "Get it: ollama pull bge"


async def test_a_server_that_gives_no_vectors(ollama: OllamaStandIn) -> None:
    """What a recorded server without embeddings says is passed on."""
    ollama.embedder = None
    with pytest.raises(ModelUnavailable, match="does not support embeddings"):
        await _of(ollama)


async def test_a_server_that_is_away() -> None:
    """Nobody there is `ModelUnavailable` with what to do."""
    server = ModelServer(name="box", kind="openai", url="http://127.0.0.1:9")
    with pytest.raises(ModelUnavailable, match="does not answer"):
        await make_embedder("box/model", models=_NOWHERE, servers=[server])


class Talker:
    """Answers `/v1/embeddings` with what it is told to."""

    def __init__(self) -> None:
        self.status = 200
        self.said: Any = {"data": [{"index": 0, "embedding": [3.0, 4.0]}]}

    async def __call__(self, body: Any) -> tuple[int, Any]:
        return self.status, self.said


@pytest.fixture
async def talker() -> AsyncIterator[tuple[Talker, str]]:
    """A server of OpenAI's dialect, and its address."""
    said = Talker()
    stand_in = OpenAIStandIn(answers={"/v1/embeddings": said})
    async with openai_server(stand_in):
        yield said, stand_in.address


async def _talking(address: str, **more: Any) -> Embedder:
    server = ModelServer(name="box", kind="openai", url=address, **more)
    return await make_embedder(
        "box/model", models=_NOWHERE, servers=[server], env={"KEY": "sk-very-secret-key"}
    )


async def test_vectors_are_made_unit(talker: tuple[Talker, str]) -> None:
    """Whatever length a server gives, ours is 1."""
    embedder = await _talking(talker[1])
    assert list(await embedder.query("a")) == pytest.approx([0.6, 0.8])
    assert embedder.card.dimensions == 2
    await embedder.close()


@pytest.mark.parametrize(
    "said",
    [
        {},
        [],
        "text",
        {"data": []},
        {"data": [{"index": 1, "embedding": [1.0, 0.0]}]},
        {"data": [{"index": 0, "embedding": "AAAA"}]},
        {"data": [{"index": 0, "embedding": [None, 1.0]}]},
        {"data": [{"index": 0, "embedding": [0.0, 0.0]}]},
        {"data": [{"index": 0, "embedding": [1e39, 1.0]}]},
        {"data": [{"index": 0, "embedding": [1.0, 2.0, 3.0]}]},
        {"data": [{"index": 0, "embedding": []}]},
        {"data": [{"index": 0, "embedding": [1, 0]}, {"index": 1, "embedding": [1, 0]}]},
    ],
)
async def test_answers_that_are_none(talker: tuple[Talker, str], said: Any) -> None:
    """What is no vector of the known size for each text is a `BadReply`, never a vector."""
    embedder = await _talking(talker[1])
    talker[0].said = said
    with pytest.raises(BadReply):
        await embedder.documents(["a"])
    await embedder.close()


@pytest.mark.parametrize(
    ("status", "words"), [(401, "wants a key"), (404, "no such model"), (500, "no such model")]
)
async def test_refusals_are_told(talker: tuple[Talker, str], status: int, words: str) -> None:
    """Each refusal is our own error with the server's reason."""
    talker[0].status, talker[0].said = status, {"error": {"message": "no such model"}}
    with pytest.raises(ModelError, match=words):
        await _talking(talker[1])


async def test_errors_repeat_neither_text_nor_key(talker: tuple[Talker, str]) -> None:
    """A server that quotes what it was sent does not get it into an error."""
    embedder = await _talking(talker[1], key_env="KEY")
    text = "def password_of_the_customer(): return 'abcdefghijklmnop'"
    talker[0].status = 500
    talker[0].said = {"error": f"cannot embed {text} with sk-very-secret-key"}
    with pytest.raises(ModelUnavailable) as caught:
        await embedder.documents([text])
    assert "abcdefghijklmnop" not in caught.value.sentence()
    assert "sk-very-secret-key" not in caught.value.sentence()
    await embedder.close()
