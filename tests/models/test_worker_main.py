"""How the worker's program ends, run for real, without a model."""

import os
import socket
import subprocess

import pytest

from mirador_lsp import __version__
from mirador_lsp.ipc import frames
from mirador_lsp.models import wire
from mirador_lsp.models.child import WORKER_COMMAND


def _ended(said: bytes) -> tuple[int, str]:
    """A worker to whom `said` is said before the host hangs up: its exit status and its log."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        arguments = (f"--fd={theirs.fileno()}", f"--parent={os.getpid()}")
        with subprocess.Popen(
            [*WORKER_COMMAND, *arguments],
            pass_fds=(theirs.fileno(),),
            stderr=subprocess.PIPE,
            text=True,
        ) as worker:
            theirs.close()
            ours.sendall(said)
            ours.shutdown(socket.SHUT_WR)
            _, log = worker.communicate(timeout=60)
    return worker.returncode, log


@pytest.mark.parametrize("said", [b"\0\0\0\x05oops!", b"\0\0\0\x05oops", b"\xff\xff\xff\xff"])
def test_what_nobody_foresaw_is_logged(said: bytes) -> None:
    """A worker that ends by an exception says which and where, not what it held, and exits 70."""
    status, log = _ended(said)
    assert status == 70
    assert "WireError" in log
    assert "worker_main.py" in log
    assert "oops" not in log


def test_a_host_that_hangs_up_is_no_defect() -> None:
    """A worker whose host is gone ends in silence."""
    assert _ended(b"") == (0, "")


def test_a_refused_load_is_no_defect() -> None:
    """A load that is refused is told to the host, not to the log."""
    spec = wire.ModelSpec("n", "/nowhere", "0", 1, 100, 1, 64, 0, 0, "/nowhere")
    status, _ = _ended(frames.pack(wire.Load(spec, "/nowhere", f"not {__version__}")))
    assert status == 0
