"""`textDocument/hover`: what is known by now. No model is asked, and no slow parser waited for."""

from lsprotocol import types

from mirador_lsp.core.answers import Answer
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.outline import Outline
from mirador_lsp.core.text import Span
from mirador_lsp.server import from_lsp, hovering, to_lsp_panels
from mirador_lsp.server.asked import current
from mirador_lsp.server.hovering import Hovered
from mirador_lsp.server.server import MiradorServer


async def hover(ls: MiradorServer, params: types.HoverParams) -> types.Hover | None:
    """The symbol, the findings there and the explanation, as far as they are known."""
    snapshot = current(ls, params.text_document.uri)
    if snapshot is None:
        return None
    ls.ahead.look(snapshot.uri, params.position.line)
    client = ls.session.client
    offset = from_lsp.offset(params.position, snapshot, client.encoding)
    shown = ls.publisher.shown(snapshot)
    outline = await ls.outlines.soon(snapshot)
    what = hovering.hovered(snapshot, outline, offset, shown)
    answer = _known(ls, snapshot, outline, what)
    if client.markdown_hover:
        text = hovering.in_markdown(what, snapshot, answer, client)
    else:
        text = hovering.in_plain_text(what, snapshot, answer)
    return to_lsp_panels.hover(text, what.span, snapshot, client) if text else None


def _known(
    ls: MiradorServer, snapshot: Snapshot, outline: Outline | None, what: Hovered
) -> Answer | None:
    app = ls.apps.current
    if app is None or outline is None or what.symbol is None:
        return None
    start = what.symbol.header.start
    return app.known_answer(snapshot, outline, Span(start, start))
