"""A change that was made for one text, where the document has another one by now.

People go on typing while a model writes. What they did not touch is moved along and checked anew;
what they did touch is theirs.
"""

import asyncio
from dataclasses import replace

from mirador_lsp.core.changes import ChangeRequest, Patch, Rung
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.edits import apply
from mirador_lsp.server import carry
from mirador_lsp.server.asked import current
from mirador_lsp.server.server import MiradorServer

_PAUSE_SECONDS = 0.5
"""Without an edit: then somebody who types has paused, and a check is not outdated when it ends."""
_LONGEST_TYPING_SECONDS = 60.0
_LATE_SECONDS = 1.5
"""Clients gather what is typed before they tell it: Neovim for 0.15 s, Eglot for 0.5 s."""


async def at_rest(ls: MiradorServer, made_for: Snapshot) -> Snapshot | None:
    """The document as it is now or, where it is not `made_for` any more, once nobody types in it;
    None when it is not open.
    """
    now = current(ls, made_for.uri)
    if now is None or now.text == made_for.text:
        return now
    try:
        async with asyncio.timeout(_LONGEST_TYPING_SECONDS):
            while await _edited_within(ls, made_for.uri, _PAUSE_SECONDS):
                pass
    except TimeoutError:
        pass  # what was typed since the check is met where the change is offered
    return current(ls, made_for.uri)


async def edited_since(ls: MiradorServer, then: Snapshot) -> bool:
    """Whether a client that refuses a change has, or is about to tell of, another text than `then`.

    A client knows what is typed before it tells the server, and refuses on the grounds of that.
    """
    if current(ls, then.uri) != then:
        return True
    return await _edited_within(ls, then.uri, _LATE_SECONDS)


async def fitted(
    ls: MiradorServer, request: ChangeRequest, patch: Patch, now: Snapshot
) -> Patch | None:
    """The patch for the document as it is now, checked there; None where it does not hold."""
    old = request.snapshot
    if now.text == old.text:
        return patch
    moved = moved_to(ls, request, now)
    whole = patch.basis is None or carry.place(patch.basis, old, now) is not None
    if moved is None or not whole:
        return None
    if patch.creates:
        return patch
    edits = carry.edits(patch.edits, old, now)
    if edits is None:
        return None
    if Rung.TESTS not in patch.rungs:
        moved = replace(moved, run_tests=None)  # what changes no code is not tested
    text = apply(now.text, edits)
    app = await ls.apps.get()
    checked = await app.check_change(moved, text)
    if checked.failed is not None or not set(patch.rungs) <= set(checked.reached):
        return None
    return replace(patch, base_hash=now.content_hash, version=now.version, edits=edits, after=text)


def moved_to(ls: MiradorServer, request: ChangeRequest, now: Snapshot) -> ChangeRequest | None:
    """The request for the document as it is now; None where the code in question was edited."""
    shown = ls.publisher.shown(now)
    finding = request.finding
    if finding is None:
        span = carry.place(request.span, request.snapshot, now)
    else:
        known = carry.closely([finding], request.snapshot, now)
        if not ls.publisher.is_moved(now):
            known |= {f.id: f for f in shown}  # a review has looked at this text since
        finding = known.get(finding.id)
        span = finding.span if finding is not None else None
    if span is None:
        return None
    return replace(request, snapshot=now, span=span, finding=finding, findings=shown)


async def _edited_within(ls: MiradorServer, uri: str, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await ls.session.edited(uri)
    except TimeoutError:
        return False
    return True
