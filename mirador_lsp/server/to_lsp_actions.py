"""From offers to the code actions that the client at hand can show."""

from collections.abc import Sequence
from typing import Any

from lsprotocol import types

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.edits import Fix
from mirador_lsp.core.text import LineIndex, Span
from mirador_lsp.server import to_lsp
from mirador_lsp.server.client import Client
from mirador_lsp.server.edits import EditBuilder
from mirador_lsp.server.offers import Offer


def code_action(
    offer: Offer,
    snapshot: Snapshot,
    client: Client,
    diagnostics: Sequence[types.Diagnostic],
    edit: types.WorkspaceEdit | None = None,
) -> types.CodeAction | types.Command | None:
    """`offer` as the client shows it; None where it cannot.

    `diagnostics` are the client's own for the offer's finding; `edit` is what a change comes to
    that had to be worked out.
    """
    if not client.literal_actions:
        return command(offer, snapshot, client) if not offer.reason else None
    if offer.reason and not client.disabled_actions:
        return None
    action = types.CodeAction(title=offer.title, kind=offer.kind)
    if offer.finding is not None:
        own = to_lsp.diagnostic(offer.finding, snapshot, client)
        action.diagnostics = list(diagnostics) or [own]
    if offer.by_model and client.llm_tag:
        action.tags = [types.CodeActionTag.LlmGenerated]
    if offer.fix is not None and offer.fix.safe and client.preferred_actions:
        action.is_preferred = True
    if offer.reason:
        action.disabled = types.CodeActionDisabled(reason=offer.reason)
    elif edit is not None:
        action.edit = edit
    elif client.lazy_edits and (offer.fix is not None or offer.fixes_all):
        action.data = _data(offer, snapshot)
    elif offer.fix is not None:
        action.edit = edit_of(offer.title, offer.fix, snapshot, client)
    else:
        action.command = command(offer, snapshot, client)
    return action


def command(offer: Offer, snapshot: Snapshot, client: Client) -> types.Command:
    """The command behind an offer."""
    arguments: dict[str, Any] = dict(offer.arguments)
    if offer.span is not None:
        arguments |= _place(offer.span, snapshot.lines, client)
    return types.Command(title=offer.title, command=offer.command, arguments=[arguments])


def edit_of(title: str, fix: Fix, snapshot: Snapshot, client: Client) -> types.WorkspaceEdit:
    """The edit of a fix that is ready. Raises ValueError when it is not of this text."""
    builder = EditBuilder(client, title)
    builder.change(snapshot, fix.edits)
    return builder.build()


def _data(offer: Offer, snapshot: Snapshot) -> dict[str, Any]:
    """What `codeAction/resolve` needs to find the offer again, and to see that it is outdated."""
    data: dict[str, Any] = {"uri": snapshot.uri, "hash": snapshot.content_hash}
    if offer.finding is not None:
        data["finding"] = offer.finding.id
    return data


def _place(span: Span, lines: LineIndex, client: Client) -> dict[str, Any]:
    """A place in the wire's own words: commands carry plain JSON."""
    place = to_lsp.lsp_range(span, lines, client.encoding)
    start, end = ({"line": p.line, "character": p.character} for p in (place.start, place.end))
    if span.start == span.end:
        return {"position": start}
    return {"range": {"start": start, "end": end}}
