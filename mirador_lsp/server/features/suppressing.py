"""`mirador.suppress`: silence a finding in the code, by a comment that changes nothing else."""

from collections.abc import Sequence
from typing import Any

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.edits import Edit, apply
from mirador_lsp.core.errors import ServiceError, UserError
from mirador_lsp.core.feedback import Particulars, Verdict
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.text import Span
from mirador_lsp.server.applying import apply_edit
from mirador_lsp.server.arguments import about_finding
from mirador_lsp.server.asked import asked, finding_of
from mirador_lsp.server.changing import NO_EDITS, Outcome, State
from mirador_lsp.server.edits import EditBuilder
from mirador_lsp.server.server import MiradorServer
from mirador_lsp.syntax.ignoring import ignore_edits

Answer = dict[str, Any]

_NO_PLACE = "No comment can stand here without changing the code."
_DISMISS = "Dismiss the finding instead."


async def suppress(ls: MiradorServer, arguments: Sequence[Any]) -> Answer:
    """`mirador.suppress`: put the language's comment on the finding's line, or above it."""
    said, finding_id = about_finding(arguments)
    ask = asked(ls, said)
    finding = finding_of(ls, ask.snapshot, finding_id)
    outcome = await _suppress(ls, ask.snapshot, finding)
    if outcome.why:
        ls.messages.refusal(UserError(outcome.why, remedy=_DISMISS))
    return outcome.answer()


async def _suppress(ls: MiradorServer, snapshot: Snapshot, finding: Finding) -> Outcome:
    if not ls.session.client.applies_edits:
        return Outcome(State.NOT_OFFERED, why=NO_EDITS)
    edit = await _comment(ls, snapshot, finding)
    if edit is None:
        return Outcome(State.NOT_OFFERED, why=_NO_PLACE)
    if not ls.session.is_current(snapshot):
        return Outcome(State.REFUSED, why="The document was edited meanwhile.")
    title = f"Suppress {finding.rule}"
    builder = EditBuilder(ls.session.client, title)
    builder.change(snapshot, [edit])
    why = await apply_edit(ls, builder.build(), title)
    if not why:
        await _remember(ls, snapshot, finding)
    return Outcome(State.REFUSED if why else State.APPLIED, title, why)


async def _remember(ls: MiradorServer, snapshot: Snapshot, finding: Finding) -> None:
    """The user does not want findings like it. The comment stands whether that is kept or not."""
    more = Particulars(language=snapshot.language)
    app = await ls.apps.get()
    try:
        await app.opine(snapshot.uri, finding, Verdict.SUPPRESSED, "", more)
    except ServiceError as error:
        ls.messages.refusal(error)


async def _comment(ls: MiradorServer, snapshot: Snapshot, finding: Finding) -> Edit | None:
    """The first of the possible comments that leaves the code as it is and is heard."""
    app = await ls.apps.get()
    nowhere = Span(0, 0)
    before = (await app.surroundings(snapshot, nowhere)).code_digest
    if not before:
        return None  # without a syntax tree nobody can tell a comment from a string
    line = snapshot.lines.line_of(finding.span.start)
    for edit in ignore_edits(snapshot.text, snapshot.lines, line, snapshot.language, finding.rule):
        text = apply(snapshot.text, [edit])
        after = Snapshot(snapshot.uri, snapshot.name, snapshot.language, text)
        if (await app.surroundings(after, nowhere)).code_digest != before:
            continue
        moved = finding.span.start + (len(edit.text) if edit.span.end <= finding.span.start else 0)
        meant = after.lines.line_span(after.lines.line_of(moved))
        heard = (await app.outline(after)).suppressions
        if any(each.covers == meant and finding.rule in each.rules for each in heard):
            return edit
    return None
