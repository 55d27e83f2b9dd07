"""Reviews by a real engine: real parser, an analyzer that finds words, a model that is a script."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from fakes.analyzer import FakeAnalyzer
from fakes.clock import FakeClock
from fakes.project import FakeProject
from mirador_lsp.analysis.worker import InlineParser
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import Event, EvidenceHeard, ReviewFinished
from mirador_lsp.core.feedback import Learning
from mirador_lsp.core.policy import STAGES
from mirador_lsp.core.ports import Analyzer, CodeIndex, FeedbackBook
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.core.routing import Matrix
from mirador_lsp.core.silence import Accepted
from mirador_lsp.core.text import Span
from mirador_lsp.engine.context.stock import Workplace
from mirador_lsp.engine.engine import Engine
from mirador_lsp.models.scripted import ScriptedBackend
from mirador_lsp.settings import Settings, review_policy

URI = "file:///work/cart.py"


def python(text: str) -> Snapshot:
    """A Python document."""
    return Snapshot(URI, "cart.py", "python", text)


async def reviewed(
    snapshot: Snapshot,
    folder: Path,
    script: str = "",
    *,
    words: Sequence[str] = (),
    analyzers: Sequence[Analyzer] | None = None,
    stages: Sequence[str] = STAGES,
    feedback: FeedbackBook | None = None,
    only: tuple[Span, ...] | None = None,
    security_rules: frozenset[str] = frozenset(),
    review_examples: int = 0,
    index: CodeIndex | None = None,
    settings: Settings | None = None,
    accepted: Accepted | None = None,
    matrix: Matrix | None = None,
) -> list[Event]:
    """Everything that a review of the document tells; in a workspace where there is an index."""
    file = folder / "script.toml"
    file.write_text(script)
    backend = await asyncio.to_thread(ScriptedBackend, file)
    parser = InlineParser()
    # The parser reads its queries from disk once; a review must not be the one to wait for it.
    await asyncio.to_thread(asyncio.run, parser.outline(snapshot))
    engine = Engine(
        backend=backend,
        outliner=parser,
        syntax=parser,
        analyzers=[FakeAnalyzer("ruff", words=words)] if analyzers is None else analyzers,
        clock=FakeClock(),
        feedback=feedback,
        matrix=matrix,
        learning=Learning(security_rules=security_rules, review_examples=review_examples),
        workplace_of=lambda _: Workplace(FakeProject(), index) if index is not None else None,
    )
    policy = review_policy(settings or Settings(), stages=stages)
    events: list[Event] = []
    request = ReviewRequest(snapshot, policy, Trigger.COMMAND, only=only, accepted=accepted)
    await engine.review(request, events.append)
    await backend.close()
    return events


def end_of(events: Sequence[Event]) -> ReviewFinished:
    """The last event."""
    end = events[-1]
    assert isinstance(end, ReviewFinished)
    return end


def evidence_in(events: Sequence[Event]) -> list[EvidenceHeard]:
    """The evidence told, in order."""
    return [event for event in events if isinstance(event, EvidenceHeard)]
