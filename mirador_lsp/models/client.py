"""The way from a Mirador process to the engine host: find it, start it, talk to it."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Sequence

from mirador_lsp.core.errors import ModelUnavailable, ServiceError
from mirador_lsp.ipc import frames
from mirador_lsp.ipc.line import Line
from mirador_lsp.ipc.places import READY, TAKEN, Places
from mirador_lsp.models import wire

START_SECONDS = 30.0
"""How long a host may take to start and to say its first word."""
_HELLO_SECONDS = 5.0
_STOP_SECONDS = 2.0
_PATIENCE = 0.05
_STUCK = "If it stays so: mirador engine stop."


class Connection:
    """A line to the host, good for one request."""

    def __init__(self, line: Line[wire.FromHost]) -> None:
        self._line = line

    async def next(self) -> wire.FromHost:
        """The next message. Raises ModelUnavailable when the host is gone, TimeoutError."""
        try:
            message = await self._line.next()
        except frames.WireError as error:
            text = f"The engine answered with something else than a message: {error}."
            raise ModelUnavailable(text, remedy=_STUCK) from error
        if message is None:
            text = "The engine stopped before the reply was complete."
            raise ModelUnavailable(text, remedy="It is started again with the next request.")
        return message

    def send(self, message: wire.FromClient) -> None:
        """Send a message; one that the host no longer reads is noticed by `next`."""
        self._line.send(message)

    def expire_at(self, when: float) -> None:
        """From this time of the loop's clock on `next` raises TimeoutError."""
        self._line.expire_at(when)

    def abort(self) -> None:
        """Hang up at once; the host stops what it did for us. May be repeated."""
        self._line.hang_up()


async def find(places: Places) -> Connection | None:
    """A line to the living host; None when there is none.

    Raises ModelUnavailable when there is one that does not speak, ServiceError when its folder
    cannot be trusted.
    """
    await asyncio.to_thread(places.ensure)
    try:
        _, line = await asyncio.get_running_loop().create_unix_connection(
            lambda: Line(wire.FROM_HOST), str(places.socket)
        )
    except OSError:
        return None
    connection = Connection(line)
    try:
        async with asyncio.timeout(_HELLO_SECONDS):
            hello = await connection.next()
    except ModelUnavailable:
        # It was just leaving.
        connection.abort()
        return None
    except TimeoutError as error:
        connection.abort()
        message = "The engine runs but does not answer."
        raise ModelUnavailable(message, remedy="End it: mirador engine stop.") from error
    except BaseException:
        connection.abort()
        raise
    if isinstance(hello, wire.Hello):
        return connection
    connection.abort()
    message = "What answers is not the engine."
    raise ModelUnavailable(message, remedy="End it: mirador engine stop.")


async def reach(places: Places, idle_seconds: float, worker: Sequence[str]) -> Connection:
    """A line to the host, which is started if need be.

    Raises ModelUnavailable, ServiceError.
    """
    try:
        async with asyncio.timeout(START_SECONDS):
            while True:
                if connection := await find(places):
                    return connection
                await _start(places, idle_seconds, worker)
    except TimeoutError as error:
        message = f"The engine did not start within {START_SECONDS:.0f} seconds."
        raise ModelUnavailable(message, remedy=f"See {places.log}.") from error


async def stop(places: Places) -> bool:
    """End the host, by force when it does not listen. False when there was none."""
    pid = await asyncio.to_thread(places.holder)
    if pid is None:
        return False
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            connection = await find(places)
            if connection is not None:
                connection.send(wire.Stop())
                await _until_gone(connection)
            await _until_free(places, pid)
    except (TimeoutError, ModelUnavailable):
        if await asyncio.to_thread(places.holder) == pid:
            os.kill(pid, signal.SIGKILL)
    return True


async def _until_gone(connection: Connection) -> None:
    try:
        while True:
            await connection.next()
    except ModelUnavailable:
        return
    finally:
        connection.abort()


async def _until_free(places: Places, pid: int) -> None:
    """Wait for a lock that another process holds; the system has no event for that."""
    while await asyncio.to_thread(places.holder) == pid:  # noqa: ASYNC110 — see above
        await asyncio.sleep(_PATIENCE)


async def _start(places: Places, idle_seconds: float, worker: Sequence[str]) -> None:
    """Start a host; when another process was faster, give its host time to listen."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "mirador_lsp.models.host_main"),
        f"--runtime={places.runtime}",
        f"--expected={places.socket.name}",
        f"--idle-seconds={idle_seconds}",
        *([f"--worker={json.dumps(list(worker))}"] if worker else ()),
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        cwd="/",
        start_new_session=True,
    )
    try:
        said, complaint = await process.communicate()
    except BaseException:
        if process.returncode is None:
            process.kill()
            await process.wait()
        raise
    outcome = said.decode(errors="replace").strip()
    if outcome == TAKEN:
        await asyncio.sleep(_PATIENCE)
    elif outcome != READY:
        last = complaint.decode(errors="replace").strip().rpartition("\n")[2]
        message = f"The engine could not start: {outcome or last or 'it said nothing'}."
        raise ServiceError(message, remedy="Run mirador doctor.")
