"""Which model does a task, as tables."""

from dataclasses import replace

import pytest

from mirador_lsp.core.dialogue import ModelCard
from mirador_lsp.core.findings import Lens
from mirador_lsp.core.policy import StagePolicy
from mirador_lsp.core.routing import (
    ENOUGH,
    Fitness,
    Insight,
    Matrix,
    Standing,
    billions,
    review_task,
)
from mirador_lsp.engine.capabilities import shipped_matrix
from mirador_lsp.engine.router import ceiling, choose, missing

DEEP = "review.deep"


def card(name: str, parameters: float = 1.5, *, can_judge: bool = False) -> ModelCard:
    """A card of that name."""
    return ModelCard(name, "scripted", "d", 4096, 0, parameters, can_judge=can_judge)


def policy(*models: str, name: str = "deep", confidence: float = 0.85) -> StagePolicy:
    """A policy that prefers these models."""
    return StagePolicy(name, models, 100, 0.0, 60, confidence)


def standing(model: str, held: int, replies: int = ENOUGH, seconds: float = 1.0) -> Standing:
    """What was measured of a model at the deep stage."""
    return Standing(DEEP, model, "d", replies, held, seconds)


def believing(**models: float) -> Matrix:
    """A matrix about the deep stage."""
    rows = tuple(Fitness(name, value, f"is {name}") for name, value in models.items())
    return Matrix({DEEP: rows})


@pytest.mark.parametrize(
    ("wanted", "present", "chosen", "reason"),
    [
        (("big", "small"), ("small", "big"), ["big", "small"], "first choice for deep"),
        (("big", "small"), ("small",), ["small"], "big is not installed"),
        (("big",), ("other",), ["other"], "big is not installed"),
        (("lab/big",), ("other",), ["other"], "lab/big cannot be used now"),
        (("big", "lab/big"), ("other",), ["other"], "none of big, lab/big can be used"),
        (("big",), ("small", "big"), ["big", "small"], "first choice for deep"),
        (("big",), (), [], "no model is installed"),
        ((), (), [], "no model is installed"),
    ],
)
def test_the_first_model_that_is_there_runs_and_says_why(
    wanted: tuple[str, ...], present: tuple[str, ...], chosen: list[str], reason: str
) -> None:
    """Preference order, then the fallback, then whatever is there; the reason is for people."""
    choice = choose(DEEP, policy(*wanted), [card(name) for name in present], Insight())

    assert [c.name for c in choice.cards] == chosen
    assert choice.reason == reason


def test_without_a_named_model_the_matrix_decides() -> None:
    """The one that is believed to be best goes first, and what is believed of it is the reason."""
    insight = Insight(believing(weak=0.2, strong=0.7))

    choice = choose(DEEP, policy(), [card("weak"), card("unknown"), card("strong")], insight)

    assert [c.name for c in choice.cards] == ["strong", "weak", "unknown"]
    assert choice.reason == "is strong"


def test_what_the_user_names_wins_over_everything() -> None:
    """Neither what is believed nor what was measured reorders a list the user wrote; others stand
    in behind it.
    """
    insight = Insight(
        believing(weak=0.2, strong=0.7), (standing("weak", 0), standing("strong", 20))
    )

    choice = choose(DEEP, policy("weak"), [card("weak"), card("strong")], insight)

    assert [c.name for c in choice.cards] == ["weak", "strong"]


def test_what_leaves_the_machine_stands_in_only_where_it_is_named() -> None:
    """A model of one's own that fails is no reason to send the code away."""
    away = replace(card("google/one"), leaves="The code leaves this machine.")
    there = [card("own"), away, card("other")]

    assert away not in choose(DEEP, policy("own"), there, Insight()).cards
    assert choose(DEEP, policy("own", "google/one"), there, Insight()).cards[1] == away
    insight = Insight(Matrix({DEEP: (Fitness("google/*", 0.9, "is large"),)}))
    assert choose(DEEP, policy("missing"), there, insight).cards[-1] == away
    assert choose(DEEP, policy(), there, insight).cards[0] == away


@pytest.mark.parametrize(
    ("measured", "first"),
    [
        ([], "strong"),
        ([standing("strong", 10), standing("weak", 20)], "weak"),
        ([standing("strong", 10, ENOUGH - 1), standing("weak", 20)], "strong"),
        ([standing("strong", 4)], "strong"),
        ([standing("strong", 18), standing("weak", 20)], "strong"),
        ([standing("strong", 18, seconds=9), standing("weak", 20, seconds=1)], "weak"),
    ],
    ids=[
        "nothing is measured",
        "half of the stronger one's replies broke",
        "one reply short of enough",
        "a task may be hard for all",
        "a few broken replies do not outweigh strength",
        "of two alike the faster one",
    ],
)
def test_after_enough_replies_what_was_measured_counts(
    measured: list[Standing], first: str
) -> None:
    """Worth is what is believed times the share that held; of two alike the faster goes first."""
    insight = Insight(believing(strong=0.6, weak=0.5), tuple(measured))

    choice = choose(DEEP, policy(), [card("strong"), card("weak")], insight)

    assert choice.cards[0].name == first


def test_a_measured_choice_says_what_was_measured() -> None:
    """Who reads the reason learns which model was passed over, and why."""
    measured = (standing("strong", 10), standing("weak", 19, seconds=1.25))
    cards = [card("strong"), card("weak")]

    changed = choose(DEEP, policy(), cards, Insight(believing(strong=0.6, weak=0.5), measured))
    kept = choose(DEEP, policy(), cards[1:], Insight(believing(weak=0.5), measured))

    assert changed.reason == "does better than strong, of whose last 20 replies 10 held"
    assert kept.reason == "is weak; 19 of its last 20 replies held, 1.2 s each"


