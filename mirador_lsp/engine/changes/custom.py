"""An action of the user's own that edits: the prompt file says what, the action's scope says where.

The scope is a wall: a text that differs outside of it is refused before anything else is checked.
"""

from dataclasses import dataclass, replace

from mirador_lsp.core.changes import ChangeRequest, ChangeStarted, EmitChange
from mirador_lsp.core.clean import plain
from mirador_lsp.core.dialogue import Prompt
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import StageProgressed
from mirador_lsp.core.outline import Outline, Unit
from mirador_lsp.core.text import Span
from mirador_lsp.engine.answers.subject import find_subject
from mirador_lsp.engine.changes.attempts import Outcome, Pen, Round, Task, pursue
from mirador_lsp.engine.changes.ladder import Ladder
from mirador_lsp.engine.changes.rewriting import (
    MOST_LINES,
    Refused,
    Region,
    code_in,
    region_of,
    reply_form,
    rewritten,
)
from mirador_lsp.engine.changes.showing import beginning, shown_to
from mirador_lsp.engine.fencing import fenced
from mirador_lsp.engine.prompts.render import render
from mirador_lsp.engine.stages.job import Tools
from mirador_lsp.engine.stages.material import standing_text

_TOKENS_BESIDES = 128
_MOST_TOKENS = 2000
_LONGEST_INSTRUCTION = 4000


@dataclass(frozen=True)
class _Scope:
    """What may be edited."""

    name: str
    """What a user calls it: "Cart.total", "lines 3 to 9", "cart.py"."""
    region: Region
    unit: Unit
    """What the model is shown."""


async def run(request: ChangeRequest, tools: Tools, emit: EmitChange) -> Outcome:
    """Rewrite the request's scope as its question asks."""
    snapshot = request.snapshot
    outline = await tools.outliner.outline(snapshot)
    scope = _scope(request, outline)
    name = scope.name if scope is not None else request.scope
    emit(ChangeStarted(plain(f"{snapshot.name}: rewrite {name}", 200)))
    if not request.question.strip():
        return Outcome(None, "The action says nothing to do; write its prompt file.")
    if scope is None:
        return Outcome(None, _why_no_scope(request))
    count = scope.region.code.count("\n") + 1
    if count > MOST_LINES:
        why = f"{name} has {count} lines, and a model rewrites at most {MOST_LINES} at a time"
        return Outcome(None, f"{why}; select less.")
    asked = replace(request, finding=None)
    task = Task(
        headline=f"Rewrite {plain(name, 80)}",
        ladder=Ladder(asked, tools, allowed=_wall(snapshot, scope.region)),
        write=_Writer(asked, scope, emit).write,
        basis=scope.region.span,
    )
    return await pursue(task, asked, tools, emit)


def _scope(request: ChangeRequest, outline: Outline) -> _Scope | None:
    snapshot = request.snapshot
    if request.scope == "file":
        subject = find_subject(snapshot, outline, None)
        region = region_of(snapshot, Span(0, len(snapshot.text.rstrip())))
        return _Scope(snapshot.name, region, subject.unit) if snapshot.text.strip() else None
    if request.scope == "selection":
        end = min(request.span.end, len(snapshot.text))
        picked = Span(min(beginning(snapshot, request.span), end), end)
        if not snapshot.text[picked.start : picked.end].strip():
            return None
        subject = find_subject(snapshot, outline, picked)
        index = snapshot.lines
        first, last = index.line_of(picked.start) + 1, index.line_of(picked.end - 1) + 1
        name = f"line {first}" if first == last else f"lines {first} to {last}"
        return _Scope(name, region_of(snapshot, picked), subject.unit)
    cursor = beginning(snapshot, request.span)
    subject = find_subject(snapshot, outline, Span(cursor, cursor))
    if subject.symbol is None:
        return None
    return _Scope(subject.symbol.path, region_of(snapshot, subject.symbol.span), subject.unit)


def _wall(snapshot: Snapshot, region: Region) -> Span:
    """The region with the line end after it, which goes where the last line goes."""
    line = snapshot.lines.line_of(region.span.end)
    return Span(region.span.start, snapshot.lines.full_line_span(line).end)


def _why_no_scope(request: ChangeRequest) -> str:
    if request.scope == "selection":
        return "The action edits the selection; select the lines it is to rewrite."
    if request.scope == "file":
        return "The file is empty."
    return "There is no function or class here; put the cursor into the one to be rewritten."


class _Writer:
    """Asks for the rewrite of one scope."""

    def __init__(self, request: ChangeRequest, scope: _Scope, emit: EmitChange) -> None:
        self._request = request
        self._scope = scope
        self._emit = emit

    async def write(self, pen: Pen, now: Round) -> str:
        """See `attempts.Write`."""
        region, snapshot = self._scope.region, self._request.snapshot
        rounds = 1 + self._request.repairs
        at = StageProgressed(pen.policy.name, now.number - 1, rounds, self._scope.name)
        size = min(_MOST_TOKENS, len(region.code) // 2 + _TOKENS_BESIDES)
        reply = await pen.write(self._prompt(pen, now), at, max(size, pen.policy.max_tokens))
        return rewritten(snapshot, region, code_in(reply), asked=True)

    def _prompt(self, pen: Pen, now: Round) -> Prompt:
        snapshot, scope = self._request.snapshot, self._scope
        instruction = self._request.question.strip()
        if len(instruction) > _LONGEST_INSTRUCTION:
            message = f"The action's prompt has more than {_LONGEST_INSTRUCTION:,} characters."
            raise Refused(message)
        system = standing_text(pen.policy)
        shown = shown_to(pen, snapshot, scope.unit, self._emit)
        again = f"The last answer was not good enough: {now.failed}\n" if now.failed else ""
        asked = render(
            "custom",
            instruction=instruction,
            history=again,
            what="this file" if self._request.scope == "file" else "these lines",
            code=fenced(snapshot.language, scope.region.dedented),
        )
        form = reply_form(snapshot.language) if pen.card.supports_grammar else None
        version = f"{system.version}+{shown.version}+{asked.version}"
        return Prompt(system.text, shown.text, asked.text, constraint=form, version=version)
