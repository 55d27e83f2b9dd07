"""What was found, put in order by the user's own servers: what is asked, what is no answer."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from fakes.engine import REAL_MODEL
from fakes.llama_server import llama_server
from fakes.openai_server import OpenAIStandIn, openai_server
from fakes.reranker import rerank_answer
from mirador_lsp.core.errors import BadReply, ModelError, ModelUnavailable, UserError
from mirador_lsp.core.health import Health
from mirador_lsp.core.servers import ModelServer
from mirador_lsp.models.rerankers import PATH, ServedReranker, make_reranker, reranker_checks

_KEY = "sesame-0123456789"


@pytest.fixture
async def server() -> AsyncIterator[OpenAIStandIn]:
    """A server that ranks."""
    stand_in = OpenAIStandIn(answers={PATH: rerank_answer})
    async with openai_server(stand_in):
        yield stand_in


def _of(stand_in: OpenAIStandIn, **more: Any) -> ServedReranker:
    box = ModelServer(name="box", kind="openai", url=stand_in.address, **more)
    return make_reranker("box/ranker", servers=[box], env={"BOX_KEY": _KEY})


async def test_the_question_is_that_of_jina_and_cohere(server: OpenAIStandIn) -> None:
    """Model, query, documents and how many are wanted; nothing that strict servers refuse."""
    reranker = _of(server)
    assert await reranker.rank("close it", ["a", "close it"]) == [1, 0]
    asked = {"model": "ranker", "query": "close it", "documents": ["a", "close it"], "top_n": 2}
    assert server.asked == [(PATH, asked)]
    await reranker.close()


async def test_what_is_too_long_is_halved_until_it_fits(server: OpenAIStandIn) -> None:
    """All of one question: what is compared is cut alike."""
    reranker = _of(server)
    assert await reranker.rank("y" * 5000, ["x" * 9000, "short"]) == [0, 1]
    sizes = [(len(body["query"]), len(body["documents"][0])) for _, body in server.asked]
    assert sizes == [(1000, 2000), (500, 1000), (250, 500)]
    assert {body["documents"][1] for _, body in server.asked} == {"short"}
    await reranker.close()


async def test_one_that_never_takes_a_text_is_given_up(server: OpenAIStandIn) -> None:
    """A server that calls everything too long is not asked for ever."""
    server.answers[PATH] = _saying(400, {"error": {"message": "input is too long"}})
    reranker = _of(server)
    with pytest.raises(ModelUnavailable, match="too long"):
        await reranker.rank("q", ["x" * 9000, "short"])
    assert len(server.asked) < 10
    await reranker.close()


def _saying(status: int, answer: Any) -> Any:
    async def say(_body: Any) -> tuple[int, Any]:
        return status, answer

    return say


def _results(*pairs: tuple[Any, Any]) -> dict[str, Any]:
    return {"results": [{"index": at, "relevance_score": score} for at, score in pairs]}


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {},
        {"results": None},
        {"results": ["best"]},
        _results((0, 1.0)),
        _results((0, 1.0), (0, 2.0)),
        _results((0, 1.0), (1, 2.0), (1, 3.0)),
        _results((0, 1.0), (2, 2.0)),
        _results((-1, 1.0), (0, 2.0)),
        _results((0, 1.0), (1, None)),
        _results((0, 1.0), (1, "9")),
        _results((0, 1.0), (True, 2.0)),
        _results((0, 1.0), (1.5, 2.0)),
        _results((0, 1.0), (1, float("nan"))),
        _results((0, 1.0), (1, float("inf"))),
        {"data": [{"index": 0, "score": 1.0}]},
    ],
)
async def test_rubbish_is_no_answer(server: OpenAIStandIn, answer: Any) -> None:
    """Fewer scores, others than were asked for, and what is no number are each refused."""
    server.answers[PATH] = answer
    reranker = _of(server)
    with pytest.raises(BadReply):
        await reranker.rank("q", ["one", "two"])
    await reranker.close()


async def test_a_number_without_end_is_no_score(server: OpenAIStandIn) -> None:
    """JSON can say more than a float can hold."""
    server.answers[PATH] = _results((0, 1.0), (1, 10**400))
    reranker = _of(server)
    with pytest.raises(BadReply):
        await reranker.rank("q", ["one", "two"])
    await reranker.close()


@pytest.mark.parametrize(
    ("status", "said", "shown"),
    [
        (401, "who are you?", "wants a key"),
        (429, "later", "busy"),
        (503, "Loading model", "busy"),
        (501, "This server does not support reranking.", "(501): This server does not support"),
        (404, "no", "ranks nothing (404)"),
    ],
)
async def test_refusals_are_one_sentence_and_a_remedy(
    server: OpenAIStandIn, status: int, said: str, shown: str
) -> None:
    """Whatever the server says."""
    server.answers[PATH] = _saying(status, {"error": {"message": said}})
    reranker = _of(server)
    with pytest.raises(ModelError) as raised:
        await reranker.rank("q", ["one", "two"])
    assert shown in str(raised.value)
    assert raised.value.remedy
    await reranker.close()


async def test_no_error_repeats_code_or_key(server: OpenAIStandIn) -> None:
    """A server may repeat what it was sent; what is shown and logged holds none of it."""
    code = "def transfer_the_secret_millions(): ..."
    said = f"cannot rank {code} for what hides in bearer {_KEY}"
    server.answers[PATH] = _saying(500, {"error": {"message": said}})
    reranker = _of(server, key_env="BOX_KEY")
    with pytest.raises(ModelError) as raised:
        await reranker.rank("what hides in the vault", [code, "two"])
    assert "secret" not in str(raised.value)
    assert _KEY not in str(raised.value)
    await reranker.close()


async def test_a_key_that_is_missing_is_the_users_to_mend(server: OpenAIStandIn) -> None:
    """It is read with the first question, which then is not put."""
    reranker = _of(server, key_env="NOT_SET")
    with pytest.raises(UserError, match="NOT_SET"):
        await reranker.rank("q", ["one", "two"])
    assert server.asked == []
    await reranker.close()


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("nobody/ranker", {}),
        ("box/", {}),
        ("ranker", {}),
        ("box/ranker", {"models": ("other",)}),
        ("box/ranker", {"kind": "ollama"}),
        ("box/ranker", {"kind": "gemini"}),
        ("box/ranker", {"url": "ftp://x"}),
    ],
)
def test_only_what_the_user_named_is_made(name: str, more: dict[str, Any]) -> None:
    """A server that is not there, a model it may not run, a kind that ranks nothing."""
    box = ModelServer(**{"name": "box", "kind": "openai", "url": "http://127.0.0.1:1", **more})
    with pytest.raises(UserError) as raised:
        make_reranker(name, servers=[box], env={})
    assert raised.value.remedy


def test_what_leaves_is_one_sentence() -> None:
    """With the place it goes to; nothing leaves for a server of this machine."""
    far = ModelServer(name="box", kind="openai", url="https://ranks.example.org:8443")
    leaves = make_reranker("box/m", servers=[far], env={}).leaves
    assert "leave this machine, to ranks.example.org:8443, where box/m ranks them." in leaves
    near = ModelServer(name="box", kind="openai", url="http://localhost:1")
    assert make_reranker("box/m", servers=[near], env={}).leaves == ""


async def test_doctor_asks_it_what_anybody_knows(server: OpenAIStandIn) -> None:
    """Well, with what is sent; with a warning when it answers wrongly or not; () for none."""
    box = [ModelServer(name="box", kind="openai", url=server.address)]
    assert await reranker_checks("", box, {}) == ()
    (well,) = await reranker_checks("box/m", box, {})
    assert well.health is Health.OK
    assert "are sent to it" in well.detail
    server.answers[PATH] = _results((0, 0.9), (1, 0.1))
    (wrong,) = await reranker_checks("box/m", box, {})
    assert wrong.health is Health.WARNING
    assert "does not answer the question" in wrong.detail
    del server.answers[PATH]
    for name in ("box/m", "nobody/m"):
        (away,) = await reranker_checks(name, box, {})
        assert away.health is Health.WARNING
        assert away.remedy


@pytest.mark.model
async def test_a_real_server_without_reranking_says_so(tmp_path: Path) -> None:
    """llama.cpp's own, started for chats: the sentence is its, the remedy is ours."""
    with llama_server(REAL_MODEL, context=256) as address:
        box = ModelServer(name="box", kind="openai", url=address)
        (check,) = await reranker_checks("box/m", [box], {"HOME": str(tmp_path)})
    assert check.health is Health.WARNING
    assert "ranks nothing (501)" in check.detail
    assert "--reranking" in check.remedy
