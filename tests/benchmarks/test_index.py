"""The benchmarks of the index: their workspaces, and whether they see what an index does."""

from pathlib import Path

from benchmarks.home import private_home
from benchmarks.index.hosted import hosted
from benchmarks.index.program import SYNTHETIC
from benchmarks.index.trees import copies, grow_old, library, questions
from mirador_lsp.core.retrieval import Query


def _texts(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.py")}


def test_a_library_is_the_same_each_time(tmp_path: Path) -> None:
    """As large as it may be, and no larger; its questions are the same, too."""
    one, other = library(tmp_path / "one", 100_000), library(tmp_path / "other", 100_000)

    assert _texts(one.folder) == _texts(other.folder)
    assert one.files == len(_texts(one.folder))
    assert 50_000 < one.bytes <= 100_000
    assert questions(one, 3) == questions(other, 3)


def test_no_two_copies_are_equal(tmp_path: Path) -> None:
    """Each has another name or another content."""
    tree = copies(tmp_path, 500)
    texts = _texts(tree.folder)

    assert len(texts) == 500
    assert sum(map(len, texts.values())) == tree.bytes


async def test_what_an_index_takes_is_seen() -> None:
    """Its processor time, its memory, and every text that was embedded, also by a second start."""
    with private_home() as home:
        tree = library(home.folder / "tree", 20_000)
        grow_old(tree, 100)
        above = home.folder / "index"
        async with hosted(tree, above, home.paths.models, SYNTHETIC) as index:
            ready = await index.until_ready()
            assert sum(each.texts for each in index.asked()) == ready.report.chunks > 0
            assert index.spent() >= ready.processor_seconds > 0
            assert index.memory()[0] > 10
        async with hosted(tree, above, home.paths.models, SYNTHETIC) as again:
            assert (await again.client.search(Query(questions(tree, 1)[0]))).hits
            assert (await again.until_ready()).report.vectors == ready.report.chunks
            assert again.asked() == []
        assert index.home.places.holder() is None
