"""The best hits of a search in a reranker's order, and what becomes of one that fails."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace

import pytest

from fakes.index import hit
from fakes.index_home import index_home, until_ready
from fakes.openai_server import OpenAIStandIn, openai_server
from fakes.reranker import WordsReranker, rerank_answer
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.ports import Reranker
from mirador_lsp.core.retrieval import Collection, Found, Query
from mirador_lsp.core.servers import ModelServer
from mirador_lsp.index.reranking import MOST, Reranking
from mirador_lsp.index.wire import Wishes
from mirador_lsp.models.rerankers import PATH

ASKED = Query("refresh the token", most=3, rerank=True)


def _wishes(rerank: str) -> Wishes:
    return Wishes(embedder="none", models="", max_file_kib=1, max_disk_mib=1, rerank=rerank)


def _found(*texts: str) -> Found:
    """Hits with these texts, each a little worse than the one before."""
    hits = (
        replace(hit(f"f{at}.py", "", text, why=(f"words #{at + 1}",)), score=1 / (1 + at))
        for at, text in enumerate(texts)
    )
    return Found(tuple(hits), notes=("Another note.",))


class Maker:
    """A reranking over rerankers of its own, on its own time."""

    def __init__(self, seconds: float = 60.0) -> None:
        self.now = 0.0
        self.made: list[WordsReranker] = []
        self.reranking = Reranking(self.make, lambda: self.now, seconds=seconds)

    def make(self, wishes: Wishes) -> Reranker:
        if wishes.rerank == "nobody/m":
            message = "There is no server called nobody."
            raise UserError(message, remedy="Add it.")
        self.made.append(WordsReranker(leaves=f"It leaves for {wishes.rerank}."))
        return self.made[-1]


@pytest.fixture
async def maker() -> Maker:
    """One whose reranker is wished for."""
    maker = Maker()
    await maker.reranking.want(_wishes("a/m"))
    return maker


async def test_the_best_hits_come_in_its_order(maker: Maker) -> None:
    """Each says so; scores fall from hit to hit; as many come as were asked for."""
    found = _found("x", "the token", "y", "refresh the token")
    told = await maker.reranking.ordered(ASKED, found)
    assert [each.name for each in told.hits] == ["f3.py", "f1.py", "f0.py"]
    assert told.hits[0].why == ("rerank #1", "words #4")
    assert [each.score for each in told.hits] == [1, 1 / 2, 1 / 3]
    assert told.notes == found.notes


async def test_only_so_many_are_sent(maker: Maker) -> None:
    """What comes after them stays where it is; enough is looked for to choose from."""
    assert maker.reranking.asked(ASKED).most == MOST
    assert maker.reranking.asked(replace(ASKED, most=50)).most == 50
    found = _found(*("x" for _ in range(MOST)), "refresh the token", "the token")
    told = await maker.reranking.ordered(replace(ASKED, most=50), found)
    ((query, texts),) = maker.made[0].asked
    assert query == ASKED.text
    assert len(texts) == MOST
    assert [each.name for each in told.hits] == [each.name for each in found.hits]
    assert told.hits[-1].why == (f"words #{MOST + 2}",)


async def test_it_sees_where_code_stands_and_memories_as_they_are(maker: Maker) -> None:
    """A file's name and symbol say much; the id of a memory says nothing."""
    code = hit("auth.py", "Session.renew", "pass")
    memory = replace(code, collection=Collection.TALK, name="t17", text="said")
    await maker.reranking.ordered(ASKED, Found((code, memory)))
    assert maker.made[0].asked[0][1] == ("auth.py Session.renew\npass", "said")


@pytest.mark.parametrize("query", [replace(ASKED, rerank=False), replace(ASKED, text="")])
async def test_it_is_asked_only_where_that_is_wanted(maker: Maker, query: Query) -> None:
    """What Mirador searches by itself, and a question without words, go without."""
    found = _found("x", "the token")
    assert maker.reranking.asked(query) is query
    assert await maker.reranking.ordered(query, found) is found
    assert maker.made[0].asked == []


async def test_one_hit_needs_no_ranking(maker: Maker) -> None:
    """Nobody is asked."""
    assert len((await maker.reranking.ordered(ASKED, _found("x"))).hits) == 1
    assert (await maker.reranking.ordered(ASKED, _found())).hits == ()
    assert maker.made[0].asked == []


async def test_nothing_happens_where_none_is_named() -> None:
    """Which is so until the user names one."""
    maker = Maker()
    await maker.reranking.want(_wishes(""))
    found = _found("x", "the token")
    assert maker.reranking.asked(ASKED) is ASKED
    assert await maker.reranking.ordered(ASKED, found) is found
    assert (maker.reranking.leaves, maker.reranking.note) == ("", "")


