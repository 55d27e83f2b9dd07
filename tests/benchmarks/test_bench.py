"""How the sides of a comparison take turns."""

from pathlib import Path

from benchmarks.bench import Context, Side, take_turns
from benchmarks.home import Home


def _side(name: str, journal: list[str]) -> Side:
    async def measure(number: int) -> float:
        journal.append(f"{name}{number}")
        return float(number * 10 + ord(name))

    return measure


async def test_sides_alternate_and_swap() -> None:
    """A B, B A, A B: no side always profits from what the other has warmed."""
    journal: list[str] = []

    await take_turns(3, _side("a", journal), _side("b", journal), warm_up=0)

    assert journal == ["a0", "b0", "b1", "a1", "a2", "b2"]


async def test_values_stay_with_their_side_and_round() -> None:
    """However the sides were ordered, each series is that of one side, round by round."""
    ours, theirs = await take_turns(3, _side("a", []), _side("b", []), warm_up=0)

    assert ours.values == (97.0, 107.0, 117.0)
    assert theirs.values == (98.0, 108.0, 118.0)


async def test_warm_up_rounds_run_but_do_not_count() -> None:
    """What is measured first is thrown away."""
    journal: list[str] = []

    (series,) = await take_turns(2, _side("a", journal), warm_up=2)

    assert journal == ["a-2", "a-1", "a0", "a1"]
    assert len(series.values) == 2


def test_rounds_fit_their_length(tmp_path: Path) -> None:
    """Short rows get more rounds, long ones fewer, none gets none."""
    context = Context(Home(tmp_path), 9, lambda _: None)
    hasty = Context(Home(tmp_path), 1, lambda _: None)

    assert (context.many, context.few) == (27, 3)
    assert (hasty.many, hasty.few) == (3, 1)
