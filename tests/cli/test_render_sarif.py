"""The report as SARIF 2.1.0.

The subset below restates, for every object Mirador writes, what the published schema demands of
it: the required properties, the types and the closed lists of values. It knows no other property.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema

from fakes import events as told
from fakes.hostile import FORBIDDEN
from fakes.reports import hostile_report, report_of
from mirador_lsp.cli import render_sarif
from mirador_lsp.cli.report import Report, SkippedFile

_ROOT = Path("/work")
_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}
_ORDINAL = {"type": "integer", "minimum": 1}
_URI = {"type": "string", "pattern": "^[!-~]+$"}


def _object(required: str, **properties: object) -> dict[str, object]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": required.split(),
        "properties": properties,
    }


def _list(items: object) -> dict[str, object]:
    return {"type": "array", "items": items}


_LEVEL = {"enum": ["none", "note", "warning", "error"]}
_MESSAGE = _object("text", text=_TEXT)
_ARTIFACT_LOCATION = _object("", uri=_URI, uriBaseId=_TEXT, index=_COUNT)
_BAG = {"type": "object"}
_REGION = _object(
    "",
    startLine=_ORDINAL,
    startColumn=_ORDINAL,
    endLine=_ORDINAL,
    endColumn=_ORDINAL,
    snippet=_object("", text=_TEXT),
)
_LOCATION = _object(
    "",
    physicalLocation=_object("", artifactLocation=_ARTIFACT_LOCATION, region=_REGION),
    logicalLocations=_list(_object("", fullyQualifiedName=_TEXT)),
)
_NOTIFICATION = _object(
    "message",
    level=_LEVEL,
    descriptor=_object("", id=_TEXT),
    message=_MESSAGE,
    locations=_list(_LOCATION),
)
_RELATIONSHIP = _object(
    "target",
    target=_object("", id=_TEXT, index=_COUNT, toolComponent=_object("", name=_TEXT, index=_COUNT)),
    kinds=_list(_TEXT),
)
_RULE = _object(
    "id",
    id=_TEXT,
    shortDescription=_MESSAGE,
    helpUri=_URI,
    defaultConfiguration=_object("", level=_LEVEL),
    relationships=_list(_RELATIONSHIP),
    properties=_object("", tags={"type": "array", "items": _TEXT, "uniqueItems": True}),
)
_COMPONENT = _object(
    "name",
    name=_TEXT,
    version=_TEXT,
    semanticVersion=_TEXT,
    organization=_TEXT,
    informationUri=_URI,
    shortDescription=_MESSAGE,
    rules=_list(_RULE),
    taxa=_list(_object("id", id=_TEXT, helpUri=_URI)),
    supportedTaxonomies=_list(_object("", name=_TEXT, index=_COUNT)),
)
_RESULT = _object(
    "message",
    ruleId=_TEXT,
    ruleIndex=_COUNT,
    kind={"enum": ["notApplicable", "pass", "fail", "review", "open", "informational"]},
    level=_LEVEL,
    message=_MESSAGE,
    locations=_list(_LOCATION),
    partialFingerprints={"type": "object", "additionalProperties": _TEXT},
    rank={"type": "number", "minimum": -1, "maximum": 100},
    suppressions=_list(
        _object(
            "kind",
            kind={"enum": ["inSource", "external"]},
            status={"enum": ["accepted", "underReview", "rejected"]},
            justification=_TEXT,
        )
    ),
    properties=_BAG,
)
_INVOCATION = _object(
    "executionSuccessful",
    executionSuccessful={"type": "boolean"},
    exitCode={"type": "integer"},
    startTimeUtc={"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
    toolExecutionNotifications=_list(_NOTIFICATION),
)
_RUN = _object(
    "tool",
    tool=_object("driver", driver=_COMPONENT),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    originalUriBaseIds={"type": "object", "additionalProperties": _ARTIFACT_LOCATION},
    invocations=_list(_INVOCATION),
    artifacts=_list(
        _object(
            "",
            location=_ARTIFACT_LOCATION,
            roles={"type": "array", "items": {"enum": ["analysisTarget"]}, "uniqueItems": True},
            sourceLanguage=_TEXT,
        )
    ),
    taxonomies=_list(_COMPONENT),
    results=_list(_RESULT),
)
_LOG = {
    **_object("version runs", version={"const": "2.1.0"}, runs=_list(_RUN)),
    "properties": {"$schema": _URI, "version": {"const": "2.1.0"}, "runs": _list(_RUN)},
}


def checked(report: Report, *, show_withheld: bool = False, exit_code: int = 1) -> dict[str, Any]:
    """The one run of the log, after the subset has accepted it."""
    text = render_sarif.render(report, show_withheld=show_withheld, exit_code=exit_code, root=_ROOT)
    log = json.loads(text)
    jsonschema.Draft7Validator(_LOG).validate(log)
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
    assert first["partialFingerprints"] == {"mirador/v1": told.sql(shop).id}
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
