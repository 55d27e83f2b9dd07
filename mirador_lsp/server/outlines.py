"""Outlines of the open documents, parsed once for each text and never waited for when slow."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import MiradorError
from mirador_lsp.core.outline import Outline
from mirador_lsp.core.tasks import Supervisor
from mirador_lsp.server.apphost import AppHost

SOON_SECONDS = 0.015
"""What a request that has to be quick waits for a parse that has just begun."""
_MOST_OUTLINES = 64
_log = logging.getLogger(__name__)

_Key = tuple[str, str]


class Outlines:
    """What the parser said of texts, the latest ones."""

    def __init__(self, apps: AppHost, supervisor: Supervisor) -> None:
        self._apps = apps
        self._supervisor = supervisor
        self._known: OrderedDict[_Key, Outline] = OrderedDict()
        self._parsing: dict[str, tuple[_Key, asyncio.Task[Outline | None]]] = {}
        """By URI; a later text of a document takes the place of the one before."""

    def known(self, snapshot: Snapshot) -> Outline | None:
        """The outline of exactly this text, if it is there."""
        key = _key(snapshot)
        outline = self._known.get(key)
        if outline is not None:
            self._known.move_to_end(key)
        return outline

    async def soon(self, snapshot: Snapshot, seconds: float = SOON_SECONDS) -> Outline | None:
        """The outline, if it is there or comes within `seconds`; else None while it is made."""
        outline = self.known(snapshot)
        if outline is not None:
            return outline
        done, _ = await asyncio.wait({self._parse(snapshot)}, timeout=seconds)
        return _result(done.pop()) if done else None

    async def get(self, snapshot: Snapshot) -> Outline | None:
        """The outline; None when it cannot be had or a later text of the document took its place.

        Not for requests that have to be quick.
        """
        outline = self.known(snapshot)
        if outline is not None:
            return outline
        task = self._parse(snapshot)
        await asyncio.wait({task})
        return _result(task)

    def want(self, snapshot: Snapshot, then: Callable[[], None]) -> None:
        """Have it parsed in the background and call `then` when it is there."""
        if self.known(snapshot) is None:
            self._parse(snapshot).add_done_callback(
                lambda task: None if _result(task) is None else then()
            )

    def clear(self) -> None:
        """Forget everything: the parser is another one, or has other limits."""
        for _, task in self._parsing.values():
            task.cancel()
        self._parsing.clear()
        self._known.clear()

    def _parse(self, snapshot: Snapshot) -> "asyncio.Task[Outline | None]":
        key = _key(snapshot)
        running = self._parsing.get(snapshot.uri)
        if running is not None:
            if running[0] == key:
                return running[1]
            running[1].cancel()
        task = self._supervisor.start(self._ask(snapshot), f"outline {snapshot.name}")
        self._parsing[snapshot.uri] = key, task
        task.add_done_callback(lambda done: self._ended(snapshot.uri, done))
        return task

    async def _ask(self, snapshot: Snapshot) -> Outline | None:
        try:
            app = await self._apps.get()
        except MiradorError as error:
            _log.info("no outline: %s", error)
            return None
        outline = self._known[_key(snapshot)] = await app.outline(snapshot)
        while len(self._known) > _MOST_OUTLINES:
            self._known.popitem(last=False)
        return outline

    def _ended(self, uri: str, task: "asyncio.Task[Outline | None]") -> None:
        running = self._parsing.get(uri)
        if running is not None and running[1] is task:
            del self._parsing[uri]


def _key(snapshot: Snapshot) -> _Key:
    return snapshot.language, snapshot.content_hash


def _result(task: "asyncio.Task[Outline | None]") -> Outline | None:
    return None if task.cancelled() or task.exception() is not None else task.result()
