"""The indexes of the workspace folders, kept going while the session lasts.

Nothing waits for them. What the user does is told to them, they are shown as progress while there
is much to do, and they stand still while the user waits for a model.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Sequence
from pathlib import Path
from typing import Any

from mirador_lsp.core.clean import plain
from mirador_lsp.core.document import folder_around
from mirador_lsp.core.errors import MiradorError, UserError
from mirador_lsp.core.events import StageProgressed, StageStarted
from mirador_lsp.core.retrieval import IndexReport
from mirador_lsp.core.tasks import Supervisor
from mirador_lsp.server.apphost import AppHost, WorkspaceIndex
from mirador_lsp.server.progress import Bar, ProgressBars

_GATHER_SECONDS = 0.1
"""Changes that come together, as when a branch is switched, are told together."""
_MOST_NAMES = 2_000
"""With more changes than these at once, everything is looked at instead."""
_WAIT_SECONDS = 0.5
"""Between two looks at whether the user still waits for a model."""
_AGAIN_SECONDS = 60.0
"""The index believes for twice as long that somebody waits who does not say so again."""
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
_MUCH_TO_READ, _MUCH_TO_EMBED = 25, 250
"""Files or chunks from which on a progress bar is worth its place."""
_READING, _EMBEDDING = "reading", "learning the meaning"
_WORKS = frozenset({"looking", "reading", "embedding"})
_STANDS = frozenset({"off", "failed", "paused"})
_log = logging.getLogger(__name__)


class Indexing:
    """Follows the indexes of the folders and tells them what happens."""

    def __init__(
        self,
        apps: AppHost,
        supervisor: Supervisor,
        bars: ProgressBars,
        waits: Callable[[], bool],
        note: Callable[[str], None],
        leaves: Callable[[str], None],
        supported: Callable[[], bool],
    ) -> None:
        """`waits` says whether the user waits for a model; `note` writes to the client's log;
        `leaves` shows what is sent elsewhere; `supported` says whether the client shows progress
        bars.
        """
        self._apps = apps
        self._supervisor = supervisor
        self._bars = bars
        self._waits = waits
        self._note = note
        self._leaves = leaves
        self._supported = supported
        self._followed: dict[Path, asyncio.Task[None]] = {}
        self._said: set[str] = set()
        self._gathered: dict[Path, dict[str, None]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._watching: asyncio.Task[None] | None = None

    def follow(self, folders: Sequence[Path]) -> None:
        """Keep the indexes of exactly these folders going. Returns at once."""
        for folder in [each for each in self._followed if each not in folders]:
            self._followed.pop(folder).cancel()
        for folder in folders:
            if folder not in self._followed or self._followed[folder].done():
                keeping = self._keep(folder)
                self._followed[folder] = self._supervisor.start(keeping, f"index {folder.name}")

    def opened(self, path: Path | None) -> None:
        """The user has opened a file."""
        place = self._place(path)
        if place is not None:
            folder, name = place
            work = self._ask(folder, lambda index: index.opened([name]))
            self._supervisor.start(work, "index: opened")

    def changed(self, paths: Iterable[Path | None]) -> None:
        """Files were written, made or removed."""
        for path in paths:
            place = self._place(path)
            if place is not None:
                self._gathered.setdefault(place[0], {})[place[1]] = None
        if self._gathered and self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(_GATHER_SECONDS, self._tell_changed)

    def poke(self) -> None:
        """Something was begun that may have the user wait for a model."""
        if self._followed and (self._watching is None or self._watching.done()):
            self._watching = self._supervisor.start(self._while_waiting(), "index: busy")

    def stop(self) -> None:
        """Follow nothing any more. The indexes go on for others."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._gathered.clear()
        for task in (*self._followed.values(), self._watching):
            if task is not None:
                task.cancel()
        self._followed.clear()

    def _place(self, path: Path | None) -> tuple[Path, str] | None:
        """The followed folder in which a file lies, the innermost one, and its name there."""
        if path is None:
            return None
        folder = folder_around(path.parent, self._followed)
        if folder is None:
            return None
        return folder, path.relative_to(folder).as_posix()

    async def _keep(self, folder: Path) -> None:
        """Have the index of a folder running, and show how far it is."""
        pause = _FIRST_PAUSE
        while True:
            shown: _Shown | None = None
            try:
                index = (await self._apps.get()).index(folder)
                shown = _Shown(folder.name, lambda: self._cancel(folder), self._bar)
                async for report in index.follow():
                    pause = _FIRST_PAUSE
                    shown.hear(report)
                    self._tell_leaving(report.sends)
                    if report.phase in _STANDS and report.reason:
                        self._say(f"index of {folder.name}: {report.reason}")
            except UserError:
                return  # the user wants none; with other settings `follow` begins again
            except MiradorError as error:
                self._say(f"index of {folder.name}: {error.sentence()}")
            finally:
                if shown is not None:
                    shown.close()
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _bar(self, title: str, cancel: Callable[[], object]) -> Bar:
        return self._bars.bar(title, cancel, supported=self._supported())

    def _cancel(self, folder: Path) -> None:
        """The user pressed the bar's button."""
        self._supervisor.start(self._ask(folder, lambda index: index.pause()), "index: stop")

    def _tell_changed(self) -> None:
        self._timer = None
        gathered, self._gathered = self._gathered, {}
        for folder, named in gathered.items():
            names = tuple(named)
            if len(names) > _MOST_NAMES:
                work = self._ask(folder, lambda index: index.build(asked=False))
            else:
                work = self._ask(folder, lambda index, names=names: index.changed(names))  # type: ignore[misc]
            self._supervisor.start(work, "index: changes")

    async def _ask(
        self, folder: Path, ask: Callable[[WorkspaceIndex], Coroutine[Any, Any, None]]
    ) -> None:
        """Tell an index something, if it can be told."""
        app = self._apps.current
        if app is None:
            return  # it looks at everything once it is open
        try:
            await ask(app.index(folder))
        except MiradorError as error:
            _log.info("the index was not told: %s", error.sentence())

    async def _while_waiting(self) -> None:
        """Tell the indexes that the user waits, for as long as that is so."""
        loop = asyncio.get_running_loop()
        told = -_AGAIN_SECONDS
        try:
            while self._waits():
                if loop.time() - told >= _AGAIN_SECONDS:
                    told = loop.time()
                    await self._tell_busy(waiting=True)
                await asyncio.sleep(_WAIT_SECONDS)
        finally:
            await self._tell_busy(waiting=False)

    async def _tell_busy(self, *, waiting: bool) -> None:
        for folder in tuple(self._followed):
            await self._ask(folder, lambda index: index.busy(waiting=waiting))

    def _tell_leaving(self, words: str) -> None:
        """Shown to the user, once a session."""
        if words and words not in self._said:
            self._said.add(words)
            self._leaves(words)

    def _say(self, words: str) -> None:
        """Into the client's log, once a session."""
        if words not in self._said:
            self._said.add(words)
            self._note(words)


