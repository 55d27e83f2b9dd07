"""`mirador migrate`: take over the chain files of the second version."""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from mirador_lsp.cli.terminal import ColorChoice, console_for, is_terminal, say
from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import UserError
from mirador_lsp.settings import Loaded, load_settings
from mirador_lsp.settings.earlier_chains import MOST_BYTES, Read, ReadFile, read_chains
from mirador_lsp.settings.files import Unreadable, read_file

if TYPE_CHECKING:
    from rich.table import Table

DONE, SOME_REFUSED, COULD_NOT_RUN = 0, 1, 2
_EPILOG = """\
A chain file names models in their order. The first becomes the quick stage's,
the next three the deep stage's, the rest the synthesis stage's; within a stage
the first model that is there runs, and the next ones stand in for it. Nothing
else of the file is taken over: the report says what that leaves out.

exit codes:
  0    every chain was taken over (or could be, with --dry-run)
  1    some chains could not be; the report says why
  2    no chain file, or the settings cannot be written

examples:
  mirador migrate --dry-run chains.json          only look
  mirador migrate chains.json --server ollama    models of [[servers]] name = "ollama"
  mirador chain list                             what there is now
"""


@dataclass(frozen=True)
class Surroundings:
    """Everything outside the command, so that a test can bring its own."""

    stdout: TextIO = field(default_factory=lambda: sys.stdout)
    stderr: TextIO = field(default_factory=lambda: sys.stderr)
    env: Mapping[str, str] = field(default_factory=lambda: os.environ)
    folder: Path = field(default_factory=Path.cwd)


@dataclass(frozen=True)
class _Migrated:
    """One chain with what the report says of it."""

    file: str
    read: Read
    unknown: tuple[str, ...]
    """Its models that cannot be used now."""
    replaces: bool
    """There is a chain of that name in the settings."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "migrate",
        help="take over chain files of the second version",
        description="Take over chain files of the second version (JSON with `models`) as "
        "[[chains]] of your own settings file.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("files", nargs="+", metavar="FILE", help="a chain file, or a folder of *.json")
    add("--dry-run", action="store_true", help="write nothing, only report")
    add("--server", metavar="NAME", help="the model server that has the models; default: yours")
    add("--replace", action="store_true", help="replace chains of the same name")
    add("--json", action="store_true", help="print the report as data")
    add("--color", choices=("auto", "always", "never"), default="auto", help="default: auto")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the command as parsed."""
    return migrate(arguments, Surroundings())


def migrate(arguments: argparse.Namespace, around: Surroundings) -> int:
    """Read the files, write the settings, report. Raises `UserError`, `ServiceError`."""
    loaded = load_settings(env=around.env)
    server = _server(arguments.server, loaded)
    files = {
        name: _read_beside(name, server, around)
        if name not in arguments.files
        else _read(name, server, around)
        for name in _files(arguments.files, around)
    }
    known = _known_models(loaded)
    held = {chain.name for chain in loaded.settings.chains}
    found = [
        _Migrated(
            name,
            read,
            tuple(m for m in _named(read) if known is not None and m not in known),
            read.chain.name in held,
        )
        for name, file in files.items()
        for read in file.chains
    ]
    refused = [_refusal(name, why) for name, file in files.items() for why in file.refused]
    taken = [each for each in found if arguments.replace or not each.replaces]
    written = bool(taken) and not arguments.dry_run
    if written:
        from mirador_lsp.settings.own_file import add_chains  # noqa: PLC0415

        add_chains(loaded.paths.config_file, [each.read.chain for each in taken])
    if arguments.json:
        report = _as_json(found, taken, refused, loaded, written=written)
        print(json.dumps(report, ensure_ascii=False), file=around.stdout)
    else:
        _print(found, taken, refused, loaded, arguments.color, around, written=written)
    return SOME_REFUSED if refused or len(taken) < len(found) else DONE


def _files(named: Sequence[str], around: Surroundings) -> list[str]:
    """Every file that is meant. Raises `UserError` for a folder without any."""
    found: list[str] = []
    for name in named:
        path = around.folder / name
        if not path.is_dir():
            found.append(name)
            continue
        inside = sorted(str(Path(name) / each.name) for each in path.glob("*.json"))
        if not inside:
            message = f"There is no *.json file in {plain(name, 200)}."
            raise UserError(message, remedy="Name the chain file.")
        found += inside
    return found


