"""`textDocument/codeLens`, and the command behind the number of findings."""

import asyncio
from collections.abc import Sequence
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from mirador_lsp.core.clean import plain
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.text import Span
from mirador_lsp.server import lenses, to_lsp_panels
from mirador_lsp.server.arguments import about_document
from mirador_lsp.server.asked import Asked, asked, current
from mirador_lsp.server.client import Client
from mirador_lsp.server.server import MiradorServer

_PARSE_SECONDS = 0.25
"""Empty lenses make the text jump, so a parse is waited for a little."""
_ONLY_CHANCE_SECONDS = 3.0
"""The same for a client that cannot be told to ask again."""
_ANSWER_SECONDS = 10.0


def options(client: Client) -> types.CodeLensOptions | None:
    """What `initialize` says to a client that takes no registration later."""
    return None if client.registers_lenses else types.CodeLensOptions(resolve_provider=False)


async def code_lens(ls: MiradorServer, params: types.CodeLensParams) -> list[types.CodeLens]:
    """The lenses of a document; none while it is parsed, which the client is told the end of."""
    ls.lenses.asked()
    snapshot = current(ls, params.text_document.uri)
    if snapshot is None or not ls.settings.server.code_lens:
        return []
    client = ls.session.client
    ls.ahead.look(snapshot.uri)
    patience = _PARSE_SECONDS if client.refreshes_lenses else _ONLY_CHANCE_SECONDS
    outline = await ls.outlines.soon(snapshot, patience)
    if outline is None:
        ls.outlines.want(snapshot, ls.lenses.refresh)
        return []
    found = lenses.lenses(snapshot, outline, ls.publisher.shown(snapshot), client)
    return [to_lsp_panels.code_lens(lens, snapshot, client) for lens in found]


async def show_findings(ls: MiradorServer, said: Sequence[Any]) -> dict[str, Any]:
    """`mirador.showFindings`: go to the worst finding of a symbol and say how many there are."""
    about = asked(ls, about_document(said))
    found = await _findings(ls, about)
    shown = False
    client = ls.session.client
    if found and client.shows_documents:
        place = to_lsp_panels.shown_at(found[0].span, about.snapshot, client)
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                shown = (await ls.window_show_document_async(place)).success
        except (TimeoutError, JsonRpcException):
            shown = False
    lines = about.snapshot.lines
    told = [
        f"{about.snapshot.name}:{lines.line_of(f.span.start) + 1}: {plain(f.message)}"
        for f in found
    ]
    for text in told:
        ls.window_log_message(types.LogMessageParams(types.MessageType.Info, text))
    if told and not shown:
        ls.window_show_message(types.ShowMessageParams(types.MessageType.Info, told[0]))
    return {"findings": [finding.id for finding in found], "shown": shown}


async def _findings(ls: MiradorServer, about: Asked) -> list[Finding]:
    """Those of the symbol around the place; without a place, all of the document. Worst first."""
    shown = ls.publisher.shown(about.snapshot)
    outline = await ls.outlines.get(about.snapshot)
    if about.span is None or outline is None:
        return list(shown)
    symbol = outline.innermost(about.span.start)
    area = symbol.span if symbol is not None else Span(about.span.start, about.span.end)
    return [finding for finding in shown if finding.span.overlaps(area)]
