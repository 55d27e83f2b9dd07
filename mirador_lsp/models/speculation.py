"""Whether drafting replies ahead pays on this machine, decided by trying it.

Prompt lookup guesses the next words of a reply from a passage of the prompt that began alike, and
has the model check several guessed tokens at once. That pays only where checking eight at once
costs far less than making eight one by one, as on GPUs and on machines with many cores, and only
while the reply stays what it would have been. Without a trial it is off.
"""

import contextlib
import hashlib
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import msgspec

from mirador_lsp.core.health import Check, Health
from mirador_lsp.models.cores import physical_cores
from mirador_lsp.models.wire import ModelSpec

BATCH_LIMIT = 0.5
"""Above this cost of a token in a batch of eight, as a share of one made alone, guessing cannot
pay: too many guesses are wrong."""
LEAST_GAIN = 1.1
"""Speed with guesses over speed without, from which on they are worth having."""
_NAME = "speculation"
_BATCH = 8
_RULES = 1
"""Counts changes of the trial; verdicts of another count are void."""


class Trial(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was measured. Both speeds are of a task that copies, where guesses are best."""

    alone: float
    """Seconds of a token made alone."""
    eighth: float
    """Seconds of a token read in a batch of eight."""
    plain: float
    """Tokens per second without guesses."""
    guessing: float
    """Tokens per second with guesses."""
    same_text: bool
    """Both said the same."""
    same_odds: bool
    """The guessed tokens had their probabilities, as all others have."""


class Verdict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What came of a trial."""

    on: bool
    reason: str
    gain: float
    """Speed with guesses over speed without."""
    batch: float
    """Cost of a token in a batch of eight over one made alone."""
    time: float
    """Seconds since the epoch."""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    verdicts: dict[str, Verdict]


def decide(trial: Trial, time: float) -> Verdict:
    """What a trial means."""
    gain = trial.guessing / trial.plain if trial.plain > 0 else 0.0
    batch = trial.eighth / trial.alone if trial.alone > 0 else 1.0
    reason = _objection(trial, gain, batch)
    return Verdict(not reason, reason or "it pays", gain, batch, time)


def _objection(trial: Trial, gain: float, batch: float) -> str:
    if not trial.same_text:
        return "it changes what the model says"
    if batch >= BATCH_LIMIT:
        return "tokens checked together cost nearly as much as made one by one"
    if gain < LEAST_GAIN:
        return f"it gains less than {100 * (LEAST_GAIN - 1):.0f} %"
    if not trial.same_odds:
        return "guessed tokens come without the probabilities that confidence is made from"
    return ""


@dataclass(frozen=True)
class Verdicts:
    """The verdicts of this machine, in a file of its own; a file that cannot be read has none."""

    file: Path
    threads: int = 0
    """Of the engine; 0: as many as there are cores."""

    def of(self, digest: str) -> Verdict | None:
        """What came of the trial of a model; None where it was not tried here. Reads the disk."""
        return self._all().get(self._key(digest))

    def on(self, digest: str) -> bool:
        """Whether guessing ahead is known to pay for a model. Reads the disk."""
        verdict = self.of(digest)
        return verdict is not None and verdict.on

    def keep(self, digest: str, verdict: Verdict) -> None:
        """Remember a verdict. Raises OSError."""
        known = self._all() | {self._key(digest): verdict}
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = self.file.with_name(f"{self.file.name}.{os.getpid()}")
        part.write_bytes(msgspec.json.encode(_File(known)))
        part.replace(self.file)

    def _all(self) -> dict[str, Verdict]:
        with contextlib.suppress(OSError, msgspec.MsgspecError):
            return msgspec.json.decode(self.file.read_bytes(), type=_File).verdicts
        return {}

    def _key(self, digest: str) -> str:
        """The model, the machine and the engine that a verdict is about."""
        facts = (digest, _processor(), self.threads or physical_cores(), _engine(), _RULES)
        return hashlib.sha256("\0".join(map(str, facts)).encode()).hexdigest()


def speculation_checks(specs: Sequence[ModelSpec], verdicts: Verdicts) -> tuple[Check, ...]:
    """What `mirador doctor` says, a line for each model. Reads the disk."""
    return tuple(_check(spec.name, verdicts.of(spec.digest)) for spec in specs)


def _check(model: str, verdict: Verdict | None) -> Check:
    if verdict is None:
        detail = f"off for {model}: not tried here; `mirador doctor --speculation` tries it"
        return Check(_NAME, Health.OK, detail)
    state = "on" if verdict.on else "off"
    day = datetime.fromtimestamp(verdict.time, UTC).date().isoformat()
    detail = (
        f"{state} for {model}: {verdict.reason} ({verdict.gain:.2f}x the speed where text is "
        f"copied, a token of {_BATCH} costs {verdict.batch:.2f} of one alone; tried {day})"
    )
    return Check(_NAME, Health.OK, detail)


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _engine() -> str:
    with contextlib.suppress(metadata.PackageNotFoundError):
        return metadata.version("xllamacpp")
    return ""
