"""The ladder: what a changed text must pass before anybody sees it, the cheapest step first.

One `Ladder` belongs to one request. It surveys the document as it is once, and compares every new
text with that. Each intent may add a check of its own to a rung.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from itertools import chain

from mirador_lsp.core.changes import ChangeRequest, Patch, Rung, TestRun
from mirador_lsp.core.clean import plain
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.edits import Edit, apply, smallest
from mirador_lsp.core.errors import AnalyzerError
from mirador_lsp.core.events import NoticeKind
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.outline import Outline
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.core.text import Span
from mirador_lsp.engine.ledger import family_of, is_model_finding
from mirador_lsp.engine.stages.instant import survey
from mirador_lsp.engine.stages.job import Tools

_SYNTAX = "/syntax-error"
_MOST_NAMED = 3
_LONGEST_OUTPUT = 1200
"""Of the tests' output, the end that a model is shown: its window is small."""


@dataclass(frozen=True)
class Changed:
    """A new text that parses, for a check of one's own."""

    snapshot: Snapshot
    """The document with the new text; everything else is as before."""
    outline: Outline
    before: Snapshot
    outline_before: Outline


Check = Callable[[Changed], Awaitable[str]]
"""Looks at a new text; "" when it holds, else why it does not: one plain sentence."""


@dataclass(frozen=True)
class Climb:
    """How far a new text got."""

    reached: tuple[Rung, ...]
    """What it passed; a step that cannot be asked here is left out."""
    failed: Rung | None = None
    why: str = ""
    """Why it failed, one plain sentence; "" when it did not."""
    detail: str = ""
    """The same for a model, which can make use of more: several lines, bounded."""
    tests: TestRun | None = None
    final: bool = False
    """It failed for a reason that no other text can mend."""


@dataclass(frozen=True)
class State:
    """What analyzers and the parser say of one text."""

    snapshot: Snapshot
    outline: Outline
    findings: tuple[Finding, ...]
    families: Counter[tuple[str, str]]
    """How many findings there are of each rule and family; see `engine.ledger.family_of`."""
    capped: bool
    """Not all findings are listed."""
    failures: tuple[str, ...]
    """Analyzers that could not look."""
    looked: bool
    """Any analyzer knows the language. Where none does, a text is not called clean."""


