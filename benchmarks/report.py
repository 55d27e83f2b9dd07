"""The same results for a terminal, for a page of documentation and for a program."""

import json
import re
import textwrap
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table

from benchmarks.bench import Benchmark
from benchmarks.figures import Row, Series, Target
from benchmarks.machine import Machine

HEADINGS = ("Measured", "Mirador", "Against", "Ratio", "Target", "Met")
_READING = (
    "A cell gives the median of the rounds, and in brackets the least and the most. The two sides "
    "of a comparison take turns; the ratio is made round by round, Mirador divided by the other "
    "side, so it need not equal the ratio of the two medians beside it. Targets are judged by "
    "medians. Times depend on the machine, ratios hardly do."
)
_VERDICTS = {None: "", True: "yes", False: "no"}
_PART = re.compile(r"^<!-- (?!end of )(\S+) -->$", re.MULTILINE)
TIMES = "\N{MULTIPLICATION SIGN}"
TO = "\N{EN DASH}"
_COLOURS = {None: "", True: "green", False: "red"}


@dataclass(frozen=True)
class Section:
    """A benchmark that was run: its rows, or why there are none."""

    benchmark: Benchmark
    rows: Sequence[Row] = ()
    failure: str = ""


@dataclass(frozen=True)
class Results:
    """What one run of the benchmarks measured."""

    machine: Machine
    load_after: float
    runs: int
    seconds: float
    sections: Sequence[Section]
    left_out: Sequence[str] = ()
    """Names of the benchmarks that were not asked for."""

    @property
    def rows(self) -> list[Row]:
        """The rows of all sections."""
        return [row for section in self.sections for row in section.rows]


def cells(row: Row) -> tuple[str, ...]:
    """A row as texts, one for each of `HEADINGS`."""
    against = f"{row.against}: {_spread(row.theirs, row.unit)}" if row.theirs is not None else ""
    ratio = _spread(row.ratio, TIMES) if row.ratio is not None else ""
    targets = ", ".join(_target(target, row.unit) for target in row.targets)
    ours = _spread(row.ours, row.unit)
    return (row.what, ours, against, ratio, targets, _VERDICTS[row.met])


def show(results: Results, console: Console) -> None:
    """Print the table and what could not be measured."""
    table = Table(title="Mirador: median (least to most) of interleaved rounds")
    for heading in HEADINGS:
        table.add_column(heading, overflow="fold")
    for row in results.rows:
        texts = [text.replace("`", "") for text in cells(row)]
        table.add_row(*texts, style=_COLOURS[row.met])
    console.print(table)
    for section in results.sections:
        if section.failure:
            console.print(f"not measured: {section.benchmark.name}: {section.failure}")
    if results.left_out:
        console.print(f"not asked for: {', '.join(results.left_out)}")
    if results.machine.noisy:
        console.print(f"{_noise(results.machine)}")


