"""Whether the models of the stages fit into memory, and what would."""

from mirador_lsp.core.dialogue import ModelCard
from mirador_lsp.core.health import Health
from mirador_lsp.models.fitting import fit_check

GIB = 1 << 30


def card(name: str, gib: float, backend: str = "embedded") -> ModelCard:
    """A model of that size."""
    return ModelCard(name, backend, "d", 4096, int(gib * GIB))


SMALL, LARGE = card("small", 0.5), card("large", 1.0)
BOTH = {"quick": SMALL, "deep": LARGE, "synthesis": LARGE}


def test_what_fits_is_said_and_fine() -> None:
    """Each model once, with its stages."""
    check = fit_check(BOTH, (SMALL, LARGE), 8 * GIB)

    assert check.health is Health.OK
    assert check.detail == "quick on small; deep and synthesis on large"


def test_where_memory_is_short_the_best_that_fits_is_proposed() -> None:
    """Not the smallest: the largest that has room alone."""
    check = fit_check(BOTH, (SMALL, LARGE), 2 * GIB)

    assert check.health is Health.WARNING
    assert check.remedy == "One model for all stages fits: mirador models use large"
    assert fit_check(BOTH, (SMALL, LARGE), GIB).remedy.endswith("use small")
    assert "profile" in fit_check(BOTH, (SMALL, LARGE), GIB // 4).remedy


def test_models_of_servers_take_none_of_it() -> None:
    """They run elsewhere or account for themselves."""
    far = card("lan/huge", 40, "openai")

    assert fit_check({"quick": SMALL, "deep": far}, (SMALL, far), GIB).health is Health.OK


def test_without_a_model_or_without_knowledge_nothing_is_wrong() -> None:
    """The check of the models says what is missing; this one does not repeat it."""
    assert fit_check({}, (), GIB).health is Health.OK
    assert fit_check(BOTH, (SMALL, LARGE), None).health is Health.OK
