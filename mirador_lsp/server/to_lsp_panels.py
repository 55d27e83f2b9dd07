"""Hovers and code lenses as clients read them; see `to_lsp.py`."""

from lsprotocol import types

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.text import Span
from mirador_lsp.server.client import Client
from mirador_lsp.server.lenses import Lens
from mirador_lsp.server.to_lsp import lsp_range


def hover(text: str, span: Span | None, snapshot: Snapshot, client: Client) -> types.Hover:
    """`text`, Markdown or plain as the client wants it, about `span`."""
    kind = types.MarkupKind.Markdown if client.markdown_hover else types.MarkupKind.PlainText
    area = None if span is None else lsp_range(span, snapshot.lines, client.encoding)
    return types.Hover(types.MarkupContent(kind, text), area)


def code_lens(lens: Lens, snapshot: Snapshot, client: Client) -> types.CodeLens:
    """A lens above the signature of its symbol; its command is about that place."""
    start = lens.symbol.header.start
    # Empty: some clients show a lens of several lines at its end.
    head = lsp_range(Span(start, start), snapshot.lines, client.encoding)
    position = {"line": head.start.line, "character": head.start.character}
    about = {"uri": snapshot.uri, "position": position}
    return types.CodeLens(head, types.Command(lens.title, lens.command, arguments=[about]))


def shown_at(span: Span, snapshot: Snapshot, client: Client) -> types.ShowDocumentParams:
    """The question to show a place of an open document, with the cursor there."""
    area = lsp_range(span, snapshot.lines, client.encoding)
    return types.ShowDocumentParams(snapshot.uri, external=False, take_focus=True, selection=area)
