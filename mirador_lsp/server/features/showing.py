"""The commands that show what lies behind: the evidence of a finding, and what is not shown."""

from collections.abc import Sequence
from typing import Any

from mirador_lsp.core.errors import UserError
from mirador_lsp.core.retrieval import account
from mirador_lsp.server import reports
from mirador_lsp.server.arguments import about_document, about_finding, must_be_open
from mirador_lsp.server.asked import current
from mirador_lsp.server.server import MiradorServer

Answer = dict[str, Any]


async def show_evidence(ls: MiradorServer, arguments: Sequence[Any]) -> Answer:
    """`mirador.showEvidence`: who said what when asked what, and what a judge made of it."""
    said, finding_id = about_finding(arguments)
    snapshot = current(ls, said["uri"])
    if snapshot is None:
        raise must_be_open(said["uri"])
    aside = ls.publisher.aside(snapshot)
    known = (
        *ls.publisher.shown(snapshot),
        *aside.withheld,
        *(hushed.finding for hushed in aside.hushed),
    )
    finding = next((each for each in known if each.id == finding_id), None)
    if finding is None:
        message = "Nothing is known of this finding any more."
        raise UserError(message, remedy="Save the document to have it reviewed again.")
    heard = ls.evidence.about(snapshot.uri, finding_id)
    page = reports.evidence(finding, heard, snapshot)
    await ls.pages.show("evidence", f"{finding.rule} in {snapshot.name}", page, snapshot.uri)
    return {
        "findingId": finding_id,
        "evidence": [
            {
                "stage": each.stage,
                "model": each.model,
                "unit": each.unit,
                "lens": each.lens,
                "said": each.said,
                "sureness": round(each.sureness, 4),
                "context": account(each.context) if each.context is not None else None,
                "prompt": {
                    "version": each.prompt.version,
                    "system": each.prompt.system,
                    "material": each.prompt.material,
                    "question": each.prompt.question,
                },
            }
            for each in heard
        ],
    }


async def show_withheld(ls: MiradorServer, arguments: Sequence[Any]) -> Answer:
    """`mirador.showWithheld`: the findings that are not shown, each with the reason.

    With `"page": false` they are only listed, for a client that lets the user choose one.
    """
    said = about_document(arguments)
    snapshot = current(ls, said["uri"])
    if snapshot is None:
        raise must_be_open(said["uri"])
    aside = ls.publisher.aside(snapshot)
    if said.get("page") is not False:
        page = reports.withheld(aside, ls.settings.review.gate, snapshot)
        await ls.pages.show("withheld", f"not shown in {snapshot.name}", page, snapshot.uri)
    return {
        "withheld": [reports.line_of(finding, snapshot) for finding in aside.withheld],
        "hushed": [
            reports.line_of(hushed.finding, snapshot)
            | {"by": hushed.by.value, "reason": hushed.reason}
            for hushed in aside.hushed
        ],
        "overCap": aside.over_cap,
    }