class Ladder:
    """Checks new texts for one request. Raises `AnalyzerError` only when the parser is lost."""

    def __init__(
        self,
        request: ChangeRequest,
        tools: Tools,
        *,
        base: Snapshot | None = None,
        allowed: Span | None = None,
        imports: Span | None = None,
        also: Mapping[Rung, Check] | None = None,
    ) -> None:
        """`base` is the text that is changed: by default the request's; for a file that is to be
        created, one with an empty text. `allowed` is the only place that may change, besides lines
        that are put in at `imports`. `also` holds checks of the intent itself, made last on their
        rung (`PARSES` or `CLEAN`).
        """
        self.base = base if base is not None else request.snapshot
        self.allowed = allowed
        self._imports = imports
        self._request = request
        self._tools = tools
        self._also = also or {}
        self._before: State | None = None

    async def before(self) -> State:
        """What is known of the text as it is."""
        if self._before is None:
            self._before = await self._look(self.base)
        return self._before

    async def climb(self, text: str) -> Climb:
        """Check a new text, step by step, up to the first that it fails."""
        reached: list[Rung] = []
        if why := self._applies(text):
            return Climb((), Rung.APPLIES, why, why)
        reached.append(Rung.APPLIES)
        before = await self.before()
        now = await self._look(_with(self.base, text))
        for rung, check in ((Rung.PARSES, self._parses), (Rung.CLEAN, self._clean)):
            why = check(before, now) or await self._own(rung, before, now)
            if why:
                return Climb(tuple(reached), rung, why, why)
            if rung is not Rung.CLEAN or now.looked:
                reached.append(rung)
        return await self._outside(text, reached)

    async def _own(self, rung: Rung, before: State, now: State) -> str:
        check = self._also.get(rung)
        if check is None:
            return ""
        return await check(Changed(now.snapshot, now.outline, self.base, before.outline))

    def _applies(self, text: str) -> str:
        edits = smallest(self.base.text, text)
        if not edits:
            return "The new code is the old code."
        if not all(self._may_change(edit) for edit in edits):
            return "It changes code outside the place it is about."
        if apply(self.base.text, edits) != text:  # cannot be: `smallest` promises it
            return "The edits do not lead to the new text."
        return ""

    def _may_change(self, edit: Edit) -> bool:
        if self.allowed is None or self.allowed.contains(edit.span):
            return True
        # White space around what is put in may be told as part of it.
        return self._imports is not None and self._imports.contains(edit.span)

    def _parses(self, before: State, now: State) -> str:
        if now.outline.note:
            return f"The new text cannot be checked: {now.outline.note}."
        place = _newly_broken(before, now)
        if place is not None:
            line = now.snapshot.lines.line_of(place.start)
            quote = plain(now.snapshot.lines.line_text(line), 120)
            return f"It does not parse any more: line {line + 1}, `{quote}`."
        errors = [f for f in self._new(before, now) if f.rule.endswith(_SYNTAX)]
        return f"It does not parse any more: {_told(errors[0], now.snapshot)}" if errors else ""

    def _clean(self, before: State, now: State) -> str:
        if now.failures:
            return f"Whether it mends anything could not be checked: {now.failures[0]}"
        target = self._target(before)
        if target is not None and now.families[target] >= max(1, before.families[target]):
            return f"The finding is still there: {_message(self._request)}"
        new = self._new(before, now)
        if target is not None and any(finding.rule == target[0] for finding in new):
            # Its line reads differently, and so has another identity; what is wrong is the same.
            return f"The finding is still there: {_message(self._request)}"
        if new:
            each = dict.fromkeys(_told(finding, now.snapshot) for finding in new)
            named = " ".join(list(each)[:_MOST_NAMED])
            return f"It brings something new: {named}"
        return ""

    def _target(self, before: State) -> tuple[str, str] | None:
        """The analyzer's finding that is to be mended; None where there is none."""
        finding = self._request.finding
        if finding is None or is_model_finding(finding):
            return None
        return finding.rule, family_of(finding, before.snapshot.lines, before.outline)

    def _new(self, before: State, now: State) -> list[Finding]:
        """Findings that were not there before.

        An identity holds the text of its line, so what was said of a changed line has a new one. A
        finding that went therefore makes up for one of the same rule that came; only the finding
        that is to be mended does not, else a remark that merely moved would pass as mended.
        """
        gone: Counter[str] = Counter()
        for (rule, family), count in (before.families - now.families).items():
            gone[rule] += count - ((rule, family) == self._target(before))
        left = before.families | self._known(before)
        listed = {rule for rule, _ in before.families} if before.capped else frozenset[str]()
        new: list[Finding] = []
        for finding in now.findings:
            key = finding.rule, family_of(finding, now.snapshot.lines, now.outline)
            if left[key] > 0:
                left[key] -= 1
            elif gone[finding.rule] > 0:
                gone[finding.rule] -= 1
            elif finding.rule not in listed or self._on_changed_line(finding, now):
                # What is beyond the limit of a rule moves up when one before it goes.
                new.append(finding)
        return new

    def _on_changed_line(self, finding: Finding, now: State) -> bool:
        lines = frozenset(map(self.base.lines.line_text, range(len(self.base.lines))))
        number = now.snapshot.lines.line_of(finding.span.start)
        return now.snapshot.lines.line_text(number) not in lines

    async def _outside(self, text: str, reached: list[Rung]) -> Climb:
        """The steps that others take: other servers, the project's tests."""
        request = self._request
        if request.ask_neighbours is not None:
            neighbours = await request.ask_neighbours(self.base, text)
            if neighbours is not None and neighbours.worse:
                named = "; ".join(plain(message, 200) for message in neighbours.worse[:_MOST_NAMED])
                why = f"Another language server finds something new: {named}"
                return Climb(tuple(reached), Rung.NEIGHBOURS, why, why)
            if neighbours is not None:
                reached.append(Rung.NEIGHBOURS)
        if request.run_tests is None:
            return Climb(tuple(reached))
        try:
            run = await request.run_tests(self.base, text)
        except AnalyzerError as error:
            return Climb(tuple(reached), Rung.TESTS, error.sentence(), final=True)
        if not run.ok:
            detail = f"The tests fail:\n{run.output[-_LONGEST_OUTPUT:]}"
            why = "The project's tests fail with it."
            return Climb(tuple(reached), Rung.TESTS, why, detail, run)
        return Climb((*reached, Rung.TESTS), tests=run)

    async def _look(self, snapshot: Snapshot) -> State:
        policy = self._request.policy
        known = await survey(ReviewRequest(snapshot, policy, Trigger.COMMAND), self._tools)
        lenses = set(policy.lenses)
        if self._request.finding is not None:
            lenses.add(self._request.finding.lens)
        findings = tuple(
            finding
            for finding in chain.from_iterable(analysis.findings for analysis in known.analyses)
            if finding.lens in lenses or finding.rule.endswith(_SYNTAX)
        )
        notices = chain.from_iterable(analysis.notices for analysis in known.analyses)
        return State(
            snapshot=snapshot,
            outline=known.outline,
            findings=findings,
            families=Counter(
                (f.rule, family_of(f, snapshot.lines, known.outline)) for f in findings
            ),
            capped=any(notice.kind is NoticeKind.TRUNCATED for notice in notices),
            failures=tuple(error.sentence() for error in known.failures),
            looked=bool(known.analyses),
        )

    def _known(self, before: State) -> Counter[tuple[str, str]]:
        """Findings that the caller knows of the document as it is."""
        if self.base is not self._request.snapshot:
            return Counter()
        return Counter(
            (f.rule, family_of(f, before.snapshot.lines, before.outline))
            for f in self._request.findings
            if not is_model_finding(f)
        )


