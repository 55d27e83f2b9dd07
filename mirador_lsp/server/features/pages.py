"""`workspace/textDocumentContent`: documents whose text is ours."""

from lsprotocol import types

from mirador_lsp.server.client import Client
from mirador_lsp.server.pages import SCHEME
from mirador_lsp.server.server import MiradorServer


def content(
    ls: MiradorServer, params: types.TextDocumentContentParams
) -> types.TextDocumentContentResult:
    """The text of a page as it is now; some clients wait for it with their window frozen."""
    return types.TextDocumentContentResult(ls.pages.text_of(params.uri))


def options(client: Client) -> types.TextDocumentContentOptions | None:
    """What `initialize` says to a client that takes no registration later."""
    if client.text_content and not client.registers_text_content:
        return types.TextDocumentContentOptions([SCHEME])
    return None


def registration(client: Client) -> types.Registration | None:
    """What is registered after `initialized`."""
    if not client.registers_text_content:
        return None
    return types.Registration(
        id="mirador-text-content",
        method=types.WORKSPACE_TEXT_DOCUMENT_CONTENT,
        register_options=types.TextDocumentContentRegistrationOptions([SCHEME]),
    )
