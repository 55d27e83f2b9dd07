"""The parse worker: lost, frozen, lying and cancelled children."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from fakes.parse_child import COMMAND
from fakes.samples import SAMPLES
from mirador_lsp.analysis.worker import MAX_SENT, ParseWorker
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import AnalyzerError
from mirador_lsp.core.health import Health

GOOD = SAMPLES["python"]


def snapshot(text: str, language: str = "python") -> Snapshot:
    """A document with this text."""
    return Snapshot("stdin:sample", "sample", language, text)


@pytest.fixture
async def shaky() -> AsyncIterator[ParseWorker]:
    """A worker whose child does what the text says, and is not waited for long."""
    worker = ParseWorker(command=COMMAND, patience_seconds=5)
    yield worker
    await worker.close()


@pytest.fixture
async def worker() -> AsyncIterator[ParseWorker]:
    """The real thing."""
    worker = ParseWorker(budget_seconds=5)
    yield worker
    await worker.close()


async def works(worker: ParseWorker) -> bool:
    """Whether a sound text gets its outline."""
    outline = await worker.outline(snapshot(GOOD))
    return [symbol.path for symbol in outline.symbols] == ["run", "Box", "Box.fill"]


@pytest.mark.parametrize("fault", ["EXIT", "GARBAGE", "OTHER"])
async def test_a_fatal_text_is_quarantined_and_the_next_one_works(
    shaky: ParseWorker, fault: str
) -> None:
    """A text that loses two children is read by lines from then on; others are not touched."""
    outline = await shaky.outline(snapshot(fault))
    assert "2 times" in outline.note
    assert [unit.pieces[0].end for unit in outline.units] == [len(fault)]
    assert await works(shaky)
    child = shaky._child
    assert "2 times" in (await shaky.outline(snapshot(fault))).note
    assert shaky._child is child, "a quarantined text was given to the child"


async def test_quarantine_is_for_one_kind_of_work(shaky: ParseWorker) -> None:
    """A text that is fatal to the outline is still given to the rules, which say so themselves."""
    await shaky.outline(snapshot("EXIT"))
    with pytest.raises(AnalyzerError, match="2 times"):
        await shaky.analyze(snapshot("EXIT"))
    assert await works(shaky)


async def test_a_frozen_child_is_replaced() -> None:
    """A child that does not answer in time is killed, and the next text gets another."""
    worker = ParseWorker(command=COMMAND, patience_seconds=0.3)
    outline = await worker.outline(snapshot("HANG"))
    assert "2 times" in outline.note
    worker._patience = 30
    assert await works(worker)
    await worker.close()


async def test_killed_while_working(shaky: ParseWorker, tmp_path: Path) -> None:
    """A child killed by somebody else in the middle of a text is replaced; the text is answered."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    asked = asyncio.ensure_future(shaky.outline(snapshot(f"SIGNAL {pipe}")))  # noqa: TID251 — a test
    pid = int(await asyncio.to_thread(pipe.read_text))
    os.kill(pid, signal.SIGKILL)
    assert (await asked).units
    assert shaky._strikes == {}, "an answered text has no strike"
    assert await works(shaky)


async def test_killed_while_idle(worker: ParseWorker) -> None:
    """A child that died while nobody asked it anything is replaced without a trace."""
    assert await works(worker)
    child = worker._child
    assert child is not None
    os.kill(child.pid, signal.SIGKILL)
    await child._process.wait()
    assert await works(worker)
    assert worker._strikes == {}


async def test_a_lying_child_is_not_believed(shaky: ParseWorker) -> None:
    """Places outside the text never reach the caller."""
    outline = await shaky.outline(snapshot("OUTSIDE"))
    assert outline.symbols == ()
    assert "outside the text" in outline.note
    with pytest.raises(AnalyzerError, match="outside the text"):
        await shaky.analyze(snapshot("OUTSIDE"))


