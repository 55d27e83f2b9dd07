"""A search: what is found, by what, and what is left out; who defines and who uses a name."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from fakes.embedder import HashEmbedder
from fakes.indexed import catalogue_in, embed_all, put, stamp_of
from mirador_lsp.core.retrieval import (
    CodeChunk,
    Collection,
    Hit,
    Memory,
    Mention,
    MentionKind,
    Query,
)
from mirador_lsp.core.text import Span
from mirador_lsp.index import graph, lookup
from mirador_lsp.index.catalogue import Catalogue
from mirador_lsp.index.searching import Searcher
from mirador_lsp.index.vectors import Shelf

EMBEDDER = HashEmbedder(dimensions=48)
BILLING = """from shop.money import round_up

def charge(cart):
    return round_up(cart)

def refund(cart):
    return charge(cart)
"""
MONEY = """def round_up(cart):
    return cart.total

def parse_price(text):
    return text.strip()
"""


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    """A small shop."""
    with closing(catalogue_in(tmp_path / "index")) as opened:
        put(opened, "shop/billing.py", BILLING)
        put(opened, "shop/money.py", MONEY)
        put(opened, "docs/guide.md", "How refunds are paid out to customers.\n", "markdown")
        put(opened, "web/cart.go", "func charge(cart)\n", "go")
        yield opened


def search(catalogue: Catalogue, query: Query) -> list[Hit]:
    """By words and names."""
    return list(Searcher(catalogue, {}).search(query).hits)


def found(catalogue: Catalogue, query: Query) -> list[str]:
    """Where the hits are, by words and names."""
    return [f"{hit.name}:{hit.symbol}" for hit in search(catalogue, query)]


def test_a_hit_says_where_it_is(catalogue: Catalogue) -> None:
    """File, symbol, lines, the text itself, and the content it is of."""
    hit = search(catalogue, Query("strip the price"))[0]

    assert (hit.name, hit.symbol, hit.language) == ("shop/money.py", "parse_price", "python")
    assert (hit.first, hit.last, hit.kind) == (3, 4, "function")
    assert hit.text.startswith("def parse_price")
    assert hit.content == stamp_of(MONEY).content
    assert hit.collection is Collection.CODE
    assert hit.why[0].startswith("words #")


def test_parts_of_names_are_words(catalogue: Catalogue) -> None:
    """Asked for in other words and other cases."""
    assert found(catalogue, Query("ParsePrice"))[0] == "shop/money.py:parse_price"
    assert found(catalogue, Query("parsing prices"))[0] == "shop/money.py:parse_price"


def test_a_name_finds_its_definition_first(catalogue: Catalogue) -> None:
    """Also by its beginning, and in a sentence."""
    for text in ("round_up", "round", "why does round_up lose a cent"):
        hits = search(catalogue, Query(text))
        assert hits[0].symbol == "round_up", text
        assert any(reason.startswith("symbol") for reason in hits[0].why)


def test_only_what_was_asked_for_is_found(catalogue: Catalogue) -> None:
    """Collections, languages, folders, files left out, and how many."""
    assert found(catalogue, Query("refund", collections=(Collection.PROSE,))) == ["docs/guide.md:"]
    assert {hit.language for hit in search(catalogue, Query("charge", languages=("go",)))} == {"go"}
    assert {hit.name for hit in search(catalogue, Query("cart", under="shop"))} == {
        "shop/billing.py",
        "shop/money.py",
    }
    assert search(catalogue, Query("cart", under="sho")) == []
    without = Query("cart", without=("shop/billing.py", "shop/money.py"))
    assert {hit.name for hit in search(catalogue, without)} == {"web/cart.go"}
    assert len(search(catalogue, Query("cart", most=1))) == 1
    assert search(catalogue, Query("cart", most=0)) == []
    assert search(catalogue, Query("")) == []
    assert search(catalogue, Query("charge", collections=())) == []


def test_what_is_asked_for_is_found_behind_much_else(catalogue: Catalogue) -> None:
    """A folder with one hit, where hundreds elsewhere fit better."""
    for number in range(400):
        put(catalogue, f"noise/{number}.py", f"def invoice{number}():\n    invoice invoice\n")
    put(catalogue, "quiet/one.py", "def bill():\n    return 'a word, an invoice, and more words'\n")

    assert found(catalogue, Query("invoice", under="quiet")) == ["quiet/one.py:bill"]


def test_of_copies_one_is_shown_the_nearest(catalogue: Catalogue) -> None:
    """And the others are counted."""
    copy = "def frobnicate():\n    return 1\n"
    for folder in ("a", "b/c", "d"):
        put(catalogue, f"{folder}/copy.py", copy)

    (hit,) = search(catalogue, Query("frobnicate", near="b/c/other.py"))

    assert hit.name == "b/c/copy.py"
    assert "also in 2 other places" in hit.why


async def test_meaning_finds_what_words_do_not(catalogue: Catalogue) -> None:
    """The vector of the query is compared with those of its embedder only."""
    await embed_all(catalogue, EMBEDDER)
    shelf = Shelf(catalogue, EMBEDDER.card, None)
    searcher = Searcher(catalogue, {EMBEDDER.card.digest: shelf})
    vector = await EMBEDDER.query("# parse_price\ndef parse_price(text):\n    return text.strip()")

    by_meaning = searcher.search(Query("zzz"), {EMBEDDER.card.digest: vector, "other": [1.0]})
    narrow = searcher.search(
        Query("zzz", under="web", languages=("go",)), {EMBEDDER.card.digest: vector}
    )

    assert by_meaning.hits[0].symbol == "parse_price"
    assert by_meaning.hits[0].why == ("meaning #1",)
    assert {hit.name for hit in narrow.hits} == {"web/cart.go"}
    assert searcher.search(Query("zzz")).hits == ()


async def test_memories_are_found_by_meaning_among_much_code(catalogue: Catalogue) -> None:
    """They are few, so each of them is compared."""
    for number in range(300):
        put(catalogue, f"noise/{number}.py", f"def gravity{number}():\n    gravity\n")
    catalogue.put_memories(
        [Memory(Collection.FIX, "fix-1", "gravity", "gravity", "shop/money.py", 5.0)]
    )
    await embed_all(catalogue, EMBEDDER)
    shelf = Shelf(catalogue, EMBEDDER.card, None)
    searcher = Searcher(catalogue, {EMBEDDER.card.digest: shelf})
    vector = await EMBEDDER.query("gravity")

    query = Query("zzz", collections=(Collection.FIX,))
    (hit,) = searcher.search(query, {EMBEDDER.card.digest: vector}).hits

    assert (hit.collection, hit.name, hit.kind) == (Collection.FIX, "fix-1", "fix")
    assert (hit.language, hit.content, hit.first) == ("", "", 0)


def test_common_words_do_not_make_a_search_slow(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond a number of rows only the rarest words are looked for; one word always is."""
    monkeypatch.setattr(lookup, "_MOST_ROWS", 2)

    assert found(catalogue, Query("return the price"))[0] == "shop/money.py:parse_price"
    assert len(found(catalogue, Query("return"))) == 4


