"""Telling a client that what it asked for before has changed: seldom, one at a time, and no harm
done where it declines.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from pygls.exceptions import JsonRpcException

from mirador_lsp.core.tasks import Supervisor

GAP_SECONDS = 0.3
"""Between two requests to ask again; each makes the client ask for every document it shows."""
_ANSWER_SECONDS = 10.0
_log = logging.getLogger(__name__)


class Refresher:
    """Asks the client to ask again. What changes meanwhile is one further request."""

    def __init__(self, ask: Callable[[], Awaitable[object]], supervisor: Supervisor) -> None:
        """`ask` sends the request and waits for the client's answer."""
        self._ask = ask
        self._supervisor = supervisor
        self._task: asyncio.Task[None] | None = None
        self._due = False

    def soon(self) -> None:
        """Something changed; returns at once."""
        self._due = True
        if self._task is None or self._task.done():
            self._task = self._supervisor.start(self._work(), "refresh")

    def close(self) -> None:
        """Ask no more."""
        self._due = False
        if self._task is not None:
            self._task.cancel()

    async def _work(self) -> None:
        while self._due:
            self._due = False
            try:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    await self._ask()
            except (TimeoutError, JsonRpcException):
                _log.info("the client did not refresh")
            await asyncio.sleep(GAP_SECONDS)
