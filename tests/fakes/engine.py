"""An engine host of one's own: the real one, with real or fake workers, in a short-lived folder."""

import asyncio
import json
import os
import select
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from mirador_lsp.core.dialogue import Chunk, Limits, Prefill, Priority, Prompt, Usage
from mirador_lsp.core.ports import ModelBackend
from mirador_lsp.ipc.places import Places
from mirador_lsp.models.catalogue import find
from mirador_lsp.models.embedded import EmbeddedBackend, EngineOptions, InstalledModel
from mirador_lsp.settings import Paths, paths

WORKER = (sys.executable, "-P", str(Path(__file__).with_name("engine_worker.py")))
REAL_NAME = "qwen2.5-coder-0.5b"
REAL_MODEL = paths(os.environ).models / find(REAL_NAME).file_name


class EngineHome:
    """The folders of one host, and what is installed for it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.runtime = folder / "run"
        self.played = folder / "prefixes"
        """Where prefixes are kept, and where the fake worker looks for files."""
        self.models = folder / "models"
        self.models.mkdir(exist_ok=True)
        self.places = Places(self.runtime)

    def paths(self, users: Paths) -> Paths:
        """The user's folders, but for what is kept: what a model said of old must not be found."""
        return replace(users, cache=self._folder / "cache", state=self._folder / "state")

    def release(self, name: str) -> None:
        """Make the file appear that a fake worker awaits."""
        self.played.mkdir(parents=True, exist_ok=True)
        (self.played / name).touch()

    def journal(self) -> list[str]:
        """What the fake workers did, in order."""
        path = self.played / "journal"
        return path.read_text().splitlines() if path.exists() else []

    def backend(
        self, *files: str, idle_seconds: float = 20.0, worker: Sequence[str] = WORKER
    ) -> EmbeddedBackend:
        """A backend over fake models; a file's name says how it loads: "load", "refuse", "die"."""
        for name in files or ("load",):
            (self.models / name).write_text(f"{name} now")
        return EmbeddedBackend(
            lambda: [self._fake(path) for path in sorted(self.models.iterdir())],
            EngineOptions(idle_seconds=idle_seconds),
            runtime=self.runtime,
            cache=self.played,
            worker=worker,
        )

    def real_backend(self, options: EngineOptions | None = None) -> EmbeddedBackend:
        """A backend over the real small model and the real engine."""
        model = InstalledModel(
            name=REAL_NAME,
            path=REAL_MODEL,
            digest="0" * 64,
            size_bytes=REAL_MODEL.stat().st_size,
            context_tokens=32768,
            parameters=0.5,
            infill=True,
        )
        return EmbeddedBackend(
            lambda: [model],
            options or EngineOptions(context_tokens=2048, idle_seconds=60),
            runtime=self.runtime,
            cache=self.played,
        )

    def _fake(self, path: Path) -> InstalledModel:
        return InstalledModel(path.name, path, "f" * 64, path.stat().st_size, 4096, 0.5)


@contextmanager
def engine_home() -> Iterator[EngineHome]:
    """Folders with a path short enough for sockets; the host in them is ended afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="mir-"))
    home = EngineHome(folder)
    try:
        yield home
    finally:
        _end(home.places.holder())
        shutil.rmtree(folder)


def _end(pid: int | None) -> None:
    """Kill a host and wait for it; its workers die with it."""
    if pid is None:
        return
    handle = os.pidfd_open(pid)
    os.kill(pid, signal.SIGKILL)
    select.select([handle], [], [], 10)
    os.close(handle)


async def ask(
    backend: ModelBackend,
    model: str,
    question: str,
    *,
    seconds: float = 60.0,
    priority: Priority = Priority.SAVE,
) -> tuple[str, Usage]:
    """The whole reply to a question, and what it cost."""
    limits = Limits(max_tokens=100, seconds=seconds, priority=priority)
    async with backend.open(model, Prompt("system", "some material", question), limits) as reply:
        pieces = [piece async for piece in reply]
        text = "".join(piece.text for piece in pieces if isinstance(piece, Chunk))
        return text, reply.usage


async def until_said(reply_pieces: object, text: str) -> None:
    """Read a reply until `text` has come."""
    async for piece in reply_pieces:  # type: ignore[attr-defined]
        if isinstance(piece, Chunk) and text in piece.text:
            return
        assert isinstance(piece, Chunk | Prefill)


async def until_gone(pid: int) -> None:
    """Until a process has ended, whoever's child it is."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(handle, ended.set)
        await ended.wait()
    finally:
        asyncio.get_running_loop().remove_reader(handle)
        os.close(handle)


def journal_of(path: Path) -> list[dict[str, str]]:
    """The lines a scripted backend wrote."""
    return [json.loads(line) for line in path.read_text().splitlines()]
