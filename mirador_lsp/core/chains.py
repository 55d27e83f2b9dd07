"""Chains: what is done with a file, step after step, and what came of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from mirador_lsp.core.changes import ChangeEvent, Patch, TestRun
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import Event, Notice
from mirador_lsp.core.findings import Finding


class Step(StrEnum):
    """What a chain can do."""

    ANALYSE = "analyse"
    """Review the text."""
    FIX = "fix"
    """Mend what was found: analyzers' safe fixes, then one checked change for each finding."""
    VALIDATE = "validate"
    """Review what came of it, and take everything back where it is worse than before."""


STEPS = tuple(step.value for step in Step)
"""The steps by the names that settings use."""


@dataclass(frozen=True, kw_only=True)
class Chain:
    """Steps and the models that do them. Also the settings of one `[[chains]]` table."""

    name: str
    title: str = ""
    steps: tuple[str, ...] = STEPS
    """Of `STEPS`, in the order in which they run."""
    quick: tuple[str, ...] = ()
    """Models of that stage in order of preference; () leaves it to the settings of stages."""
    deep: tuple[str, ...] = ()
    synthesis: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    """Stages of its reviews; () leaves it to the settings of reviews."""
    lenses: tuple[str, ...] = ()
    """The same for the angles it looks from."""
    severity: str = "warning"
    """Findings of that severity or worse are mended."""
    most_fixes: int = 5
    """Changes that models may write for one file."""

    def models(self, stage: str) -> tuple[str, ...]:
        """The models that it names for a stage."""
        return {"quick": self.quick, "deep": self.deep, "synthesis": self.synthesis}.get(stage, ())


BUILT_IN = (
    Chain(
        name="analyse-fix-validate",
        title="review, mend what was found, and check what came of it",
    ),
    Chain(
        name="security-fix-validate",
        title="the same with an eye on security alone",
        lenses=("security",),
    ),
    Chain(
        name="tidy",
        title="every safe fix of the analyzers; no model writes code",
        stages=("instant",),
        severity="hint",
        most_fixes=0,
    ),
)
"""Chains that are there without any settings."""


@dataclass(frozen=True)
class Mended:
    """A finding that a step has mended, or several by one patch of safe fixes."""

    findings: tuple[Finding, ...]
    """With their places in the text before that patch."""
    patch: Patch


@dataclass(frozen=True)
class Unmended:
    """A finding that stays."""

    finding: Finding
    why: str
    """One plain sentence."""


@dataclass(frozen=True)
class Outcome:
    """What a chain made of one file."""

    before: Snapshot
    after: Snapshot
    """Equal text where nothing holds."""
    reviewed: bool
    """Some stage looked at it; without that it counts as nothing."""
    found: tuple[Finding, ...] = ()
    """In `before`."""
    mended: tuple[Mended, ...] = ()
    unmended: tuple[Unmended, ...] = ()
    left: tuple[Finding, ...] | None = None
    """What a review of `after` shows; None where no step validated."""
    fresh: tuple[Finding, ...] = ()
    """Those of `left` that `found` does not know."""
    taken_back: str = ""
    """Why nothing of the changes holds, one plain sentence; "" where they do."""
    tests: TestRun | None = None
    """The project's tests on `after`, where they ran."""
    notices: tuple[Notice, ...] = ()
    seconds: float = 0.0

    @property
    def changed(self) -> bool:
        """Whether there is something to write."""
        return self.after.text != self.before.text


@dataclass(frozen=True)
class StepStarted:
    """A step begins."""

    name: str
    """What the user calls the file."""
    step: str
    number: int
    """From 1."""
    total: int


@dataclass(frozen=True)
class StepFinished:
    """A step is done."""

    name: str
    step: str
    seconds: float
    summary: str
    """In a few plain words: "3 findings", "2 mended, 1 stays"."""


@dataclass(frozen=True)
class Within:
    """What a review or a change of a step says."""

    name: str
    step: str
    event: Event | ChangeEvent = field(repr=False)


ChainEvent = StepStarted | StepFinished | Within
EmitChain = Callable[[ChainEvent], None]
"""Called on the event loop; returns at once and never blocks."""
