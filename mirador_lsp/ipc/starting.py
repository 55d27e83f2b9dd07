"""How a process becomes a host: into the background, elected by a lock, told to who started it.

The program that was started only waits for the real host, which it has put into the background, and
prints how that went: "ready", "taken" when another host lives already, or a sentence on why not.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import socket
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from mirador_lsp import __version__
from mirador_lsp.core.errors import ServiceError
from mirador_lsp.ipc.confine import confine_host
from mirador_lsp.ipc.places import PACKAGE, READY, TAKEN, Places

_BACKLOG = 64
_LOG_LIMIT = 1024 * 1024


def host_arguments() -> argparse.ArgumentParser:
    """What every host's program is told; the host's own arguments can be added."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runtime", type=Path, required=True)
    parser.add_argument("--expected", required=True, help="name of the socket the starter awaits")
    parser.add_argument("--idle-seconds", type=float, required=True)
    return parser


def become_host(
    places: Places,
    expected: str,
    serve: Callable[[socket.socket], Coroutine[Any, Any, None]],
    prepare: Callable[[], None] = lambda: None,
) -> None:
    """Put a host into the background that runs `serve`, unless there is one.

    `prepare` is called by the host that was elected, before it listens; what it raises as
    ServiceError or OSError is told to the starter.
    """
    if expected != places.socket.name:
        # The starter is other code and would wait for a host that it never sees.
        here = f"Mirador {__version__} in {PACKAGE}"
        sys.stdout.write(f"it would be that of {here}; restart the editor if that is new")
        return
    os.umask(0o077)
    reading, writing = os.pipe()
    if os.fork():
        os.close(writing)
        with os.fdopen(reading) as outcome:
            sys.stdout.write(outcome.read())
        sys.stdout.flush()
        os._exit(0)
    os.close(reading)
    _be_host(places, serve, prepare, writing)


def lives(pid: int) -> bool:
    """Whether there is a process of that number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _be_host(
    places: Places,
    serve: Callable[[socket.socket], Coroutine[Any, Any, None]],
    prepare: Callable[[], None],
    outcome: int,
) -> None:
    """The life of a host. `outcome` is told how its start went, then closed."""
    try:
        places.ensure()
        lock = places.take_lock()
        if lock is None:
            os.write(outcome, TAKEN.encode())
            return
        _detach(places.log)
        confine_host()
        prepare()
        listening = _listen(places.socket)
    except (ServiceError, OSError) as error:
        os.write(outcome, str(error).encode())
        return
    os.write(outcome, READY.encode())
    os.close(outcome)
    try:
        asyncio.run(serve(listening))
    finally:
        # Still under the lock, so this is our own socket and not that of a successor.
        places.socket.unlink(missing_ok=True)


def _listen(path: Path) -> socket.socket:
    """The listening socket. What lies at its path belongs to a host that died: we hold the lock."""
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    path.chmod(0o600)
    listening.listen(_BACKLOG)
    listening.settimeout(0)
    return listening


def _detach(log: Path) -> None:
    """Let go of the starter's input and output; from now on there is only the log."""
    with contextlib.suppress(OSError):
        if log.stat().st_size > _LOG_LIMIT:
            log.unlink()
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
    handle = os.open(log, flags, 0o600)
    os.dup2(handle, 2)
    os.close(handle)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    root = logging.getLogger("mirador_lsp")
    root.addHandler(handler)
    root.setLevel(logging.INFO)
