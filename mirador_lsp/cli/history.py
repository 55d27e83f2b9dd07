"""`mirador history`: what was asked and answered, what became of findings, and forgetting it."""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TextIO

from mirador_lsp.cli import history_export, history_views
from mirador_lsp.cli.oblivion import Oblivion
from mirador_lsp.cli.spans import moment_of
from mirador_lsp.cli.terminal import console_for_rows, is_terminal, say
from mirador_lsp.cli.wording import plural
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.history import (
    EVERYTHING,
    HistoryBook,
    Kind,
    Life,
    Retention,
    Selection,
)
from mirador_lsp.core.retrieval import Hit
from mirador_lsp.settings import Loaded, find_workspace_root, load_settings

if TYPE_CHECKING:
    from rich.console import Console

FOUND, NOTHING = 0, 1
_MOST = 10_000
_MOST_ALIKE = 100
_LEAST_ID = 4
_EPILOG = """\
examples:
  mirador history                                 the latest requests
  mirador history list --kind ask --since 7d      questions of the last seven days
  mirador history list --sessions                 by session
  mirador history show 3f2a                       one of them, with all that became of its findings
  mirador history search "session token"
  mirador history export talks.jsonl --since 2026-11-01
  mirador history forget --file src/secret.py
  mirador history forget --all --yes

It lies on this machine alone. See docs/history.md, and the settings under [history].
"""


class Past(Protocol):
    """What the command needs of the past."""

    retention: Retention
    book: HistoryBook

    async def meant(self, folder: Path, question: str, most: int) -> Sequence[Hit]:
        """What means the like of a question, by the index of a workspace."""
        ...

    async def would_forget(self, which: Selection) -> Oblivion:
        """What `forget` would remove now."""
        ...

    async def forget(self, which: Selection) -> Oblivion:
        """Remove what is meant, for good."""
        ...


OpenPast = Callable[[Loaded], AbstractAsyncContextManager[Past]]


def _open_past(loaded: Loaded) -> AbstractAsyncContextManager[Past]:
    from mirador_lsp.app import open_past  # noqa: PLC0415 — the help must not wait for it

    return open_past(loaded.settings, loaded.paths)


@dataclass(frozen=True)
class Surroundings:
    """Everything outside the command, so that a test can bring its own."""

    stdin: TextIO = field(default_factory=lambda: sys.stdin)
    stdout: TextIO = field(default_factory=lambda: sys.stdout)
    stderr: TextIO = field(default_factory=lambda: sys.stderr)
    env: Mapping[str, str] = field(default_factory=lambda: os.environ)
    folder: Path = field(default_factory=Path.cwd)
    open_past: OpenPast = _open_past
    now: Callable[[], float] = time.time  # noqa: TID251 — the command line's clock is the user's

    def console(self) -> "Console":
        """A console on stdout."""
        return console_for_rows(self.stdout, self.env)


@dataclass(frozen=True)
class _Asked:
    """What is wanted of the past."""

    past: Past
    options: argparse.Namespace
    around: Surroundings
    which: Selection
    root: Path


Act = Callable[[_Asked], Awaitable[int]]


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "history",
        help="what was asked, answered and found; and forgetting it",
        description="What was asked and answered, and what became of findings. Nothing of it ever "
        "leaves this machine.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _list_options(parser)
    parser.set_defaults(run=run, act=_list, id="")
    actions = parser.add_subparsers(metavar="ACTION")
    add = actions.add_parser("list", help="the latest requests, or sessions (default)")
    _list_options(add)
    add.set_defaults(run=run, act=_list, id="")
    add = actions.add_parser("show", help="one request or finding, with all that became of it")
    add.add_argument("id", metavar="ID", help="its id, or the beginning of it")
    add.add_argument("--json", action="store_true", help="as JSON")
    add.set_defaults(run=run, act=_show)
    add = actions.add_parser("search", help="find words in questions, answers and findings")
    add.add_argument("words", nargs="+", metavar="WORD")
    add.add_argument("--limit", type=_count, default=10, metavar="N", help="default: 10")
    add.add_argument("--json", action="store_true", help="as JSON")
    add.set_defaults(run=run, act=_search, id="")
    add = actions.add_parser("export", help="write it as JSON lines")
    add.add_argument("target", nargs="?", default="", metavar="FILE", help="default: stdout")
    _selection(add)
    add.set_defaults(run=run, act=_export, id="")
    add = actions.add_parser("forget", help="remove it for good")
    add.add_argument("id", nargs="?", default="", metavar="ID", help="of a request or a finding")
    add.add_argument("--all", action="store_true", help="everything there is")
    _selection(add)
    add.add_argument("--yes", action="store_true", help="do not ask")
    add.add_argument("--json", action="store_true", help="as JSON")
    add.set_defaults(run=run, act=_forget)


