"""What is learned from decisions is said in every format of a report."""

import io
import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from fakes import events as told
from fakes.reports import report_of
from mirador_lsp.cli import render_json, render_markdown, render_sarif, wording
from mirador_lsp.cli.report import Report
from mirador_lsp.cli.rows import finding_row
from mirador_lsp.cli.terminal import console_for
from mirador_lsp.core import events
from mirador_lsp.core.document import Snapshot

WHY = "you dismissed 4 like this"
LIKED = "you accepted 2 like this"


def learned(shop: Snapshot) -> Iterable[events.Event]:
    """One finding is shown first because of decisions, one is doubted, one is withheld."""
    first = replace(told.sql(shop), favoured=True, lesson=LIKED)
    faint = replace(told.finding(shop, "seen=[]"), confidence=0.2, lesson=WHY)
    gone = events.Hushed(replace(told.sql(shop), id="gone"), events.Hush.LEARNED, WHY)
    return (
        events.ReviewStarted("shop.py", ("instant",), ""),
        events.FindingReported("instant", first),
        events.ReviewFinished(1.0, (first,), (faint,), 0, 0, reviewed=True, hushed=(gone,)),
    )


def report() -> Report:
    """The report of that review."""
    return report_of(learned)


def test_the_last_line_counts_what_is_withheld_for_likeness() -> None:
    """And a list names the reason."""
    assert "1 like others you dismissed" in wording.totals(report(), withheld_shown=True)
    (file,) = report().files
    assert wording.why_hushed(file.hushed[0]) == f"learned: {WHY}"


def test_markdown_says_it() -> None:
    """The count, and beside a finding why it stands where it does."""
    text = render_markdown.render(report(), show_withheld=True)
    assert "Not shown: 1 like others you dismissed." in text
    assert LIKED in text
    assert WHY in text


def test_json_says_it() -> None:
    """Who is favoured, and by what; who is withheld, and why."""
    document = json.loads(render_json.render(report(), show_withheld=True, exit_code=0))
    (file,) = document["files"]
    assert (file["learned"], file["dismissed"]) == (1, 0)
    said = [(f["favoured"], f["lesson"], f["hushed_by"]) for f in document["findings"]]
    assert said == [(True, LIKED, ""), (False, WHY, ""), (False, "", "learned")]


def test_sarif_says_it() -> None:
    """As a suppression from outside of the source, with its justification."""
    document = json.loads(
        render_sarif.render(report(), show_withheld=True, exit_code=0, root=Path("/work"))
    )
    results = document["runs"][0]["results"]
    said = [each for result in results for each in result.get("suppressions", ())]
    assert [(each["kind"], each["justification"]) for each in said if "justification" in each] == [
        ("external", WHY)
    ]
    assert results[0]["properties"]["lesson"] == LIKED


def test_a_row_in_the_terminal_says_it() -> None:
    """Behind the message."""
    (file,) = report().files
    stream = io.StringIO()
    console_for(stream, "never", interactive=False).print(finding_row(file, file.findings[0]))
    assert LIKED in " ".join(stream.getvalue().split())