def page(results: Results, command: str) -> str:
    """The page `docs/benchmarks.md`, written by `command`."""
    machine = results.machine
    lines = [
        "# Benchmarks",
        "",
        _wrapped(f"All figures come from one run of `{command}`. {_READING}"),
        "",
        *_markdown_table(results.rows),
        "",
        "## The machine",
        "",
        f"- {machine.processor}, {machine.cores} cores, {machine.memory_gib:.1f} GiB of memory",
        f"- {machine.system}; Python {machine.python}",
        f"- {machine.date}, {results.seconds / 60:.1f} minutes, `--runs {results.runs}`",
        f"- load average {machine.load_before:.2f} before the run, {results.load_after:.2f} after",
        "",
        _wrapped(_noise(machine)),
        "",
        "## What the rows mean",
        "",
    ]
    for section in results.sections:
        lines += [*_explained(section), ""]
    if results.left_out:
        lines += [f"Not part of this run: {', '.join(results.left_out)}.", ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def part(results: Results, command: str, group: str) -> str:
    """A part of the page for the benchmarks of a group, measured by themselves by `command`."""
    machine = results.machine
    lines = [
        f"## In a run of its own: {group}",
        "",
        _wrapped(f"All figures of this part come from one run of `{command}`."),
        "",
        f"![{group}](benchmarks-{group}.svg)",
        "",
        *_markdown_table(results.rows),
        "",
        _wrapped(
            f"{machine.date}, {results.seconds / 60:.0f} minutes, `--runs {results.runs}`, on "
            f"{machine.processor} with {machine.cores} cores; load average "
            f"{machine.load_before:.2f} before the run, {results.load_after:.2f} after. "
            f"{_noise(machine)} Times are upper bounds where others used the machine."
        ),
        "",
    ]
    for section in results.sections:
        lines += [*_explained(section), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def with_part(text: str, name: str, body: str) -> str:
    """The page with a part of it replaced, or added at its end."""
    begin, end = _marks(name)
    made = f"{begin}\n{body}{end}\n"
    before, found, rest = text.partition(f"{begin}\n")
    if not found:
        return f"{text.rstrip()}\n\n{made}"
    return before + made + rest.partition(f"{end}\n")[2]


def with_parts_of(text: str, old: str) -> str:
    """A new page that keeps the parts of an old one, which come from other runs."""
    for name in _PART.findall(old):
        begin, end = _marks(name)
        text = with_part(text, name, old.partition(f"{begin}\n")[2].partition(f"{end}\n")[0])
    return text


def _marks(name: str) -> tuple[str, str]:
    return f"<!-- {name} -->", f"<!-- end of {name} -->"


def plot_name(section: Section) -> str:
    """File of a section's plot, beside the page."""
    return f"benchmarks-{section.benchmark.name}.svg"


def as_json(results: Results) -> str:
    """Everything measured, every value of every round included."""
    rows = [
        {
            "name": row.name,
            "what": row.what,
            "unit": row.unit,
            "ours": row.ours.values,
            "against": row.against,
            "theirs": row.theirs.values if row.theirs is not None else None,
            "ratio": row.ratio.median if row.ratio is not None else None,
            "targets": [asdict(target) for target in row.targets],
            "met": row.met,
            "note": row.note,
        }
        for row in results.rows
    ]
    failures = {s.benchmark.name: s.failure for s in results.sections if s.failure}
    whole = {
        "machine": asdict(results.machine),
        "load_after": results.load_after,
        "runs": results.runs,
        "seconds": results.seconds,
        "rows": rows,
        "failures": failures,
    }
    return json.dumps(whole, indent=2) + "\n"


def _markdown_table(rows: Sequence[Row]) -> list[str]:
    lines = [HEADINGS, tuple("---" for _ in HEADINGS), *(cells(row) for row in rows)]
    return [f"| {' | '.join(line)} |" for line in lines]


def _explained(section: Section) -> list[str]:
    lines = [f"### {section.benchmark.name}", "", _wrapped(section.benchmark.meaning)]
    if section.benchmark.plot and section.rows:
        lines += ["", f"![{section.benchmark.name}]({plot_name(section)})"]
    notes = [f"{row.what}: {row.note}" for row in section.rows if row.note]
    if notes:
        lines += ["", "In this run:", "", *(f"- {note}" for note in dict.fromkeys(notes))]
    if section.failure:
        lines += ["", f"It could not be measured: {section.failure}"]
    return lines


def _noise(machine: Machine) -> str:
    if machine.noisy:
        return (
            "The machine was busy with other work when the run began: times are too long, and "
            "ratios that are near their target may be on either side of it."
        )
    return (
        "The machine was quiet when the run began. It is a shared one, so single rounds may still "
        "have been disturbed; the brackets show it."
    )


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 100, break_long_words=False, break_on_hyphens=False)


def _spread(series: Series, unit: str) -> str:
    space = "" if unit == TIMES else " "
    middle = f"{number(series.median)}{space}{unit}"
    if len(series.values) == 1 or series.low == series.high:
        return middle
    return f"{middle} ({number(series.low)}{TO}{number(series.high)})"


def number(value: float) -> str:
    """A figure with three digits that count: 1234, 123, 12.3, 1.23, 0.123."""
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3
    return f"{value:.{digits}f}"


def _target(target: Target, unit: str) -> str:
    sign = "≤" if target.at_most else "≥"
    if target.of == "ratio":
        return f"{sign} {target.limit:.3g}{TIMES}"
    return f"{sign} {target.limit:g} {unit}"