async def test_cancelling_a_request_harms_no_other(shaky: ParseWorker, tmp_path: Path) -> None:
    """After a cancelled request, in work or waiting, answers still go to who asked for them."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    working = asyncio.ensure_future(shaky.outline(snapshot(f"SIGNAL {pipe}")))  # noqa: TID251
    pid = int(await asyncio.to_thread(pipe.read_text))
    waiting = asyncio.ensure_future(shaky.outline(snapshot("x = 1")))  # noqa: TID251
    last = asyncio.ensure_future(shaky.outline(snapshot(GOOD)))  # noqa: TID251
    await asyncio.sleep(0)
    working.cancel()
    waiting.cancel()
    results = await asyncio.gather(working, waiting, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results)
    os.kill(pid, signal.SIGKILL)
    assert len((await last).symbols) == 3


async def test_requests_are_answered_each_with_its_own(worker: ParseWorker) -> None:
    """Many requests at once get the outlines of their own texts."""
    texts = [f"def f{n}():\n    a = {n}\n    return a\n" for n in range(30)]
    outlines = await asyncio.gather(*(worker.outline(snapshot(text)) for text in texts))
    assert [outline.symbols[0].path for outline in outlines] == [f"f{n}" for n in range(30)]


@pytest.mark.parametrize("command", [("/no/such/program",), (sys.executable, "-c", "pass")])
async def test_a_child_that_cannot_start(command: tuple[str, ...]) -> None:
    """Without a parser there are lines and a reason, analysis is an error, and starts are rare."""
    worker = ParseWorker(command=command)
    outline = await worker.outline(snapshot(GOOD))
    assert outline.units
    assert "the parser" in outline.note
    with pytest.raises(AnalyzerError, match="the parser"):
        await worker.analyze(snapshot(GOOD))
    check = await worker.health()
    assert check.health is Health.WARNING
    assert check.remedy
    worker._lost_in_a_row = 9
    worker._back_off()
    assert "not started again" in (await worker.outline(snapshot(GOOD))).note
    await worker.close()


async def test_closing_answers_who_waits(tmp_path: Path) -> None:
    """Nobody waits for ever: a closed worker answers, with a reason, and its child is gone."""
    worker = ParseWorker(command=COMMAND, patience_seconds=60)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    asked = [
        asyncio.ensure_future(worker.outline(snapshot(text)))  # noqa: TID251
        for text in (f"SIGNAL {pipe}", GOOD)
    ]
    pid = int(await asyncio.to_thread(pipe.read_text))
    await worker.close()
    for outline in await asyncio.gather(*asked):
        assert "closed" in outline.note
    assert not psutil.pid_exists(pid)
    assert "closed" in (await worker.outline(snapshot(GOOD))).note
    with pytest.raises(AnalyzerError, match="closed"):
        await worker.analyze(snapshot(GOOD))
    await worker.close()


async def test_health_names_the_isolation(worker: ParseWorker) -> None:
    """A healthy worker says how far it is isolated, and claims only what it reached."""
    check = await worker.health()
    assert check.health is Health.OK
    if sys.platform == "linux":
        for measure in ("memory limit", "no core dumps", "ends with its parent"):
            assert measure in check.detail
        assert worker._child is not None
        limits = psutil.Process(worker._child.pid).rlimit(psutil.RLIMIT_AS)
        assert limits == (1 << 30, 1 << 30)


async def test_modules_of_the_current_folder_are_not_imported(
    worker: ParseWorker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reviewed folder cannot plant a module that the child would import."""
    for name in ("msgspec", "tree_sitter", "mirador_lsp", "struct", "ctypes"):
        (tmp_path / f"{name}.py").write_text("open('planted', 'w').close(); raise SystemExit\n")
    monkeypatch.chdir(tmp_path)
    assert await works(worker)
    assert not (tmp_path / "planted").exists()


async def test_texts_too_long_to_send(worker: ParseWorker) -> None:
    """A text beyond every limit starts no child, and says that it was not looked at."""
    huge = snapshot("x" * (MAX_SENT + 1))
    outline = await worker.outline(huge)
    assert outline.units == ()
    assert "larger" in outline.note
    with pytest.raises(AnalyzerError, match="characters"):
        await worker.analyze(huge)
    assert worker._child is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_the_child_ends_with_its_client() -> None:
    """When the client is killed, its child does not stay behind."""
    code = (
        "import asyncio, signal\n"
        "from mirador_lsp.analysis.worker import ParseWorker\n"
        "async def main():\n"
        "    worker = ParseWorker()\n"
        "    await worker.health()\n"
        "    print(worker._child.pid, flush=True)\n"
        "    signal.pause()\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as client:
        assert client.stdout is not None
        child = psutil.Process(int(client.stdout.readline()))
        client.kill()
    assert child.wait(timeout=20) is None or not child.is_running()
