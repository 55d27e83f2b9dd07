"""The catalogue: what was written is there, what is known costs nothing, what is wrong is begun
anew.
"""

import math
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from fakes.clock import FakeClock
from fakes.embedder import HashEmbedder
from fakes.indexed import catalogue_in, chunks_of, embed_all, mentions_of, put, stamp_of
from mirador_lsp.core.errors import IndexUnavailable
from mirador_lsp.core.retrieval import CodeChunk, Collection, Memory, Query
from mirador_lsp.core.text import Span
from mirador_lsp.index.catalogue import Catalogue, Change, Stamp
from mirador_lsp.index.searching import Searcher

ONE = "def one():\n    return first()\n"
TWO = "def two():\n    return second()\n"
DAY = 86_400.0


@pytest.fixture
def clock() -> FakeClock:
    """Time that stands still."""
    return FakeClock()


@pytest.fixture
def catalogue(tmp_path: Path, clock: FakeClock) -> Iterator[Catalogue]:
    """An empty catalogue."""
    with closing(catalogue_in(tmp_path / "index", clock)) as opened:
        yield opened


def names(catalogue: Catalogue, text: str, **more: object) -> list[str]:
    """The files in which a text is found."""
    query = Query(text, **more)  # type: ignore[arg-type] — tests name what they vary
    return [hit.name for hit in Searcher(catalogue, {}).search(query).hits]


def memory(number: int, text: str) -> Memory:
    """An answer that was given."""
    return Memory(Collection.TALK, f"talk-{number}", f"question {number}", text, "a.py", 1.0)


def test_what_was_written_outlives_its_process(tmp_path: Path) -> None:
    """Stamps, words and symbols are there when it is opened again."""
    with closing(catalogue_in(tmp_path / "index")) as first:
        put(first, "pkg/a.py", f"{ONE}\n{TWO}")
    with closing(catalogue_in(tmp_path / "index")) as second:
        assert second.stamps() == {"pkg/a.py": stamp_of(f"{ONE}\n{TWO}")}
        assert second.counts().files == 1
        assert second.counts().chunks == 2
        assert names(second, "second") == ["pkg/a.py"]
        assert second.notes == ()


def test_a_change_names_only_what_changed(catalogue: Catalogue) -> None:
    """The chunk that stayed is neither added nor removed."""
    first = put(catalogue, "a.py", f"{ONE}\n{TWO}")
    second = put(catalogue, "a.py", f"{ONE}\ndef three():\n    pass\n")

    assert len(first.added) == 2
    assert first.removed == ()
    assert len(second.added) == 1
    assert len(second.removed) == 1
    assert set(second.removed) < set(first.added)


def test_equal_chunks_of_several_files_are_one(catalogue: Catalogue) -> None:
    """A copy adds nothing, and the chunk goes with the last file that has it."""
    original = put(catalogue, "a.py", ONE)
    copy = put(catalogue, "b.py", ONE)
    first = catalogue.remove_files(["a.py"])
    second = catalogue.remove_files(["b.py"])

    assert copy == Change()
    assert first == Change()
    assert second.removed == original.added
    assert catalogue.counts().chunks == 0


def test_a_file_that_is_written_twice_as_it_is_stays_as_it_is(catalogue: Catalogue) -> None:
    """Nothing is doubled: neither chunk nor word."""
    put(catalogue, "a.py", ONE)

    assert put(catalogue, "a.py", ONE) == Change()
    assert names(catalogue, "first") == ["a.py"]
    assert catalogue.counts().chunks == 1


