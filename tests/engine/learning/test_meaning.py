"""Findings are compared by meaning where the index of the workspace has vectors."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from fakes.deciding import decided, found
from fakes.feedback import FakeFeedbackBook
from fakes.index import FakeIndex
from fakes.reviewing import end_of, python, reviewed
from mirador_lsp.core.events import Event, FindingReported, FindingWithdrawn, Hush
from mirador_lsp.core.feedback import Verdict
from mirador_lsp.core.retrieval import IndexReport

SCRIPT = """
[[model]]
name = "qwen2.5-coder-0.5b"
[[reply]]
text = "- bug: An empty sequence makes this fail. Code: `return names[0]`"
"""
CODE = python("def first(names):\n    return names[0]\n")
OLD = ("The first element may be missing.", "The head is read unchecked.", "Nobody is at zero.")


class Meaning(FakeIndex):
    """An index to which the findings of this test mean the same; `slow` never answers."""

    def __init__(self, *, embedder: str = "minilm", slow: bool = False) -> None:
        super().__init__()
        self.reports = [IndexReport("ready", embedder=embedder)]
        self.asked: list[str] = []
        self._slow = slow

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        self._check()
        self.asked += texts
        if self._slow:
            await asyncio.Event().wait()
        return [[1.0, 0.0] for _ in texts]


async def review(folder: Path, book: FakeFeedbackBook, index: FakeIndex) -> list[Event]:
    """A review whose one finding reads otherwise than those that were dismissed."""
    for number, message in enumerate(OLD):
        old = found(message, f"return rows[{number}]")
        await book.record(decided(old, document=f"{number}.py", days_ago=1.0))
    return await reviewed(CODE, folder, SCRIPT, stages=("quick",), feedback=book, index=index)


async def test_what_means_the_same_is_withheld(tmp_path: Path) -> None:
    """By words it is another kind, so it was told first: it is withdrawn with the reason."""
    events = await review(tmp_path, FakeFeedbackBook(), Meaning())

    (hushed,) = end_of(events).hushed
    assert (hushed.by, hushed.reason) == (Hush.LEARNED, "you dismissed 3 like this")
    (told,) = [e for e in events if isinstance(e, FindingReported)]
    (gone,) = [e for e in events if isinstance(e, FindingWithdrawn)]
    assert (gone.finding_id, gone.reason) == (told.finding.id, "you dismissed 3 like this")


async def test_vectors_are_asked_for_once(tmp_path: Path) -> None:
    """The next review takes them from the store, all but that of what is new."""
    book, first, second = FakeFeedbackBook(), Meaning(), Meaning()
    await review(tmp_path, book, first)
    assert len(first.asked) == 4
    events = await review(tmp_path, book, second)

    assert second.asked == []
    assert len(end_of(events).hushed) == 1


@pytest.mark.parametrize("what", ["broken", "slow", "none"])
async def test_without_vectors_words_decide(tmp_path: Path, what: str) -> None:
    """An index that is away, that does not answer in time, or that has no embedder."""
    index = Meaning(embedder="" if what == "none" else "minilm", slow=what == "slow")
    index.broken = what == "broken"
    events = await review(tmp_path, FakeFeedbackBook(), index)

    assert len(end_of(events).findings) == 1
    assert end_of(events).hushed == ()


THREE = """
[[model]]
name = "qwen2.5-coder-0.5b"
[[reply]]
text = '''
- bug: The first name is read from a list that may be empty. Code: `first = names[0]`
- bug: Errors of the file are swallowed without a trace. Code: `except OSError: pass`
- bug: This divides by the number of names, which may be zero. Code: `return total / len(names)`
'''
"""
WHOLE = python(
    "def f(names, total):\n    try:\n        first = names[0]\n        print(first)\n"
    "    except OSError: pass\n    return total / len(names)\n"
)


@pytest.mark.parametrize("index", [None, FakeIndex()], ids=["words", "vectors"])
async def test_five_decisions_withhold_one_kind_and_put_another_first(
    tmp_path: Path, index: FakeIndex | None
) -> None:
    """What a model says of a new file: by words, and with the vectors of a workspace's index."""
    if index is not None:
        index.reports = [IndexReport("ready", embedder="hash")]
    book = FakeFeedbackBook()
    for number, name in enumerate(("rows", "users", "items")):
        swallowed = found(
            f"Errors of the {name} are swallowed without a trace.", f"pass # {number}"
        )
        await book.record(decided(swallowed, document=f"{number}.py", days_ago=1.0))
    for number, name in enumerate(("prices", "cells")):
        zero = found(f"This divides by the number of {name}, which may be zero.", f"a / {number}")
        said = decided(zero, Verdict.ACCEPTED, document=f"{number}.py", days_ago=1.0)
        await book.record(said)
    end = end_of(
        await reviewed(WHOLE, tmp_path, THREE, stages=("quick",), feedback=book, index=index)
    )

    assert [f.quote for f in end.findings] == ["return total / len(names)", "first = names[0]"]
    assert end.findings[0].lesson == "you accepted 2 like this"
    assert [(h.finding.quote, h.reason) for h in end.hushed] == [
        ("except OSError: pass", "you dismissed 3 like this")
    ]
