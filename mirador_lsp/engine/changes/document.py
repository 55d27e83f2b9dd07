"""Documenting a definition: a model writes the words, everything else is decided here.

The patch touches white space and comments only, and is checked to: the syntax trees without
comments are equal.
"""

from dataclasses import dataclass, replace

from mirador_lsp.core.changes import ChangeRequest, ChangeStarted, EmitChange, Rung
from mirador_lsp.core.clean import plain
from mirador_lsp.core.dialogue import Prompt
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.edits import apply
from mirador_lsp.core.events import Notice, NoticeKind, StageProgressed
from mirador_lsp.core.outline import Surroundings, Symbol, Unit
from mirador_lsp.core.text import Span
from mirador_lsp.engine.answers.subject import find_subject
from mirador_lsp.engine.changes.attempts import Outcome, Pen, Round, Task, pursue
from mirador_lsp.engine.changes.describing import answer_form, form_of, read_answer
from mirador_lsp.engine.changes.ladder import Changed, Ladder
from mirador_lsp.engine.changes.rewriting import Refused
from mirador_lsp.engine.changes.showing import beginning, shown_to
from mirador_lsp.engine.prompts.render import render
from mirador_lsp.engine.stages.job import Tools
from mirador_lsp.engine.stages.material import standing_text
from mirador_lsp.syntax.comments import convention_of
from mirador_lsp.syntax.doc_comments import doc_edit
from mirador_lsp.syntax.languages import LANGUAGES
from mirador_lsp.syntax.signatures import Signature, signature_of

_TOKENS_A_LINE = 60


async def run(request: ChangeRequest, tools: Tools, emit: EmitChange) -> Outcome:
    """Document the symbol at `request.span`, in place of a doc comment it may have."""
    snapshot = request.snapshot
    outline = await tools.outliner.outline(snapshot)
    cursor = beginning(snapshot, request.span)
    subject = find_subject(snapshot, outline, Span(cursor, cursor))
    symbol = subject.symbol
    where = f"document {symbol.path}" if symbol is not None else "document"
    emit(ChangeStarted(plain(f"{snapshot.name}: {where}", 200)))
    if symbol is None:
        return Outcome(None, _why_nothing(snapshot, outline.note))
    place = Span(symbol.header.start, symbol.header.start)
    near = await tools.syntax.surroundings(snapshot, place)
    if near.doc_place is None or not near.code_digest:
        return Outcome(None, f"There is no place for a doc comment of {plain(symbol.path, 80)}.")
    # The code stays as it is, so its tests have nothing to say.
    asked = replace(request, finding=None, run_tests=None)
    unchanged = _Unchanged(tools, near.code_digest)
    task = Task(
        headline=f"Document {plain(symbol.path, 80)}",
        ladder=Ladder(asked, tools, also={Rung.PARSES: unchanged.check}),
        write=_Writer(asked, symbol, subject.unit, near, emit).write,
        basis=symbol.span,
    )
    outcome = await pursue(task, asked, tools, emit)
    if outcome.patch is None:
        return outcome
    title = outcome.patch.title.replace("(parses", "(code unchanged", 1)
    return replace(outcome, patch=replace(outcome.patch, title=title))


def _why_nothing(snapshot: Snapshot, note: str) -> str:
    language = LANGUAGES.get(snapshot.language)
    if language is None:
        return "Nothing can be documented: there is no parser for this language."
    if not convention_of(snapshot.language).documents:
        return f"Nothing can be documented: {language.title} has no doc comments."
    if note:
        return f"Nothing can be documented: {note}."
    return "There is no function or class here to document; put the cursor into one."


@dataclass(frozen=True)
class _Unchanged:
    """The check that is a doc comment's own."""

    tools: Tools
    digest: str

    async def check(self, changed: Changed) -> str:
        near = await self.tools.syntax.surroundings(changed.snapshot, Span(0, 0))
        return "" if near.code_digest == self.digest else "It changes code, not only comments."


class _Writer:
    """Asks for the words of one doc comment and sets them."""

    def __init__(
        self,
        request: ChangeRequest,
        symbol: Symbol,
        unit: Unit,
        near: Surroundings,
        emit: EmitChange,
    ) -> None:
        self._request = request
        self._symbol = symbol
        self._unit = unit
        self._near = near
        self._emit = emit
        self._name = symbol.path.rpartition(".")[2]
        snapshot = request.snapshot
        code = snapshot.text[symbol.header.start : symbol.span.end]
        self._signature = signature_of(snapshot.language, symbol.kind, self._name, code)

    async def write(self, pen: Pen, now: Round) -> str:
        """See `attempts.Write`."""
        snapshot = self._request.snapshot
        rounds = 1 + self._request.repairs
        at = StageProgressed(pen.policy.name, now.number - 1, rounds, self._symbol.path)
        tokens = _TOKENS_A_LINE * (2 + _lines(self._signature))
        reply = await pen.write(self._prompt(pen, now), at, max(tokens, pen.policy.max_tokens))
        described = read_answer(self._name, reply, self._signature)
        try:
            edit = doc_edit(
                snapshot.text,
                snapshot.language,
                self._near,
                described.doc,
                kind=self._symbol.kind,
            )
        except ValueError as error:
            message = f"The comment cannot be used: {error}."
            raise Refused(message) from error
        if edit is None:
            message = "There is no place for a doc comment."
            raise Refused(message)
        if described.dropped:
            named = ", ".join(f"`{name}`" for name in described.dropped[:3])
            count = len(described.dropped)
            text = f"Left out of the doc comment, for the code has no such name: {named}."
            self._emit(Notice(NoticeKind.REJECTED, text, count, pen.policy.name))
        text = apply(snapshot.text, [edit])
        if text == snapshot.text:
            message = "The doc comment that is there already says the same."
            raise Refused(message)
        return text

    def _prompt(self, pen: Pen, now: Round) -> Prompt:
        system = standing_text(pen.policy)
        shown = shown_to(pen, self._request.snapshot, self._unit, self._emit)
        again = f"The last answer was not good enough: {now.failed}\n" if now.failed else ""
        asked = render(
            "document",
            kind=self._symbol.kind,
            name=plain(self._name, 80),
            history=again,
            form=form_of(self._signature),
        )
        return Prompt(
            system=system.text,
            material=shown.text,
            question=asked.text,
            constraint=answer_form(self._signature) if pen.card.supports_grammar else None,
            version=f"{system.version}+{shown.version}+{asked.version}",
        )


def _lines(signature: Signature) -> int:
    return len(signature.parameters) + len(signature.errors) + signature.gives
