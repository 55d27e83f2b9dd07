"""`mirador feedback`: what is learned from your decisions about findings, and taking it back."""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mirador_lsp.cli import feedback_views
from mirador_lsp.cli.terminal import console_for_rows, say
from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.feedback import Opinion, Which
from mirador_lsp.engine.learning.judging import MOST_DECISIONS, MOST_OF_RULE
from mirador_lsp.engine.learning.summary import by_rule, lessons_of

if TYPE_CHECKING:
    from rich.table import Table

    from mirador_lsp.app import Books
    from mirador_lsp.settings import Loaded

_SHORTEST_ID = 4
_ALL = 1_000_000
_NOTHING = (
    "nothing is learned yet: dismiss findings or accept their fixes in the editor, and later "
    "reviews follow"
)


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `feedback` to the command line."""
    parser = subparsers.add_parser(
        "feedback",
        help="what is learned from your decisions, and taking it back",
        description="What you accepted and dismissed, and what later reviews make of it. All of it "
        "is on this machine; no file of a workspace can add to it.",
    )
    parser.set_defaults(run=run, action="show")
    parser.add_argument("--json", action="store_true", help="as JSON")
    actions = parser.add_subparsers(metavar="ACTION")
    shown = actions.add_parser("show", help="the lessons, and counts by rule (the default)")
    listed = actions.add_parser("list", help="the decisions, newest first")
    listed.add_argument("--rule", metavar="RULE", default="", help="of this rule only")
    listed.add_argument("--limit", metavar="N", type=_count, default=50, help="default: 50")
    undone = actions.add_parser("undo", help="take decisions back, as if they were never made")
    undone.add_argument("ids", metavar="ID", nargs="+", help="as listed, or the beginning of one")
    reset = actions.add_parser("reset", help="take all decisions back, or those about one rule")
    meant = reset.add_mutually_exclusive_group(required=True)
    meant.add_argument("--rule", metavar="RULE", default="", help="those about findings of RULE")
    meant.add_argument("--all", action="store_true", help="every decision there is")
    reset.add_argument("--yes", action="store_true", help="do not ask")
    for name, does in (
        ("allow-security", "let lessons withhold security findings of a rule, too"),
        ("forbid-security", "the default: security warnings of the rule are always shown"),
    ):
        allowing = actions.add_parser(name, help=does)
        allowing.add_argument("rule", metavar="RULE", help="like ruff/S101")
    for name, action in actions.choices.items():
        action.set_defaults(run=run, action=name)
    for action in (shown, listed):
        action.add_argument(
            "--json", action="store_true", default=argparse.SUPPRESS, help="as JSON"
        )


def run(args: argparse.Namespace) -> int:
    """0 when done. Raises `UserError` for what cannot be meant, `ServiceError` for a store that
    cannot be used.
    """
    return asyncio.run(_run(args))


async def _run(args: argparse.Namespace) -> int:
    from mirador_lsp.app import open_books  # noqa: PLC0415 — only when it runs
    from mirador_lsp.settings import load_settings  # noqa: PLC0415

    loaded = load_settings(env=os.environ)
    async with AsyncExitStack() as stack:
        books = open_books(loaded.paths, stack)
        desk = _Desk(books, loaded, as_json=args.json)
        match args.action:
            case "list":
                await desk.list_decisions(args.rule, args.limit)
            case "undo":
                await desk.undo(args.ids)
            case "reset":
                return await desk.reset(args.rule, sure=args.yes)
            case "allow-security" | "forbid-security":
                desk.allow(args.rule, allowed=args.action == "allow-security")
            case _:
                await desk.show()
        for notice in books.feedback.notices():
            say(notice.message)
    return 0


@dataclass(frozen=True)
class _Desk:
    """Where the actions are done."""

    books: "Books"
    loaded: "Loaded"
    as_json: bool

    async def show(self) -> None:
        from mirador_lsp.app import SystemClock  # noqa: PLC0415

        learning = self.loaded.settings.learning
        opinions = await self.books.feedback.latest(MOST_DECISIONS, MOST_OF_RULE)
        security = frozenset(learning.security_rules)
        lessons = lessons_of(opinions, SystemClock().wall(), security)
        rules = by_rule(await self.books.feedback.latest(_ALL, _ALL), lessons)
        if self.as_json:
            facts = {
                "enabled": learning.enabled,
                "security_rules": list(learning.security_rules),
                "lessons": [feedback_views.facts_of_lesson(each) for each in lessons],
                "rules": [feedback_views.facts_of_rule(row) for row in rules],
            }
            print(json.dumps(facts))
            return
        if not learning.enabled:
            print("learning is switched off: learning.enabled says so")
        if not rules:
            print(_NOTHING)
            return
        if lessons:
            _print(feedback_views.table_of_lessons(lessons))
        _print(feedback_views.table_of_rules(rules))
        print("see decisions: mirador feedback list; take one back: mirador feedback undo ID")

    async def list_decisions(self, rule: str, limit: int) -> None:
        opinions = await self._decisions(rule)
        if self.as_json:
            shown = [feedback_views.facts_of_decision(each) for each in opinions[:limit]]
            print(json.dumps({"decisions": shown, "total": len(opinions)}))
            return
        if not opinions:
            print(f"no decisions about {plain(rule, 80)}" if rule else _NOTHING)
            return
        _print(feedback_views.table_of_decisions(opinions[:limit]))
        if (more := len(opinions) - limit) > 0:
            print(f"{more:,} more: --limit {len(opinions)}")

    async def undo(self, names: Sequence[str]) -> None:
        known = {each.id: each for each in await self._decisions("")}
        meant = {found: known[found] for name in names for found in [_meant(name, known)]}
        await self.books.feedback.forget(Which(ids=tuple(meant)))
        for each in meant.values():
            print(f"{each.id}: no longer {each.verdict.value}, {plain(each.rule, 60)}")

    async def reset(self, rule: str, *, sure: bool) -> int:
        opinions = await self._decisions(rule)
        if not opinions:
            message = f"There are no decisions about {plain(rule, 80)}."
            remedy = "`mirador feedback` names the rules there are decisions about."
            raise UserError(message if rule else "There are no decisions.", remedy=remedy)
        if not sure and not _agrees(len(opinions)):
            print("nothing was taken back")
            return 0
        gone = await self.books.feedback.forget(Which(rule=rule))
        print(f"{gone:,} decision{'s' * (gone != 1)} taken back")
        return 0

    def allow(self, rule: str, *, allowed: bool) -> None:
        from mirador_lsp.settings.own_file import allow_security  # noqa: PLC0415

        if rule.count("/") != 1 or not all(rule.split("/")) or not rule.isprintable():
            message = f"{plain(rule, 80)!r} names no rule."
            raise UserError(message, remedy="Name it with its tool, like ruff/S101.")
        allow_security(self.loaded.paths.config_file, rule, allowed=allowed)
        does = "may be withheld, too, once you dismiss them" if allowed else "are always shown"
        print(f"security findings of {rule} {does}")

    async def _decisions(self, rule: str) -> list[Opinion]:
        known = await self.books.feedback.latest(_ALL, _ALL)
        return [each for each in known if rule in ("", each.rule)]


def _meant(name: str, known: Mapping[str, Opinion]) -> str:
    remedy = "`mirador feedback list` names them."
    if len(name) < _SHORTEST_ID:
        message = f"{plain(name, 40)!r} is too short for the name of a decision."
        raise UserError(message, remedy=remedy)
    fitting = [each for each in known if each.startswith(name)]
    if len(fitting) != 1:
        message = f"{len(fitting) or 'No'} decisions begin with {plain(name, 40)!r}."
        raise UserError(message, remedy=remedy)
    return fitting[0]


def _agrees(count: int) -> bool:
    if not sys.stdin.isatty():
        message = f"{count:,} decisions would be taken back for good."
        raise UserError(message, remedy="Say --yes to have it done.")
    return input(f"Take {count:,} decisions back for good? [y/N] ").strip().lower() in {"y", "yes"}


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= _ALL:
        message = f"{plain(text, 40)!r} is no number from 1 to {_ALL:,}"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _print(table: "Table") -> None:
    console = console_for_rows(sys.stdout, os.environ)
    console.print(table)
    console.print()
