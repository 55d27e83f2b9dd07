"""What `mirador doctor` shows: one check, its outcome and how to mend it."""

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """Outcome of a check."""

    OK = "ok"
    WARNING = "warning"
    """Mirador works, but less well."""
    FAILURE = "failure"
    """The main job does not work."""


@dataclass(frozen=True)
class Check:
    """One thing looked at."""

    name: str
    health: Health
    detail: str
    """What was found, in one line."""
    remedy: str = ""
    """A command or an action that mends it; empty when all is well."""
