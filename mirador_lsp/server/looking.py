"""Looks now and then which models the stages run on and what waits for them, for the status bar."""

import asyncio
import logging

from mirador_lsp.core.errors import MiradorError
from mirador_lsp.core.tasks import Supervisor
from mirador_lsp.server.apphost import AppHost
from mirador_lsp.server.streams import Streams

_log = logging.getLogger(__name__)


class LookInside:
    """Asks the application, and tells the client's status. Only for clients that want to know."""

    def __init__(self, apps: AppHost, supervisor: Supervisor, streams: Streams) -> None:
        self._apps = apps
        self._supervisor = supervisor
        self._streams = streams
        self._looking: asyncio.Task[None] | None = None

    def soon(self) -> None:
        """Something ended or changed. One look at a time; the next end brings the next."""
        busy = self._looking is not None and not self._looking.done()
        if self._streams.wants_status and not busy and not self._supervisor.closed:
            self._looking = self._supervisor.start(self._look(), "look inside")

    async def _look(self) -> None:
        try:
            app = await self._apps.get()
            self._streams.inside(await app.workings())
        except MiradorError as error:
            _log.info("what the stages run on is not known: %s", error)
