"""Spans of time as users write them."""

from datetime import UTC, datetime

import pytest

from mirador_lsp.cli.spans import moment_of
from mirador_lsp.core.errors import UserError

NOW = 1_700_049_600.0


@pytest.mark.parametrize(
    ("text", "ago"),
    [("30m", 1800), ("12h", 43_200), ("1d", 86_400), ("2w", 14 * 86_400), (" 7D ", 7 * 86_400)],
)
def test_so_long_ago(text: str, ago: float) -> None:
    """A number and a unit; to within an hour, where clocks are put forward in between."""
    assert NOW - moment_of(text, NOW) == pytest.approx(ago, abs=3600)


def test_all_is_from_the_beginning() -> None:
    """Zero."""
    assert moment_of("all", NOW) == 0.0


@pytest.mark.parametrize("text", ["today", "2023-11-15"])
def test_days_begin_at_midnight_of_the_user(text: str) -> None:
    """In the zone of the machine."""
    moment = datetime.fromtimestamp(moment_of(text, NOW), UTC).astimezone()

    assert (moment.hour, moment.minute) == (0, 0)
    assert moment.timestamp() <= NOW


@pytest.mark.parametrize(
    "text", ["", "5x", "-3d", "0d", "2026-13-01", "99999w\x1b[31m", "yesterday"]
)
def test_what_is_no_span_is_told_with_what_is(text: str) -> None:
    """And without the terminal's control characters."""
    with pytest.raises(UserError) as caught:
        moment_of(text, NOW)

    assert "7d, 12h, 2w, today, all" in caught.value.remedy
    assert "\x1b" not in caught.value.sentence()


def test_a_span_longer_than_there_was_time_is_all_of_it() -> None:
    """Nobody counted before 1970."""
    assert moment_of("99999w", NOW) == 0.0
