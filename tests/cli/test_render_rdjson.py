"""The report in reviewdog's format.

The schema restates the messages of the format's definition: `DiagnosticResult`, `Diagnostic`,
`Location`, `Range`, `Position`, `Suggestion`, `Source` and `Code`, with no further field.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
from hypothesis import given
from hypothesis import strategies as st

from fakes import events as told
from fakes.hostile import FORBIDDEN
from fakes.reports import hostile_report, report_of
from mirador_lsp.cli import render_rdjson
from mirador_lsp.cli.report import FileReport, Report
from mirador_lsp.core.edits import Edit, Fix, apply
from mirador_lsp.core.events import ReviewFinished
from mirador_lsp.core.text import Span

_TEXT = {"type": "string"}


def _message(required: str = "", **fields: object) -> dict[str, object]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": required.split(),
        "properties": fields,
    }


_POSITION = _message("line", line={"type": "integer"}, column={"type": "integer", "minimum": 1})
_RANGE = _message("start", start=_POSITION, end=_POSITION)
_SEVERITY = {"enum": ["UNKNOWN_SEVERITY", "ERROR", "WARNING", "INFO"]}
_SOURCE = _message("", name=_TEXT, url=_TEXT)
_DIAGNOSTIC = _message(
    "message location",
    message=_TEXT,
    location=_message("path", path=_TEXT, range=_RANGE),
    severity=_SEVERITY,
    source=_SOURCE,
    code=_message("", value=_TEXT, url=_TEXT),
    suggestions={"type": "array", "items": _message("range text", range=_RANGE, text=_TEXT)},
    original_output=_TEXT,
)
_RESULT = _message(
    "",
    diagnostics={"type": "array", "items": _DIAGNOSTIC},
    source=_SOURCE,
    severity=_SEVERITY,
)


def checked(report: Report) -> list[dict[str, Any]]:
    """The diagnostics, after the schema has accepted them."""
    document = json.loads(render_rdjson.render(report, root=Path("/work")))
    jsonschema.Draft202012Validator(_RESULT).validate(document)
    diagnostics: list[dict[str, Any]] = document["diagnostics"]
    return diagnostics


def mended(text: str, suggestion: dict[str, Any]) -> str:
    """`text` with a suggestion taken, by lines and by columns in bytes as the format has them."""
    lines = text.encode().splitlines(keepends=True)
    starts = [sum(map(len, lines[:number])) for number in range(len(lines) + 1)]

    def offset(position: dict[str, int]) -> int:
        return starts[position["line"] - 1] + position["column"] - 1

    start, end = offset(suggestion["range"]["start"]), offset(suggestion["range"]["end"])
    whole = text.encode()
    return (whole[:start] + suggestion["text"].encode() + whole[end:]).decode()


def test_a_finding_is_a_diagnostic() -> None:
    """With its place, severity, rule and the page about the rule."""
    first = checked(report_of(told.whole_review))[0]
    assert first["severity"] == "ERROR"
    assert first["location"]["path"] == "shop.py"
    assert first["location"]["range"]["start"] == {"line": 5, "column": 13}
    assert first["code"]["value"] == "ruff/S608"
    assert first["code"]["url"].startswith("https://docs.astral.sh/")


def fixed(text: str, edits: tuple[Edit, ...]) -> dict[str, Any]:
    """The one diagnostic of a finding with a fix."""
    shop = told.shop(text=text)
    one = told.sql(told.shop())
    finding = replace(one, span=edits[0].span, fix=Fix("Mend it", edits, safe=True))
    file = FileReport(shop, gate=0)
    file.end = ReviewFinished(1.0, (finding,), (), 0, 0, reviewed=True)
    (diagnostic,) = checked(Report([file]))
    return diagnostic


@given(st.text(alphabet="aé𐐀 \n", max_size=30), st.data())
def test_a_suggestion_taken_is_the_fix_made(text: str, data: st.DataObject) -> None:
    """All edits of a fix are one suggestion, and columns count bytes: the result is the same."""
    places = st.integers(0, len(text))
    bounds = sorted(data.draw(st.lists(places, min_size=4, max_size=4)))
    first = Edit(Span(bounds[0], bounds[1]), "é1")
    second = Edit(Span(bounds[2], bounds[3]), "")
    try:
        wanted = apply(text, (first, second))
    except ValueError:
        return
    (suggestion,) = fixed(text, (first, second))["suggestions"]
    assert mended(text, suggestion) == wanted


def test_a_fix_that_spans_much_is_no_suggestion() -> None:
    """A comment with hundreds of lines helps nobody; the finding stays."""
    text = "x\n" * 4000
    far = (Edit(Span(0, 1), "y"), Edit(Span(7000, 7001), "y"))
    assert "suggestions" not in fixed(text, far)


def test_hostile_text_stays_text() -> None:
    """No control character reaches the report."""
    text = json.dumps(checked(hostile_report()), ensure_ascii=False)
    assert not [char for char in FORBIDDEN if char in text]
