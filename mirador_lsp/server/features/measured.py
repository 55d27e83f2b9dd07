"""`mirador/metrics`: what requests cost and what came of them, in figures."""

from collections.abc import Mapping
from typing import Any

from pygls.exceptions import JsonRpcInvalidParams

from mirador_lsp.engine.figures.facts import summary_facts
from mirador_lsp.server.server import MiradorServer

_DAYS = 30
_MOST_DAYS = 731


async def metrics(ls: MiradorServer, params: Any) -> dict[str, Any]:
    """Figures of the last `days`, as `mirador metrics --json` tells them. `counted` is false, and
    nothing else is there, where the user wants nothing counted.
    """
    days = params.get("days", _DAYS) if isinstance(params, Mapping) else _DAYS
    if type(days) is not int or not 1 <= days <= _MOST_DAYS:
        message = f"days is a number from 1 to {_MOST_DAYS}."
        raise JsonRpcInvalidParams(message)
    app = await ls.apps.get()
    summary = await app.measured(days)
    return {"counted": False} if summary is None else {"counted": True, **summary_facts(summary)}
