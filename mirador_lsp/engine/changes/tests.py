"""Writing a test file for a definition: a new file that parses and, where allowed, was run.

Tests that fail when they are run are left out, where it can be told which they are, and the user is
told: a model is wrong about results more often than the code is.
"""

import re
from dataclasses import dataclass, replace

from mirador_lsp.core.changes import (
    ChangeRequest,
    ChangeStarted,
    EmitChange,
    NewTests,
    Patch,
    Rung,
    TestRun,
)
from mirador_lsp.core.clean import plain
from mirador_lsp.core.dialogue import Prompt
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import AnalyzerError
from mirador_lsp.core.events import Notice, NoticeKind, StageProgressed
from mirador_lsp.core.findings import Lens
from mirador_lsp.core.outline import Symbol, Unit
from mirador_lsp.core.text import Span
from mirador_lsp.engine.answers.subject import find_subject
from mirador_lsp.engine.changes.attempts import Outcome, Pen, Round, Task, pursue
from mirador_lsp.engine.changes.ladder import Ladder, patch_of
from mirador_lsp.engine.changes.rewriting import Refused, code_in, reply_form
from mirador_lsp.engine.changes.showing import beginning, shown_to
from mirador_lsp.engine.changes.test_form import (
    MOST_TESTS,
    OwnTest,
    Subject,
    assembled,
    form_for,
    header_of,
    own_tests,
    shape_of,
    why_no_header,
)
from mirador_lsp.engine.fencing import fenced
from mirador_lsp.engine.prompts.render import render
from mirador_lsp.engine.stages.job import Tools
from mirador_lsp.engine.stages.material import standing_text
from mirador_lsp.syntax.languages import LANGUAGES

_TOKENS = 900
_NO_ERRORS = "no lint errors"
_FAILURE = re.compile(r"fail|error|not ok|[✕✖✗\u00d7]|panicked", re.IGNORECASE)


async def run(request: ChangeRequest, tools: Tools, emit: EmitChange) -> Outcome:
    """Write tests for the symbol at `request.span` into the place the request names."""
    snapshot, place = request.snapshot, request.new_tests
    outline = await tools.outliner.outline(snapshot)
    cursor = beginning(snapshot, request.span)
    found = find_subject(snapshot, outline, Span(cursor, cursor))
    symbol = found.symbol
    what = f"tests for {symbol.path}" if symbol is not None else "tests"
    emit(ChangeStarted(plain(f"{snapshot.name}: {what}", 200)))
    if symbol is None:
        why = outline.note or "there is no function or class here; put the cursor into one"
        return Outcome(None, f"There is nothing to test: {why}.")
    if place is None:
        return Outcome(None, _why_no_place(snapshot))
    subject = Subject(snapshot.language, symbol.path.partition(".")[0], snapshot.text)
    header = header_of(subject, place)
    if header is None:
        return Outcome(None, why_no_header(subject))
    # Nobody else knows the new file yet, and its tests are run once it is complete.
    asked = replace(request, finding=None, findings=(), ask_neighbours=None, run_tests=None)
    # A draft of tests is not refused for its style: an unused variable does no harm.
    lenses = tuple(lens for lens in request.policy.lenses if lens is not Lens.STYLE)
    asked = replace(asked, policy=replace(request.policy, lenses=lenses))
    base = Snapshot(place.uri, place.name, snapshot.language, "", None, place.path)
    ladder = Ladder(asked, tools, base=base)
    writer = _Writer(asked, _Wanted(subject, place, header, symbol, found.unit), tools, emit)
    headline = f"Tests for {plain(symbol.path, 80)}"
    task = Task(headline=headline, ladder=ladder, write=writer.write, basis=symbol.span)
    outcome = await pursue(task, asked, tools, emit)
    if outcome.patch is None:
        return outcome
    checked = outcome.patch.title.rpartition("(")[2].replace("lints clean", _NO_ERRORS)
    title = f"{headline} in {plain(place.name, 120)} ({checked}"
    patch = replace(outcome.patch, title=title)
    if request.run_tests is None:
        return replace(outcome, patch=_titled(patch, "not run"))
    return await _Trial(request, tools, ladder, emit).of(replace(outcome, patch=patch))


