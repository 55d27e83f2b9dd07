"""The commands that review: a file, a selection, a symbol."""

import asyncio
from collections.abc import Sequence
from typing import Any

from mirador_lsp.core.errors import UserError
from mirador_lsp.core.requests import Trigger
from mirador_lsp.core.text import Span
from mirador_lsp.server import reviewing
from mirador_lsp.server.arguments import about_document, must_be_open, names
from mirador_lsp.server.asked import Asked, asked
from mirador_lsp.server.server import MiradorServer
from mirador_lsp.server.session import Part, Run, Wish

Answer = dict[str, Any]


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


async def _review(ls: MiradorServer, ask: Asked, part: Part | None) -> Answer:
    wish = Wish(
        Trigger.COMMAND,
        stages=names(ask.said, "stages"),
        lenses=names(ask.said, "lenses"),
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
        "overCap": finished.over_cap,
        "withdrawn": finished.withdrawn,
        "seconds": round(finished.seconds, 3),
    }
