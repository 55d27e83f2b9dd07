"""`textDocument/diagnostic`: what is known by now, for clients that can be told to ask again."""

from lsprotocol import types

from mirador_lsp.server.asked import current
from mirador_lsp.server.client import Client
from mirador_lsp.server.server import MiradorServer

_IDENTIFIER = "mirador"

Report = types.RelatedFullDocumentDiagnosticReport | types.RelatedUnchangedDocumentDiagnosticReport


def pull(ls: MiradorServer, params: types.DocumentDiagnosticParams) -> Report:
    """The findings at their places in the text as it is now. Nothing is computed and nothing is
    waited for: when a review has more, the client is told to ask again.
    """
    snapshot = current(ls, params.text_document.uri)
    name, items = ls.publisher.report(snapshot) if snapshot is not None else ("", [])
    if name and name == params.previous_result_id:
        return types.RelatedUnchangedDocumentDiagnosticReport(result_id=name)
    return types.RelatedFullDocumentDiagnosticReport(items=items, result_id=name or None)


def options(client: Client) -> types.DiagnosticOptions | None:
    """What `initialize` says to a client that takes no registration later."""
    if client.pulls_diagnostics and not client.registers_diagnostics:
        return types.DiagnosticOptions(
            inter_file_dependencies=False, workspace_diagnostics=False, identifier=_IDENTIFIER
        )
    return None


def registration(client: Client) -> types.Registration | None:
    """What is registered after `initialized`."""
    if not (client.pulls_diagnostics and client.registers_diagnostics):
        return None
    return types.Registration(
        id="mirador-diagnostics",
        method=types.TEXT_DOCUMENT_DIAGNOSTIC,
        register_options=types.DiagnosticRegistrationOptions(
            inter_file_dependencies=False, workspace_diagnostics=False, identifier=_IDENTIFIER
        ),
    )
