"""`mirador chain`: reviews, fixes and checks in one go, step after step."""

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol, TextIO

from mirador_lsp.cli.chain_views import ChainView, as_json, table_of_chains
from mirador_lsp.cli.opening import OpenApp, open_whole
from mirador_lsp.cli.signals import Interrupts
from mirador_lsp.cli.terminal import ColorChoice, console_for, is_terminal, say, show_cursor
from mirador_lsp.cli.wording import skipped_lines
from mirador_lsp.core.chains import BUILT_IN, Chain, EmitChain, Outcome
from mirador_lsp.core.clean import plain
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import MiradorError, UserError
from mirador_lsp.core.findings import Finding, Severity
from mirador_lsp.settings import Loaded, find_workspace_root, load_settings

DONE, LEFT, COULD_NOT_RUN = 0, 1, 2
_EPILOG = """\
exit codes:
  0    done, and nothing at or above --fail-on is left
  1    something at or above --fail-on is left
  2    could not run, or a file could not be written; the reason is on stderr
  130  stopped by Ctrl-C; what was written by then stays written

examples:
  mirador chain run analyse-fix-validate src/cart.py          shows the change as a diff
  mirador chain run analyse-fix-validate --write src/         makes it
  mirador chain run tidy --write .                            safe fixes alone, no model
  mirador chain run analyse-fix-validate app.py > app.patch   for git apply
"""


class App(Protocol):
    """What the command needs of the application."""

    async def chain(self, chain: Chain, snapshot: Snapshot, emit: EmitChain) -> Outcome:
        """Run a chain on one file. Writes nothing."""
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
        "chain",
        help="review, fix and check in one go",
        description="Run steps on files: review them, mend what was found as far as checks let "
        "it, review what came of it, and take back what made a file worse.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = parser.add_subparsers(title="what to do", metavar="WHAT")
    shown = what.add_parser("list", help="list the chains there are")
    shown.add_argument("--json", action="store_true", help="print data")
    shown.set_defaults(run=_list)
    one = what.add_parser("show", help="show one chain with its models")
    one.add_argument("name", metavar="NAME", help="the chain")
    one.add_argument("--json", action="store_true", help="print data")
    one.set_defaults(run=_show)
    _add_run(what)


