"""`mirador review`: the run and the exit code."""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, TextIO

from mirador_lsp.app import SkipKind, Skipped, Source, gather, open_app, usable_model
from mirador_lsp.cli import changed, review_options, wording
from mirador_lsp.cli.batch import Reviewer, review_all
from mirador_lsp.cli.course import Course
from mirador_lsp.cli.known import Keeping, Known
from mirador_lsp.cli.outputs import Outputs
from mirador_lsp.cli.planning import Orders, Plan, plan_for_time, plan_workspace
from mirador_lsp.cli.posting import Posting
from mirador_lsp.cli.pulling import Fetched, changed_by, wanted_pull
from mirador_lsp.cli.report import FileReport, Report
from mirador_lsp.cli.review_options import FailOn, Options, flags, full_name
from mirador_lsp.cli.signals import Interrupts
from mirador_lsp.cli.terminal import say, show_cursor, silence
from mirador_lsp.core.changes import Attempted, ChangeRequest
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.events import NoticeKind
from mirador_lsp.core.findings import Severity
from mirador_lsp.core.policy import ReviewPolicy
from mirador_lsp.core.ports import ModelBackend
from mirador_lsp.settings import Loaded, Paths, find_workspace_root, load_settings, review_policy

CLEAN, FOUND, COULD_NOT_RUN, PIPE_CLOSED = 0, 1, 2, 141
_FATAL_KINDS = frozenset({"missing", "unreadable"})


class App(Reviewer, Orders, changed.Parsing, Protocol):
    """What the command needs of the application."""

    @property
    def backend(self) -> ModelBackend:
        """Where models run."""
        ...

    async def check_change(self, request: ChangeRequest, text: str) -> Attempted:
        """How far a text gets as the new text of the request's document."""
        ...


class OpenApp(Protocol):
    """How the application is opened."""

    def __call__(self, loaded: Loaded) -> AbstractAsyncContextManager[App]:
        """Open it with these settings."""
        ...


class Gather(Protocol):
    """How paths become sources."""

    def __call__(self, paths: Sequence[str], stdin_name: str) -> Iterator[Source | Skipped]:
        """Read what the paths name, lazily."""
        ...


@asynccontextmanager
async def _open_app(loaded: Loaded) -> AsyncIterator[App]:
    trusted = loaded.trusted_folder
    async with open_app(loaded.settings, paths=loaded.paths, trusted=trusted) as app:
        if loaded.workspace is not None:
            await app.workplaces.use_running(loaded.workspace)
        yield app
        await app.recorder.write()
        for notice in app.recorder.untold():
            say(notice.message)


def _gather(paths: Sequence[str], stdin_name: str) -> Iterator[Source | Skipped]:
    return gather(paths, stdin_name=stdin_name)


