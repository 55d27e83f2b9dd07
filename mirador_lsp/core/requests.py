"""What can be asked of the engine."""

from dataclasses import dataclass
from enum import StrEnum

from mirador_lsp.core.dialogue import Priority
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.policy import ReviewPolicy
from mirador_lsp.core.silence import Accepted
from mirador_lsp.core.text import Span


class Trigger(StrEnum):
    """What made the request."""

    OPEN = "open"
    SAVE = "save"
    COMMAND = "command"
    CLI = "cli"


@dataclass(frozen=True)
class ReviewRequest:
    """Review one document."""

    snapshot: Snapshot
    policy: ReviewPolicy
    trigger: Trigger
    focus: Span | None = None
    """What the user looks at or has changed; its units are reviewed first."""
    priority: Priority = Priority.SAVE
    only: tuple[Span, ...] | None = None
    """Look at these places alone: units that share nothing with them are left out, and so are
    findings elsewhere. None for the whole document."""
    known: bool = False
    """All of the document but what lies in `focus` was reviewed to the end by every stage."""
    before: str | None = None
    """The text before the change that `only` is: what analyzers find elsewhere, and did not find in
    it, the change has caused, so it is told. None where nothing is compared."""
    carried: tuple[Finding, ...] = ()
    """What an earlier review of these lines found, where it stands now: told wherever it lies, of
    analyzers as far as they still find it."""
    caused: tuple[Finding, ...] = ()
    """What the change of another file causes in this one; told wherever it lies."""
    accepted: Accepted | None = None
    """What a baseline knows of the document; None where findings are not held against one."""
