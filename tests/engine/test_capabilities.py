"""The capability matrix as a file: the shipped one, and a user's, whoever wrote it."""

import pytest

from mirador_lsp.core.dialogue import ModelCard
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.policy import DEEP, QUICK, SYNTHESIS
from mirador_lsp.core.routing import TASKS, Calibration, Candidate
from mirador_lsp.engine.capabilities import read_matrix, shipped_matrix


def card(name: str, parameters: float = 0.0) -> ModelCard:
    """A card of that name."""
    return ModelCard(name, "scripted", "d", 4096, 0, parameters)


def test_the_shipped_matrix_says_something_of_every_model_at_every_task() -> None:
    """Confidence and a reason, for the models of the catalogue and for strangers alike."""
    matrix = shipped_matrix()
    tasks = [task for task in TASKS if task != "review"]
    tasks += [f"review.{stage}" for stage in (QUICK, DEEP, SYNTHESIS)]

    for task in tasks:
        for model in ("qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b", "x/starcoder2:7b", "y/some:70b"):
            found = matrix.about(task, card(model))
            assert found is not None, (task, model)
            assert 0 < found.confidence < 1
            assert found.reason
    assert matrix.named("review.deep") == ("qwen2.5-coder-1.5b", "qwen2.5-coder-0.5b")


def test_the_users_rows_come_first() -> None:
    """A row of the user's replaces what is shipped; what it does not speak of stays."""
    text = b"""
review.deep:
  - {model: "qwen2.5-coder-0.5b", confidence: 0.99, reason: "tuned on our code"}
"""
    matrix = read_matrix(text, "capabilities.yaml")

    mine = matrix.about("review.deep", card("qwen2.5-coder-0.5b"))
    assert mine is not None
    assert (mine.confidence, mine.reason) == (0.99, "tuned on our code")
    other = card("qwen2.5-coder-1.5b")
    assert matrix.about("review.deep", other) == shipped_matrix().about("review.deep", other)


def test_a_row_may_say_how_often_a_model_was_right() -> None:
    """The curve gives a share that grows with how strongly the model spoke."""
    text = b"""
review.deep:
  - model: tuned
    confidence: 0.9
    reason: our own
    infill: [-3, 0.5]
    judge: {claim: [0, 1], flow: [-2, 0]}
"""
    mine = read_matrix(text, "capabilities.yaml").about("review.deep", card("tuned"))

    assert mine is not None
    assert mine.infill is not None
    assert [round(mine.infill.chance(odds), 2) for odds in (0, 6, 12)] == [0.05, 0.5, 0.95]
    claims = mine.judge[Candidate.CLAIM]
    assert set(mine.judge) == {Candidate.CLAIM, Candidate.FLOW}
    assert claims.chance(0) == 0.5
    assert 0 < claims.chance(-1e9) < claims.chance(1e9) <= 1


def test_a_verdict_is_added_to_what_was_known() -> None:
    """What the curve gives is added to the log-odds; nothing is beyond every doubt."""
    curve = Calibration(-1.0, 0.5)

    assert curve.updated(0.5, 2) == pytest.approx(0.5)
    assert curve.updated(0.8, 2) == pytest.approx(0.8)
    assert curve.updated(0.8, 0) == pytest.approx(0.595, abs=0.001)
    assert 0 < curve.updated(1.0, -30) < 0.001
    assert curve.updated(0.0, 30) > 0.9


def test_no_file_and_an_empty_file_change_nothing() -> None:
    """The shipped matrix holds."""
    assert read_matrix(None, "x") == shipped_matrix()
    assert read_matrix(b"# nothing yet\n", "x").rows == shipped_matrix().rows


_ROW = "{model: m, confidence: 0.5, reason: r}"


@pytest.mark.parametrize(
    "text",
    [
        "review.deep: [" + _ROW.replace("0.5", "7") + "]",
        "review.deep: [" + _ROW.replace("r}", "r, extra: 1}") + "]",
        "review.deep: [" + _ROW.replace("model: m", "model: 'm m'") + "]",
        "deep: [" + _ROW + "]",
        "review.deap: [" + _ROW + "]",
        "- a\n- b\n",
        "review.deep: 3",
        "review.deep: [" + ", ".join([_ROW] * 201) + "]",
        "a: &a [x]\nb: [*a, *a]\n",
        "a: &a {b: c}\nreview.deep: [{<<: *a}]\n",
        "[" * 5000,
        "{" * 5000 + "}" * 5000,
        "review.deep: !!python/object/apply:os.system [true]",
        "review.deep: [\x00]",
        "key: 2001-99-99",
        "n: " + "9" * 10_000,
        "review.deep: [\n",
        "a: " + "x" * 70_000,
    ],
)
def test_a_file_that_cannot_be_used_is_one_error(text: str) -> None:
    """Whatever it holds: a sentence that names the file, never a crash and never a hang."""
    with pytest.raises(UserError, match=r"capabilities\.yaml is not valid"):
        read_matrix(text.encode(), "capabilities.yaml")


def test_bytes_that_are_no_text_are_an_error_too() -> None:
    """As of any other file that cannot be used."""
    with pytest.raises(UserError, match=r"capabilities\.yaml is not valid"):
        read_matrix(b"\xff\xfe\x00", "capabilities.yaml")
