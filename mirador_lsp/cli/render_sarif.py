"""The report as SARIF 2.1.0, for code scanning services and editors."""

import json
import re
from functools import partial
from pathlib import Path
from urllib.parse import quote

from mirador_lsp import __version__
from mirador_lsp.cli import places, wording
from mirador_lsp.cli.report import FileReport, Outcome, Report
from mirador_lsp.cli.sarif_flows import code_flows
from mirador_lsp.core import clean
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import Hush, Hushed, NoticeKind
from mirador_lsp.core.findings import Finding, Severity
from mirador_lsp.core.silence import likeness
from mirador_lsp.core.text import Span

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "SRCROOT"
_LEVELS = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFORMATION: "note",
    Severity.HINT: "note",
}
_LOUD = {NoticeKind.BROKEN, NoticeKind.UNAVAILABLE}

Json = dict[str, object]


def render(report: Report, *, show_withheld: bool, exit_code: int, root: Path) -> str:
    """One SARIF log with one run. Paths under `root` are relative to it."""
    shown = [
        (index, file, finding, withheld)
        for index, file in enumerate(report.files)
        for withheld, findings in ((False, file.findings), (True, file.withheld))
        for finding in findings
        if show_withheld or not withheld
    ]
    hushed = [(i, file, each) for i, file in enumerate(report.files) for each in file.hushed]
    told = [finding for _, _, finding, _ in shown] + [each.finding for _, _, each in hushed]
    rules = _rules(told)
    order = {rule: number for number, rule in enumerate(rules)}
    cwes = sorted({f.cwe for f in told if f.cwe}, key=_cwe_number)
    run: Json = {
        "tool": {"driver": _driver(rules, cwes)},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"uri": root.as_uri().rstrip("/") + "/"}},
        "invocations": [_invocation(report, exit_code, root)],
        "artifacts": [_artifact(file, root) for file in report.files],
        "results": [
            _result(index, file, finding, order, root, withheld=withheld)
            # SARIF wants the list on every result or on none.
            | ({"suppressions": []} if hushed else {})
            | _compared(report, file, finding)
            for index, file, finding, withheld in shown
        ]
        + [
            _result(index, file, each.finding, order, root, withheld=False)
            | {"suppressions": [_suppression(each)]}
            | _compared(report, file, each.finding)
            for index, file, each in hushed
        ],
        "properties": _properties(report),
    }
    if cwes:
        run["taxonomies"] = [_taxonomy(cwes)]
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2) + "\n"


def safe_text(text: str) -> str:
    """Text for a SARIF message, where `[text](target)` would be a link: it becomes none."""
    return clean.plain(text).replace("](", "] (")


def _cwe_number(cwe: str) -> int:
    return int(re.sub(r"\D", "", cwe) or 0)


def _rules(findings: list[Finding]) -> dict[str, Finding]:
    """Rule id → the first finding of it, in the order of their ids."""
    first: dict[str, Finding] = {}
    for finding in findings:
        first.setdefault(finding.rule, finding)
    return dict(sorted(first.items()))


def _driver(rules: dict[str, Finding], cwes: list[str]) -> Json:
    driver: Json = {
        "name": "Mirador",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [_rule(rule, finding, cwes) for rule, finding in rules.items()],
    }
    if cwes:
        driver["supportedTaxonomies"] = [{"name": "CWE", "index": 0}]
    return driver


def _rule(rule: str, finding: Finding, cwes: list[str]) -> Json:
    own = rule.startswith("model/")
    about = (
        f"What a local model finds when it reads the code for {finding.lens} problems."
        if own
        else f"{rule}: a {finding.lens} rule of a static analyzer."
    )
    tags: list[str] = [finding.lens.value]
    described: Json = {
        "id": clean.plain(rule, 200),
        "shortDescription": {"text": safe_text(about)},
        "defaultConfiguration": {"level": _LEVELS[finding.severity]},
    }
    if finding.help_uri:
        described["helpUri"] = finding.help_uri
    if finding.cwe:
        number = _cwe_number(finding.cwe)
        tags.append(f"external/cwe/cwe-{number:03d}")
        target = {
            "id": str(number),
            "index": cwes.index(finding.cwe),
            "toolComponent": {"name": "CWE", "index": 0},
        }
        described["relationships"] = [{"target": target, "kinds": ["relevant"]}]
    described["properties"] = {"tags": tags}
    return described


def _taxonomy(cwes: list[str]) -> Json:
    return {
        "name": "CWE",
        "organization": "MITRE",
        "informationUri": "https://cwe.mitre.org/",
        "shortDescription": {"text": "The MITRE Common Weakness Enumeration."},
        "taxa": [
            {
                "id": str(_cwe_number(cwe)),
                "helpUri": f"https://cwe.mitre.org/data/definitions/{_cwe_number(cwe)}.html",
            }
            for cwe in cwes
        ],
    }


def _location(snapshot: Snapshot, root: Path) -> Json:
    if snapshot.path is not None:
        path = Path(snapshot.path)
        if path.is_relative_to(root):
            relative = path.relative_to(root).as_posix()
            return {"uri": quote(relative, errors="surrogateescape"), "uriBaseId": _ROOT}
        return {"uri": path.as_uri()}
    scheme, _, rest = snapshot.uri.partition(":")
    return {"uri": f"{scheme}:{quote(rest, safe='/%', errors='surrogatepass')}"}


def _artifact(file: FileReport, root: Path) -> Json:
    artifact: Json = {"location": _location(file.snapshot, root), "roles": ["analysisTarget"]}
    if file.snapshot.language:
        artifact["sourceLanguage"] = file.snapshot.language
    return artifact


