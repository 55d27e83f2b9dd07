"""`mirador index`: what is kept of a workspace so that words and meaning find its code."""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol, TextIO

from mirador_lsp.cli.index_views import BuildDisplay, as_lines, status_table
from mirador_lsp.cli.opening import OpenApp, open_whole
from mirador_lsp.cli.terminal import console_for, is_terminal, say
from mirador_lsp.cli.wording import plural
from mirador_lsp.core.clean import plain
from mirador_lsp.core.retrieval import IndexReport, VectorFile
from mirador_lsp.settings import find_workspace_root, load_settings

_COULD_NOT, _INTERRUPTED = 2, 130
_LOOK_SECONDS = 5.0
"""`watch` has files looked at so often: no editor tells of changes then."""
_FILE_HOLDS = (
    "The file holds hashes of pieces of code and their vectors; no code, no names of files."
)
_GOES_ON = "stopped waiting; what was read is kept, and the rest is read next time"


class Index(Protocol):
    """What the command needs of an index."""

    def follow(self) -> AsyncIterator[IndexReport]:
        """The report, and each later one when it has changed."""
        ...

    async def build(self, *, asked: bool) -> None:
        """Have every file looked at again."""
        ...

    async def report(self) -> IndexReport:
        """What it holds and does. Starts it."""
        ...

    async def running(self) -> bool:
        """Whether it runs."""
        ...

    async def kept(self) -> IndexReport | None:
        """What there was when it last ran."""
        ...

    async def stop(self) -> bool:
        """End it. False when it did not run."""
        ...

    async def drop(self) -> int:
        """End and delete it; the bytes that are free again."""
        ...

    async def export_to(self, path: Path) -> VectorFile:
        """Write its vectors to a file."""
        ...

    async def import_from(self, path: Path) -> VectorFile:
        """Take in the vectors of a file."""
        ...


class App(Protocol):
    """What the command needs of the application."""

    def index(self, folder: Path) -> Index:
        """The index of a workspace folder. Raises `UserError` where the user wants none."""
        ...


@dataclass(frozen=True)
class Surroundings:
    """Everything outside the command, so that a test can bring its own."""

    stdout: TextIO = field(default_factory=lambda: sys.stdout)
    stderr: TextIO = field(default_factory=lambda: sys.stderr)
    env: Mapping[str, str] = field(default_factory=lambda: os.environ)
    folder: Path = field(default_factory=Path.cwd)
    open_app: OpenApp = open_whole


@dataclass(frozen=True)
class _Asked:
    """An index and what is wanted of it."""

    index: Index
    root: Path
    around: Surroundings
    as_json: bool
    file: Path


Act = Callable[[_Asked], Awaitable[int]]


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "index",
        help="build, show, watch or drop the index of a workspace",
        description="The index of the workspace in which the current folder lies. Editors keep it "
        "by themselves, in a process of its own; it never leaves this machine, unless your own "
        "settings name a server's embedder or a team's server.",
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    for name, act, summary in (
        ("build", _build, "read every file that is new or changed, and wait until all is done"),
        ("status", _status, "what it holds and does"),
        ("watch", _watch, "keep it true and show what it does, until Ctrl-C"),
        ("stop", _stop, "end its process; editors that are open start it again"),
        ("drop", _drop, "delete it; it can be built again at any time"),
    ):
        action = actions.add_parser(name, help=summary, description=f"{summary.capitalize()}.")
        action.add_argument("--folder", default="", help="a folder of the workspace")
        action.add_argument("--json", action="store_true", help="as JSON")
        action.set_defaults(run=run, act=act, file="")
    for name, act, summary in (
        ("export", _export, "write its vectors to a file, for others who have the same code"),
        ("import", _import, "take in a file of vectors, so that they are not computed here"),
    ):
        action = actions.add_parser(
            name, help=summary, description=f"{summary.capitalize()}. {_FILE_HOLDS}"
        )
        action.add_argument("file", metavar="FILE", help="usually named SOMETHING.vectors")
        action.add_argument("--folder", default="", help="a folder of the workspace")
        action.add_argument("--json", action="store_true", help="as JSON")
        action.set_defaults(run=run, act=act)


def run(arguments: argparse.Namespace) -> int:
    """Run the command as parsed. 0 when done, 2 when it could not be, 130 after Ctrl-C."""
    try:
        return asyncio.run(with_index(arguments, Surroundings()))
    except KeyboardInterrupt:
        say(_GOES_ON)
        return _INTERRUPTED


