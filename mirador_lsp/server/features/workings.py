"""The commands about Mirador itself: stop what runs, say how it is."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from pygls.exceptions import JsonRpcInvalidParams

from mirador_lsp import __version__
from mirador_lsp.core.health import Check
from mirador_lsp.server import debugging, reports, reviewing
from mirador_lsp.server.features import registering
from mirador_lsp.server.server import MiradorServer

Answer = dict[str, Any]


async def cancel(ls: MiradorServer, arguments: Sequence[Any]) -> Answer:
    """`mirador.cancel`: stop reviews and jobs, of one document or, without an argument, all."""
    uri = _uri(arguments)
    uris = ls.session.uris() if uri is None else (uri,)
    stopped = sum(ls.session.cancel(each) for each in uris) + ls.jobs.cancel(uri)
    return {"cancelled": stopped}


async def status(ls: MiradorServer, _arguments: Sequence[Any]) -> Answer:
    """`mirador.status`: what works here, what does not, and what mends it."""
    app = await ls.apps.get()
    checks = await app.doctor()
    inside = await app.workings()
    return {
        "version": __version__,
        "open": len(ls.session.uris()),
        "running": [run.snapshot.uri for run in ls.session.runs()],
        "jobs": [{"kind": job.kind, "uri": job.uri} for job in ls.jobs.running()],
        "ahead": asdict(ls.ahead.figures),
        "stages": [asdict(each) for each in inside.chosen],
        "queues": [asdict(each) for each in inside.queues],
        "checks": [_check(check) for check in checks],
    }


async def doctor(ls: MiradorServer, _arguments: Sequence[Any]) -> Answer:
    """`mirador.doctor`: everything Mirador needs, as a page for the user."""
    app = await ls.apps.get()
    checks = await app.doctor()
    await ls.pages.show("doctor", "Mirador", reports.checks(checks))
    return {"checks": [_check(check) for check in checks]}


async def restart_models(ls: MiradorServer, _arguments: Sequence[Any]) -> Answer:
    """`mirador.restartModels`: end the engine and with it every loaded model; the next question
    starts it anew. What runs now is stopped first, so that it is not told as a failure.
    """
    ls.jobs.cancel()
    await ls.session.suspend()
    await ls.jobs.cancel_all()
    app = await ls.apps.get()
    restarted = await app.restart_models()
    ls.streams.recover()
    await registering.follow(ls)
    reviewing.start_wanted(ls)
    return {"restarted": restarted}


async def print_debug_information(ls: MiradorServer, _arguments: Sequence[Any]) -> Answer:
    """`mirador.printDebugInformation`: what a bug report needs, and not a line of code."""
    facts = await debugging.facts(ls)
    await ls.pages.show("debug", "Mirador inside", reports.debug(facts))
    return facts


def _check(check: Check) -> Answer:
    return {
        "name": check.name,
        "health": check.health.value,
        "detail": check.detail,
        "remedy": check.remedy,
    }


def _uri(arguments: Sequence[Any]) -> str | None:
    """The document that is meant: a URI or an object with a `uri`; None for all."""
    first = arguments[0] if arguments else None
    uri = first.get("uri") if isinstance(first, dict) else first
    if uri is not None and not isinstance(uri, str):
        message = "The argument is a document's URI, or an object with a uri."
        raise JsonRpcInvalidParams(message)
    return uri
