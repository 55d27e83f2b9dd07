"""The loop over the files of `mirador review`."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from fakes import events as told
from fakes.review_app import FakeReviewApp
from mirador_lsp.app import gather
from mirador_lsp.cli.batch import review_all
from mirador_lsp.cli.report import FileReport, Report
from mirador_lsp.core.dialogue import Priority
from mirador_lsp.core.events import Event
from mirador_lsp.settings import Settings, review_policy


class StopWatcher:
    """A renderer that shows nothing and runs `at_stop` when it is told to stop."""

    def __init__(self, at_stop: Callable[[], None]) -> None:
        self.stop = at_stop

    def start(self) -> None:
        """Nothing to show."""

    def introduce(self, report: Report) -> None:
        """Nothing to show."""

    def begin(self, file: FileReport) -> None:
        """Nothing to show."""

    def __call__(self, event: Event) -> None:
        """Nothing to show."""

    def refresh(self) -> None:
        """Nothing to show."""

    def end(self, report: Report) -> None:
        """Nothing to show."""


async def test_a_cancel_between_the_last_file_and_the_end_is_not_lost() -> None:
    """However late Ctrl-C comes, the task that reviews is cancelled."""

    async def work() -> None:
        task = asyncio.current_task()
        assert task is not None
        loop, policy = asyncio.get_running_loop(), review_policy(Settings())

        def cancel_soon() -> None:
            loop.call_soon(task.cancel)

        watcher = StopWatcher(cancel_soon)
        await review_all(FakeReviewApp(told.clean_file), iter(()), policy, [watcher], Report())

    with pytest.raises(asyncio.CancelledError):
        await asyncio.get_running_loop().create_task(work())


async def test_a_batch_does_not_go_before_an_editor(tmp_path: Path) -> None:
    """The files of a batch have the urgency of a save."""
    (tmp_path / "a.py").write_text("x = 1\n")
    app, policy = FakeReviewApp(told.clean_file), review_policy(Settings())
    await review_all(app, gather(["."], cwd=tmp_path), policy, [], Report())
    assert [request.priority for request in app.requests] == [Priority.SAVE]
