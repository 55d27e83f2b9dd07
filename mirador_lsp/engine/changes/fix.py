"""Mending a finding: what an analyzer knows to do about it, else what a model writes.

A model is asked for the whole function around the finding, or where there is none, or it gave the
code back as it was, for the statement.
"""

from dataclasses import dataclass
from functools import partial

from mirador_lsp.core.changes import ChangeRequest, ChangeStarted, EmitChange, Rung
from mirador_lsp.core.clean import plain
from mirador_lsp.core.dialogue import Prompt
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.edits import apply
from mirador_lsp.core.events import Notice, NoticeKind, StageProgressed
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.outline import Outline, Symbol, Unit
from mirador_lsp.core.text import Span
from mirador_lsp.engine.changes.attempts import Outcome, Pen, Round, Task, pursue
from mirador_lsp.engine.changes.imports import ImportPlace, imports_for, place_for_imports
from mirador_lsp.engine.changes.ladder import Changed, Ladder, keeps_symbols, patch_of
from mirador_lsp.engine.changes.recheck import not_said_again
from mirador_lsp.engine.changes.rewriting import (
    Refused,
    Region,
    code_in,
    region_of,
    reply_form,
    rewritten,
)
from mirador_lsp.engine.context.gathering import Gathering
from mirador_lsp.engine.fencing import fenced
from mirador_lsp.engine.ledger import family_of, is_model_finding
from mirador_lsp.engine.prompts.render import Rendered, render
from mirador_lsp.engine.stages.job import Tools
from mirador_lsp.engine.stages.material import material, standing_text
from mirador_lsp.engine.units import show

_MOST_FUNCTION_LINES = 60
_MOST_STATEMENT_LINES = 40
_LONGEST_HEADLINE = 100
_TOKENS_BESIDES = 96
_MOST_TOKENS = 1500


async def run(request: ChangeRequest, tools: Tools, emit: EmitChange) -> Outcome:
    """Mend `request.finding`. Raises ValueError where the request has none."""
    finding = request.finding
    if finding is None:
        message = "a request for a fix names a finding"
        raise ValueError(message)
    emit(ChangeStarted(_title(request.snapshot, finding)))
    ready = await _ready(request, finding, tools, emit)
    if ready is not None:
        return ready
    outline = await tools.outliner.outline(request.snapshot)
    place = await _place(request, finding, outline, tools)
    ladder = Ladder(
        request,
        tools,
        allowed=place.widest,
        imports=place.imports.room if place.imports is not None else None,
        also={
            Rung.PARSES: keeps_symbols,
            Rung.CLEAN: partial(_flagged_again, finding, request, tools, emit),
        },
    )
    if not await _still_there(ladder, finding):
        return Outcome(None, "The finding is no longer in this text; review the file again.")
    async with Gathering(tools.stock, request.snapshot, outline) as gathering:
        return await _pursued(request, finding, place, ladder, gathering, tools, emit)


async def _pursued(
    request: ChangeRequest,
    finding: Finding,
    place: "_Place",
    ladder: Ladder,
    gathering: Gathering,
    tools: Tools,
    emit: EmitChange,
) -> Outcome:
    writer = _Writer(request, finding, place, gathering, tools, emit)
    said_again = f"{plain(finding.origin.tool, 60)} does not report it again"
    task = Task(
        headline=f"Fix: {_short(finding.message)}",
        ladder=ladder,
        write=writer.write,
        remark=said_again if is_model_finding(finding) else "",
        basis=place.widest,
    )
    return await pursue(task, request, tools, emit)


def _title(snapshot: Snapshot, finding: Finding) -> str:
    where = f" in {finding.symbol}" if finding.symbol else ""
    return plain(f"{snapshot.name}: fix {finding.rule}{where}", 200)


def _short(message: str) -> str:
    return plain(message, _LONGEST_HEADLINE).rstrip(".")


async def _ready(
    request: ChangeRequest, finding: Finding, tools: Tools, emit: EmitChange
) -> Outcome | None:
    """The analyzer's own fix, checked like any other; None where there is none that holds."""
    if finding.fix is None:
        return None
    ladder = Ladder(request, tools)
    try:
        text = apply(request.snapshot.text, finding.fix.edits)
    except ValueError:
        why = "it does not fit this text"
    else:
        climb = await ladder.climb(text)
        if climb.failed is None:
            headline = f"Fix: {_short(finding.fix.title)}"
            return Outcome(patch_of(ladder, request, text, climb, headline=headline, model=""))
        why = f"{climb.why[:1].lower()}{climb.why[1:]}"
    tool = plain(finding.origin.tool, 60)
    emit(Notice(NoticeKind.REJECTED, f"The fix that {tool} knows is not offered: {why}"))
    return None


async def _still_there(ladder: Ladder, finding: Finding) -> bool:
    """Whether the text still has the finding; of a model's, whether its quote stands there."""
    before = await ladder.before()
    if finding.span.end > len(before.snapshot.text):
        return False
    if not is_model_finding(finding):
        family = family_of(finding, before.snapshot.lines, before.outline)
        return before.families[finding.rule, family] > 0
    touched = before.snapshot.lines.touched(finding.span)
    return _bare(finding.quote) in _bare(plain(touched, len(touched) + 1))


def _bare(text: str) -> str:
    return "".join(text.split())


async def _flagged_again(
    finding: Finding, request: ChangeRequest, tools: Tools, emit: EmitChange, changed: Changed
) -> str:
    if not is_model_finding(finding):
        return ""
    return await not_said_again(finding, changed, request, tools, emit)


