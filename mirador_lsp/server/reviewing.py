"""One review in the editor, from the text as it is now to its last diagnostic."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Literal

from mirador_lsp.core.clean import plain
from mirador_lsp.core.dialogue import Priority
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import MiradorError
from mirador_lsp.core.events import (
    Emit,
    Event,
    StageFailed,
    StageFinished,
    StageStarted,
    fan_out,
)
from mirador_lsp.core.policy import INSTANT
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.core.text import Span
from mirador_lsp.server import carry, from_lsp
from mirador_lsp.server.progress import Bar
from mirador_lsp.server.server import MiradorServer
from mirador_lsp.server.session import Outcome, Part, Run, Wish
from mirador_lsp.server.streams import Follower
from mirador_lsp.settings import review_policy

_log = logging.getLogger(__name__)


def want(ls: MiradorServer, uri: str, trigger: Trigger) -> None:
    """Review a document if the settings want it; while they are being read, or reviewing is
    paused, remember to.
    """
    wish = Wish(trigger)
    if ls.paused or not ls.settled.is_set():
        ls.session.wanted[uri] = wish
    elif _allowed(ls, wish):
        start(ls, uri, wish)


def start_wanted(ls: MiradorServer) -> None:
    """The settings are known: begin what was wanted before, and what they want themselves."""
    wanted, ls.session.wanted = ls.session.wanted, {}
    for uri in ls.session.uris():
        wishes = (wanted.get(uri), Wish(Trigger.OPEN))
        wish = next((wish for wish in wishes if wish and _allowed(ls, wish)), None)
        if wish is not None and ls.paused and wish.trigger is not Trigger.COMMAND:
            ls.session.wanted[uri] = wish
        elif wish is not None:
            start(ls, uri, wish)


def _allowed(ls: MiradorServer, wish: Wish) -> bool:
    match wish.trigger:
        case Trigger.OPEN:
            return ls.settings.server.review_on_open
        case Trigger.SAVE:
            return ls.settings.server.review_on_save
        case Trigger.COMMAND | Trigger.CLI:
            return True


def start(ls: MiradorServer, uri: str, wish: Wish) -> Run | None:
    """Review an open document as it is at this moment; an earlier review of it stops.

    Returns None, with a line in the log, for a document that is not open or whose text is in doubt.
    """
    document = ls.session.document(uri)
    if document is None:
        _log.warning("not open, so not reviewed: %s", plain(uri, 200))
        return None
    if document.doubt:
        ls.messages.doubtful(plain(document.uri, 200), document.doubt)
        return None
    snapshot = from_lsp.snapshot(document, ls.session.folders)
    request = _request(ls, snapshot, wish)
    policy, only = request.policy, request.only
    outcome = Outcome()
    follower = ls.streams.follow(snapshot)
    teller = ls.feed.follow(snapshot)
    bar = ls.bars.bar(
        snapshot.name, lambda: ls.session.cancel(uri), supported=ls.session.client.progress
    )
    emit = fan_out(
        ls.publisher.listen(snapshot, policy, only),
        ls.evidence.listen(snapshot.uri),
        bar.hear,
        ls.messages.listen(snapshot.name),
        follower.hear,
        teller.hear,
        outcome.hear,
    )

    async def work() -> None:
        how: Literal["stopped", "failed"] = "failed"
        try:
            await _run(ls, request, emit, bar, follower)
        except asyncio.CancelledError:
            how = "stopped"
            raise
        finally:
            teller.end(how)
        ls.on_review_end()
        if wish.stages is not None or only is not None:
            return
        if outcome.thorough:
            ls.session.reviewed(snapshot)

    run = ls.session.restart(snapshot, wish, work(), outcome, follower.stop)
    ls.indexing.poke()
    return run


def _request(ls: MiradorServer, snapshot: Snapshot, wish: Wish) -> ReviewRequest:
    """What is asked of the engine for a wish."""
    policy = review_policy(ls.settings, stages=wish.stages, lenses=wish.lenses)
    part = _part(snapshot, wish)
    return ReviewRequest(
        snapshot,
        replace(policy, panel=wish.models),
        wish.trigger,
        focus=_focus(ls, snapshot, wish),
        priority=Priority.INTERACTIVE if wish.trigger is Trigger.COMMAND else Priority.SAVE,
        only=part.spans if part is not None else None,
        known=ls.session.known(snapshot.uri),
        before=part.before if part is not None else None,
        caused=part.caused if part is not None else (),
    )


def mended(ls: MiradorServer, uri: str, text: str | None = None) -> None:
    """Look at the facts again once a document reads as our change has made it: `text` says how,
    when the client has taken the change. What the change mended goes without waiting for a save.
    """
    if text is not None:
        ls.session.mended[uri] = text
    document = ls.session.document(uri)
    if document is None or ls.session.mended.get(uri) != document.text:
        return
    del ls.session.mended[uri]
    # A review that runs is about the older text; the next save begins another, as always.
    if ls.settled.is_set() and ls.session.run_of(uri) is None:
        start(ls, uri, Wish(Trigger.COMMAND, stages=(INSTANT,)))


def _focus(ls: MiradorServer, snapshot: Snapshot, wish: Wish) -> Span | None:
    """After a save: what was edited since the text was last reviewed."""
    seen = ls.session.seen(snapshot.uri)
    if seen is None or wish.trigger is not Trigger.SAVE:
        return None
    return carry.edited(seen, snapshot)


def _part(snapshot: Snapshot, wish: Wish) -> Part | None:
    """What of the document is meant; None for all of it."""
    part = wish.part
    return part if part is not None and part.content_hash == snapshot.content_hash else None


async def _run(
    ls: MiradorServer, request: ReviewRequest, emit: Emit, bar: Bar, follower: Follower
) -> None:
    follower.begin()
    try:
        app = await ls.apps.get()
        async with _turn(ls.beginning) as let_next:
            await app.review(request, fan_out(emit, let_next))
    except MiradorError as error:
        ls.messages.failure(error)
        ls.streams.fail(str(error), error.remedy)
    finally:
        bar.close()
        follower.end()


@asynccontextmanager
async def _turn(gate: asyncio.Semaphore) -> AsyncIterator[Emit]:
    """Take one's turn at the gate, and give it up once the analyzers are through or all is over.

    A model stage does not hold the gate: models have a queue of their own, and it is a long one.
    """
    await gate.acquire()
    holding = True

    def let_next(event: Event | None) -> None:
        nonlocal holding
        if holding and (event is None or _past_analyzers(event)):
            holding = False
            gate.release()

    try:
        yield let_next
    finally:
        let_next(None)


def _past_analyzers(event: Event) -> bool:
    match event:
        case StageFinished() | StageFailed():
            return True
        case StageStarted(stage=stage):
            return stage != INSTANT
        case _:
            return False
