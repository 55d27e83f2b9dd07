"""`--post`: makes remarks of findings and says what came of them.

A remark stands on a line of the diff or is told in the summary alone. A change is suggested only
where it was checked and lies on lines that the remark can stand on.
"""

import re
from dataclasses import dataclass
from typing import Protocol, TextIO

from mirador_lsp.app import pulls
from mirador_lsp.cli import render_remarks, wording
from mirador_lsp.cli.pulling import Fetched
from mirador_lsp.cli.report import FileReport, Outcome, Report
from mirador_lsp.cli.terminal import say
from mirador_lsp.core import clean
from mirador_lsp.core.changes import Attempted, ChangeRequest, Intent, Rung
from mirador_lsp.core.edits import apply
from mirador_lsp.core.errors import AnalyzerError
from mirador_lsp.core.findings import Finding, weight
from mirador_lsp.core.policy import INSTANT, ReviewPolicy
from mirador_lsp.core.pulls import Remark, Thread

_RUNGS = {
    Rung.PARSES: "it parses",
    Rung.CLEAN: "analyzers find nothing new",
    Rung.NEIGHBOURS: "other language servers find nothing new",
    Rung.TESTS: "the tests pass",
}
_ORDER = re.compile(r"^\s*(/[A-Za-z]|@[\w-]+\s+\w)", re.MULTILINE)
"""A line that a host or a bot may take for an order, even in a block of code: "/approve"."""
_MOST_LINES = 20
"""Of a suggested change, before and after."""


class Checker(Protocol):
    """What posting needs of the application."""

    async def check_change(self, request: ChangeRequest, text: str) -> Attempted:
        """How far a text gets as the new text of the request's document."""
        ...


@dataclass(frozen=True)
class _Change:
    """Lines, from 1, that a fix changes, and what they become."""

    first: int
    last: int
    old: list[str]
    new: list[str]


class Posting:
    """Says what a review found on the pull request that it was of."""

    def __init__(
        self, fetched: Fetched, report: Report, app: Checker, policy: ReviewPolicy
    ) -> None:
        self._fetched = fetched
        self._report = report
        self._app = app
        self._policy = policy
        self._files = {file.snapshot.name: file for file in report.files}

    async def post(self, stdout: TextIO, stderr: TextIO) -> None:
        """Post, or with a dry run print to `stdout`. Raises what `Forge` raises."""
        fetched = self._fetched
        found = sorted(
            ((file, finding) for file in self._report.files for finding in file.standing),
            key=lambda each: (-weight(each[1]), each[0].snapshot.name, each[1].span.start),
        )
        wanted = [await self._wanted(*each) for each in found]
        rows = [
            (f"{w.name}:{_first_line(file, finding)}", finding, w.marks.place)
            for w, (file, finding) in zip(wanted, found, strict=True)
        ]
        posted = await pulls.post(
            fetched.forge,
            fetched.pulled.pull,
            wanted,
            lambda plan: render_remarks.summary(self._report, plan, rows),
            is_mended=self._is_mended,
            cap=fetched.cap,
            dry=fetched.wishes.dry_run,
        )
        if fetched.wishes.dry_run:
            _print(posted, stdout)
        say(_told(posted, dry=fetched.wishes.dry_run), stderr)

    async def _wanted(self, file: FileReport, finding: Finding) -> pulls.Wanted:
        name = file.snapshot.name
        marks = pulls.marks_of(name, finding)
        diff = self._fetched.pulled.diffs.get(name)
        line = self._line(file, finding, diff)
        if line is None or diff is None:
            return pulls.Wanted(marks, name, None)
        first = last = line
        suggested = ""
        change = _change(file, finding, line) if finding.fix is not None else None
        if change is not None and _in_one_hunk(diff, change.first, change.last):
            checked = await self._checked(file, finding)
            if checked:
                first, last = change.first, change.last
                kind = self._fetched.pulled.pull.place.kind
                suggested = render_remarks.suggestion(kind, change.old, change.new, checked)
        spelled = self._fetched.pulled.spelled[name]
        remark = Remark(
            name=spelled.name,
            old_name=spelled.old_name or spelled.name,
            first=first,
            last=last,
            old_first=diff.places[first][1],
            marks=marks,
            body=render_remarks.remark(finding, suggested, marks),
        )
        return pulls.Wanted(marks, name, remark)

    def _line(self, file: FileReport, finding: Finding, diff: pulls.FileDiff | None) -> int | None:
        """The first line of a finding that is in the diff."""
        if diff is None:
            return None
        text, span = file.snapshot.text, finding.span
        first = pulls.line_in_forge(text, span.start)
        last = pulls.line_in_forge(text, max(span.start, span.end - 1))
        return next((line for line in range(first, last + 1) if line in diff.places), None)

    async def _checked(self, file: FileReport, finding: Finding) -> str:
        """How far the fix was checked, as a sentence; "" where it must not be suggested."""
        fix = finding.fix
        if fix is None:
            return ""
        request = ChangeRequest(
            file.snapshot,
            Intent.FIX,
            self._policy,
            finding.span,
            finding=finding,
            findings=tuple(file.standing),
        )
        try:
            text = apply(file.snapshot.text, fix.edits)
            attempt = await self._app.check_change(request, text)
        except (ValueError, AnalyzerError):
            return ""
        if attempt.failed is not None or not attempt.reached:
            return ""
        caution = "" if fix.safe else " It may change what the code does."
        told = ", ".join(_RUNGS[rung] for rung in attempt.reached if rung in _RUNGS)
        return f"<sub>Checked: {told or 'it applies'}.{caution}</sub>"

    def _is_mended(self, thread: Thread) -> bool:
        """Whether what an earlier remark speaks of is gone, rather than not looked at."""
        report, marks = self._report, thread.marks
        pulled = self._fetched.pulled
        if report.interrupted or marks.lens not in self._policy.lenses:
            return False
        spelled = {file.name: name for name, file in pulled.spelled.items()}
        if thread.name not in spelled:
            return not pulled.change.notices  # the pull request does not touch the file any more
        file = self._files.get(spelled[thread.name])
        if file is None:
            return any(
                each.name == spelled[thread.name]
                and each.why_not
                and each.snapshot is None
                and pulled.spelled[each.name].why_not == "deleted"
                for each in pulled.change.files
            )
        end = file.end
        if end is None or not end.reviewed or end.over_cap or _is_hidden(file, marks.place):
            return False
        if not marks.by_model:
            return _ran(file, (INSTANT,))
        stages = tuple(stage.stage for stage in file.stages if stage.stage != INSTANT)
        lines = {pulls.anchor(line) for line in file.snapshot.text.split("\n")}
        # A model that says nothing the second time proves little: its line must be another, too.
        return bool(stages) and _ran(file, stages) and marks.anchor not in lines


