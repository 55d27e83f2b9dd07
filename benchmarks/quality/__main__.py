"""`python -m benchmarks.quality`: how good reviews are, held against labelled cases.

Without words: the instant stage over the whole set, against ruff's security rules. `--stages`,
`--model`, `--lens` and `--set` name what Mirador runs, `--against` the other sides, `--ablate` adds
the passes one by one. What is known of a case is kept, so a run that was stopped, by Ctrl-C too,
goes on from there with the same words.
"""

import argparse
import asyncio
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from msgspec.structs import replace as restated
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from benchmarks.bench import BenchmarkError
from benchmarks.home import Home, private_home
from benchmarks.machine import this_machine
from benchmarks.quality import others
from benchmarks.quality.cases import Case, load_cases, sample, usual_folder
from benchmarks.quality.chart import reliability
from benchmarks.quality.judging import cost_of, judged, sheet_of
from benchmarks.quality.keeping import Kept, review_all
from benchmarks.quality.mirador_side import Wish, mirador
from benchmarks.quality.outcomes import Outcome
from benchmarks.quality.plainly import asked_once
from benchmarks.quality.plans import GAINS, Plan, gains, plans
from benchmarks.quality.sides import Side
from benchmarks.quality.tables import (
    Reviewed,
    Sheet,
    calibration_of,
    differences_of,
    figures_of,
    gates_of,
    markdown,
    rules_of,
    show,
)
from benchmarks.quality.tally import total
from benchmarks.report import with_part
from mirador_lsp.core.errors import MiradorError
from mirador_lsp.core.policy import SYNTHESIS
from mirador_lsp.settings import paths

PAGE = Path(__file__).resolve().parents[2] / "docs" / "quality.md"
SUMMARY = PAGE.with_name("benchmarks.md")
_STOPPED = 130
_MOST_DRAWN = 3
_OTHERS = ("ruff", "bandit", "semgrep", "plain")


@dataclass
class Run:
    """What one call measured."""

    cases: list[Case]
    sides: list[Reviewed] = field(default_factory=list)
    sheets: list[Sheet] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    """Sides that could not be asked, and why."""


def main(words: Sequence[str] | None = None) -> int:
    """Run, print, and write what is asked for. Returns 1 where nothing could be measured."""
    arguments = _parser().parse_args(words)
    console, progress = Console(), Console(stderr=True)
    try:
        cases = load_cases(arguments.folder, arguments.sets)
        if arguments.sample:
            cases = sample(cases, arguments.sample, arguments.seed)
        run = asyncio.run(_measure(cases, arguments, progress))
    except KeyboardInterrupt:
        progress.print("stopped; the same words go on from here")
        return _STOPPED
    except (BenchmarkError, MiradorError) as error:
        progress.print(f"cannot be measured: {error}", markup=False)
        return 1
    for sheet in run.sheets:
        show(sheet, console)
    for line in run.missing:
        console.print(f"not measured: {line}", markup=False)
    _write(run, arguments)
    return 0 if run.sides else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    add = parser.add_argument
    add("--folder", type=Path, default=usual_folder(), help="of the labelled set")
    add("--sets", type=_names, default=(), metavar="A,B", help="of these sets alone")
    add("--sample", type=int, metavar="N", help="groups of each set, by chance; default all")
    add("--seed", type=int, default=8, help="of the sample")
    add("--stages", type=_names, default=("instant",), metavar="A,B")
    add("--lens", type=_names, default=(), metavar="A,B", help="of models; default all")
    add("--model", default="", help="for every model stage, and for “plain”")
    add("--set", action="append", default=[], metavar="NAME=VALUE", help="another setting")
    add("--against", type=_names, default=("ruff",), metavar="A,B", help=", ".join(_OTHERS))
    add("--bandit", default="bandit", metavar="PROGRAM")
    add("--semgrep", default="semgrep", metavar="PROGRAM")
    add("--semgrep-rules", default="p/python", metavar="RULES")
    add("--ablate", action="store_true", help="add the passes one by one")
    add("--plans", type=_names, default=(), metavar="A,B", help="only these, with --ablate")
    add("--judge", action="store_true", help="what verdicts of --model are worth; changes nothing")
    add("--again", action="store_true", help="review twice: does it say the same?")
    add("--gates", action="store_true", help="what every gate would have shown")
    add("--minutes", type=float, help="for each side; cases it did not get to are left out")
    add("--cache", type=Path, help="the file of what is known; default in Mirador's cache folder")
    add("--any-version", action="store_true", help="believe what other versions said")
    add("--page", type=Path, metavar="FILE", help="write the tables there, and a plot beside it")
    add("--write", default="", metavar="PART", help=f"write that part of docs/{PAGE.name}")
    return parser


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


