"""What a review says: findings, their severity and their identity."""

import hashlib
import re
from dataclasses import dataclass, field
from enum import StrEnum

from mirador_lsp.core.edits import Fix
from mirador_lsp.core.text import Span


class Severity(StrEnum):
    """How bad it is if the finding is true. The names are LSP's."""

    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"
    HINT = "hint"

    @property
    def rank(self) -> int:
        """0 for the worst, so that sorting by rank puts errors first."""
        return _RANKS[self]

    def at_least(self, bar: "Severity") -> bool:
        """Whether this severity is as bad as `bar`, or worse."""
        return self.rank <= bar.rank


_RANKS = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFORMATION: 2, Severity.HINT: 3}


_WEIGHTS = {
    Severity.ERROR: 1.0,
    Severity.WARNING: 0.6,
    Severity.INFORMATION: 0.3,
    Severity.HINT: 0.1,
}


class Lens(StrEnum):
    """The angle from which a reviewer looks."""

    BUG = "bug"
    SECURITY = "security"
    PERFORMANCE = "performance"
    STYLE = "style"


class ConfidenceBand(StrEnum):
    """The three shades in which confidence is shown: grey, white and cyan in a terminal."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @classmethod
    def of(cls, confidence: float) -> "ConfidenceBand":
        """The band of a confidence in 0…1: low below 0.5, high from 0.8."""
        if confidence < 0.5:
            return cls.LOW
        return cls.HIGH if confidence >= 0.8 else cls.MEDIUM


def percent(confidence: float) -> int:
    """A confidence as users read it, 0…100: rounded down, so that it never looks like the band
    above its own.
    """
    return int(confidence * 100 + 1e-6)


@dataclass(frozen=True)
class Origin:
    """Who says so."""

    stage: str
    """Name of the stage that reported or last revised the finding."""
    tool: str
    """The analyzer or model: "ruff", "rules", "qwen2.5-coder-0.5b"."""
    digest: str = ""
    """SHA-256 of the model file for a model; empty for an analyzer."""


@dataclass(frozen=True)
class Station:
    """One place on the way of data to where it does harm: its source, a step, the sink."""

    span: Span
    """In code points of the text that it is in."""
    says: str
    """What happens there, a plain phrase: "comes in here", "joined into a text"."""
    quote: str = ""
    """The line of code there, without its indentation."""
    name: str = ""
    """The file, relative to the workspace; "" for the reviewed one."""
    line: int = 0
    """Of `name`, from 0; of the reviewed file the span says it."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing a review says about one place. Built by analyzers and by `engine.reading` only.

    All text is plain: no markup, no control characters (see `core.clean`).
    """

    id: str
    """Fingerprint: the same finding has the same id in every stage and every review."""
    rule: str
    """"ruff/S608" or "rules/empty-catch" for an analyzer; "model/security" for a model."""
    lens: Lens
    severity: Severity
    message: str
    """One or two plain sentences, at most 600 characters."""
    span: Span
    """Where, in code points of the snapshot."""
    confidence: float
    """0…1."""
    origin: Origin
    symbol: str = ""
    """Dotted path of the enclosing symbol ("Class.method"), "" at module level."""
    quote: str = ""
    """The code the finding is anchored to, one line, as in the document."""
    help_uri: str | None = None
    """Documentation of the rule; never taken from a model."""
    cwe: str | None = None
    """"CWE-89" where the rule has one."""
    confirmed_by: tuple[str, ...] = field(default=())
    """Tools that said the same, in the order in which they did."""
    fix: Fix | None = None
    """How whoever found it would mend it. A model's is the line it expected, and never safe."""
    stations: tuple[Station, ...] = ()
    """How data gets there, the source first and the sink last; () where that is not the matter."""
    favoured: bool = False
    """The user accepted others like it, so it comes first among those of its severity."""
    lesson: str = ""
    """What the user decided of others like it, where that counted: "you accepted 3 like this"."""

    @property
    def band(self) -> ConfidenceBand:
        """The shade in which the confidence is shown."""
        return ConfidenceBand.of(self.confidence)


def weight(finding: Finding) -> float:
    """How much a finding matters, 0…1: how bad it is if it is true, times how sure it is."""
    return _WEIGHTS[finding.severity] * finding.confidence


def fingerprint(topic: str, text: str, symbol: str, occurrence: int = 0) -> str:
    """Identity of a finding that survives edits elsewhere in the file: 16 hex digits.

    `topic` is the rule id of an analyzer or the lens of a model; `text` the code it points at,
    compared without its white space; `symbol` the enclosing symbol's path. `occurrence` tells
    equal places within one symbol apart and counts them from 0, top to bottom.
    """
    normal = re.sub(r"\s+", "", text)
    parts = (topic, normal, symbol, str(occurrence))
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def ranked(findings: "tuple[Finding, ...] | list[Finding]") -> list[Finding]:
    """The order in which findings are shown: worst first, then favoured, surest, and by place.

    Being favoured lifts no error above an error of security.
    """
    lifts = any(f.favoured and f.severity is Severity.ERROR for f in findings)
    return sorted(
        findings,
        key=lambda f: (
            f.severity.rank,
            not (f.favoured or (lifts and f.lens is Lens.SECURITY)),
            -f.confidence,
            f.span.start,
            f.id,
        ),
    )
