"""Text for a terminal, on a console that remembers."""

import re
from collections.abc import Sequence
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from fakes import events as told
from fakes.hostile import FORBIDDEN, HOSTILE
from mirador_lsp.cli.render_text import TextRenderer, region
from mirador_lsp.cli.report import FileReport, Report
from mirador_lsp.cli.terminal import console_for
from mirador_lsp.core import events
from mirador_lsp.core.document import Snapshot

_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def drawn(
    sequence: Sequence[events.Event],
    snapshot: Snapshot | None = None,
    *,
    width: int = 80,
    color: bool = True,
    live: bool = False,
    only_progress: bool = False,
) -> str:
    """What a terminal of that width receives."""
    snapshot = snapshot or told.shop()
    stream = StringIO()
    console = Console(
        file=stream,
        width=width,
        height=40,
        force_terminal=True,
        color_system="standard" if color else None,
        no_color=not color,
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
    )
    renderer = TextRenderer(console, live=live, only_progress=only_progress)
    file = FileReport(snapshot, gate=0.35)
    renderer.start()
    renderer.begin(file)
    for event in sequence:
        file(event)
        renderer(event)
        renderer.refresh()
    renderer.stop()
    renderer.end(Report([file], seconds=1.0))
    return stream.getvalue()


def text_of(output: str) -> str:
    """The output without its control sequences."""
    return _SEQUENCE.sub("", output)


def test_a_review_reads_from_top_to_bottom() -> None:
    """Header, stages with model and reason, findings, figures and totals come in order."""
    text = text_of(drawn(told.whole_review(told.shop()), width=120))
    marks = [
        "shop.py  python, 8 lines",
        "instant → quick → deep → synthesis",
        "▸ instant",
        "5:13 error   security    0.90 SQL text is built",
        "✓ instant   0.09 s · 1 finding",
        "▸ quick     qwen2.5-coder-0.5b · first choice of the stage",
        "4:56 warning bug         0.60 The default list",
        "✓ quick     12.3 s · first token 0.42 s · 10.0 tokens/s · 3 findings · 1 rejected",
        "4:56 0.60 → 0.93  bug: found again under the bug lens",
        "withdrawn: the judge says no (0.12)",
        "1 of 3 units not reviewed",
        "partly reviewed",
        "1 error, 1 warning in 1 file · 1 below the gate (--show-withheld)",
    ]
    places = [text.index(mark) for mark in marks]
    assert places == sorted(places)


def test_the_quoted_line_is_the_line_of_the_document() -> None:
    """Below a finding stands its line of code, and only that line."""
    text = text_of(drawn(told.whole_review(told.shop())))
    quote = next(line for line in text.splitlines() if "│ query" in line)
    assert quote.strip() == (
        '│ query = "SELECT * FROM orders WHERE customer = \'" + customer + "\'"'
    )


@pytest.mark.parametrize(
    ("confidence", "code"), [(0.4, "90"), (0.6, "37"), (0.95, "36")], ids=["low", "medium", "high"]
)
def test_confidence_has_three_shades(confidence: float, code: str) -> None:
    """Low is grey, medium white, high cyan."""
    shop = told.shop()
    finding = told.finding(shop, "seen=[]", confidence=confidence)
    output = drawn([events.FindingReported("quick", finding)])
    assert f"\x1b[{code}m{confidence:.2f}" in output


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    """Nothing wraps by accident, however long names and messages are."""
    long = told.shop("a/very/long/path/" * 8 + "shop.py", told.SHOP.replace("customer", "c" * 300))
    finding = told.finding(long, "seen=[]", message="A long message. " * 30)
    sequence = [*told.whole_review(told.shop())[:2], events.FindingReported("instant", finding)]
    text = text_of(drawn(sequence, long, width=width))
    assert max(len(line) for line in text.splitlines()) <= width


def test_without_color_there_is_none() -> None:
    """A console without colour gets no colour codes."""
    output = drawn(told.whole_review(told.shop()), color=False)
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]", output)


def test_the_region_shows_what_the_model_does() -> None:
    """While a stage runs, its unit, lens, progress, prefill and last words are on the screen."""
    everything = told.whole_review(told.shop())
    text = text_of(drawn(everything[:12], live=True))
    assert "0/2  find_orders" in text
    assert "reading 50%" in text
    assert "│ 4 bug warning `seen=[]` The default list is" in text


def test_nothing_is_left_of_the_region() -> None:
    """When no stage runs the region is empty."""
    assert str(region(None, "words", 80)) == ""


def test_progress_for_other_formats_holds_no_findings() -> None:
    """With a machine format the terminal shows stages, and the findings go where they belong."""
    text = text_of(drawn(told.whole_review(told.shop()), only_progress=True))
    assert "▸ quick" in text
    assert "SQL text is built" not in text


def test_the_same_failure_is_explained_once() -> None:
    """Without a model each stage is marked, and the remedy is not repeated for each."""
    text = text_of(drawn(told.no_model(told.shop()), width=120))
    assert text.count("✗") >= 3
    assert text.count("mirador models pull 0.5b") == 2
    assert "did not run, for the same reason" in text


def test_a_model_that_stands_in_is_told_of_once_in_a_run() -> None:
    """The stages of the other files name it all the same."""
    stands_in = events.Notice(events.NoticeKind.FALLBACK, "large is not installed.", stage="deep")
    assert text_of(drawn((stands_in, stands_in), width=120)).count("large is not installed.") == 1


@pytest.mark.parametrize("live", [True, False])
def test_hostile_text_arrives_without_its_teeth(live: bool) -> None:
    """Foreign escapes, markup, links and bidi characters are shown as text or not at all."""
    text = told.SHOP.replace("customer", f"c{HOSTILE}".replace("\r\n", " "))
    shop = told.shop(f"a{HOSTILE}.py", text)
    finding = replace(
        told.finding(shop, "import sqlite3"), message=HOSTILE, quote=HOSTILE, rule=HOSTILE
    )
    on_the_line = told.finding(shop, "seen=[]", confidence=0.9)
    output = drawn(
        (
            events.ReviewStarted(HOSTILE, ("quick",), HOSTILE),
            events.StageStarted("quick", HOSTILE, HOSTILE, 1),
            events.StageProgressed("quick", 0, 1, HOSTILE, HOSTILE),
            *told.spoken("quick", [HOSTILE]),
            events.Notice(events.NoticeKind.SKIPPED, HOSTILE),
            events.FindingReported("quick", finding),
            events.FindingReported("quick", on_the_line),
            events.FindingRevised("quick", finding, HOSTILE),
            events.FindingWithdrawn("quick", finding.id, HOSTILE),
            events.StageFailed("quick", HOSTILE, 0.1, HOSTILE, HOSTILE),
        ),
        shop,
        width=400,
        live=live,
    )
    seen = text_of(output)
    assert not [char for char in FORBIDDEN if char != "\r" and char in seen]
    assert "\x1b]" not in output
    assert "[bold]markup[/bold]" in seen


def test_a_terminal_is_never_given_links_or_markup() -> None:
    """The console of the command line reads neither markup nor emoji codes."""
    stream = StringIO()
    console = console_for(stream, "always", interactive=False)
    console.print("[bold]x[/bold] :skull:")
    assert stream.getvalue() == "[bold]x[/bold] :skull:\n"