async def keeps_symbols(changed: Changed) -> str:
    """A check: nothing that has a name is removed."""
    kept = {symbol.path for symbol in changed.outline.symbols}
    gone = [s.path for s in changed.outline_before.symbols if s.path not in kept]
    return f"It removes {plain(gone[0], 80)}." if gone else ""


def patch_of(
    ladder: Ladder,
    request: ChangeRequest,
    text: str,
    climb: Climb,
    *,
    headline: str,
    model: str,
    remark: str = "",
) -> Patch:
    """The patch for a text that passed every step it could be put to.

    `headline` says what it does ("Fix: use a bound parameter"); how far it was checked is added,
    `remark` after that.
    """
    base = ladder.base
    creates = base.uri != request.snapshot.uri
    return Patch(
        uri=base.uri,
        base_hash="" if creates else base.content_hash,
        version=None if creates else base.version,
        edits=smallest(base.text, text),
        title=f"{headline} ({how_far(climb, remark)})",
        rungs=climb.reached,
        intent=request.intent,
        model=model,
        creates=creates,
        after=text,
        tests=climb.tests,
    )


def how_far(climb: Climb, remark: str = "") -> str:
    """The rungs in words: "parses, lints clean, 12 tests pass"."""
    said = []
    if Rung.PARSES in climb.reached:
        said.append("parses")
    if Rung.CLEAN in climb.reached:
        said.append("lints clean")
    if remark:
        said.append(remark)
    if Rung.NEIGHBOURS in climb.reached:
        said.append("other servers agree")
    if Rung.TESTS in climb.reached and climb.tests is not None:
        passed = climb.tests.passed
        said.append("tests pass" if passed is None else _tests(passed))
    return ", ".join(said)


def _tests(passed: int) -> str:
    return "1 test passes" if passed == 1 else f"{passed} tests pass"


def _with(snapshot: Snapshot, text: str) -> Snapshot:
    return Snapshot(snapshot.uri, snapshot.name, snapshot.language, text, None, snapshot.path)


def _newly_broken(before: State, now: State) -> Span | None:
    """A place that does not parse and did: more than before, or inside what was changed."""
    if not now.outline.broken:
        return None
    if len(now.outline.broken) > len(before.outline.broken):
        return now.outline.broken[0]
    edits = smallest(before.snapshot.text, now.snapshot.text)
    start, end = edits[0].span.start, edits[-1].span.end
    grown = len(now.snapshot.text) - len(before.snapshot.text)
    was, is_now = Span(start, end), Span(start, max(start, end + grown))
    if any(place.overlaps(was) for place in before.outline.broken):
        return None
    return next((place for place in now.outline.broken if place.overlaps(is_now)), None)


def _message(request: ChangeRequest) -> str:
    return request.finding.message if request.finding is not None else ""


def _told(finding: Finding, snapshot: Snapshot) -> str:
    line = snapshot.lines.line_of(finding.span.start) + 1
    return f"line {line}: {finding.message.rstrip('.')} ({finding.rule})."
