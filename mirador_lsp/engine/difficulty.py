"""How hard a change is to review, and which stages that takes. Pure.

Only for a save in an editor, of a file that was reviewed to the end before: there it is known what
changed since, and what every stage said of the rest.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.outline import Outline
from mirador_lsp.core.policy import DEEP, SYNTHESIS
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.core.text import Span

FEW_LINES = 5
"""Changed lines up to which a change is trivial."""
MANY_LINES = 40
"""Changed lines beyond which it is hard."""
TINY_FILE = 20
"""Lines of a file that is trivial as a whole."""
LONG_FUNCTION = 80
"""Lines beyond which a function is long: what is changed in it depends on much."""
_MOST_READ = 200_000
"""Code points searched for words of security."""
_SECURITY = re.compile(
    r"(?<![a-z])(?:passw|passphrase|secret|credential|api_?key|token|auth|permission|privilege|"
    r"sudo|crypt|cipher|hash|hmac|signature|ssl|tls|certificate|verify|sanitiz|escape|"
    r"deserial|pickle|marshal|yaml\.load|eval\b|exec\b|system\b|popen|subprocess|shell|"
    r"select\b.{0,80}\bfrom\b|insert\s+into|delete\s+from|innerhtml|dangerously|cors\b|"
    r"csrf|jwt|oauth|session|cookie|random|chmod|unsafe)",
    re.IGNORECASE,
)


class Level(StrEnum):
    """How hard."""

    TRIVIAL = "trivial"
    MEDIUM = "medium"
    HARD = "hard"


@dataclass(frozen=True)
class Difficulty:
    """How hard a change is, and why."""

    level: Level
    why: str
    """A few plain words: "2 changed lines"."""

    @property
    def spared(self) -> tuple[str, ...]:
        """Stages whose models are not asked about it."""
        match self.level:
            case Level.TRIVIAL:
                return (DEEP, SYNTHESIS)
            case Level.MEDIUM:
                return (DEEP,)
            case Level.HARD:
                return ()


def can_be_judged(request: ReviewRequest) -> bool:
    """Whether the stages of a request follow from what changed: nobody named them, and it is a
    save of which is known what it changed. All else is reviewed by every stage.
    """
    saved = request.trigger is Trigger.SAVE and request.focus is not None
    return request.policy.automatic and request.known and saved and request.only is None


def judge(snapshot: Snapshot, focus: Span, outline: Outline) -> Difficulty:
    """How hard the change at `focus` is. In doubt it is the harder: what is missed costs more."""
    lines = snapshot.lines
    first, last = lines.line_of(focus.start), lines.line_of(max(focus.end - 1, focus.start))
    changed = last - first + 1
    noun = "changed line" if changed == 1 else "changed lines"
    if changed > MANY_LINES:
        return Difficulty(Level.HARD, f"{changed} {noun}")
    touched = [s for s in outline.symbols if s.kind != "class" and s.span.overlaps(focus)]
    for symbol in touched:
        length = lines.line_of(symbol.span.end) - lines.line_of(symbol.span.start) + 1
        if length > LONG_FUNCTION:
            return Difficulty(Level.HARD, f"{symbol.path} has {length} lines")
    if (word := _about_security(snapshot, focus, outline)) is not None:
        return Difficulty(Level.HARD, f"the changed code is about security: {word}")
    if len(lines) <= TINY_FILE:
        return Difficulty(Level.TRIVIAL, f"a file of {len(lines)} lines")
    if changed <= FEW_LINES:
        return Difficulty(Level.TRIVIAL, f"{changed} {noun}")
    return Difficulty(Level.MEDIUM, f"{changed} {noun}")


def _about_security(snapshot: Snapshot, focus: Span, outline: Outline) -> str | None:
    """A word that says so, in the changed lines or the function around them."""
    inner = outline.innermost(focus.start)
    around = inner.span if inner is not None and inner.kind != "class" else focus
    start, end = min(around.start, focus.start), max(around.end, focus.end)
    found = _SECURITY.search(snapshot.text, start, min(end, start + _MOST_READ))
    return found.group().split()[0].lower() if found is not None else None
