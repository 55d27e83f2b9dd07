"""The report as GitLab's Code Quality report.

The schema restates what GitLab's documentation asks of a report: a list of problems, each with
these six fields, paths from the repository's root, fingerprints that are unique and stay the same.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema

from fakes import events as told
from fakes.hostile import FORBIDDEN
from fakes.many import many_findings
from fakes.reports import hostile_report, report_of
from mirador_lsp.cli import render_gitlab
from mirador_lsp.cli.report import Report

_SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "location", "severity"],
        "properties": {
            "type": {"const": "issue"},
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "categories": {
                "type": "array",
                "items": {"enum": ["Bug Risk", "Security", "Performance", "Style"]},
            },
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": r"^[^/]"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {
                            "begin": {"type": "integer", "minimum": 1},
                            "end": {"type": "integer", "minimum": 1},
                        },
                    },
                },
            },
        },
    },
}


def checked(report: Report) -> list[dict[str, Any]]:
    """The problems, after the schema has accepted them."""
    problems: list[dict[str, Any]] = json.loads(
        render_gitlab.render(report, root=Path("/work/repo"))
    )
    jsonschema.Draft202012Validator(_SCHEMA).validate(problems)
    return problems


def test_findings_are_problems_with_a_place_and_a_severity() -> None:
    """From the repository's root, whatever the path was given as."""
    snapshot = replace(told.shop("../shop.py"), path="/work/repo/src/shop.py")
    first = checked(report_of(told.whole_review, snapshot))[0]
    assert (first["check_name"], first["severity"]) == ("ruff/S608", "critical")
    assert first["location"] == {"path": "src/shop.py", "lines": {"begin": 5, "end": 5}}
    assert first["categories"] == ["Security"]


def test_fingerprints_are_the_same_in_every_run_and_differ_between_files() -> None:
    """GitLab tells what is new by nothing else."""
    one, same = (
        [p["fingerprint"] for p in checked(report_of(told.whole_review))] for _ in range(2)
    )
    other = [p["fingerprint"] for p in checked(report_of(told.whole_review, told.shop("b.py")))]
    assert one == same
    assert not set(one) & set(other)


def test_thousands_of_findings_have_thousands_of_fingerprints() -> None:
    """None is lost and none is told twice."""
    problems = checked(many_findings(400))
    assert len({p["fingerprint"] for p in problems}) == len(problems) == 3 * 4 * 400


def test_hostile_text_stays_text() -> None:
    """No control character and no lone surrogate reaches the report."""
    text = json.dumps(checked(hostile_report()), ensure_ascii=False)
    assert not [char for char in FORBIDDEN if char in text]
    text.encode()


def test_nothing_found_is_an_empty_list() -> None:
    """GitLab shows a report of that form as having found nothing."""
    assert checked(report_of(told.clean_file)) == []