def _result(
    index: int,
    file: FileReport,
    finding: Finding,
    order: dict[str, int],
    root: Path,
    *,
    withheld: bool,
) -> Json:
    region = _region(file.snapshot, finding.span)
    if finding.quote:
        region["snippet"] = {"text": clean.plain(finding.quote)}
    place: Json = {
        "physicalLocation": {
            "artifactLocation": {**_location(file.snapshot, root), "index": index},
            "region": region,
        }
    }
    if finding.symbol:
        place["logicalLocations"] = [{"fullyQualifiedName": clean.plain(finding.symbol, 400)}]
    return {
        "ruleId": clean.plain(finding.rule, 200),
        "ruleIndex": order[finding.rule],
        # A withheld finding asks for a person's eye; SARIF wants the level "none" for that kind.
        "kind": "review" if withheld else "fail",
        "level": "none" if withheld else _LEVELS[finding.severity],
        "message": {"text": safe_text(finding.message)},
        "locations": [place],
        "partialFingerprints": {"mirador/v1": finding.id, "mirador-like/v1": likeness(finding)},
        **code_flows(file, finding, partial(_location, root=root), safe_text),
        **_fixes(file, finding, root),
        "rank": round(100 * finding.confidence, 2),
        "properties": {
            "lens": finding.lens.value,
            "severity": finding.severity.value,
            "confidence": round(finding.confidence, 4),
            "stage": finding.origin.stage,
            "tool": clean.plain(finding.origin.tool, 200),
            "digest": finding.origin.digest,
            "confirmedBy": [clean.plain(name, 200) for name in finding.confirmed_by],
            "withheld": withheld,
            **({"lesson": clean.plain(finding.lesson)} if finding.lesson else {}),
        },
    }


def _compared(report: Report, file: FileReport, finding: Finding) -> Json:
    """Whether a baseline knows the result, in SARIF's words; nothing without a baseline."""
    if report.compared is None:
        return {}
    known = (file.snapshot.name, finding.id) in report.compared.held
    return {"baselineState": "unchanged" if known else "new"}


def _properties(report: Report) -> Json:
    """What is known of the run and has no place of its own in SARIF."""
    properties: Json = {"overCap": report.over_cap, "cut": report.cut}
    if (overview := report.overview) is not None:
        properties["overview"] = {
            "title": clean.plain(overview.title),
            "sentences": [clean.plain(sentence) for sentence in overview.sentences],
            "risk": overview.risk.value,
            "reasons": [clean.plain(reason) for reason in overview.reasons],
        }
    return properties


def _fixes(file: FileReport, finding: Finding, root: Path) -> Json:
    """The analyzer's own fix where it keeps the meaning of the code."""
    if finding.fix is None or not finding.fix.safe:
        return {}
    replacements = [
        {
            "deletedRegion": _region(file.snapshot, edit.span),
            "insertedContent": {"text": edit.text},
        }
        for edit in finding.fix.edits
    ]
    change = {"artifactLocation": _location(file.snapshot, root), "replacements": replacements}
    title = {"text": safe_text(finding.fix.title)}
    return {"fixes": [{"description": title, "artifactChanges": [change]}]}


def _region(snapshot: Snapshot, span: Span) -> Json:
    line, column, end_line, end_column = places.code_points(snapshot, span)
    return {
        "startLine": line,
        "startColumn": column,
        "endLine": end_line,
        "endColumn": end_column,
    }


def _suppression(hushed: Hushed) -> Json:
    """Why a result is there and yet not to be acted on, in SARIF's words."""
    suppression: Json = {
        "kind": "inSource" if hushed.by is Hush.COMMENT else "external",
        "status": "accepted",
    }
    if hushed.reason:
        suppression["justification"] = clean.plain(hushed.reason)
    return suppression


def _invocation(report: Report, exit_code: int, root: Path) -> Json:
    invocation: Json = {
        "executionSuccessful": exit_code in {0, 1},
        "exitCode": exit_code,
        "toolExecutionNotifications": [
            *(_note("note", each.kind.value, each.message, None) for each in report.notices),
            *(note for file in report.files for note in _file_notes(file, root)),
            *(
                _note("note", "skipped", f"{entry.name}: {entry.reason}", None)
                for entry in report.skipped
            ),
        ],
    }
    if report.started_utc:
        invocation["startTimeUtc"] = report.started_utc
    return invocation


def _file_notes(file: FileReport, root: Path) -> list[Json]:
    place = _location(file.snapshot, root)
    notes = [
        _note(
            "warning" if notice.kind in _LOUD else "note",
            notice.kind.value,
            f"{notice.stage}: {notice.message}" if notice.stage else notice.message,
            place,
        )
        for notice in file.notices
    ]
    for stage in file.stages:
        if stage.outcome is Outcome.FAILED:
            text = f"{stage.stage} did not run: {stage.message} {stage.remedy}".rstrip()
            notes.append(_note("warning", "stage-failed", text, place))
        if stage.not_reviewed:
            text = f"{stage.stage}: {wording.unseen(stage)}"
            notes.append(_note("warning", "not-reviewed", text, place))
    if file.interrupted:
        notes.append(_note("warning", "interrupted", "The review was stopped.", place))
    elif not file.reviewed:
        notes.append(_note("error", "not-reviewed", "No stage could look at the file.", place))
    return notes


def _note(level: str, kind: str, text: str, place: Json | None) -> Json:
    note: Json = {"level": level, "descriptor": {"id": kind}, "message": {"text": safe_text(text)}}
    if place is not None:
        note["locations"] = [{"physicalLocation": {"artifactLocation": place}}]
    return note
