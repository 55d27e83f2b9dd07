"""The commands that review: a file, a selection, a symbol, what changed, the workspace."""

import asyncio
from collections.abc import Sequence
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from mirador_lsp.core.errors import UserError
from mirador_lsp.core.events import Hush
from mirador_lsp.core.requests import Trigger
from mirador_lsp.core.text import Span
from mirador_lsp.server import reports, reviewing, workspace_review
from mirador_lsp.server.arguments import about_document, an_object, must_be_open, names
from mirador_lsp.server.asked import Asked, asked, token_of
from mirador_lsp.server.jobs import Job
from mirador_lsp.server.panels import panel_of
from mirador_lsp.server.server import MiradorServer
from mirador_lsp.server.session import Part, Run, Wish
from mirador_lsp.server.workspace_review import Tour

Answer = dict[str, Any]

MOST_FILES = 500
"""Of the workspace; more would take a day."""


async def review_file(ls: MiradorServer, arguments: Sequence[Any]) -> Answer:
    """`mirador.reviewFile`: review an open document and answer when it is done."""
    return await _review(ls, asked(ls, about_document(arguments)), None)


async def review_selection(ls: MiradorServer, arguments: Sequence[Any]) -> Answer:
    """`mirador.reviewSelection`: review the lines of a range alone."""
    ask = asked(ls, about_document(arguments))
    if ask.span is None or ask.span.start == ask.span.end:
        message = "Nothing is selected."
        raise UserError(message, remedy="Select the lines to be reviewed.")
    return await _review(ls, ask, Part((ask.span,), "the selection", ask.snapshot.content_hash))


async def review_symbol(ls: MiradorServer, arguments: Sequence[Any]) -> Answer:
    """`mirador.reviewSymbol`: review the function or class around a place alone."""
    ask = asked(ls, about_document(arguments))
    app = await ls.apps.get()
    outline = await app.outline(ask.snapshot)
    symbol = outline.innermost((ask.span or Span(0, 0)).start)
    if symbol is None:
        message = "There is no function or class here."
        raise UserError(message, remedy="Put the cursor into one, or review the file.")
    part = Part((symbol.span,), symbol.path, ask.snapshot.content_hash)
    return await _review(ls, ask, part)


async def review_changes(ls: MiradorServer, arguments: Sequence[Any]) -> Answer:
    """`mirador.reviewChanges`: review the lines that changed since the last commit alone."""
    ask = asked(ls, about_document(arguments))
    document = ls.session.document(ask.snapshot.uri)
    app = await ls.apps.get()
    opened = document.opened if document is not None else ask.snapshot.text
    changes = await app.changed_since(ask.snapshot, opened)
    answer: Answer = {"since": changes.since, "places": len(changes.spans)}
    if not changes.spans:
        ls.messages.note(
            types.MessageType.Info, f"{ask.snapshot.name}: no line changed since {changes.since}"
        )
        uri, version = ask.snapshot.uri, ask.snapshot.version
        return answer | {"uri": uri, "version": version, "state": "unchanged"}
    words = f"what changed since {changes.since}"
    return answer | await _review(ls, ask, Part(changes.spans, words, ask.snapshot.content_hash))


async def review_workspace(ls: MiradorServer, arguments: Sequence[Any]) -> Answer:
    """`mirador.reviewWorkspace`: review every source file of the workspace, `limit` at most."""
    said = an_object(arguments)
    if not ls.session.folders:
        message = "This editor has no workspace folder open."
        raise UserError(message, remedy="Open a folder, or review the file.")
    limit = said.get("limit", MOST_FILES)
    if type(limit) is not int or not 0 < limit <= MOST_FILES:
        message = f"limit is a number from 1 to {MOST_FILES}."
        raise JsonRpcInvalidParams(message)
    wish = Wish(Trigger.COMMAND, stages=names(said, "stages"), lenses=names(said, "lenses"))
    tour = Tour(limit)
    await ls.settled.wait()
    job = Job("review", "review the workspace", ls.session.folders[0].as_uri())
    state = await ls.jobs.run(
        job,
        lambda emit: workspace_review.review_workspace(ls, wish, tour, emit),
        work_done_token=token_of(said),
    )
    await ls.pages.show("review", "the workspace", reports.tour(tour, state), job.uri)
    return {
        "state": state.value,
        "files": len(tour.reviewed),
        "notReviewed": len(tour.not_reviewed),
        "skipped": tour.skipped,
        "overLimit": tour.over_limit,
        "findings": tour.findings,
    }


async def _review(ls: MiradorServer, ask: Asked, part: Part | None) -> Answer:
    wish = Wish(
        Trigger.COMMAND,
        stages=names(ask.said, "stages"),
        lenses=names(ask.said, "lenses"),
        models=await panel_of(ls, ask.said),
        part=part,
    )
    await ls.settled.wait()
    run = reviewing.start(ls, ask.snapshot.uri, wish)
    if run is None:
        raise must_be_open(ask.snapshot.uri)
    try:
        await asyncio.wait({run.task})
    except asyncio.CancelledError:
        ls.session.stop(run)
        raise
    return outcome(run)


def outcome(run: Run) -> Answer:
    """How a review ended, as its command is answered."""
    finished = run.outcome.finished
    answer: Answer = {"uri": run.snapshot.uri, "version": run.snapshot.version}
    if finished is None:
        return answer | {"state": "stopped" if run.task.cancelled() else "failed"}
    return answer | {
        "state": "finished",
        "reviewed": finished.reviewed,
        "findings": len(finished.findings),
        "withheld": len(finished.withheld),
        "suppressed": finished.suppressed,
        "dismissed": finished.dismissed,
        "ignored": finished.hushed_by(Hush.RULE),
        "learned": finished.hushed_by(Hush.LEARNED),
        "overCap": finished.over_cap,
        "withdrawn": finished.withdrawn,
        "seconds": round(finished.seconds, 3),
    }
