"""A change of code in the editor, from the wish to the edit that the client has applied.

It is worked out for one text and applied to no other. Where the document moved on meanwhile, the
change is moved along and checked again or, where that cannot be, worked out once more (see
`moving`); after that the user is told instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from mirador_lsp.core.changes import ChangeFinished, ChangeRequest, Intent, Patch, Rung
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.edits import apply
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.events import StageFailed, fan_out
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.text import Span
from mirador_lsp.server import moving, remembering, reviewing
from mirador_lsp.server.applying import DECLINED, apply_patch
from mirador_lsp.server.asked import Asked, current, folder_of
from mirador_lsp.server.jobs import Emit, Ending, Job, JobEvent
from mirador_lsp.server.neighbours import neighbours
from mirador_lsp.server.server import MiradorServer
from mirador_lsp.settings import change_policy

_MOVED = "The code in question was edited meanwhile, so nothing was changed."
_TYPED = "The document was edited all the time, so nothing was changed."
_CLOSED = "The document was closed meanwhile, so nothing was changed."
_MOST_WORKED_OUT = 2
_MOST_OFFERED = 6
"""Times that one change is checked and sent: each but the first follows an edit of the user's."""
NO_EDITS = "This editor takes no edits from language servers, so nothing can be changed."
"""What is said in a client that does not answer `workspace/applyEdit`."""


class State(StrEnum):
    """How the wish for a change ended."""

    APPLIED = "applied"
    REFUSED = "refused"
    """The client did not apply it."""
    NOT_OFFERED = "notOffered"
    """There is no change that holds."""
    STOPPED = "stopped"
    """Cancelled or superseded."""


@dataclass(frozen=True)
class Wanted:
    """What is to be changed, and how."""

    job: Job
    intent: Intent
    span: Span
    finding: Finding | None = None
    question: str = ""
    scope: str = "symbol"


@dataclass
class Outcome:
    """What came of it; filled in while it goes on."""

    state: State = State.STOPPED
    title: str = ""
    why: str = ""
    rungs: Sequence[Rung] = ()
    attempts: int = 0

    def answer(self) -> dict[str, Any]:
        """What the command is answered."""
        return {
            "state": self.state.value,
            "title": self.title,
            "why": self.why,
            "rungs": [rung.value for rung in self.rungs],
            "attempts": self.attempts,
        }

    def end(self, state: State, why: str, remedy: str = "") -> UserError:
        """The wish ends without a change; the error is what the user is told, once."""
        self.state, self.why = state, why
        return UserError(why, remedy=remedy)


async def change(ls: MiradorServer, ask: Asked, wanted: Wanted) -> Outcome:
    """Work a change out and have it applied. The user is told once why nothing came of it."""
    outcome = Outcome()
    await ls.settled.wait()

    async def work(emit: Emit) -> None:
        if not ls.session.client.applies_edits:
            raise outcome.end(State.NOT_OFFERED, NO_EDITS, "Use the command line, or a plugin.")
        request = await _request(ls, ask.snapshot, wanted)
        await _pursue(ls, request, outcome, emit)

    ending = await ls.jobs.run(wanted.job, work, work_done_token=ask.token)
    if ending is Ending.STOPPED:
        outcome.state = State.STOPPED
    elif ending is Ending.FAILED and outcome.state is State.STOPPED:
        outcome.end(State.NOT_OFFERED, "Mirador could not work on it; its message says why.")
    return outcome


async def all_fixes(ls: MiradorServer, snapshot: Snapshot) -> Patch | None:
    """All safe fixes of what is shown of a document, as one checked patch for exactly this text.

    Raises `UserError` when they do not hold together.
    """
    shown = ls.publisher.shown(snapshot)
    if not shown:
        return None
    app = await ls.apps.get()
    patch = await app.safe_fixes(_basis(ls, snapshot, Span(0, 0)))
    if patch is not None:
        mended = [f for f in shown if f.fix is not None and f.fix.safe]
        ls.afterlife.offered(snapshot, patch.edits, mended, patch.title)
    return patch


