"""What a review leaves behind once its events have been heard."""

from fakes import events as told
from mirador_lsp.cli import wording
from mirador_lsp.cli.report import FileReport, Outcome, Pace, Report, SkippedFile
from mirador_lsp.core import events


def heard(*sequence: events.Event) -> FileReport:
    """A report that has heard these events."""
    report = FileReport(told.shop(), gate=0.35)
    for event in sequence:
        report(event)
    return report


def test_the_end_of_a_review_decides_what_is_shown() -> None:
    """After `ReviewFinished` findings, withheld ones and stages are what it said."""
    report = heard(*told.whole_review(told.shop()))
    assert [finding.rule for finding in report.findings] == ["ruff/S608", "model/bug"]
    assert [finding.rule for finding in report.withheld] == ["model/style"]
    assert [entry.finding.rule for entry in report.withdrawals] == ["model/performance"]
    assert [stage.stage for stage in report.stages] == ["instant", "quick", "deep", "synthesis"]
    assert {stage.outcome for stage in report.stages} == {Outcome.FINISHED}
    assert report.reviewed
    assert not report.interrupted


def test_a_stopped_review_shows_what_was_known() -> None:
    """Without an end, the findings so far count, gated, and the running stage is "interrupted"."""
    everything = told.whole_review(told.shop())
    ends = [n for n, event in enumerate(everything) if isinstance(event, events.StageFinished)]
    report = heard(*everything[: ends[1]])
    assert {finding.rule for finding in report.findings} == {
        "ruff/S608",
        "model/bug",
        "model/performance",
    }
    assert [finding.rule for finding in report.withheld] == ["model/style"]
    assert report.interrupted
    assert report.stages[-1].outcome is Outcome.INTERRUPTED
    assert wording.verdict(report) == "stopped"


def test_only_a_file_looked_at_whole_is_clean() -> None:
    """No findings are "clean" only if the file parses, was reviewed, and every unit was reached."""
    shop = told.shop()
    assert wording.verdict(heard(*told.clean_file(shop))) == "clean"
    assert wording.verdict(heard(*told.broken_file(shop))) == "does not parse"
    assert wording.verdict(heard(*told.not_reviewed(shop))) == "not reviewed"
    assert wording.verdict(heard(*told.whole_review(shop))) == "partly reviewed"
    *_, end = told.hushed(shop)
    silenced = [told.only(end, "none")]
    assert wording.verdict(heard(*silenced)) == "nothing else found"


def test_a_notice_heard_and_repeated_at_the_end_counts_once() -> None:
    """`ReviewFinished.notices` repeats notices; each is kept once."""
    assert len(heard(*told.broken_file(told.shop())).notices) == 1


def test_the_pace_leaves_out_the_time_between_replies() -> None:
    """Tokens per second are measured within replies, not across the reading of a prompt."""
    pace = Pace()
    first = told.spoken("quick", ["a"] * 11)
    for token in (*first, *told.spoken("quick", ["b"] * 11, lens="bug")):
        pace.add(token)
    assert pace.tokens_per_second is not None
    assert round(pace.tokens_per_second, 3) == 10
    assert Pace().tokens_per_second is None


def test_places_count_from_one_in_code_points() -> None:
    """Line and column of a finding are what an editor shows."""
    shop = told.shop(text='x = "😀"; y = 1\n')
    report = FileReport(shop, gate=0)
    assert report.place(told.finding(shop, "y = 1")) == (1, 10)


def test_failures_are_told_once_for_all_files() -> None:
    """Three stages that fail alike in two files make one line."""
    report = Report()
    for name in ("a.py", "b.py"):
        file = FileReport(told.shop(name), gate=0.35)
        for event in told.no_model(file.snapshot):
            file(event)
        report.files.append(file)
    assert wording.failure_lines(report) == [
        (
            "quick, deep, synthesis did not run: "
            "No model is installed. Fetch one: mirador models pull 0.5b"
        )
    ]


def test_what_folders_always_hold_is_counted_not_listed() -> None:
    """A named path gets its own line; files of unknown languages met in a folder share one."""
    lines = wording.skipped_lines(
        [
            SkippedFile("no.py", "no such file", "missing"),
            SkippedFile("a.md", "unknown language", "unknown language", asked=False),
            SkippedFile("b.md", "unknown language", "unknown language", asked=False),
            SkippedFile("big.py", "54 MB", "too large", asked=False),
        ]
    )
    assert lines == [
        "skipped no.py: no such file",
        "skipped big.py: 54 MB",
        "skipped (unknown language): 2 entries, for example a.md",
    ]


def test_very_many_skipped_files_are_counted_by_reason() -> None:
    """A folder of a thousand binaries does not print a thousand lines."""
    many = [SkippedFile(f"{n}.py", "binary", "binary", asked=False) for n in range(1000)]
    assert wording.skipped_lines(many) == ["skipped (binary): 1,000 entries, for example 0.py"]


def test_durations_read_naturally() -> None:
    """Short times have hundredths, long ones minutes."""
    assert wording.duration(0.094) == "0.09 s"
    assert wording.duration(12.34) == "12.3 s"
    assert wording.duration(125) == "2 min 5 s"
