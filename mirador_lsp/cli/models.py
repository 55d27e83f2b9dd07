"""`mirador models`: what models there are, fetching, checking and deleting them."""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mirador_lsp.cli import compare, embedders, model_history, probe, served_models
from mirador_lsp.cli.progress import pull_display
from mirador_lsp.cli.terminal import console_for, say
from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import DownloadError

if TYPE_CHECKING:
    from mirador_lsp.app import EmbedderFiles, Entry, ModelStore, Status

_MB = 1_000_000
_USE = "Written into your own settings file; running editors take it over without a restart."
_PROBING = (
    "Put a fixed set of questions about small samples of code to models, and some findings that "
    "you have decided about: what they find, how much they say, how fast they are."
)
_INTERRUPTED = 130
_STATES = {
    "verified": "installed",
    "unverified": "not verified yet",
    "broken": "broken",
    "partial": "partly fetched",
    "absent": "not there",
}
"""What a presence is called, for people."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `models` to the command line."""
    parser = subparsers.add_parser(
        "models",
        help="list, fetch, check and remove local models",
        description="The models that Mirador knows, and which of them are on this machine.",
    )
    parser.set_defaults(run=run, action="list", json=False)
    actions = parser.add_subparsers(metavar="ACTION")
    listing = actions.add_parser("list", help="what models there are (the default)")
    listing.add_argument("--json", action="store_true", help="as JSON")
    listing.set_defaults(run=run, action="list")
    using = actions.add_parser("use", help="let a model do the reviews from now on", epilog=_USE)
    using.add_argument("name", metavar="NAME", help="a model of `list`, an alias, or auto")
    using.add_argument("--stage", choices=served_models.STAGES, help="only this one; default: all")
    using.set_defaults(run=run, action="use")
    compare.add_action(actions).set_defaults(run=run, action="compare")
    probing = actions.add_parser("probe", help="measure how models behave", description=_PROBING)
    probing.add_argument("names", nargs="*", metavar="NAME", help="a model (default: all here)")
    probing.add_argument("--json", action="store_true", help="as JSON")
    probing.set_defaults(run=run, action="probe")
    for action, summary, count, words in (
        ("pull", "fetch models; goes on where an earlier download stopped", "+", "a model"),
        ("remove", "delete models and what is left of unfinished downloads", "+", "a model"),
        ("verify", "read whole files and compare checksums", "*", "a model (default: all here)"),
    ):
        command = actions.add_parser(action, help=summary, description=f"{summary.capitalize()}.")
        command.add_argument("names", nargs=count, metavar="NAME", help=f"{words}, or its alias")
        command.set_defaults(run=run, action=action)


def run(args: argparse.Namespace) -> int:
    """0 when done, 1 when a model could not be had or is broken, 130 after Ctrl-C.

    Raises `UserError` for a name there is no model of, `ServiceError` for a folder that cannot be
    used.
    """
    if args.action == "use":
        return served_models.use(args.name, (args.stage,) if args.stage else served_models.STAGES)
    if args.action in {"compare", "probe"}:
        return _behave(args)
    store = _open_store()
    if args.action == "list":
        return _list(store, as_json=args.json)
    entries = _named(embedders.without(args.names), store)
    embedder = _embedder(store) if len(embedders.without(args.names)) < len(args.names) else None
    if args.action == "pull":
        return _pull(entries, store) or (embedders.pull(embedder) if embedder is not None else 0)
    if args.action == "remove":
        return _remove(entries, store, embedder)
    return _verify(entries, store, embedder)


def _behave(args: argparse.Namespace) -> int:
    if args.action == "probe":
        return probe.run(args.names, as_json=args.json)
    return compare.run(args)


def _history() -> list[dict[str, object]]:
    from mirador_lsp.settings import load_settings  # noqa: PLC0415

    chosen, _ = model_history.of(load_settings(env=os.environ).paths)
    return chosen


def _open_store() -> "ModelStore":
    """The user's models folder. The workspace has no say in it."""
    from mirador_lsp.app import ModelStore, load_catalogue  # noqa: PLC0415 — only when it runs
    from mirador_lsp.settings import load_settings  # noqa: PLC0415

    loaded = load_settings(env=os.environ)
    for problem in loaded.problems:
        say(problem.sentence())
    own = loaded.paths.config_file.with_name("models.toml")
    return ModelStore(loaded.paths.models, load_catalogue(own))


def _embedder(store: "ModelStore") -> "EmbedderFiles":
    from mirador_lsp.app import EmbedderFiles  # noqa: PLC0415

    return EmbedderFiles(store.folder)


def _named(names: Sequence[str], store: "ModelStore") -> "list[Entry]":
    """The models meant, each once. Raises `UserError` for a name there is none of."""
    from mirador_lsp.app import find_model  # noqa: PLC0415

    found = [find_model(name, store.catalogue) for name in names]
    return list(dict.fromkeys(found))


