"""The sentences and figures that the text formats share."""

from collections.abc import Callable
from types import MappingProxyType

from mirador_lsp.cli.report import FileReport, Report, SkippedFile, StageReport, by_kind
from mirador_lsp.core.events import Hush, Hushed, Notice, NoticeKind
from mirador_lsp.core.findings import Finding, Severity, percent
from mirador_lsp.core.stations import stops

SHORT = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFORMATION: "info",
    Severity.HINT: "hint",
}
_HUSHED = MappingProxyType(
    {
        Hush.COMMENT: ("suppressed by comments", "suppressed by"),
        Hush.RULE: ("ignored by rules for paths", "ignored by"),
        Hush.BASELINE: ("known to the baseline", "known to"),
        Hush.DISMISSED: ("dismissed", "dismissed"),
        Hush.LEARNED: ("like others you dismissed", "learned"),
    }
)
"""Why findings are not shown: in the words that follow a number, and before a reason."""
CHANGE_CLEAN = "change is clean"
NOTHING_ELSE = "nothing else found"
CALM = frozenset({"clean", CHANGE_CLEAN, NOTHING_ELSE})
"""States of files in which there is nothing to look after."""
"""Nothing was found in what changed; the rest of the file was left alone."""
_MOST_LINES = 20
"""So many skipped files get a line each; more are counted by reason."""
_USUAL = frozenset({"unknown language", "ignored", "hidden", "generated", "dependencies"})
"""Kinds that every folder holds: they are counted, not listed."""


def plural(count: int, noun: str) -> str:
    """`1 finding`, `2 findings`."""
    if count == 1:
        return f"{count} {noun}"
    return f"{count:,} {noun[:-1]}ies" if noun.endswith("y") else f"{count:,} {noun}s"


def duration(seconds: float) -> str:
    """Seconds as a person reads them: `0.09 s`, `12.3 s`, `2 min 5 s`."""
    if seconds < 10:
        return f"{seconds:.2f} s"
    if seconds < 100:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def sureness(confidence: float) -> str:
    """A confidence as it is shown: `0.49`, never that of the band above its own."""
    return f"{percent(confidence) / 100:.2f}"


def same_to_the_eye(before: Finding, after: Finding) -> bool:
    """Whether a revision changed nothing that is shown."""
    return (before.message, before.severity, sureness(before.confidence)) == (
        after.message,
        after.severity,
        sureness(after.confidence),
    )


def tool(finding: Finding) -> str:
    """Who says so: the rule of an analyzer, the names of models."""
    if not finding.rule.startswith("model/"):
        return finding.rule
    return " + ".join(dict.fromkeys((finding.origin.tool, *finding.confirmed_by)))


def station_lines(file: FileReport, finding: Finding) -> list[str]:
    """The way of data, one line for each place, the source first; [] where there is none."""
    return [
        f"{stop.role} {stop.place} {stop.says}" + (f": {stop.quote}" if stop.quote else "")
        for stop in stops(finding, file.snapshot)
    ]


def stage_figures(stage: StageReport) -> list[str]:
    """What a finished stage took and brought, each in a few words."""
    figures = [duration(stage.seconds)]
    if stage.usage.first_token_seconds is not None:
        figures.append(f"first token {duration(stage.usage.first_token_seconds)}")
    if (rate := stage.pace.tokens_per_second) is not None:
        figures.append(f"{rate:.1f} tokens/s")
    figures.append(plural(stage.reported, "finding"))
    if stage.revised:
        figures.append(f"{stage.revised} revised")
    if stage.withdrawn:
        figures.append(f"{stage.withdrawn} withdrawn")
    if stage.rejected:
        figures.append(f"{stage.rejected} rejected")
    if stage.not_reviewed:
        figures.append(unseen(stage))
    return figures


TOLD_ONCE = frozenset({NoticeKind.UNAVAILABLE, NoticeKind.FALLBACK})
"""Notices that are the same for every file, so that a run tells them for the first one alone."""


def notice_text(file: FileReport, notice: Notice) -> str:
    """A notice as it reads below the file's own name, which is not said twice."""
    return notice.message.removeprefix(f"{file.snapshot.name}: ").removeprefix(f"{notice.stage}: ")


def unseen(stage: StageReport) -> str:
    """What the stage did not look at. The analyzers' stage counts analyzers, others units."""
    if not stage.model:
        return f"{plural(stage.not_reviewed, 'analyzer')} did not run"
    of = f"{stage.not_reviewed} of " if stage.units > stage.not_reviewed else ""
    count = stage.units if of else stage.not_reviewed
    return f"{of}{plural(count, 'unit')} not reviewed"


