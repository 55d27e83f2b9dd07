"""The report as JSON, against its published schema."""

import json
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from fakes import events as told
from fakes.hostile import FORBIDDEN, HOSTILE
from fakes.reports import hostile_report, report_of
from mirador_lsp.cli import render_json
from mirador_lsp.cli.report import Report, SkippedFile


def checked(report: Report, *, show_withheld: bool = False, exit_code: int = 1) -> dict[str, Any]:
    """The document, after the schema has accepted it."""
    text = render_json.render(report, show_withheld=show_withheld, exit_code=exit_code)
    schema = json.loads(
        (resources.files("mirador_lsp.cli") / "review.schema.json").read_text("utf-8")
    )
    document: dict[str, Any] = json.loads(text)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(document)
    return document


def test_a_whole_review_keeps_the_schema_and_its_facts() -> None:
    """Findings, stages and counts arrive under their documented names."""
    document = checked(report_of(told.whole_review))
    first, second = document["findings"]
    assert (first["line"], first["column"], first["rule"]) == (5, 13, "ruff/S608")
    assert (first["cwe"], first["band"], first["withheld"]) == ("CWE-89", "high", False)
    assert (second["stage"], second["confidence"]) == ("deep", 0.93)
    assert [stage["stage"] for stage in document["stages"]] == [
        "instant",
        "quick",
        "deep",
        "synthesis",
    ]
    quick = document["stages"][1]
    assert (quick["rejected"], quick["first_token_seconds"]) == (1, 0.42)
    (file,) = document["files"]
    assert (file["state"], file["withheld"], file["withdrawn"]) == ("partly reviewed", 1, 1)
    assert document["notices"][0]["kind"] == "fallback"


def test_withheld_findings_come_on_request_and_marked() -> None:
    """What lies below the gate is in the list only with --show-withheld."""
    document = checked(report_of(told.whole_review), show_withheld=True)
    assert [finding["withheld"] for finding in document["findings"]] == [False, False, True]


@pytest.mark.parametrize(
    ("script", "state"),
    [
        (told.clean_file, "clean"),
        (told.broken_file, "does not parse"),
        (told.not_reviewed, "not reviewed"),
        (told.no_model, "partly reviewed"),
    ],
)
def test_the_state_of_a_file_is_one_word(script: Any, state: str) -> None:
    """`clean` is said of a clean file only."""
    assert checked(report_of(script))["files"][0]["state"] == state


def test_a_stopped_run_says_so() -> None:
    """An interrupted report keeps the schema and what was known."""
    report = report_of(lambda shop: told.whole_review(shop)[:9])
    report.interrupted = True
    document = checked(report, exit_code=130)
    assert document["interrupted"]
    assert document["files"][0]["state"] == "stopped"
    assert document["stages"][-1]["outcome"] == "interrupted"


def test_hostile_text_is_cleaned_and_the_document_is_ascii() -> None:
    """Control and bidi characters reach no string, and the bytes are plain ASCII."""
    report = hostile_report()
    report.skipped.append(SkippedFile(HOSTILE, HOSTILE, "binary"))
    text = render_json.render(report, show_withheld=True, exit_code=1)
    assert text.isascii()
    strings = json.dumps(checked(report, show_withheld=True), ensure_ascii=False)
    assert not [char for char in FORBIDDEN if char in strings]


def test_the_schema_file_is_part_of_the_package() -> None:
    """Programs find the schema beside the renderer."""
    assert Path(render_json.__file__).with_name("review.schema.json").is_file()


def test_hushed_findings_are_counted_and_come_on_request() -> None:
    """Who keeps a finding from being shown, and why, is said of each."""
    (file,) = checked(report_of(told.hushed))["files"]
    assert (file["findings"], file["suppressed"], file["dismissed"]) == (1, 1, 1)

    findings = checked(report_of(told.hushed), show_withheld=True)["findings"]
    assert [(f["hushed_by"], f["hushed_why"]) for f in findings] == [
        ("", ""),
        ("comment", "a comment on line 1"),
        ("dismissed", "it is cleared elsewhere"),
    ]
