"""The commands by which the user judges a finding: dismiss, restore, helpful, not helpful."""

from collections.abc import Sequence
from typing import Any

from mirador_lsp.core.errors import MiradorError, UserError
from mirador_lsp.core.events import Hush
from mirador_lsp.core.feedback import Verdict
from mirador_lsp.core.findings import Finding
from mirador_lsp.server.arguments import about_finding, must_be_open, text
from mirador_lsp.server.asked import current, finding_of
from mirador_lsp.server.server import MiradorServer

Answer = dict[str, Any]

_LONGEST_REASON = 500


async def dismiss(ls: MiradorServer, arguments: Sequence[Any]) -> Answer:
    """`mirador.dismiss`: never show this finding again. `reason` is the user's own words."""
    said, finding_id = about_finding(arguments)
    reason = text(said, "reason", _LONGEST_REASON)
    finding = _shown(ls, said["uri"], finding_id)
    ls.publisher.dismiss(said["uri"], finding_id, reason)
    try:
        await _record(ls, said["uri"], finding, Verdict.DISMISSED, reason)
    except MiradorError as error:
        # It is out of sight for this session; the next one will not know.
        ls.messages.refusal(error)
        return {"dismissed": True, "kept": False}
    return {"dismissed": True, "kept": True}


async def restore(ls: MiradorServer, arguments: Sequence[Any]) -> Answer:
    """`mirador.restore`: show a dismissed finding again."""
    said, finding_id = about_finding(arguments)
    uri = said["uri"]
    snapshot = current(ls, uri)
    if snapshot is None:
        raise must_be_open(uri)
    hushed = {h.finding.id: h for h in ls.publisher.aside(snapshot).hushed}
    known = hushed.get(finding_id)
    if known is None or known.by is not Hush.DISMISSED:
        message = "This finding is not among those that were dismissed."
        raise UserError(message, remedy="Save the document to have it reviewed again.")
    await _record(ls, uri, known.finding, Verdict.RESTORED, "")
    return {"restored": ls.publisher.restore(uri, finding_id) is not None}


async def helpful(ls: MiradorServer, arguments: Sequence[Any]) -> Answer:
    """`mirador.helpful`: the finding was worth reading."""
    return await _judge(ls, arguments, Verdict.HELPFUL)


async def not_helpful(ls: MiradorServer, arguments: Sequence[Any]) -> Answer:
    """`mirador.notHelpful`: it was not; it stays where it is."""
    return await _judge(ls, arguments, Verdict.UNHELPFUL)


async def _judge(ls: MiradorServer, arguments: Sequence[Any], verdict: Verdict) -> Answer:
    said, finding_id = about_finding(arguments)
    finding = _shown(ls, said["uri"], finding_id)
    await _record(ls, said["uri"], finding, verdict, text(said, "reason", _LONGEST_REASON))
    return {"recorded": verdict.value}


def _shown(ls: MiradorServer, uri: str, finding_id: str) -> Finding:
    snapshot = current(ls, uri)
    if snapshot is None:
        raise must_be_open(uri)
    return finding_of(ls, snapshot, finding_id)


async def _record(
    ls: MiradorServer, uri: str, finding: Finding, verdict: Verdict, reason: str
) -> None:
    app = await ls.apps.get()
    await app.opine(uri, finding, verdict, reason)
