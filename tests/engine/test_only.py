"""Reviews of a part of a document: what lies elsewhere is neither asked about nor shown."""

from pathlib import Path

from fakes.reviewing import end_of, python, reviewed
from mirador_lsp.core.events import Notice, NoticeKind, ReviewStarted, StageStarted, StreamToken
from mirador_lsp.core.text import LineIndex, Span
from mirador_lsp.engine.scope import Scope

TEXT = """\
def first(a, b):
    eval
    x = a
    return a / b


def second(a, b):
    eval
    x = a
    return a / b
"""
MODEL = """
[[model]]
name = "qwen2.5-coder-0.5b"
[[reply]]
text = "- bug: This divides by the number of items, which may be zero. Code: `return a / b`"
"""


async def test_only_the_units_and_findings_of_the_part_are_looked_at(tmp_path: Path) -> None:
    """The other function is neither asked about nor reported, and it is said."""
    start = TEXT.index("def second")
    only = (Span(start, start + 3), Span(start, len(TEXT)))
    events = await reviewed(python(TEXT), tmp_path, MODEL, words=["eval"], only=only)

    units = {e.metadata["unit"] for e in events if isinstance(e, StreamToken)}
    assert units == {"second", "summary"}
    end = end_of(events)
    assert [f.span.start > start for f in end.findings] == [True] * len(end.findings)
    assert {f.rule for f in end.findings} <= {"ruff/eval", "model/bug"}
    started = next(e for e in events if isinstance(e, ReviewStarted))
    assert started.reason == "because you asked for it, for 4 of 11 lines"
    sizes = {e.stage: e.units for e in events if isinstance(e, StageStarted)}
    assert (sizes["quick"], sizes["deep"]) == (1, 1)
    said = [e.message for e in events if isinstance(e, Notice) and e.kind is NoticeKind.OUTSIDE]
    assert any("outside of what was asked for left out" in text for text in said)


async def test_a_finding_on_a_touched_line_counts(tmp_path: Path) -> None:
    """A part is made of whole lines, wherever in them its ends lie."""
    at = TEXT.index("eval") + 2
    end = end_of(
        await reviewed(
            python(TEXT), tmp_path, words=["eval"], stages=("instant",), only=(Span(at, at),)
        )
    )

    assert [f.span.start for f in end.findings] == [TEXT.index("eval")]


async def test_nothing_within_the_part_is_a_review_without_findings(tmp_path: Path) -> None:
    """It was looked at; what lies elsewhere is counted."""
    events = await reviewed(
        python(TEXT), tmp_path, words=["eval"], stages=("instant",), only=(Span(0, 5),)
    )

    assert (end_of(events).findings, end_of(events).reviewed) == ((), True)
    said = [e.message for e in events if isinstance(e, Notice)]
    assert said == ["cart.py: 2 findings outside of what was asked for left out."]


def test_a_part_at_the_end_of_a_text_has_lines() -> None:
    """An empty place after the last line end is the last, empty line."""
    lines = LineIndex("a\nb\n")

    assert Scope((Span(4, 4),), lines).size() == 1
    assert Scope((Span(0, 4),), lines).size() == 2
    assert Scope(None, lines).size() == 3