def _list(store: "ModelStore", *, as_json: bool) -> int:
    states = store.look_all()
    served = asyncio.run(served_models.cards_of_servers())
    if as_json:
        facts = [_facts(status) for status in states]
        others = [served_models.facts_of(card) for card in served]
        found = [embedders.facts_of(_embedder(store))]
        told = {"folder": str(store.folder), "models": facts, "servers": others}
        told["chosen"] = _history()
        print(json.dumps({**told, "embedders": found}))
        return 0
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("model", no_wrap=True)
    table.add_column("alias", no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("licence", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("used for", overflow="fold")
    for status in states:
        entry = status.entry
        aliases = ", ".join(entry.aliases)
        size = f"{entry.size / _MB:,.0f} MB"
        table.add_row(entry.name, aliases, size, entry.licence, _state(status), entry.use)
    console = console_for(sys.stdout, "auto", interactive=False)
    console.print(table)
    for status in states:
        if status.presence.value == "broken":
            console.print(f"{status.entry.name} is broken and never used: {status.detail}")
    for path in store.foreign():
        console.print(f"{path.name} is in no catalogue and never used")
    console.print()
    console.print(embedders.table_of(_embedder(store)))
    console.print(f"folder: {store.folder}")
    if served:
        console.print()
        console.print(served_models.table_of(served))
        for sentence in served_models.leavings(served):
            console.print(plain(sentence, 300))
    if chosen := _history():
        console.print()
        console.print(model_history.table_of_choices(chosen))
    return 0


def _state(status: "Status") -> str:
    words = _STATES[status.presence.value]
    if status.presence.value == "partial":
        return f"{words} ({100 * status.bytes_present // status.entry.size} %)"
    return words


def _facts(status: "Status") -> dict[str, object]:
    entry = status.entry
    return {
        "name": entry.name,
        "aliases": list(entry.aliases),
        "title": entry.title,
        "use": entry.use,
        "size": entry.size,
        "sha256": entry.sha256,
        "licence": entry.licence,
        "parameters": entry.parameters,
        "context_tokens": entry.context_tokens,
        "can_judge": entry.can_judge,
        "state": status.presence.value,
        "bytes_present": status.bytes_present,
        "detail": status.detail,
        "path": str(status.path),
    }


def _pull(entries: "Sequence[Entry]", store: "ModelStore") -> int:
    from mirador_lsp.app import pull  # noqa: PLC0415

    failed = 0
    for entry in entries:
        if store.look(entry).presence.value == "verified":
            print(f"{entry.name} is already there")
            continue
        try:
            with pull_display(sys.stderr, os.environ) as display:
                installed = asyncio.run(pull(entry, store, display.update))
        except DownloadError as error:
            say(error.sentence())
            failed += 1
        except KeyboardInterrupt:
            say(f"stopped; `mirador models pull {entry.name}` goes on from here")
            return _INTERRUPTED
        else:
            size = f"{entry.size / _MB:,.0f} MB"
            print(f"{entry.name} is ready: {size}, checksum right, {installed.path}")
    return 1 if failed else 0


def _remove(
    entries: "Sequence[Entry]", store: "ModelStore", embedder: "EmbedderFiles | None"
) -> int:
    if embedder is not None:
        embedders.remove(embedder)
    for entry in entries:
        there = store.look(entry).presence.value != "absent"
        freed = store.remove(entry)
        print(
            f"{entry.name} removed, {freed / _MB:,.0f} MB freed"
            if there
            else f"{entry.name} is not there"
        )
    return 0


def _verify(
    entries: "Sequence[Entry]", store: "ModelStore", embedder: "EmbedderFiles | None"
) -> int:
    wanted = list(entries)
    if not wanted and embedder is None:
        wanted = [
            status.entry
            for status in store.look_all()
            if status.presence.value in {"verified", "unverified", "broken"}
        ]
        there = _embedder(store)
        embedder = there if there.look().presence.value in {"verified", "broken"} else None
    if not wanted and embedder is None:
        say("no model is there; `mirador models pull 0.5b` fetches the small one")
        return 1
    wrong = 0 if embedder is None or embedders.verify(embedder) else 1
    try:
        for entry in wanted:
            status = _verify_one(entry, store)
            right = status.presence.value == "verified"
            wrong += not right
            print(f"{entry.name}: {'checksum right' if right else status.detail or _state(status)}")
    except KeyboardInterrupt:
        say("stopped")
        return _INTERRUPTED
    if wrong:
        say("`mirador models pull NAME` fetches a model anew")
    return 1 if wrong else 0


def _verify_one(entry: "Entry", store: "ModelStore") -> "Status":
    from mirador_lsp.app import Phase, PullProgress  # noqa: PLC0415

    with pull_display(sys.stderr, os.environ) as display:
        return store.verify(
            entry,
            lambda done, total: display.update(
                PullProgress(entry.name, Phase.CHECKING, done, total)
            ),
        )
