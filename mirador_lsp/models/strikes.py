"""Models that fail are tried again later and later, and in the end not at all.

What counts is the file as it is now: a model that is fetched anew starts afresh.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mirador_lsp.core.errors import ModelUnavailable
from mirador_lsp.models.wire import ModelSpec

MOST_LOADS = 3
"""Failed attempts to load a file after which it is left alone."""
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0


@dataclass(frozen=True)
class _Record:
    loads: int = 0
    """Loads that failed, without one that did not."""
    crashes: int = 0
    """Ends in the middle of work, without a reply that was completed."""
    until: float = 0.0
    """No attempt before this time."""
    reason: str = ""


class Strikes:
    """What went wrong with each model file since it last worked."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._records: dict[str, tuple[tuple[int, int], _Record]] = {}

    def check(self, spec: ModelSpec) -> None:
        """Raise ModelUnavailable when the model should not be tried now."""
        record = self._record(spec)
        if record.loads >= MOST_LOADS:
            message = f"{spec.name} cannot be used: {record.reason}"
            remedy = f"Fetch it again: mirador models remove {spec.name}, then mirador models pull."
            raise ModelUnavailable(message, remedy=remedy)
        wait = record.until - self._clock()
        if wait > 0:
            message = f"{spec.name} failed: {record.reason} It is tried again in {wait:.0f} s."
            raise ModelUnavailable(message)

    def load_failed(self, spec: ModelSpec, reason: str) -> None:
        """The model did not load."""
        record = self._record(spec)
        self._note(spec, record.loads + 1, record.crashes, reason)

    def crashed(self, spec: ModelSpec, reason: str) -> None:
        """The worker died while it answered."""
        record = self._record(spec)
        self._note(spec, record.loads, record.crashes + 1, reason)

    def worked(self, spec: ModelSpec) -> None:
        """The model completed a reply."""
        self._records.pop(spec.path, None)

    def _note(self, spec: ModelSpec, loads: int, crashes: int, reason: str) -> None:
        # The first failure may be bad luck and is forgiven at once.
        pause = _FIRST_PAUSE * 2 ** (loads + crashes - 1) if loads + crashes > 1 else 0.0
        until = self._clock() + min(pause, _LONGEST_PAUSE)
        self._records[spec.path] = (_identity(spec), _Record(loads, crashes, until, reason))

    def _record(self, spec: ModelSpec) -> _Record:
        identity, record = self._records.get(spec.path, ((0, 0), _Record()))
        return record if identity == _identity(spec) else _Record()


def _identity(spec: ModelSpec) -> tuple[int, int]:
    """Size and time of the file: what changes when it is fetched anew."""
    try:
        facts = Path(spec.path).stat()
    except OSError:
        return (0, 0)
    return facts.st_size, facts.st_mtime_ns
