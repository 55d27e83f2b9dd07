"""`workspace/executeCommand`: what users ask for by name."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from mirador_lsp import __version__
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.requests import Trigger
from mirador_lsp.server import reviewing
from mirador_lsp.server.server import MiradorServer
from mirador_lsp.server.session import Run, Wish

Answer = dict[str, Any]


async def execute(ls: MiradorServer, params: types.ExecuteCommandParams) -> Any:
    """Run a command. `$/cancelRequest` cancels this very task, and so the work."""
    command = COMMANDS.get(params.command)
    if command is None:
        message = f"There is no command {params.command!r}."
        raise JsonRpcInvalidParams(message)
    return await command(ls, params.arguments or ())


async def review(ls: MiradorServer, arguments: Sequence[Any]) -> Answer:
    """`mirador.review`: review an open document and answer when it is done."""
    wish = _wish(arguments)
    uri = wish["uri"]
    await ls.settled.wait()
    run = reviewing.start(
        ls, uri, Wish(Trigger.COMMAND, stages=wish.get("stages"), lenses=wish.get("lenses"))
    )
    if run is None:
        message = "The document is not open in this editor, or its text is in doubt."
        raise UserError(message, remedy="Open and save it.")
    try:
        await asyncio.wait({run.task})
    except asyncio.CancelledError:
        ls.session.stop(run)
        raise
    return _outcome(run)


async def cancel(ls: MiradorServer, arguments: Sequence[Any]) -> Answer:
    """`mirador.cancel`: stop the review of one document, or all without an argument."""
    uris = [_wish(arguments)["uri"]] if arguments else ls.session.uris()
    return {"cancelled": sum(ls.session.cancel(uri) for uri in uris)}


async def status(ls: MiradorServer, _arguments: Sequence[Any]) -> Answer:
    """`mirador.status`: what works here, what does not, and what mends it."""
    app = await ls.apps.get()
    checks = await app.doctor()
    return {
        "version": __version__,
        "open": len(ls.session.uris()),
        "running": [run.snapshot.uri for run in ls.session.runs()],
        "checks": [
            {"name": c.name, "health": c.health.value, "detail": c.detail, "remedy": c.remedy}
            for c in checks
        ],
    }


COMMANDS: Mapping[str, Callable[[MiradorServer, Sequence[Any]], Awaitable[Answer]]] = {
    "mirador.review": review,
    "mirador.cancel": cancel,
    "mirador.status": status,
}
"""Name to function. `docs/protocol.md` describes arguments and answers."""


def _wish(arguments: Sequence[Any]) -> Mapping[str, Any]:
    """The one argument: a URI, or an object with `uri` and perhaps `stages` and `lenses`."""
    first = arguments[0] if arguments else None
    wish = {"uri": first} if isinstance(first, str) else first
    if not isinstance(wish, Mapping) or not isinstance(wish.get("uri"), str):
        message = "The argument is a document's URI, or an object with a uri."
        raise JsonRpcInvalidParams(message)
    for key in ("stages", "lenses"):
        names = wish.get(key)
        if names is not None and not (
            isinstance(names, list | tuple) and all(isinstance(name, str) for name in names)
        ):
            message = f"{key} is a list of names."
            raise JsonRpcInvalidParams(message)
    return wish


def _outcome(run: Run) -> Answer:
    finished = run.outcome.finished
    answer: Answer = {"uri": run.snapshot.uri, "version": run.snapshot.version}
    if finished is None:
        return answer | {"state": "stopped" if run.task.cancelled() else "failed"}
    return answer | {
        "state": "finished",
        "reviewed": finished.reviewed,
        "findings": len(finished.findings),
        "withheld": len(finished.withheld),
        "overCap": finished.over_cap,
        "withdrawn": finished.withdrawn,
        "seconds": round(finished.seconds, 3),
    }
