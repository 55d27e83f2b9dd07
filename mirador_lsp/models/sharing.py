"""The slots of a model server, shared by all Mirador processes of one user on one machine.

A slot is a locked file: whoever holds the lock may have one request at the server, and the system
lets go of it when its holder dies, however it dies. The system tells nobody when a lock is free, so
those who wait look again many times a second.

Two more files say who waits: their locks are shared by all that do. Whoever sees that somebody
waits lets them go first once, and a background request gives way to what a user waits for in any
other process. Among several that wait the order is that of chance; other users of the same server,
and the same user on another machine, are not known.
"""

import asyncio
import fcntl
import hashlib
import logging
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from mirador_lsp.core.dialogue import Priority
from mirador_lsp.core.errors import ServiceError
from mirador_lsp.ipc.private import ensure_private

_LOOK_SECONDS = 0.03
"""Between two looks at whether a slot is free."""
_TRIES = 50
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
_log = logging.getLogger(__name__)


class SharedSlots:
    """The slots of one server, as one process sees them."""

    def __init__(self, folder: Path, server: str, slots: int) -> None:
        """`folder` is the user's runtime folder, `server` the address that all processes know it
        by.
        """
        self._folder = folder
        stem = f"slots-{hashlib.sha256(server.encode('utf-8', 'replace')).hexdigest()[:16]}"
        self._slots = [folder / f"{stem}-{number}.lock" for number in range(slots)]
        self._anybody = folder / f"{stem}-waiting.lock"
        self._users = folder / f"{stem}-urgent.lock"
        self._last = float("-inf")
        """When this process let go of a slot, in the time of the event loop."""
        self._usable: bool | None = None

    @asynccontextmanager
    async def hold(
        self,
        priority: Priority,
        *,
        give_way: Callable[[], None] | None = None,
        on_wait: Callable[[int], None] | None = None,
    ) -> AsyncIterator[None]:
        """Hold one slot for the block, once there is one.

        `give_way` is called while it is held, once a user waits in another process. `on_wait` is
        told how many requests are known to go first, and 0 in the end. Where the folder cannot be
        had, each process counts its own requests alone, and the log says so.
        """
        slot = await self._slot(priority, on_wait)
        if slot is None:
            yield
            return
        loop = asyncio.get_running_loop()
        timer: asyncio.TimerHandle | None = None

        def look() -> None:
            nonlocal timer
            if give_way is not None and _is_held(self._users):
                give_way()
            else:
                timer = loop.call_later(_LOOK_SECONDS, look)

        try:
            if give_way is not None:
                look()
            yield
        finally:
            if timer is not None:
                timer.cancel()
            os.close(slot)
            self._last = loop.time()

    async def _ready(self) -> bool:
        if self._usable is None:
            try:
                await asyncio.to_thread(ensure_private, self._folder)
                self._usable = True
            except ServiceError as error:
                _log.warning("model servers are not shared with other processes: %s", error)
                self._usable = False
        return self._usable

    async def _slot(self, priority: Priority, on_wait: Callable[[int], None] | None) -> int | None:
        """A slot, as the open file that holds it; None where there are no such files."""
        if not await self._ready():
            return None
        try:
            return await self._wait(priority, on_wait)
        except OSError as error:
            _log.warning("model servers are not shared with other processes: %s", error)
            self._usable = False
            return None

    async def _wait(self, priority: Priority, on_wait: Callable[[int], None] | None) -> int:
        loop = asyncio.get_running_loop()
        mine = loop.time() - self._last < 2 * _LOOK_SECONDS
        if not (mine and _is_held(self._anybody)) and (slot := self._take(priority)) is not None:
            return slot
        if on_wait is not None:
            on_wait(len(self._slots))
        with _saying_so(self._anybody), _saying_so(self._users, wanted=_is_urgent(priority)):
            await asyncio.sleep(2 * _LOOK_SECONDS if mine else _LOOK_SECONDS)
            while (slot := self._take(priority)) is None:  # noqa: ASYNC110 — a lock tells nobody
                await asyncio.sleep(_LOOK_SECONDS)
        if on_wait is not None:
            on_wait(0)
        return slot

    def _take(self, priority: Priority) -> int | None:
        """A slot, as the open file that holds it; None where all are taken."""
        if not _is_urgent(priority) and _is_held(self._users):
            return None
        for file in self._slots:
            if (handle := _locked(file, fcntl.LOCK_EX)) is not None:
                return handle
        return None


def _is_urgent(priority: Priority) -> bool:
    return priority < Priority.BACKGROUND


def _locked(file: Path, how: int) -> int | None:
    """The file, open and locked; None where somebody else's lock is in the way."""
    handle = os.open(file, _FLAGS, 0o600)
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


def _is_held(file: Path) -> bool:
    try:
        handle = _locked(file, fcntl.LOCK_EX)
    except OSError:  # without the file nobody can say that they wait
        return False
    if handle is None:
        return True
    os.close(handle)
    return False


@contextmanager
def _saying_so(file: Path, *, wanted: bool = True) -> Iterator[None]:
    """Share the lock of `file`, unless again and again somebody looks at it at this very moment."""
    handle = None
    for _ in range(_TRIES if wanted else 0):
        if (handle := _locked(file, fcntl.LOCK_SH)) is not None:
            break
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)
