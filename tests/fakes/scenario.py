"""Runs scenario files: prose, then fenced blocks that say what goes in and what must come out.

```python file app.py       the reviewed text; its name decides nothing else
```toml script              a script for the scripted backend
```toml settings            settings, as in a settings file (optional)
```toml panel               `models` that are all asked (optional)
```text expect events       what a listener is told, a line each
```text expect findings     what holds at the end, a line each
"""

import asyncio
import re
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import assert_never

from fakes.clock import FakeClock
from mirador_lsp.analysis.worker import InlineParser
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import (
    Event,
    EvidenceHeard,
    FindingReported,
    FindingRevised,
    FindingWithdrawn,
    ModelAsked,
    Notice,
    ReviewFinished,
    ReviewStarted,
    StageFailed,
    StageFinished,
    StageProgressed,
    StageStarted,
    StreamToken,
)
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.engine.engine import Engine
from mirador_lsp.models.scripted import ScriptedBackend
from mirador_lsp.settings import Layer, resolve, review_policy
from mirador_lsp.syntax.languages import language_of

_BLOCK = re.compile(r"^```(\w*) ([^\n]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Scenario:
    """A scenario file, its blocks by title."""

    path: Path
    text: str
    blocks: dict[str, str]

    def with_block(self, title: str, content: str) -> "Scenario":
        """The same scenario with the content of one block replaced."""
        old = re.compile(rf"(^```\w* {re.escape(title)}\n)(.*?)(^```$)", re.MULTILINE | re.DOTALL)
        text = old.sub(lambda m: f"{m[1]}{content}{m[3]}", self.text)
        return Scenario(self.path, text, {**self.blocks, title: content})


def load(path: Path) -> Scenario:
    """Read a scenario file."""
    text = path.read_text()
    return Scenario(path, text, {title: body for _, title, body in _BLOCK.findall(text)})


def play(scenario: Scenario, folder: Path) -> tuple[str, str]:
    """Review the scenario's file; what listeners are told, and what holds, as text."""
    name = next(t.removeprefix("file ") for t in scenario.blocks if t.startswith("file "))
    script = folder / "script.toml"
    script.write_text(scenario.blocks.get("script", ""))
    settings, problems = resolve(
        [Layer("scenario", tomllib.loads(scenario.blocks.get("settings", "")))]
    )
    assert problems == ()
    text = scenario.blocks[f"file {name}"]
    snapshot = Snapshot(f"file:///{name}", name, language_of(name), text)
    panel = tuple(tomllib.loads(scenario.blocks.get("panel", "")).get("models", ()))
    policy = replace(review_policy(settings), panel=panel)
    request = ReviewRequest(snapshot, policy, Trigger.SAVE)
    events: list[Event] = []
    asyncio.run(_review(ScriptedBackend(script), request, events))
    told = [line for event in events if (line := _told(event, snapshot))]
    finished = events[-1]
    assert isinstance(finished, ReviewFinished)
    holds = [_finding(f, snapshot) for f in finished.findings]
    holds += [f"withheld {_finding(f, snapshot)}" for f in finished.withheld]
    holds += [f"summary: {finished.summary}"] if finished.summary else []
    return "".join(f"{line}\n" for line in told), "".join(f"{line}\n" for line in holds)


async def _review(backend: ScriptedBackend, request: ReviewRequest, events: list[Event]) -> None:
    parser = InlineParser()
    engine = Engine(
        backend=backend, outliner=parser, syntax=parser, analyzers=[parser], clock=FakeClock()
    )
    await engine.review(request, events.append)
    await backend.close()


def _told(event: Event, snapshot: Snapshot) -> str:  # noqa: C901, PLR0911 — a case for each event
    match event:
        case ReviewStarted():
            return f"review: {', '.join(event.stages)}"
        case StageStarted():
            return f"{event.stage} begins: {event.model or 'analyzers'} ({event.reason})"
        case FindingReported():
            return f"  reported {_finding(event.finding, snapshot)}"
        case FindingRevised():
            return f"  revised {_finding(event.finding, snapshot)} because {event.reason}"
        case FindingWithdrawn():
            return f"  withdrawn because {event.reason}"
        case StageFinished():
            return (
                f"{event.stage} ends: {event.rejected} rejected, {event.not_reviewed} not reviewed"
            )
        case StageFailed():
            return f"{event.stage} fails: {event.message}"
        case Notice():
            return f"  {event.kind.value}: {event.message}"
        case ReviewFinished():
            return f"end: {'reviewed' if event.reviewed else 'not reviewed'}"
        case StreamToken() | StageProgressed() | EvidenceHeard() | ModelAsked():
            return ""
        case _:
            assert_never(event)


def _finding(finding: Finding, snapshot: Snapshot) -> str:
    line = snapshot.lines.line_of(finding.span.start) + 1
    return (
        f"{line} {finding.severity.value} {finding.rule} {finding.confidence:.2f} "
        f"[{finding.message}]"
    )