async def check_ready(ls: MiradorServer, snapshot: Snapshot, finding: Finding) -> None:
    """Check the fix that an analyzer has ready. Raises `UserError` when it does not hold."""
    if finding.fix is None:
        message = "There is no ready fix for this finding any more."
        raise UserError(message, remedy="Save the document to have it reviewed again.")
    app = await ls.apps.get()
    request = replace(_basis(ls, snapshot, finding.span), finding=finding)
    checked = await app.check_change(request, apply(snapshot.text, finding.fix.edits))
    if checked.failed is not None:
        message = f"The fix was not made: {checked.why}"
        raise UserError(message)


async def _pursue(ls: MiradorServer, request: ChangeRequest, outcome: Outcome, emit: Emit) -> None:
    """Raises the `UserError` that says why nothing was changed."""
    for _ in range(_MOST_WORKED_OUT):
        finished = await _worked_out(ls, request, emit)
        outcome.attempts += len(finished.attempts)
        if finished.patch is None:
            raise outcome.end(State.NOT_OFFERED, finished.why)
        if await _offered(ls, request, finished.patch, outcome):
            return
        now = current(ls, request.snapshot.uri)
        if now is None:
            raise outcome.end(State.NOT_OFFERED, _CLOSED, "Open it and ask again.")
        moved = moving.moved_to(ls, request, now)
        if moved is None:
            break
        request = moved
    raise outcome.end(State.NOT_OFFERED, _MOVED, "Ask again.")


async def _offered(
    ls: MiradorServer, request: ChangeRequest, patch: Patch, outcome: Outcome
) -> bool:
    """Have the client make a change, moved along with what is typed meanwhile. False where it has
    to be worked out again; raises the `UserError` that says why the client did not make it.
    """
    for _ in range(_MOST_OFFERED):
        now = await moving.at_rest(ls, request.snapshot)
        fitted = await moving.fitted(ls, request, patch, now) if now is not None else None
        if now is None or fitted is None:
            return False
        outcome.title, outcome.rungs = fitted.title, fitted.rungs
        why = await apply_patch(ls, now, fitted)
        if not why:
            outcome.state = State.APPLIED
            _made(ls, now, request, fitted)
            return True
        if why == DECLINED:
            outcome.end(State.REFUSED, why)
            return True
        if not await moving.edited_since(ls, now):
            raise outcome.end(State.REFUSED, why)  # the same change would be refused again
    raise outcome.end(State.REFUSED, _TYPED, "Ask again once you have paused.")


def _made(ls: MiradorServer, before: Snapshot, request: ChangeRequest, patch: Patch) -> None:
    """The client has taken a change: it is remembered, watched, and looked at again."""
    remembering.accepted(ls, before, patch)
    if patch.creates:
        return
    if request.finding is not None:
        ls.afterlife.accepted(before, patch.after, [request.finding], patch.title)
    if patch.after:
        reviewing.mended(ls, before.uri, patch.after)


async def _worked_out(ls: MiradorServer, request: ChangeRequest, emit: Emit) -> ChangeFinished:
    ends: list[ChangeFinished] = []
    failures: list[StageFailed] = []

    def hear(event: JobEvent) -> None:
        if isinstance(event, ChangeFinished):
            ends.append(event)
        elif isinstance(event, StageFailed):
            failures.append(event)

    app = await ls.apps.get()
    await app.change(request, fan_out(hear, emit))
    finished = ends[-1]
    if finished.patch is None and not finished.attempts and failures:
        # No model came to write at all: what kept the last one away is the reason.
        why = f"{failures[-1].message} {failures[-1].remedy}".strip()
        return replace(finished, why=why)
    return finished


async def _request(ls: MiradorServer, snapshot: Snapshot, wanted: Wanted) -> ChangeRequest:
    app = await ls.apps.get()
    folder = folder_of(ls, snapshot)
    return replace(
        _basis(ls, snapshot, wanted.span),
        intent=wanted.intent,
        finding=wanted.finding,
        question=wanted.question,
        scope=wanted.scope,
        ask_neighbours=neighbours(ls),
        run_tests=app.run_tests(folder) if folder is not None else None,
    )


def _basis(ls: MiradorServer, snapshot: Snapshot, span: Span) -> ChangeRequest:
    """A request that is checked without asking anybody who takes their time."""
    return ChangeRequest(
        snapshot=snapshot,
        intent=Intent.FIX,
        policy=change_policy(ls.settings),
        span=span,
        findings=ls.publisher.shown(snapshot),
        repairs=ls.settings.fix.repairs,
    )