def _read_beside(name: str, server: str, around: Surroundings) -> ReadFile:
    """A file of a folder: one that holds no chains keeps nobody from taking over the others."""
    try:
        return _read(name, server, around)
    except UserError as error:
        return ReadFile((), (error.sentence(),))


def _refusal(name: str, why: str) -> str:
    return why if why.startswith(plain(name, 200)) else f"{name}: {why}"


def _read(name: str, server: str, around: Surroundings) -> ReadFile:
    try:
        content = read_file(around.folder / name, follow=True, most=MOST_BYTES)
    except ValueError:
        content = None
    if content is None:
        message = f"There is no file {plain(name, 200)}."
        raise UserError(message, remedy="Name a chain file, or a folder that holds some.")
    if isinstance(content, Unreadable):
        message = f"{plain(name, 200)} {content.message}."
        raise UserError(message, remedy=content.remedy)
    return read_chains(content, name, server)


def _server(named: str | None, loaded: Loaded) -> str:
    """The server whose models are meant: the one that is named, else the only Ollama there is."""
    there = {server.name: server.kind for server in loaded.settings.servers}
    if named:
        if named not in there:
            message = f"Your settings name no server {plain(named, 60)}."
            names = ", ".join(there) or "none"
            raise UserError(message, remedy=f"Those they name: {names}.")
        return named
    ollamas = [name for name, kind in there.items() if kind == "ollama"]
    return ollamas[0] if len(ollamas) == 1 and named is None else ""


def _known_models(loaded: Loaded) -> frozenset[str] | None:
    """Models of this machine and those that servers are named for; None where a server may have
    any: asking it is for `mirador models list`.
    """
    from mirador_lsp.app import ModelStore, load_catalogue  # noqa: PLC0415

    if any(not server.models for server in loaded.settings.servers):
        return None
    store = ModelStore(loaded.paths.models, load_catalogue())
    here = {model.entry.name for model in store.installed()}
    named = {f"{server.name}/{m}" for server in loaded.settings.servers for m in server.models}
    return frozenset(here | named)


def _named(read: Read) -> tuple[str, ...]:
    return (*read.chain.quick, *read.chain.deep, *read.chain.synthesis)


def _print(
    found: Sequence[_Migrated],
    taken: Sequence[_Migrated],
    refused: Sequence[str],
    loaded: Loaded,
    color: ColorChoice,
    around: Surroundings,
    *,
    written: bool,
) -> None:
    console = console_for(around.stdout, color, interactive=is_terminal(around.stdout, around.env))
    if found:
        console.print(_table(found))
    for each in found:
        name = each.read.chain.name
        if each.read.dropped:
            say(f"{name}: left out: {', '.join(each.read.dropped)}", around.stderr)
        if each.unknown:
            models = ", ".join(each.unknown)
            say(f"{name}: not here: {models}. Others stand in until they are.", around.stderr)
        if each not in taken:
            say(f"{name}: there is a chain of that name; --replace replaces it", around.stderr)
    for line in refused:
        say(line, around.stderr)
    file = loaded.paths.config_file
    chains = "1 chain" if len(taken) == 1 else f"{len(taken)} chains"
    if written:
        console.print(f"{chains} written to {file}", soft_wrap=True)
    else:
        console.print(f"{chains} would be written to {file}; nothing is", soft_wrap=True)


def _table(found: Sequence[_Migrated]) -> "Table":
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("chain", "quick", "deep", "synthesis"):
        table.add_column(name, overflow="fold")
    for each in found:
        chain = each.read.chain
        table.add_row(
            chain.name,
            *(", ".join(models) or "-" for models in (chain.quick, chain.deep, chain.synthesis)),
        )
    return table


def _as_json(
    found: Sequence[_Migrated],
    taken: Sequence[_Migrated],
    refused: Sequence[str],
    loaded: Loaded,
    *,
    written: bool,
) -> dict[str, Any]:
    return {
        "file": str(loaded.paths.config_file),
        "written": written,
        "chains": [
            {
                "name": each.read.chain.name,
                "from": each.file,
                "title": each.read.chain.title,
                "models": list(each.read.models),
                "quick": list(each.read.chain.quick),
                "deep": list(each.read.chain.deep),
                "synthesis": list(each.read.chain.synthesis),
                "left_out": list(each.read.dropped),
                "not_here": list(each.unknown),
                "taken": each in taken,
            }
            for each in found
        ],
        "refused": list(refused),
    }
