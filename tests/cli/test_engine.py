"""`mirador engine` with an engine that is not there, that idles, and that works."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from fakes.folders import own_folders
from fakes.review_app import FakeCards
from mirador_lsp.cli.engine import status, stop, with_engine
from mirador_lsp.core.ports import ModelBackend


@dataclass
class Resident:
    name: str = "tiny\x1b[2J"
    rss_bytes: int = 512 * 1024 * 1024
    busy: bool = False
    prompt_tokens: int = 0
    cached_tokens: int = 0


@dataclass
class Running:
    version: str = "0.1.0"
    pid: int = 4711
    rss_bytes: int = 20 * 1024 * 1024
    residents: tuple[Resident, ...] = (Resident(),)
    running: int = 0
    waiting: int = 0
    idle_seconds: float = 100.0
    leaves_after: float = 300.0


class FakeEngine(FakeCards):
    """A backend with an engine process."""

    def __init__(self, told: Running | None) -> None:
        super().__init__(())
        self.told = told

    async def status(self) -> Running | None:
        return self.told

    async def stop(self) -> bool:
        ran, self.told = self.told is not None, None
        return ran


@dataclass
class App:
    backend: ModelBackend

    @asynccontextmanager
    async def opened(self, _settings: object) -> AsyncIterator["App"]:
        """Stands where `open_app` does."""
        yield self


@pytest.fixture(autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, folder in own_folders(tmp_path_factory.mktemp("own")).items():
        monkeypatch.setenv(name, folder)


async def test_an_idle_engine_tells_what_it_holds(capsys: pytest.CaptureFixture[str]) -> None:
    """Process, memory, models and the time until it leaves; names are made safe."""
    assert await with_engine(status, App(FakeEngine(Running())).opened) == 0
    text = capsys.readouterr().out
    assert "process 4711, 532 MiB" in text
    assert "tiny[2J: idle, 512 MiB" in text
    assert "leaves in 3 min 20 s" in text


async def test_a_busy_engine_tells_what_waits(capsys: pytest.CaptureFixture[str]) -> None:
    """Running and waiting requests are counted."""
    busy = Running(residents=(Resident(busy=True),), running=1, waiting=2)
    assert await with_engine(status, App(FakeEngine(busy)).opened) == 0
    assert "1 request running, 2 waiting." in capsys.readouterr().out


async def test_what_was_not_read_again_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """The share of prompt tokens that were known already; nothing before the first request."""
    told = Running(residents=(Resident(prompt_tokens=12_000, cached_tokens=9_000), Resident()))
    assert await with_engine(status, App(FakeEngine(told)).opened) == 0
    worked, fresh = (line for line in capsys.readouterr().out.splitlines() if line[:2] == "  ")
    assert worked.endswith("75 % of 12,000 prompt tokens reused")
    assert "reused" not in fresh


async def test_stopping_twice_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    """The first stop ends it, the second finds nothing, and both are fine."""
    opened = App(FakeEngine(Running())).opened
    assert await with_engine(stop, opened) == 0
    assert await with_engine(stop, opened) == 0
    assert capsys.readouterr().out.splitlines() == [
        "The engine has stopped.",
        "The engine does not run.",
    ]


async def test_no_engine_says_when_it_starts(capsys: pytest.CaptureFixture[str]) -> None:
    """Without an engine there is nothing wrong, and it says so."""
    assert await with_engine(status, App(FakeEngine(None)).opened) == 0
    assert "It starts with the first review" in capsys.readouterr().out


async def test_a_backend_without_engine(capsys: pytest.CaptureFixture[str]) -> None:
    """A backend that is no process of ours is left alone."""
    assert await with_engine(stop, App(FakeCards(())).opened) == 0
    assert "no engine of its own" in capsys.readouterr().err
