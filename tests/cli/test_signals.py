"""Ctrl-C, sent for real to real processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

_WORK = """
import asyncio, sys, time
from mirador_lsp.cli.signals import Interrupts

async def main():
    task = asyncio.current_task()
    def stop():
        print("stopping", flush=True)
        task.cancel()
    interrupts = Interrupts(stop, lambda: print("restored", flush=True))
    try:
        with interrupts:
            print("ready", flush=True)
            {work}
    except asyncio.CancelledError:
        return interrupts.code
    return 0

sys.exit(asyncio.run(main()))
"""
_WAITS = "await asyncio.Event().wait()"
_CLINGS = """
            while True:
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    print("clinging", flush=True)
"""
_BUSY = "time.sleep(60)"


@contextmanager
def working(work: str) -> Iterator["subprocess.Popen[str]"]:
    """A process that does `work` and has said that it is ready."""
    with subprocess.Popen(
        [sys.executable, "-c", _WORK.format(work=work)], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert line(process) == "ready"
            yield process
        finally:
            process.kill()


def line(process: "subprocess.Popen[str]") -> str:
    """The next line the process writes."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_signal_stops_the_work(number: int, code: int) -> None:
    """The work is cancelled and the exit code tells the signal."""
    with working(_WAITS) as process:
        os.kill(process.pid, number)
        assert line(process) == "stopping"
        assert process.wait(10) == code


def test_work_that_clings_is_ended_all_the_same() -> None:
    """Whatever hangs after the first signal, the process ends within about a second."""
    with working(_CLINGS) as process:
        begun = time.monotonic()
        os.kill(process.pid, signal.SIGINT)
        assert line(process) == "stopping"
        assert line(process) == "clinging"
        assert line(process) == "restored"
        assert process.wait(10) == 130
        # Generous: the promise is a second on a machine that is not loaded.
        assert time.monotonic() - begun < 5


def test_the_second_signal_ends_at_once_even_a_busy_loop() -> None:
    """When the event loop itself is held up, a second Ctrl-C still works."""
    with working(_BUSY) as process:
        os.kill(process.pid, signal.SIGINT)
        os.kill(process.pid, signal.SIGINT)
        assert line(process) == "restored"
        assert process.wait(10) == 130
