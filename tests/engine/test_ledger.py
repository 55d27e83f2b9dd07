"""What is new, what confirms, what is withdrawn."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirador_lsp.core.errors import BadReply
from mirador_lsp.core.events import Event, FindingReported, FindingRevised, FindingWithdrawn
from mirador_lsp.core.findings import Finding, Lens, Origin, Severity, fingerprint
from mirador_lsp.core.outline import Outline, Symbol
from mirador_lsp.core.text import LineIndex, Span
from mirador_lsp.engine.ledger import Ledger

TEXT = "def f():\n    return 1 / 0\n\ndef g():\n    return 1 / 0\n"


def said(line: int, confidence: float, tool: str = "small", lens: Lens = Lens.BUG) -> Finding:
    """What a model says about a line."""
    span = LineIndex(TEXT).line_span(line)
    quote = TEXT[span.start : span.end].strip()
    return Finding(
        id=fingerprint(f"model/{lens.value}", quote, f"s{line}"),
        rule=f"model/{lens.value}",
        lens=lens,
        severity=Severity.WARNING,
        message=f"{tool} says so.",
        span=span,
        confidence=confidence,
        origin=Origin("quick", tool),
        quote=quote,
    )


def fact(line: int, rule: str = "ruff/X1") -> Finding:
    """What an analyzer says about a line."""
    return replace(said(line, 0.9, "ruff"), rule=rule, id="raw")


def ledger(gate: float = 0.35) -> tuple[Ledger, list[Event]]:
    """A ledger and the events it tells."""
    events: list[Event] = []
    return Ledger(events.append, gate, LineIndex(TEXT)), events


def test_two_models_on_one_line_are_one_finding_and_surer() -> None:
    """The second voice revises; the id stays."""
    book, events = ledger()
    book.propose("quick", said(1, 0.5))
    book.propose("deep", said(1, 0.6, "large"))

    assert [type(e) for e in events] == [FindingReported, FindingRevised]
    (finding,) = book.shown()
    assert finding.id == said(1, 0.5).id
    assert finding.origin.tool == "large"
    assert finding.confirmed_by == ("small",)
    assert 0.6 < finding.confidence < 1


@pytest.mark.parametrize("first", [0.28, 0.6])
def test_a_voice_that_would_not_be_shown_lifts_nothing(first: float) -> None:
    """It is named beside the other one, which stays as sure as it was."""
    book, _ = ledger()
    book.propose("quick", said(1, first))
    book.propose("deep", said(1, 0.88 - first, "large"))

    (finding,) = book.shown()
    assert finding.confidence == 0.6
    assert len(finding.confirmed_by) == 1


def test_the_same_model_twice_is_no_second_voice() -> None:
    """Repeating oneself does not make one right."""
    book, events = ledger()
    book.propose("quick", said(1, 0.5))
    book.propose("deep", said(1, 0.4))

    assert len(events) == 1
    assert book.shown()[0].confidence == 0.5


def test_a_model_that_says_what_an_analyzer_said_confirms_it() -> None:
    """Same line and lens: the analyzer's finding stays, with the model as a second voice."""
    book, _ = ledger()
    book.record_facts("instant", [fact(1)], Outline((), ()))
    book.propose("deep", said(1, 0.8))

    (finding,) = book.shown()
    assert finding.rule == "ruff/X1"
    assert finding.confirmed_by == ("small",)


def test_another_defect_on_the_line_of_a_fact_is_a_finding_of_its_own() -> None:
    """Another lens and other words: it neither vanishes nor lifts the fact."""
    book, _ = ledger()
    book.record_facts("instant", [fact(1)], Outline((), ()))
    other = replace(said(1, 0.8, lens=Lens.SECURITY), message="Untrusted text reaches a shell.")
    book.propose("deep", other)

    assert [f.rule for f in book.shown()] == ["ruff/X1", "model/security"]
    assert book.shown()[0].confirmed_by == ()


def test_the_same_words_under_another_lens_are_the_same_finding() -> None:
    """Lenses overlap; a reader wants to be told once."""
    book, _ = ledger()
    book.propose("quick", replace(said(1, 0.5), message="Division by zero is possible here."))
    second = replace(
        said(1, 0.6, "large", Lens.SECURITY), message="Possible division by zero in this line."
    )
    book.propose("deep", second)

    assert len(book.shown()) == 1


