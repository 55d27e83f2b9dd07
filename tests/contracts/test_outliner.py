"""What every `Outliner` does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from itertools import pairwise

import pytest

from fakes.samples import HOSTILE, SAMPLES
from mirador_lsp.analysis.worker import InlineParser, ParseWorker
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.outline import Outline
from mirador_lsp.core.ports import Analyzer, Outliner


def snapshot(text: str, language: str) -> Snapshot:
    """A document with this text."""
    return Snapshot("stdin:sample", "sample", language, text)


@pytest.fixture(params=["worker", "inline"])
async def outliner(request: pytest.FixtureRequest) -> AsyncIterator[Outliner]:
    """Each implementation in turn."""
    async with AsyncExitStack() as stack:
        if request.param == "inline":
            yield InlineParser(budget_seconds=5)
        else:
            worker = ParseWorker(budget_seconds=5)
            stack.push_async_callback(worker.close)
            yield worker


def check(outline: Outline, text: str) -> None:
    """Invariants of the port's values."""
    pieces = sorted(piece for unit in outline.units for piece in unit.pieces)
    for before, after in pairwise(pieces):
        assert not before.overlaps(after)
    for span in (*pieces, *outline.broken, *(symbol.span for symbol in outline.symbols)):
        assert span.end <= len(text)
    for piece in pieces:
        assert piece.start == 0 or text[piece.start - 1] in "\r\n"
        assert piece.end == len(text) or text[piece.end - 1] in "\r\n"


async def test_every_language_is_outlined(outliner: Outliner) -> None:
    """A sound file of each language has an outline; programs have symbols and units."""
    for language, text in SAMPLES.items():
        outline = await outliner.outline(snapshot(text, language))
        check(outline, text)
        assert outline.broken == ()
        assert bool(outline.symbols) == (not outline.note), language


async def test_an_unknown_language_has_lines_and_a_note(outliner: Outliner) -> None:
    """Text without a parser may still be reviewed, and it is said how."""
    outline = await outliner.outline(snapshot("PERFORM X.\n", "cobol"))
    assert outline.units
    assert "no parser" in outline.note


async def test_broken_texts_are_shown_as_broken(outliner: Outliner) -> None:
    """A file that does not parse is never without broken places."""
    text = "fn a() { let = ; }\n"
    outline = await outliner.outline(snapshot(text, "rust"))
    check(outline, text)
    assert outline.broken


@pytest.mark.parametrize("kind", HOSTILE)
async def test_hostile_texts_get_an_answer(outliner: Outliner, kind: str) -> None:
    """The outliner never raises for what a text holds, and works on afterwards."""
    check(await outliner.outline(snapshot(HOSTILE[kind], "javascript")), HOSTILE[kind])
    assert (await outliner.outline(snapshot(SAMPLES["go"], "go"))).symbols


async def test_a_cancelled_question_disturbs_no_other(outliner: Outliner) -> None:
    """Cancelling the one who asks leaves the outliner able to answer."""
    asked = asyncio.ensure_future(outliner.outline(snapshot(SAMPLES["c"], "c")))  # noqa: TID251
    await asyncio.sleep(0)
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    assert (await outliner.outline(snapshot(SAMPLES["go"], "go"))).symbols


async def test_both_say_the_same() -> None:
    """The isolated parser and the one in this process agree on every sample."""
    inline, worker = InlineParser(budget_seconds=5), ParseWorker(budget_seconds=5)
    for language, text in SAMPLES.items():
        asked = snapshot(text, language)
        assert await worker.outline(asked) == await inline.outline(asked)
        assert await worker.analyze(asked) == await inline.analyze(asked)
    await worker.close()


def test_both_are_the_analyzer_of_rules() -> None:
    """Each is an analyzer too: for languages with a parser, and for any text of an unknown one."""
    for analyzer in (InlineParser(), ParseWorker()):
        port: Analyzer = analyzer
        assert port.name == "rules"
        assert port.handles("go")
        assert port.handles("")
        assert not port.handles("cobol")
