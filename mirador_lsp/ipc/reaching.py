"""The way from a Mirador process to a host: find it, start it, talk to it, end it."""

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from mirador_lsp.core.errors import MiradorError, ServiceError
from mirador_lsp.ipc import frames
from mirador_lsp.ipc.hosting import Hello, Stop
from mirador_lsp.ipc.line import Line
from mirador_lsp.ipc.places import READY, TAKEN, Places

START_SECONDS = 30.0
"""How long a host may take to start and to say its first word."""
_HELLO_SECONDS = 5.0
_STOP_SECONDS = 2.0
_PATIENCE = 0.05
_T = TypeVar("_T")


@dataclass(frozen=True)
class Kind(Generic[_T]):
    """A kind of host, as those see it who ask it."""

    noun: str
    """What users call it: "engine"."""
    command: tuple[str, ...]
    """Starts its program. With -P, because the working folder may hold modules of strangers."""
    decoder: "msgspec.json.Decoder[_T]"
    """Of what it says."""
    unavailable: type[MiradorError]
    """Raised where it cannot be asked."""
    stop: str
    """The command that ends it."""


class Connection(Generic[_T]):
    """A line to a host."""

    def __init__(self, line: Line[_T], kind: Kind[_T]) -> None:
        self._line = line
        self._kind = kind

    @property
    def line(self) -> Line[_T]:
        """The line itself, for who has many questions open at once."""
        return self._line

    async def next(self) -> _T:
        """The next message. Raises the kind's error when the host is gone, TimeoutError."""
        noun = self._kind.noun
        try:
            message = await self._line.next()
        except frames.WireError as error:
            text = f"The {noun} answered with something else than a message: {error}."
            remedy = f"If it stays so: {self._kind.stop}."
            raise self._kind.unavailable(text, remedy=remedy) from error
        if message is None:
            text = f"The {noun} stopped before the reply was complete."
            # Or it runs on and does not understand: Mirador's files were replaced under it.
            again = "It is started again with the next request. "
            again += f"If it stays so: {self._kind.stop}."
            raise self._kind.unavailable(text, remedy=again)
        return message

    def send(self, message: frames.Message) -> None:
        """Send a message; one that the host no longer reads is noticed by `next`."""
        self._line.send(message)

    def expire_at(self, when: float) -> None:
        """From this time of the loop's clock on `next` raises TimeoutError."""
        self._line.expire_at(when)

    def abort(self) -> None:
        """Hang up at once; the host stops what it did for us. May be repeated."""
        self._line.hang_up()


async def find(places: Places, kind: Kind[_T]) -> Connection[_T] | None:
    """A line to the living host; None when there is none.

    Raises the kind's error when there is one that does not speak, ServiceError when its folder
    cannot be trusted.
    """
    await asyncio.to_thread(places.ensure)
    try:
        _, line = await asyncio.get_running_loop().create_unix_connection(
            lambda: Line(kind.decoder), str(places.socket)
        )
    except OSError:
        return None
    connection = Connection(line, kind)
    try:
        async with asyncio.timeout(_HELLO_SECONDS):
            hello = await connection.next()
    except kind.unavailable:
        # It was just leaving.
        connection.abort()
        return None
    except TimeoutError as error:
        connection.abort()
        message = f"The {kind.noun} runs but does not answer."
        raise kind.unavailable(message, remedy=f"End it: {kind.stop}.") from error
    except BaseException:
        connection.abort()
        raise
    if isinstance(hello, Hello):
        return connection
    connection.abort()
    message = f"What answers is not the {kind.noun}."
    raise kind.unavailable(message, remedy=f"End it: {kind.stop}.")


async def reach(
    places: Places, kind: Kind[_T], idle_seconds: float, arguments: Sequence[str] = ()
) -> Connection[_T]:
    """A line to the host, which is started if need be; `arguments` are its program's own.

    Raises the kind's error, ServiceError.
    """
    try:
        async with asyncio.timeout(START_SECONDS):
            while True:
                if connection := await find(places, kind):
                    return connection
                await _start(places, kind, idle_seconds, arguments)
    except TimeoutError as error:
        message = f"The {kind.noun} did not start within {START_SECONDS:.0f} seconds."
        raise kind.unavailable(message, remedy=f"See {places.log}.") from error


async def stop(places: Places, kind: Kind[_T]) -> bool:
    """End the host, by force when it does not listen. False when there was none."""
    pid = await asyncio.to_thread(places.holder)
    if pid is None:
        return False
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            connection = await find(places, kind)
            if connection is not None:
                connection.send(Stop())
                await _until_gone(connection, kind)
            await _until_free(places, pid)
    except (TimeoutError, kind.unavailable):
        if await asyncio.to_thread(places.holder) == pid:
            os.kill(pid, signal.SIGKILL)
    return True


async def _until_gone(connection: Connection[_T], kind: Kind[_T]) -> None:
    try:
        while True:
            await connection.next()
    except kind.unavailable:
        return
    finally:
        connection.abort()


async def _until_free(places: Places, pid: int) -> None:
    """Wait for a lock that another process holds; the system has no event for that."""
    while await asyncio.to_thread(places.holder) == pid:  # noqa: ASYNC110 — see above
        await asyncio.sleep(_PATIENCE)


async def _start(
    places: Places, kind: Kind[_T], idle_seconds: float, arguments: Sequence[str]
) -> None:
    """Start a host; when another process was faster, give its host time to listen."""
    process = await asyncio.create_subprocess_exec(
        *kind.command,
        f"--runtime={places.runtime}",
        f"--expected={places.socket.name}",
        f"--idle-seconds={idle_seconds}",
        *arguments,
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
        message = f"The {kind.noun} could not start: {outcome or last or 'it said nothing'}."
        raise ServiceError(message, remedy="Run mirador doctor.")
