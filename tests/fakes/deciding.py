"""A user who decides about findings, one after the other."""

from dataclasses import replace
from typing import Any

from fakes.clock import FakeClock
from mirador_lsp.core.feedback import Opinion, Particulars, Verdict, opinion_on
from mirador_lsp.core.findings import Finding, Lens, Origin, Severity, fingerprint
from mirador_lsp.core.ports import FeedbackBook
from mirador_lsp.core.text import Span

NOW = FakeClock().wall()


def found(
    message: str = "This divides by the number of items, which may be zero.",
    quote: str = "return total / len(items)",
    *,
    rule: str = "model/bug",
    lens: Lens = Lens.BUG,
    severity: Severity = Severity.WARNING,
    confidence: float = 0.8,
    **more: Any,
) -> Finding:
    """A finding with defaults for what a test does not speak about."""
    finding = Finding(
        id=fingerprint(rule, quote, message),
        rule=rule,
        lens=lens,
        severity=severity,
        message=message,
        span=Span(0, 1),
        confidence=confidence,
        origin=Origin("deep", "qwen2.5-coder-0.5b"),
        quote=quote,
    )
    return replace(finding, **more)


def decided(
    finding: Finding,
    verdict: Verdict = Verdict.DISMISSED,
    *,
    document: str = "old.py",
    days_ago: float = 0.0,
    **more: Any,
) -> Opinion:
    """What the user said of a finding, some days ago."""
    time = NOW - days_ago * 86_400
    uri = f"file:///work/{document}"
    return opinion_on(finding, verdict, "", uri=uri, time=time, more=Particulars(**more))


async def decide(
    book: FeedbackBook,
    finding: Finding,
    verdict: Verdict = Verdict.DISMISSED,
    times: int = 1,
    **more: Any,
) -> None:
    """The user says the same of a finding in several documents, a second apart."""
    for number in range(times):
        ago = (times - number) / 86_400
        said = decided(finding, verdict, document=f"old{number}.py", days_ago=ago, **more)
        await book.record(said)
