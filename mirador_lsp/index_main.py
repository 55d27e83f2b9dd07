"""The program of the index of a workspace, and the composition root of its process.

It wires the index with the walk over files, the embedders of `models` and the machine's power.
"""

import asyncio
import contextlib
import functools
import logging
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Collection, Generator, Sequence
from pathlib import Path

from mirador_lsp.core.ports import Embedder, Reranker
from mirador_lsp.index.embedding import Make
from mirador_lsp.index.files import Entry, Left, Text
from mirador_lsp.index.host import IndexHost, Means
from mirador_lsp.index.wire import Wishes, utf8
from mirador_lsp.ipc.clock import SystemClock
from mirador_lsp.ipc.places import Places
from mirador_lsp.ipc.starting import become_host, host_arguments
from mirador_lsp.models.embedder_files import MINILM, STATIC
from mirador_lsp.models.embedders import AUTO, NONE, make_embedder
from mirador_lsp.models.power import on_battery
from mirador_lsp.models.rerankers import make_reranker
from mirador_lsp.models.team import connect
from mirador_lsp.workspace.looking import Seen, look, read
from mirador_lsp.workspace.sources import SkipKind, Skipped

NICENESS = 10
"""How far the index stands back behind everything else, the engine included."""
_DATA_BYTES = 4 << 30
"""Memory it may have for itself; past it allocations fail instead of the machine swapping."""
_SWITCH_SECONDS = 0.001
"""How soon a thread that works lets one that answers have its turn."""
_log = logging.getLogger("mirador_lsp.index_main")  # not "__main__"


class WorkspaceFiles:
    """The files of a workspace, as the index wants them."""

    def __init__(self, root: Path, max_bytes: int) -> None:
        self._root = root
        self._max_bytes = max_bytes

    def look(self, names: Collection[str] | None, most: int) -> Generator[Entry | Left, None, None]:
        """See `index.files.Files`."""
        found = look(self._root, max_bytes=self._max_bytes, names=names, most=most)
        with contextlib.closing(found):
            for each in found:
                yield _entry(each)

    def read(self, name: str) -> Text | Left:
        """See `index.files.Files`."""
        found = read(self._root, name, max_bytes=self._max_bytes)
        if isinstance(found, Skipped):
            return Left(found.name, found.kind.value)
        return Text(found.text, found.language, found.content)


async def embedders(wishes: Wishes) -> Sequence[Embedder]:
    """The embedders that the user's settings name. Raises a `MiradorError` where one is missing."""
    if wishes.embedder == NONE:
        return ()
    make = functools.partial(make_embedder, models=Path(wishes.models), servers=wishes.servers)
    if wishes.embedder not in {AUTO, MINILM}:
        return (await make(wishes.embedder),)
    return (await make(STATIC), await make(MINILM))


def reranker(wishes: Wishes) -> Reranker:
    """The reranker that the user's settings name. Raises `UserError` for one that cannot be."""
    return make_reranker(wishes.rerank, servers=wishes.servers)


def main(make: Make = embedders, battery: Callable[[], bool] = on_battery) -> None:
    """Put the index of a workspace into the background, unless there is one."""
    parser = host_arguments()
    parser.add_argument("--name", required=True, help="which host of the user it is")
    parser.add_argument("--workspace", type=Path, required=True, help="its real path")
    parser.add_argument("--folder", type=Path, required=True, help="where the index is kept")
    arguments = parser.parse_args()
    workspace: Path = arguments.workspace
    means = Means(
        files=functools.partial(WorkspaceFiles, workspace),
        embedders=make,
        reranker=reranker,
        connect=connect,
        on_battery=battery,
        clock=SystemClock(),
        unfit=unfit(workspace),
    )
    become_host(
        Places(arguments.runtime, name=arguments.name),
        arguments.expected,
        functools.partial(_serve, workspace, arguments.folder, means, arguments.idle_seconds),
        _stand_back,
    )


def unfit(workspace: Path) -> str:
    """Why a workspace is not indexed unless the user asks for it; "" when it is."""
    try:
        home = Path.home().resolve()
    except (OSError, RuntimeError):
        return ""
    if workspace == home or workspace in home.parents:
        what = "the home folder" if workspace == home else "a folder above the home folder"
        return (
            f"The workspace is {what}, which is not indexed by itself. Open a project's folder, or "
            "build it all the same: mirador index build"
        )
    return ""


async def _serve(
    workspace: Path, folder: Path, means: Means, idle_seconds: float, listening: socket.socket
) -> None:
    host = IndexHost(utf8(str(workspace)), folder, means, idle_seconds=idle_seconds)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, host.stop)
    _log.info("listening, process %d", os.getpid())
    await host.serve(listening)
    _log.info("left")


def _stand_back() -> None:
    """Best effort: a system that lacks a measure runs without it."""
    sys.setswitchinterval(_SWITCH_SECONDS)
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("600", "ascii")
    with contextlib.suppress(OSError, ValueError):
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        most = _DATA_BYTES if hard == resource.RLIM_INFINITY else min(hard, _DATA_BYTES)
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def _entry(found: Seen | Skipped) -> Entry | Left:
    if isinstance(found, Seen):
        return Entry(found.name, found.size, found.mtime_ns)
    return Left(found.name, found.kind.value, limit=found.kind is SkipKind.LIMIT)


if __name__ == "__main__":
    main()
