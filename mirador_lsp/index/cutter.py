"""The process that cuts texts, as the index holds it: started when needed, ended when not."""

import asyncio
import contextlib
import logging
import os
import socket
import sys
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable

from mirador_lsp.core.errors import IndexUnavailable
from mirador_lsp.index.cutting import FROM_CUTTER, Cut, CutThis, TooMuch
from mirador_lsp.ipc.frames import WireError
from mirador_lsp.ipc.line import Line

COMMAND = (sys.executable, "-P", "-m", "mirador_lsp.index.cutter_main")
"""-P, because the working folder may hold modules of strangers."""
SECONDS = 30.0
"""How long one text may take; the process is killed then."""
_log = logging.getLogger(__name__)


class Cutter:
    """Cuts one text at a time in a process of its own."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, command: tuple[str, ...] = COMMAND
    ) -> None:
        self._clock = clock
        self._command = command
        self.used = clock()
        """When it was last asked."""
        self._process: Process | None = None
        self._line: Line[Cut | TooMuch] | None = None
        self._turn = asyncio.Lock()

    async def cut(self, asked: CutThis) -> Cut | TooMuch | None:
        """The pieces of a text; None when the process died of it, or had to be killed.

        Raises `IndexUnavailable` when no process can be started.
        """
        async with self._turn:
            self.used = self._clock()
            line = self._line or await self._start()
            try:
                line.send(asked)
                async with asyncio.timeout(SECONDS):
                    answer = await line.next()
            except WireError as error:
                _log.warning("a text could not be cut: %s", error)
                await self._kill()
                return TooMuch()
            except TimeoutError:
                answer = None
            except asyncio.CancelledError:
                # What it still says would be taken for the answer to the next one.
                await self._kill()
                raise
            if answer is None:
                await self._kill()
            return answer

    async def end(self) -> None:
        """End the process, once it has cut what it was given; the next text starts another."""
        async with self._turn:
            await self._kill()

    async def _start(self) -> Line[Cut | TooMuch]:
        ours, theirs = socket.socketpair()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                f"--fd={theirs.fileno()}",
                f"--parent={os.getpid()}",
                stdin=DEVNULL,
                stdout=DEVNULL,
                pass_fds=(theirs.fileno(),),
                cwd="/",
            )
        except OSError as error:
            ours.close()
            message = f"A process that reads files cannot be started: {error.strerror}."
            raise IndexUnavailable(message) from error
        except asyncio.CancelledError:
            ours.close()
            raise
        finally:
            theirs.close()
        _, line = await asyncio.get_running_loop().create_unix_connection(
            lambda: Line(FROM_CUTTER), sock=ours
        )
        self._line = line
        return line

    async def _kill(self) -> None:
        line, self._line = self._line, None
        process, self._process = self._process, None
        if line is not None:
            line.hang_up()
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
