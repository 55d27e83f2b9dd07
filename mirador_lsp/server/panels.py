"""Several models for one request, where the client names them."""

from mirador_lsp.core.errors import UserError
from mirador_lsp.server import arguments
from mirador_lsp.server.arguments import Argument
from mirador_lsp.server.server import MiradorServer

MOST_MODELS = 4
"""Each costs the time of a whole answer."""


async def panel_of(ls: MiradorServer, said: Argument) -> tuple[str, ...]:
    """The models that `models` names, each once, under their full names; empty without it.

    Raises `JsonRpcInvalidParams` for another shape, `UserError` for a model that is not there.
    """
    named = arguments.names(said, "models")
    if not named:
        return ()
    if len(named) > MOST_MODELS:
        message = f"{len(named)} models are too many to be asked the same."
        raise UserError(message, remedy=f"Name {MOST_MODELS} at most.")
    app = await ls.apps.get()
    return tuple(dict.fromkeys([await app.usable_model(name) for name in named]))
