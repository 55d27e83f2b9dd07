"""Which workspace a document is in."""

from pathlib import Path

from mirador_lsp.assembly import Workplaces
from mirador_lsp.core.document import Snapshot
from mirador_lsp.index.clients import Clients
from mirador_lsp.index.wire import Wishes


def clients(folder: Path) -> Clients:
    """Indexes of which none runs."""
    wishes = Wishes("none", str(folder / "models"), 512, 512)
    return Clients(wishes, runtime=folder / "run", above=folder / "index")


def document(path: Path) -> Snapshot:
    """A document with that file."""
    return Snapshot(path.as_uri(), path.name, "python", "", path=str(path))


async def test_the_innermost_folder_that_is_used_counts(tmp_path: Path) -> None:
    """An index is asked about its own files only; of other places nothing is known."""
    indexes = clients(tmp_path)
    places = Workplaces(indexes)
    outer, inner = tmp_path / "work", tmp_path / "work" / "inner"
    places.use(outer)
    places.use(inner)

    found = places.of(document(inner / "a.py"))
    assert found is not None
    assert found.index is indexes.of(inner)
    assert found.project.name_of(document(inner / "pkg" / "a.py")) == "pkg/a.py"
    around = places.of(document(outer / "b.py"))
    assert around is not None
    assert around.index is indexes.of(outer)
    assert places.of(document(tmp_path / "elsewhere.py")) is None
    assert places.of(Snapshot("stdin:a.py", "a.py", "python", "")) is None
    await indexes.close()


async def test_a_trusted_folder_tells_its_rules_without_an_index(tmp_path: Path) -> None:
    """And goes on telling them once its index is asked; one that is not trusted tells none."""
    (tmp_path / "AGENTS.md").write_text("No globals.\n")
    indexes = clients(tmp_path)
    trusted, other = Workplaces(indexes, tmp_path), Workplaces(indexes)
    other.use(tmp_path)

    alone = trusted.of(document(tmp_path / "a.py"))
    assert alone is not None
    assert alone.index is None
    assert len(await alone.project.rules()) == 1
    trusted.use(tmp_path)
    both = trusted.of(document(tmp_path / "a.py"))
    assert both is not None
    assert both.index is not None
    assert len(await both.project.rules()) == 1
    stranger = other.of(document(tmp_path / "a.py"))
    assert stranger is not None
    assert await stranger.project.rules() == ()
    await indexes.close()


async def test_an_index_that_does_not_run_is_not_started_for_a_review(tmp_path: Path) -> None:
    """A review from the command line takes what is there."""
    indexes = clients(tmp_path)
    places = Workplaces(indexes)
    await places.use_running(tmp_path)
    assert places.of(document(tmp_path / "a.py")) is None
    switched_off = Workplaces(Clients())
    await switched_off.use_running(tmp_path)
    assert switched_off.of(document(tmp_path / "a.py")) is None
    await indexes.close()
