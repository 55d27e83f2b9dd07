"""What several models say together makes Mirador surer, or less sure, by a stated rule."""

import pytest

from mirador_lsp.engine.voices import combined, trusts


def test_a_single_voice_counts_as_it_is() -> None:
    """Nobody else was asked, so nothing is added and nothing taken away."""
    assert combined([0.6], []) == pytest.approx(0.6)


def test_voices_that_agree_are_surer_than_each_alone() -> None:
    """A noisy-or: what is left of the doubt of one, the other may take away."""
    assert combined([0.6, 0.5], []) == pytest.approx(0.8)


def test_agreement_never_amounts_to_certainty() -> None:
    """Models learn from the same texts and err alike."""
    assert combined([0.95, 0.95, 0.95], []) == pytest.approx(0.97)


def test_silence_of_a_trusted_model_costs_more_than_that_of_another() -> None:
    """Three tenths, times the trust in who is silent."""
    assert combined([0.6], [1.0]) == pytest.approx(0.42)
    assert combined([0.6], [0.5]) == pytest.approx(0.51)


def test_the_best_model_is_trusted_and_the_others_beside_it() -> None:
    """Trust is relative: a panel of weak models still has a best one."""
    assert trusts({"small": 0.2, "large": 0.4}) == {"small": 0.5, "large": 1.0}


def test_models_of_which_nothing_good_is_known_are_trusted_alike() -> None:
    """Nobody can be told apart, so nobody is weighed down."""
    assert trusts({"one": 0.0, "other": 0.0}) == {"one": 1.0, "other": 1.0}