class _Shown:
    """What the editor is shown of one index: a progress bar while there is much to do."""

    def __init__(
        self,
        name: str,
        cancel: Callable[[], object],
        make: Callable[[str, Callable[[], object]], Bar],
    ) -> None:
        self._name = name
        self._cancel = cancel
        self._make = make
        self._bar: Bar | None = None
        self._cancelled = False
        """No new bar appears for what is still told of the work that was to stop."""

    def hear(self, report: IndexReport) -> None:
        """Follow the work."""
        if report.phase not in _WORKS:
            self._cancelled = False
            if report.phase != "paused":
                self.close()
            return
        missing = report.chunks - report.vectors if report.embedder else 0
        if self._cancelled:
            return
        if self._bar is None:
            if report.waiting < _MUCH_TO_READ and missing < _MUCH_TO_EMBED:
                return
            self._bar = self._make(f"index of {plain(self._name, 60)}", self._end)
            stages = (_READING, _EMBEDDING) if report.embedder else (_READING,)
            for stage in stages:
                self._bar.hear(StageStarted(stage, "", "", 0))
            self._bar.appear()
        if report.phase == "embedding":
            done, total, unit, stage = report.vectors, report.chunks, "pieces", _EMBEDDING
        else:
            total = report.files + report.waiting
            done, unit, stage = report.files, "files", _READING
        self._bar.hear(StageProgressed(stage, done, total, unit))

    def _end(self) -> None:
        """The user pressed its button."""
        self._cancelled = True
        self.close()
        self._cancel()

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