def test_mending_one_of_two_equal_calls_keeps_the_identity_of_the_other() -> None:
    """The whole line counts, not only the first token of the span."""
    text = "def g():\n    run(a, shell=True)\n    run(b, shell=True)\n"
    lines = LineIndex(text)

    def found(line: int) -> Finding:
        start = lines.line_span(line).start + 4
        return replace(fact(1), span=Span(start, start + 3), quote="run")

    both = Ledger(lambda _: None, 0.35, lines)
    both.record_facts("instant", [found(1), found(2)], Outline((), ()))
    one = Ledger(lambda _: None, 0.35, lines)
    one.record_facts("instant", [found(2)], Outline((), ()))

    assert one.shown()[0].id == both.shown()[1].id


def test_findings_below_the_gate_are_kept_and_told_when_lifted() -> None:
    """Withheld is counted; a later stage may lift it."""
    book, events = ledger(gate=0.5)
    book.propose("quick", said(1, 0.4))
    assert events == []
    assert len(book.withheld()) == 1

    book.propose("deep", said(1, 0.7, "large"))
    assert [type(e) for e in events] == [FindingReported]


def test_a_finding_revised_below_the_gate_disappears_but_is_counted() -> None:
    """Listeners see it withdrawn; the ledger still holds it as withheld."""
    book, events = ledger(gate=0.5)
    book.propose("quick", said(1, 0.6))
    book.revise("synthesis", replace(book.shown()[0], confidence=0.1), "judged")

    assert isinstance(events[-1], FindingWithdrawn)
    assert len(book.withheld()) == 1


def test_a_withdrawn_finding_is_gone_and_counted() -> None:
    """Nothing withdrawn is shown or withheld."""
    book, events = ledger()
    book.propose("quick", said(1, 0.6))
    book.withdraw("synthesis", book.shown()[0], "does not hold")

    assert isinstance(events[-1], FindingWithdrawn)
    assert (book.findings(), book.withdrawn) == ([], 1)


def test_equal_code_in_two_symbols_has_two_identities() -> None:
    """The symbol is part of the fingerprint."""
    outline = Outline(
        (
            Symbol("f", "function", Span(0, 26), Span(0, 8)),
            Symbol("g", "function", Span(27, 52), Span(27, 35)),
        ),
        (),
    )
    book, _ = ledger()
    book.record_facts("instant", [fact(1), fact(4)], outline)

    first, second = book.shown()
    assert first.id != second.id
    assert {first.symbol, second.symbol} == {"f", "g"}


def test_an_identity_survives_lines_added_above() -> None:
    """Ids are made of rule, code and symbol, never of line numbers."""
    shifted = "\n\n" + TEXT
    index = LineIndex(shifted)
    moved = replace(fact(1), span=index.line_span(3))
    before, _ = ledger()
    before.record_facts("instant", [fact(1)], Outline((), ()))
    after = Ledger(lambda _: None, 0.35, index)
    after.record_facts("instant", [moved], Outline((), ()))

    assert before.shown()[0].id == after.shown()[0].id


@given(st.permutations([said(1, 0.5), said(4, 0.6), said(0, 0.4)]))
def test_the_order_of_findings_within_a_stage_does_not_matter(findings: list[Finding]) -> None:
    """Merging is order-independent for different places."""
    book, _ = ledger()
    for finding in findings:
        book.propose("quick", finding)

    assert [f.confidence for f in book.shown()] == [0.6, 0.5, 0.4]


def test_proposing_twice_changes_nothing() -> None:
    """Merging is idempotent."""
    book, events = ledger()
    for _ in range(2):
        book.propose("quick", said(1, 0.5))

    assert len(events) == 1


def test_what_a_broken_reply_said_is_taken_back() -> None:
    """A new finding goes, and one that the reply confirmed is again as sure as before."""
    book, events = ledger()
    book.propose("quick", said(1, 0.5))
    (before,) = book.shown()

    def break_off() -> None:
        with book.unless_it_breaks_off("deep"):
            book.propose("deep", said(1, 0.6, "large"))
            book.propose("deep", said(4, 0.6, "large"))
            message = "it broke off"
            raise BadReply(message)

    with pytest.raises(BadReply):
        break_off()

    assert book.shown() == [before]
    assert book.withdrawn == 1
    revised, withdrawn = events[-2:]
    assert isinstance(revised, FindingRevised)
    assert isinstance(withdrawn, FindingWithdrawn)
    assert withdrawn.unproven


def test_what_a_whole_reply_said_stays() -> None:
    """Without an error the block takes nothing back."""
    book, _ = ledger()
    with book.unless_it_breaks_off("deep"):
        book.propose("deep", said(4, 0.6, "large"))
    assert len(book.shown()) == 1
    assert book.withdrawn == 0