async def test_figures_are_kept_along(tmp_path: Path) -> None:
    """What has been counted once is counted on with each write, and comes out as a new count."""
    embedder = HashEmbedder()
    with closing(catalogue_in(tmp_path / "index")) as catalogue:
        put(catalogue, "a.py", ONE)
        catalogue.counts()
        put(catalogue, "b.py", f"{ONE}\n{TWO}")
        await embed_all(catalogue, embedder)
        put(catalogue, "c.py", "def three():\n    return third()\n")
        catalogue.put_memories([memory(1, "weigh it"), memory(2, "count it")])
        catalogue.forget(["talk-2"])
        put(catalogue, "b.py", TWO)
        catalogue.remove_files(["a.py"])
        assert catalogue.adopt("b.py", stamp_of(f"{ONE}\n{TWO}", 9)) is not None
        with pytest.raises(ValueError, match="dimensions"):
            catalogue.keep_vectors(embedder.card, {"00" * 16: [1.0]})
        catalogue.pending(embedder.card.digest, 1)
        put(catalogue, "d.py", "def four():\n    return fourth()\n")
        kept = catalogue.counts()
    with closing(catalogue_in(tmp_path / "index")) as again:
        counted = again.counts()

    assert kept.chunks == counted.chunks == 5
    assert kept.vectors == counted.vectors == {embedder.card.digest: 2}


async def test_the_way_back_to_a_branch_embeds_nothing(catalogue: Catalogue) -> None:
    """The old content is adopted, with its vectors, its words and its symbols."""
    embedder = HashEmbedder()
    before = put(catalogue, "a.py", ONE)
    await embed_all(catalogue, embedder)
    put(catalogue, "a.py", TWO)
    await embed_all(catalogue, embedder)

    back = catalogue.adopt("a.py", stamp_of(ONE, 7))

    assert back is not None
    assert back.added == before.added
    assert catalogue.pending(embedder.card.digest, 10) == []
    assert set(catalogue.vectors_of(embedder.card.digest, back.added)) == set(back.added)
    assert names(catalogue, "first") == ["a.py"]
    assert names(catalogue, "second") == []
    assert catalogue.stamps()["a.py"] == stamp_of(ONE, 7)


def test_what_was_never_read_is_not_adopted(catalogue: Catalogue) -> None:
    """Neither another content, nor the content of another file: its place is part of a chunk."""
    put(catalogue, "a.py", ONE)

    assert catalogue.adopt("a.py", stamp_of(TWO)) is None
    assert catalogue.adopt("b.py", stamp_of(ONE)) is None
    assert set(catalogue.stamps()) == {"a.py"}


def test_a_touched_file_is_what_it_was(catalogue: Catalogue) -> None:
    """Only its stamp is new."""
    put(catalogue, "a.py", ONE)
    catalogue.touch("a.py", stamp_of(ONE, 99))

    assert catalogue.stamps() == {"a.py": stamp_of(ONE, 99)}
    assert names(catalogue, "first") == ["a.py"]


def test_removed_files_are_not_found(catalogue: Catalogue) -> None:
    """Unknown ones do no harm."""
    put(catalogue, "a.py", ONE)

    assert len(catalogue.remove_files(["a.py", "nowhere.py"]).removed) == 1
    assert names(catalogue, "first") == []
    assert catalogue.stamps() == {}


async def test_urgent_files_are_embedded_first(catalogue: Catalogue) -> None:
    """Also what is written to them later."""
    for name in ("a", "b", "c"):
        put(catalogue, f"{name}.py", f"def {name}():\n    pass\n")
    digest = HashEmbedder().card.digest
    catalogue.pending(digest, 1)

    catalogue.prioritise(["c.py"], 2)
    catalogue.prioritise(["b.py"], 1)
    put(catalogue, "c.py", "def cc():\n    pass\n")

    waiting = [each.text.partition("\n")[0] for each in catalogue.pending(digest, 10)]
    assert waiting == ["# cc", "# b", "# a"]


async def test_two_embedders_do_not_know_of_each_other(catalogue: Catalogue) -> None:
    """Each has its own vectors and its own waiting chunks."""
    put(catalogue, "a.py", f"{ONE}\n{TWO}")
    small, large = HashEmbedder(dimensions=8), HashEmbedder(name="large", dimensions=96)
    await embed_all(catalogue, small)

    assert catalogue.pending(small.card.digest, 10) == []
    assert len(catalogue.pending(large.card.digest, 10)) == 2
    assert catalogue.vector_ids(large.card.digest) == set()
    assert catalogue.counts().vectors[small.card.digest] == 2


