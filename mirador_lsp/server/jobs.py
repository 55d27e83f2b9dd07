"""What the user asked for besides reviews: explanations, answers, fixes, documentation, tests.

Every way to stop such work ends here: the cancel button of its progress bar, `$/cancelRequest`,
`mirador.cancel`, a newer job of the same kind for the same document, and the end of the session.
Each of them cancels the task that asks the model, and so the model.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from mirador_lsp.core.answers import AnswerEvent
from mirador_lsp.core.changes import ChangeEvent
from mirador_lsp.core.errors import MiradorError
from mirador_lsp.core.events import fan_out
from mirador_lsp.core.tasks import Supervisor
from mirador_lsp.server.messages import Messages
from mirador_lsp.server.progress import ProgressBars
from mirador_lsp.server.session import Session
from mirador_lsp.server.streams import Streams

Kind = Literal["explain", "ask", "fix", "document", "tests", "action", "review"]
CHANGES: frozenset[Kind] = frozenset({"fix", "document", "tests", "action"})
"""Kinds whose outcome is of no use once their document is closed."""

JobEvent = AnswerEvent | ChangeEvent
"""Everything a job can say."""
Emit = Callable[[JobEvent], None]
"""Called on the event loop; returns at once and never blocks."""

_log = logging.getLogger(__name__)


class Ending(StrEnum):
    """How a job ended."""

    FINISHED = "finished"
    STOPPED = "stopped"
    """Cancelled or superseded."""
    FAILED = "failed"
    """It could not be done, and the user was told why."""


@dataclass(frozen=True)
class Job:
    """What is done, for whom."""

    kind: Kind
    title: str
    """What the user is shown: "explain cart.py"."""
    uri: str
    """The document."""


@dataclass(eq=False)
class _Running:
    job: Job
    task: asyncio.Task[Ending]
    heard: bool = True
    """What it says is passed on; not once it was stopped."""


class Jobs:
    """Runs jobs and knows which ones run."""

    def __init__(
        self,
        supervisor: Supervisor,
        session: Session,
        bars: ProgressBars,
        streams: Streams,
        messages: Messages,
        on_start: Callable[[], None],
    ) -> None:
        """`on_start` is called before a job begins, so that what is computed ahead gives way."""
        self._supervisor = supervisor
        self._session = session
        self._bars = bars
        self._streams = streams
        self._messages = messages
        self._on_start = on_start
        self._running: dict[asyncio.Task[Ending], _Running] = {}
        """Every job that has not ended, those that were stopped and still unwind included."""

    async def run(
        self,
        job: Job,
        work: Callable[[Emit], Awaitable[None]],
        *listeners: Emit,
        work_done_token: str | int | None = None,
    ) -> Ending:
        """Do `work`, telling `listeners` what it says, and return how it ended.

        An older job of the same kind for the same document stops. Progress goes to the client's own
        `work_done_token` or, where the client shows any, to a bar of ours. A `MiradorError` becomes
        one message to the user. Cancelling the caller stops the work.
        """
        self._supersede(job)
        self._on_start()
        running: _Running | None = None

        def stop() -> None:
            if running is not None:
                self._stop(running)

        bar = self._bars.bar(job.title, stop, supported=self._session.client.progress)
        follower = self._streams.follow_job(job.uri, job.title)
        said = self._messages.listen(job.title, pops_up=job.kind not in CHANGES)
        told = fan_out(bar.hear, said, follower.hear, *listeners)

        def emit(event: JobEvent) -> None:
            if running is None or running.heard:
                told(event)

        async def do() -> Ending:
            follower.begin()
            bar.appear(work_done_token)
            try:
                await work(emit)
            except MiradorError as error:
                self._messages.refusal(error)
                return Ending.FAILED
            finally:
                bar.close()
                follower.end()
            return Ending.FINISHED

        task = self._supervisor.start(do(), f"{job.kind} {job.title}")
        running = self._running[task] = _Running(job, task)
        task.add_done_callback(lambda done: self._running.pop(done, None))
        return await self._ended(running)

    def running(self) -> tuple[Job, ...]:
        """The jobs that run, oldest first."""
        return tuple(running.job for running in self._running.values() if running.heard)

    def cancel(self, uri: str | None = None) -> int:
        """Stop the jobs of one document, or all; returns how many there were."""
        wanted = [r for r in self._running.values() if r.heard and uri in {None, r.job.uri}]
        for running in wanted:
            self._stop(running)
        return len(wanted)

    def closed(self, uri: str) -> None:
        """A document was closed: what would change it stops, what explains it goes on."""
        for running in tuple(self._running.values()):
            if running.job.uri == uri and running.job.kind in CHANGES:
                self._stop(running)

    async def cancel_all(self, grace: float = 1.5) -> None:
        """Stop every job and wait, at most `grace` seconds, until they let go of their models."""
        self.cancel()
        if self._running:
            _, late = await asyncio.wait(tuple(self._running), timeout=grace)
            for task in late:
                _log.error("%s did not end when cancelled", task.get_name())

    async def _ended(self, running: _Running) -> Ending:
        """Wait for a job. Who waits no longer wants it no longer."""
        try:
            await asyncio.wait({running.task})
        except asyncio.CancelledError:
            self._stop(running)
            raise
        return Ending.STOPPED if running.task.cancelled() else running.task.result()

    def _supersede(self, job: Job) -> None:
        for running in tuple(self._running.values()):
            if (running.job.kind, running.job.uri) == (job.kind, job.uri):
                self._stop(running)

    def _stop(self, running: _Running) -> None:
        running.heard = False
        running.task.cancel()
