"""What every `Syntax` does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from fakes.samples import HOSTILE, SAMPLES
from mirador_lsp.analysis.worker import InlineParser, ParseWorker
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.outline import Surroundings
from mirador_lsp.core.ports import Syntax
from mirador_lsp.core.text import Span


def snapshot(text: str, language: str) -> Snapshot:
    """A document with this text."""
    return Snapshot("stdin:sample", "sample", language, text)


@pytest.fixture(params=["worker", "inline"])
async def syntax(request: pytest.FixtureRequest) -> AsyncIterator[Syntax]:
    """Each implementation in turn."""
    async with AsyncExitStack() as stack:
        if request.param == "inline":
            yield InlineParser(budget_seconds=5)
        else:
            worker = ParseWorker(budget_seconds=5)
            stack.push_async_callback(worker.close)
            yield worker


def check(near: Surroundings, text: str) -> None:
    """Invariants of the port's values."""
    for span in (near.statement, near.doc, near.doc_place):
        assert span is None or span.end <= len(text)
    if near.doc is not None:
        assert near.doc_place == near.doc


async def test_every_language_has_surroundings(syntax: Syntax) -> None:
    """In a sound file of each language a place has a statement around it, and the code a digest."""
    for language, text in SAMPLES.items():
        for place in (Span(0, 0), Span(len(text) // 2, len(text) // 2), Span(0, len(text))):
            near = await syntax.surroundings(snapshot(text, language), place)
            check(near, text)
            assert len(near.code_digest) == 64, language


async def test_without_a_tree_there_are_lines(syntax: Syntax) -> None:
    """Text without a parser: the lines of the place, no kind, no doc comment, no digest."""
    near = await syntax.surroundings(snapshot("ONE.\nPERFORM X.\nTWO.\n", "cobol"), Span(8, 10))
    assert near == Surroundings(Span(5, 15), "", None, "")


async def test_a_place_outside_the_text_is_moved_into_it(syntax: Syntax) -> None:
    """A place that a client made up is answered like the end of the text."""
    text = SAMPLES["go"]
    far = await syntax.surroundings(snapshot(text, "go"), Span(10**6, 2 * 10**6))
    check(far, text)


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("language", ["javascript", "python"])
async def test_hostile_texts_get_an_answer(syntax: Syntax, kind: str, language: str) -> None:
    """Nothing is raised for what a text holds, and the next text is answered."""
    text = HOSTILE[kind]
    place = Span(len(text) // 2, len(text) // 2)
    check(await syntax.surroundings(snapshot(text, language), place), text)
    assert (await syntax.surroundings(snapshot(SAMPLES["go"], "go"), Span(0, 0))).code_digest


async def test_a_cancelled_question_disturbs_no_other(syntax: Syntax) -> None:
    """Cancelling the one who asks leaves the parser able to answer."""
    question = syntax.surroundings(snapshot(SAMPLES["c"], "c"), Span(0, 0))
    asked = asyncio.ensure_future(question)  # noqa: TID251
    await asyncio.sleep(0)
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    assert (await syntax.surroundings(snapshot(SAMPLES["go"], "go"), Span(0, 0))).code_digest


async def test_both_say_the_same() -> None:
    """The isolated parser and the one in this process agree on every sample."""
    inline, worker = InlineParser(budget_seconds=5), ParseWorker(budget_seconds=5)
    for language, text in SAMPLES.items():
        asked = snapshot(text, language)
        place = Span(len(text) // 2, len(text) // 2)
        assert await worker.surroundings(asked, place) == await inline.surroundings(asked, place)
    await worker.close()
