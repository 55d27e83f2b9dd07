"""Reviews one file after the other and keeps the terminal moving meanwhile."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from mirador_lsp.app import Skipped, Source
from mirador_lsp.cli.course import Course
from mirador_lsp.cli.known import Accepts, nothing
from mirador_lsp.cli.report import FileReport, Report, SkippedFile
from mirador_lsp.core.dialogue import Priority
from mirador_lsp.core.events import Emit, Event, fan_out
from mirador_lsp.core.policy import ReviewPolicy
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.core.tasks import Supervisor

_FRAME_SECONDS = 0.1

Shape = Callable[[ReviewRequest], ReviewRequest]


def as_it_is(request: ReviewRequest) -> ReviewRequest:
    """All of the file is reviewed."""
    return request


class Reviewer(Protocol):
    """What a batch needs of the application."""

    async def review(self, request: ReviewRequest, emit: Emit) -> None:
        """Review one document."""
        ...


class Renderer(Protocol):
    """Something that shows a review while it runs. Called on the event loop only."""

    def start(self) -> None:
        """Once, before the first file."""
        ...

    def introduce(self, report: Report) -> None:
        """Before the first file, where a change is reviewed: what it does and how risky it is."""
        ...

    def begin(self, file: FileReport) -> None:
        """The next events are about this file; its report hears each of them first."""
        ...

    def __call__(self, event: Event) -> None:
        """One event."""
        ...

    def refresh(self) -> None:
        """Several times a second while something runs."""
        ...

    def stop(self) -> None:
        """Put the terminal back in order. May be called more than once."""
        ...

    def end(self, report: Report) -> None:
        """Once, after the last file or when the review was stopped."""
        ...


async def review_all(
    app: Reviewer,
    entries: Iterator[Source | Skipped],
    policy: ReviewPolicy,
    renderers: Sequence[Renderer],
    report: Report,
    accepted: Accepts = nothing,
    course: Course | None = None,
    shape: Shape = as_it_is,
) -> None:
    """Review every source of `entries` and fill `report`. One at a time: there is one model.

    Nobody waits for one answer of a batch, so it does not go before what an editor asks. `course`
    says how much time each file gets, `shape` what is looked at in it.
    """
    supervisor = Supervisor()
    course = course or Course(time.monotonic)
    for renderer in renderers:
        renderer.start()
    try:
        supervisor.start(_frames(renderers), "terminal")
        # Reading files and stdin blocks, and the region must keep moving.
        while (entry := await asyncio.to_thread(next, entries, None)) is not None:
            if isinstance(entry, Skipped):
                report.skipped.append(
                    SkippedFile(entry.name, entry.reason, entry.kind.value, entry.asked)
                )
                continue
            shaped = shape(
                ReviewRequest(entry.snapshot, policy, Trigger.CLI, priority=Priority.SAVE)
            )
            got = course.policy(entry.snapshot, shaped.policy)
            if course.spares(entry.snapshot, shaped.policy, got):
                continue
            file = FileReport(entry.snapshot, policy.gate, ahead=course.ahead)
            report.files.append(file)
            for renderer in renderers:
                renderer.begin(file)
            emit = fan_out(file, *renderers)
            course.tell(entry.snapshot, shaped.policy, got, emit)
            if got is not None:
                request = replace(shaped, policy=got, accepted=accepted(entry.snapshot))
                await app.review(request, emit)
                await course.done(file)
    finally:
        for renderer in renderers:
            renderer.stop()
        await supervisor.close()


async def _frames(renderers: Sequence[Renderer]) -> None:
    while True:
        await asyncio.sleep(_FRAME_SECONDS)
        for renderer in renderers:
            renderer.refresh()
