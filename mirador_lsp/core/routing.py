"""Choosing a model: the tasks, what is believed of models, and what was measured of them."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from types import MappingProxyType

from mirador_lsp.core.answers import Topic
from mirador_lsp.core.changes import Intent
from mirador_lsp.core.dialogue import ModelCard, Queue
from mirador_lsp.core.findings import Lens
from mirador_lsp.core.text import Span

_LEAST_SURE = 0.001
"""Nothing is so certain that a model could not change it."""
_BILLIONS = re.compile(r"(?<![\d.a-z])(\d{1,4}(?:\.\d{1,3})?)b(?![a-z])")

Task = str
"""What a model is asked to do, from general to special, with dots: "review.deep.security"."""

TASKS = ("review", "explain", "ask", "fix", "document", "tests", "custom")
"""What a task begins with."""


def review_task(stage: str, lenses: Sequence[Lens]) -> Task:
    """The task of a review stage, with the group of the lenses where they are all of one."""
    asked = set(lenses)
    if asked == {Lens.SECURITY}:
        return f"review.{stage}.security"
    if asked and asked <= {Lens.BUG, Lens.SECURITY}:
        return f"review.{stage}.faults"
    if asked and asked <= {Lens.PERFORMANCE, Lens.STYLE}:
        return f"review.{stage}.polish"
    return f"review.{stage}"


def answer_task(topic: Topic, stage: str) -> Task:
    """The task of a stage that answers in words."""
    return f"{topic.value}.{stage}"


def change_task(intent: Intent) -> Task:
    """The task of writing a change."""
    return intent.value


class Candidate(StrEnum):
    """The kinds of findings that may be wrong, and that a judge can be asked about."""

    CLAIM = "claim"
    """A model says so in words."""
    SLIP = "slip"
    """A model would write the line otherwise."""
    FLOW = "flow"
    """Data gets where it does harm."""
    PATTERN = "pattern"
    """The code looks like others that are weak."""


@dataclass(frozen=True)
class Calibration:
    """How often a model was right, by how strongly it spoke: a logistic curve that was fitted to
    labelled cases.
    """

    offset: float
    slope: float
    """Of the logarithm of the odds of being right, for each unit of `strength`."""

    def chance(self, strength: float) -> float:
        """The share of cases in which it was right, 0…1."""
        return _chance(self.offset + self.slope * strength)

    def updated(self, confidence: float, strength: float) -> float:
        """How sure to be of what one was so sure of, 0…1, after the model spoke so strongly for it:
        the curve is added to the odds.
        """
        return _chance(log_odds(confidence) + self.offset + self.slope * strength)


def log_odds(confidence: float) -> float:
    """The natural logarithm of the odds of a confidence in 0…1; finite at both ends."""
    sure = min(max(confidence, _LEAST_SURE), 1 - _LEAST_SURE)
    return math.log(sure / (1 - sure))


def _chance(odds: float) -> float:
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, odds))))


@dataclass(frozen=True)
class Fitness:
    """What is believed of a model, or of a family of models, at a task."""

    model: str
    """A name, or a pattern with `*` and `?`; compared without regard to case."""
    confidence: float
    """How well it does the task, 0…1."""
    reason: str
    """In a few plain words."""
    least: float = 0.0
    most: float = 1e6
    """Sizes that are meant, in billions of parameters, `most` not included."""
    infill: Calibration | None = None
    """How often a line that it would write otherwise was wrong, by the odds it gave."""
    judge: Mapping[Candidate, Calibration] = field(default_factory=lambda: MappingProxyType({}))
    """What its verdicts are worth: of each kind of finding, what they add to the odds that one is
    right. Empty where nobody has measured that."""

    passes: tuple[str, ...] = ()
    """Those that were measured to pay with it, of `core.policy.PASSES`; () where nobody knows."""

    @property
    def names_one(self) -> bool:
        """Whether it speaks of one model, not of a family."""
        return not set("*?[") & set(self.model)

    def is_about(self, card: ModelCard) -> bool:
        """Whether it speaks of that model, on whichever server it runs."""
        full = card.name.lower()
        spellings = {full, full.partition("/")[2], full.rpartition("/")[2]} - {""}
        pattern = self.model.lower()
        if not any(fnmatchcase(name, pattern) for name in spellings):
            return False
        return self.names_one or self.least <= billions(card) < self.most


def billions(card: ModelCard) -> float:
    """The size of a model: what its card says or else its name; 0 where neither does."""
    if card.parameters > 0:
        return card.parameters
    found = _BILLIONS.findall(card.name.lower())
    return float(found[-1]) if found else 0.0


@dataclass(frozen=True)
class Matrix:
    """Which model is believed to do which task how well."""

    rows: Mapping[Task, tuple[Fitness, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Of each task, in the order in which they are looked through."""

    def about(self, task: Task, card: ModelCard) -> Fitness | None:
        """What is believed of a model at a task; of the task in general where nothing is known of
        the special one.
        """
        for name in _general_to(task):
            found = next((row for row in self.rows.get(name, ()) if row.is_about(card)), None)
            if found is not None:
                return found
        return None

    def wanted(self, task: Task) -> Fitness | None:
        """The model that is best had for a task: the first that is named for it."""
        return next(iter(self._named(task)), None)

    def named(self, task: Task) -> tuple[str, ...]:
        """The models that are named for a task, the best one first."""
        return tuple(row.model for row in self._named(task))

    def _named(self, task: Task) -> tuple[Fitness, ...]:
        for name in _general_to(task):
            named = tuple(row for row in self.rows.get(name, ()) if row.names_one)
            if named:
                return named
        return ()