@dataclass(frozen=True)
class _Place:
    """Where a finding can be mended."""

    unit: Unit
    """What the model is shown."""
    statement: Region
    function: Region | None
    """The function around it, where it is short enough to be written anew."""
    kind: str = ""
    """"function" or "method"."""
    name: str = ""
    """Of the function, without its path."""
    imports: ImportPlace | None = None
    """Where what it needs can be imported."""

    @property
    def widest(self) -> Span:
        """All that may change."""
        inner = self.statement.span
        if self.function is None:
            return inner
        outer = self.function.span
        return Span(min(outer.start, inner.start), max(outer.end, inner.end))


async def _place(
    request: ChangeRequest, finding: Finding, outline: Outline, tools: Tools
) -> _Place:
    snapshot = request.snapshot
    end = len(snapshot.text)
    span = Span(min(finding.span.start, end), min(finding.span.end, end))
    around = await tools.syntax.surroundings(snapshot, span)
    statement = region_of(snapshot, around.statement)
    if statement.code.count("\n") >= _MOST_STATEMENT_LINES:
        statement = region_of(snapshot, span)
    unit = next(
        (u for u in outline.units if any(piece.overlaps(span) for piece in u.pieces)),
        Unit("", "module", (statement.span,), ""),
    )
    symbol = _function(outline, span)
    function = region_of(snapshot, symbol.span) if symbol is not None else None
    if function is not None and function.code.count("\n") >= _MOST_FUNCTION_LINES:
        function = None
    if symbol is None:
        return _Place(unit, statement, function)
    name = symbol.path.rpartition(".")[2]
    imports = place_for_imports(snapshot, outline, min(symbol.span.start, statement.span.start))
    return _Place(unit, statement, function, symbol.kind, name, imports)


def _function(outline: Outline, span: Span) -> Symbol | None:
    """The innermost function or method around a place."""
    around = [
        symbol
        for symbol in outline.symbols
        if symbol.kind in ("function", "method") and symbol.span.contains(span)
    ]
    return max(around, key=lambda symbol: symbol.span.start, default=None)


class _Writer:
    """Asks for the fix of one finding."""

    def __init__(
        self,
        request: ChangeRequest,
        finding: Finding,
        place: _Place,
        gathering: Gathering,
        tools: Tools,
        emit: EmitChange,
    ) -> None:
        self._emit = emit
        self._request = request
        self._finding = finding
        self._place = place
        self._gathering = gathering
        self._tools = tools

    async def write(self, pen: Pen, now: Round) -> str:
        """See `attempts.Write`."""
        place, snapshot = self._place, self._request.snapshot
        # The other form in every second round: asked the same way, a model says the same again.
        region = place.function if now.number % 2 else place.statement
        region = region or place.statement
        unit = place.unit.path or "module"
        at = StageProgressed(pen.policy.name, now.number - 1, 1 + self._request.repairs, unit)
        size = min(_MOST_TOKENS, len(region.code) // 2 + _TOKENS_BESIDES)
        prompt = await self._prompt(pen, now, region)
        for notice in self._gathering.notices():
            self._emit(notice)
        code = code_in(await pen.write(prompt, at, max(size, pen.policy.max_tokens)))
        written = await self._function_in(code)
        if written is None:
            return rewritten(snapshot, region, code, about=self._finding.span)
        # Also where only the statement was asked for: in its place it would nest.
        if place.function is None:
            message = "It rewrites the whole function where a statement was asked for."
            raise Refused(message)
        head, function = written
        text = rewritten(snapshot, place.function, function, about=self._finding.span)
        lines = imports_for(function, head, snapshot.text)
        return place.imports.add(lines, text) if lines and place.imports is not None else text

    async def _prompt(self, pen: Pen, now: Round, region: Region) -> Prompt:
        place, snapshot, span = self._place, self._request.snapshot, self._finding.span
        system = standing_text(pen.policy)
        unit = await self._gathering.shown(show(snapshot, place.unit), pen.card, pen.policy)
        reach = await self._gathering.reaching(unit, span, pen.card, pen.policy)
        shown = material(snapshot.language, unit)
        history = ""
        if now.failed:
            # Shown what it wrote before, a small model writes it again.
            again = render("fix_again", failed=now.failed)
            history = f"{again.text}\n"
        line = snapshot.lines.line_text(snapshot.lines.line_of(self._finding.span.start))
        examples = await self._examples(now)
        known = {
            "examples": examples.text,
            "quote": plain(line, 200),
            "message": plain(self._finding.message),
            "history": history,
            "reach": reach,
        }
        if region is place.function:
            asked = render("fix_function", kind=place.kind, **known)
        else:
            asked = render("fix_lines", code=fenced(snapshot.language, region.dedented), **known)
        return Prompt(
            system=system.text,
            material=shown.text,
            question=asked.text,
            constraint=reply_form(snapshot.language) if pen.card.supports_grammar else None,
            version="+".join(
                filter(None, (system.version, shown.version, examples.version, asked.version))
            ),
        )

    async def _examples(self, now: Round) -> Rendered:
        """What the user accepted for the like; not again where an attempt failed: it may be why."""
        if now.number > 1:
            return Rendered("", "")
        return await self._tools.examples.of_fixes(self._finding, self._request.snapshot.language)

    async def _function_in(self, code: str) -> tuple[str, str] | None:
        """The function out of a reply that may show its class, its imports or how to call it too,
        behind what stands above it; None where the reply does not hold it.
        """
        snapshot = self._request.snapshot
        reply = Snapshot("reply:", snapshot.name, snapshot.language, code)
        outline = await self._tools.outliner.outline(reply)
        for symbol in outline.symbols:
            if self._place.name and symbol.path.rpartition(".")[2] == self._place.name:
                region = region_of(reply, symbol.span)
                return code[: region.span.start], region.code
        return None