async def _measure(cases: list[Case], arguments: argparse.Namespace, progress: Console) -> Run:
    run = Run(cases)
    file = arguments.cache or paths(os.environ).cache / "benchmarks" / "quality.jsonl"
    kept = Kept(file, any_version=arguments.any_version)
    asking = _Asking(cases, kept, arguments.minutes, progress)
    wish = _wish(arguments)
    ablated = plans(arguments.model, wish.options) if arguments.ablate else []
    if arguments.plans:
        ablated = [plan for plan in ablated if plan.name in arguments.plans]
    reviewed: dict[str, Reviewed] = {}
    last = Plan("mirador", wish)
    for plan in ablated or [last]:
        outcomes = await asking.mirador(plan.wish, plan.name)
        reviewed[plan.name] = Reviewed(plan.name, outcomes)
        last = plan
    if arguments.again:
        second = await asking.mirador(last.wish, last.name, 1)
        run.sheets.append(_repeated(last.name, reviewed[last.name].outcomes, second))
    if len(asking.versions) > 1:
        run.missing.append("one version: the program was changed during this run")
    # The plan with the most passes comes first: it is what the others are held against.
    run.sides = list(reviewed.values())[::-1]
    for name in arguments.against:
        try:
            run.sides.append(await asking.other(name, arguments))
        except (BenchmarkError, MiradorError, OSError) as error:
            run.missing.append(f"{name}: {error}")
    by_name = {side.name: side for side in run.sides}
    if "bandit" in by_name and "semgrep" in by_name:
        run.sides.append(_union(by_name["bandit"], by_name["semgrep"]))
    run.sides = [side.counting(cases) for side in run.sides]
    _tell(run, arguments)
    if ablated:
        sets = dict.fromkeys(case.set for case in cases)
        parts = [[case for case in cases if case.set == name] for name in sets]
        run.sheets += [gains(ablated, reviewed, part) for part in (*parts, cases)]
    return run


def _wish(arguments: argparse.Namespace) -> Wish:
    options = {}
    for said in arguments.set:
        name, found, value = said.partition("=")
        if not found:
            message = f"--set takes NAME=VALUE, not {said!r}"
            raise BenchmarkError(message)
        options[name] = value
    stages = arguments.stages
    if arguments.judge:
        if not arguments.model:
            message = "--model names whom to ask to judge"
            raise BenchmarkError(message)
        stages = tuple(dict.fromkeys((*stages, SYNTHESIS)))
    return Wish(stages, arguments.lens, arguments.model, options, judge=arguments.judge)


def _tell(run: Run, arguments: argparse.Namespace) -> None:
    sets = list(dict.fromkeys(case.set for case in run.cases))
    for name in [*sets, ""] if len(sets) > 1 else sets:
        figures = figures_of(run.sides, name)
        if not figures.rows:
            continue
        run.sheets.append(figures)
        if len(run.sides) > 1:
            run.sheets.append(differences_of(run.sides, name))
    own = run.sides[0]
    run.sheets += [calibration_of(own), rules_of(own, run.cases)]
    if arguments.gates:
        run.sheets.append(gates_of(own, run.cases))
    if arguments.judge:
        rows = judged(run.cases, own.outcomes)
        gate = _wish(arguments).settings().review.gate
        run.sheets.append(sheet_of(arguments.model, rows, gate, cost_of(own.outcomes)))


