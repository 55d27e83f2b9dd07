"""Contexts compiled over a real parser, and what a golden file says of them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from fakes.counting import FakeCounter
from fakes.index import FakeIndex
from fakes.project import FakeProject
from mirador_lsp.analysis.worker import InlineParser
from mirador_lsp.core.dialogue import ModelCard
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import Notice
from mirador_lsp.core.outline import Outline
from mirador_lsp.core.policy import DEEP, StagePolicy
from mirador_lsp.core.retrieval import Compiled
from mirador_lsp.engine.context.gathering import Gathering
from mirador_lsp.engine.context.stock import Stock, Workplace
from mirador_lsp.engine.units import ShownUnit, show

CARD = ModelCard("small", "embedded", "d" * 64, 4096, 1, parameters=0.5)


def policy(tokens: int = 384, seconds: float = 2.0) -> StagePolicy:
    """A deep stage with so many tokens of context."""
    return StagePolicy(
        DEEP, (), 320, 0.0, 300, 0.85, context_tokens=tokens, context_seconds=seconds
    )


@dataclass
class Library:
    """A workspace as an engine knows it."""

    index: FakeIndex | None = None
    project: FakeProject = field(default_factory=FakeProject)
    counter: FakeCounter | None = field(default_factory=lambda: FakeCounter("small"))
    preferences: str = ""

    def __post_init__(self) -> None:
        self.parser = InlineParser(budget_seconds=5)
        self.stock = Stock(
            lambda _: Workplace(self.project, self.index),
            counter=self.counter,
            preferences=self.preferences,
        )

    async def outline(self, snapshot: Snapshot) -> Outline:
        """In a thread, because the parser reads its queries from disk once."""
        return await asyncio.to_thread(asyncio.run, self.parser.outline(snapshot))

    async def shown(
        self, snapshot: Snapshot, path: str, stage: StagePolicy | None = None
    ) -> tuple[ShownUnit, Sequence[Notice]]:
        """A unit of the document with its context, and what was said of it."""
        outline = await self.outline(snapshot)
        unit = next(unit for unit in outline.units if unit.path == path)
        async with Gathering(self.stock, snapshot, outline) as gathering:
            shown = await gathering.shown(show(snapshot, unit), CARD, stage or policy())
            return shown, gathering.notices()


def python(text: str, name: str = "cart.py") -> Snapshot:
    """A Python document of the workspace."""
    return Snapshot(f"file:///work/{name}", name, "python", text, path=f"/work/{name}")


def account(compiled: Compiled) -> str:
    """A compiled context for people: what it holds, what it left out, and the text."""
    how = "counted" if compiled.counted else "estimated"
    lines = [f"{compiled.tokens} of {compiled.budget} tokens, {how}", ""]
    lines += [f"kept {p.source} {p.score:.2f} {p.tokens}: {p.title}" for p in compiled.kept]
    lines += [f"dropped ({why}) {p.source} {p.score:.2f}: {p.title}" for p, why in compiled.dropped]
    return "\n".join([*lines, "", compiled.text, ""])
