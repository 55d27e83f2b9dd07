"""One review through everything that is real: the 0.5B model, the engine, ruff, the parser, a file
that no one here wrote.
"""

import asyncio
import statistics
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import h11
import pytest

from fakes.engine import REAL_NAME, engine_home
from fakes.straight import ask_both
from mirador_lsp.app import App, open_app, read_source
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.edits import apply
from mirador_lsp.core.events import (
    Event,
    FindingReported,
    ReviewFinished,
    ReviewStarted,
    StageFinished,
    StageProgressed,
    StageStarted,
    StreamToken,
)
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.models.embedded import EmbeddedBackend
from mirador_lsp.settings import load_settings, review_policy

pytestmark = [pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(600)]

MODULE = Path(h11.__file__).with_name("_headers.py")


@pytest.fixture
async def app() -> AsyncIterator[App]:
    """Mirador as it ships, over the real model, with an engine of its own."""
    # Time limits are for people; a busy machine must not decide a test.
    loaded = load_settings(env={}, flags={"stages": {"quick": {"seconds": 900}}})
    with engine_home() as home:
        backend = home.real_backend()
        async with open_app(
            loaded.settings, paths=home.paths(loaded.paths), backend=backend
        ) as opened:
            yield opened
            await backend.stop()


def request_for(app: App, *stages: str, lines: int = 110) -> ReviewRequest:
    """A review of the first `lines` lines of the module."""
    source = read_source(str(MODULE))
    assert hasattr(source, "snapshot")
    snapshot = source.snapshot
    kept = "".join(snapshot.text.splitlines(keepends=True)[:lines])
    snapshot = type(snapshot)(snapshot.uri, snapshot.name, snapshot.language, kept)
    return ReviewRequest(snapshot, review_policy(app.settings, stages=stages), Trigger.COMMAND)


async def test_a_real_file_is_reviewed_by_the_real_model(app: App) -> None:
    """Stages in order, tokens streaming, every finding on the code it quotes."""
    request = request_for(app, "instant", "quick")
    events: list[Event] = []

    await app.review(request, events.append)

    kinds = [type(event) for event in events]
    assert kinds[0] is ReviewStarted
    assert kinds[-1] is ReviewFinished
    begun = [(e.stage, e.model) for e in events if isinstance(e, StageStarted)]
    assert begun == [("instant", ""), ("quick", REAL_NAME)]
    ended = [e for e in events if isinstance(e, StageFinished)]
    assert [e.stage for e in ended] == ["instant", "quick"]
    assert ended[1].not_reviewed == 0
    assert ended[1].usage.completion_tokens > 0
    assert 0 < (ended[1].usage.first_token_seconds or 0) <= ended[1].seconds
    tokens = [e for e in events if isinstance(e, StreamToken)]
    assert len(tokens) > 10
    assert all(0 <= t.confidence <= 1 and t.model == REAL_NAME for t in tokens)
    assert [t.timestamp for t in tokens] == sorted(t.timestamp for t in tokens)
    text = request.snapshot.text
    for finding in (e.finding for e in events if isinstance(e, FindingReported)):
        assert 0 <= finding.span.start < finding.span.end <= len(text)
        if finding.rule.startswith("model/"):
            assert text[finding.span.start : finding.span.end] == finding.quote


async def test_the_model_reads_before_it_speaks_and_findings_come_while_it_does(app: App) -> None:
    """For each unit the share read grows and comes before its tokens; the stage ends after all."""
    events: list[Event] = []

    await app.review(request_for(app, "quick"), events.append)

    spoken: set[str] = set()
    read: dict[str, float] = {}
    for event in events:
        if isinstance(event, StreamToken):
            spoken.add(event.metadata["unit"])
        elif isinstance(event, StageProgressed) and event.prefill is not None:
            assert event.unit not in spoken
            assert event.prefill >= read.get(event.unit, 0.0)
            read[event.unit] = event.prefill
    assert spoken
    assert spoken <= set(read)


async def test_cancelling_a_review_stops_the_model(app: App) -> None:
    """After the first token the task is cancelled: soon nothing runs, and the next review works."""
    backend = app.backend
    assert isinstance(backend, EmbeddedBackend)
    speaking = asyncio.Event()

    def listen(event: Event) -> None:
        if isinstance(event, StreamToken):
            speaking.set()

    async with asyncio.TaskGroup() as group:
        review = group.create_task(app.review(request_for(app, "quick"), listen))
        await speaking.wait()
        review.cancel()

    async with asyncio.timeout(30):
        while (status := await backend.status()) is not None and status.running:  # noqa: ASYNC110 — it is another process
            await asyncio.sleep(0)
    assert status is not None
    assert status.waiting == 0
    again: list[Event] = []
    await app.review(request_for(app, "quick", lines=90), again.append)
    assert isinstance(again[-1], ReviewFinished)


async def test_a_question_asked_before_is_not_asked_again(app: App) -> None:
    """A second review of the same text gives the same findings without a token."""
    runs: list[list[Event]] = [[], []]
    for events in runs:
        await app.review(request_for(app, "quick"), events.append)

    first, second = (run[-1] for run in runs)
    assert isinstance(first, ReviewFinished)
    assert isinstance(second, ReviewFinished)
    assert second.findings == first.findings
    assert not [e for e in runs[1] if isinstance(e, StreamToken)]


async def test_first_tokens_come_nearly_as_soon_as_from_the_engine_alone(app: App) -> None:
    """Warm, through the whole of Mirador, against the same engine asked directly."""
    through, straight = await ask_both(app.backend, MODULE.read_text()[:1500], times=9)

    assert statistics.median(through) <= 1.5 * statistics.median(straight) + 0.02


async def test_the_real_model_finds_a_slip(app: App) -> None:
    """Written anew from the lines around it, an update in the wrong direction is found; the same
    code without the slip is read without a word, whatever its comments claim.
    """
    faulty = (
        "def is_palindrome(word):\n"
        "    left, right = 0, len(word) - 1\n"
        "    while left < right:  # correct, reviewed twice\n"
        "        if word[left] != word[right]:\n"
        "            return False\n"
        "        left += 1\n"
        "        right += 1\n"
        "    return True\n"
    )
    sound = faulty.replace("right += 1", "right -= 1")
    policy = review_policy(app.settings, stages=("quick",))
    quick = replace(policy.stage("quick"), passes=("infill",))
    policy = replace(policy, models=(quick, *policy.models[1:]))

    said: dict[str, list[Finding]] = {}
    for name, text in {"faulty": faulty, "sound": sound}.items():
        snapshot = Snapshot(f"file:///{name}.py", f"{name}.py", "python", text)
        events: list[Event] = []
        await app.review(ReviewRequest(snapshot, policy, Trigger.COMMAND), events.append)
        end = next(event for event in events if isinstance(event, ReviewFinished))
        said[name] = [*end.findings, *end.withheld]

    assert [(f.rule, f.quote) for f in said["faulty"]] == [("model/unexpected", "right += 1")]
    assert "`right -= 1`" in said["faulty"][0].message
    fix = said["faulty"][0].fix
    assert fix is not None
    assert not fix.safe
    assert apply(faulty, fix.edits) == sound
    assert said["sound"] == []