def _why_no_place(snapshot: Snapshot) -> str:
    if snapshot.path is None:
        return "A test file needs a place in a project; save this file first."
    language = LANGUAGES.get(snapshot.language)
    title = language.title if language is not None else "this language"
    return f"No place for a new test file of {title} was found."


@dataclass(frozen=True)
class _Wanted:
    """What is to be written."""

    subject: Subject
    place: NewTests
    header: str
    symbol: Symbol
    unit: Unit


class _Writer:
    """Asks for the tests of one definition."""

    def __init__(
        self, request: ChangeRequest, wanted: _Wanted, tools: Tools, emit: EmitChange
    ) -> None:
        self._request = request
        self._wanted = wanted
        self._tools = tools
        self._emit = emit

    async def write(self, pen: Pen, now: Round) -> str:
        """See `attempts.Write`."""
        wanted = self._wanted
        subject = wanted.subject
        rounds = 1 + self._request.repairs
        at = StageProgressed(pen.policy.name, now.number - 1, rounds, wanted.symbol.path)
        reply = await pen.write(self._prompt(pen, now), at, max(_TOKENS, pen.policy.max_tokens))
        code = await self._without_the_subject(code_in(reply))
        text = assembled(subject, wanted.place, wanted.header, code)
        if not own_tests(subject.language, text):
            message = f"It holds no {wanted.place.framework} test."
            raise Refused(message)
        name = wanted.symbol.path.rpartition(".")[2]
        if not re.search(
            rf"(?<!\w){re.escape(name)}(?!\w)|(?<!\w){re.escape(subject.top)}\(", code
        ):
            message = f"Its tests do not use {name}."
            raise Refused(message)
        return text

    async def _without_the_subject(self, code: str) -> str:
        """The reply less a copy of what is tested: tests of a copy would test nothing."""
        language = self._wanted.subject.language
        outline = await self._tools.outliner.outline(Snapshot("reply:", "reply", language, code))
        for symbol in outline.symbols:
            if symbol.path == self._wanted.subject.top:
                return code[: symbol.span.start] + code[symbol.span.end :].lstrip(";\n")
        return code

    def _prompt(self, pen: Pen, now: Round) -> Prompt:
        wanted, snapshot = self._wanted, self._request.snapshot
        system = standing_text(pen.policy)
        shown = shown_to(pen, snapshot, wanted.unit, self._emit)
        again = f"The last answer was not good enough: {now.failed}\n" if now.failed else ""
        asked = render(
            "tests",
            framework=wanted.place.framework,
            kind=wanted.symbol.kind,
            name=plain(wanted.symbol.path, 80),
            header=fenced(snapshot.language, wanted.header.rstrip()),
            history=again,
            most=str(MOST_TESTS),
            form=form_for(wanted.subject, wanted.place),
        )
        form = None
        if pen.card.supports_grammar:
            form = shape_of(wanted.subject, wanted.place) or reply_form(snapshot.language)
        version = f"{system.version}+{shown.version}+{asked.version}"
        return Prompt(system.text, shown.text, asked.text, constraint=form, version=version)


