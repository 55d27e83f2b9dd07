"""How data gets to where it does harm, in every format of the command line."""

import io
import json
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
from rich.console import Console

from fakes import events as told
from fakes import ways
from fakes.hostile import FORBIDDEN
from fakes.reports import report_of
from mirador_lsp.cli import render_json, render_markdown, render_sarif
from mirador_lsp.cli.render_plain import PlainRenderer
from mirador_lsp.cli.report import FileReport
from mirador_lsp.cli.rows import finding_row
from mirador_lsp.core.document import Snapshot

_SARIF = Path(__file__).parents[1] / "fixtures/schemas/sarif-2.1.0.json"


def plain(snapshot: Snapshot) -> str:
    """What is written into a pipe."""
    stream = io.StringIO()
    renderer = PlainRenderer(stream)
    file = FileReport(snapshot, gate=0.35)
    renderer.begin(file)
    for event in ways.review(snapshot):
        file(event)
        renderer(event)
    return stream.getvalue()


def sarif(script: Any = ways.review, snapshot: Snapshot | None = None) -> dict[str, Any]:
    """The first result of the log, after the schema has accepted it."""
    report = report_of(script, snapshot)
    text = render_sarif.render(report, show_withheld=False, exit_code=1, root=Path("/work"))
    log = json.loads(text)
    jsonschema.Draft202012Validator(json.loads(_SARIF.read_text())).validate(log)
    result: dict[str, Any] = log["runs"][0]["results"][0]
    return result


def test_lines_of_text_lead_from_the_source_to_the_sink() -> None:
    """Below a finding each place has a line: its part, where it is, what happens, the code."""
    lines = plain(told.shop()).splitlines()
    head = "def find_orders(db: sqlite3.Connection, customer: str, seen=[]):"
    start = next(number for number, line in enumerate(lines) if "source" in line)
    assert lines[start : start + 3] == [
        f"    source 4:41 the parameter `customer` comes in: {head}",
        "    step lib/sql.py:12 given to `quote`: return quote(text)",
        "    sink 7:12 given to `execute`: return db.execute(query).fetchall()",
    ]


def test_a_terminal_shows_the_same_places() -> None:
    """What a pipe gets as lines is drawn below the line of code."""
    stream = io.StringIO()
    file = report_of(ways.review).files[0]
    Console(file=stream, width=120).print(finding_row(file, file.findings[0]))
    shown = stream.getvalue()
    assert shown.index("source 4:41") < shown.index("step lib/sql.py:12")
    assert shown.index("lib/sql.py:12") < shown.index("sink 7:12")


def test_a_finding_without_a_way_is_shown_as_before() -> None:
    """Nothing is added where the way of data is not the matter."""
    report = report_of(told.whole_review)
    assert "source" not in render_markdown.render(report, show_withheld=False)
    assert "codeFlows" not in sarif(told.whole_review)


def test_json_tells_each_place_and_keeps_its_schema() -> None:
    """Programs get part, file, line, column, words and code; another file has no column."""
    text = render_json.render(report_of(ways.review), show_withheld=False, exit_code=1)
    schema = json.loads(
        (resources.files("mirador_lsp.cli") / "review.schema.json").read_text("utf-8")
    )
    document = json.loads(text)
    jsonschema.Draft202012Validator(schema).validate(document)
    stations = document["findings"][0]["stations"]
    assert [(s["role"], s["file"], s["line"], s["column"]) for s in stations] == [
        ("source", "shop.py", 4, 41),
        ("step", "lib/sql.py", 12, None),
        ("sink", "shop.py", 7, 12),
    ]


def test_markdown_lists_the_places() -> None:
    """A pull request shows them as a list within the finding's own entry."""
    shown = render_markdown.render(report_of(ways.review), show_withheld=False)
    assert "  - step lib/sql.py:12: given to \\`quote\\` `return quote(text)`" in shown


def test_sarif_has_a_thread_of_locations() -> None:
    """Code scanning shows the places in order; a file of the workspace is found from its root."""
    shop = replace(told.shop(), path="/work/shop.py")
    (flow,) = sarif(snapshot=shop)["codeFlows"]
    locations = flow["threadFlows"][0]["locations"]
    assert [each["kinds"] for each in locations] == [["acquire"], ["value"], ["usage"]]
    places = [each["location"]["physicalLocation"] for each in locations]
    assert [place["artifactLocation"]["uri"] for place in places] == [
        "shop.py",
        "lib/sql.py",
        "shop.py",
    ]
    assert [place["region"]["startLine"] for place in places] == [4, 12, 7]


def test_hostile_places_do_nothing() -> None:
    """Names of files, code and words of stations are shown as text in every format."""
    report = report_of(ways.hostile_review)
    shown = [
        render_markdown.render(report, show_withheld=False),
        render_json.render(report, show_withheld=False, exit_code=1),
        json.dumps(sarif(ways.hostile_review), ensure_ascii=False),
    ]
    for text in shown:
        assert not [each for each in FORBIDDEN if each in text]
