"""A review of what is not committed yet in the workspace, told as it goes.

An open document counts as the editor has it, saved or not.
"""

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path

from mirador_lsp.core.change_sets import Overview
from mirador_lsp.core.dialogue import Usage
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.events import (
    Notice,
    NoticeKind,
    StageFinished,
    StageProgressed,
    StageStarted,
)
from mirador_lsp.core.requests import ReviewRequest
from mirador_lsp.engine.changed.overview import Understood, tell
from mirador_lsp.server import from_lsp, workspace_review
from mirador_lsp.server.jobs import Emit
from mirador_lsp.server.server import MiradorServer
from mirador_lsp.server.session import Part, Wish
from mirador_lsp.server.workspace_review import Tour
from mirador_lsp.settings import review_policy

STAGE = "changes"
"""What the progress bar calls it."""
_WORDS = "what is not committed"


@dataclass
class ChangeTour:
    """What came of it, change by change."""

    files: Tour
    overviews: list[Overview] = field(default_factory=list)
    changed: int = 0
    """Files that changed, whether they can be reviewed or not."""
    unseen: list[tuple[str, str]] = field(default_factory=list)
    """Names of files that cannot be reviewed, and why."""
    notices: list[Notice] = field(default_factory=list)


async def review_changes(ls: MiradorServer, wish: Wish, tour: ChangeTour, emit: Emit) -> None:
    """Review what changed in all workspace folders, filling `tour`. Cancelling stops the model.

    Raises `UserError` where git can tell of none of them.
    """
    known = await _understood(ls, tour, emit)
    documents = [(each, shot) for each in known for shot in each.study.documents()]
    tour.files.over_limit = max(0, len(documents) - tour.files.limit)
    documents = documents[: tour.files.limit]
    emit(StageStarted(STAGE, "", "asked for", len(documents)))
    if tour.files.over_limit:
        text = f"{tour.files.over_limit} changed files were left out: the most is "
        emit(Notice(NoticeKind.SKIPPED, f"{text}{tour.files.limit}.", tour.files.over_limit, STAGE))
    began = asyncio.get_running_loop().time()
    for number, (each, snapshot) in enumerate(documents):
        emit(StageProgressed(STAGE, number, len(documents), snapshot.name))
        await _review(ls, each, snapshot, wish, tour.files)
    findings = [finding for _, found in tour.files.reviewed for finding in found]
    tour.overviews = [tell(each, findings) for each in known]
    seconds = asyncio.get_running_loop().time() - began
    lacks = len(tour.files.not_reviewed)
    emit(StageFinished(STAGE, "", seconds, Usage(), not_reviewed=lacks))


async def _understood(ls: MiradorServer, tour: ChangeTour, emit: Emit) -> list[Understood]:
    app = await ls.apps.get()
    texts = _open_texts(ls)
    known: list[Understood] = []
    refused: UserError | None = None
    for folder in ls.session.folders:
        try:
            each = await app.changed_in(folder, texts)
        except UserError as error:
            refused = error
            tour.notices.append(Notice(NoticeKind.UNAVAILABLE, error.sentence()))
            continue
        known.append(each)
        study = each.study
        tour.changed += len(study.change.files)
        tour.unseen += [(f.name, f.why_not) for f in study.change.files if f.snapshot is None]
        tour.notices += [*study.change.notices, *study.notices]
    for notice in tour.notices:
        emit(replace(notice, stage=STAGE))
    if refused is not None and not known:
        raise refused
    return known


def _open_texts(ls: MiradorServer) -> dict[Path, str]:
    """What the editor has of files; a text that is in doubt counts as it lies on the disk."""
    texts = {}
    for uri in ls.session.uris():
        document, path = ls.session.document(uri), from_lsp.path_of(uri)
        if document is not None and path is not None and not document.doubt:
            texts[path] = document.text
    return texts


async def _review(
    ls: MiradorServer,
    known: Understood,
    snapshot: Snapshot,
    wish: Wish,
    tour: Tour,
) -> None:
    policy = review_policy(ls.settings, stages=wish.stages, lenses=wish.lenses)
    wanted = known.study.shaped(ReviewRequest(snapshot, policy, wish.trigger))
    part = Part(
        wanted.only or (),
        _WORDS,
        snapshot.content_hash,
        before=wanted.before,
        caused=wanted.caused,
    )
    stages = wish.stages if wanted.policy is policy else wanted.policy.stages
    meant = replace(wish, part=part, stages=stages)
    await workspace_review.review_one(ls, snapshot, meant, tour, known.study.shaped)
