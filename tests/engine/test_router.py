"""Which model runs a stage, as a table."""

import pytest

from mirador_lsp.core.dialogue import ModelCard
from mirador_lsp.core.policy import StagePolicy
from mirador_lsp.engine.router import ceiling, choose


def card(name: str, parameters: float = 1.5) -> ModelCard:
    """A card of that name."""
    return ModelCard(name, "scripted", "d", 4096, 0, parameters)


def policy(*models: str, confidence: float = 0.85) -> StagePolicy:
    """A policy that prefers these models."""
    return StagePolicy("deep", models, 100, 0.0, 60, confidence)


@pytest.mark.parametrize(
    ("wanted", "present", "chosen", "reason"),
    [
        (("big", "small"), ("small", "big"), ["big", "small"], "first choice for deep"),
        (("big", "small"), ("small",), ["small"], "big is not installed"),
        (("big",), ("other",), ["other"], "none of big is installed"),
        (("big",), (), [], "no model is installed"),
    ],
)
def test_the_first_model_that_is_there_runs_and_says_why(
    wanted: tuple[str, ...], present: tuple[str, ...], chosen: list[str], reason: str
) -> None:
    """Preference order, then the fallback, then whatever is there; the reason is for people."""
    choice = choose(policy(*wanted), [card(name) for name in present])

    assert [c.name for c in choice.cards] == chosen
    assert choice.reason == reason


def test_a_small_model_is_never_surer_than_a_first_look() -> None:
    """Half a billion parameters do not become a deep look by running in the deep stage."""
    assert ceiling(policy("m"), card("m", 0.5)) == 0.6
    assert ceiling(policy("m"), card("m", 1.5)) == 0.85
    assert ceiling(policy("m", confidence=0.3), card("m", 0.5)) == 0.3
