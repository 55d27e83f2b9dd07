"""`python -m benchmarks.store`: run everything, print the tables, and if asked write them down."""

import argparse
import asyncio
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.machine import this_machine
from benchmarks.store import costs, survival
from mirador_lsp.store.keys import Keys

_PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
_BEGIN, _END = "<!-- measured: begin -->", "<!-- measured: end -->"
_SHARE = 0.003


def _rows(args: argparse.Namespace, folder: Path) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Each trial with what came of it. Those that start processes by forking come first."""

    def fresh(name: str) -> Path:
        made = folder / name
        made.mkdir(mode=0o700)
        return made

    yield (
        "four processes, 1,000 rows each, killed at random",
        survival.four_writers(fresh("four"), 1000),
    )
    yield "kill -9 at random", survival.kills(fresh("kills"), args.kills)
    yield "the disk full in the midst of writing", survival.full(fresh("full"), args.faults)
    failing = survival.failing_disks(fresh("failing"), args.faults)
    if failing is not None:
        yield "2 % of reads, writes and syncs fail", failing
    for seed in range(args.seeds):
        what = f"0.3 % of the pages destroyed, chance {seed + 1}"
        yield what, asyncio.run(survival.destroyed(fresh(f"pages{seed}"), 20_000, _SHARE, seed))
    alone: Sequence[tuple[str, Callable[[Path], Coroutine[None, None, dict[str, object]]]]] = (
        ("one commit", costs.commits),
        ("a thousand rows in one commit", costs.bulk),
        ("opening", costs.opened),
        ("a backup while rows are written", costs.backup),
        ("another program holds the file for 5 s", costs.locked),
    )
    for name, work in alone:
        yield name, asyncio.run(work(fresh(name)))
    keys = Keys(folder / "keys", use_keyring=False)
    yield "one commit, encrypted", asyncio.run(costs.commits(fresh("sealed"), keys))
    yield (
        "an existing store encrypted and plain again",
        costs.sealed(folder / "a backup while rows are written"),
    )


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.1f}" if value >= 10 else f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def main() -> int:
    """0 when nothing was lost."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.store", description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--faults", type=int, default=100, help="full disks, failing disks")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--write", action="store_true", help=f"into {_PAGE.name}")
    args = parser.parse_args()
    began = time.monotonic()
    lines = ["| Trial | What came of it |", "| --- | --- |"]
    bad = False
    with tempfile.TemporaryDirectory() as folder:
        for name, facts in _rows(args, Path(folder)):
            told = "; ".join(f"{what}: {_cell(value)}" for what, value in facts.items())
            print(f"{name}: {told}", flush=True)
            lines.append(f"| {name} | {told} |")
            bad |= bool(facts.get("lost") or facts.get("broken"))
    minutes = (time.monotonic() - began) / 60
    words = " ".join(["python -m benchmarks.store", *sys.argv[1:]])
    machine = this_machine()
    where = f"{machine.processor}, {machine.cores} cores, {machine.system}"
    versions = f"Python {machine.python}, SQLite {sqlite3.sqlite_version}"
    when = f"{minutes:.1f} minutes on {machine.date}, load average {machine.load_before:.1f}"
    lines += ["", f"Made by `{words}` in {when}: {where}, {versions}."]
    if args.write:
        text = _PAGE.read_text(encoding="utf-8")
        before, _, rest = text.partition(_BEGIN)
        _, _, after = rest.partition(_END)
        page = "\n".join([before + _BEGIN, "", *lines, "", _END + after])
        _PAGE.write_text(page, encoding="utf-8")
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
