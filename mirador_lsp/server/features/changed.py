"""The command that reviews all that is not committed yet."""

from collections.abc import Sequence
from typing import Any

from mirador_lsp.core.errors import UserError
from mirador_lsp.core.requests import Trigger
from mirador_lsp.server import changed_review, reports_changed
from mirador_lsp.server.arguments import an_object, names
from mirador_lsp.server.asked import token_of
from mirador_lsp.server.changed_review import ChangeTour
from mirador_lsp.server.jobs import Job
from mirador_lsp.server.server import MiradorServer
from mirador_lsp.server.session import Wish
from mirador_lsp.server.workspace_review import Tour

MOST_FILES = 200
"""Of one change; more would take a day."""


async def review_my_changes(ls: MiradorServer, arguments: Sequence[Any]) -> dict[str, Any]:
    """`mirador.reviewMyChanges`: review what is not committed yet in the workspace."""
    said = an_object(arguments)
    if not ls.session.folders:
        message = "This editor has no workspace folder open."
        raise UserError(message, remedy="Open a folder, or review the changed lines of the file.")
    wish = Wish(Trigger.COMMAND, stages=names(said, "stages"), lenses=names(said, "lenses"))
    tour = ChangeTour(Tour(MOST_FILES))
    await ls.settled.wait()
    job = Job("review", "review my changes", ls.session.folders[0].as_uri())
    state = await ls.jobs.run(
        job,
        lambda emit: changed_review.review_changes(ls, wish, tour, emit),
        work_done_token=token_of(said),
    )
    await ls.pages.show("review", "my changes", reports_changed.page(tour, state), job.uri)
    return {
        "state": state.value,
        "changed": tour.changed,
        "files": len(tour.files.reviewed),
        "notReviewed": len(tour.files.not_reviewed) + len(tour.unseen),
        "overLimit": tour.files.over_limit,
        "findings": tour.files.findings,
        "overviews": [
            {
                "title": each.title,
                "risk": each.risk.value,
                "reasons": list(each.reasons),
                "sentences": list(each.sentences),
            }
            for each in tour.overviews
        ],
    }
