"""What gathering draws on: ports, what was learned of models, and what was compiled of late."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from mirador_lsp.core.dialogue import ModelCard, Prompt, Usage
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.policy import StagePolicy
from mirador_lsp.core.ports import CodeIndex, ProjectFiles, Slicer, TokenCounter
from mirador_lsp.core.retrieval import Compiled, RulesFile
from mirador_lsp.engine.context.budget import Reading, Scales
from mirador_lsp.engine.context.compiler import Candidate
from mirador_lsp.engine.units import ShownUnit

_MOST_KEPT = 500


@dataclass(frozen=True)
class Found:
    """What was found for one unit, whatever model it is for."""

    candidates: tuple[Candidate, ...] = ()
    stale: tuple[Candidate, ...] = ()
    contents: Mapping[str, str] = field(default_factory=dict)
    """The other files that candidates are from, with the SHA-256 that each had."""
    rules: tuple[RulesFile, ...] = ()
    whole: bool = True
    """False where something could not be asked, or not in time."""


@dataclass(frozen=True)
class Kept:
    """What was compiled, and what it depends on besides the document."""

    compiled: Compiled
    contents: Mapping[str, str]
    rules: tuple[RulesFile, ...]


@dataclass(frozen=True)
class Workplace:
    """The workspace that a document is in."""

    project: ProjectFiles
    index: CodeIndex | None = None


WorkplaceOf = Callable[[Snapshot], Workplace | None]
"""The workspace of a document, or None. Touches no disk."""


def nowhere(_snapshot: Snapshot) -> Workplace | None:
    """No document is in any workspace."""
    return None


@dataclass
class Stock:
    """What lives as long as the engine: the ports, what was learned, what was compiled of late."""

    workplace_of: WorkplaceOf = nowhere
    slicer: Slicer | None = None
    counter: TokenCounter | None = None
    preferences: str = ""
    """What the user asks for in their own settings."""
    reading: Reading = field(default_factory=Reading)
    _kept: "OrderedDict[tuple[str, ...], Kept]" = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        self.scales = Scales(self.reading, self.counter)

    def learn(self, card: ModelCard, prompt: Prompt, usage: Usage | None) -> None:
        """Take in what a prompt cost its model."""
        self.reading.learn(card, prompt, usage)

    def recall(
        self, snapshot: Snapshot, shown: ShownUnit, card: ModelCard, policy: StagePolicy
    ) -> ShownUnit:
        """The unit with what was compiled for it before, by this very text; without, if nothing
        was. Nothing is asked.
        """
        kept = self.known(key_of(snapshot, shown, card, policy))
        return replace(shown, background=kept.compiled) if kept is not None else shown

    def known(self, key: tuple[str, ...]) -> Kept | None:
        """What was compiled under `key`."""
        return self._kept.get(key)

    def keep(self, key: tuple[str, ...], kept: Kept) -> None:
        """Remember it, so that the next who asks about the unit shows the same, to the letter."""
        self._kept[key] = kept
        self._kept.move_to_end(key)
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)


def key_of(
    snapshot: Snapshot, shown: ShownUnit, card: ModelCard, policy: StagePolicy
) -> tuple[str, ...]:
    """What names the context of a unit for a model. The budget is not part of it: it follows what
    is learned of the model, and must not change the text that the model has read.
    """
    model = (card.backend, card.name, card.digest)
    return *place_of(snapshot, shown), *model, str(policy.context_tokens)


def place_of(snapshot: Snapshot, shown: ShownUnit) -> tuple[str, ...]:
    """What names a unit of a document as it is."""
    pieces = ",".join(f"{piece.start}-{piece.end}" for piece in shown.unit.pieces)
    return snapshot.uri, snapshot.content_hash, shown.unit.path, pieces
