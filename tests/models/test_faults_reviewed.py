"""A review over a server that fails in the middle of a reply: what is told, and what holds."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.clock import FakeClock
from fakes.fault_proxy import End, Fault, fault_proxy
from fakes.ollama_server import OllamaStandIn, ollama_server
from mirador_lsp.analysis.worker import InlineParser
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import (
    Event,
    FindingReported,
    FindingWithdrawn,
    Notice,
    NoticeKind,
    ReviewFinished,
    StageFailed,
    StageFinished,
)
from mirador_lsp.core.policy import QUICK, ReviewPolicy
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.engine.engine import Engine
from mirador_lsp.models.ollama import OllamaBackend, OllamaOptions
from mirador_lsp.models.scripted import ScriptedBackend
from mirador_lsp.models.transport import Transport
from mirador_lsp.settings import Layer, resolve, review_policy

_CODE = "def average(values):\n    total = sum(values)\n    return total / len(values)\n"
_SCRIPT = """
[[model]]
name = "large"
context_tokens = 100000
[[model]]
name = "small"
context_tokens = 100000
[[reply]]
model = "large"
text = ""
raw = "- bug: An empty list divides by zero. Code: `return total / len(values)`\\n"
endless = true
"""
FAULTS = [
    Fault("reset", lines=1, letters=5, end=End.RESET),
    Fault("cut chunk", lines=1, end=End.CUT_CHUNK),
    Fault("end in good form", lines=1, end=End.WELL_FORMED),
    Fault("error", lines=1, insert=b'{"error":"out of memory"}\n'),
    Fault("garbage", lines=1, insert=b"\xff\x00\n"),
]


async def reviewed(
    folder: Path, *faults: Fault, models: Sequence[str], seconds: float = 60.0
) -> list[Event]:
    """What a listener is told of a review by the quick stage, whose models are `models`."""
    script = folder / "script.toml"
    script.write_text(_SCRIPT)
    stand_in = OllamaStandIn(ScriptedBackend(script), {"large:7b": "large", "small:1b": "small"})
    events: list[Event] = []
    async with (
        asyncio.timeout(120),
        ollama_server(stand_in),
        fault_proxy(stand_in.address, *faults) as proxy,
    ):
        options = OllamaOptions(only=tuple(models))
        backend = OllamaBackend(Transport("lab", proxy.address), options, prefix="lab")
        parser = InlineParser()
        engine = Engine(
            backend=backend, outliner=parser, syntax=parser, analyzers=[parser], clock=FakeClock()
        )
        snapshot = Snapshot("file:///app.py", "app.py", "python", _CODE)
        request = ReviewRequest(snapshot, _policy(models, seconds), Trigger.SAVE)
        await engine.review(request, events.append)
        await backend.close()
    return events


def _policy(models: Sequence[str], seconds: float) -> ReviewPolicy:
    quick = {"models": [f"lab/{name}" for name in models], "max_tokens": 64}
    said = {"review": {"stages": [QUICK]}, "stages": {QUICK: quick}}
    policy = review_policy(resolve([Layer("test", said)])[0])
    stages = tuple(replace(each, seconds=seconds) for each in policy.models)
    return replace(policy, models=stages)


def _end(events: list[Event]) -> ReviewFinished:
    end = events[-1]
    assert isinstance(end, ReviewFinished)
    return end


async def test_without_a_fault_the_finding_holds(tmp_path: Path) -> None:
    """What the other tests miss is there otherwise."""
    end = _end(await reviewed(tmp_path, models=["large:7b"]))
    assert len(end.findings) == 1
    assert end.reviewed


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_half_a_reply_is_taken_back_and_another_model_stands_in(
    tmp_path: Path, fault: Fault
) -> None:
    """What was shown of it is withdrawn; what holds is what the next model says: nothing."""
    events = await reviewed(tmp_path, fault, models=["large:7b", "small:1b"])
    reported = [e for e in events if isinstance(e, FindingReported)]
    withdrawn = [e for e in events if isinstance(e, FindingWithdrawn)]
    assert [e.finding.id for e in reported] == [e.finding_id for e in withdrawn]
    assert len(reported) == 1
    assert [e.model for e in events if isinstance(e, StageFailed)] == ["lab/large:7b"]
    assert any(isinstance(e, Notice) and e.kind is NoticeKind.FALLBACK for e in events)
    assert [e.model for e in events if isinstance(e, StageFinished)] == ["lab/small:1b"]
    end = _end(events)
    assert end.findings == end.withheld == ()
    assert end.reviewed


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_half_a_reply_alone_is_no_review(tmp_path: Path, fault: Fault) -> None:
    """Without another model the file is not reviewed, which is not clean."""
    events = await reviewed(tmp_path, fault, models=["large:7b"])
    end = _end(events)
    if any(isinstance(e, StageFinished) for e in events):
        pytest.fail("a stage whose only reply broke off has ended well")
    assert end.findings == end.withheld == ()
    assert not end.reviewed


async def test_a_reply_that_never_ends_is_left_at_the_deadline(tmp_path: Path) -> None:
    """The silence is told, and what was said before it does not stand."""
    silence = Fault("silence", lines=1, end=End.STALL)
    events = await reviewed(tmp_path, silence, models=["large:7b"], seconds=3.0)
    end = _end(events)
    assert any("time ran out" in notice.message for notice in end.notices)
    assert end.findings == end.withheld == ()
    assert not end.reviewed