async def test_a_failure_costs_a_note_and_leaves_it_alone_for_a_while(maker: Maker) -> None:
    """The order stands; it is asked less and less often, and counts again when it works again."""
    found, broken = _found("x", "y", "z", "the token"), maker.made[0]
    broken.broken = True
    for pause in (5, 10, 20):
        for _ in range(3):
            told = await maker.reranking.ordered(ASKED, found)
            assert told.hits == found.hits[:3]
            assert told.notes[-1].endswith("not ranked again: The reranker is away.")
        maker.now += pause
    assert len(broken.asked) == 3
    assert maker.reranking.note
    broken.broken = False
    told = await maker.reranking.ordered(ASKED, found)
    assert told.hits[0].name == "f3.py"
    assert (told.notes, maker.reranking.note) == (found.notes, "")


async def test_one_that_is_late_is_not_waited_for() -> None:
    """Nor asked again at once: each search would wait for it."""
    maker = Maker(seconds=0.01)
    await maker.reranking.want(_wishes("a/m"))
    maker.made[0].hold = asyncio.Event()
    found = _found("x", "the token")
    for _ in range(2):
        told = await maker.reranking.ordered(ASKED, found)
        assert told.hits == found.hits
        assert "longer than 0.01 s" in told.notes[-1]
    assert len(maker.made[0].asked) == 1


async def test_wishes_are_followed(maker: Maker) -> None:
    """Others make another one; the same ones make nothing, but for one that failed."""
    await maker.reranking.want(_wishes("a/m"))
    assert len(maker.made) == 1
    assert maker.reranking.leaves == "It leaves for a/m."
    maker.made[0].broken = True
    await maker.reranking.ordered(ASKED, _found("x", "y"))
    await maker.reranking.want(_wishes("a/m"))
    assert (len(maker.made), maker.reranking.note) == (2, "")
    await maker.reranking.want(_wishes("nobody/m"))
    told = await maker.reranking.ordered(ASKED, _found("x", "y"))
    assert told.notes[-1].endswith("There is no server called nobody. Add it.")
    await maker.reranking.want(_wishes(""))
    assert [each.closed for each in maker.made] == [True, True]
    assert (maker.reranking.leaves, maker.reranking.note) == ("", "")


async def test_settings_may_change_meanwhile(maker: Maker) -> None:
    """What an old reranker did is not held against the new one."""
    old = maker.made[0]
    old.hold = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        ask = group.create_task(maker.reranking.ordered(ASKED, _found("x", "the token")))
        await old.began.wait()
        await maker.reranking.want(_wishes("b/m"))
        old.hold.set()
    assert [each.name for each in ask.result().hits] == ["f0.py", "f1.py"]
    assert maker.reranking.note == ""
    assert (await maker.reranking.ordered(ASKED, _found("x", "the token"))).hits[0].name == "f1.py"


@pytest.fixture
async def server() -> AsyncIterator[OpenAIStandIn]:
    """A server that ranks."""
    stand_in = OpenAIStandIn(answers={PATH: rerank_answer})
    async with openai_server(stand_in):
        yield stand_in


async def test_a_real_index_asks_a_server(server: OpenAIStandIn) -> None:
    """The process of the index: its search, the server's order, what is said when it is lost."""
    box = ModelServer(name="box", kind="openai", url=server.address)
    with index_home() as home:
        home.fill(4)
        home.write("pkg/weigh.py", "def weigh(wares):\n    return 'weigh the wares'\n")
        query = Query("weigh", most=1)
        client = home.client("none", rerank="box/ranker", servers=(box,))
        async with aclosing(client.follow()):
            report = await until_ready(client)
            assert (report.notes, report.sends) == ((), "")
            plain = await client.search(query)
            assert server.asked == []
            best = await client.search(replace(query, text="weigh item number 2", rerank=True))
            assert len(best.hits) == 1
            assert best.hits[0].name == "pkg/part_2.py"
            assert best.hits[0].why[0] == "rerank #1"
            ((_, body),) = server.asked
            assert len(body["documents"]) == 5
            server.answers[PATH] = {"results": []}
            found = await client.search(replace(query, rerank=True))
            assert [each.name for each in found.hits] == [each.name for each in plain.hits]
            assert "not ranked again" in found.notes[-1]
            assert (await client.report()).notes
        await client.close()


async def test_a_report_says_what_leaves(server: OpenAIStandIn) -> None:
    """Before anything does: with the first report."""
    far = ModelServer(name="far", kind="openai", url="https://ranks.invalid")
    with index_home() as home:
        client = home.client("none", rerank="far/m", servers=(far,))
        assert "leave this machine, to ranks.invalid" in (await client.report()).sends
        await client.close()
    assert server.asked == []
