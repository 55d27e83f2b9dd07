"""The engine host, real, with workers that only pretend to have a model."""

import asyncio
import os
import signal
import socket
import stat
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.engine import EngineHome, ask, engine_home, until_gone, until_said
from mirador_lsp.core.dialogue import Limits, Prompt
from mirador_lsp.core.errors import BadReply, ContextOverflow, ModelTimeout, ModelUnavailable
from mirador_lsp.models import wire
from mirador_lsp.models.embedded import EmbeddedBackend
from mirador_lsp.models.strikes import MOST_LOADS


@pytest.fixture
def home() -> Iterator[EngineHome]:
    """The folders of a host of its own."""
    with engine_home() as made:
        yield made


def _limits() -> Limits:
    return Limits(max_tokens=50, seconds=60)


def _prompt(question: str) -> Prompt:
    return Prompt("system", "one two three", question)


async def _worker(backend: EmbeddedBackend) -> wire.Resident:
    status = await backend.status()
    assert status is not None
    (resident,) = status.residents
    return resident


async def test_answers_and_counts(home: EngineHome) -> None:
    """A reply comes through both hops whole, and its cost with it."""
    text, usage = await ask(home.backend(), "load", "say:one say:two")
    assert text == "onetwo"
    assert usage.prompt_tokens == 2
    assert usage.completion_tokens == 2
    assert usage.first_token_seconds is not None
    assert usage.first_token_seconds >= usage.wait_seconds


async def test_prompt_tokens_are_counted_for_each_model(home: EngineHome) -> None:
    """What a model was asked since it was loaded, and how much of it it had read before."""
    backend = home.backend()
    _, first = await ask(backend, "load", "say:one")
    _, second = await ask(backend, "load", "say:two")
    resident = await _worker(backend)
    assert resident.prompt_tokens == first.prompt_tokens + second.prompt_tokens > 0
    assert resident.cached_tokens == first.cached_tokens + second.cached_tokens


async def test_two_clients_starting_at_once_share_one_host(home: EngineHome) -> None:
    """However many clients find no host at the same moment, one host lives in the end."""
    backends = [home.backend() for _ in range(4)]
    texts = await asyncio.gather(*(ask(backend, "load", "say:x") for backend in backends))
    assert [text for text, _ in texts] == ["x"] * 4
    pids = {status.pid for backend in backends if (status := await backend.status())}
    assert pids == {home.places.holder()}
    assert len((await backends[0].status()).residents) == 1  # type: ignore[union-attr]


async def test_socket_and_folder_are_the_users_alone(home: EngineHome) -> None:
    """Nobody else can reach the host or read what it writes."""
    await ask(home.backend(), "load", "say:x")
    assert stat.S_IMODE(home.runtime.stat().st_mode) == 0o700
    for path in home.runtime.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


async def test_folder_open_to_others_is_refused(home: EngineHome) -> None:
    """A runtime folder that others can write to is not used."""
    home.runtime.mkdir(mode=0o700)
    home.runtime.chmod(0o755)
    with pytest.raises(ModelUnavailable, match="open to other users") as caught:
        await ask(home.backend(), "load", "say:x")
    assert "chmod 700" in caught.value.remedy
    home.runtime.chmod(0o700)


async def test_leaves_when_idle(home: EngineHome) -> None:
    """A host without work unloads its models and ends, and leaves no socket behind."""
    backend = home.backend(idle_seconds=0.3)
    await ask(backend, "load", "say:x")
    worker = await _worker(backend)
    pid = home.places.holder()
    assert pid is not None
    await asyncio.gather(until_gone(pid), until_gone(worker.pid))
    assert not home.places.socket.exists()
    assert not list(home.runtime.glob("*.sock"))
    assert await backend.status() is None


async def test_killed_worker_is_told_and_replaced(home: EngineHome) -> None:
    """When a worker is killed in the middle of a reply the client learns it; the next one works."""
    backend = home.backend()
    async with backend.open("load", _prompt("say:x await:never"), _limits()) as reply:
        pieces = aiter(reply)
        await until_said(pieces, "x")
        os.kill((await _worker(backend)).pid, signal.SIGKILL)
        with pytest.raises(ModelUnavailable, match="SIGKILL"):
            await anext(pieces)
    assert (await ask(backend, "load", "say:back"))[0] == "back"


async def test_idle_worker_that_died_is_replaced_unseen(home: EngineHome) -> None:
    """A worker that died while nobody used it costs nobody an error."""
    backend = home.backend()
    await ask(backend, "load", "say:x")
    pid = (await _worker(backend)).pid
    os.kill(pid, signal.SIGKILL)
    await until_gone(pid)
    assert (await ask(backend, "load", "say:back"))[0] == "back"