def _list_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--sessions", action="store_true", help="sessions instead of requests")
    add(
        "--kind",
        action="append",
        choices=[kind.value for kind in Kind],
        help="only requests of this kind; can be said again",
    )
    _selection(parser)
    add("--limit", type=_count, default=20, metavar="N", help="default: 20")
    add("--json", action="store_true", help="as JSON")


def _selection(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--file", default="", metavar="NAME", help="about this file")
    add("--session", default="", metavar="ID", help="of this session")
    add("--since", default="", metavar="WHEN", help="not before: 7d, 12h, 2026-11-01")
    add("--before", default="", metavar="WHEN", help="before: 7d, 12h, 2026-11-01")


def run(arguments: argparse.Namespace) -> int:
    """Run the command as parsed."""
    return asyncio.run(look(arguments, Surroundings()))


async def look(arguments: argparse.Namespace, around: Surroundings) -> int:
    """Open the past and do what is asked. Raises `MiradorError`."""
    which = _which(arguments, around)
    root = find_workspace_root(around.folder)
    loaded = load_settings(workspace=root, env=around.env)
    for problem in loaded.problems:
        say(problem.sentence(), around.stderr)
    async with around.open_past(loaded) as past:
        act: Act = arguments.act
        return await act(_Asked(past, arguments, around, which, root))


async def _list(asked: _Asked) -> int:
    options, around, book = asked.options, asked.around, asked.past.book
    if options.sessions:
        sessions = await book.sessions(asked.which, options.limit)
        rows = [history_export.session(each) for each in sessions]
        table = history_views.sessions(sessions, around.now())
    else:
        exchanges = await book.exchanges(asked.which, options.limit)
        rows = [history_export.exchange(each) for each in exchanges]
        table = history_views.exchanges(exchanges, around.now())
    extent = await book.extent()
    if options.json:
        kept = history_export.extent(extent, asked.past.retention)
        history_export.write({"kept": kept, "rows": rows}, around.stdout)
    else:
        console = around.console()
        console.print(table if rows else "Nothing of the kind is kept.")
        console.print(history_views.extent(extent, asked.past.retention), style="bright_black")
    return FOUND if rows else NOTHING


async def _show(asked: _Asked) -> int:
    book, around = asked.past.book, asked.around
    exchanges = await book.exchanges(asked.which, 2)
    lives: Sequence[Life] = await book.lives(asked.which, _MOST_ALIKE)
    # The same lines in two files are findings of one id: then both are shown.
    if len(exchanges) + len({each.finding for each in lives}) > 1:
        message = f"More than one id begins with {asked.which.id}."
        raise UserError(message, remedy="Write more of it.")
    if exchanges:
        lives = await book.lives_of(exchanges[0].document, exchanges[0].findings)
    elif not lives:
        message = f"Nothing with the id {asked.which.id} is kept."
        raise UserError(message, remedy="See: mirador history list")
    if asked.options.json:
        said = [history_export.exchange(each) for each in exchanges]
        lived = [history_export.life(each) for each in lives]
        history_export.write(
            {"request": said[0] if said else None, "findings": lived}, around.stdout
        )
    else:
        console = around.console()
        for each in exchanges:
            console.print(history_views.exchange(each))
        for life in lives:
            console.print(history_views.life(life))
    return FOUND


async def _search(asked: _Asked) -> int:
    options, around = asked.options, asked.around
    words = " ".join(options.words)
    exchanges, lives = await asked.past.book.search(words, options.limit)
    known = {each.question.strip() for each in exchanges}
    hits = await asked.past.meant(asked.root, words, options.limit)
    near = [hit for hit in hits if hit.symbol.strip() not in known]
    if options.json:
        found = {
            "requests": [history_export.exchange(each) for each in exchanges],
            "findings": [history_export.life(each) for each in lives],
            "meant": [history_export.hit(each) for each in near],
        }
        history_export.write(found, around.stdout)
    else:
        console = around.console()
        for view in history_views.found(exchanges, lives, near, around.now()):
            console.print(view)
        if not (exchanges or lives or near):
            console.print("Nothing fits.")
    return FOUND if exchanges or lives or near else NOTHING


async def _export(asked: _Asked) -> int:
    """One object a line; docs/history.md describes them."""
    book, target = asked.past.book, asked.options.target
    lines = await history_export.everything(book, asked.which)
    if not target:
        for each in lines:
            history_export.write(each, asked.around.stdout)
        return FOUND
    await asyncio.to_thread(history_export.to_file, asked.around.folder / target, lines)
    count = plural(len(lines) - 1, "row")
    print(
        f"{count} written; whoever can read the file can read your code.", file=asked.around.stdout
    )
    return FOUND


async def _forget(asked: _Asked) -> int:
    options, around, past = asked.options, asked.around, asked.past
    meant = await past.would_forget(asked.which)
    if not options.yes and (meant.history.rows or meant.decisions):
        words = history_views.oblivion(meant)
        if not is_terminal(around.stdin, around.env):
            message = f"This would remove {words}."
            raise UserError(message, remedy="To have it done write --yes.")
        if not await asyncio.to_thread(_confirmed, words, around):
            print("Nothing was removed.", file=around.stdout)
            return NOTHING
    gone = await past.forget(asked.which)
    if options.json:
        history_export.write(history_export.oblivion(gone), around.stdout)
    else:
        words = history_views.oblivion(gone)
        line = f"Removed for good: {words}." if words else "There was nothing of the kind."
        print(line, file=around.stdout)
    if gone.left:
        say(history_views.left(gone.left), around.stderr)
    return FOUND


def _confirmed(words: str, around: Surroundings) -> bool:
    print(f"Remove {words} for good? [y/N] ", end="", file=around.stdout, flush=True)
    return around.stdin.readline().strip().lower() in {"y", "yes"}


def _which(arguments: argparse.Namespace, around: Surroundings) -> Selection:
    """What is meant. Raises `UserError` for what cannot be."""
    options, now = vars(arguments), around.now()
    which = Selection(
        before=moment_of(options["before"], now) if options.get("before") else None,
        since=moment_of(options["since"], now) if options.get("since") else None,
        file=_file(options.get("file", ""), around.folder),
        session=options.get("session", ""),
        id=options["id"].lower(),
        kinds=tuple(Kind(name) for name in options.get("kind") or ()),
    )
    if which.id and len(which.id) < _LEAST_ID:
        message = "The beginning of an id has four characters at least."
        raise UserError(message)
    if arguments.act is _forget and (which == EVERYTHING) is not options["all"]:
        message = "It is not said what is to be forgotten."
        if options["all"]:
            message = "--all goes with nothing else."
        raise UserError(message, remedy="See: mirador history forget --help")
    return which


def _file(name: str, folder: Path) -> str:
    """A file as the store names it. What a shell completes (./a.py, ../a.py) is meant from here; a
    bare name may be of any folder.
    """
    if not name:
        return ""
    if name.startswith(("./", "../")):
        return os.path.normpath(folder / name)
    return os.path.normpath(name)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:6]) <= _MOST:
        message = f"{text} is not a number from 1 to {_MOST}"
        raise argparse.ArgumentTypeError(message)
    return int(text)
