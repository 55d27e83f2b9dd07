"""`workspace/executeCommand`: the table of what users ask for by name."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from mirador_lsp.server.features import reviews, workings
from mirador_lsp.server.server import MiradorServer

Command = Callable[[MiradorServer, Sequence[Any]], Awaitable[Any]]


async def execute(ls: MiradorServer, params: types.ExecuteCommandParams) -> Any:
    """Run a command. `$/cancelRequest` cancels this very task, and so the work."""
    command = COMMANDS.get(params.command)
    if command is None:
        message = f"There is no command {params.command!r}."
        raise JsonRpcInvalidParams(message)
    return await command(ls, params.arguments or ())


COMMANDS: Mapping[str, Command] = {
    "mirador.reviewFile": reviews.review_file,
    "mirador.reviewSelection": reviews.review_selection,
    "mirador.reviewSymbol": reviews.review_symbol,
    "mirador.cancel": workings.cancel,
    "mirador.status": workings.status,
}
"""Name to function. `docs/protocol.md` describes arguments and answers."""
