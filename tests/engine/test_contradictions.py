"""Of two who advise the opposite one is heard, by a stated order."""

import pytest

from mirador_lsp.core.events import Event, FindingReported, FindingWithdrawn, Notice
from mirador_lsp.core.findings import Finding, Lens, Origin, Severity
from mirador_lsp.core.text import LineIndex, Span
from mirador_lsp.engine.contradictions import contradict
from mirador_lsp.engine.ledger import Ledger

TEXT = "value = load(path)\nother = 1\n"


def claim(lens: Lens, message: str, confidence: float = 0.7, line: int = 0) -> Finding:
    """What a model says of a line."""
    span = LineIndex(TEXT).line_span(line)
    return Finding(
        id=f"{lens.value}{line}{confidence}",
        rule=f"model/{lens.value}",
        lens=lens,
        severity=Severity.WARNING,
        message=message,
        span=Span(span.start, span.end),
        confidence=confidence,
        origin=Origin("deep", "small"),
    )


CACHE = claim(Lens.PERFORMANCE, "Cache the result of load, it is read again each time.")
FRESH = claim(Lens.SECURITY, "Recompute the result of load, a stale one may be trusted.")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Remove the lock around load.", "Add a lock around load.", True),
        ("Avoid globals like cache here.", "Using globals keeps the cache simple.", True),
        ("Inlining the helper would be faster.", "Extract the helper into a function.", True),
        ("Remove the lock around load.", "Add a timeout to the request.", False),
        ("Add a lock around load.", "Add a lock around load as well.", False),
        ("Add and remove the lock in one place.", "Remove the lock around load.", False),
        ("The name misleads.", "This raises on an empty list.", False),
    ],
)
def test_opposite_advice_about_the_same_is_a_contradiction(
    one: str, other: str, expected: bool
) -> None:
    """It takes opposite verbs and a common subject."""
    first, second = claim(Lens.PERFORMANCE, one), claim(Lens.BUG, other)

    assert contradict(first, second) is expected
    assert contradict(second, first) is expected


def test_one_reviewer_does_not_contradict_himself() -> None:
    """Two claims under one lens are merged, not weighed."""
    assert not contradict(
        claim(Lens.BUG, "Remove the lock around load."), claim(Lens.BUG, "Add a lock around load.")
    )


def told(*claims: Finding) -> tuple[list[Event], Ledger]:
    """What listeners are told of claims in that order."""
    said: list[Event] = []
    ledger = Ledger(said.append, 0.35, LineIndex(TEXT))
    for each in claims:
        ledger.propose("deep", each)
    return said, ledger


def test_security_goes_before_performance_whoever_speaks_first() -> None:
    """The other one is withdrawn, or not shown at all, and counted in both cases."""
    said, ledger = told(CACHE, FRESH)
    assert [type(event) for event in said] == [FindingReported, FindingWithdrawn, FindingReported]
    assert isinstance(said[1], FindingWithdrawn)
    assert said[1].reason == (
        "security goes before performance where the two contradict each other"
    )
    assert ledger.shown() == [FRESH]
    assert ledger.withdrawn == 1

    said, ledger = told(FRESH, CACHE)
    assert [type(event) for event in said] == [FindingReported, Notice]
    assert ledger.shown() == [FRESH]
    assert ledger.withdrawn == 1


def test_findings_of_other_lines_and_other_things_both_stand() -> None:
    """Only of one line can two not be followed at once."""
    elsewhere = claim(Lens.SECURITY, FRESH.message, line=1)
    _, ledger = told(CACHE, elsewhere)
    assert len(ledger.shown()) == 2


def test_a_fact_goes_before_a_claim() -> None:
    """Whatever the claim is about."""
    said: list[Event] = []
    ledger = Ledger(said.append, 0.35, LineIndex(TEXT))
    fact = claim(Lens.STYLE, "Remove the result of load, it is never used.", 0.9)
    fact = Finding(**{**vars(fact), "rule": "ruff/F841", "origin": Origin("instant", "ruff")})
    ledger._put("instant", fact)

    ledger.propose("deep", claim(Lens.SECURITY, "Add a check of the result of load."))

    assert [finding.rule for finding in ledger.shown()] == ["ruff/F841"]
