"""The events of a review as an engine would send them, for whatever listens."""

from collections.abc import Sequence
from dataclasses import replace

from mirador_lsp.core import events
from mirador_lsp.core.dialogue import Usage
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.findings import Finding, Lens, Origin, Severity, fingerprint
from mirador_lsp.core.text import Span

SMALL = "qwen2.5-coder-0.5b"
SHOP = """\
import sqlite3


def find_orders(db: sqlite3.Connection, customer: str, seen=[]):
    query = "SELECT * FROM orders WHERE customer = '" + customer + "'"
    seen.append(customer)
    return db.execute(query).fetchall()
"""


def shop(name: str = "shop.py", text: str = SHOP) -> Snapshot:
    """A small Python file."""
    return Snapshot(uri=f"file:///work/{name}", name=name, language="python", text=text)


def finding(
    snapshot: Snapshot,
    quote: str,
    *,
    rule: str = "model/bug",
    lens: Lens = Lens.BUG,
    severity: Severity = Severity.WARNING,
    confidence: float = 0.6,
    message: str = "Something is wrong here.",
    stage: str = "quick",
    tool: str = SMALL,
    cwe: str | None = None,
    help_uri: str | None = None,
) -> Finding:
    """A finding about the first place where `quote` stands in the snapshot."""
    start = snapshot.text.index(quote)
    return Finding(
        id=fingerprint(rule, quote, "find_orders"),
        rule=rule,
        lens=lens,
        severity=severity,
        message=message,
        span=Span(start, start + len(quote)),
        confidence=confidence,
        origin=Origin(stage, tool),
        symbol="find_orders",
        quote=quote,
        help_uri=help_uri,
        cwe=cwe,
    )


def sql(snapshot: Snapshot) -> Finding:
    """What an analyzer finds at once."""
    return finding(
        snapshot,
        '"SELECT * FROM orders WHERE customer = \'" + customer',
        rule="ruff/S608",
        lens=Lens.SECURITY,
        severity=Severity.ERROR,
        confidence=0.9,
        message="SQL text is built from a variable; pass it as a parameter instead.",
        stage="instant",
        tool="ruff",
        cwe="CWE-89",
        help_uri="https://docs.astral.sh/ruff/rules/hardcoded-sql-expression",
    )


def whole_review(snapshot: Snapshot) -> tuple[events.Event, ...]:
    """All four stages: one finding stays, one is revised, one withdrawn, one below the gate."""
    fact = sql(snapshot)
    default = finding(
        snapshot, "seen=[]", message="The default list is shared between calls, so it grows."
    )
    wrong = finding(
        snapshot,
        "return db.execute(query).fetchall()",
        lens=Lens.PERFORMANCE,
        rule="model/performance",
        message="All rows are loaded at once.",
    )
    faint = finding(
        snapshot,
        "import sqlite3",
        lens=Lens.STYLE,
        rule="model/style",
        severity=Severity.HINT,
        confidence=0.2,
        message="The import could be lazy.",
    )
    surer = replace(default, confidence=0.93, origin=replace(default.origin, stage="deep"))
    return (
        events.ReviewStarted(
            snapshot.name, ("instant", "quick", "deep", "synthesis"), "all stages of the settings"
        ),
        events.StageStarted("instant", "", "ruff, rules", 1),
        events.FindingReported("instant", fact),
        events.StageFinished("instant", "", 0.09, Usage(seconds=0.09)),
        events.StageStarted("quick", SMALL, "first choice of the stage", 2),
        events.StageProgressed("quick", 0, 2, "find_orders", prefill=0.5),
        *spoken("quick", ("4 bug ", "warning ", "`seen=[]` ", "The default ", "list is ", "one")),
        events.FindingReported("quick", default),
        events.StageProgressed("quick", 1, 2, ""),
        events.FindingReported("quick", wrong),
        events.FindingReported("quick", faint),
        events.StageFinished(
            "quick", SMALL, 12.3, Usage(900, 0, 60, 0.1, 0.42, 12.0), rejected=1, not_reviewed=0
        ),
        events.StageStarted("deep", SMALL, "the 1.5b is not installed", 2),
        events.Notice(
            events.NoticeKind.FALLBACK,
            "qwen2.5-coder-1.5b is not installed; qwen2.5-coder-0.5b stands in",
            stage="deep",
        ),
        events.StageProgressed("deep", 0, 2, "find_orders", lens="bug"),
        events.FindingRevised("deep", surer, "found again under the bug lens"),
        events.StageFinished("deep", SMALL, 31.0, Usage(1800, 900, 140, 0.0, 0.2, 30.0)),
        events.StageStarted("synthesis", SMALL, "first choice that is here", 3),
        events.FindingWithdrawn("synthesis", wrong.id, "the judge says no (0.12)"),
        events.StageFinished(
            "synthesis", SMALL, 4.4, Usage(600, 500, 3, 0.0, 0.3, 4.0), not_reviewed=1
        ),
        events.ReviewFinished(47.9, (fact, surer), (faint,), 0, 1, reviewed=True),
    )


