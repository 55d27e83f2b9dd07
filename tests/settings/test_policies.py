"""Settings cut down to policies."""

from dataclasses import replace

import pytest

from mirador_lsp.core.errors import UserError
from mirador_lsp.core.findings import Lens
from mirador_lsp.core.policy import STAGES
from mirador_lsp.settings import Settings, answer_policy, change_policy, review_policy


def test_the_default_policy_runs_every_stage_under_every_lens() -> None:
    """Without any setting the whole review runs."""
    policy = review_policy(Settings())
    assert policy.stages == STAGES
    assert policy.lenses == tuple(Lens)
    assert [stage.name for stage in policy.models] == ["quick", "deep", "synthesis"]
    assert policy.gate == 0.35
    assert policy.stage("deep").models == ()
    assert policy.stage("quick").seconds == 60


def test_stages_come_in_their_own_order_and_once() -> None:
    """The order in which a user names stages does not matter."""
    policy = review_policy(Settings(), stages=["deep", "instant", "deep"], lenses=["style", "bug"])
    assert policy.stages == ("instant", "deep")
    assert policy.lenses == (Lens.BUG, Lens.STYLE)


def test_settings_narrow_the_review() -> None:
    """What is set holds when the request names nothing."""
    settings = Settings()
    review = replace(settings.review, stages=("quick",), lenses=("security",))
    policy = review_policy(replace(settings, review=review))
    assert policy.stages == ("quick",)
    assert policy.lenses == (Lens.SECURITY,)


@pytest.mark.parametrize(
    ("stages", "lenses", "part"),
    [
        (["quik"], None, 'no stage "quik"'),
        (None, ["bugs"], 'no lens "bugs"'),
        ([], None, "Not one stage"),
        (None, [], "Not one lens"),
    ],
)
def test_an_unknown_or_empty_choice_is_an_error_with_the_choices(
    stages: list[str] | None, lenses: list[str] | None, part: str
) -> None:
    """A request for what is not there is refused with what there is."""
    with pytest.raises(UserError, match=part) as caught:
        review_policy(Settings(), stages=stages, lenses=lenses)
    assert "Choose from" in caught.value.remedy


@pytest.mark.parametrize(
    ("review", "chosen"),
    [
        (STAGES, ("instant", "quick", "deep")),
        (("quick",), ("instant", "quick")),
        (("deep", "synthesis"), ("instant", "deep")),
        (("instant",), ("instant", "quick", "deep")),
    ],
)
def test_answers_and_changes_use_the_stages_of_reviews(
    review: tuple[str, ...], chosen: tuple[str, ...]
) -> None:
    """Answers use what reviews use, facts always; who reviews without models may still ask one."""
    settings = Settings()
    settings = replace(settings, review=replace(settings.review, stages=review))
    assert answer_policy(settings).stages == chosen
    assert change_policy(settings).stages == chosen


def test_an_answer_has_its_own_limits_and_a_change_those_of_its_stage() -> None:
    """`[answers]` bounds each stage of an answer."""
    settings = Settings()
    settings = replace(settings, answers=replace(settings.answers, max_tokens=64, seconds=7))
    answers, changes = answer_policy(settings), change_policy(settings)
    assert {(s.max_tokens, s.seconds) for s in answers.models} == {(64, 7)}
    assert changes.models == review_policy(settings).models
