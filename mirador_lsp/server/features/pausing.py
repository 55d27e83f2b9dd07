"""`mirador.pause` and `mirador.resume`: no work that nobody has asked for, for a while."""

from collections.abc import Sequence
from typing import Any

from mirador_lsp.core.requests import Trigger
from mirador_lsp.server import reviewing
from mirador_lsp.server.server import MiradorServer


async def pause(ls: MiradorServer, _arguments: Sequence[Any]) -> dict[str, Any]:
    """`mirador.pause`: until it is resumed, nothing is reviewed or explained by itself. Reviews
    that began by themselves stop; what the user asks for goes on.
    """
    ls.paused = True
    for run in ls.session.runs():
        if run.wish.trigger is not Trigger.COMMAND:
            ls.session.stop(run)
            ls.session.wanted[run.snapshot.uri] = run.wish
    ls.streams.pause(paused=True)
    return {"paused": True, "waiting": len(ls.session.wanted)}


async def resume(ls: MiradorServer, _arguments: Sequence[Any]) -> dict[str, Any]:
    """`mirador.resume`: review what was opened and saved meanwhile, and what was stopped."""
    ls.paused = False
    wanted, ls.session.wanted = ls.session.wanted, {}
    for uri, wish in wanted.items():
        reviewing.want(ls, uri, wish.trigger)
    ls.streams.pause(paused=False)
    return {"paused": False, "reviewing": len(wanted)}
