"""How many texts are embedded at once."""

import pytest

from mirador_lsp.index.pacing import FIRST, MOST, SECONDS, Pace


@pytest.mark.parametrize("each", [0.001, 0.02, 0.1])
def test_a_batch_comes_to_take_as_long_as_it_should(each: float) -> None:
    """Whether an embedder is quick or slow: few texts at first, then as many as fit."""
    pace = Pace()
    assert pace.texts == FIRST
    for _ in range(12):
        pace.took(pace.texts, pace.texts * each)

    assert pace.texts == pytest.approx(min(MOST, SECONDS / each), abs=1)


def test_a_slow_batch_is_no_reason_to_stop() -> None:
    """There is always one text, and a single slow batch halves the next one at most."""
    pace = Pace()
    for _ in range(12):
        pace.took(pace.texts, 0.0)
    pace.took(MOST, 1e6)
    assert pace.texts == MOST // 2
    for _ in range(12):
        pace.took(pace.texts, 1e6)
    assert pace.texts == 1
