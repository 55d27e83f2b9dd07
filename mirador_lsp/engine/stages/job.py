"""What a stage is given and what it gives back."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from mirador_lsp.core.dialogue import ModelCard, Usage
from mirador_lsp.core.events import Emit
from mirador_lsp.core.outline import Outline
from mirador_lsp.core.policy import StagePolicy
from mirador_lsp.core.ports import Analyzer, Clock, ModelBackend, Outliner, Syntax
from mirador_lsp.core.requests import ReviewRequest
from mirador_lsp.core.routing import Circumstances, Task, review_task
from mirador_lsp.engine.carrying import DeepVoice
from mirador_lsp.engine.comparing import Comparing
from mirador_lsp.engine.context.stock import Stock
from mirador_lsp.engine.learning.examples import Examples
from mirador_lsp.engine.ledger import Ledger
from mirador_lsp.engine.meter import Meter
from mirador_lsp.engine.reading import Reject
from mirador_lsp.engine.recall import Recall
from mirador_lsp.engine.voices import Voices


@dataclass(frozen=True)
class Tools:
    """The ports a stage may use."""

    backend: ModelBackend
    outliner: Outliner
    syntax: Syntax
    analyzers: Sequence[Analyzer]
    clock: Clock
    recall: Recall
    meter: Meter
    comparing: Comparing
    stock: Stock
    """What context is made of."""
    examples: Examples = field(default_factory=Examples)
    """What the user accepted before."""


@dataclass(frozen=True)
class Job:
    """The frozen input of a stage."""

    request: ReviewRequest
    outline: Outline
    policy: StagePolicy
    card: ModelCard
    deadline: float
    """Of the monotonic clock."""
    from_memory: bool = False
    """No model is asked: what was said before of the same code is said again."""

    @property
    def task(self) -> Task:
        """What the model is asked to do."""
        return review_task(self.policy.name, self.request.policy.lenses)


@dataclass(frozen=True)
class Desk:
    """Where a stage speaks: events to the listeners, findings to the ledger."""

    emit: Emit
    ledger: Ledger
    deep: DeepVoice = field(default_factory=DeepVoice)
    voices: Voices | None = None
    """Where several models are asked the same. What one claims is told once its reply is whole."""


@dataclass(frozen=True)
class Said:
    """What a model stage leaves behind besides findings."""

    looked: int
    """Units it has looked at to the end. A stage that looked at none has not reviewed anything."""
    summary: str = ""


@dataclass
class Tally:
    """What a stage counts while it runs; it becomes the figures of `StageFinished`."""

    circumstances: Circumstances = field(default_factory=Circumstances)
    """What the model was chosen in; kept with what is measured of its replies."""
    usage: Usage = field(default_factory=Usage)
    rejects: dict[Reject, int] = field(default_factory=dict)
    """Lines of replies that were dropped, by reason."""
    not_reviewed: int = 0
    cut: int = 0
    """Replies that reached their limit of tokens before their end."""
    last: Usage | None = None
    """Of the latest reply."""

    @property
    def rejected(self) -> int:
        """Lines of replies that were dropped."""
        return sum(self.rejects.values())

    def reject(self, reason: Reject) -> None:
        """Count a dropped line."""
        self.rejects[reason] = self.rejects.get(reason, 0) + 1

    def add(self, usage: Usage, started: float, asked: float) -> None:
        """Add the usage of a reply asked for at `asked` in a stage that began at `started`."""
        self.cut += usage.truncated
        self.last = usage
        known = self.usage.first_token_seconds
        first = usage.first_token_seconds
        self.usage = Usage(
            prompt_tokens=self.usage.prompt_tokens + usage.prompt_tokens,
            cached_tokens=self.usage.cached_tokens + usage.cached_tokens,
            completion_tokens=self.usage.completion_tokens + usage.completion_tokens,
            wait_seconds=self.usage.wait_seconds + usage.wait_seconds,
            first_token_seconds=known
            if known is not None or first is None
            else asked - started + first,
            seconds=self.usage.seconds + usage.seconds,
            truncated=self.usage.truncated or usage.truncated,
        )