def _is_hidden(file: FileReport, place: str) -> bool:
    """Whether the finding is there and not shown."""
    end = file.end
    hidden = [each.finding for each in end.hushed] if end is not None else []
    hidden += file.withheld
    return any(pulls.marks_of(file.snapshot.name, each).place == place for each in hidden)


def _ran(file: FileReport, stages: tuple[str, ...]) -> bool:
    last = {stage.stage: stage for stage in file.stages}
    return all(
        name in last and last[name].outcome is Outcome.FINISHED and not last[name].not_reviewed
        for name in stages
    )


def _first_line(file: FileReport, finding: Finding) -> int:
    return pulls.line_in_forge(file.snapshot.text, finding.span.start)


def _change(file: FileReport, finding: Finding, line: int) -> _Change | None:
    """The lines that a fix changes, that of the remark among them; None where it is too large to
    be suggested, or holds what could hide in a comment or give orders from there.
    """
    text = file.snapshot.text
    if finding.fix is None or "\r" in text:
        return None
    try:
        before, after = text.split("\n"), apply(text, finding.fix.edits).split("\n")
    except ValueError:
        return None
    most = min(len(before), len(after))
    head = next((i for i in range(most) if before[i] != after[i]), most)
    rest = most - head
    tail = next((i for i in range(rest) if before[-1 - i] != after[-1 - i]), rest)
    first = min(head, line - 1)
    last = max(len(before) - tail, line)
    old, new = before[first:last], after[first : len(after) - (len(before) - last)]
    code = "\n".join(new)
    hides = clean.stream_safe(code) != code or _ORDER.search(code) is not None
    if hides or len(old) > _MOST_LINES or len(new) > _MOST_LINES:
        return None
    return _Change(first + 1, last, old, new)


def _in_one_hunk(diff: pulls.FileDiff, first: int, last: int) -> bool:
    hunks = {diff.places[line][0] if line in diff.places else -1 for line in range(first, last + 1)}
    return len(hunks) == 1 and -1 not in hunks


def _print(posted: pulls.Posted, stdout: TextIO) -> None:
    plan = posted.plan
    for remark in (*plan.post, *(each for _, each in plan.reopen)):
        where = f"{remark.name}:{remark.first}"
        print(f"--- {clean.plain(where, 300)}\n{clean.stream_safe(remark.body)}\n", file=stdout)
    for thread in plan.settle:
        print(f"--- mended: {clean.plain(thread.name, 300)}\n", file=stdout)
    if posted.wrote_summary:
        print(f"--- summary\n{clean.stream_safe(posted.summary)}", file=stdout)


def _told(posted: pulls.Posted, *, dry: bool) -> str:
    """What was done, in one sentence."""
    plan = posted.plan
    said = len(plan.post) - len(posted.refused)
    parts = [
        (said, f"{wording.plural(said, 'remark')} posted"),
        (len(plan.reopen), f"{len(plan.reopen)} opened again"),
        (len(plan.settle), f"{len(plan.settle)} closed as mended"),
        (len(plan.standing), f"{len(plan.standing)} there already"),
        (len(plan.declined), f"{len(plan.declined)} not wanted by people"),
        (len(plan.over_cap), f"{len(plan.over_cap)} above the limit, in the summary only"),
        (len(posted.refused), f"{len(posted.refused)} that the forge takes at no line"),
        (posted.wrote_summary, "the summary written"),
    ]
    told = ", ".join(text for count, text in parts if count) or "nothing new"
    return f"Would do: {told}." if dry else f"On the pull request: {told}."
