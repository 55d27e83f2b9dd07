"""How the judge's words become odds."""

import math

import pytest

from mirador_lsp.engine.stages.judging import logit_of_yes


@pytest.mark.parametrize(
    ("listed", "logit"),
    [
        ({"yes": 0.5, "no": 0.5}, 0.0),
        ({" Yes": 0.6, "yes": 0.2, "no": 0.2}, math.log(4)),
        ({"no": 0.9, "yes": 0.1}, -math.log(9)),
        ({"yes": 0.999, "maybe": 0.001}, math.log(999)),
    ],
)
def test_odds_come_from_the_listed_tokens(listed: dict[str, float], logit: float) -> None:
    """Spellings add up; a word that is not listed weighs as much as the least of those that are."""
    alternatives = [(token, math.log(p)) for token, p in listed.items()]

    assert logit_of_yes(alternatives) == pytest.approx(logit)


def test_no_probabilities_no_verdict() -> None:
    """A judge that cannot be weighed does not judge."""
    assert logit_of_yes([]) is None
    assert logit_of_yes([("maybe", -0.1)]) is None


def test_a_surer_judge_never_believes_less() -> None:
    """The odds grow with the probability of yes, also where no is no longer listed."""
    odds = [
        logit_of_yes([("yes", math.log(p)), *rest])
        for p, rest in [
            (0.9, [("no", math.log(0.1))]),
            (0.97, [("no", math.log(0.03))]),
            (0.99999, [("maybe", math.log(0.00001))]),
        ]
    ]

    assert odds == sorted(odds, key=lambda value: value or 0.0)
