"""The shelf of an embedder: whatever becomes of the store, what has a vector is found by it."""

import math
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from fakes.embedder import HashEmbedder
from fakes.indexed import ScatteredEmbedder, catalogue_in, embed_all, put
from mirador_lsp.index import vectors
from mirador_lsp.index.catalogue import Catalogue
from mirador_lsp.index.chroma import ChromaVectors
from mirador_lsp.index.chroma_folder import ids_in
from mirador_lsp.index.exact import ExactVectors
from mirador_lsp.index.vectors import Shelf

EMBEDDER = ScatteredEmbedder(dimensions=32)


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    """An empty catalogue."""
    with closing(catalogue_in(tmp_path / "index")) as opened:
        yield opened


def text_of(number: int) -> str:
    """A function that is like no other."""
    return f"def name{number}():\n    return word{number}\n"


async def asked(shelf: Shelf, number: int) -> str:
    """The nearest chunk to that function, which is to be very near."""
    found = shelf.nearest(await EMBEDDER.query(f"# name{number}\n{text_of(number)}"), 3)
    assert found[0][1] > 0.99
    return found[0][0]


def test_the_nearest_come_first() -> None:
    """With their cosines, at most as many as are asked for; also after some are gone."""
    store = ExactVectors(2)
    store.add({"east": [1.0, 0.0], "north": [0.0, 1.0], "west": [-1.0, 0.0]})
    store.delete(["north", "nowhere"])

    assert store.nearest([2.0, 0.0], 1) == [("east", pytest.approx(1.0))]
    assert [chunk for chunk, _ in store.nearest([1.0, 0.1], 9)] == ["east", "west"]
    assert store.nearest([0.0, 0.0], 1)[0][1] == pytest.approx(0.0)
    store.close()
    assert store.nearest([1.0, 0.0], 1) == []


def test_many_vectors_stay_apart() -> None:
    """The table grows, and rows that move keep their ids."""
    store = ExactVectors(3)
    angles = {str(n): n / 500 for n in range(3000)}
    rows = {name: [math.cos(a), math.sin(a), 0.0] for name, a in angles.items()}
    store.add(rows)
    store.delete([str(n) for n in range(0, 3000, 2)])

    assert set(store.ids()) == {str(n) for n in range(1, 3000, 2)}
    for name in ("1", "501", "2999"):
        assert store.nearest(rows[name], 1) == [(name, pytest.approx(1.0))]


async def test_vectors_are_found_without_a_store(catalogue: Catalogue) -> None:
    """What is added and removed is followed."""
    shelf = Shelf(catalogue, EMBEDDER.card, None)
    first = put(catalogue, "a.py", text_of(1))
    shelf.apply(first)
    assert shelf.nearest([1.0] * 32, 5) == []
    await embed_on(shelf)
    shelf.apply(put(catalogue, "b.py", text_of(2)))
    await embed_on(shelf)

    assert await asked(shelf, 1) == first.added[0]
    shelf.apply(catalogue.remove_files(["a.py"]))
    assert [chunk for chunk, _ in shelf.nearest([1.0] * 32, 5)] != []
    assert first.added[0] not in [chunk for chunk, _ in shelf.nearest([1.0] * 32, 5)]
    assert shelf.settled
    assert shelf.notes == ()


async def test_what_comes_back_is_found_without_embedding(catalogue: Catalogue) -> None:
    """Its vector was cached."""
    shelf = Shelf(catalogue, EMBEDDER.card, None)
    change = put(catalogue, "a.py", text_of(1))
    shelf.apply(change)
    await embed_on(shelf)
    shelf.apply(catalogue.remove_files(["a.py"]))
    shelf.nearest([1.0] * 32, 1)

    shelf.apply(put(catalogue, "b.py", text_of(1)))

    assert await asked(shelf, 1) == change.added[0]


async def test_what_was_removed_while_it_was_embedded_is_not_found(catalogue: Catalogue) -> None:
    """Its vector is cached all the same."""
    shelf = Shelf(catalogue, EMBEDDER.card, None)
    shelf.apply(put(catalogue, "a.py", text_of(1)))
    (waiting,) = shelf.pending(5)
    shelf.apply(catalogue.remove_files(["a.py"]))
    shelf.nearest([1.0] * 32, 1)

    shelf.keep({waiting.id: await EMBEDDER.query(waiting.text)})

    assert shelf.nearest([1.0] * 32, 1) == []
    assert list(catalogue.vectors_of(EMBEDDER.card.digest, [waiting.id])) == [waiting.id]


