"""Holds the findings of a run against a baseline: what is known, what moved, what is gone."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePath

from mirador_lsp.cli.report import FileReport, Outcome, Report
from mirador_lsp.core.baseline import Baseline, Compared, Entry
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import Hush, Hushed
from mirador_lsp.core.findings import Finding, Lens
from mirador_lsp.core.policy import DEEP, INSTANT, QUICK
from mirador_lsp.core.shielding import known_to
from mirador_lsp.core.silence import Accepted, likeness, name_under


class Against:
    """A baseline and the report of the run that is held against it.

    A finding is known by its file and id. One whose code moved is known by its likeness, if the
    baseline has an entry for it that nothing else answers to: of a file that is gone at once, of
    one that is still there at the end of the run, when it is sure that it is not there any more.
    """

    def __init__(self, baseline: Baseline, report: Report, lenses: Sequence[Lens]) -> None:
        self._baseline = baseline
        self._report = report
        self._all_lenses = set(lenses) == set(Lens)
        self._by_path: dict[str, dict[str, Entry]] = {}
        for entry in baseline.entries:
            self._by_path.setdefault(entry.path, {})[entry.id] = entry
        self._there = {path: self._is_there(path) for path in self._by_path}
        self._lost = [entry for entry in baseline.entries if not self._there[entry.path]]
        self._movable = Counter(entry.like for entry in self._lost)
        self._counted = 0

    def accepted(self, snapshot: Snapshot) -> Accepted:
        """What the baseline knows of a document that is reviewed next."""
        name = name_under(self._baseline.folder, snapshot)
        known = frozenset(self._by_path.get(name, ()))
        # The last report is that of this document, of which nothing is known yet.
        for file in self._report.files[self._counted : -1] if self._lost else ():
            self._movable -= Counter(likeness(finding) for finding in self._taken(file))
        self._counted = max(len(self._report.files) - 1, 0)
        if not self._there.get(name, True):
            # It is not on this disk, and there to be reviewed all the same: a pull request's.
            own = self._by_path.get(name, {}).values()
            self._movable -= Counter(entry.like for entry in own)
        return Accepted(self._baseline.name, known, dict(self._movable))

    def settle(self) -> Compared:
        """What came of it, to be asked once: the reports then hold no finding that only moved."""
        held: set[tuple[str, str]] = set()
        moved: list[tuple[Entry, str]] = []
        left: dict[str, list[Entry]] = {}
        missing = (entry for file in self._report.files for entry in self._missing(file))
        folder = self._baseline.folder
        here = {name_under(folder, file.snapshot) for file in self._report.files}
        lost = (entry for entry in self._lost if entry.path not in here)
        for entry in sorted({*lost, *missing}, reverse=True):
            left.setdefault(entry.like, []).append(entry)
        for file in self._report.files:
            held.update((file.snapshot.name, f.id) for f in _found(file) if self._knows(file, f))
        for file in self._report.files:
            for finding in (*self._taken(file), *file.standing):
                if (file.snapshot.name, finding.id) in held:
                    continue
                if alike := left.get(likeness(finding)):
                    path = name_under(self._baseline.folder, file.snapshot)
                    moved.append((alike.pop(), path))
                    held.add((file.snapshot.name, finding.id))
                    _take(file, finding, self._baseline.name)
        new = sum(
            (file.snapshot.name, finding.id) not in held
            for file in self._report.files
            for finding in file.standing
        )
        gone = tuple(sorted(entry for alike in left.values() for entry in alike))
        return Compared(self._baseline.name, len(held), tuple(moved), new, gone, frozenset(held))

    def _is_there(self, path: str) -> bool:
        return os.path.lexists(Path(self._baseline.folder, path))

    def _knows(self, file: FileReport, finding: Finding) -> bool:
        path = name_under(self._baseline.folder, file.snapshot)
        return finding.id in self._by_path.get(path, ())

    def _taken(self, file: FileReport) -> list[Finding]:
        """What was taken for known while the file was reviewed although its path is another."""
        hushed = file.end.hushed if file.end is not None else ()
        known = [each.finding for each in hushed if each.by is Hush.BASELINE]
        return [finding for finding in known if not self._knows(file, finding)]

    def _missing(self, file: FileReport) -> Iterator[Entry]:
        """The entries of a file that would have been found, were they still there."""
        if not self._all_lenses or self._report.change is not None or file.broken:
            return
        path = name_under(self._baseline.folder, file.snapshot)
        found = {finding.id for finding in _found(file)}
        whole = whole_stages(file)
        for entry in self._by_path.get(path, {}).values():
            needed = {QUICK, DEEP} if entry.rule.startswith("model/") else {INSTANT}
            if entry.id not in found and needed <= whole and file.end is not None:
                yield entry


def is_below(folder: str, file: FileReport) -> bool:
    """Whether a baseline in `folder` can speak of the file."""
    path = file.snapshot.path
    if path is not None:
        return PurePath(path).is_relative_to(folder)
    name = PurePath(file.snapshot.name)
    return not name.is_absolute() and ".." not in name.parts


def whole_stages(file: FileReport) -> set[str]:
    """The stages that looked at the whole file."""
    last = {stage.stage: stage for stage in file.stages}
    return {
        name
        for name, stage in last.items()
        if stage.outcome is Outcome.FINISHED and not stage.not_reviewed
    }


def entries_of(report: Report, folder: str, before: Baseline | None) -> tuple[Entry, ...]:
    """The baseline that makes everything known that this run shows.

    Of a baseline there was, what this run could not judge stays: other files, other stages.
    """
    found: list[Entry] = []
    judged: set[tuple[str, str]] = set()
    for file in report.files:
        if not is_below(folder, file):
            continue
        path = name_under(folder, file.snapshot)
        found += [Entry.of(finding, path) for finding in file.standing]
        judged.update((path, stage) for stage in whole_stages(file))
    for entry in before.entries if before is not None else ():
        stage = DEEP if entry.rule.startswith("model/") else INSTANT
        if (entry.path, stage) not in judged and os.path.lexists(Path(folder, entry.path)):
            found.append(entry)
    return tuple(sorted(set(found)))


def _found(file: FileReport) -> list[Finding]:
    """Every finding of a file, shown or not."""
    hushed = (each.finding for each in file.hushed)
    every = (*file.known.values(), *file.standing, *file.withheld, *hushed)
    return [*{finding.id: finding for finding in every}.values()]


def _take(file: FileReport, finding: Finding, baseline: str) -> None:
    """Show a finding of the report no more, or as something that is known."""
    if file.end is None or finding not in file.end.findings:
        return
    heard = known_to(baseline, finding)
    others = tuple(f for f in file.end.findings if f is not finding)
    if isinstance(heard, Hushed):
        file.end = replace(file.end, findings=others, hushed=(*file.end.hushed, heard))
    else:
        file.end = replace(file.end, findings=(*others, heard))
