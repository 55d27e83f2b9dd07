"""Hovers and code lenses as clients read them; see `to_lsp.py`."""

from lsprotocol import types

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.text import Span
from mirador_lsp.server.client import Client
from mirador_lsp.server.to_lsp import lsp_range


def hover(text: str, span: Span | None, snapshot: Snapshot, client: Client) -> types.Hover:
    """`text`, Markdown or plain as the client wants it, about `span`."""
    kind = types.MarkupKind.Markdown if client.markdown_hover else types.MarkupKind.PlainText
    area = None if span is None else lsp_range(span, snapshot.lines, client.encoding)
    return types.Hover(types.MarkupContent(kind, text), area)
