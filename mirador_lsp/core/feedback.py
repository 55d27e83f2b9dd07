"""What a user decides about findings: the opinions that Mirador keeps, and learns from."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote

from mirador_lsp.core.findings import Finding, Lens, Severity

MOST_REASON = 500
"""Characters of a user's own words that are kept."""
MOST_CHANGE = 4000
"""Characters of a change that are kept."""


class Verdict(StrEnum):
    """The opinions a user can have."""

    DISMISSED = "dismissed"
    """It is not to be shown again."""
    RESTORED = "restored"
    """It was dismissed or withheld and is to be shown again."""
    HELPFUL = "helpful"
    UNHELPFUL = "unhelpful"
    ACCEPTED = "accepted"
    """Its fix was made in the editor."""
    EDITED = "edited"
    """Its fix was made, and the user changed it afterwards: the finding was right, the fix nearly.
    """
    UNDONE = "undone"
    """Its fix was made and taken back."""
    SUPPRESSED = "suppressed"
    """The user had a comment written that silences it."""
    RATED = "rated"
    """The user gave it one to five stars; see `Opinion.rating`."""


@dataclass(frozen=True)
class Opinion:
    """One opinion about one finding. What comes after `time` is the finding as it was shown, so
    that others can be compared with it; opinions of earlier versions of Mirador lack it.
    """

    uri: str
    """The document."""
    finding_id: str
    rule: str
    verdict: Verdict
    reason: str
    """The user's own words, plain, at most `MOST_REASON` characters; may be empty."""
    tool: str
    """The analyzer or model that found it."""
    time: float
    """Seconds since the epoch."""
    rating: int = 0
    """1…5 for `RATED`, else 0."""
    lens: Lens | None = None
    severity: Severity | None = None
    message: str = ""
    quote: str = ""
    symbol: str = ""
    language: str = ""
    """LSP's id of the document's language, or ""."""
    cwe: str = ""
    lines: int = 0
    """Of the change that was accepted, edited or undone."""
    change: str = ""
    """The accepted change as a diff, at most `MOST_CHANGE` characters; may be empty."""

    @property
    def id(self) -> str:
        """By which a user names it: 12 hex digits of the document and the finding."""
        named = f"{document_of(self.uri)}\0{self.finding_id}"
        return hashlib.sha256(named.encode("utf-8", "backslashreplace")).hexdigest()[:12]


@dataclass(frozen=True)
class Particulars:
    """What else is known when a user decides; what does not apply stays as it is."""

    rating: int = 0
    """As `Opinion.rating`."""
    language: str = ""
    """LSP's id of the document's language."""
    lines: int = 0
    """Lines that the change wrote or removed."""
    change: str = ""
    """It as a diff."""


@dataclass(frozen=True)
class Learning:
    """What may be learned from opinions."""

    enabled: bool = True
    security_rules: frozenset[str] = frozenset()
    """Rules whose security findings may be withheld, too; the user named them by hand."""
    fix_examples: int = 0
    """How many accepted changes a model is shown at most when it writes a similar one."""
    review_examples: int = 0
    """How many accepted findings it is shown at most when it reviews."""


@dataclass(frozen=True)
class Which:
    """Opinions that are meant: those that fit all that is said here. Nothing said means all."""

    ids: tuple[str, ...] = ()
    rule: str = ""
    uri: str = ""
    before: float | None = None
    """Seconds since the epoch; older ones are meant."""


def opinion_on(
    finding: Finding,
    verdict: Verdict,
    reason: str,
    *,
    uri: str,
    time: float,
    more: Particulars | None = None,
) -> Opinion:
    """An opinion about a finding as it is shown."""
    known = more or Particulars()
    return Opinion(
        uri=uri,
        finding_id=finding.id,
        rule=finding.rule,
        verdict=verdict,
        reason=reason[:MOST_REASON],
        tool=finding.origin.tool,
        time=time,
        rating=known.rating,
        lens=finding.lens,
        severity=finding.severity,
        message=finding.message,
        quote=finding.quote,
        symbol=finding.symbol,
        language=known.language,
        cwe=finding.cwe or "",
        lines=known.lines,
        change=known.change[:MOST_CHANGE],
    )


def document_of(uri: str) -> str:
    """One name for a document: clients differ in which characters of a path they escape."""
    if not uri.startswith("file:"):
        return uri
    return unquote(uri.replace("file://localhost/", "file:///", 1), errors="surrogateescape")
