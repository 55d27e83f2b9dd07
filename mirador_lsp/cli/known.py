"""What a run does with a baseline, and what in the settings silences nothing."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path

from mirador_lsp.cli import wording
from mirador_lsp.cli.against import Against, entries_of, is_below
from mirador_lsp.cli.report import Report
from mirador_lsp.core.baseline import Baseline
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.events import Notice, NoticeKind
from mirador_lsp.core.policy import ReviewPolicy
from mirador_lsp.core.silence import Accepted, PathRule
from mirador_lsp.settings.baseline_file import read_baseline, write_baseline

_MOST_NAMED = 20
"""Entries and rules that get a line each; more are counted."""


class Keeping(StrEnum):
    """What becomes of a baseline's file after the run."""

    NOTHING = "nothing"
    WRITE = "write"
    """It holds what was found."""
    PRUNE = "prune"
    """What is gone is taken out of it."""


class Known:
    """The baseline of one run; without a file's name there is none."""

    def __init__(
        self, name: str, keeping: Keeping, folder: Path, report: Report, policy: ReviewPolicy
    ) -> None:
        """Read it. Raises `UserError` where it is not there or cannot be used."""
        self._name = name
        self._keeping = keeping
        self._report = report
        self._rules = policy.rules
        self._file = (folder / name).absolute() if name else None
        self._before: Baseline | None = None
        self._against: Against | None = None
        if self._file is None:
            return
        if not self._file.parent.is_dir():
            message = f"There is no folder for the baseline {name}."
            raise UserError(message, remedy="Make it first.")
        self._before = read_baseline(self._file, name)
        if keeping is Keeping.WRITE:
            return
        if self._before is None:
            message = f"There is no baseline {name}."
            raise UserError(message, remedy="Write one: mirador baseline write")
        self._against = Against(self._before, report, policy.lenses)

    def accepted(self, snapshot: Snapshot) -> Accepted | None:
        """What it knows of a document that is reviewed next."""
        return self._against.accepted(snapshot) if self._against is not None else None

    def settle(self, *, everything: bool) -> None:
        """Tell the report what came of it. `everything`: the run was over the whole workspace."""
        report = self._report
        if self._against is not None:
            report.compared = self._against.settle()
            report.notices += _gone(report)
        if everything and not report.interrupted and report.change is None:
            report.notices += _idle(report, self._rules)

    def keep(self) -> str:
        """Write the file as it is to be after the run; what was done, as a sentence, or ""."""
        if self._file is None or self._keeping is Keeping.NOTHING:
            return ""
        if self._keeping is Keeping.WRITE:
            entries = entries_of(self._report, str(self._file.parent), self._before)
            write_baseline(self._file, entries, self._name)
            known = f"{self._name} knows {wording.plural(len(entries), 'finding')} now"
            folder = str(self._file.parent)
            above = sum(not is_below(folder, file) for file in self._report.files)
            left_out = f"; {wording.plural(above, 'file')} not below it left out" if above else ""
            return f"{known}{left_out}."
        before = self._before.entries if self._before is not None else ()
        gone = set(self._report.compared.gone) if self._report.compared is not None else set()
        if gone:
            left = [entry for entry in before if entry not in gone]
            write_baseline(self._file, left, self._name)
        taken = wording.plural(len(gone), "finding")
        return f"{taken} taken out of {self._name}; {len(before) - len(gone):,} left."


def _gone(report: Report) -> list[Notice]:
    if report.compared is None:
        return []
    name, gone = report.compared.name, report.compared.gone
    lines = [f"{e.path}: {e.rule} is in {name} and not there any more." for e in gone]
    return _told(lines, "more findings are gone; take them out: mirador baseline prune")


def _idle(report: Report, rules: Sequence[PathRule]) -> list[Notice]:
    """The rules by path that found nothing to do in a run over everything."""
    asked: dict[tuple[str, str], bool] = {}
    for file in report.files:
        for silence in file.end.silences if file.end is not None else ():
            key = (silence.path, silence.rule)
            asked[key] = asked.get(key, False) or silence.used
    lines = [
        f"The rules for {rule.path} mean no file."
        for rule in rules
        if not any(rule.covers(file.snapshot) for file in report.files)
    ]
    lines += [
        f"The rules for {path} silence nothing of {rule}; remove it."
        for (path, rule), used in asked.items()
        if not used
    ]
    return _told(list(dict.fromkeys(lines)), "more rules by path silence nothing")


def _told(lines: Sequence[str], more: str) -> list[Notice]:
    told = [Notice(NoticeKind.STALE, line) for line in lines[:_MOST_NAMED]]
    if (left := len(lines) - _MOST_NAMED) > 0:
        told.append(Notice(NoticeKind.STALE, f"{left:,} {more}.", count=left))
    return told


Accepts = Callable[[Snapshot], Accepted | None]
"""What a baseline knows of a document."""


def nothing(_snapshot: Snapshot) -> Accepted | None:
    """There is no baseline."""
    return None
