"""The program of the engine host."""

import asyncio
import functools
import logging
import os
import signal
import socket
import time
from pathlib import Path

import msgspec

from mirador_lsp.ipc.places import Places
from mirador_lsp.ipc.starting import become_host, host_arguments, lives
from mirador_lsp.models.child import WORKER_COMMAND
from mirador_lsp.models.host import EngineHost

_log = logging.getLogger("mirador_lsp.models.host_main")  # not "__main__"


def main() -> None:
    """Put a host into the background, unless there is one."""
    parser = host_arguments()
    parser.add_argument("--worker", default="", help="JSON list: another worker program")
    arguments = parser.parse_args()
    places = Places(arguments.runtime)
    worker = msgspec.json.decode(arguments.worker, type=list[str]) if arguments.worker else None
    become_host(
        places,
        arguments.expected,
        functools.partial(_serve, places, arguments.idle_seconds, worker or WORKER_COMMAND),
        functools.partial(_sweep, places.runtime),
    )


async def _serve(
    places: Places,
    idle_seconds: float,
    worker: "list[str] | tuple[str, ...]",
    listening: socket.socket,
) -> None:
    host = EngineHost(places.runtime, worker, idle_seconds=idle_seconds, clock=time.monotonic)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, host.stop)
    _log.info("listening, process %d", os.getpid())
    await host.serve(listening)
    _log.info("left")


def _sweep(runtime: Path) -> None:
    """Remove sockets of workers whose host was killed."""
    for left in runtime.glob("w*-*.sock"):
        pid = left.name[1:].split("-")[0]
        if pid.isdigit() and not lives(int(pid)):
            left.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
