"""`mirador review --diff` and its kin: the review of what changed, told of before it begins."""

import asyncio
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from mirador_lsp.app import SkipKind, Skipped, Source, SystemClock, change_reviews
from mirador_lsp.cli.report import Report
from mirador_lsp.core.change_sets import ChangeKind, FileChange
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import MiradorError, UserError
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.policy import INSTANT
from mirador_lsp.core.references import ReferenceReader
from mirador_lsp.core.requests import ReviewRequest

_DASH = "-"
_KINDS = {
    "binary": SkipKind.BINARY,
    "of a language Mirador does not know": SkipKind.LANGUAGE,
    "generated": SkipKind.GENERATED,
    "a lock file": SkipKind.GENERATED,
    "minified": SkipKind.GENERATED,
    "empty": SkipKind.EMPTY,
    "ignored by .miradorignore": SkipKind.IGNORED,
}


@dataclass(frozen=True, kw_only=True)
class ChangeWishes:
    """What the command line says about a change; at most one of the first five."""

    diff: str | None = None
    """A revision or a range; None where none was asked for."""
    staged: bool = False
    uncommitted: bool = False
    since: str = ""
    """"last": since the last review of this branch; "" where none was asked for."""
    patch: str = ""
    """A file, or "-" for stdin; "" where none was asked for."""
    manner: str = ""
    """Stages and lenses, where they were asked for."""

    @property
    def wanted(self) -> bool:
        """Whether a change is to be reviewed, rather than files."""
        return bool(
            self.diff is not None or self.staged or self.uncommitted or self.since or self.patch
        )

    def asked(self, folder: Path, paths: tuple[str, ...]) -> change_reviews.Asked:
        """Which change is meant. Blocks for a patch. Raises `UserError` where there is none."""
        which = change_reviews.Which
        if self.patch:
            called = "stdin" if self.patch == _DASH else self.patch
            patch = _read(self.patch, folder)
            return change_reviews.Asked(patch=patch, called=called, paths=paths)
        if self.staged:
            return change_reviews.Asked(which=which.STAGED, paths=paths)
        if self.uncommitted or self.diff == "":
            return change_reviews.Asked(which=which.UNCOMMITTED, paths=paths)
        revision = self.diff or ""
        return change_reviews.Asked(
            which=which.REVISION, revision=revision, paths=paths, manner=self.manner
        )


class Parsing(Protocol):
    """What understanding a change needs of the application."""

    @property
    def parser(self) -> ReferenceReader:
        """Reads what texts define and name."""
        ...

    @property
    def rounds(self) -> change_reviews.RoundBook | None:
        """How far reviews of branches have come; None where nobody remembers."""
        ...


@dataclass(frozen=True)
class Round:
    """What a run needs to say how far it has come, and what was found before."""

    found: change_reviews.Found
    book: change_reviews.RoundBook
    last: change_reviews.Round | None
    env: Mapping[str, str]
    manner: str = ""
    carried: Mapping[str, tuple[Snapshot, tuple[Finding, ...]]] = field(default_factory=dict)
    """By name, what the last review found and what may hold still."""


class ChangedRun:
    """The review of one change: what is reviewed of it, and what is told of it as a whole."""

    def __init__(
        self,
        understood: change_reviews.Understood,
        report: Report,
        round_: Round | None = None,
    ) -> None:
        self._understood = understood
        self._round = round_
        self._report = report
        study = understood.study
        report.change = study.change
        report.may_be_empty = True
        report.notices += [*study.change.notices, *study.notices]
        report.overview = change_reviews.tell(understood)

    def entries(self) -> Iterator[Source | Skipped]:
        """What is reviewed, and what cannot be."""
        for file in self._understood.study.change.files:
            if file.snapshot is None:
                yield Skipped(file.name, file.why_not, _kind(file), asked=False)
        documents = self._understood.study.documents()
        for snapshot in documents:
            yield Source(snapshot)
        names = {snapshot.name for snapshot in documents}
        for name, (snapshot, _) in self._carried.items():
            if name not in names:
                yield Source(snapshot)

    def shaped(self, request: ReviewRequest) -> ReviewRequest:
        """The request for one of the documents, made to look at the change alone."""
        shaped = self._understood.study.shaped(request)
        _, findings = self._carried.get(request.snapshot.name, (None, ()))
        return replace(shaped, carried=findings)

    def settle(self) -> None:
        """Tell of the change anew, now that there are findings."""
        findings = [finding for file in self._report.files for finding in file.findings]
        self._report.overview = change_reviews.tell(self._understood, findings, self._said())

    async def keep(self) -> str:
        """Note how far the review of the branch has come; a sentence where that cannot be done."""
        report, begun = self._report, self._round
        if begun is None or report.interrupted:
            return ""
        files = [
            change_reviews.Reviewed(
                file.snapshot, file.reviewed and not file.partly, tuple(file.standing)
            )
            for file in report.files
        ]
        now = SystemClock().wall()
        try:
            await change_reviews.keep_round(
                *(begun.found, begun.last, begun.book, files, now, begun.env),
                manner=begun.manner,
            )
        except MiradorError as error:
            return f"How far this review came is not remembered: {error.sentence()}"
        return ""

    @property
    def _carried(self) -> Mapping[str, tuple[Snapshot, tuple[Finding, ...]]]:
        return self._round.carried if self._round is not None else {}

    def _said(self) -> tuple[str, str]:
        """What a model says is to be seen to first, of the file with the most to be said of."""
        told = [file for file in self._report.files if file.summary]
        if not told:
            return "", ""
        file = max(told, key=lambda each: len(each.findings))
        by = next((s.model for s in reversed(file.stages) if s.model and s.stage != INSTANT), "")
        return f"{file.snapshot.name}: {file.summary}", by


async def begin(
    app: Parsing,
    wishes: ChangeWishes,
    paths: tuple[str, ...],
    folder: Path,
    env: Mapping[str, str],
    report: Report,
) -> ChangedRun:
    """Find the change that is asked for and understand it. Raises `UserError`."""
    asked = await asyncio.to_thread(wishes.asked, folder, paths)
    book, last = app.rounds, None
    if wishes.since:
        if book is None:
            message = "Nothing is remembered here of earlier reviews."
            raise UserError(message, remedy="Name a revision: mirador review --diff REV")
        found, last = await change_reviews.find_since_last(folder, book, asked, env)
    else:
        found = await change_reviews.find_changes(folder, asked, env)
    understood = await change_reviews.understand(found, folder, app.parser)
    on_disk = found.where is change_reviews.Where.DISK and asked.which is not None
    if book is None or not on_disk or paths:
        return ChangedRun(understood, report)
    carried = {}
    if last is not None and wishes.since:
        carried = dict(await change_reviews.carried(found, understood, folder, last))
    return ChangedRun(understood, report, Round(found, book, last, env, wishes.manner, carried))


Shape = Callable[[ReviewRequest], ReviewRequest]


def _kind(file: FileChange) -> SkipKind:
    if file.kind is ChangeKind.DELETED:
        return SkipKind.DELETED
    head = file.why_not.partition(":")[0]
    return _KINDS.get(head, SkipKind.CHANGE)


def _read(patch: str, folder: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if patch == _DASH else (folder / patch).read_bytes()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        message = f"The patch {patch} cannot be read: {why}."
        raise UserError(message, remedy="Make one with: git diff > FILE") from error
