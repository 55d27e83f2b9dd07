"""What a download says while it runs."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    """What a download is doing."""

    WAITING = "waiting"
    """Another process fetches the same model."""
    CHECKING = "checking"
    """Reading what an earlier download left."""
    FETCHING = "fetching"
    MAKING = "making"
    """All bytes are there; what is used is made from them."""
    STORING = "storing"
    """All bytes are there and right; they are written out and moved into place."""


@dataclass(frozen=True)
class PullProgress:
    """Where a download is: `done` of `total` bytes of the model file."""

    name: str
    """The model's name."""
    phase: Phase
    done: int
    total: int
    source: str = ""
    """Where the bytes come from, for people."""
    message: str = ""
    """A line the user should see: a source failed, another process is waited for. Usually empty."""


OnProgress = Callable[[PullProgress], None]
"""Called on the event loop, often; returns at once."""


class Report:
    """Says where the download of one model is."""

    def __init__(self, name: str, total: int, tell: OnProgress) -> None:
        self._name = name
        self.total = total
        self._tell = tell
        self._done = 0
        self._phase = Phase.CHECKING
        self.source = ""

    def __call__(self, done: int, phase: Phase = Phase.FETCHING) -> None:
        """`done` bytes of the model are there."""
        self._done, self._phase = min(done, self.total), phase
        self._send("")

    def say(self, message: str, phase: Phase | None = None) -> None:
        """A line for the user."""
        self._phase = phase or self._phase
        self._send(message)

    def _send(self, message: str) -> None:
        self._tell(
            PullProgress(self._name, self._phase, self._done, self.total, self.source, message)
        )
