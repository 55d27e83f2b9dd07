"""One review in the editor, from the text as it is now to its last diagnostic."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from mirador_lsp.core.dialogue import Priority
from mirador_lsp.core.errors import MiradorError
from mirador_lsp.core.events import Emit, Event, StageFailed, StageFinished, fan_out
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.server import from_lsp
from mirador_lsp.server.progress import Bar
from mirador_lsp.server.server import MiradorServer
from mirador_lsp.server.session import Outcome, Run
from mirador_lsp.settings import review_policy

_log = logging.getLogger(__name__)


def start(
    ls: MiradorServer,
    uri: str,
    trigger: Trigger,
    *,
    stages: Sequence[str] | None = None,
    lenses: Sequence[str] | None = None,
) -> Run | None:
    """Review an open document as it is at this moment; an earlier review of it stops.

    Returns None, with a line in the log, for a document that is not open or whose text is in doubt.
    """
    document = ls.session.document(uri)
    if document is None:
        _log.warning("not open, so not reviewed: %s", uri)
        return None
    if document.doubt:
        ls.messages.doubtful(document.uri, document.doubt)
        return None
    snapshot = from_lsp.snapshot(document, ls.session.folders)
    policy = review_policy(ls.settings, stages=stages, lenses=lenses)
    priority = Priority.INTERACTIVE if trigger is Trigger.COMMAND else Priority.SAVE
    request = ReviewRequest(snapshot, policy, trigger, priority=priority)
    outcome = Outcome()
    bar = ls.bars.bar(
        snapshot.name, lambda: ls.session.cancel(uri), supported=ls.session.client.progress
    )
    emit = fan_out(
        ls.publisher.listen(snapshot, policy),
        bar.hear,
        ls.messages.listen(snapshot.name),
        ls.streams.listen(snapshot),
        outcome.hear,
    )
    return ls.session.restart(snapshot, outcome, _run(ls, request, emit, bar))


async def _run(ls: MiradorServer, request: ReviewRequest, emit: Emit, bar: Bar) -> None:
    ls.streams.begin()
    try:
        app = await ls.apps.get()
        async with _turn(ls.beginning) as let_next:
            await app.review(request, fan_out(emit, let_next))
    except MiradorError as error:
        ls.messages.failure(error)
        ls.streams.fail(str(error), error.remedy)
    finally:
        bar.close()
        ls.streams.end()


@asynccontextmanager
async def _turn(gate: asyncio.Semaphore) -> AsyncIterator[Emit]:
    """Take one's turn at the gate, and give it up when the first stage is over or all is."""
    await gate.acquire()
    holding = True

    def let_next(event: Event | None) -> None:
        nonlocal holding
        if holding and (event is None or isinstance(event, StageFinished | StageFailed)):
            holding = False
            gate.release()

    try:
        yield let_next
    finally:
        let_next(None)