async def test_some_chunks_only(catalogue: Catalogue) -> None:
    """The nearest among those that are named."""
    shelf = Shelf(catalogue, EMBEDDER.card, None)
    first = put(catalogue, "a.py", text_of(1)).added[0]
    second = put(catalogue, "b.py", text_of(2)).added[0]
    await embed_all(catalogue, EMBEDDER)
    near_first = await EMBEDDER.query(f"# name1\n{text_of(1)}")

    assert [c for c, _ in shelf.nearest_of([second, "ff" * 16], near_first, 5)] == [second]
    assert [c for c, _ in shelf.nearest_of([first, second], near_first, 1)] == [first]
    assert shelf.nearest_of([], near_first, 1) == []


async def embed_on(shelf: Shelf) -> None:
    """Give every chunk its vector, through the shelf."""
    while waiting := shelf.pending(vectors.BATCH):
        shelf.keep({each.id: await EMBEDDER.query(each.text) for each in waiting})


def settle(shelf: Shelf) -> list[int]:
    """Bring the store in line at once; what was left after each step."""
    return list(shelf.settle())


class TestChroma:
    """With the real thing, which takes a second or two to import."""

    @pytest.fixture(autouse=True)
    def _all_from_chroma(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """However few there are, Chroma is asked."""
        monkeypatch.setattr(vectors, "FEW", 0)

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """Where Chroma lies."""
        return tmp_path / "index" / "chroma"

    async def test_it_finds_what_the_catalogue_has(
        self, catalogue: Catalogue, folder: Path
    ) -> None:
        """What was there before it was opened, what came later, not what went."""
        for number in range(5):
            put(catalogue, f"{number}.py", text_of(number))
        await embed_all(catalogue, EMBEDDER)
        with closing(Shelf(catalogue, EMBEDDER.card, folder)) as shelf:
            left = settle(shelf)
            assert left[0] == 5
            assert left[-1] == 0
            shelf.apply(put(catalogue, "new.py", text_of(7)))
            await embed_on(shelf)
            gone = catalogue.remove_files(["1.py"])
            shelf.apply(gone)

            assert await asked(shelf, 4)
            assert await asked(shelf, 7)
            assert gone.removed[0] not in {c for c, _ in shelf.nearest([1.0] * 32, 10)}
            assert shelf.notes == ()

    async def test_what_happened_while_it_was_closed_is_made_good(
        self, catalogue: Catalogue, folder: Path
    ) -> None:
        """Both what came and what went: the catalogue is right, the store follows."""
        for number in range(4):
            put(catalogue, f"{number}.py", text_of(number))
        await embed_all(catalogue, EMBEDDER)
        with closing(Shelf(catalogue, EMBEDDER.card, folder)) as shelf:
            settle(shelf)
        gone = catalogue.remove_files(["0.py", "1.py"])
        put(catalogue, "9.py", text_of(9))
        await embed_all(catalogue, EMBEDDER)

        with closing(Shelf(catalogue, EMBEDDER.card, folder)) as shelf:
            assert settle(shelf)[0] == 3
            assert await asked(shelf, 9)
            found = {chunk for chunk, _ in shelf.nearest([1.0] * 32, 10)}
            assert found.isdisjoint(gone.removed)
            assert shelf.notes == ()
        with closing(Shelf(catalogue, EMBEDDER.card, folder)) as shelf:
            assert settle(shelf) == [0]

    async def test_it_may_be_used_while_it_is_brought_in_line(
        self, catalogue: Catalogue, folder: Path
    ) -> None:
        """Between two steps files change, and nothing is added twice or lost."""
        for number in range(vectors.BATCH + 20):
            put(catalogue, f"{number}.py", text_of(number))
        await embed_all(catalogue, EMBEDDER)
        with closing(Shelf(catalogue, EMBEDDER.card, folder)) as shelf:
            steps = shelf.settle()
            next(steps)
            shelf.apply(catalogue.remove_files(["3.py", f"{vectors.BATCH + 10}.py"]))
            shelf.apply(put(catalogue, "new.py", text_of(999)))
            await embed_on(shelf)
            assert await asked(shelf, 5)
            for _ in steps:
                pass

            assert shelf.settled
            assert set(shelf._inside) == set(catalogue.vector_ids(EMBEDDER.card.digest))
            assert await asked(shelf, 999)
            assert shelf.notes == ()

    async def test_a_store_of_another_embedder_is_another(
        self, catalogue: Catalogue, folder: Path
    ) -> None:
        """Their vectors are never compared."""
        put(catalogue, "a.py", text_of(1))
        other = HashEmbedder(name="other", dimensions=16)
        await embed_all(catalogue, EMBEDDER)
        with (
            closing(Shelf(catalogue, EMBEDDER.card, folder)) as first,
            closing(Shelf(catalogue, other.card, folder)) as second,
        ):
            settle(first)
            settle(second)

            assert second.nearest([1.0] * 16, 5) == []
            assert await asked(first, 1)
            assert (first.notes, second.notes) == ((), ())

    async def test_the_marker_of_an_opening_that_never_ended_begins_it_anew(
        self, catalogue: Catalogue, folder: Path
    ) -> None:
        """What killed one process does not kill the next, and all is found again."""
        put(catalogue, "a.py", text_of(1))
        await embed_all(catalogue, EMBEDDER)
        with closing(Shelf(catalogue, EMBEDDER.card, folder)) as shelf:
            settle(shelf)
        (folder / f"{EMBEDDER.card.digest[:16]}.opening").touch()

        with closing(Shelf(catalogue, EMBEDDER.card, folder)) as shelf:
            assert settle(shelf) == [1, 0]
            assert ["did harm" in note for note in shelf.notes] == [True]
            assert await asked(shelf, 1)
        assert not (folder / f"{EMBEDDER.card.digest[:16]}.opening").exists()

    async def test_a_store_that_fails_at_work_is_begun_anew(
        self, catalogue: Catalogue, folder: Path
    ) -> None:
        """The search that met it is answered all the same."""
        put(catalogue, "a.py", text_of(1))
        await embed_all(catalogue, EMBEDDER)
        with closing(Shelf(catalogue, EMBEDDER.card, folder)) as shelf:
            settle(shelf)
            assert shelf._store is not None
            shelf._store._client.delete_collection("vectors")  # type: ignore[union-attr]

            assert await asked(shelf, 1)
            assert not shelf.settled
            assert len(shelf.notes) == 1
            settle(shelf)
            assert shelf.settled
            assert await asked(shelf, 1)

    async def test_a_store_that_never_works_is_done_without(
        self, catalogue: Catalogue, tmp_path: Path
    ) -> None:
        """A file in the place of its folder: search compares with every vector, and says so."""
        put(catalogue, "a.py", text_of(1))
        await embed_all(catalogue, EMBEDDER)
        (tmp_path / "file").touch()
        with closing(Shelf(catalogue, EMBEDDER.card, tmp_path / "file")) as shelf:
            settle(shelf)

            assert shelf.settled
            assert "one by one" in shelf.notes[-1]
            assert await asked(shelf, 1)


async def test_an_opened_store_knows_what_is_in_it(catalogue: Catalogue, tmp_path: Path) -> None:
    """The ids that are read from the folder's file are those that Chroma tells, also when it has
    noted some down only.
    """
    shelf = Shelf(catalogue, EMBEDDER.card, tmp_path / "chroma")
    for number in range(30):
        shelf.apply(put(catalogue, f"{number}.py", text_of(number)))
    settle(shelf)
    await embed_on(shelf)
    shelf.apply(catalogue.remove_files(["3.py"]))
    shelf.close()
    folder = tmp_path / "chroma" / EMBEDDER.card.digest[:16]
    read = ids_in(folder)
    store, why = ChromaVectors.open(folder, EMBEDDER.card)

    with closing(store):
        assert why == ""
        assert set(store.ids()) == set(catalogue.vector_ids(EMBEDDER.card.digest))
        assert set(store.ids()) == read  # the second time Chroma is asked
