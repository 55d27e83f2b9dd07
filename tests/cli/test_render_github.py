"""The report as workflow commands, read back by the rules that the runner reads them by."""

import re
from pathlib import Path

from fakes import events as told
from fakes.hostile import FORBIDDEN
from fakes.many import many_findings
from fakes.reports import hostile_report, report_of
from mirador_lsp.cli import render_github
from mirador_lsp.cli.report import SkippedFile
from mirador_lsp.core.change_sets import Overview, RiskLevel

_ROOT = Path("/work")


def commands(log: str) -> list[tuple[str, dict[str, str], str]]:
    """(name, properties, message) of every command in a log; nothing else may look like one."""
    found = []
    for line in log.splitlines():
        assert "##[" not in line
        if line.lstrip().startswith("::"):
            match = re.fullmatch(r"::([a-z-]+) ([^:\r\n]*)::(.*)", line)
            assert match is not None, line
            pairs = (pair.split("=", 1) for pair in match[2].split(","))
            found.append((match[1], {k: plain(v) for k, v in pairs}, plain(match[3])))
    return found


def plain(text: str) -> str:
    """What the runner makes of an escaped text."""
    for code, char in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, char)
    return text


def test_a_finding_is_an_annotation_at_its_place() -> None:
    """The kind, the file from the repository's root, lines and columns from 1, and who says so."""
    log = render_github.render(report_of(told.whole_review), root=_ROOT)
    (kind, where, message), *_ = commands(log)
    assert kind == "error"
    assert (where["file"], where["line"], where["endLine"], where["col"]) == (
        "shop.py",
        "5",
        "5",
        "13",
    )
    assert where["title"] == "security: ruff/S608"
    assert message.endswith("(ruff/S608, 0.90)")
    assert log.splitlines()[-1].startswith("- 1 error")


def test_ten_of_a_kind_are_annotations_and_the_others_are_counted() -> None:
    """GitHub drops more than that without a word; those that weigh most are annotated."""
    report = many_findings(30)
    log = render_github.render(report, root=_ROOT)
    kinds = [kind for kind, _, _ in commands(log)]
    assert {kind: kinds.count(kind) for kind in kinds} == {"error": 10, "warning": 10, "notice": 10}
    assert "- 80 errors more, not annotated: 10 of a kind are shown for each step." in log
    assert "- 170 notices more" in log
    shown = len([line for line in log.splitlines() if re.match(r"- src/part\d.py:5:13: ", line)])
    assert shown + len(kinds) == 3 * 4 * 30
    sure = [message[-5:-1] for kind, _, message in commands(log) if kind == "error"]
    assert sure == sorted(sure, reverse=True)


def test_hostile_names_and_messages_make_no_command() -> None:
    """Neither a new line, nor the beginning of one, nor the older form of commands."""
    report = hostile_report()
    report.skipped.append(SkippedFile("::error::no", "##[error]no\n::warning::no", "binary"))
    report.overview = Overview("::set-output name=x::y", ("::debug::z",), RiskLevel.LOW)
    log = render_github.render(report, root=_ROOT)
    found = commands(log)
    assert [kind for kind, _, _ in found] == ["error"]
    assert not [char for char in FORBIDDEN if char in log]


def test_percent_signs_commas_and_colons_survive() -> None:
    """What is escaped reads as it was; a name cannot add a property."""
    report = report_of(told.whole_review, told.shop("a,line=1:%0A100%.py"))
    (_, where, _), *_ = commands(render_github.render(report, root=_ROOT))
    assert where["file"] == "a,line=1:%0A100%.py"
    assert where["line"] == "5"
