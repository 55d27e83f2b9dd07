"""`workspace/executeCommand`: the table of what users ask for by name."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from mirador_lsp.server.features import (
    changed,
    choosing,
    code_lens,
    explaining,
    fixing,
    opinions,
    pausing,
    reviews,
    showing,
    suppressing,
    workings,
)
from mirador_lsp.server.server import MiradorServer

Command = Callable[[MiradorServer, Sequence[Any]], Awaitable[Any]]


async def execute(ls: MiradorServer, params: types.ExecuteCommandParams) -> Any:
    """Run a command. `$/cancelRequest` cancels this very task, and so the work."""
    command = COMMANDS.get(params.command)
    if command is None:
        message = f"There is no command {params.command!r}."
        raise JsonRpcInvalidParams(message)
    ls.ahead.pause()
    arguments = params.arguments or ()
    if arguments and isinstance(arguments[0], Mapping) and params.work_done_token is not None:
        arguments = ({**arguments[0], "workDoneToken": params.work_done_token}, *arguments[1:])
    return await command(ls, arguments)


COMMANDS: Mapping[str, Command] = {
    "mirador.reviewFile": reviews.review_file,
    "mirador.reviewSelection": reviews.review_selection,
    "mirador.reviewSymbol": reviews.review_symbol,
    "mirador.reviewChanges": reviews.review_changes,
    "mirador.reviewWorkspace": reviews.review_workspace,
    "mirador.reviewMyChanges": changed.review_my_changes,
    "mirador.showFindings": code_lens.show_findings,
    "mirador.explain": explaining.explain_command,
    "mirador.ask": explaining.ask_command,
    "mirador.fix": fixing.fix,
    "mirador.fixAll": fixing.fix_all,
    "mirador.document": fixing.document,
    "mirador.writeTests": fixing.write_tests,
    "mirador.action": fixing.action,
    "mirador.suppress": suppressing.suppress,
    "mirador.dismiss": opinions.dismiss,
    "mirador.restore": opinions.restore,
    "mirador.helpful": opinions.helpful,
    "mirador.notHelpful": opinions.not_helpful,
    "mirador.rate": opinions.rate,
    "mirador.showEvidence": showing.show_evidence,
    "mirador.showWithheld": showing.show_withheld,
    "mirador.cancel": workings.cancel,
    "mirador.pause": pausing.pause,
    "mirador.resume": pausing.resume,
    "mirador.status": workings.status,
    "mirador.doctor": workings.doctor,
    "mirador.restartModels": workings.restart_models,
    "mirador.useModel": choosing.use_model,
    "mirador.printDebugInformation": workings.print_debug_information,
}
"""Name to function. `docs/protocol.md` describes arguments and answers."""
