"""The table, the page and the JSON of the same results."""

import json
import re
import socket
from collections.abc import Sequence
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from benchmarks.__main__ import BENCHMARKS, GROUPS, main
from benchmarks.bench import Benchmark, Context
from benchmarks.figures import Row, Series, Target
from benchmarks.machine import Machine, this_machine
from benchmarks.models.straight_main import speed
from benchmarks.report import (
    HEADINGS,
    Results,
    Section,
    as_json,
    cells,
    number,
    page,
    part,
    show,
    with_part,
    with_parts_of,
)

_MACHINE = Machine("A processor", 2, 7.75, "A system", "3.11.7", 0.4, "2030-01-02 03:04 UTC")
_MISSED = Row(
    "one",
    "a `thing`",
    "ms",
    Series((30.0, 10.0, 20.0)),
    Series((5.0, 5.0, 4.0)),
    "the other",
    (Target("value", 100), Target("ratio", 3)),
    note="in a file",
)
_BETTER_MORE = Row(
    "two", "speed", "tokens/s", Series((35.5,)), targets=(Target("value", 20, at_most=False),)
)


async def _nothing(_: Context) -> Sequence[Row]:
    return ()


def _results(machine: Machine = _MACHINE) -> Results:
    done = Section(Benchmark("one", "It means this.", _nothing), (_MISSED, _BETTER_MORE))
    failed = Section(Benchmark("bad", "It means that.", _nothing), failure="No model is there.")
    return Results(machine, 1.5, 9, 90.0, (done, failed), ("late",))


def test_cells_of_a_comparison() -> None:
    """Median, range, the other side, the ratio of the rounds, every target, the verdict."""
    assert cells(_MISSED) == (
        "a `thing`",
        "20.0 ms (10.0\N{EN DASH}30.0)",
        "the other: 5.00 ms (4.00\N{EN DASH}5.00)",
        "5.00\N{MULTIPLICATION SIGN} (2.00\N{EN DASH}6.00)",
        "≤ 100 ms, ≤ 3\N{MULTIPLICATION SIGN}",
        "no",
    )


def test_cells_without_a_comparison() -> None:
    """A single value has no range, and nothing is invented for the other side."""
    assert cells(_BETTER_MORE) == ("speed", "35.5 tokens/s", "", "", "≥ 20 tokens/s", "yes")


@pytest.mark.parametrize(
    ("value", "text"), [(1234.5, "1234"), (123.4, "123"), (12.34, "12.3"), (0.0512, "0.051")]
)
def test_figures_have_three_digits(value: float, text: str) -> None:
    """More digits would claim a precision that no shared machine has."""
    assert number(value) == text


def test_the_page_holds_the_table_the_machine_and_what_rows_mean() -> None:
    """Whoever reads the page alone can judge the figures."""
    text = page(_results(), "python -m benchmarks --write")
    table = [line for line in text.splitlines() if line.startswith("|")]

    assert len(table) == 4
    assert {line.count("|") for line in table} == {len(HEADINGS) + 1}
    for said in ("A processor, 2 cores, 7.8 GiB", "2030-01-02", "0.40 before", "1.50 after"):
        assert said in text
    for said in ("`python -m benchmarks --write`", "It means this.", "a `thing`: in a file"):
        assert said in text
    assert "could not be measured: No model is there." in text
    assert "Not part of this run: late." in text


def test_the_page_says_when_the_machine_was_busy() -> None:
    """Figures of a busy machine are not passed off as those of a quiet one."""
    busy = replace(_MACHINE, load_before=1.6)

    assert "was quiet" in page(_results(), "c")
    assert "was busy" in page(_results(busy), "c")


def test_a_part_of_the_page_has_its_own_table_and_machine() -> None:
    """What was measured in another run says so, with its command, plot and load."""
    text = part(_results(), "python -m benchmarks --only some-rows", "some-rows")

    assert text.startswith("## In a run of its own: some-rows")
    for found in ("--only some-rows`", "benchmarks-some-rows.svg", "0.40 before", "upper bounds"):
        assert found in " ".join(text.split())
    assert len([line for line in text.splitlines() if line.startswith("|")]) == 4


def test_parts_are_replaced_and_survive_a_new_page() -> None:
    """Measuring one part again leaves the page and its other parts as they are."""
    old = with_part(with_part("# Page\n", "a", "first\n"), "b", "second\n")
    changed = with_part(old, "a", "third\n")
    new = with_parts_of("# New\n", changed)

    assert "first" not in changed
    assert changed.index("third") < changed.index("second")
    assert changed.startswith("# Page\n")
    assert new.startswith("# New\n")
    assert new.index("third") < new.index("second")
    assert with_parts_of("# Newer\n", new).count("third") == 1


def test_groups_are_made_of_known_benchmarks() -> None:
    """A group is asked for by its name; one that is called as a benchmark is that alone."""
    names = {benchmark.name for benchmark in BENCHMARKS}

    assert all(GROUPS[name] == (name,) for name in names & GROUPS.keys())
    assert all(set(group) <= names for group in GROUPS.values())


def test_the_terminal_shows_what_the_page_shows() -> None:
    """Rows, failures and what was left out."""
    out = StringIO()

    show(_results(), Console(file=out, width=200))

    for said in ("20.0 ms", "5.00", "No model is there.", "late"):
        assert said in out.getvalue()


def test_json_has_every_round() -> None:
    """Whoever doubts a median can compute another one."""
    told = json.loads(as_json(_results()))

    assert told["rows"][0]["ours"] == [30.0, 10.0, 20.0]
    assert told["rows"][0]["ratio"] == 5.0
    assert told["rows"][0]["met"] is False
    assert told["rows"][1]["theirs"] is None
    assert told["failures"] == {"bad": "No model is there."}


def test_the_machine_is_described_without_its_name() -> None:
    """What is published says how fast the machine is, not whose it is."""
    machine = this_machine()

    assert machine.cores >= 1
    assert machine.memory_gib > 0
    assert re.fullmatch(r"3\.\d+\.\d+\S*", machine.python)
    assert socket.gethostname() not in repr(machine)


def test_speed_counts_from_the_first_piece() -> None:
    """Three pieces after the first one in one and a half seconds are two a second."""
    assert speed([10.0, 10.5, 11.0, 11.5]) == 2.0
    assert speed([10.0]) == 0.0


def test_names_are_unique_and_unknown_ones_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt name measures nothing instead of everything."""
    names = [benchmark.name for benchmark in BENCHMARKS]

    assert len(set(names)) == len(names)
    with pytest.raises(SystemExit) as left:
        main(["--only", "instnat"])
    assert left.value.code == 2
    assert "instnat" in capsys.readouterr().err