async def test_killed_host_is_told_and_replaced(home: EngineHome) -> None:
    """When the host is killed its workers die with it; the client learns it, the next one works."""
    backend = home.backend()
    async with backend.open("load", _prompt("say:x await:never"), _limits()) as reply:
        pieces = aiter(reply)
        await until_said(pieces, "x")
        worker = await _worker(backend)
        os.kill(home.places.holder() or 0, signal.SIGKILL)
        with pytest.raises(ModelUnavailable, match="engine stopped"):
            await anext(pieces)
    await until_gone(worker.pid)
    assert home.places.socket.exists()
    assert (await ask(backend, "load", "say:back"))[0] == "back"


async def test_stale_files_do_not_matter(home: EngineHome) -> None:
    """A socket nobody listens on and a lock nobody holds are left-overs."""
    home.places.ensure()
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(home.places.socket))
    left.close()
    home.places.lock.write_text("1")
    assert (await ask(home.backend(), "load", "say:x"))[0] == "x"


async def test_crash_is_told_by_its_signal(home: EngineHome) -> None:
    """An engine that aborts ends its worker, not the host, and the message says how."""
    backend = home.backend()
    with pytest.raises(ModelUnavailable, match="SIGABRT"):
        await ask(backend, "load", "die")
    assert (await ask(backend, "load", "say:back"))[0] == "back"


async def test_frames_that_are_none_count_as_a_crash(home: EngineHome) -> None:
    """A worker that sends garbage is not trusted any further."""
    backend = home.backend()
    with pytest.raises(ModelUnavailable, match="not a message"):
        await ask(backend, "load", "garbage await:never")
    assert (await ask(backend, "load", "say:back"))[0] == "back"


@pytest.mark.parametrize(("how", "words"), [("refuse", "damaged"), ("die", "SIGABRT")])
async def test_model_that_does_not_load_is_given_up(home: EngineHome, how: str, words: str) -> None:
    """A file that fails to load is tried a few times, then left alone until it changes."""
    backend = home.backend(how)
    seen: list[str] = []
    while len(seen) < 20 and not (seen and "cannot be used" in seen[-1]):
        with pytest.raises(ModelUnavailable, match=words) as caught:
            await ask(backend, how, "say:x")
        seen.append(str(caught.value))
        if "tried again" in seen[-1]:
            await asyncio.sleep(0.1)  # the pause is real time: it protects the real machine
    assert "cannot be used" in seen[-1]
    assert sum("tried again" not in line for line in seen) <= MOST_LOADS + 1
    (home.models / how).write_text("load again")
    assert (await ask(backend, how, "say:mended"))[0] == "mended"


async def test_leaving_stops_the_worker(home: EngineHome) -> None:
    """Leaving the block reaches the worker, which stops and is free for the next request."""
    backend = home.backend()
    async with backend.open("load", _prompt("say:x await:never"), _limits()) as reply:
        await until_said(aiter(reply), "x")
        pid = (await _worker(backend)).pid
    assert (await ask(backend, "load", "say:next"))[0] == "next"
    assert "abort say:x await:never" in home.journal()
    assert (await _worker(backend)).pid == pid


async def test_cancelled_task_stops_the_worker(home: EngineHome) -> None:
    """Cancelling the task that reads does the same as leaving the block."""
    backend = home.backend()
    begun = asyncio.Event()

    async def read() -> None:
        async with backend.open("load", _prompt("say:x await:never"), _limits()) as reply:
            async for _ in reply:
                begun.set()

    task = asyncio.get_running_loop().create_task(read())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await ask(backend, "load", "say:next")
    assert "abort say:x await:never" in home.journal()


async def test_deaf_worker_is_killed_and_reads_smaller_steps(home: EngineHome) -> None:
    """A worker that does not stop when told to is killed; the next one takes smaller batches."""
    backend = home.backend()
    assert (await ask(backend, "load", "batch"))[0] == "64"
    pid = (await _worker(backend)).pid
    async with backend.open("load", _prompt("say:x stick:never"), _limits()) as reply:
        await until_said(aiter(reply), "x")
        while "stuck never" not in home.journal():  # noqa: ASYNC110 — another process writes it
            await asyncio.sleep(0)
    await until_gone(pid)
    assert (await ask(backend, "load", "batch"))[0] == "32"