def _add_run(what: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = what.add_parser(
        "run",
        help="run a chain on files",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("name", metavar="NAME", help="the chain (`mirador chain list` names them)")
    add("paths", nargs="+", metavar="PATH", help="files and folders")
    add("--write", action="store_true", help="write what holds into the files")
    add("--most-fixes", type=int, metavar="N", help="changes that models may write for one file")
    add("--severity", choices=tuple(Severity), help="mend findings of that severity or worse")
    add("--fail-on", choices=("error", "warning", "never"), default="error", help="default: error")
    add("--json", action="store_true", help="print data instead of text and a diff")
    add("--color", choices=("auto", "always", "never"), default="auto", help="default: auto")
    parser.set_defaults(run=_run)


def _list(arguments: argparse.Namespace) -> int:
    chains = _known(_loaded(Surroundings()))
    if arguments.json:
        print(json.dumps({"chains": [_facts(chain, who) for chain, who in chains]}))
        return DONE
    console = console_for(sys.stdout, "auto", interactive=False)
    console.print(table_of_chains(chains))
    return DONE


def _show(arguments: argparse.Namespace) -> int:
    chains = _known(_loaded(Surroundings()))
    chain, who = _named(arguments.name, chains)
    facts = _facts(chain, who)
    if arguments.json:
        print(json.dumps(facts))
        return DONE
    for name, value in facts.items():
        words = ", ".join(value) if isinstance(value, list) else str(value)
        print(f"{name:<11} {plain(words, 400) or 'as the settings say'}")
    return DONE


def _run(arguments: argparse.Namespace) -> int:
    return asyncio.run(run_chain(arguments, Surroundings()))


async def run_chain(arguments: argparse.Namespace, around: Surroundings) -> int:
    """Run a chain on everything that is named. Raises `UserError` for a bad option."""
    loaded = _loaded(around)
    chain = _wanted(arguments, loaded)
    color: ColorChoice = arguments.color
    # A patch in a pipe is data: what is told of it goes to stderr then.
    told = around.stdout if is_terminal(around.stdout, around.env) else around.stderr
    view = ChainView(
        diff=console_for(around.stdout, color, interactive=is_terminal(around.stdout, around.env)),
        told=console_for(told, color, interactive=is_terminal(told, around.env)),
        quiet=arguments.json,
        writes=arguments.write,
    )
    runner = _Runner(chain, arguments, around, view)
    interrupts = Interrupts(runner.stop, lambda: show_cursor(around.stderr))
    runner.task = asyncio.current_task()
    try:
        with interrupts, view:
            async with around.open_app(loaded) as app:
                await runner.all_of(app, loaded)
    except asyncio.CancelledError:
        if not interrupts.code:
            raise
        say("stopped; what is shown above is done", around.stderr)
        return interrupts.code
    return runner.told(arguments.fail_on)


class _Runner:
    """One run of the command."""

    def __init__(
        self,
        chain: Chain,
        arguments: argparse.Namespace,
        around: Surroundings,
        view: ChainView,
    ) -> None:
        self._chain = chain
        self._arguments = arguments
        self._around = around
        self._view = view
        self._begun = time.monotonic()
        self._outcomes: list[tuple[Outcome, bool]] = []
        """With whether it was written."""
        self._failed = False
        self.task: asyncio.Task[object] | None = None

    def stop(self) -> None:
        """Give up."""
        if self.task is not None:
            self.task.cancel()

    async def all_of(self, app: App, loaded: Loaded) -> None:
        """Run the chain on one file after the other."""
        snapshots = await asyncio.to_thread(self._gathered)
        for number, snapshot in enumerate(snapshots, 1):
            self._view.begin(snapshot.name, number, len(snapshots))
            outcome = await app.chain(self._chain, snapshot, self._view.hear)
            written = await self._written(outcome)
            self._outcomes.append((outcome, written))
            self._view.end(outcome, written=written)
        if not snapshots:
            message = "There is nothing to look at."
            raise UserError(message, remedy="Name a file or a folder with source code.")
        for problem in loaded.problems:
            say(problem.sentence(), self._around.stderr)

    def told(self, fail_on: str) -> int:
        """Say how it ended; the exit code."""
        seconds = time.monotonic() - self._begun
        outcomes = [outcome for outcome, _ in self._outcomes]
        if self._arguments.json:
            print(as_json(self._chain, self._outcomes, seconds), file=self._around.stdout)
        else:
            self._view.total(self._outcomes, seconds)
        if self._failed or any(not outcome.reviewed for outcome in outcomes):
            return COULD_NOT_RUN
        if fail_on == "never":
            return DONE
        bar = Severity(fail_on)
        left = [f for outcome in outcomes for f in _left(outcome)]
        return LEFT if any(finding.severity.at_least(bar) for finding in left) else DONE

    def _gathered(self) -> list[Snapshot]:
        from mirador_lsp.app import Source, gather  # noqa: PLC0415
        from mirador_lsp.cli.report import SkippedFile  # noqa: PLC0415

        snapshots, skipped = [], []
        for entry in gather(self._arguments.paths, cwd=self._around.folder):
            if isinstance(entry, Source):
                snapshots.append(entry.snapshot)
            else:
                skipped.append(SkippedFile(entry.name, entry.reason, entry.kind.value, entry.asked))
                self._failed = self._failed or (
                    entry.asked and entry.kind.value in ("missing", "unreadable")
                )
        for line in skipped_lines(skipped):
            say(line, self._around.stderr)
        return snapshots

    async def _written(self, outcome: Outcome) -> bool:
        if not (self._arguments.write and outcome.changed and outcome.reviewed):
            return False
        from mirador_lsp.app import write_back  # noqa: PLC0415

        try:
            await asyncio.to_thread(write_back, outcome.before, outcome.after.text)
        except MiradorError as error:
            self._failed = True
            say(error.sentence(), self._around.stderr)
            return False
        return True


def _left(outcome: Outcome) -> Sequence[Finding]:
    """What is still wrong: where nothing was validated, all that was not mended."""
    if outcome.left is not None:
        return outcome.left
    mended = {finding.id for each in outcome.mended for finding in each.findings}
    return [finding for finding in outcome.found if finding.id not in mended]


def _loaded(around: Surroundings) -> Loaded:
    root = find_workspace_root(around.folder)
    return load_settings(workspace=root, env=around.env)


def _known(loaded: Loaded) -> list[tuple[Chain, str]]:
    """Every chain with who defines it; one of the user's replaces its built-in namesake."""
    source = loaded.origins.get("chains", "the settings")
    found = {chain.name: (chain, "Mirador") for chain in BUILT_IN}
    found.update({chain.name: (chain, source) for chain in loaded.settings.chains})
    return list(found.values())


def _named(name: str, chains: Sequence[tuple[Chain, str]]) -> tuple[Chain, str]:
    for chain, who in chains:
        if chain.name == name:
            return chain, who
    names = ", ".join(chain.name for chain, _ in chains)
    message = f"There is no chain {plain(name, 60)}."
    raise UserError(message, remedy=f"Choose from {names}.")


def _wanted(arguments: argparse.Namespace, loaded: Loaded) -> Chain:
    """The chain with what the command line says of it."""
    chain, _ = _named(arguments.name, _known(loaded))
    if arguments.most_fixes is not None:
        if not 0 <= arguments.most_fixes <= 100:
            message = "--most-fixes is a number from 0 to 100."
            raise UserError(message)
        chain = replace(chain, most_fixes=arguments.most_fixes)
    if arguments.severity:
        chain = replace(chain, severity=arguments.severity)
    return chain


def _facts(chain: Chain, who: str) -> dict[str, object]:
    return {
        "name": chain.name,
        "title": chain.title,
        "steps": list(chain.steps),
        "quick": list(chain.quick),
        "deep": list(chain.deep),
        "synthesis": list(chain.synthesis),
        "stages": list(chain.stages),
        "lenses": list(chain.lenses),
        "severity": chain.severity,
        "most_fixes": chain.most_fixes,
        "from": who,
    }
