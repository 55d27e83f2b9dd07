"""`workspace/applyEdit`: asking the client to make a checked change, and believing its answer."""

import asyncio
import logging

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from mirador_lsp.core.changes import Patch, Rung
from mirador_lsp.core.clean import plain
from mirador_lsp.core.document import Snapshot
from mirador_lsp.server import extensions
from mirador_lsp.server.edits import EditBuilder
from mirador_lsp.server.server import MiradorServer

_ANSWER_SECONDS = 300.0
"""How long a client may take: some show the change to the user first."""
_SHOW_SECONDS = 10.0
DECLINED = "It was shown, and not wanted."
"""What there is to say of a change that the user declined; they know, so nobody tells them."""
_log = logging.getLogger(__name__)


async def apply_patch(ls: MiradorServer, snapshot: Snapshot, patch: Patch) -> str:
    """Have `patch` applied to the document as it was in `snapshot`, or its file created.

    Returns "" when the client did it, else why not, one plain sentence.
    """
    if not patch.creates and patch.base_hash != snapshot.content_hash:
        return "The change was made for another text."
    if not ls.session.is_current(snapshot):
        return "The document was edited meanwhile."
    # What no analyzer could look at is for the user to look at.
    builder = EditBuilder(ls.session.client, patch.title, confirm=Rung.CLEAN not in patch.rungs)
    if patch.creates:
        builder.create(patch.uri, patch.after)
    else:
        builder.change(snapshot, patch.edits)
    why = await apply_edit(ls, builder.build(), patch.title)
    if not why and patch.creates:
        await _show(ls, patch.uri)
    return why


async def apply_edit(ls: MiradorServer, edit: types.WorkspaceEdit, label: str) -> str:
    """Ask the client to apply `edit`. Returns "" when it did, else why not, one plain sentence:
    `DECLINED` where the user was shown it and said no.
    """
    params = types.ApplyWorkspaceEditParams(edit=edit, label=plain(label, 200))
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            result = await ls.workspace_apply_edit_async(params)
    except TimeoutError:
        return "The editor did not say whether it made the change."
    except JsonRpcException as error:
        return f"The editor did not make the change: {plain(str(error), 200)}"
    if result.applied:
        return ""
    reason = plain(result.failure_reason or "", 200)
    if reason == extensions.DECLINED:
        return DECLINED
    return f"The editor did not make the change: {reason or 'it does not say why.'}"


async def _show(ls: MiradorServer, uri: str) -> None:
    """Bring a new file before the user's eyes, where the client can."""
    if not ls.session.client.shows_documents:
        return
    try:
        async with asyncio.timeout(_SHOW_SECONDS):
            await ls.window_show_document_async(types.ShowDocumentParams(uri=uri, take_focus=True))
    except (TimeoutError, JsonRpcException):
        _log.info("the client did not show the new file")
