"""Patterns and flows of one place: one finding, and none where nothing gets there."""

from mirador_lsp.core.findings import Finding, Lens, Origin, Severity, Station
from mirador_lsp.core.text import Span
from mirador_lsp.engine.stages.instant import doubted, joined


def found(rule: str, start: int, confidence: float, *stations: int, cwe: str = "CWE-78") -> Finding:
    """A finding of five characters, with stations of one."""
    return Finding(
        id=f"{rule}{start}",
        rule=rule,
        lens=Lens.SECURITY,
        severity=Severity.WARNING if stations else Severity.ERROR,
        message="It does harm.",
        span=Span(start, start + 5),
        confidence=confidence,
        origin=Origin("instant", rule.partition("/")[0]),
        cwe=cwe,
        stations=tuple(Station(Span(at, at + 1), "here") for at in stations),
    )


def test_a_pattern_where_a_flow_ends_is_a_second_voice() -> None:
    """The flow is told, as sure and as bad as the surer of the two."""
    flow = found("flow/command-injection", 10, 0.6, 1, 12)
    (told,) = joined([found("ruff/S605", 11, 0.8), flow])

    assert told.rule == "flow/command-injection"
    assert (told.confidence, told.severity) == (0.8, Severity.ERROR)
    assert told.confirmed_by == ("ruff/S605",)
    assert told.stations == flow.stations


def test_a_weakness_of_the_same_kin_is_the_same_one() -> None:
    """`eval` of what comes in is one danger, whatever each analyzer calls it."""
    flow = found("flow/code-injection", 10, 0.6, 1, 12, cwe="CWE-94")
    (told,) = joined([found("ruff/S307", 11, 0.8, cwe="CWE-95"), flow])

    assert (told.rule, told.confirmed_by) == ("flow/code-injection", ("ruff/S307",))


def test_another_place_and_another_weakness_stay_apart() -> None:
    """They are findings of their own."""
    flow = found("flow/command-injection", 10, 0.6, 1, 12)
    others = [found("ruff/S605", 40, 0.8), found("ruff/S608", 11, 0.8, cwe="CWE-89")]

    assert joined([flow, *others]) == [flow, *others]


def test_what_data_flow_has_cleared_is_hardly_believed() -> None:
    """It falls below the gate; a flow is never doubted, nor another weakness."""
    pattern = found("ruff/S605", 10, 0.8)
    cleared = [(Span(8, 20), "CWE-78")]

    (told,) = doubted([pattern], cleared)
    assert told.confidence == 0.096
    flow = found("flow/command-injection", 10, 0.6, 1, 12)
    query = found("ruff/S608", 11, 0.8, cwe="CWE-89")
    assert doubted([flow, query], cleared) == [flow, query]