def _general_to(task: Task) -> Sequence[Task]:
    parts = task.split(".")
    return [".".join(parts[:count]) for count in range(len(parts), 0, -1)]


class Outcome(StrEnum):
    """How a model's reply ended."""

    HELD = "held"
    """It could be used."""
    BROKEN = "broken"
    """It broke its contract: unreadable, refused, cut, or it did not pass the checks."""
    LATE = "late"
    """The time ran out."""
    FAILED = "failed"
    """The model or its server did not work."""


@dataclass(frozen=True)
class Reading:
    """One way to understand a question."""

    name: str
    """What it is taken to be about, as users call it: "Cart.total", "the file"."""
    span: Span | None
    """The place; None for the whole file."""


@dataclass(frozen=True)
class Chosen:
    """The model that a stage would run on."""

    stage: str
    model: str
    reason: str
    """Why this model, in a few words."""


@dataclass(frozen=True)
class Workings:
    """What Mirador would run on now, and what waits for it."""

    chosen: tuple[Chosen, ...] = ()
    """Of each model stage that has a model, in their order."""
    queues: tuple[Queue, ...] = ()
    """Of the embedded engine, where it runs, and of each server."""


COMPARED = "compared with other models"
"""The reason of replies that nobody asked for: models answer what another one was asked."""


@dataclass(frozen=True)
class Circumstances:
    """What a model was chosen in."""

    reason: str = ""
    """Why this model, as users are told."""
    stages: tuple[str, ...] = ()
    """The stages of the request."""
    language: str = ""
    """Language id of the document; "" where it has none."""


@dataclass(frozen=True)
class Measurement:
    """What one reply cost, and what became of it. No code and no words of the reply."""

    task: Task
    model: str
    digest: str
    seconds: float
    first_token_seconds: float | None
    prompt_tokens: int
    completion_tokens: int
    outcome: Outcome
    time: float
    """Seconds since the epoch."""
    circumstances: Circumstances = field(default_factory=Circumstances)


@dataclass(frozen=True)
class Standing:
    """What the latest replies of a model at a task amount to."""

    task: Task
    model: str
    digest: str
    replies: int
    held: int
    """How many of them could be used."""
    seconds: float
    """Of one reply, on the average."""


ENOUGH = 20
"""Replies after which what was measured counts."""


@dataclass(frozen=True)
class Insight:
    """All that is known for choosing among models."""

    matrix: Matrix = field(default_factory=Matrix)
    standings: tuple[Standing, ...] = ()

    def standing(self, task: Task, card: ModelCard) -> Standing | None:
        """What was measured of that very version of a model at the task, once it is enough."""
        for each in self.standings:
            if (each.task, each.model, each.digest) == (task, card.name, card.digest):
                return each if each.replies >= ENOUGH else None
        return None


@dataclass(frozen=True)
class Comparison:
    """How one model answered a question that several were asked. No code and no words."""

    run: str
    """The same for all models that were asked the same question."""
    task: Task
    model: str
    digest: str
    seconds: float
    first_token_seconds: float | None
    prompt_tokens: int
    completion_tokens: int
    outcome: Outcome
    claims: int
    """Findings it reported."""
    shared: int
    """How many of them another model reported as well, on the same line."""
    time: float
    """Seconds since the epoch."""
