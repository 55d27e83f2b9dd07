"""An index in a process of its own, as editors have it, and what that process takes."""

import asyncio
import json
import os
import resource
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from benchmarks.bench import BenchmarkError
from benchmarks.index.trees import Tree
from mirador_lsp.core.retrieval import IndexReport
from mirador_lsp.index.client import Home, IndexClient, home_of
from mirador_lsp.index.wire import Wishes

_PROGRAM = Path(__file__).with_name("program.py")
_LOOK_SECONDS = 0.02
_LONGEST_SECONDS = 1500.0
_DISK_MIB = 8192
JOURNAL = "MIRADOR_BENCH_JOURNAL"


def _of_children() -> float:
    """Processor seconds of the processes that this one has started and seen end."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@dataclass(frozen=True)
class Asked:
    """What the embedders were asked at a moment."""

    embedder: str
    at: float
    """`time.monotonic` of whatever process."""
    texts: int
    processor_seconds: float
    """Of the host so far, without its children."""


@dataclass(frozen=True)
class Moment:
    """When something was reached, and what it had cost."""

    seconds: float
    processor_seconds: float
    report: IndexReport


@dataclass
class Hosted:
    """A client of one index, and its process seen from outside."""

    client: IndexClient
    home: Home
    journal: Path
    began: float = field(default_factory=time.monotonic)
    _children: float = field(default_factory=_of_children)

    @property
    def pid(self) -> int:
        """The process that holds the index. Raises BenchmarkError when there is none."""
        pid = self.home.places.holder()
        if pid is None:
            message = "the index does not run"
            raise BenchmarkError(message)
        return pid

    def spent(self) -> float:
        """Processor seconds of the index since this began: start, host, and its children."""
        total = _of_children() - self._children
        process = psutil.Process(self.pid)
        times = process.cpu_times()
        total += times.user + times.system + times.children_user + times.children_system
        for child in process.children(recursive=True):
            try:
                own = child.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += own.user + own.system
        return float(total)

    async def until(self, reached: Callable[[IndexReport], bool]) -> Moment:
        """Look often until the report says so. Raises BenchmarkError when the index fails."""
        async with asyncio.timeout(_LONGEST_SECONDS):
            while True:
                report = await self.client.report()
                if reached(report):
                    return Moment(time.monotonic() - self.began, self.spent(), report)
                if report.phase in {"failed", "off", "paused"}:
                    raise BenchmarkError(report.reason)
                await asyncio.sleep(_LOOK_SECONDS)

    async def until_ready(self) -> Moment:
        """Until there is nothing left to do."""
        return await self.until(lambda report: report.phase == "ready")

    def asked(self) -> list[Asked]:
        """What the embedders were asked since this began."""
        if not self.journal.exists():
            return []
        lines = self.journal.read_text(encoding="utf-8").splitlines(keepends=True)
        found = [Asked(*json.loads(line)) for line in lines if line.endswith("\n")]
        return [each for each in found if each.at >= self.began]

    def memory(self) -> tuple[float, float]:
        """Megabytes of the host: the most there ever were, and now."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        facts = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        most, now = (int(facts[key].split()[0]) * 1024 / 1e6 for key in ("VmHWM", "VmRSS"))
        return most, now

    def disk(self) -> int:
        """Bytes of everything that it keeps."""
        return sum(path.stat().st_size for path in self.home.folder.rglob("*") if path.is_file())

    async def end(self) -> None:
        """Have the process end, and wait for it."""
        await self.client.stop()


@asynccontextmanager
async def hosted(tree: Tree, above: Path, models: Path, embedder: str) -> AsyncIterator[Hosted]:
    """The index of a tree below `above`, begun with the first question and ended with the block."""
    await asyncio.to_thread(above.mkdir, exist_ok=True)
    journal = above / "journal"
    home = home_of(tree.folder, above / "run", above / "index")
    wishes = Wishes(embedder=embedder, models=str(models), max_file_kib=512, max_disk_mib=_DISK_MIB)
    os.environ[JOURNAL] = str(journal)
    command = (sys.executable, "-P", str(_PROGRAM))
    client = IndexClient(lambda: home, wishes, command=command, idle_seconds=60.0)
    made = Hosted(client, home, journal)
    try:
        yield made
    finally:
        await made.end()
        await client.close()
        del os.environ[JOURNAL]
