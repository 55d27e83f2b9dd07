"""Which model is wanted next."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirador_lsp.models.prediction import LIKELY, Request, likelihoods, wanted_next

QUICK = Request("review.quick", "small", 9, "python")
DEEP = Request("review.deep", "large", 9, "python")
EVENING = Request("explain.quick", "tiny", 21, "rust")


@pytest.mark.parametrize(
    ("past", "hour", "language", "expected"),
    [
        ([], 9, "python", ""),
        ([QUICK], 9, "python", ""),
        ([QUICK] * 4, 9, "python", ""),
        ([QUICK] * 5, 9, "python", "small"),
        ([QUICK, DEEP] * 6 + [QUICK], 9, "python", "large"),
        ([QUICK, DEEP] * 6, 9, "python", "small"),
        ([QUICK, DEEP] * 2, 9, "python", ""),
        ([EVENING] * 8 + [QUICK] * 2, 21, "python", "tiny"),
        ([EVENING] * 8 + [QUICK] * 2, 22, "go", "tiny"),
        ([EVENING] * 8 + [QUICK] * 2, 3, "rust", "tiny"),
        ([EVENING] * 8 + [QUICK] * 2, 3, "go", ""),
        ([EVENING] * 900 + [QUICK, DEEP] * 300, 3, "rust", "small"),
    ],
)
def test_habits_decide_once_there_are_enough(
    past: list[Request], hour: int, language: str, expected: str
) -> None:
    """What follows what, the hour and the language; a handful of requests is no habit."""
    assert wanted_next(past, hour, language) == expected


def test_midnight_is_between_two_hours() -> None:
    """23 and 0 are next to each other."""
    late = [Request("t", "night", 23, "")] * 8 + [Request("u", "day", 12, "")]
    assert wanted_next(late, 0, "") == "night"
    assert wanted_next(late, 2, "") == ""


def test_a_model_that_is_there_need_not_be_loaded() -> None:
    """Then nothing is wanted, or the next likely one."""
    assert wanted_next([QUICK] * 9, 9, "python", besides=["small"]) == ""


_REQUESTS = st.lists(
    st.builds(
        Request,
        st.sampled_from(["t", "u"]),
        st.sampled_from(["a", "b", "c"]),
        st.integers(0, 23),
        st.sampled_from(["", "go"]),
    ),
    max_size=40,
)


@given(_REQUESTS, st.integers(0, 23), st.sampled_from(["", "go", "c"]))
def test_likelihoods_are_probabilities_in_order(
    past: list[Request], hour: int, language: str
) -> None:
    """Of every model that was ever asked, and of no other."""
    found = likelihoods(past, hour, language)
    assert {each.model for each in found} == {each.model for each in past}
    shares = [each.probability for each in found]
    assert shares == sorted(shares, reverse=True)
    assert all(0 <= share < 1 for share in shares)
    assert wanted_next(past, hour, language) in {"", *(e.model for e in found)}
    assert (wanted_next(past, hour, language) != "") == any(share > LIKELY for share in shares)