def spoken(stage: str, pieces: Sequence[str], lens: str = "") -> tuple[events.StreamToken, ...]:
    """A model's words, a tenth of a second apart."""
    return tuple(
        events.StreamToken(
            piece, 0.9, stage, SMALL, {"unit": "find_orders", "lens": lens}, 1000.0 + number / 10
        )
        for number, piece in enumerate(pieces)
    )


def no_model(snapshot: Snapshot) -> tuple[events.Event, ...]:
    """What is said where no model is installed: the instant stage, and why not the others."""
    fact = sql(snapshot)
    message, remedy = "No model is installed.", "Fetch one: mirador models pull 0.5b"
    failed = tuple(
        event
        for stage in ("quick", "deep", "synthesis")
        for event in (
            events.StageStarted(stage, "", "", 2),
            events.StageFailed(stage, "", 0.0, message, remedy),
        )
    )
    return (
        events.ReviewStarted(snapshot.name, ("instant", "quick", "deep", "synthesis"), "all"),
        events.StageStarted("instant", "", "ruff, rules", 1),
        events.FindingReported("instant", fact),
        events.StageFinished("instant", "", 0.09, Usage(seconds=0.09)),
        *failed,
        events.ReviewFinished(0.1, (fact,), (), 0, 0, reviewed=True),
    )


def not_reviewed(snapshot: Snapshot) -> tuple[events.Event, ...]:
    """What is said when not one stage could look."""
    return (
        events.ReviewStarted(snapshot.name, ("instant",), "asked for"),
        events.StageStarted("instant", "", "ruff, rules", 1),
        events.StageFailed("instant", "", 0.1, "The analyzer did not start.", "See the log."),
        events.ReviewFinished(0.1, (), (), 0, 0, reviewed=False),
    )


def clean_file(snapshot: Snapshot) -> tuple[events.Event, ...]:
    """A file without findings."""
    return (
        events.ReviewStarted(snapshot.name, ("instant",), "asked for"),
        events.StageStarted("instant", "", "ruff, rules", 1),
        events.StageFinished("instant", "", 0.05, Usage(seconds=0.05)),
        events.ReviewFinished(0.05, (), (), 0, 0, reviewed=True),
    )


def broken_file(snapshot: Snapshot) -> tuple[events.Event, ...]:
    """A file that does not parse and has no other finding."""
    notice = events.Notice(events.NoticeKind.BROKEN, "does not parse in 1 place: line 3")
    return (
        events.ReviewStarted(snapshot.name, ("instant",), "asked for"),
        events.StageStarted("instant", "", "ruff, rules", 1),
        notice,
        events.StageFinished("instant", "", 0.05, Usage(seconds=0.05)),
        events.ReviewFinished(0.05, (), (), 0, 0, reviewed=True, notices=(notice,)),
    )


def hushed(snapshot: Snapshot) -> tuple[events.Event, ...]:
    """A review of which one finding is shown; a comment and the user keep two from it."""
    stays = finding(snapshot, "seen=[]", message="The default list is shared between calls.")
    comment = finding(snapshot, "import sqlite3", rule="ruff/F401", tool="ruff", stage="instant")
    dismissed = finding(snapshot, "seen.append(customer)", message="It grows for ever.")
    return (
        events.ReviewStarted(snapshot.name, ("quick",), "asked for"),
        events.StageStarted("quick", SMALL, "first choice", 1),
        events.FindingReported("quick", stays),
        events.StageFinished("quick", SMALL, 1.0, Usage(seconds=1.0)),
        events.ReviewFinished(
            1.0,
            (stays,),
            (),
            0,
            0,
            reviewed=True,
            hushed=(
                events.Hushed(comment, events.Hush.COMMENT, "a comment on line 1"),
                events.Hushed(dismissed, events.Hush.DISMISSED, "it is cleared elsewhere"),
            ),
        ),
    )


def only(end: events.Event, rule: str) -> events.ReviewFinished:
    """The end of a review with the findings of one rule alone."""
    if not isinstance(end, events.ReviewFinished):
        raise TypeError(end)
    return replace(end, findings=tuple(f for f in end.findings if f.rule == rule))
