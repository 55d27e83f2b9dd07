"""Figures as they are shown: what was counted, grouped as a user asks about it."""

from dataclasses import dataclass, field

from mirador_lsp.core.metrics import FindingCounts, Price, RequestFigures, StageCosts


@dataclass(frozen=True)
class Spread:
    """How long something took, in seconds; None where it never happened."""

    count: int = 0
    median: float | None = None
    p95: float | None = None


@dataclass(frozen=True)
class KindRow:
    """Requests of one kind."""

    kind: str
    count: int
    stopped: int
    failed: int
    ahead: int
    """Of them, those that nobody had asked for yet."""
    took: Spread


@dataclass(frozen=True)
class StageRow:
    """One stage on one model."""

    stage: str
    model: str
    digests: tuple[str, ...]
    """Of its versions, where they are known."""
    leaves: bool
    """What it is asked leaves this machine."""
    costs: StageCosts
    first_token: Spread
    took: Spread

    @property
    def reuse(self) -> float | None:
        """The share of prompt tokens that did not have to be read again, 0…1."""
        return share(self.costs.cached_tokens, self.costs.prompt_tokens)

    @property
    def hits(self) -> float | None:
        """The share of questions whose answer was known from before, 0…1."""
        return share(self.costs.kept, self.costs.kept + self.costs.asked)


@dataclass(frozen=True)
class DayRow:
    """One day."""

    day: str
    requests: int
    costs: StageCosts
    findings: FindingCounts
    first_token: Spread
    decided: int
    """Findings and fixes on which the user decided."""
    accepted: int
    joules: float
    """Of the requests whose energy was measured."""


@dataclass(frozen=True)
class FixRow:
    """Changes that got equally far."""

    kind: str
    offered: bool
    rung: str
    """The highest step of the ladder that they passed."""
    failed: str
    """The step at which the last attempt failed."""
    count: int


@dataclass(frozen=True)
class Acceptance:
    """What the user made of what was shown."""

    tool: str = ""
    """The analyzer or model that found it; "" for all."""
    accepted: int = 0
    """Fixes that were made and left as they were."""
    edited: int = 0
    """Fixes that were made, and changed afterwards."""
    undone: int = 0
    dismissed: int = 0
    """Dismissed, or silenced by a comment."""
    accepted_lines: int = 0
    edited_lines: int = 0
    undone_lines: int = 0

    @property
    def rate(self) -> float | None:
        """Of what was decided on, the share that was accepted, changed afterwards or not."""
        taken = self.accepted + self.edited
        return share(taken, taken + self.undone + self.dismissed)

    @property
    def line_rate(self) -> float | None:
        """Of the lines of fixes that were made, the share that the user left as they were."""
        made = self.accepted_lines + self.edited_lines + self.undone_lines
        return share(self.accepted_lines, made)


@dataclass(frozen=True)
class EnergyRow:
    """What requests took, where it could be measured."""

    joules: float = 0.0
    measured: int = 0
    """Requests."""
    sources: tuple[str, ...] = ()
    """Parts of the machine that were measured."""


@dataclass(frozen=True)
class Saving:
    """What the tokens of models on this machine would have cost elsewhere."""

    price: Price
    dollars: float


@dataclass(frozen=True)
class Summary:
    """Everything that is shown of a span of time."""

    since: str
    """The first day; "" for all there is."""
    until: str
    """The day of today."""
    model: str
    """Part of the names of the models that `stages` and `days` are of; "" for all."""
    requests: int
    kinds: tuple[KindRow, ...]
    stages: tuple[StageRow, ...]
    days: tuple[DayRow, ...]
    """Each day from the first to the last on which something was counted, without a gap."""
    findings: FindingCounts
    fixes: tuple[FixRow, ...]
    acceptance: Acceptance
    by_tool: tuple[Acceptance, ...]
    energy: EnergyRow
    here: StageCosts
    """Of models on this machine."""
    away: StageCosts
    """Of models that code leaves this machine for."""
    savings: tuple[Saving, ...]
    latest: tuple[RequestFigures, ...] = field(default=())
    """Newest first."""


def share(part: float, whole: float) -> float | None:
    """`part` of `whole`, 0…1; None of nothing."""
    return part / whole if whole else None