async def test_vectors_come_back_as_they_were_kept(catalogue: Catalogue) -> None:
    """But for the rounding to 16 bits, and of length 1."""
    (chunk,) = put(catalogue, "a.py", ONE).added
    card = HashEmbedder(dimensions=4).card
    catalogue.keep_vectors(card, {chunk: [3.0, 4.0, 0.0, 0.0]})

    (vector,) = catalogue.vectors_of(card.digest, [chunk, "00" * 16, "no id"]).values()
    assert list(vector) == pytest.approx([0.6, 0.8, 0.0, 0.0], abs=1e-3)
    assert catalogue.vector_ids(card.digest) == {chunk}


@pytest.mark.parametrize(
    "wrong", [[1.0, 0.0], [math.nan, 0.0, 0.0, 0.0], [math.inf, 0.0, 0.0, 0.0], []]
)
async def test_what_is_no_vector_is_refused(catalogue: Catalogue, wrong: list[float]) -> None:
    """And none that came with it is kept."""
    first, second = put(catalogue, "a.py", f"{ONE}\n{TWO}").added
    card = HashEmbedder(dimensions=4).card

    with pytest.raises(ValueError, match=r"dimensions|number"):
        catalogue.keep_vectors(card, {first: [1.0, 0.0, 0.0, 0.0], second: wrong})

    assert catalogue.vectors_of(card.digest, [first, second]) == {}
    assert len(catalogue.pending(card.digest, 10)) == 2


async def test_vectors_of_unknown_chunks_are_ignored(catalogue: Catalogue) -> None:
    """A chunk may have been forgotten while it was embedded."""
    card = HashEmbedder(dimensions=2).card
    catalogue.keep_vectors(card, {"ab" * 16: [1.0, 0.0]})

    assert catalogue.counts().vectors.get(card.digest, 0) == 0


def test_only_one_process_has_it_open(tmp_path: Path) -> None:
    """The second is told so, and opens it once the first has closed it."""
    first = catalogue_in(tmp_path / "index")
    with pytest.raises(IndexUnavailable, match="Another process"):
        catalogue_in(tmp_path / "index")
    first.close()
    first.close()

    catalogue_in(tmp_path / "index").close()


def test_a_closed_catalogue_says_so(catalogue: Catalogue) -> None:
    """It raises what every caller expects."""
    catalogue.close()

    with pytest.raises(IndexUnavailable, match="closed"):
        catalogue.counts()


@pytest.mark.parametrize("damage", [b"not a database" * 400, b"SQLite format 3\0" + b"\xff" * 8000])
def test_a_damaged_file_is_begun_anew_and_told(tmp_path: Path, damage: bytes) -> None:
    """With it goes what depends on it."""
    folder = tmp_path / "index"
    with closing(catalogue_in(folder)) as opened:
        put(opened, "a.py", ONE)
    (folder / "index.sqlite3").write_bytes(damage)
    (folder / "chroma").mkdir()

    with closing(catalogue_in(folder)) as opened:
        assert opened.stamps() == {}
        assert [note for note in opened.notes if "damaged" in note]
        assert not (folder / "chroma").exists()
        put(opened, "a.py", ONE)
        assert names(opened, "first") == ["a.py"]


def test_damage_met_at_work_is_told_and_mended_by_opening(tmp_path: Path) -> None:
    """Every damaged page leads there, whoever comes upon it first."""
    folder = tmp_path / "index"
    with closing(catalogue_in(folder)) as opened:
        for number in range(50):
            put(opened, f"{number}.py", f"def f{number}():\n    return {'x' * 500}\n")
    opened = catalogue_in(folder)
    with opened.opened.reading() as connection:
        connection.execute("PRAGMA shrink_memory")  # what is in memory would hide the damage
    file = folder / "index.sqlite3"
    with file.open("r+b") as raw:
        raw.seek(4096)
        raw.write(b"\xff" * (file.stat().st_size - 4096))

    def work() -> None:
        for number in range(50):
            put(opened, f"{number}.py", ONE)
            names(opened, "x")

    with closing(opened), pytest.raises(IndexUnavailable, match="damaged"):
        work()

    with closing(catalogue_in(folder)) as again:
        assert [note for note in again.notes if "damaged" in note]
        assert again.stamps() == {}