async def test_deadline_counts_waiting(home: EngineHome) -> None:
    """Time in the queue is time: a request that does not get its turn ends at its deadline."""
    backend = home.backend()
    async with backend.open("load", _prompt("say:x await:never"), _limits()) as reply:
        await until_said(aiter(reply), "x")
        with pytest.raises(ModelTimeout):
            await ask(backend, "load", "say:late", seconds=0.2)
    assert (await ask(backend, "load", "say:next"))[0] == "next"
    assert "start say:late" not in home.journal()


async def test_deadline_while_reading(home: EngineHome) -> None:
    """A reply that is begun and not finished in time ends with a timeout, and is stopped."""
    backend = home.backend()
    with pytest.raises(ModelTimeout):
        await ask(backend, "load", "say:x await:never", seconds=1.5)
    await ask(backend, "load", "say:next")
    assert "abort say:x await:never" in home.journal()


async def test_stopped_host_does_not_hold_anyone(home: EngineHome) -> None:
    """With a host that is frozen, entering ends at the deadline and leaving takes no time."""
    backend = home.backend()
    async with backend.open("load", _prompt("say:x await:never"), _limits()) as reply:
        await until_said(aiter(reply), "x")
        pid = home.places.holder() or 0
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(ModelTimeout):
            await ask(backend, "load", "say:late", seconds=0.2)
    async with asyncio.timeout(15):
        assert await backend.stop()
    await until_gone(pid)
    assert (await ask(backend, "load", "say:back"))[0] == "back"


async def test_overflow_is_told_on_entry(home: EngineHome) -> None:
    """A prompt that does not fit never begins."""
    with pytest.raises(ContextOverflow):
        await ask(home.backend(), "load", "full")


async def test_circles_are_stopped(home: EngineHome) -> None:
    """A model that says the same line for ever is stopped, and the worker is free again."""
    backend = home.backend()
    question = "say:12 " * 400 + "await:never"
    with pytest.raises(BadReply, match="repeated"):
        await ask(backend, "load", question)
    assert (await ask(backend, "load", "say:next"))[0] == "next"


async def test_garbage_on_the_socket_hurts_nobody(home: EngineHome) -> None:
    """Bytes that are no frame, and frames cut short, end only their own conversation."""
    backend = home.backend()
    await ask(backend, "load", "say:x")
    for rubbish in (b"GET / HTTP/1.0\r\n\r\n", struct.pack(">I", 5) + b"{}", b"\0\0\0\2{}", b"\0"):
        reader, writer = await asyncio.open_unix_connection(home.places.socket)
        writer.write(rubbish)
        writer.write_eof()
        await reader.read()
        writer.close()
        await writer.wait_closed()
    assert (await ask(backend, "load", "say:y"))[0] == "y"


async def test_stop_ends_everything(home: EngineHome) -> None:
    """Stopping ends host and workers, and replies that were open say so."""
    backend = home.backend()
    async with backend.open("load", _prompt("say:x await:never"), _limits()) as reply:
        pieces = aiter(reply)
        await until_said(pieces, "x")
        worker, pid = await _worker(backend), home.places.holder()
        assert await backend.stop()
        with pytest.raises(ModelUnavailable):
            await anext(pieces)
    await until_gone(worker.pid)
    assert home.places.holder() != pid
    assert not await backend.stop()


async def test_fourth_model_takes_the_place_of_the_oldest(home: EngineHome) -> None:
    """Memory holds a few models; the one that was not used for longest makes room."""
    files = ["load", "load2", "load3", "load4"]
    backend = home.backend(*files)
    for name in files:
        (home.models / name).write_text("load")
        await ask(backend, name, "say:x")
    status = await backend.status()
    assert status is not None
    assert [resident.name for resident in status.residents] == files[1:]


async def test_cards_name_what_is_installed(home: EngineHome) -> None:
    """Cards come without a host, and an unknown name is refused without one."""
    backend = home.backend("load", "other")
    assert [card.name for card in await backend.cards()] == ["load", "other"]
    with pytest.raises(ModelUnavailable, match="not installed") as caught:
        await ask(backend, "absent", "say:x")
    assert "mirador models pull absent" in caught.value.remedy
    assert await backend.status() is None


async def test_foreign_modules_in_the_working_folder_are_not_run(
    home: EngineHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A workspace that holds a module named like one of ours cannot run code in the engine."""
    for name in ("msgspec", "argparse", "mirador_lsp"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('hostile')")
    monkeypatch.chdir(tmp_path)
    assert (await ask(home.backend(), "load", "say:x"))[0] == "x"
