"""Who is in memory, and that nobody is left there unseen."""

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from fakes.engine import WORKER
from mirador_lsp.core.errors import ModelUnavailable
from mirador_lsp.core.tasks import Supervisor
from mirador_lsp.models import wire
from mirador_lsp.models.residents import Residents


@dataclass
class Lodge:
    """Residents with fake workers."""

    folder: Path
    residents: Residents

    def spec(self, name: str) -> wire.ModelSpec:
        """A model that loads."""
        path = self.folder / name
        path.write_text("load")
        cache = str(self.folder / "cache")
        return wire.ModelSpec(name, str(path), "0", 1, 100, 1, 64, 0, 0, cache)


@asynccontextmanager
async def lodge(memory: Callable[[], int] = lambda: 1 << 40) -> AsyncIterator[Lodge]:
    """Residents in a folder of their own, closed afterwards as the host closes them."""
    supervisor = Supervisor()
    with tempfile.TemporaryDirectory(prefix="mir-") as folder:
        residents = Residents(Path(folder), WORKER, supervisor, time.monotonic, memory)
        try:
            yield Lodge(Path(folder), residents)
        finally:
            await supervisor.close()
            await residents.close()


def _runs(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize("turns_of_the_loop", range(4))
async def test_cancelled_while_a_model_makes_room(turns_of_the_loop: int) -> None:
    """Whoever is cancelled while a worker is replaced leaves no worker without a seat."""
    async with lodge() as at:
        spec = at.spec("a")
        old = await at.residents.child(spec)
        other = msgspec.structs.replace(spec, context_tokens=200)
        task = asyncio.get_running_loop().create_task(at.residents.child(other))
        for _ in range(turns_of_the_loop):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        seen = {resident.pid for resident in at.residents.report()}
        assert old.alive == (old.pid in seen)
    assert not _runs(old.pid)


async def test_cancelled_replacement_does_not_hinder_the_next() -> None:
    """After a replacement that was cancelled the model loads again, with either options."""
    async with lodge() as at:
        spec = at.spec("a")
        old = await at.residents.child(spec)
        other = msgspec.structs.replace(spec, context_tokens=200)
        task = asyncio.get_running_loop().create_task(at.residents.child(other))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        new = await at.residents.child(spec)
        assert new.alive
        assert new.pid != old.pid
        assert [resident.pid for resident in at.residents.report()] == [new.pid]
        assert not _runs(old.pid)


async def test_load_that_was_called_off_is_begun_anew() -> None:
    """A load that was cancelled to make room is not what a later request for it gets."""
    async with lodge() as at:
        spec = at.spec("a")
        other = msgspec.structs.replace(spec, context_tokens=200)
        loop = asyncio.get_running_loop()
        first = loop.create_task(at.residents.child(spec))
        await asyncio.sleep(0)
        first.cancel()
        second = loop.create_task(at.residents.child(other))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.wait([first, second])
        child = await at.residents.child(spec)
        assert child.alive
        assert child.pid != os.getpid()


@pytest.mark.parametrize(("most", "loads"), [(3, 3), (2, 9), (1, 9)])
async def test_a_switch_between_residents_loads_nothing(most: int, loads: int) -> None:
    """Three models in turn, three times: each is loaded once where three may stay, and each time
    where only two may, for it is the next one that was not used for longest.
    """
    async with lodge() as at:
        at.residents.most = most
        specs = [at.spec(name) for name in "abc"]
        seen: list[int] = []
        for _ in range(3):
            for spec in specs:
                seen.append((await at.residents.child(spec)).pid)
                assert len(at.residents.report()) <= most
    assert len(set(seen)) == loads


async def test_who_may_not_stay_any_more_goes_when_the_next_one_comes() -> None:
    """A smaller number holds from the next load on, and the latest stay."""
    async with lodge() as at:
        for name in "abc":
            await at.residents.child(at.spec(name))
        at.residents.most = 2
        await at.residents.child(at.spec("d"))
        assert [resident.name for resident in at.residents.report()] == ["c", "d"]


async def test_who_does_not_fit_beside_the_others_takes_the_place_of_the_oldest() -> None:
    """However many may stay: here two fit, for the third would take the last that is free."""
    small: list[Residents] = []

    def memory() -> int:
        return 3 * 10 - len(small[0].report()) * 10 if small else 30

    async with lodge(memory) as at:
        small.append(at.residents)
        for name in "abcd":
            spec = msgspec.structs.replace(at.spec(name), size_bytes=10)
            await at.residents.child(spec)
        assert [resident.name for resident in at.residents.report()] == ["c", "d"]


async def test_a_model_that_never_fits_is_refused_with_the_figures() -> None:
    """After everybody else has gone, which is as much room as there can be."""
    async with lodge(lambda: 5 << 20) as at:
        with pytest.raises(ModelUnavailable, match="needs 9 MiB of memory; 5 MiB are free"):
            await at.residents.child(msgspec.structs.replace(at.spec("a"), size_bytes=9 << 20))
        assert at.residents.report() == ()