@dataclass(frozen=True)
class Surroundings:
    """Everything outside the command, so that a test can bring its own."""

    stdout: TextIO = field(default_factory=lambda: sys.stdout)
    stderr: TextIO = field(default_factory=lambda: sys.stderr)
    env: Mapping[str, str] = field(default_factory=lambda: os.environ)
    folder: Path = field(default_factory=Path.cwd)
    open_app: OpenApp = _open_app
    gather: Gather = _gather
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    review_options.add_parser(subparsers).set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the command as parsed."""
    return asyncio.run(review(review_options.options_of(arguments), Surroundings()))


async def review(options: Options, around: Surroundings) -> int:
    """Review what `options` name and return the exit code. Raises `MiradorError`."""
    if options.wishes.show_context and options.wishes.format not in ("text", "json"):
        message = f"--show-context does not go with --format {options.wishes.format}."
        raise UserError(message, remedy="Use --format text or --format json.")
    if options.fail_on == "new" and not options.baseline:
        message = "--fail-on new needs to know what is not new."
        raise UserError(message, remedy="Name a baseline: --baseline FILE")
    loaded = load_settings(
        workspace=find_workspace_root(around.folder), env=around.env, flags=flags(options)
    )
    for problem in loaded.problems:
        say(problem.sentence(), around.stderr)
    policy = review_policy(loaded.settings, stages=options.stages, lenses=options.lenses)
    panel = tuple(dict.fromkeys(full_name(name) for name in options.models))
    policy = replace(policy, panel=panel)
    if options.keeping is Keeping.WRITE:
        # A baseline that knew no more than what fits a screen would let the rest fail.
        policy = replace(policy, max_findings_per_file=sys.maxsize, max_findings=sys.maxsize)
    run = _Run(options, around, policy)
    return await run.to_the_end(loaded)


def exit_code(report: Report, fail_on: FailOn) -> int:
    """What the findings and what could not be looked at amount to."""
    if reasons_not_run(report):
        return COULD_NOT_RUN
    if fail_on == "never":
        return CLEAN
    if fail_on == "new":
        return FOUND if report.compared is not None and report.compared.new else CLEAN
    bar = Severity(fail_on)
    found = any(f.severity.at_least(bar) for file in report.files for f in file.standing)
    return FOUND if found else CLEAN


def reasons_not_run(report: Report) -> list[str]:
    """Why the review cannot count as run, one sentence each; empty when it can."""
    reasons = [
        f"{entry.name}: {entry.reason}"
        for entry in report.skipped
        if entry.asked and entry.kind in _FATAL_KINDS
    ]
    unseen = [file for file in report.files if not file.reviewed]
    if unseen:
        whose = unseen[0].snapshot.name + (f" and {len(unseen) - 1} more" if unseen[1:] else "")
        why = "; ".join(wording.failure_lines(report)) or _why_unseen(unseen[0])
        reasons.append(f"not reviewed: {whose}. {why[:1].upper()}{why[1:]}")
    if not report.files and not reasons and not report.may_be_empty:
        why = "; ".join(wording.skipped_lines(report.skipped)) or "no source files there"
        reasons.append(f"nothing to review: {why}. Name a file or a folder with source code.")
    return reasons


def _why_unseen(file: FileReport) -> str:
    """What was said of a file that no stage looked at."""
    name = file.snapshot.name
    said = [n.message for n in file.notices if n.kind is NoticeKind.SKIPPED]
    return said[0].removeprefix(f"{name}: not reviewed: ") if said else "not one stage could look"


class _Run:
    """One run from the opened outputs to the exit code."""

    def __init__(self, options: Options, around: Surroundings, policy: ReviewPolicy) -> None:
        self._options = options
        self._around = around
        self._policy = policy
        self._begun = time.monotonic()
        started = around.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        self._report = Report(started_utc=started, may_be_empty=options.nothing_ok)
        self._known = Known(options.baseline, options.keeping, around.folder, self._report, policy)
        self._workspace: Path | None = None
        self._paths: Paths | None = None
        self._changed: changed.ChangedRun | None = None
        self._pull: Fetched | None = None
        self._task = asyncio.current_task()
        self._finished = False
        self._write_error: OSError | None = None
        wishes = replace(options.wishes, most=policy.max_findings)
        self._outputs = Outputs(
            wishes, around.stdout, around.stderr, around.env, self._write_failed
        )

    async def to_the_end(self, loaded: Loaded) -> int:
        """Review everything; on the first signal say what was found so far and leave."""
        self._check_paths()
        self._workspace, self._paths = loaded.workspace, loaded.paths
        interrupts = Interrupts(self._interrupted, lambda: show_cursor(self._around.stdout))
        try:
            with interrupts, self._outputs:
                async with (
                    wanted_pull(self._options.pull, loaded.settings.forges, self._around) as pull,
                    self._around.open_app(loaded) as app,
                ):
                    self._pull = pull
                    for name in (self._options.model, *self._options.models):
                        if name:
                            await usable_model(name, app.backend)
                    await self._review(app)
        except asyncio.CancelledError:
            if self._write_error is not None:
                return self._cannot_write(self._write_error)
            if interrupts.code:
                return interrupts.code
            raise
        if self._write_error is not None:
            return self._cannot_write(self._write_error)
        if interrupts.code:  # the signal came when there was nothing left to cancel
            return interrupts.code
        return exit_code(self._report, self._options.fail_on)

    def _check_paths(self) -> None:
        """Raise `UserError` for what cannot be meant. A report is never written over its source."""
        options = self._options
        options.check()
        for path in options.paths:
            if not path:
                message = "A PATH is empty."
                raise UserError(message, remedy="For the current folder write: mirador review .")
            here = self._around.folder
            for name in options.wishes.files if path != "-" else ():
                if _same_file(here / name, here / path):
                    message = f"{name} is a file to be reviewed."
                    raise UserError(message, remedy="Name another file with --output.")

    async def _review(self, app: App) -> None:
        plan = await self._plan(app)
        renderers, report, known = self._outputs.renderers, self._report, self._known
        await review_all(
            *(app, plan.entries, self._policy, renderers, report),
            *(known.accepted, plan.course, plan.shape),
        )
        report.notices += plan.course.lacks()
        plan.end()
        self._settle()
        self._finish(exit_code(self._report, self._options.fail_on))
        reasons = reasons_not_run(self._report)
        for reason in reasons:
            say(reason, self._around.stderr)
        if not reasons and (kept := self._known.keep()):
            say(kept, self._around.stderr)
        if self._changed is not None and (trouble := await self._changed.keep()):
            say(trouble, self._around.stderr)
        if self._pull is not None and self._options.pull.post and not reasons:
            around = self._around
            out = around.stdout if self._options.wishes.format == "text" else around.stderr
            posting = Posting(self._pull, self._report, app, self._policy)
            await posting.post(out, around.stderr)

    async def _plan(self, app: App) -> Plan:
        """What is reviewed in which order."""
        options, root = self._options, self._workspace
        if options.change.wanted or self._pull is not None:
            return await self._plan_change(app)
        paths = options.paths
        if options.workspace and not paths and root is not None:
            paths = (str(root),)
        entries = self._not_the_output(self._around.gather(paths, options.stdin_filename))
        if options.workspace and root is not None and self._paths is not None:
            return await plan_workspace(
                app,
                entries,
                root,
                options.budget,
                self._paths,
                self._policy,
                fresh=options.fresh,
                say=lambda text: say(text, self._around.stderr),
            )
        if options.budget:
            return await plan_for_time(entries, options.budget)
        return Plan(entries, Course(time.monotonic), lambda: None)

    async def _plan_change(self, app: App) -> Plan:
        """What changed and what it breaks, told of before it is looked at."""
        options, around = self._options, self._around
        where = (options.paths, around.folder, around.env, self._report)
        if self._pull is not None:
            run = await changed_by(self._pull, app.parser, *where)
        else:
            run = await changed.begin(app, replace(options.change, manner=options.manner), *where)
        self._changed = run
        for renderer in self._outputs.renderers:
            renderer.introduce(self._report)
        entries = self._not_the_output(run.entries())
        plan = Plan(entries, Course(time.monotonic), lambda: None)
        if options.budget:
            plan = await plan_for_time(entries, options.budget)
        return replace(plan, shape=run.shaped)

    def _settle(self) -> None:
        """What can be said of the run as a whole."""
        if self._changed is not None:
            self._changed.settle()
        here, root = self._around.folder, self._workspace
        paths = [here / path for path in self._options.paths if path != "-"]
        if self._options.workspace and not paths and root is not None:
            paths = [root]
        # Unlike Path.resolve, this takes links that go in a circle for what they are.
        real = map(os.path.realpath, paths)
        everything = root is not None and any(root.is_relative_to(each) for each in real)
        lacks = any(each.kind is NoticeKind.SKIPPED for each in self._report.notices)
        everything = everything and not lacks
        self._known.settle(everything=everything)
        self._report.cap(self._policy.max_findings)

    def _not_the_output(self, entries: Iterator[Source | Skipped]) -> Iterator[Source | Skipped]:
        """The entries but what this run reads or replaces itself: older reports, the baseline."""
        own = (*self._options.wishes.files, *filter(None, [self._options.baseline]))
        targets = [self._around.folder / name for name in own]
        for entry in entries:
            path = entry.snapshot.path if isinstance(entry, Source) else None
            taken = path and any(_same_file(target, Path(path)) for target in targets)
            if isinstance(entry, Source) and taken:
                reason = "this run's own report or baseline"
                yield Skipped(entry.snapshot.name, reason, SkipKind.IGNORED, asked=False)
            else:
                yield entry

    def _interrupted(self) -> None:
        # What was found is told before anything is torn down: tearing down may hang.
        self._report.interrupted = True
        for renderer in self._outputs.renderers:
            renderer.stop()
        if not self._finished:
            say("stopped; this is what was found so far", self._around.stderr)
            self._settle()
        self._finish(130)
        self._cancel()

    def _write_failed(self, error: OSError) -> None:
        self._write_error = error
        self._cancel()

    def _cannot_write(self, error: OSError) -> int:
        # What is still in the stream's buffer would fail again when the interpreter ends.
        silence(self._around.stdout)
        if isinstance(error, BrokenPipeError):
            return PIPE_CLOSED
        message = f"The report cannot be written: {error.strerror}."
        raise UserError(message, remedy="Write it elsewhere with --output FILE.") from error

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _finish(self, code: int) -> None:
        """Tell the whole outcome, once."""
        if self._finished:
            return
        self._finished = True
        self._report.seconds = time.monotonic() - self._begun
        self._outputs.finish(self._report, code, self._around.folder)


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other) and not other.is_dir()
    except (OSError, ValueError):
        return False
