"""The messages Mirador adds to LSP, for clients that declare `experimental.mirador`.

Their meaning is in `docs/protocol.md`, which names the checksum of this file: change both together.
"""

from dataclasses import dataclass
from typing import Literal

STATUS = "mirador/status"
"""Notification to clients that declared `experimental.mirador.status`."""
STREAM = "mirador/stream"
"""Notification to clients that declared `experimental.mirador.stream`."""

Kind = Literal["normal", "warning", "error"]


@dataclass(frozen=True)
class Status:
    """How Mirador is, for a status bar."""

    kind: Kind
    """"warning": it works, but less well. "error": the main job does not work."""
    busy: bool
    """A review runs."""
    message: str
    """One plain sentence."""
    remedy: str
    """What mends it; "" when nothing is wrong."""
    uri: str
    """The document the message is about, or ""."""
    stage: str
    """The stage that runs, or ""."""
    model: str
    """The model that runs, or ""."""


@dataclass(frozen=True)
class Stream:
    """Model text as it arrives, gathered for some tens of milliseconds."""

    uri: str
    version: int | None
    stage: str
    model: str
    unit: str
    """Symbol path of the reviewed unit; "module" for the code outside of all symbols, "summary" for
    the sentence that sums the review up."""
    lens: str
    """"bug", "security", "performance" or "style"; "" where all lenses are asked about at once."""
    content: str
    """Plain text. It is not markup and not a finding."""
    confidence: float
    """The mean of the confidences of its tokens, 0…1."""
