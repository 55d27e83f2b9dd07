"""`mirador search`: code of a workspace, found by words, names and meaning."""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol, TextIO

from mirador_lsp.cli.opening import OpenApp, open_whole
from mirador_lsp.cli.render_hits import print_hits
from mirador_lsp.cli.terminal import ColorChoice, console_for, is_terminal, say
from mirador_lsp.core.errors import IndexUnavailable, UserError
from mirador_lsp.core.ports import CodeIndex
from mirador_lsp.core.retrieval import Collection, Found, IndexReport, Query
from mirador_lsp.settings import find_workspace_root, load_settings

FOUND, NOTHING = 0, 1
MOST = 100
"""Hits that can be asked for at once."""
_LOOK_SECONDS = 0.1
_UNREAD = frozenset({"starting", "looking", "reading"})
_CANNOT = frozenset({"off", "failed"})
_EPILOG = """\
exit codes:
  0    something fits
  1    nothing fits
  2    could not search; the reason is on stderr

examples:
  mirador search "where is the session token refreshed"
  mirador search parse_config --under src --language python
  mirador search --in talk "retry with backoff"      answers that were given before
  mirador search --format json "open a socket" | jq '.hits[0]'
"""


class App(Protocol):
    """What the command needs of the application."""

    def index(self, folder: Path) -> CodeIndex:
        """The index of a workspace folder. Raises `UserError` where it is switched off."""
        ...


@dataclass(frozen=True)
class Surroundings:
    """Everything outside the command, so that a test can bring its own."""

    stdout: TextIO = field(default_factory=lambda: sys.stdout)
    stderr: TextIO = field(default_factory=lambda: sys.stderr)
    env: Mapping[str, str] = field(default_factory=lambda: os.environ)
    folder: Path = field(default_factory=Path.cwd)
    open_app: OpenApp = open_whole


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "search",
        help="find code by words, names and meaning",
        description="Find code of this workspace by words, names and meaning. Nothing leaves the "
        "machine but for servers that your own settings name for that. The first search of a "
        "workspace reads it, which takes a moment.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("query", nargs="+", metavar="WORD", help="what to look for: words, a name, a question")
    add("--most", type=int, default=10, metavar="N", help=f"hits to show (1 to {MOST})")
    add("--language", action="append", default=[], metavar="ID", help="only this language")
    add("--under", default="", metavar="FOLDER", help="only below this folder of the workspace")
    add(
        "--in",
        dest="collections",
        action="append",
        choices=[each.value for each in Collection],
        help="where to look (code and prose unless said otherwise)",
    )
    add(
        "--no-rerank",
        dest="rerank",
        action="store_false",
        help="leave the best hits in their order, whatever index.rerank names",
    )
    add("--format", choices=("text", "json"), default="text", help="how to print it")
    add("--color", choices=("auto", "always", "never"), default="auto", help="use colour")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the command as parsed."""
    return asyncio.run(search(arguments, Surroundings()))


async def search(arguments: argparse.Namespace, around: Surroundings) -> int:
    """Search and print. Raises `UserError` for a bad option, `IndexUnavailable`."""
    root = find_workspace_root(around.folder)
    query = _query(arguments, around.folder, root)
    loaded = load_settings(workspace=root, env=around.env)
    for each in loaded.problems:
        say(each.sentence(), around.stderr)
    async with around.open_app(loaded) as app:
        index = app.index(root)
        sends = await _until_read(index, around)
        if sends and query.rerank:
            say(sends, around.stderr)
        found = await index.search(query)
        if not found.hits:
            _refuse_where_off(await index.report())
    if arguments.format == "json":
        print(_as_json(query, found), file=around.stdout)
    else:
        _print(query, found, root, arguments.color, around)
    return FOUND if found.hits else NOTHING


def _query(arguments: argparse.Namespace, folder: Path, root: Path) -> Query:
    if not 1 <= arguments.most <= MOST:
        message = f"--most is a number from 1 to {MOST}."
        raise UserError(message)
    text = " ".join(arguments.query).strip()
    if not text:
        message = "There is nothing to look for."
        raise UserError(message, remedy='For example: mirador search "parse the settings file"')
    return Query(
        text=text,
        most=arguments.most,
        collections=tuple(Collection(name) for name in arguments.collections or ())
        or Query.collections,
        languages=_languages(arguments.language),
        under=_under(arguments.under, folder, root),
        rerank=arguments.rerank,
    )


def _languages(named: Sequence[str]) -> tuple[str, ...]:
    """Their ids. Raises `UserError` for one that no file can be of."""
    from mirador_lsp.syntax.languages import LANGUAGES  # noqa: PLC0415 — the help does without

    ids = tuple(name.lower() for name in named)
    for name in ids:
        if name not in LANGUAGES:
            message = f"No file is indexed as of a language {name}."
            raise UserError(message, remedy=f"The languages are {', '.join(sorted(LANGUAGES))}.")
    return ids


def _under(named: str, folder: Path, root: Path) -> str:
    """The folder as the index names it. Raises `UserError` for one outside of the workspace."""
    if not named:
        return ""
    path = Path(os.path.abspath(folder / named))  # noqa: PTH100 — `resolve` would follow links
    if not path.is_dir():
        message = f"There is no folder {named}."
        raise UserError(message)
    if not path.is_relative_to(root):
        message = f"{named} lies outside of the workspace {root}."
        raise UserError(message, remedy="Search from a folder of its own workspace.")
    inside = path.relative_to(root).as_posix()
    return "" if inside == "." else inside


async def _until_read(index: CodeIndex, around: Surroundings) -> str:
    """Wait until every file was read once, and show how far that is; vectors may come later.

    What leaves this machine is the answer, in a sentence or "".
    """
    report = await index.report()
    if report.phase not in _UNREAD:
        return report.sends
    interactive = is_terminal(around.stderr, around.env)
    console = console_for(around.stderr, "auto", interactive=interactive)
    if not interactive:
        say("reading what is new in the workspace", around.stderr)
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, console=console, transient=True, disable=not interactive) as bar:
        task = bar.add_task("reading the workspace", total=None)
        while report.phase in _UNREAD:
            total = report.files + report.waiting
            bar.update(task, total=total or None, completed=report.files)
            await asyncio.sleep(_LOOK_SECONDS)
            report = await index.report()
    return report.sends


def _refuse_where_off(report: IndexReport) -> None:
    """An index that may not read the files has nothing to find: that is no answer."""
    if report.phase in _CANNOT:
        raise IndexUnavailable(report.reason or "The index does not run.")


def _print(
    query: Query, found: Found, root: Path, color: ColorChoice, around: Surroundings
) -> None:
    console = console_for(around.stdout, color, interactive=is_terminal(around.stdout, around.env))
    print_hits(console, query, found, root)
    if not found.hits:
        console.print("Nothing fits.")
    for note in found.notes:
        say(note, around.stderr)


def _as_json(query: Query, found: Found) -> str:
    hits = [
        {**asdict(hit), "first": hit.first + 1, "last": hit.last + 1, "score": round(hit.score, 4)}
        for hit in found.hits
    ]
    said = {"query": query.text, "seconds": round(found.seconds, 4), "hits": hits}
    return json.dumps({**said, "notes": list(found.notes)}, ensure_ascii=False)
