"""`mirador.useModel`: another model, without a restart."""

from collections.abc import Sequence
from typing import Any

from pygls.exceptions import JsonRpcInvalidParams

from mirador_lsp.core.policy import DEEP, QUICK, SYNTHESIS
from mirador_lsp.server import arguments as read
from mirador_lsp.server.features import configuration
from mirador_lsp.server.server import MiradorServer

_STAGES = (QUICK, DEEP, SYNTHESIS)
_LONGEST = 200


async def use_model(ls: MiradorServer, arguments: Sequence[Any]) -> dict[str, Any]:
    """`mirador.useModel`: let a model run a stage, or all, for the rest of the session; "" or
    "auto" takes that back.
    """
    said = arguments[0] if arguments else None
    if not isinstance(said, dict) or not isinstance(said.get("model"), str):
        message = "The argument is an object with a model."
        raise JsonRpcInvalidParams(message)
    stage = said.get("stage")
    if stage is not None and stage not in _STAGES:
        message = f"The stage is one of {', '.join(_STAGES)}."
        raise JsonRpcInvalidParams(message)
    wanted = read.text(said, "model", _LONGEST)
    stages = _STAGES if stage is None else (stage,)
    name = ""
    if wanted not in {"", "auto"}:
        name = await (await ls.apps.get()).usable_model(wanted)
    for each in stages:
        ls.chosen_models.pop(each, None)
        if name:
            ls.chosen_models[each] = name
    await configuration.apply(ls)
    return {"model": name, "stages": list(stages)}
