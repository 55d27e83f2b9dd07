"""`mirador dna`: how you like to be helped, whichever model helps; and how alike two are."""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mirador_lsp.cli import dna_files, dna_views
from mirador_lsp.cli.terminal import console_for, say
from mirador_lsp.core.behaviour import Behaviour
from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.preferences import (
    NAMES,
    Preference,
    Preferences,
    Source,
    SourceKind,
    checked,
    preferences_of,
)
from mirador_lsp.engine.dna.likeness import Likeness, of_behaviours, of_preferences

if TYPE_CHECKING:
    from mirador_lsp.app import Books

_ME = "me"
_KEYS = f"NAME is one of: {', '.join(NAMES)}."
_COMPARED = (
    "Each is a file of `mirador dna export`, `me` for your own preferences, or the name of a model "
    "that `mirador models probe` has measured."
)
_FORMS = {".json": "json", ".toml": "toml"}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `dna` to the command line."""
    parser = subparsers.add_parser(
        "dna",
        help="show, set and infer how you like to be helped",
        description="How you like to be helped: kept on this machine, applied to any model, never "
        "taken from a workspace.",
    )
    parser.set_defaults(run=run, action="show", json=False)
    actions = parser.add_subparsers(metavar="ACTION")
    shown = actions.add_parser("show", help="what holds, and where it is from (the default)")
    setting = actions.add_parser("set", help="set one by hand", description=_KEYS)
    setting.add_argument("name", metavar="NAME")
    setting.add_argument("values", metavar="VALUE", nargs="*", help="of a list any number")
    unset = actions.add_parser("unset", help="go back to the default", description=_KEYS)
    unset.add_argument("names", metavar="NAME", nargs="+")
    inferring = actions.add_parser(
        "infer", help="what your decisions say you prefer, and why; --write keeps it"
    )
    inferring.add_argument("--write", action="store_true", help="keep what is found")
    exporting = actions.add_parser("export", help="write your preferences as a file")
    exporting.add_argument("file", nargs="?", metavar="FILE", help="default: standard output")
    exporting.add_argument("--format", choices=("toml", "json"), help="default: by FILE's name")
    importing = actions.add_parser("import", help="take over the preferences of a file")
    importing.add_argument("file", metavar="FILE")
    comparing = actions.add_parser(
        "compare", help="how alike two sets of preferences or two models are", description=_COMPARED
    )
    comparing.add_argument("ours", metavar="ONE")
    comparing.add_argument("theirs", metavar="OTHER")
    for name, action in actions.choices.items():
        action.set_defaults(run=run, action=name)
    for action in (shown, inferring, comparing):
        action.add_argument("--json", action="store_true", help="as JSON")


def run(args: argparse.Namespace) -> int:
    """0 when done. Raises `UserError` for what cannot be meant, `ServiceError` for a store that
    cannot be used.
    """
    return asyncio.run(_run(args))


async def _run(args: argparse.Namespace) -> int:
    from mirador_lsp.app import open_books  # noqa: PLC0415 — only when it runs
    from mirador_lsp.settings import load_settings  # noqa: PLC0415

    async with AsyncExitStack() as stack:
        loaded = load_settings(env=os.environ)
        books = open_books(loaded.paths, stack)
        desk = _Desk(books, loaded.settings.said, as_json=getattr(args, "json", False))
        match args.action:
            case "set":
                await desk.set(args.name, args.values)
            case "unset":
                await desk.unset(args.names)
            case "infer":
                await desk.infer(write=args.write)
            case "export":
                await desk.export(args.file, args.format)
            case "import":
                await desk.take_over(Path(args.file))
            case "compare":
                await desk.compare(args.ours, args.theirs)
            case _:
                await desk.show()
        for notice in books.database.notices():
            say(notice.message)
    return 0


@dataclass(frozen=True)
class _Desk:
    """Where the actions are done."""

    books: "Books"
    given: frozenset[str]
    """Names of the settings that somebody set."""
    as_json: bool

    async def show(self) -> None:
        kept = await self.books.preferences.all()
        holds = preferences_of(kept)
        if self.as_json:
            print(json.dumps({"preferences": dna_views.facts(holds, kept)}))
            return
        console = console_for(sys.stdout, "auto", interactive=False)
        console.print(dna_views.table_of(holds, kept, self.given))
        if not kept:
            console.print()
            print("change one: mirador dna set verbosity terse; see what you do: mirador dna infer")

    async def set(self, name: str, values: Sequence[str]) -> None:
        parts = [part for value in values for part in value.split(",")] if values else []
        said = checked(name, parts)
        await self.books.preferences.keep([_by_hand(name, said)])
        print(f"{name}: {', '.join(said) or 'none'}, from the next request on")

    async def unset(self, names: Sequence[str]) -> None:
        for name in names:
            if name not in NAMES:
                checked(name, [])
        await self.books.preferences.forget(names)
        usual = Preferences()
        for name in names:
            print(f"{name}: {', '.join(usual.values(name)) or 'none'}, the default")

    async def infer(self, *, write: bool) -> None:
        from mirador_lsp.app import infer_preferences  # noqa: PLC0415

        told = await infer_preferences(self.books)
        changing = [each for each in told if not each.by_hand]
        if write:
            found = [each.inference.preference for each in changing if each.inference is not None]
            lapsed = [each.name for each in changing if each.inference is None]
            await self.books.preferences.keep(found)
            await self.books.preferences.forget(lapsed)
        if self.as_json:
            facts = dna_views.facts_of_proposals(told)
            print(json.dumps({"written": write, "changes": facts}))
            return
        if not told:
            print("your decisions say nothing that does not hold already")
            return
        console_for(sys.stdout, "auto", interactive=False).print(dna_views.table_of_proposals(told))
        if not changing:
            return
        print()
        print("kept" if write else "nothing is changed; keep it with: mirador dna infer --write")

    async def export(self, name: str | None, form: str | None) -> None:
        kept = await self.books.preferences.all()
        file = Path(name) if name else None
        chosen = form or (_FORMS.get(file.suffix, "toml") if file is not None else "toml")
        text = dna_files.written(kept, chosen)
        if file is None:
            print(text, end="")
            return
        try:
            await asyncio.to_thread(file.write_text, text, encoding="utf-8")
        except OSError as error:
            message = f"{file} cannot be written: {error.strerror}."
            raise UserError(message, remedy="Name a file in a folder of yours.") from error
        print(f"{len(kept)} preferences written to {file}")

    async def take_over(self, file: Path) -> None:
        found = await asyncio.to_thread(dna_files.read, file)
        await self.books.preferences.keep([_by_hand(name, said) for name, said in found.items()])
        for name, said in found.items():
            print(f"{name}: {', '.join(said) or 'none'}")
        print(f"{len(found)} preferences taken over from {file}")

    async def compare(self, ours: str, theirs: str) -> None:
        mine, other = await self._meant(ours), await self._meant(theirs)
        likeness = _likeness(mine, other, ours, theirs)
        if self.as_json:
            print(json.dumps(dna_views.facts_of_likeness(likeness, ours, theirs)))
            return
        table = dna_views.table_of_likeness(likeness, ours, theirs)
        console_for(sys.stdout, "auto", interactive=False).print(table)

    async def _meant(self, name: str) -> Preferences | Behaviour:
        if name == _ME:
            return preferences_of(await self.books.preferences.all())
        file = Path(name)
        if file.suffix in _FORMS:
            found = await asyncio.to_thread(dna_files.read, file)
            return preferences_of(Preference(each, said) for each, said in found.items())
        from mirador_lsp.app import behaviour_of  # noqa: PLC0415

        return await behaviour_of(name, self.books)


def _likeness(
    mine: Preferences | Behaviour, other: Preferences | Behaviour, ours: str, theirs: str
) -> Likeness:
    if isinstance(mine, Preferences) and isinstance(other, Preferences):
        return of_preferences(mine, other)
    if isinstance(mine, Preferences) or isinstance(other, Preferences):
        message = f"{plain(ours, 60)} and {plain(theirs, 60)} are not of one sort."
        raise UserError(message, remedy="Compare two models, or two sets of preferences.")
    if mine.probes != other.probes:
        message = "The two were measured with different sets of questions."
        older = ours if mine.time < other.time else theirs
        raise UserError(message, remedy=f"Measure again: mirador models probe {plain(older, 60)}")
    return of_behaviours(mine, other)


def _by_hand(name: str, said: tuple[str, ...]) -> Preference:
    from mirador_lsp.app import SystemClock  # noqa: PLC0415

    return Preference(name, said, Source(SourceKind.HAND, time=SystemClock().wall()))
