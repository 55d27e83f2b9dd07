"""What every `Reranker` promises, asked of each of them."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from fakes.openai_server import OpenAIStandIn, openai_server
from fakes.reranker import WordsReranker, rerank_answer
from mirador_lsp.core.errors import ModelUnavailable
from mirador_lsp.core.ports import Reranker
from mirador_lsp.core.servers import ModelServer
from mirador_lsp.models.rerankers import PATH, make_reranker

_READ = "def read_config(path):\n    return json.loads(path.read_text())"
_SORT = "def sort_words(words):\n    return sorted(words, key=str.casefold)"
_CLOSE = "def close_socket(self):\n    self.socket.close()"


@pytest.fixture(params=["words", "served"])
async def reranker(request: pytest.FixtureRequest) -> AsyncIterator[Reranker]:
    """Each reranker in turn."""
    if request.param == "words":
        yield WordsReranker()
        return
    stand_in = OpenAIStandIn(answers={PATH: rerank_answer})
    async with openai_server(stand_in):
        server = ModelServer(name="there", kind="openai", url=stand_in.address)
        made = make_reranker("there/ranker", servers=[server], env={})
        yield made
        await made.close()


async def test_what_answers_best_comes_first(reranker: Reranker) -> None:
    """The places are those of the texts, each once."""
    texts = [_READ, _SORT, _CLOSE]
    assert list(await reranker.rank("close the socket", texts)).index(2) == 0
    assert list(await reranker.rank("sort these words", texts)).index(1) == 0
    assert sorted(await reranker.rank("read the config", texts)) == [0, 1, 2]


async def test_equals_stay_in_their_order(reranker: Reranker) -> None:
    """What says nothing about the question changes nothing."""
    assert [*await reranker.rank("zebra", [_READ, _SORT, _CLOSE])] == [0, 1, 2]
    assert [*await reranker.rank("socket", [_READ, _CLOSE, _CLOSE, _SORT])] == [1, 2, 0, 3]


async def test_no_texts_and_one(reranker: Reranker) -> None:
    """There is nothing to choose from."""
    assert [*await reranker.rank("socket", [])] == []
    assert [*await reranker.rank("socket", [_SORT])] == [0]


@pytest.mark.parametrize("text", ["", " \n\t", "\ud800 lone", "nul \0 here", "😀 漢字", "[SEP]"])
async def test_any_text_has_a_place(reranker: Reranker, text: str) -> None:
    """Whatever a file holds and whatever is asked."""
    assert [*await reranker.rank("close socket", [text, _CLOSE])] == [1, 0]
    assert sorted(await reranker.rank(text, [_CLOSE, text])) == [0, 1]


async def test_long_texts_are_cut(reranker: Reranker) -> None:
    """A text of any length has a place by what it begins with; others keep theirs."""
    long = _SORT + "\n" + "word another " * 60_000
    assert [*await reranker.rank("sort words", [_READ, long])] == [1, 0]
    assert sorted(await reranker.rank(long, [_READ, long])) == [0, 1]


async def test_questions_at_the_same_time(reranker: Reranker) -> None:
    """Each is answered as if alone."""
    texts = [_READ, _SORT, _CLOSE]
    asked = ["read the config", "sort the words", "close the socket"] * 4
    answers = await asyncio.gather(*(reranker.rank(each, texts) for each in asked))
    assert [answer[0] for answer in answers] == [0, 1, 2] * 4


async def test_cancelling_is_clean(reranker: Reranker) -> None:
    """A cancelled call ends as cancelled, and the next one is answered."""
    task = asyncio.get_running_loop().create_task(_ask(reranker))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [*await reranker.rank("close socket", [_SORT, _CLOSE])] == [1, 0]


async def _ask(reranker: Reranker) -> None:
    await reranker.rank("close socket", [_SORT, _CLOSE] * 10)


async def test_closed_is_unavailable(reranker: Reranker) -> None:
    """After `close`, which may be repeated, a question raises `ModelUnavailable`."""
    await reranker.rank("socket", [_SORT, _CLOSE])
    await reranker.close()
    await reranker.close()
    with pytest.raises(ModelUnavailable):
        await reranker.rank("socket", [_SORT, _CLOSE])
