"""The report as SARIF 2.1.0, held against the published schema, which knows no further property."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from fakes import events as told
from fakes.hostile import FORBIDDEN
from fakes.reports import hostile_report, report_of
from mirador_lsp.cli import render_sarif
from mirador_lsp.cli.report import Report, SkippedFile
from mirador_lsp.core.baseline import Compared
from mirador_lsp.core.change_sets import Overview, RiskLevel
from mirador_lsp.core.edits import Edit, Fix
from mirador_lsp.core.events import FindingReported, Hush, ReviewFinished
from mirador_lsp.core.silence import likeness

_ROOT = Path("/work")
_SCHEMA = Path(__file__).parents[1] / "fixtures/schemas/sarif-2.1.0.json"


def checked(report: Report, *, show_withheld: bool = False, exit_code: int = 1) -> dict[str, Any]:
    """The one run of the log, after the subset has accepted it."""
    text = render_sarif.render(report, show_withheld=show_withheld, exit_code=exit_code, root=_ROOT)
    log = json.loads(text)
    jsonschema.Draft202012Validator(json.loads(_SCHEMA.read_text())).validate(log)
    run: dict[str, Any] = log["runs"][0]
    return run


def test_findings_become_results_with_regions_and_fingerprints() -> None:
    """A result has a level, a 1-based region in code points, and the finding's id."""
    shop = told.shop()
    run = checked(report_of(told.whole_review))
    first = run["results"][0]
    assert run["columnKind"] == "unicodeCodePoints"
    assert (first["ruleId"], first["level"], first["rank"]) == ("ruff/S608", "error", 90.0)
    region = first["locations"][0]["physicalLocation"]["region"]
    assert [region[key] for key in ("startLine", "startColumn", "endLine")] == [5, 13, 5]
    assert first["partialFingerprints"] == {
        "mirador/v1": told.sql(shop).id,
        "mirador-like/v1": likeness(told.sql(shop)),
    }
    assert run["tool"]["driver"]["rules"][first["ruleIndex"]]["id"] == "ruff/S608"


def test_a_rule_names_its_help_its_lens_and_its_weakness() -> None:
    """Rules carry the documentation link, tags, and a relation to the CWE taxonomy."""
    run = checked(report_of(told.whole_review))
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    rule = rules["ruff/S608"]
    assert rule["helpUri"].startswith("https://docs.astral.sh/")
    assert rule["properties"]["tags"] == ["security", "external/cwe/cwe-089"]
    target = rule["relationships"][0]["target"]
    assert run["taxonomies"][0]["taxa"][target["index"]]["id"] == "89"
    assert "helpUri" not in rules["model/bug"]


def test_paths_are_relative_to_the_folder() -> None:
    """Files below the root have relative addresses with a base; others absolute ones."""
    inside = replace(told.shop("dir/a b.py"), path="/work/dir/a b.py")
    run = checked(report_of(told.clean_file, inside))
    assert run["artifacts"][0]["location"] == {"uri": "dir/a%20b.py", "uriBaseId": "SRCROOT"}
    assert run["originalUriBaseIds"] == {"SRCROOT": {"uri": "file:///work/"}}
    outside = replace(inside, path="/other/b.py")
    run = checked(report_of(told.clean_file, outside))
    assert run["artifacts"][0]["location"] == {"uri": "file:///other/b.py"}


def test_what_was_left_out_becomes_notifications() -> None:
    """Notices, failed stages, unreached units and skipped files are said in the invocation."""
    report = report_of(told.no_model)
    report.skipped.append(SkippedFile("logo.png", "binary", "binary"))
    notes = checked(report)["invocations"][0]["toolExecutionNotifications"]
    said = [(note["level"], note["descriptor"]["id"]) for note in notes]
    assert said == [("warning", "stage-failed")] * 3 + [("note", "skipped")]
    assert "mirador models pull 0.5b" in notes[0]["message"]["text"]


