"""The parse worker asked for slices: lost, lying and absent children."""

from collections.abc import AsyncIterator

import pytest

from fakes.parse_child import COMMAND
from mirador_lsp.analysis.worker import ParseWorker
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import AnalyzerError
from mirador_lsp.core.text import Span

GOOD = "def f(a):\n    b = a\n    c = 2\n    return b\n"
PLACE = Span(GOOD.index("return"), GOOD.index("return"))


def snapshot(text: str) -> Snapshot:
    """A document with this text."""
    return Snapshot("stdin:sample", "sample", "python", text)


@pytest.fixture
async def shaky() -> AsyncIterator[ParseWorker]:
    """A worker whose child does what the text says."""
    worker = ParseWorker(command=COMMAND, patience_seconds=5)
    yield worker
    await worker.close()


async def works(worker: ParseWorker) -> bool:
    """Whether a sound text is answered."""
    return (await worker.slice_of(snapshot(GOOD), PLACE)).lines == (0, 1, 3)


@pytest.mark.parametrize("fault", ["EXIT", "GARBAGE", "OTHER"])
async def test_a_fatal_text_is_an_error_and_the_next_one_works(
    shaky: ParseWorker, fault: str
) -> None:
    """A text that loses two children is not tried again, and says so each time."""
    for _ in range(2):
        with pytest.raises(AnalyzerError, match="2 times"):
            await shaky.slice_of(snapshot(fault), PLACE)
    assert await works(shaky)


async def test_a_lying_child_is_not_believed(shaky: ParseWorker) -> None:
    """Lines outside the text never reach the caller."""
    with pytest.raises(AnalyzerError, match="outside the text"):
        await shaky.slice_of(snapshot("OUTSIDE"), PLACE)


async def test_without_a_child_there_is_an_error() -> None:
    """A parser that cannot start is said; nothing is made up."""
    worker = ParseWorker(command=("/no/such/program",))
    with pytest.raises(AnalyzerError, match="the parser"):
        await worker.slice_of(snapshot(GOOD), PLACE)
    await worker.close()


async def test_a_text_too_large_is_guessed_at() -> None:
    """What is not parsed for its size has the lines that share a word; no child starts."""
    worker = ParseWorker(max_bytes=20)
    sliced = await worker.slice_of(snapshot(GOOD), PLACE)
    assert not sliced.complete
    assert 3 in sliced.lines
    assert worker._child is None
    await worker.close()
