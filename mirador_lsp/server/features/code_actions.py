"""`textDocument/codeAction` and `codeAction/resolve`: what can be done here, without a model.

What is offered depends on what is shown now, never on what a client echoes of a diagnostic: some
send back no more than its range, code and message, and some send old ones.
"""

from collections.abc import Iterator, Mapping, Sequence

import attrs
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import MiradorError
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.text import Span
from mirador_lsp.server import from_lsp, to_lsp_actions
from mirador_lsp.server.asked import current
from mirador_lsp.server.changing import all_fixes, check_ready
from mirador_lsp.server.client import Client
from mirador_lsp.server.edits import EditBuilder
from mirador_lsp.server.offers import KINDS, Offer, Place, fix_all, offers
from mirador_lsp.server.server import MiradorServer

CONTENT_MODIFIED = -32801

Action = types.CodeAction | types.Command
Echoes = Mapping[str, list[types.Diagnostic]]


def options(client: Client) -> types.CodeActionOptions | None:
    """What `initialize` says to a client that takes no registration later."""
    if client.registers_actions:
        return None
    return types.CodeActionOptions(
        code_action_kinds=list(KINDS), resolve_provider=client.lazy_edits
    )


async def code_actions(ls: MiradorServer, params: types.CodeActionParams) -> list[Action]:
    """What can be done at a place, in the order in which it is shown."""
    snapshot = current(ls, params.text_document.uri)
    if snapshot is None:
        return []
    ls.ahead.look(snapshot.uri, params.range.start.line)
    client, context = ls.session.client, params.context
    span = from_lsp.span(params.range, snapshot, client.encoding)
    echoes = _echoes(ls, snapshot, span, context.diagnostics)
    actions: list[Action] = []
    for offer in _wanted(await _offers(ls, snapshot, span, echoes), ls, snapshot, context):
        edit = None
        if offer.fixes_all and context.only is not None and not client.lazy_edits:
            # Asked for by name, as on saving: such a client gets the edit or nothing.
            try:
                edit = await _all_of_them(ls, snapshot)
            except MiradorError as error:
                ls.messages.note(types.MessageType.Warning, error.sentence())
            if edit is None:
                continue
        known = echoes.get(offer.finding.id, []) if offer.finding is not None else []
        action = to_lsp_actions.code_action(offer, snapshot, client, known, edit)
        if action is not None:
            actions.append(action)
    return actions


async def resolve(ls: MiradorServer, action: types.CodeAction) -> types.CodeAction:
    """The same action with its edit, checked. Nothing else of it changes."""
    data = action.data
    if not isinstance(data, Mapping) or not isinstance(data.get("uri"), str):
        return action
    snapshot = current(ls, data["uri"])
    if snapshot is None or data.get("hash") != snapshot.content_hash:
        message = "The document was edited since this was offered."
        raise JsonRpcException(message, code=CONTENT_MODIFIED)
    if data.get("finding") is None:
        return attrs.evolve(action, edit=await _all_of_them(ls, snapshot))
    found = [f for f in ls.publisher.shown(snapshot) if f.id == data["finding"]]
    if not found or found[0].fix is None:
        message = "The finding changed since this was offered."
        raise JsonRpcException(message, code=CONTENT_MODIFIED)
    await check_ready(ls, snapshot, found[0])
    edit = to_lsp_actions.edit_of(action.title, found[0].fix, snapshot, ls.session.client)
    return attrs.evolve(action, edit=edit)


def _echoes(
    ls: MiradorServer, snapshot: Snapshot, span: Span, diagnostics: Sequence[types.Diagnostic]
) -> Echoes:
    """The findings at the place, worst first: by id, what the client echoed of each."""
    encoding = ls.session.client.encoding
    echoed = [(d, from_lsp.span(d.range, snapshot, encoding)) for d in diagnostics]
    echoes = {}
    for finding in ls.publisher.shown(snapshot):
        own = [diagnostic for diagnostic, place in echoed if _is(diagnostic, place, finding)]
        if own or finding.span.overlaps(span):
            echoes[finding.id] = own
    return echoes


def _is(diagnostic: types.Diagnostic, place: Span, finding: Finding) -> bool:
    if isinstance(diagnostic.data, Mapping) and "finding" in diagnostic.data:
        return bool(diagnostic.data["finding"] == finding.id)
    return diagnostic.code == finding.rule and place.overlaps(finding.span)


async def _offers(
    ls: MiradorServer, snapshot: Snapshot, span: Span, echoes: Echoes
) -> Iterator[Offer]:
    outline = await ls.outlines.soon(snapshot)
    shown = ls.publisher.shown(snapshot)
    place = Place(
        snapshot,
        span,
        findings=tuple(f for f in shown if f.id in echoes),
        fixes=sum(f.fix is not None and f.fix.safe for f in shown),
        symbol=outline.innermost(span.start) if outline is not None else None,
    )
    return ls.afterlife.noting(snapshot, offers(place, ls.session.client, ls.settings.actions))


def _wanted(
    offered: Iterator[Offer],
    ls: MiradorServer,
    snapshot: Snapshot,
    context: types.CodeActionContext,
) -> Iterator[Offer]:
    """What the client asks for. To a client that asks by itself, for a light bulb, only findings
    are worth a light.
    """
    if context.only is None:
        automatic = context.trigger_kind is types.CodeActionTriggerKind.Automatic
        yield from (o for o in offered if o.finding is not None or not automatic)
        return
    some = [offer for offer in offered if offer.is_of(context.only)]
    yield from some
    every = fix_all(snapshot)
    # Fixes are not carried over edits; what is asked for by name is worked out anew.
    unknown = bool(ls.publisher.shown(snapshot)) and ls.publisher.is_moved(snapshot)
    if unknown and every.is_of(context.only) and not any(offer.fixes_all for offer in some):
        yield every


async def _all_of_them(ls: MiradorServer, snapshot: Snapshot) -> types.WorkspaceEdit | None:
    patch = await all_fixes(ls, snapshot)
    if patch is None or patch.base_hash != snapshot.content_hash:
        return None
    builder = EditBuilder(ls.session.client, patch.title)
    builder.change(snapshot, patch.edits)
    return builder.build()
