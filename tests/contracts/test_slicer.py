"""What every `Slicer` does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from fakes.samples import HOSTILE, SAMPLES
from mirador_lsp.analysis.worker import InlineParser, ParseWorker
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.ports import Slicer
from mirador_lsp.core.retrieval import Slice
from mirador_lsp.core.text import LineIndex, Span


def snapshot(text: str, language: str) -> Snapshot:
    """A document with this text."""
    return Snapshot("stdin:sample", "sample", language, text)


@pytest.fixture(params=["worker", "inline"])
async def slicer(request: pytest.FixtureRequest) -> AsyncIterator[Slicer]:
    """Each implementation in turn."""
    async with AsyncExitStack() as stack:
        if request.param == "inline":
            yield InlineParser(budget_seconds=5)
        else:
            worker = ParseWorker(budget_seconds=5)
            stack.push_async_callback(worker.close)
            yield worker


def check(sliced: Slice, text: str, place: Span) -> None:
    """Invariants of the port's values."""
    lines = LineIndex(text)
    assert list(sliced.lines) == sorted(set(sliced.lines))
    assert all(0 <= line < len(lines) for line in sliced.lines)
    assert lines.line_of(min(place.start, len(text))) in sliced.lines
    assert len(sliced.names) == len(set(sliced.names))


async def test_every_language_has_slices(slicer: Slicer) -> None:
    """Wherever one asks in a sound file of any language, the place is among the lines."""
    for language, text in SAMPLES.items():
        for place in (Span(0, 0), Span(len(text) // 2, len(text) // 2), Span(0, len(text))):
            check(await slicer.slice_of(snapshot(text, language), place), text, place)


async def test_without_a_tree_it_is_a_guess(slicer: Slicer) -> None:
    """Text without a parser gives lines that share a word, and says that it is no more."""
    text = "MOVE TOTAL.\nSTOP.\nADD ONE TO TOTAL.\n"
    sliced = await slicer.slice_of(snapshot(text, "cobol"), Span(0, 4))
    assert sliced == Slice((0, 2), (), complete=False)


async def test_a_place_outside_the_text_is_moved_into_it(slicer: Slicer) -> None:
    """A place that a client made up is answered like the end of the text."""
    text = SAMPLES["go"]
    place = Span(10**6, 2 * 10**6)
    check(await slicer.slice_of(snapshot(text, "go"), place), text, place)


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("language", ["javascript", "python"])
async def test_hostile_texts_get_an_answer(slicer: Slicer, kind: str, language: str) -> None:
    """Nothing is raised for what a text holds, and the next text is answered."""
    text = HOSTILE[kind]
    place = Span(len(text) // 2, len(text) // 2)
    check(await slicer.slice_of(snapshot(text, language), place), text, place)
    assert (await slicer.slice_of(snapshot(SAMPLES["go"], "go"), Span(0, 0))).lines


async def test_a_cancelled_question_disturbs_no_other(slicer: Slicer) -> None:
    """Cancelling the one who asks leaves the parser able to answer."""
    question = slicer.slice_of(snapshot(SAMPLES["c"], "c"), Span(0, 0))
    asked = asyncio.ensure_future(question)  # noqa: TID251
    await asyncio.sleep(0)
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    assert (await slicer.slice_of(snapshot(SAMPLES["go"], "go"), Span(0, 0))).lines


async def test_both_say_the_same() -> None:
    """The isolated parser and the one in this process agree on every sample."""
    inline, worker = InlineParser(budget_seconds=5), ParseWorker(budget_seconds=5)
    for language, text in SAMPLES.items():
        asked = snapshot(text, language)
        place = Span(len(text) // 2, len(text) // 2)
        assert await worker.slice_of(asked, place) == await inline.slice_of(asked, place)
    await worker.close()
