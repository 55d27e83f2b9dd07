"""What a reviewer said of one case, in a form that every reviewer fits and that can be kept."""

import msgspec


class Claim(msgspec.Struct, frozen=True, omit_defaults=True):
    """One finding."""

    rule: str
    lens: str
    """"security", "bug", "performance" or "style"; others that find weaknesses say "security"."""
    first: int
    """First line, from 0; -1 where none was named."""
    last: int
    cwe: int = 0
    """0 for none."""
    confidence: float = -1.0
    """As shown, 0…1; -1 where the reviewer shows none."""
    raw: float = -1.0
    """As it was when first reported: before a judge and before calibration."""
    shown: bool = True
    """False for one that is withheld because it is not sure enough."""
    strength: float | None = None
    """Of a judge's verdict: how much the code spoke for it, in logits; None where nobody judged."""

    @property
    def tool(self) -> str:
        """The rule's kind: "ruff", "rules", "flow", "model"."""
        return self.rule.partition("/")[0]


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of reviewing one case."""

    case: str
    claims: tuple[Claim, ...] = ()
    seconds: float = 0.0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    units: int = 0
    """Questions that a model was to answer to the end."""
    unfinished: int = 0
    """Of those, the ones that were not."""
    heard: int = 0
    """What models claimed and quoted rightly."""
    misquoted: int = 0
    malformed: int = 0
    withdrawn: int = 0
    failed: str = ""
    """Why it was not reviewed; "" where it was."""
