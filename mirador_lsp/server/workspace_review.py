"""A review of every source file of the workspace: one after the other, bounded, told as it goes.

An open document is reviewed as the editor has it, any other file as it lies on the disk.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mirador_lsp.core.dialogue import Priority, Usage
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import (
    Notice,
    NoticeKind,
    StageFinished,
    StageProgressed,
    StageStarted,
)
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.requests import ReviewRequest
from mirador_lsp.server import from_lsp, reviewing
from mirador_lsp.server.jobs import Emit
from mirador_lsp.server.server import MiradorServer
from mirador_lsp.server.session import Outcome, Wish
from mirador_lsp.settings import review_policy

STAGE = "workspace"
"""What the progress bar calls it."""
_MOST_SKIPPED = 100_000


Shape = Callable[[ReviewRequest], ReviewRequest]


def as_it_is(request: ReviewRequest) -> ReviewRequest:
    """All of the file is reviewed."""
    return request


@dataclass
class Tour:
    """What came of it, file by file."""

    limit: int
    reviewed: list[tuple[Snapshot, tuple[Finding, ...]]] = field(default_factory=list)
    not_reviewed: list[str] = field(default_factory=list)
    """Names of files that not one stage could look at."""
    skipped: int = 0
    """Paths that hold nothing to review."""
    over_limit: int = 0
    """Files that were not gone into because there are too many."""

    @property
    def findings(self) -> int:
        """How many are shown."""
        return sum(len(findings) for _, findings in self.reviewed)


async def review_workspace(ls: MiradorServer, wish: Wish, tour: Tour, emit: Emit) -> None:
    """Review the files of all workspace folders, filling `tour`. Cancelling stops the model."""
    app = await ls.apps.get()
    files = await _gathered(app.sources(ls.session.folders), tour)
    emit(StageStarted(STAGE, "", "asked for", len(files)))
    if tour.over_limit:
        text = f"{tour.over_limit} files of the workspace were left out: the most is {tour.limit}."
        emit(Notice(NoticeKind.SKIPPED, text, tour.over_limit, STAGE))
    began = asyncio.get_running_loop().time()
    for number, snapshot in enumerate(files):
        emit(StageProgressed(STAGE, number, len(files), snapshot.name))
        await review_one(ls, snapshot, wish, tour)
    seconds = asyncio.get_running_loop().time() - began
    emit(StageFinished(STAGE, "", seconds, Usage(), not_reviewed=len(tour.not_reviewed)))


async def _gathered(sources: Iterator[Snapshot | str], tour: Tour) -> list[Snapshot]:
    """The files to be reviewed, read in a thread, a few at a time so that a cancel is heard."""
    files: list[Snapshot] = []

    def some() -> bool:
        for _ in range(32):
            entry = next(sources, None)
            if entry is None or tour.skipped >= _MOST_SKIPPED:
                return False
            if isinstance(entry, str):
                tour.skipped += 1
            elif len(files) < tour.limit:
                files.append(entry)
            else:
                tour.over_limit += 1
        return True

    while await asyncio.to_thread(some):
        pass
    return files


async def review_one(
    ls: MiradorServer, snapshot: Snapshot, wish: Wish, tour: Tour, shape: Shape = as_it_is
) -> None:
    """Review a file, open or not, and note what came of it. `shape` makes a part of the request for
    one that is not open; for one that is, `wish.part` says what is meant.
    """
    uri = open_as(ls, snapshot)
    if uri is None:
        await _review_closed(ls, snapshot, wish, tour, shape)
        return
    run = reviewing.start(ls, uri, wish)
    if run is None:
        tour.not_reviewed.append(snapshot.name)
        return
    try:
        await asyncio.wait({run.task})
    except asyncio.CancelledError:
        ls.session.stop(run)
        raise
    _note(tour, run.snapshot, run.outcome)


async def _review_closed(
    ls: MiradorServer, snapshot: Snapshot, wish: Wish, tour: Tour, shape: Shape
) -> None:
    policy = review_policy(ls.settings, stages=wish.stages, lenses=wish.lenses)
    request = ReviewRequest(snapshot, policy, wish.trigger, priority=Priority.BACKGROUND)
    app = await ls.apps.get()
    outcome = Outcome()
    await app.review(shape(request), outcome.hear)
    _note(tour, snapshot, outcome)
    if outcome.finished is not None:
        ls.publisher.show_closed(snapshot, outcome.finished.findings)


def _note(tour: Tour, snapshot: Snapshot, outcome: Outcome) -> None:
    if outcome.finished is None or not outcome.finished.reviewed:
        tour.not_reviewed.append(snapshot.name)
    else:
        tour.reviewed.append((snapshot, outcome.finished.findings))


def open_as(ls: MiradorServer, snapshot: Snapshot) -> str | None:
    """The URI under which the client has the file open; clients spell URIs in their own way."""
    for uri in ls.session.uris():
        path = from_lsp.path_of(uri)
        if path is not None and snapshot.path is not None and path == Path(snapshot.path):
            return uri
    return None
