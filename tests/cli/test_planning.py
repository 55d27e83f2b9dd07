"""The order of a run over a workspace, and how a later one goes on."""

from collections.abc import Sequence
from pathlib import Path

from mirador_lsp.app import Source
from mirador_lsp.cli.planning import Plan, plan_workspace
from mirador_lsp.cli.report import FileReport
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import ReviewFinished
from mirador_lsp.engine.priority import Ranked
from mirador_lsp.settings import Settings, load_settings, review_policy


class ByName:
    """Takes files for the riskier the earlier their names are."""

    async def in_order_of_risk(
        self, folder: Path, snapshots: Sequence[Snapshot]
    ) -> tuple[Sequence[Ranked], tuple[str, ...]]:
        """In the order of their names."""
        ordered = sorted(snapshots, key=lambda each: each.name)
        return [Ranked(each, 1.0, "it is known for it") for each in ordered], ()


async def plan(folder: Path, said: list[str], *, fresh: bool = False) -> Plan:
    """A run over four files."""
    paths = load_settings(
        env={f"MIRADOR_{n}_DIR": str(folder / n) for n in ("STATE", "CACHE", "CONFIG")}
    ).paths
    files = [Snapshot(f"file:///w/{n}", n, "python", f"{n} = 1\n") for n in "dbca"]
    entries = iter([Source(each) for each in files])
    where = (folder, 0.0, paths, review_policy(Settings()))
    return await plan_workspace(ByName(), entries, *where, fresh=fresh, say=said.append)


def names(run: Plan) -> list[str]:
    """The files in the order of the run."""
    return [entry.snapshot.name for entry in run.entries if isinstance(entry, Source)]


async def test_what_is_left_comes_before_what_is_done(tmp_path: Path) -> None:
    """A run that has a few seconds would otherwise never come further than the one before it."""
    said: list[str] = []
    first = await plan(tmp_path, said)
    done = next(e for e in first.entries if isinstance(e, Source) and e.snapshot.name == "a")
    report = FileReport(done.snapshot, 0.35)
    report(ReviewFinished(1.0, (), (), 0, 0, reviewed=True))
    await first.course.done(report)

    again = await plan(tmp_path, said)

    assert said[0] == "riskiest first: a (it is known for it)"
    assert said[1].startswith("going on with the review that was interrupted: 1 of 4 files")
    assert said[2] == "riskiest first: b (it is known for it)"
    assert names(again) == ["b", "c", "d", "a"]
    assert names(await plan(tmp_path, said, fresh=True)) == ["a", "b", "c", "d"]
