"""`mirador trust`: let a workspace's own settings file set what is restricted."""

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import MiradorError, UserError
from mirador_lsp.settings.files import Unreadable, parse_toml, read_file
from mirador_lsp.settings.keys import keys, tables
from mirador_lsp.settings.load import WORKSPACE_FILE, find_workspace_root
from mirador_lsp.settings.paths import paths
from mirador_lsp.settings.trust import TrustStore

_MOST_SHOWN = 4100
"""Characters of a value: more than any setting may hold, so that nothing agreed to is cut."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `trust` to the command line."""
    parser = subparsers.add_parser(
        "trust",
        help=f"trust a workspace's {WORKSPACE_FILE}",
        description=f"Let a workspace's {WORKSPACE_FILE} set what is restricted: what runs, what a "
        "model is told, where files lie. Trust ends with any change to the file.",
    )
    parser.add_argument(
        "path", nargs="?", default=".", help="the workspace, or its settings file (default: here)"
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--remove", action="store_true", help="stop trusting it")
    what.add_argument("--list", action="store_true", help="list what is trusted")
    what.add_argument("--show", action="store_true", help="show what it would set, and stop")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0 when done, 2 when there is nothing to trust or trust cannot be kept."""
    store = TrustStore(paths(os.environ).trust)
    try:
        if args.list:
            return _list(store)
        file = _settings_file(args.path)
        if args.remove:
            return _remove(store, file)
        return _trust(store, file, only_show=args.show)
    except MiradorError as error:
        print(f"mirador: {error.sentence()}", file=sys.stderr)
        return 2


def _settings_file(path: str) -> Path:
    if "\0" in path:
        message = "A path cannot hold a NUL character."
        raise UserError(message)
    given = Path(path)
    if given.name == WORKSPACE_FILE and not given.is_dir():
        return given.absolute()
    return find_workspace_root(given) / WORKSPACE_FILE


def _trust(store: TrustStore, file: Path, *, only_show: bool) -> int:
    content = read_file(file, follow=False)
    if content is None:
        message = f"There is no {WORKSPACE_FILE} in {_name(file.parent)}."
        raise UserError(message, remedy="Without one there is nothing to trust.")
    if isinstance(content, Unreadable):
        raise _unusable(file, content)
    said = parse_toml(content)
    if isinstance(said, Unreadable):
        raise _unusable(file, said)
    restricted = _restricted(said, ())
    for name, value in restricted:
        print(f"{name} = {value}")
    if only_show:
        print(f"{_name(file)} sets {_count(restricted)}.")
        return 0
    # The bytes that were shown, not the file: it may have changed meanwhile.
    store.trust(file, content)
    print(f"Trusted {_name(file)}, which sets {_count(restricted)}, until it changes.")
    return 0


def _unusable(file: Path, why: Unreadable) -> UserError:
    return UserError(f"{_name(file)} {why.message}.", remedy=why.remedy)


def _remove(store: TrustStore, file: Path) -> int:
    if store.distrust(file):
        print(f"No longer trusted: {_name(file)}.")
    else:
        print(f"{_name(file)} was not trusted.")
    return 0


def _list(store: TrustStore) -> int:
    entries = list(store.entries())
    for entry in entries:
        content = read_file(entry.path, follow=False)
        holds = isinstance(content, bytes) and store.is_trusted(entry.path, content)
        print(_name(entry.path) + ("" if holds else " (changed or gone: not trusted as it is now)"))
    if not entries:
        print("No workspace is trusted.")
    return 0


def _restricted(values: Mapping[str, object], above: tuple[str, ...]) -> list[tuple[str, str]]:
    """What the file says under restricted keys, in the file's order, safe to print."""
    found: list[tuple[str, str]] = []
    for name, value in values.items():
        path = (*above, name)
        key = keys().get(path)
        if key is not None and key.option.restricted:
            found.append((key.name, _value(value)))
        elif len(path) == 1 and name in tables():
            said = value if isinstance(value, list) else [value]
            found += [(f"{name}[{n}]", _table(table)) for n, table in enumerate(said, 1)]
        elif isinstance(value, Mapping) and any(known[: len(path)] == path for known in keys()):
            found += _restricted(value, path)
    return found


def _table(table: object) -> str:
    """Every word of a table: it may tell a model what to do, or hide what is found."""
    if not isinstance(table, Mapping):
        return _value(table)
    said = (
        f"{plain(str(name), 60)} = {_pairs(value) if isinstance(value, Mapping) else _value(value)}"
        for name, value in table.items()
    )
    return f"{{{', '.join(said)}}}"


def _pairs(table: Mapping[str, object]) -> str:
    return f"{{{', '.join(f'{plain(str(n), 130)} = {_value(v)}' for n, v in table.items())}}}"


def _value(value: object) -> str:
    """The value as far as a setting could use it; text in full, because text is what matters."""
    if isinstance(value, str):
        return f'"{plain(value, _MOST_SHOWN)}"'
    if isinstance(value, list):
        shown = ", ".join(_value(item) for item in value[:40] if not isinstance(item, list | dict))
        return f"[{shown}{', …' if len(value) > 40 else ''}]"
    if isinstance(value, Mapping):
        return "a table (not a value)"
    if isinstance(value, int) and abs(value) >= 10**20:
        return "a number that large"
    return plain(str(value), 40)


def _count(restricted: list[tuple[str, str]]) -> str:
    if not restricted:
        return "nothing that is restricted"
    return f"{len(restricted)} restricted setting{'s' if len(restricted) > 1 else ''}"


def _name(path: Path) -> str:
    return plain(os.fsencode(path).decode("utf-8", "backslashreplace"), 300)
