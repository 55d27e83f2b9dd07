"""How alike two findings are, measured on findings that were sorted by hand."""

import itertools
from collections.abc import Sequence

import pytest

from fakes.deciding import found
from fakes.labelled import KINDS
from mirador_lsp.core.findings import Lens
from mirador_lsp.engine.learning.likeness import Told, alike, by_words, comparable

TOLD = [
    (kind, Told(f"model/{kind[0].value}", kind[0], "", message, quote))
    for kind, said in KINDS.items()
    for message, quote in said
]


def pairs() -> tuple[list[tuple[Told, Told]], list[tuple[Told, Told]]]:
    """All pairs that are comparable: of one kind, and of two."""
    same: list[tuple[Told, Told]] = []
    other: list[tuple[Told, Told]] = []
    for (one_kind, one), (other_kind, two) in itertools.combinations(TOLD, 2):
        if comparable(one, two):
            (same if one_kind == other_kind else other).append((one, two))
    return same, other


def test_words_tell_kinds_apart() -> None:
    """Paraphrases on purpose: four of five pairs are in order; few of other kinds are alike."""
    same, other = pairs()
    near = [by_words(*pair) for pair in same]
    far = [by_words(*pair) for pair in other]
    in_order = sum(n > f for n in near for f in far) / len(near) / len(far)
    assert in_order > 0.8

    wrong = sum(alike(*pair, {}) >= 1 for pair in other) / len(other)
    right = sum(alike(*pair, {}) >= 1 for pair in same) / len(same)
    assert wrong < 0.04
    assert right > 0.3


def test_it_is_symmetric_and_whole_for_the_same() -> None:
    """In either order the same; of two equal ones the most there is."""
    for one, other in itertools.combinations([told for _, told in TOLD[:12]], 2):
        assert by_words(one, other) == by_words(other, one)
        assert by_words(one, one) == pytest.approx(1.0)


def test_vectors_count_half_where_both_are_known() -> None:
    """Words in common and a near meaning; only of one length can vectors be compared."""
    one = Told.of(found("The first element may be missing.", "x = rows[0]"))
    other = Told.of(found("An empty list makes this fail.", "y = names[0]"))
    near: dict[str, Sequence[float]] = {one.key: [1.0, 0.0], other.key: [0.8, 0.6]}

    assert alike(one, other, {}) < 1
    assert alike(one, other, near) >= 1
    assert alike(one, other, near | {other.key: [0.8, 0.6, 0.0]}) < 1


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ({}, {"lens": Lens.SECURITY}, False),
        ({"rule": "ruff/B006"}, {"rule": "ruff/F401"}, False),
        ({"rule": "ruff/B006"}, {"rule": "model/bug"}, True),
        ({"rule": "ruff/S1", "cwe": "CWE-1"}, {"rule": "rules/a", "cwe": "CWE-1"}, True),
    ],
)
def test_what_can_be_compared(one: dict[str, str], other: dict[str, str], *, said: bool) -> None:
    """Never across lenses; rules of analyzers only with themselves, unless the weakness is one."""
    assert comparable(Told.of(found(**one)), Told.of(found(**other))) is said  # type: ignore[arg-type]


def test_findings_of_one_analyzer_rule_are_of_one_kind() -> None:
    """Their messages differ in names and numbers, without which they are one text."""
    one = found("`os` imported but unused (1)", "import os", rule="ruff/F401")
    other = found("`json` imported but unused (20)", "from a import json", rule="ruff/F401")
    told = Told.of(one), Told.of(other)
    assert alike(*told, {}) >= 1
    assert told[0] == told[1]
