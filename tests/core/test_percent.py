"""How a confidence is read in figures."""

import pytest

from mirador_lsp.core.findings import ConfidenceBand, percent


@pytest.mark.parametrize(
    ("confidence", "shown"),
    [(0.496, 49), (0.5, 50), (0.799, 79), (0.29, 29), (0.57, 57), (0.8, 80), (0.0, 0), (1.0, 100)],
)
def test_a_confidence_is_never_read_as_that_of_the_band_above(
    confidence: float, shown: int
) -> None:
    """A "low (50 %)" would contradict itself; whole percents stay what they are."""
    assert percent(confidence) == shown
    assert ConfidenceBand.of(percent(confidence) / 100) is ConfidenceBand.of(confidence)
