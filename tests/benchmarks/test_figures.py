"""Medians, ratios, percentiles and verdicts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.figures import Row, Series, Target, percentile

_VALUES = st.lists(st.floats(0.001, 1e6), min_size=1, max_size=40)


def test_median_and_range() -> None:
    """The middle value stands for a series, the mean of two in an even one."""
    odd, even = Series((9.0, 1.0, 2.0)), Series((4.0, 1.0, 2.0, 100.0))

    assert (odd.low, odd.median, odd.high) == (1.0, 2.0, 9.0)
    assert even.median == 3.0


def test_one_wild_round_does_not_move_the_ratio() -> None:
    """A ratio is made round by round, so a disturbance that meets both sides cancels out."""
    ours, theirs = Series((10.0, 80.0, 30.0)), Series((5.0, 40.0, 10.0))

    assert ours.over(theirs).values == (2.0, 2.0, 3.0)
    assert ours.over(theirs).median == 2.0


def test_sides_of_different_length_are_refused() -> None:
    """A ratio of rounds that do not belong together is no ratio."""
    with pytest.raises(ValueError, match="argument 2"):
        Series((1.0, 2.0)).over(Series((1.0,)))


def test_an_empty_series_is_refused() -> None:
    """No rounds, no figure."""
    with pytest.raises(ValueError, match="at least one"):
        Series(())
    with pytest.raises(ValueError, match="of nothing"):
        percentile((), 0.5)


def test_percentile_is_the_nearest_rank() -> None:
    """The 99th percentile of a hundred values is the second largest."""
    values = [float(n) for n in range(100, 0, -1)]

    assert percentile(values, 0.99) == 99.0
    assert percentile(values, 0.5) == 50.0
    assert percentile(values, 1.0) == 100.0
    assert percentile([7.0], 0.01) == 7.0


@given(_VALUES, st.floats(0, 1))
def test_percentile_covers_its_share(values: list[float], share: float) -> None:
    """It is one of the values, and at least that share of them does not exceed it."""
    found = percentile(values, share)

    assert found in values
    assert sum(value <= found for value in values) >= share * len(values)


@given(_VALUES)
def test_dividing_a_series_by_itself_gives_one(values: list[float]) -> None:
    """Where both sides are the same, so are the figures."""
    series = Series(tuple(values))

    assert set(series.over(series).values) == {1.0}


@pytest.mark.parametrize(
    ("target", "met"),
    [
        (Target("value", 20), True),
        (Target("value", 19.9), False),
        (Target("ratio", 2), True),
        (Target("ratio", 1.9), False),
        (Target("ratio", 2, at_most=False), True),
        (Target("ratio", 2.1, at_most=False), False),
    ],
)
def test_targets_judge_the_median(target: Target, met: bool) -> None:
    """The limit itself still counts as reached, in both directions."""
    row = Row("n", "w", "ms", Series((20.0,)), Series((10.0,)), targets=(target,))

    assert target.met(row) is met
    assert row.met is met


def test_every_target_of_a_row_must_be_met() -> None:
    """One miss is a miss; without a target there is no verdict."""
    both = (Target("value", 100), Target("ratio", 1.5))
    row = Row("n", "w", "ms", Series((20.0,)), Series((10.0,)), targets=both)

    assert row.met is False
    assert Row("n", "w", "ms", Series((20.0,))).met is None


def test_a_ratio_target_needs_something_to_compare_with() -> None:
    """A row that promises a ratio and has none is a mistake, not a success."""
    row = Row("n", "w", "ms", Series((20.0,)), targets=(Target("ratio", 3),))

    with pytest.raises(ValueError, match="nothing to compare"):
        assert row.met
