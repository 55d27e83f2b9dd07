"""`mirador reviewers`: the angles of the user's own from which code is looked at."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mirador_lsp.cli.terminal import console_for, is_terminal, say
from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import ServiceError, UserError
from mirador_lsp.core.findings import Lens
from mirador_lsp.core.reviewers import Reviewer
from mirador_lsp.settings import Loaded, find_workspace_root, load_settings
from mirador_lsp.settings.paths import private_folder
from mirador_lsp.settings.problems import Problem
from mirador_lsp.settings.reviewer_files import FOLDER, read_reviewer

if TYPE_CHECKING:
    from rich.table import Table

_EPILOG = """\
A reviewer is a Markdown file in the folder `reviewers` beside your settings, or
in `.mirador/reviewers` of a workspace that you trust. It begins with front
matter, and goes on with what to look for in a few plain sentences:

  ---
  title: Database migrations
  lens: bug                   what its findings count as
  severity: warning           they are no worse than that
  languages: [python, sql]    where it looks; all of this may be left out
  paths: ["migrations/**"]
  ---
  Look for changes of tables that lock them for long.

It asks in the deep stage, after the lenses. One with the name of a lens (bug,
security, performance, style) takes the place of that lens's own question.

exit codes:  0 done, 1 a reviewer cannot be used, 2 could not run
"""
_NEW = """\
---
title: {title}
lens: {lens}
# severity: warning
# languages: [python]
# paths: ["src/**"]
---
Say here in a few plain sentences what to look for. Name what is wrong with such code, not how good
code looks.
"""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "reviewers",
        help="list, begin and check reviewers of your own",
        description="Reviewers of your own: what to look for, in a file of a few sentences.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = parser.add_subparsers(title="what to do", metavar="WHAT")
    listed = what.add_parser("list", help="list the reviewers that look")
    listed.add_argument("--json", action="store_true", help="print data")
    listed.set_defaults(run=_list)
    new = what.add_parser("new", help="begin a file for a reviewer of your own")
    new.add_argument("name", metavar="NAME", help="lower-case letters, digits and hyphens")
    new.add_argument("--lens", choices=tuple(Lens), default=Lens.BUG.value, help="default: bug")
    new.set_defaults(run=_new)
    check = what.add_parser("check", help="check a file")
    check.add_argument("files", nargs="+", metavar="FILE", help="a reviewer's file")
    check.set_defaults(run=_check)


def _list(arguments: argparse.Namespace) -> int:
    loaded = _loaded()
    wrong = [each for each in loaded.problems if f"{os.sep}{FOLDER}{os.sep}" in each.sentence()]
    for each in wrong:
        say(each.sentence())
    reviewers = loaded.settings.reviewers
    if arguments.json:
        print(json.dumps({"reviewers": [_facts(each) for each in reviewers]}, ensure_ascii=False))
    elif not reviewers:
        print("There is no reviewer of your own. To begin one: mirador reviewers new NAME")
    else:
        interactive = is_terminal(sys.stdout, os.environ)
        console_for(sys.stdout, "auto", interactive=interactive).print(_table(reviewers))
    return 1 if wrong else 0


def _new(arguments: argparse.Namespace) -> int:
    folder = _loaded().paths.config_file.with_name(FOLDER)
    name = arguments.name
    if not name or len(name) > 40 or not set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-"):
        message = f"{plain(name, 60) or 'That'} is no name for a reviewer."
        raise UserError(message, remedy="Use lower-case letters, digits and hyphens, 40 at most.")
    file = private_folder(folder) / f"{name}.md"
    title = name.replace("-", " ")
    try:
        with file.open("x", encoding="utf-8") as new:
            new.write(_NEW.format(title=title, lens=arguments.lens))
    except FileExistsError:
        message = f"There is {file} already."
        raise UserError(message, remedy="Edit it, or choose another name.") from None
    except OSError as error:
        message = f"{file} cannot be written: {error.strerror}."
        raise ServiceError(message, remedy="Check who owns its folder.") from error
    print(f"begun: {file}")
    return 0


def _check(arguments: argparse.Namespace) -> int:
    failed = 0
    for name in arguments.files:
        read = read_reviewer(Path(name).absolute())
        if isinstance(read, Problem):
            failed += 1
            say(read.sentence())
        else:
            words = len(read.instructions.split())
            print(f"{plain(name, 200)}: {read.name} looks for {read.lens.value} ({words} words)")
    return 1 if failed else 0


def _loaded() -> Loaded:
    return load_settings(workspace=find_workspace_root(Path.cwd()), env=os.environ)


def _table(reviewers: tuple[Reviewer, ...]) -> "Table":
    from rich.table import Table  # noqa: PLC0415 — only when it is drawn

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("reviewer", "title", "lens", "at most", "languages", "paths", "from"):
        table.add_column(name, overflow="fold")
    for each in reviewers:
        table.add_row(
            each.name,
            plain(each.title, 80),
            each.lens.value,
            each.severity.value if each.severity is not None else "",
            ", ".join(each.languages) or "all",
            plain(", ".join(each.paths), 120) or "all",
            each.source,
        )
    return table


def _facts(reviewer: Reviewer) -> dict[str, object]:
    return {
        "name": reviewer.name,
        "title": reviewer.title,
        "lens": reviewer.lens.value,
        "severity": reviewer.severity.value if reviewer.severity is not None else None,
        "languages": list(reviewer.languages),
        "paths": list(reviewer.paths),
        "instructions": reviewer.instructions,
        "file": reviewer.source,
    }
