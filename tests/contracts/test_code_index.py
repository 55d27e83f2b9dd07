"""What every `CodeIndex` promises, asked of each of them.

An implementation joins by a function in `MAKERS` that opens one over a folder in which `FILES` lie,
and gives it once they are indexed.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from fakes.index import FakeIndex, hit
from fakes.index_home import index_home, until_ready
from mirador_lsp.core.errors import IndexUnavailable
from mirador_lsp.core.ports import CodeIndex
from mirador_lsp.core.retrieval import Collection, Hit, Memory, Query

PRICES = 'def net_price(gross):\n    """The price without tax."""\n    return gross / 1.19\n'
TOTAL = "def total(items):\n    return sum(net_price(item) for item in items)\n"
FILES: Mapping[str, str] = {
    "shop/prices.py": PRICES,
    "shop/cart.py": f"from shop.prices import net_price\n\n\n{TOTAL}",
    "docs/tax.md": "# Tax\n\nPrices are shown without tax.\n",
}
MEMORY = Memory(Collection.TALK, "talk-1", "Why divide by 1.19?", "It is the tax rate.", time=1.0)

Make = Callable[[Path], AbstractAsyncContextManager[CodeIndex]]


def _known(name: str, symbol: str, text: str, first: int, **more: object) -> Hit:
    content = hashlib.sha256(FILES[name].encode()).hexdigest()
    last = first + text.count("\n") - 1
    return hit(name, symbol, text, first=first, last=last, content=content, **more)


@asynccontextmanager
async def _fake(_folder: Path) -> AsyncIterator[CodeIndex]:
    """The fake, told what an index of `FILES` knows."""
    price = _known("shop/prices.py", "net_price", PRICES, 0, kind="function")
    total = _known("shop/cart.py", "total", TOTAL, 3, kind="function")
    prose = {"collection": Collection.PROSE, "kind": "prose", "language": "markdown"}
    index = FakeIndex(
        [price, total, _known("docs/tax.md", "Tax", FILES["docs/tax.md"], 0, **prose)]
    )
    index.definitions = {"net_price": (price,)}
    index.users = {("shop/prices.py", "net_price"): (total,)}
    yield index
    await index.close()


@asynccontextmanager
async def _real(folder: Path) -> AsyncIterator[CodeIndex]:
    """The index host, a process of its own, with an embedder that needs no model."""
    with index_home(folder) as home:
        client = home.client()
        await until_ready(client)
        yield client
        await client.close()


MAKERS: Mapping[str, Make] = {"fake": _fake, "real": _real}


@pytest.fixture(params=MAKERS)
async def index(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[CodeIndex]:
    """Each index in turn, over the same files."""
    for name, text in FILES.items():
        path = tmp_path / name
        await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
        await asyncio.to_thread(path.write_text, text, "utf-8")
    async with MAKERS[request.param](tmp_path) as opened:
        yield opened


async def test_words_of_a_symbol_find_it(index: CodeIndex) -> None:
    """What is found says where it stands and what it was read from, so that it can be checked."""
    found = await index.search(Query("net price without tax", collections=(Collection.CODE,)))

    best = found.hits[0]
    assert (best.name, best.symbol) == ("shop/prices.py", "net_price")
    assert best.content == hashlib.sha256(PRICES.encode()).hexdigest()
    lines = PRICES.splitlines()
    assert best.text.strip("\n") == "\n".join(lines[best.first : best.last + 1])
    assert [each.score for each in found.hits] == sorted(
        (each.score for each in found.hits), reverse=True
    )


async def test_a_search_keeps_to_what_it_is_about(index: CodeIndex) -> None:
    """Collections, languages, folder, files to leave out and the number of hits are obeyed."""
    everything = Query("price tax", most=10)
    prose = Query("price tax prices", collections=(Collection.PROSE,))
    python = Query("price tax", languages=("python",))
    there = Query("price tax", under="shop")
    without = Query("price tax net_price", without=("shop/prices.py",))

    assert {h.collection for h in (await index.search(prose)).hits} == {Collection.PROSE}
    assert {h.language for h in (await index.search(python)).hits} == {"python"}
    assert all(h.name.startswith("shop/") for h in (await index.search(there)).hits)
    assert "shop/prices.py" not in {h.name for h in (await index.search(without)).hits}
    assert len((await index.search(Query("price tax", most=1))).hits) == 1
    assert len((await index.search(everything)).hits) >= 2


@pytest.mark.parametrize(
    "text", ["", "   ", "zzzzqqq", "\x00", "'; DROP TABLE files;--", "(" * 500]
)
async def test_any_text_can_be_searched_for(index: CodeIndex, text: str) -> None:
    """Nothing that is asked makes it raise."""
    assert (await index.search(Query(text))).hits is not None


async def test_the_neighbourhood_has_definitions_and_users(index: CodeIndex) -> None:
    """A name is found where it is defined, a symbol's users where they stand."""
    around = await index.neighbourhood("shop/cart.py", "total", ["net_price", "unheard_of"], 5)
    used = await index.neighbourhood("shop/prices.py", "net_price", [], 5)

    assert [(h.name, h.symbol) for h in around.definitions] == [("shop/prices.py", "net_price")]
    assert ("shop/cart.py", "total") in [(h.name, h.symbol) for h in used.users]
    nobody = await index.neighbourhood("not/there.py", "nothing", ["unheard_of"], 5)
    assert nobody.definitions == nobody.users == ()


async def test_files_that_others_use_are_counted(index: CodeIndex) -> None:
    """By the names that they alone define."""
    users = await index.central()

    assert users["shop/prices.py"] == 1
    assert all(count > 0 for count in users.values())


async def test_vectors_are_alike_or_not_there(index: CodeIndex) -> None:
    """One for each text, all of one length; none at all without an embedder."""
    vectors = await index.embed(["one text", "another", ""])
    assert len(vectors) in (0, 3)
    assert len({len(vector) for vector in vectors}) <= 1


async def test_what_is_remembered_is_found_until_it_is_forgotten(index: CodeIndex) -> None:
    """Memories are hits of their collection, without being files."""
    await index.remember([MEMORY])
    query = Query("divide tax rate", collections=(Collection.TALK,))

    (found,) = (await index.search(query)).hits
    assert (found.name, found.collection) == (MEMORY.id, Collection.TALK)

    await index.forget([MEMORY.id, "never-kept"])
    assert (await index.search(query)).hits == ()


async def test_it_says_what_it_does(index: CodeIndex) -> None:
    """A report is always there, whether the user waits or a file was changed."""
    await index.busy(waiting=True)
    await index.busy(waiting=False)
    await index.changed(["shop/cart.py", "not/there.py"])
    assert (await index.report()).phase


async def test_a_cancelled_question_disturbs_no_other(index: CodeIndex) -> None:
    """Whoever has gone away does not cost the others their answers."""
    asked = asyncio.ensure_future(index.search(Query("price")))  # noqa: TID251
    await asyncio.sleep(0)
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    assert (await index.search(Query("net price"))).hits


async def test_one_that_is_closed_is_unavailable(index: CodeIndex) -> None:
    """Callers see one kind of error and go on without."""
    await index.close()
    with pytest.raises(IndexUnavailable):
        await index.search(Query("price"))
    with pytest.raises(IndexUnavailable):
        await index.neighbourhood("shop/cart.py", "total", [], 1)