def test_the_file_of_another_version_is_begun_anew(tmp_path: Path) -> None:
    """There is nothing in it that cannot be built."""
    folder = tmp_path / "index"
    catalogue_in(folder).close()
    with closing(sqlite3.connect(folder / "index.sqlite3")) as connection:
        connection.execute("PRAGMA user_version = 99")

    with closing(catalogue_in(folder)) as opened:
        assert [note for note in opened.notes if "another version" in note]
        put(opened, "a.py", ONE)


async def test_what_was_cut_another_way_is_read_again(tmp_path: Path) -> None:
    """Files are forgotten, memories and the vectors of equal chunks are not."""
    embedder = HashEmbedder()
    with closing(catalogue_in(tmp_path / "index", recipe="first")) as opened:
        put(opened, "a.py", ONE)
        opened.put_memories([memory(1, "because of gravity")])
        await embed_all(opened, embedder)
    with closing(catalogue_in(tmp_path / "index", recipe="second")) as opened:
        assert ["read again" in note for note in opened.notes] == [True]
        assert opened.stamps() == {}
        assert opened.adopt("a.py", stamp_of(ONE)) is None
        assert names(opened, "first") == []
        assert names(opened, "gravity", collections=(Collection.TALK,)) == ["talk-1"]
        put(opened, "a.py", ONE)
        assert opened.pending(embedder.card.digest, 10) == []


async def test_memories_are_found_replaced_and_forgotten(catalogue: Catalogue) -> None:
    """By their own collections only; what is forgotten leaves nothing to search."""
    embedder = HashEmbedder()
    catalogue.put_memories([memory(1, "because of gravity"), memory(2, "because of friction")])
    await embed_all(catalogue, embedder)
    talk = (Collection.TALK,)

    assert names(catalogue, "gravity", collections=talk) == ["talk-1"]
    assert names(catalogue, "gravity") == []
    changed = catalogue.put_memories([memory(1, "because of magnets")])
    assert (len(changed.added), len(changed.removed)) == (1, 1)
    assert names(catalogue, "gravity", collections=talk) == []
    gone = catalogue.forget(["talk-1", "talk-9"])
    assert gone.removed == changed.added
    assert names(catalogue, "magnets", collections=talk) == []
    assert catalogue.vectors_of(embedder.card.digest, changed.added) == {}
    assert catalogue.counts().memories == 1


async def test_garbage_is_what_nobody_had_for_thirty_days(
    catalogue: Catalogue, clock: FakeClock
) -> None:
    """Chunks and vectors alike; what files have stays."""
    embedder = HashEmbedder()
    put(catalogue, "a.py", ONE)
    put(catalogue, "b.py", TWO)
    await embed_all(catalogue, embedder)
    catalogue.remove_files(["a.py"])
    clock.advance(29 * DAY)
    assert catalogue.collect(keep_bytes=1 << 40).sources == 0
    clock.advance(2 * DAY)

    collected = catalogue.collect(keep_bytes=1 << 40)

    assert (collected.sources, collected.chunks, collected.vectors) == (1, 1, 1)
    assert catalogue.adopt("a.py", stamp_of(ONE)) is None
    assert names(catalogue, "second") == ["b.py"]
    assert catalogue.counts().vectors[embedder.card.digest] == 1


async def test_where_room_is_short_what_is_unused_goes_at_once(catalogue: Catalogue) -> None:
    """Never what files have now."""
    put(catalogue, "a.py", ONE)
    put(catalogue, "a.py", TWO)

    assert catalogue.collect(keep_bytes=0).sources == 1
    assert catalogue.collect(keep_bytes=0).sources == 0
    assert names(catalogue, "second") == ["a.py"]


