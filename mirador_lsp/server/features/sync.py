"""What the user does to documents. Every handler is a plain `def`: it takes the text as it is at
this message, hands the work on and returns, so that the next message finds the next text.
"""

from collections.abc import Mapping
from typing import Any

from lsprotocol import types

from mirador_lsp.core.requests import Trigger
from mirador_lsp.server import from_lsp, reviewing
from mirador_lsp.server.server import MiradorServer


def did_open(ls: MiradorServer, params: types.DidOpenTextDocumentParams) -> None:
    """Review the opened document. Before the settings are known it waits for them."""
    ls.ahead.pause()
    ls.session.open(from_lsp.opened(params.text_document))
    ls.indexing.opened(from_lsp.path_of(params.text_document.uri))
    reviewing.want(ls, params.text_document.uri, Trigger.OPEN)


def did_change(ls: MiradorServer, params: types.DidChangeTextDocumentParams) -> None:
    """Keep the text. Nothing is reviewed or published, unless the change is one of ours: the client
    moves what it shows, and what a running review says of the older text is held back until the
    next save.
    """
    document = params.text_document
    changes = from_lsp.changes(params.content_changes)
    ls.ahead.pause()
    ls.session.change(document.uri, changes, document.version)
    ls.afterlife.changed(document.uri)
    if document.uri in ls.session.mended:
        reviewing.mended(ls, document.uri)
    places = [change.start.line for change in changes if change.start is not None]
    ls.ahead.look(document.uri, places[-1] if places else None)


def did_save(ls: MiradorServer, params: types.DidSaveTextDocumentParams) -> None:
    """Start a fresh review of the saved text; the one that still runs is superseded."""
    uri = params.text_document.uri
    ls.ahead.pause()
    ls.indexing.changed([from_lsp.path_of(uri)])
    if ls.session.saved(uri, params.text):
        ls.afterlife.saved(uri)
        reviewing.want(ls, uri, Trigger.SAVE)


def did_close(ls: MiradorServer, params: types.DidCloseTextDocumentParams) -> None:
    """Stop and clear: the diagnostics of a closed document are the server's to take back."""
    uri = params.text_document.uri
    document = ls.session.document(uri)
    ls.afterlife.closed(uri)
    ls.session.close(uri)
    ls.jobs.closed(uri)
    ls.evidence.forget(uri)
    if document is not None:
        ls.publisher.forget(uri, document.version)


def malformed(ls: MiradorServer, method: str, raw: Any) -> None:
    """A change that cannot be read leaves its document's text in doubt, and that is remembered."""
    if method != types.TEXT_DOCUMENT_DID_CHANGE or not isinstance(raw, Mapping):
        return
    document = raw.get("textDocument")
    if isinstance(document, Mapping) and isinstance(document.get("uri"), str):
        ls.session.doubt(document["uri"], "a change could not be read")