def test_another_version_of_a_model_is_measured_anew() -> None:
    """Figures belong to a digest."""
    old = Standing(DEEP, "strong", "older", 50, 0, 1.0)
    insight = Insight(believing(strong=0.6, weak=0.5), (old, standing("weak", 20)))

    assert choose(DEEP, policy(), [card("strong"), card("weak")], insight).cards[0].name == "strong"


def test_who_can_judge_goes_first_where_it_is_judged() -> None:
    """The synthesis needs a judge more than it needs size."""
    cards = [card("qwen2.5-coder-7b", 7.6), card("qwen2.5-coder-1.5b", 1.5, can_judge=True)]
    insight = Insight(shipped_matrix())

    choice = choose("review.synthesis", policy(name="synthesis"), cards, insight)

    assert choice.cards[0].name == "qwen2.5-coder-1.5b"


@pytest.mark.parametrize(
    ("stage", "present", "first"),
    [
        ("quick", ["qwen2.5-coder-1.5b", "qwen2.5-coder-0.5b"], "qwen2.5-coder-0.5b"),
        ("deep", ["qwen2.5-coder-1.5b", "qwen2.5-coder-0.5b"], "qwen2.5-coder-1.5b"),
        ("deep", ["qwen2.5-coder-1.5b", "ollama/qwen2.5-coder:7b"], "ollama/qwen2.5-coder:7b"),
        ("deep", ["lan/Qwen/Qwen2.5-Coder-14B-Instruct", "ollama/codellama:7b"], "lan/"),
        ("deep", ["ollama/llama3.1:8b", "ollama/deepseek-coder-v2:16b"], "ollama/deepseek"),
        ("quick", ["ollama/qwen3-coder:30b", "ollama/starcoder2:3b"], "ollama/starcoder2:3b"),
    ],
)
def test_the_shipped_matrix_knows_families_by_name_and_size(
    stage: str, present: list[str], first: str
) -> None:
    """Sizes come from the card or, without one, from the name; servers' models count too."""
    cards = [card(name, 0.0) for name in present]

    choice = choose(f"review.{stage}", policy(name=stage), cards, Insight(shipped_matrix()))

    assert choice.cards[0].name.startswith(first)
    assert choice.reason


@pytest.mark.parametrize(
    ("named", "present", "wanted"),
    [
        ((), ["qwen2.5-coder-0.5b"], "qwen2.5-coder-1.5b"),
        ((), ["qwen2.5-coder-1.5b", "qwen2.5-coder-0.5b"], None),
        ((), ["ollama/qwen2.5-coder:7b"], None),
        (("mine",), ["qwen2.5-coder-1.5b"], "mine"),
        (("qwen2.5-coder-1.5b",), ["qwen2.5-coder-1.5b"], None),
    ],
)
def test_a_better_model_is_missed_only_where_it_would_be_used(
    named: tuple[str, ...], present: list[str], wanted: str | None
) -> None:
    """What is told to be fetched is what the user named, or what would do better."""
    insight = Insight(shipped_matrix())
    cards = [card(name, 0.0) for name in present]
    chosen = choose(DEEP, policy(*named), cards, insight).cards[0]

    assert missing(DEEP, policy(*named), chosen, cards, insight) == wanted


@pytest.mark.parametrize(
    ("lenses", "task"),
    [
        (tuple(Lens), "review.deep"),
        ((Lens.SECURITY,), "review.deep.security"),
        ((Lens.BUG, Lens.SECURITY), "review.deep.faults"),
        ((Lens.STYLE,), "review.deep.polish"),
        ((Lens.BUG, Lens.STYLE), "review.deep"),
    ],
)
def test_lenses_of_one_group_make_a_task_of_their_own(lenses: tuple[Lens, ...], task: str) -> None:
    """A model may be good at one group and not at the other."""
    assert review_task("deep", lenses) == task


def test_a_special_task_goes_before_the_general_one() -> None:
    """And what is not known of the special one holds as of the general one."""
    rows = {
        "review.deep": (Fitness("any", 0.5, "general"), Fitness("other", 0.4, "general")),
        "review.deep.security": (Fitness("other", 0.9, "special"),),
    }
    cards = [card("any"), card("other")]

    assert choose(DEEP, policy(), cards, Insight(Matrix(rows))).cards[0].name == "any"
    special = choose("review.deep.security", policy(), cards, Insight(Matrix(rows)))
    assert [c.name for c in special.cards] == ["other", "any"]


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("qwen2.5-coder:7b", 7),
        ("Qwen2.5-Coder-1.5B-Instruct", 1.5),
        ("mixtral-8x7b", 0),
        ("model", 0),
        ("b", 0),
    ],
)
def test_the_size_is_read_from_the_name(name: str, size: float) -> None:
    """Servers do not always say it; a number that may mean something else counts for nothing."""
    assert billions(card(name, 0.0)) == size


def test_a_small_model_is_never_surer_than_a_first_look() -> None:
    """Half a billion parameters do not become a deep look by running in the deep stage."""
    assert ceiling(policy("m"), card("m", 0.5)) == 0.6
    assert ceiling(policy("m"), card("m", 1.5)) == 0.85
    assert ceiling(policy("m", confidence=0.3), card("m", 0.5)) == 0.3
