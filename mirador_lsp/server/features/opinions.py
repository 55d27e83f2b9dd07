"""The commands by which the user judges a finding: dismiss, restore, helpful, not helpful."""

from collections.abc import Sequence
from typing import Any

from pygls.exceptions import JsonRpcInvalidParams

from mirador_lsp.core.errors import MiradorError, UserError
from mirador_lsp.core.feedback import Particulars, Verdict
from mirador_lsp.core.findings import Finding
from mirador_lsp.server.arguments import about_finding, must_be_open, text
from mirador_lsp.server.asked import current, finding_of
from mirador_lsp.server.board import RESTORABLE
from mirador_lsp.server.server import MiradorServer

Answer = dict[str, Any]

_LONGEST_REASON = 500
_STARS = 5


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
    """`mirador.restore`: show a finding again that was dismissed, or is like those that were."""
    said, finding_id = about_finding(arguments)
    uri = said["uri"]
    snapshot = current(ls, uri)
    if snapshot is None:
        raise must_be_open(uri)
    hushed = {h.finding.id: h for h in ls.publisher.aside(snapshot).hushed}
    known = hushed.get(finding_id)
    if known is None or known.by not in RESTORABLE:
        message = "This finding is not among those that were dismissed or withheld for likeness."
        raise UserError(message, remedy="Save the document to have it reviewed again.")
    await _record(ls, uri, known.finding, Verdict.RESTORED, "")
    return {"restored": ls.publisher.restore(uri, finding_id) is not None}


async def helpful(ls: MiradorServer, arguments: Sequence[Any]) -> Answer:
    """`mirador.helpful`: the finding was worth reading."""
    return await _judge(ls, arguments, Verdict.HELPFUL)


async def not_helpful(ls: MiradorServer, arguments: Sequence[Any]) -> Answer:
    """`mirador.notHelpful`: it was not; it stays where it is."""
    return await _judge(ls, arguments, Verdict.UNHELPFUL)


async def rate(ls: MiradorServer, arguments: Sequence[Any]) -> Answer:
    """`mirador.rate`: one to five stars; five and four rank others like it up, one counts as a
    dismissal of the kind.
    """
    said, finding_id = about_finding(arguments)
    stars = said.get("rating")
    if not isinstance(stars, int) or isinstance(stars, bool) or not 1 <= stars <= _STARS:
        message = f"rating is a whole number from 1 to {_STARS}."
        raise JsonRpcInvalidParams(message)
    finding = _shown(ls, said["uri"], finding_id)
    reason = text(said, "reason", _LONGEST_REASON)
    await _record(ls, said["uri"], finding, Verdict.RATED, reason, rating=stars)
    return {"recorded": Verdict.RATED.value, "rating": stars}


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
    ls: MiradorServer,
    uri: str,
    finding: Finding,
    verdict: Verdict,
    reason: str,
    *,
    rating: int = 0,
) -> None:
    snapshot = current(ls, uri)
    language = snapshot.language if snapshot is not None else ""
    app = await ls.apps.get()
    await app.opine(uri, finding, verdict, reason, Particulars(rating=rating, language=language))