class _Asking:
    """Asks sides about the cases, each in a home of its own: none finds what another has read."""

    def __init__(
        self, cases: list[Case], kept: Kept, minutes: float | None, progress: Console
    ) -> None:
        self._cases, self._kept, self._progress = cases, kept, progress
        self._seconds = 60 * minutes if minutes is not None else None
        self.versions: set[str] = set()
        """Those of Mirador that were asked."""

    async def mirador(self, wish: Wish, name: str, time: int = 0) -> dict[str, Outcome]:
        with private_home() as home:
            digests = {model.name: model.digest for model in home.models()}
            side = mirador(name, wish, home, digests)
            self.versions.add(side.version)
            if time:
                side = replace(side, manner=f"{side.manner} again {time}")
            return await self._ask(side, home)

    async def other(self, name: str, arguments: argparse.Namespace) -> Reviewed:
        with private_home() as home:
            side = self._side(name, arguments, home)
            return Reviewed(side.name, await self._ask(side, home))

    def _side(self, name: str, arguments: argparse.Namespace, home: Home) -> Side:
        match name:
            case "ruff":
                return others.ruff_security()
            case "bandit":
                return others.bandit(arguments.bandit)
            case "semgrep":
                return others.semgrep(arguments.semgrep, arguments.semgrep_rules)
            case "plain" if arguments.model:
                digests = {model.name: model.digest for model in home.models()}
                settings = _wish(arguments).settings()
                digest = digests.get(arguments.model, "")
                return asked_once(arguments.model, digest, settings, home)
            case "plain":
                message = "--model names whom to ask"
                raise BenchmarkError(message)
            case _:
                message = f"there is no such side; there are {', '.join(_OTHERS)}"
                raise BenchmarkError(message)

    async def _ask(self, side: Side, home: Home) -> dict[str, Outcome]:
        loop = asyncio.get_running_loop()
        until = loop.time() + self._seconds if self._seconds is not None else None
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self._progress) as bar:
            task = bar.add_task(side.name, total=len(self._cases))
            try:
                return await review_all(
                    side, self._cases, self._kept, lambda n: bar.update(task, completed=n), until
                )
            finally:
                with suppress(MiradorError):
                    await home.stop_engine()


def _union(one: Reviewed, other: Reviewed) -> Reviewed:
    """What two sides said together."""
    both = {
        case: restated(said, claims=said.claims + other.outcomes[case].claims)
        for case, said in one.outcomes.items()
        if case in other.outcomes
    }
    return Reviewed(f"{one.name} or {other.name}", both)


def _repeated(name: str, first: Mapping[str, Outcome], second: Mapping[str, Outcome]) -> Sheet:
    both = [case for case in first if case in second]
    equal = sum(set(first[case].claims) == set(second[case].claims) for case in both)
    row = (str(len(both)), str(equal))
    return Sheet(f"The same review twice: {name}", ("cases", "with the same findings"), (row,))


def _write(run: Run, arguments: argparse.Namespace) -> None:
    """Write a page, or a part of the page about quality, and what it draws beside it."""
    if arguments.page is not None:
        arguments.page.write_text(_page(run, arguments.page.stem), encoding="utf-8")
        _draw(run, arguments.page.with_suffix(".svg"))
    if arguments.write:
        name = f"quality-{arguments.write}"
        _draw(run, PAGE.with_name(f"{name}.svg"))
        text = f"## {arguments.write}\n\n{_page(run, name)}"
        PAGE.write_text(with_part(PAGE.read_text("utf-8"), name, text), encoding="utf-8")
        _summarize(run, name)


def _summarize(run: Run, name: str) -> None:
    """Write what each pass brings into the page of all benchmarks."""
    gained = [markdown(sheet) for sheet in run.sheets if sheet.title.startswith(GAINS)]
    if not gained:
        return
    told = f"`{_command()}`; what the columns mean is said in [quality.md]({PAGE.name})."
    text = "\n".join([f"## Quality of reviews: {name.partition('-')[2]}\n\n{told}\n", *gained])
    SUMMARY.write_text(with_part(SUMMARY.read_text("utf-8"), name, text), encoding="utf-8")


def _command() -> str:
    return shlex.join(["python", "-m", "benchmarks.quality", *_repeatable(sys.argv[1:])])


def _page(run: Run, name: str) -> str:
    machine = this_machine()
    asked = ", ".join(f"{side.name} {len(side.outcomes)}" for side in run.sides)
    where = f"{machine.date}, {machine.processor}, {machine.cores} cores"
    tables = "\n".join(markdown(sheet) for sheet in run.sheets)
    missing = "".join(f"Not measured: {line}\n\n" for line in run.missing)
    told = f"`{_command()}`\n\n{where}. Files that each was asked about: {asked}.\n\n{missing}"
    return f"{told}![how often findings so sure are right]({name}.svg)\n\n{tables}"


def _draw(run: Run, file: Path) -> None:
    drawn = [(side.name, total(side.counted.values())) for side in run.sides]
    drawn = [each for each in drawn if each[1].get("sure", 0)][:_MOST_DRAWN]
    file.write_text(reliability(drawn or [("nobody", {})]), encoding="utf-8")


def _repeatable(words: Sequence[str]) -> list[str]:
    """What makes the same tables elsewhere: where files and programs lie here does not matter."""
    kept: list[str] = []
    places = ("--cache", "--page", "--folder", "--bandit", "--semgrep", "--write")
    skip = False
    for word in words:
        if not skip and not word.startswith(places):
            kept.append(word)
        skip = not skip and word in places
    return kept


if __name__ == "__main__":
    sys.exit(main())
