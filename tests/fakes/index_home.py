"""A workspace with an index of its own: real processes in short-lived folders."""

import os
import select
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mirador_lsp.core.retrieval import IndexReport
from mirador_lsp.core.servers import ModelServer, TeamServer
from mirador_lsp.index.client import Home, IndexClient, home_of
from mirador_lsp.index.wire import Wishes

PROGRAM = (sys.executable, "-P", str(Path(__file__).with_name("index_program.py")))


class IndexHome:
    """The folders of one index."""

    def __init__(self, folder: Path, workspace: Path | None = None) -> None:
        self.workspace = workspace or folder / "work"
        self.workspace.mkdir(exist_ok=True)
        self._above = folder / "index"
        self._runtime = folder / "run"

    @property
    def home(self) -> Home:
        return home_of(self.workspace, self._runtime, self._above)

    def client(
        self,
        embedder: str = "hash",
        *,
        idle_seconds: float = 20.0,
        shared: Path | None = None,
        team: TeamServer | None = None,
        rerank: str = "",
        servers: tuple[ModelServer, ...] = (),
    ) -> IndexClient:
        """A client of the index, which is started with its first question."""
        wishes = Wishes(
            embedder=embedder,
            models="",
            max_file_kib=64,
            max_disk_mib=100,
            shared=str(shared or ""),
            team=team,
            rerank=rerank,
            servers=servers,
        )
        return IndexClient(lambda: self.home, wishes, command=PROGRAM, idle_seconds=idle_seconds)

    def write(self, name: str, text: str) -> Path:
        """A file of the workspace."""
        path = self.workspace / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def fill(self, files: int) -> None:
        """Files that each define one function and call that of the next."""
        for number in range(files):
            self.write(f"pkg/part_{number}.py", function(number, (number + 1) % files))

    def pid(self) -> int:
        """The process that holds the index."""
        pid = self.home.places.holder()
        assert pid is not None
        return pid

    def end(self) -> None:
        """Kill the host, if there is one, and wait for its end."""
        pid = self.home.places.holder()
        if pid is not None:
            kill(pid)


def function(number: int, other: int) -> str:
    """A file's text: words that no other file of its kind has, and a call."""
    return (
        f"from pkg.part_{other} import handle_{other}\n\n\n"
        f"def handle_{number}(wares):\n"
        f'    """Weigh item number {number} of the wares."""\n'
        f"    return handle_{other}(wares) + {number}\n"
    )


@contextmanager
def index_home(workspace: Path | None = None) -> Iterator[IndexHome]:
    """Folders with a path short enough for sockets, around `workspace` or an empty one; the host
    in them is ended afterwards.
    """
    folder = Path(tempfile.mkdtemp(prefix="mir-"))
    home = IndexHome(folder, workspace)
    try:
        yield home
    finally:
        home.end()
        shutil.rmtree(folder, ignore_errors=True)


def kill(pid: int) -> None:
    """Kill a process and wait until it is gone."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        os.kill(pid, signal.SIGKILL)
        select.select([handle], [], [], 10)
    except ProcessLookupError:
        pass
    finally:
        os.close(handle)


async def until_ready(client: IndexClient) -> IndexReport:
    """Wait until all there is to do is done."""
    async for report in client.follow():
        if report.phase in {"ready", "off", "failed"}:
            return report
    raise AssertionError