async def test_vectors_of_an_embedder_that_nobody_uses_go(tmp_path: Path, clock: FakeClock) -> None:
    """Those of the one in use stay."""
    old, new = HashEmbedder(name="old"), HashEmbedder(name="new")
    with closing(catalogue_in(tmp_path / "index", clock)) as first:
        put(first, "a.py", ONE)
        await embed_all(first, old)
    clock.advance(31 * DAY)
    with closing(catalogue_in(tmp_path / "index", clock)) as second:
        await embed_all(second, new)

        assert second.collect(keep_bytes=1 << 40).vectors == 1
        assert second.vector_ids(old.card.digest) == set()
        assert len(second.vector_ids(new.card.digest)) == 1


def test_old_versions_of_a_file_do_not_pile_up(catalogue: Catalogue) -> None:
    """Each save makes one; the latest are kept for the way back."""
    texts = [f"def f():\n    return {number}\n" for number in range(12)]
    for text in texts:
        put(catalogue, "a.py", text)

    assert catalogue.adopt("a.py", stamp_of(texts[2])) is None
    assert catalogue.adopt("a.py", stamp_of(texts[-3])) is not None


def test_hostile_text_is_text(catalogue: Catalogue) -> None:
    """Lone surrogates, NULs, quotes and words of SQL do nothing but stand there."""
    text = 'def \udc80():\n    "\0 OR * NEAR( DROP TABLE files; -- \U0001f600"\n'
    chunk = CodeChunk("\udc80" * 900, "function", Span(0, len(text)), "# \ud800\0" * 400, text)
    stamp = Stamp(1, 1, "c")
    catalogue.put_file("a.py", stamp, "python", text, [chunk], mentions_of(text, [chunk]))

    (hit,) = Searcher(catalogue, {}).search(Query('" DROP NEAR( \udc80 \0 * table')).hits
    assert hit.text == text
    assert (hit.first, hit.last) == (0, 1)
    (waiting,) = catalogue.pending("e", 1)
    assert waiting.text.endswith(text)
    with pytest.raises(ValueError, match="surrogates"):
        catalogue.put_file("\udc80.py", stamp, "python", text, [chunk], [])


def test_lines_are_those_of_the_file(catalogue: Catalogue) -> None:
    """A form feed ends no line; both line ends do."""
    text = "x = 1\f\r\n\ny = 2\r\n"
    catalogue.put_file("a.py", stamp_of(text), "python", text, chunks_of(text), [])

    (hit,) = Searcher(catalogue, {}).search(Query("y")).hits
    assert (hit.first, hit.last) == (2, 2)


def test_the_folder_is_the_users_alone(tmp_path: Path) -> None:
    """Owner-only, whatever the mask; a link in the place of the file is not followed."""
    before = os.umask(0)
    try:
        with closing(catalogue_in(tmp_path / "index")) as opened:
            put(opened, "a.py", ONE)
            modes = {stat.S_IMODE(each.stat().st_mode) for each in (tmp_path / "index").iterdir()}
    finally:
        os.umask(before)
    assert modes == {0o600}
    assert stat.S_IMODE((tmp_path / "index").stat().st_mode) == 0o700

    other = tmp_path / "other"
    other.mkdir(mode=0o700)
    (other / "index.sqlite3").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(IndexUnavailable):
        catalogue_in(other)
    assert not (tmp_path / "elsewhere").exists()


def test_a_full_disk_is_told_and_nothing_is_lost(catalogue: Catalogue) -> None:
    """The write is taken back as a whole; later ones work."""
    put(catalogue, "a.py", ONE)
    with catalogue.opened.reading() as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
    large = "\n\n".join(f"def f{n}():\n    return '{n * 'word '}'" for n in range(200))

    with pytest.raises(IndexUnavailable, match="full"):
        put(catalogue, "b.py", large)

    assert set(catalogue.stamps()) == {"a.py"}
    assert names(catalogue, "first") == ["a.py"]
    with catalogue.opened.reading() as connection:
        connection.execute("PRAGMA max_page_count = 1000000")
    put(catalogue, "b.py", large)
    assert set(catalogue.stamps()) == {"a.py", "b.py"}
