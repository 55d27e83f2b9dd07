"""What a user thinks of a finding."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """The opinions a user can have."""

    DISMISSED = "dismissed"
    """It is not to be shown again."""
    RESTORED = "restored"
    """It was dismissed and is to be shown again."""
    HELPFUL = "helpful"
    UNHELPFUL = "unhelpful"


@dataclass(frozen=True)
class Opinion:
    """One opinion about one finding."""

    uri: str
    """The document."""
    finding_id: str
    rule: str
    verdict: Verdict
    reason: str
    """The user's own words, plain, at most 500 characters; may be empty."""
    tool: str
    """The analyzer or model that found it."""
    time: float
    """Seconds since the epoch."""
