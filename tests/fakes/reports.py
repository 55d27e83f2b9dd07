"""Reports as the command line collects them, for the renderers."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from fakes import events as told
from fakes.hostile import HOSTILE
from mirador_lsp.cli.report import FileReport, Report
from mirador_lsp.core import events
from mirador_lsp.core.document import Snapshot


def report_of(
    script: Callable[[Snapshot], Iterable[events.Event]], snapshot: Snapshot | None = None
) -> Report:
    """The report of one file under a script of `fakes.events`."""
    file = FileReport(snapshot or told.shop(), gate=0.35)
    for event in script(file.snapshot):
        file(event)
    return Report([file], seconds=1.5, started_utc="2026-01-02T03:04:05Z")


def hostile_report() -> Report:
    """A report in which every text from outside is hostile."""

    def script(shop: Snapshot) -> tuple[events.Event, ...]:
        nasty = replace(
            told.sql(shop), message=HOSTILE, quote=HOSTILE, rule=f"ruff/{HOSTILE}", symbol=HOSTILE
        )
        own = replace(told.finding(shop, "seen=[]"), message=HOSTILE, quote="``` " + HOSTILE)
        notice = events.Notice(events.NoticeKind.SKIPPED, HOSTILE, stage="quick")
        return (
            events.ReviewStarted(HOSTILE, ("instant", "quick", "deep"), HOSTILE),
            events.StageStarted("quick", HOSTILE, HOSTILE, 2),
            events.FindingReported("quick", nasty),
            events.FindingReported("quick", own),
            events.StageFailed("quick", HOSTILE, 0.1, HOSTILE, HOSTILE),
            notice,
            events.ReviewFinished(1.0, (nasty,), (own,), 0, 0, reviewed=True, notices=(notice,)),
        )

    return report_of(script, told.shop(f"dir/{HOSTILE}.py"))