def test_a_run_that_could_not_look_is_not_successful() -> None:
    """An empty list of results is not mistaken for a clean bill."""
    run = checked(report_of(told.not_reviewed), exit_code=2)
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"][-1]["level"] == "error"


def test_withheld_findings_ask_for_review() -> None:
    """On request they are there, as results that do not count as failures."""
    assert len(checked(report_of(told.whole_review))["results"]) == 2
    shown = checked(report_of(told.whole_review), show_withheld=True)["results"]
    assert (shown[-1]["kind"], shown[-1]["level"]) == ("review", "none")


def test_text_from_stdin_has_an_address() -> None:
    """Text without a file keeps the schema."""
    snapshot = replace(told.shop("a b.py"), uri="stdin:a b.py")
    run = checked(report_of(told.whole_review, snapshot))
    assert run["artifacts"][0]["location"] == {"uri": "stdin:a%20b.py"}


def test_hostile_text_makes_no_link() -> None:
    """`[text](target)` in a message would be a link; it is taken apart."""
    run = checked(hostile_report(), show_withheld=True)
    strings = json.dumps(run, ensure_ascii=False)
    assert not [char for char in FORBIDDEN if char in strings]
    for result in run["results"]:
        assert "](" not in result["message"]["text"]


def test_hushed_findings_are_results_with_their_suppression() -> None:
    """A comment suppresses in the source, the user outside of it; the others say that none does."""
    results = checked(report_of(told.hushed))["results"]

    said = [[(s["kind"], s["justification"]) for s in result["suppressions"]] for result in results]
    assert said == [
        [],
        [("inSource", "a comment on line 1")],
        [("external", "it is cleared elsewhere")],
    ]


@pytest.mark.parametrize("safe", [True, False])
def test_a_safe_fix_is_a_change_of_the_artifact(safe: bool) -> None:
    """What keeps the meaning of the code can be applied from the report; no other fix is in it."""
    finding = told.sql(told.shop())
    fix = Fix("Write it [well](x)", (Edit(finding.span, "é"),), safe=safe)
    found = replace(finding, fix=fix)
    end = ReviewFinished(1.0, (found,), (), 0, 0, reviewed=True)
    (result,) = checked(report_of(lambda _: (FindingReported("instant", found), end)))["results"]
    fixes = result.get("fixes", [])
    assert len(fixes) == safe
    for each in fixes:
        (replacement,) = each["artifactChanges"][0]["replacements"]
        region = result["locations"][0]["physicalLocation"]["region"]
        deleted = replacement["deletedRegion"]
        assert deleted == {name: region[name] for name in deleted}
        assert replacement["insertedContent"] == {"text": "é"}
        assert "](" not in each["description"]["text"]


def test_a_baseline_makes_results_new_or_unchanged() -> None:
    """SARIF's own words; what is hushed because it is known is an accepted suppression."""
    report = report_of(told.hushed)
    (file,) = report.files
    assert file.end is not None
    hushed = tuple(replace(each, by=Hush.BASELINE) for each in file.end.hushed)
    file.end = replace(file.end, hushed=hushed)
    held = frozenset((file.snapshot.name, each.finding.id) for each in hushed)
    report.compared = Compared("known.json", 2, (), 1, (), held)
    results = checked(report)["results"]
    assert [result["baselineState"] for result in results] == ["new", "unchanged", "unchanged"]
    assert {s["kind"] for result in results for s in result["suppressions"]} == {"external"}


def test_the_overview_and_what_was_cut_are_properties_of_the_run() -> None:
    """They have no place of their own in SARIF."""
    report = report_of(told.whole_review)
    report.overview = Overview("a..b", ("Two files.",), RiskLevel.HIGH, ("SQL",))
    report.cap(1)
    run = checked(report)
    assert run["properties"]["overview"]["risk"] == "high"
    assert run["properties"]["cut"] == len(report_of(told.whole_review).files[0].findings) - 1
    assert len(run["results"]) == 1
