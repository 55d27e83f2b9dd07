"""Text for pipes and logs."""

import re
from dataclasses import replace
from io import StringIO

from fakes import events as told
from fakes.hostile import FORBIDDEN, HOSTILE
from mirador_lsp.cli.render_plain import PlainRenderer
from mirador_lsp.cli.report import FileReport, Report, SkippedFile
from mirador_lsp.core import events
from mirador_lsp.core.dialogue import Usage
from mirador_lsp.core.document import Snapshot


def written(
    snapshot: Snapshot,
    sequence: tuple[events.Event, ...],
    *,
    quiet: bool = False,
    tokens: bool = False,
    show_withheld: bool = False,
) -> str:
    """What the renderer writes for one file, the end of the run included."""
    stream = StringIO()
    renderer = PlainRenderer(stream, quiet=quiet, tokens=tokens, show_withheld=show_withheld)
    file = FileReport(snapshot, gate=0.35)
    renderer.start()
    renderer.begin(file)
    for event in sequence:
        file(event)
        renderer(event)
    renderer.stop()
    renderer.end(Report([file], [SkippedFile("logo.png", "binary", "binary")], seconds=1.0))
    return stream.getvalue()


def test_findings_stand_on_lines_that_tools_understand() -> None:
    """A finding is `path:line:column: severity lens confidence message [tool]`."""
    shop = told.shop()
    lines = written(shop, told.whole_review(shop)).splitlines()
    assert (
        "shop.py:5:13: error security 0.90 "
        "SQL text is built from a variable; pass it as a parameter instead. [ruff/S608]"
    ) in lines
    assert any(line.startswith("shop.py:4:56: warning bug 0.60 ") for line in lines)


def test_revised_and_withdrawn_findings_say_so() -> None:
    """A later stage's opinion is a line of its own, with its reason."""
    shop = told.shop()
    text = written(shop, told.whole_review(shop))
    assert re.search(r"shop\.py:4:56: warning bug 0\.93 .*\(revised: found again", text)
    assert re.search(r"shop\.py:7:5: .*\(withdrawn: the judge says no \(0\.12\)\)", text)


def test_stages_tell_model_time_and_rates() -> None:
    """The end of a stage names time, first token, tokens per second and what was dropped."""
    shop = told.shop()
    text = written(shop, told.whole_review(shop))
    assert "quick begins by qwen2.5-coder-0.5b (first choice of the stage)" in text
    assert "quick took 12.3 s, first token 0.42 s, 10.0 tokens/s, 3 findings, 1 rejected" in text
    assert "1 of 3 units not reviewed" in text


def test_what_lies_below_the_gate_is_counted_or_shown() -> None:
    """A withheld finding appears only with `show_withheld`; otherwise its number does."""
    shop = told.shop()
    plain = written(shop, told.whole_review(shop))
    assert "could be lazy" not in plain
    assert "1 below the gate (--show-withheld)" in plain
    shown = written(shop, told.whole_review(shop), show_withheld=True)
    assert "The import could be lazy. [qwen2.5-coder-0.5b] (below the gate)" in shown


def test_tokens_are_shown_only_on_request() -> None:
    """A log holds the model's words only with --stream, and then each finding starts a line."""
    shop = told.shop()
    assert "The default list is one" not in written(shop, told.whole_review(shop))
    streamed = written(shop, told.whole_review(shop), tokens=True)
    assert "  > 4 bug warning `seen=[]` The default list is one\nshop.py:4:56:" in streamed


def test_quiet_leaves_findings_only() -> None:
    """With --quiet every line is a finding, its quote, or about something left out."""
    shop = told.shop()
    lines = written(shop, told.whole_review(shop), quiet=True).splitlines()
    assert lines
    assert all(re.match(r"shop\.py:\d+:\d+: |    \| |skipped ", line) for line in lines)


def test_no_model_says_once_how_to_get_one() -> None:
    """The remedy is in the text, and the instant findings are there as well."""
    shop = told.shop()
    text = written(shop, told.no_model(shop))
    assert "quick, deep, synthesis did not run" in text
    assert "mirador models pull 0.5b" in text
    assert "shop.py:5:13: error security" in text


def test_a_model_that_stands_in_is_told_of_once_in_a_run() -> None:
    """Whoever reviews a hundred files is told of it with the first."""
    shop = told.shop()
    stands_in = events.Notice(events.NoticeKind.FALLBACK, "large is not installed.", stage="deep")
    stream = StringIO()
    renderer = PlainRenderer(stream)
    for _ in range(3):
        renderer.begin(FileReport(shop, gate=0.35))
        renderer(stands_in)
    assert stream.getvalue().count("large is not installed.") == 1


def test_hostile_text_arrives_without_its_teeth() -> None:
    """Control, bidi and invisible characters reach no line, whatever carries them."""
    shop = told.shop(f"a{HOSTILE}.py")
    sequence = told.whole_review(shop)
    finding = replace(told.sql(shop), id="x", message=HOSTILE, quote=HOSTILE, rule=HOSTILE)
    nasty: tuple[events.Event, ...] = (
        *sequence[:3],
        events.FindingReported("instant", finding),
        events.Notice(events.NoticeKind.SKIPPED, HOSTILE, stage="instant"),
        *told.spoken("quick", [HOSTILE]),
        events.StageFailed("quick", HOSTILE, 0.1, HOSTILE, HOSTILE),
    )
    text = written(shop, nasty, tokens=True)
    assert not [char for char in FORBIDDEN if char in text]
    assert "alert(1)" in text


def test_a_closed_pipe_is_told_and_never_raised() -> None:
    """When the reader has gone, the review is told once and writing goes on as if."""

    class Closed(StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    told_of: list[str] = []
    renderer = PlainRenderer(Closed(), on_closed=lambda _: told_of.append("closed"))
    shop = told.shop()
    file = FileReport(shop, gate=0.35)
    renderer.begin(file)
    for event in told.whole_review(shop):
        file(event)
        renderer(event)
    assert told_of == ["closed"]


def test_hushed_findings_are_counted_and_shown_on_request() -> None:
    """The last line counts them; with --show-withheld each says who wanted it gone."""
    shop = told.shop()
    counted = written(shop, told.hushed(shop))
    assert "1 suppressed by comments · 1 dismissed" in counted
    assert "It grows for ever." not in counted

    listed = written(shop, told.hushed(shop), show_withheld=True)
    assert "(suppressed by a comment on line 1)" in listed
    assert "(dismissed: it is cleared elsewhere)" in listed


def test_a_stage_whose_first_model_failed_ends_once() -> None:
    """The figures are those of the model that stood in."""
    shop = told.shop()
    sequence = (
        events.ReviewStarted(shop.name, ("quick",), "because it was asked for on the command line"),
        events.StageStarted("quick", "lab/large", "first choice for quick", 1),
        events.StageFailed("quick", "lab/large", 7.0, "The connection to lab broke.", "Ask again."),
        events.StageStarted("quick", "small", "lab/large cannot run", 1),
        events.StageFinished("quick", "small", 2.0, Usage()),
    )
    took = [line for line in written(shop, sequence).splitlines() if "quick took" in line]
    assert len(took) == 1
    assert "2.0" in took[0]