def verdict(file: FileReport) -> str:
    """The state of one file in a few words; never "clean" unless it was looked at whole."""
    if file.interrupted:
        return "stopped"
    if not file.reviewed:
        return "not reviewed"
    if file.broken:
        return "does not parse"
    if file.partly:
        return "partly reviewed"
    return "" if file.findings else _calm(file)


def _calm(file: FileReport) -> str:
    if file.hushed:
        return NOTHING_ELSE
    return CHANGE_CLEAN if any(n.kind is NoticeKind.OUTSIDE for n in file.notices) else "clean"


def totals(report: Report, *, withheld_shown: bool) -> str:
    """The last line: what was found in how many files."""
    counts = [
        plural(count, noun)
        for severity, noun in (
            (Severity.ERROR, "error"),
            (Severity.WARNING, "warning"),
            (Severity.INFORMATION, "note"),
            (Severity.HINT, "hint"),
        )
        if (count := report.count(severity))
    ]
    found = ", ".join(counts) or "no findings"
    parts = [f"{found} in {plural(len(report.files), 'file')}"]
    if report.withheld:
        hint = "" if withheld_shown else " (--show-withheld)"
        parts.append(f"{report.withheld} below the gate{hint}")
    parts += hushed_parts(report.hushed_by)
    if report.compared is not None:
        parts.append(f"{report.compared.new:,} new")
    if report.over_cap:
        parts.append(f"{report.over_cap} over the cap for one file")
    if report.cut:
        parts.append(f"{report.cut:,} over the cap for the run")
    if report.skipped:
        parts.append(f"{len(report.skipped):,} skipped")
    unseen = sum(not file.reviewed for file in report.files)
    if unseen:
        parts.append(f"{plural(unseen, 'file')} not reviewed")
    broken = sum(file.broken for file in report.files)
    if broken:
        verb = "does" if broken == 1 else "do"
        parts.append(f"{plural(broken, 'file')} {verb} not parse")
    parts.append(duration(report.seconds))
    return " · ".join(parts)


def hushed_parts(count: Callable[[Hush], int]) -> list[str]:
    """How many findings are not shown because somebody said so: `2 suppressed by comments`."""
    return [f"{number:,} {words}" for by, (words, _) in _HUSHED.items() if (number := count(by))]


def why_hushed(hushed: Hushed) -> str:
    """Why a finding is not shown: `dismissed: checked above`."""
    head = _HUSHED[hushed.by][1]
    if not hushed.reason:
        return head
    said = {Hush.DISMISSED, Hush.LEARNED}
    return f"{head}{': ' if hushed.by in said else ' '}{hushed.reason}"


def overview_lines(report: Report) -> list[str]:
    """What a reviewed change does and how risky it is; nothing where files were named."""
    overview = report.overview
    if overview is None:
        return []
    risk = f"risk {overview.risk}" + (
        f": {'; '.join(overview.reasons)}" if overview.reasons else ""
    )
    return [f"{overview.title} · {risk}", *overview.sentences]


def run_lines(report: Report) -> list[str]:
    """What is to be said of the run as a whole, one line each."""
    moved = report.compared.moved if report.compared is not None else ()
    lines = [f"{path}: {entry.rule} is known from {entry.path}" for entry, path in moved]
    if (more := len(lines) - _MOST_LINES) > 0:
        lines = [*lines[:_MOST_LINES], f"{more:,} more are known from elsewhere"]
    return lines + [notice.message for notice in report.notices]


def skipped_lines(skipped: list[SkippedFile]) -> list[str]:
    """One line for each skipped path; those met in folders are counted when they are many."""
    each = [entry for entry in skipped if entry.asked or entry.kind not in _USUAL]
    met = [entry for entry in skipped if not entry.asked]
    if len(each) <= _MOST_LINES:
        met = [entry for entry in met if entry.kind in _USUAL]
    else:
        each = [entry for entry in each if entry.asked]
    lines = [f"skipped {entry.name}: {entry.reason}" for entry in each]
    for kind, count in by_kind(met).items():
        example = next(entry for entry in met if entry.kind == kind)
        more = f"{plural(count, 'entry')}, for example " if count > 1 else ""
        lines.append(f"skipped ({kind}): {more}{example.name}")
    return lines


def failure_lines(report: Report) -> list[str]:
    """One line for each reason why a part of the review did not run, with its remedy."""
    lines = report.unavailable()
    for (message, remedy), stages in report.stage_failures().items():
        lines.append(f"{', '.join(stages)} did not run: {message} {remedy}".rstrip())
    return lines