class _Trial:
    """Runs a new test file, leaves out what fails, and says what came of it."""

    def __init__(
        self, request: ChangeRequest, tools: Tools, ladder: Ladder, emit: EmitChange
    ) -> None:
        self._request = request
        self._tools = tools
        self._ladder = ladder
        self._emit = emit

    async def of(self, outcome: Outcome) -> Outcome:
        """The outcome with the run in its patch; without one where the file is no good."""
        patch = outcome.patch
        if patch is None:
            return outcome
        run = await self._run(patch.after)
        if run is None:
            return replace(outcome, patch=_titled(patch, "not run"))
        own = own_tests(self._ladder.base.language, patch.after)
        if run.ok:
            return replace(outcome, patch=_passed(patch, run, len(own), len(own)))
        failing = [test for test in own if _fails(test, run.output)]
        if not failing:
            return self._unclear(outcome, patch, run)
        names = ", ".join(f"`{plain(test.name, 60)}`" for test in failing)
        if len(failing) == len(own):
            why = f"Every test that was written fails when it is run: {names}"
            return replace(outcome, patch=None, why=f"{why}; the tests or the code are wrong.")
        return await self._without(failing, len(own), outcome, patch)

    async def _without(
        self, failing: list[OwnTest], count: int, outcome: Outcome, patch: Patch
    ) -> Outcome:
        """What is left when the failing tests go; checked and run once more."""
        text = await self._cut(patch.after, failing)
        names = ", ".join(f"`{plain(test.name, 60)}`" for test in failing)
        climb = await self._ladder.climb(text)
        run = await self._run(text) if climb.failed is None else None
        if run is None or not run.ok:
            why = f"Of {count} tests that were written these fail, and the rest does not do without"
            return replace(outcome, patch=None, why=f"{why}: {names}.")
        message = f"Left out because they fail: {names}. The test or the code is wrong there."
        if len(failing) == 1:
            message = f"Left out because it fails: {names}. The test or the code is wrong there."
        self._emit(Notice(NoticeKind.REJECTED, message, len(failing)))
        headline = patch.title.rpartition(" (")[0]
        kept = patch_of(
            self._ladder, self._request, text, climb, headline=headline, model=patch.model
        )
        title = kept.title.replace("lints clean", _NO_ERRORS)
        kept = replace(kept, title=title, digest=patch.digest)
        return replace(outcome, patch=_passed(kept, run, count - len(failing), count))

    def _unclear(self, outcome: Outcome, patch: Patch, run: TestRun) -> Outcome:
        """A run that failed without saying that one of the new tests did."""
        name = re.split(r"[/\\]", self._ladder.base.name)[-1]
        if name in run.output or name.rpartition(".")[0] in run.output:
            said = plain(run.output[-300:], 300)
            return replace(outcome, patch=None, why=f"The new test file could not be run: {said}")
        message = "The test run fails, but not because of the new tests: it does not name them."
        self._emit(Notice(NoticeKind.UNAVAILABLE, message))
        return replace(
            outcome, patch=replace(_titled(patch, "the test run fails elsewhere"), tests=run)
        )

    async def _run(self, text: str) -> TestRun | None:
        """None when they cannot be run; that is told, and is not the tests' fault."""
        if self._request.run_tests is None:
            return None
        try:
            return await self._request.run_tests(self._ladder.base, text)
        except AnalyzerError as error:
            self._emit(Notice(NoticeKind.UNAVAILABLE, error.sentence()))
            return None

    async def _cut(self, text: str, failing: list[OwnTest]) -> str:
        base = self._ladder.base
        snapshot = Snapshot(base.uri, base.name, base.language, text)
        for test in reversed(failing):
            place = Span(test.span.end - 1, test.span.end)
            near = await self._tools.syntax.surroundings(snapshot, place)
            start = min(test.span.start, near.statement.start)
            start = snapshot.lines.line_span(snapshot.lines.line_of(start)).start
            text = text[:start] + text[near.statement.end :].lstrip(";").lstrip("\n")
        return text.rstrip() + "\n"


def _fails(test: OwnTest, output: str) -> bool:
    name = re.compile(rf"(?<!\w){re.escape(test.name)}(?!\w)")
    return any(name.search(line) and _FAILURE.search(line) for line in output.splitlines())


def _titled(patch: Patch, remark: str) -> Patch:
    return replace(patch, title=f"{patch.title.removesuffix(')')}, {remark})")


def _passed(patch: Patch, run: TestRun, passing: int, count: int) -> Patch:
    said = f"all {count} pass" if passing == count else f"{passing} of {count} pass"
    said = "it passes" if passing == count == 1 else said
    rungs = patch.rungs if Rung.TESTS in patch.rungs else (*patch.rungs, Rung.TESTS)
    return replace(_titled(patch, said), rungs=rungs, tests=run)