async def with_index(arguments: argparse.Namespace, around: Surroundings) -> int:
    """Open the application and let the action have the index. Raises `MiradorError`."""
    folder = around.folder / arguments.folder if arguments.folder else around.folder
    root = find_workspace_root(folder)
    loaded = load_settings(workspace=root, env=around.env)
    for problem in loaded.problems:
        say(problem.sentence(), around.stderr)
    async with around.open_app(loaded) as app:
        file = around.folder / arguments.file
        asked = _Asked(app.index(root), root, around, as_json=arguments.json, file=file)
        act: Act = arguments.act
        return await act(asked)


async def _build(asked: _Asked) -> int:
    """Wait until all is read and embedded."""
    around = asked.around
    await asked.index.build(asked=True)
    interactive = is_terminal(around.stderr, around.env)
    report = IndexReport("starting")
    with BuildDisplay(around.stderr, interactive=interactive) as display:
        async for report in asked.index.follow():
            display.show(report)
            if report.phase in {"ready", "off", "failed"}:
                break
    _print(asked, report, runs=True)
    return 0 if report.phase == "ready" else _COULD_NOT


async def _status(asked: _Asked) -> int:
    """Show what there is, without starting anything."""
    runs = await asked.index.running()
    report = await asked.index.report() if runs else await asked.index.kept()
    if report is None:
        if asked.as_json:
            print("null", file=asked.around.stdout)
        else:
            print("This workspace has no index yet. Build it: mirador index build")
        return 0
    _print(asked, report, runs=runs)
    return 0


async def _watch(asked: _Asked) -> int:
    """Show every change of the report, and have files looked at now and then."""
    around = asked.around
    interactive = is_terminal(around.stdout, around.env) and not asked.as_json
    async with asyncio.TaskGroup() as group:
        looking = group.create_task(_look_now_and_then(asked.index))
        try:
            if interactive:
                await _watch_live(asked)
            else:
                async for report in asked.index.follow():
                    line = _json(report) if asked.as_json else as_lines(report)
                    print(line, file=around.stdout, flush=True)
        finally:
            looking.cancel()
    return 0


async def _watch_live(asked: _Asked) -> None:
    from rich.live import Live

    console = console_for(asked.around.stdout, "auto", interactive=True)
    with Live(console=console, auto_refresh=False) as live:
        async for report in asked.index.follow():
            live.update(status_table(report, asked.root, runs=True), refresh=True)


async def _look_now_and_then(index: Index) -> None:
    while True:
        await index.build(asked=False)
        await asyncio.sleep(_LOOK_SECONDS)


async def _stop(asked: _Asked) -> int:
    """End the process."""
    said = "The index has stopped." if await asked.index.stop() else "The index does not run."
    print(said, file=asked.around.stdout)
    return 0


async def _drop(asked: _Asked) -> int:
    """Delete what is kept."""
    freed = await asked.index.drop()
    if freed:
        print(f"The index is gone: {freed / 1e6:,.1f} MB are free again.", file=asked.around.stdout)
    else:
        print("This workspace has no index.", file=asked.around.stdout)
    return 0


async def _export(asked: _Asked) -> int:
    """Write what there is, once it is known what that is."""
    report = IndexReport("starting")
    async for report in asked.index.follow():
        if report.phase not in {"starting", "looking"}:
            break
    file = await asked.index.export_to(asked.file)
    if _as_json(asked, file):
        return 0
    out, name = asked.around.stdout, plain(str(asked.file), 300)
    size = f"{file.bytes / 1e6:,.1f} MB"
    print(f"{plural(file.vectors, 'vector')} of {file.embedder}, {size}: {name}", file=out)
    print(_FILE_HOLDS, file=out)
    if file.missing or report.waiting:
        say("not all of the workspace is in it yet: mirador index build", asked.around.stderr)
    return 0


async def _import(asked: _Asked) -> int:
    """Have them used from now on."""
    file = await asked.index.import_from(asked.file)
    if _as_json(asked, file):
        return 0
    count = plural(file.vectors, "vector")
    print(f"{count} of {file.embedder} will not be computed here.", file=asked.around.stdout)
    if not file.fits:
        text = "they are of another embedder than this index uses now; see index.embedder"
        say(text, asked.around.stderr)
    return 0


def _as_json(asked: _Asked, file: VectorFile) -> bool:
    """Print what a file holds as JSON, where that is wanted."""
    if asked.as_json:
        print(json.dumps(asdict(file), ensure_ascii=False), file=asked.around.stdout)
    return asked.as_json


def _print(asked: _Asked, report: IndexReport, *, runs: bool) -> None:
    if asked.as_json:
        print(_json(report), file=asked.around.stdout)
        return
    interactive = is_terminal(asked.around.stdout, asked.around.env)
    console = console_for(asked.around.stdout, "auto", interactive=interactive)
    console.print(status_table(report, asked.root, runs=runs))


def _json(report: IndexReport) -> str:
    return json.dumps(asdict(report) | {"skipped": dict(report.skipped)}, ensure_ascii=False)
