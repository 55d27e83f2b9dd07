"""`mirador review --diff` and its kin: the review of what changed, told of before it begins."""

import asyncio
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mirador_lsp.app import SkipKind, Skipped, Source, change_reviews
from mirador_lsp.cli.report import Report
from mirador_lsp.core.change_sets import ChangeKind, FileChange
from mirador_lsp.core.errors import UserError
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
        return change_reviews.Asked(which=which.REVISION, revision=revision, paths=paths)


class Parsing(Protocol):
    """What understanding a change needs of the application."""

    @property
    def parser(self) -> ReferenceReader:
        """Reads what texts define and name."""
        ...


class ChangedRun:
    """The review of one change: what is reviewed of it, and what is told of it as a whole."""

    def __init__(self, understood: change_reviews.Understood, report: Report) -> None:
        self._understood = understood
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
        for snapshot in self._understood.study.documents():
            yield Source(snapshot)

    def shaped(self, request: ReviewRequest) -> ReviewRequest:
        """The request for one of the documents, made to look at the change alone."""
        return self._understood.study.shaped(request)

    def settle(self) -> None:
        """Tell of the change anew, now that there are findings."""
        findings = [finding for file in self._report.files for finding in file.findings]
        self._report.overview = change_reviews.tell(self._understood, findings, self._said())

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
    found = await change_reviews.find_changes(folder, asked, env)
    return ChangedRun(await change_reviews.understand(found, folder, app.parser), report)


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