def names_of(hits: tuple[Hit, ...]) -> list[tuple[str, str, str]]:
    """File, symbol and nearness of each."""
    return [(hit.name, hit.symbol, hit.why[1]) for hit in hits]


def test_a_definition_is_looked_for_where_it_is_likeliest(catalogue: Catalogue) -> None:
    """In the file, then where it is imported from, then in the folder, then elsewhere."""
    put(catalogue, "other/money.py", "def round_up(x):\n    pass\n")
    searcher = Searcher(catalogue, {})

    seen = searcher.neighbourhood("shop/billing.py", "refund", ["charge", "round_up"], 5)

    assert names_of(seen.definitions) == [
        ("shop/billing.py", "charge", "same file"),
        ("shop/money.py", "round_up", "imported"),
    ]
    elsewhere = searcher.neighbourhood("docs/guide.md", "", ["round_up"], 5).definitions
    assert {hit.name for hit in elsewhere} == {"shop/money.py", "other/money.py"}
    assert seen.definitions[1].text.startswith("def round_up")


def test_a_name_that_everybody_defines_says_nothing(catalogue: Catalogue) -> None:
    """Unless it is imported, or defined here."""
    for number in range(graph.COMMON + 1):
        put(catalogue, f"lib{number}/m.py", "def get():\n    pass\n")
    put(catalogue, "app/a.py", "def a():\n    return get()\n")
    put(catalogue, "app/b.py", "from lib3.m import get\n\ndef b():\n    return get()\n")
    searcher = Searcher(catalogue, {})

    assert searcher.neighbourhood("app/a.py", "a", ["get"], 9).definitions == ()
    known = searcher.neighbourhood("app/b.py", "b", ["get"], 9).definitions
    assert names_of(known) == [("lib3/m.py", "get", "imported")]


def test_users_of_a_symbol_come_nearest_first(catalogue: Catalogue) -> None:
    """Neither itself, nor users of a namesake that is defined elsewhere."""
    put(catalogue, "web/pay.py", "from shop.billing import charge\n\ndef pay():\n    charge(1)\n")
    put(catalogue, "far/own.py", "def charge():\n    pass\n\ndef mine():\n    charge()\n")
    searcher = Searcher(catalogue, {})

    seen = searcher.neighbourhood("shop/billing.py", "charge", [], 5)

    assert names_of(seen.users) == [
        ("shop/billing.py", "refund", "same file"),
        ("web/pay.py", "pay", "imported"),
    ]
    assert searcher.neighbourhood("shop/billing.py", "charge", [], 1).users == seen.users[:1]
    assert searcher.neighbourhood("nowhere.py", "", ["nothing"], 5).users == ()


def test_a_symbol_that_uses_itself_has_no_user(catalogue: Catalogue) -> None:
    """Nor is a part of it one."""
    text = "class Tree:\n    def walk(self):\n        Tree()\n"
    chunk = CodeChunk("Tree", "class", Span(0, len(text)), "", text)
    mentions = [
        Mention("Tree", MentionKind.DEFINES, "Tree", 0),
        Mention("Tree", MentionKind.CALLS, "Tree.walk", 2),
    ]
    catalogue.put_file("tree.py", stamp_of(text), "python", text, [chunk], mentions)

    assert Searcher(catalogue, {}).neighbourhood("tree.py", "Tree", [], 5).users == ()
