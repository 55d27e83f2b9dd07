"""`mirador store`: the file with everything that is remembered, looked after by hand."""

import argparse
import json
import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mirador_lsp.cli.terminal import console_for, say
from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from mirador_lsp.settings import Paths

_WRONG = 1


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `store` to the command line."""
    parser = subparsers.add_parser(
        "store",
        help="look after what is remembered",
        description="Everything that Mirador remembers is one file of yours on this machine. It is "
        "backed up every day it is used, and mended when it is damaged; here you do it by hand.",
    )
    what = parser.add_subparsers(title="what to do", metavar="WHAT", dest="what")
    for name, summary, run in (
        ("status", "how large it is, what it holds, its backups", _status),
        ("check", "look it and its backups over; exit code 1 where something is wrong", _check),
        ("backup", "make a backup now", _backup),
        ("encrypt", "encrypt it, its backups, and the replies that are kept", _encrypt),
        ("decrypt", "make it plain again", _decrypt),
    ):
        each = what.add_parser(name, help=summary, description=summary.capitalize() + ".")
        each.add_argument("--json", action="store_true", help="as JSON")
        each.set_defaults(run=run)
    restore = what.add_parser(
        "restore",
        help="put a backup in its place",
        description="Put a backup in its place. What is there now is backed up first or, where it "
        "is damaged, kept aside.",
    )
    restore.add_argument(
        "number", nargs="?", type=int, help="which one, as `status` says (default: the newest)"
    )
    restore.add_argument("--json", action="store_true", help="as JSON")
    restore.set_defaults(run=_restore)


def _status(args: argparse.Namespace) -> int:
    from mirador_lsp.app import caretakers  # noqa: PLC0415 — only when it runs

    state = caretakers(_paths())[0].state()
    if args.json:
        facts = {
            "file": str(state.file),
            "exists": state.exists,
            "bytes": state.size,
            "encrypted": bool(state.encrypted),
            "schema": state.schema,
            "newest_schema": state.newest,
            "rows": state.rows,
            "backups": [_backup_facts(each) for each in state.backups],
            "damaged": [str(file) for file in state.damaged],
            "checked": _time(state.checked),
            "trouble": state.trouble,
        }
        print(json.dumps(facts))
        return _WRONG if state.trouble else 0
    console = console_for(sys.stdout, "auto", interactive=False)
    _show(console, state)
    return _WRONG if state.trouble else 0


def _show(console: "Console", state: Any) -> None:
    from rich.text import Text  # noqa: PLC0415 — not needed for JSON

    if not state.exists:
        console.print(Text(f"Nothing is remembered yet; it would be in {plain(str(state.file))}."))
    else:
        lines = [
            ("file", str(state.file)),
            ("size", f"{state.size / 1e6:.1f} MB"),
            ("encrypted", state.encrypted or "no"),
            ("schema", f"{state.schema} of {state.newest}"),
            ("looked over", _time(state.checked) or "not yet"),
        ]
        if state.trouble:
            lines = [*lines[:3], ("trouble", state.trouble)]
        console.print(_table(("", ""), [(name, plain(text, 400)) for name, text in lines]))
    if state.rows:
        rows = [(name, f"{count:,}") for name, count in state.rows.items() if count]
        console.print()
        console.print(_table(("table", "rows"), rows or [("(empty)", "0")]))
    if state.backups:
        listed = [
            (str(each.number), _time(each.time), f"{each.size / 1e6:.1f} MB", str(each.file))
            for each in state.backups
        ]
        console.print()
        console.print(_table(("backup", "made", "size", "file"), listed))
    for file in state.damaged:
        console.print(Text(f"A damaged file was kept: {plain(str(file), 400)}", style="yellow"))


def _check(args: argparse.Namespace) -> int:
    from mirador_lsp.app import caretakers  # noqa: PLC0415

    wrong = [text for each in caretakers(_paths()) for text in each.check()]
    if args.json:
        print(json.dumps({"sound": not wrong, "wrong": wrong}))
    else:
        for text in wrong:
            print(plain(text, 600))
        if not wrong:
            print("Nothing is wrong with what is remembered, nor with its backups.")
    if wrong:
        say("what is damaged is mended when it is next used; or: mirador store restore")
    return _WRONG if wrong else 0


def _backup(args: argparse.Namespace) -> int:
    from mirador_lsp.app import caretakers  # noqa: PLC0415

    made = caretakers(_paths())[0].back_up()
    if args.json:
        print(json.dumps(_backup_facts(made)))
    else:
        print(f"Backup {made.number}: {plain(str(made.file), 400)} ({made.size / 1e6:.1f} MB).")
    return 0


def _restore(args: argparse.Namespace) -> int:
    from mirador_lsp.app import caretakers  # noqa: PLC0415

    chosen = caretakers(_paths())[0].restore(args.number)
    if args.json:
        print(json.dumps(_backup_facts(chosen)))
    else:
        print(f"What is remembered is now as it was in backup {chosen.number}: "
              f"{_time(chosen.time)}.")  # fmt: skip
    return 0


def _encrypt(args: argparse.Namespace) -> int:
    from mirador_lsp.app import caretakers  # noqa: PLC0415

    told = [each.encrypt() for each in caretakers(_paths())]
    if args.json:
        print(json.dumps({"encrypted": True, "key": told[0]}))
    else:
        print(f"What is remembered is encrypted, and so are its backups and the replies that are "
              f"kept. {plain(told[0], 400)}")  # fmt: skip
        print(
            "The index of a workspace holds code too, and is not encrypted: `mirador index drop`."
        )
    return 0


def _decrypt(args: argparse.Namespace) -> int:
    from mirador_lsp.app import caretakers  # noqa: PLC0415

    paths = _paths()
    if paths.encrypt:
        message = "store.encryption is on, so it would be encrypted again at once."
        raise UserError(message, remedy=f"First take that out of {paths.config_file}.")
    done = [each.decrypt() for each in caretakers(paths)]
    if args.json:
        print(json.dumps({"encrypted": False, "changed": any(done)}))
    else:
        print("What is remembered is not encrypted any more." if any(done) else "It is not "
              "encrypted.")  # fmt: skip
    return 0


def _paths() -> "Paths":
    from mirador_lsp.settings import load_settings  # noqa: PLC0415

    return load_settings(env=os.environ).paths


def _backup_facts(backup: Any) -> dict[str, object]:
    return {
        "number": backup.number,
        "file": str(backup.file),
        "bytes": backup.size,
        "time": _time(backup.time),
    }


def _time(seconds: float | None) -> str:
    if seconds is None:
        return ""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return ""


def _table(names: "Sequence[str]", rows: "Sequence[Sequence[str]]") -> Any:
    from rich.table import Table  # noqa: PLC0415

    table = Table(
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
        header_style="bold",
        show_header=any(names),
    )
    for name in names:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(plain(text, 400) for text in row))
    return table
