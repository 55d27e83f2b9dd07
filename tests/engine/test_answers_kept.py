"""Answers that were given before: found by the next process, and by other words."""

from pathlib import Path

import pytest

from fakes.asking import SMALL, TWO_MODELS, Asker, said
from fakes.index import FakeIndex
from fakes.replies import FakeReplyBook
from mirador_lsp.core.answers import AnswerFinished, Topic, Turn
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import NoticeKind
from mirador_lsp.engine.answers.similar import find_similar, keep_similar
from mirador_lsp.engine.context.stock import Workplace
from mirador_lsp.engine.engine import Engine
from mirador_lsp.engine.recall import Recall

CODE = "def mean(values):\n    return sum(values) / len(values)\n"
FILE = Snapshot("file:///w/a.py", "a.py", "python", CODE, path="/w/a.py")
SCRIPT = TWO_MODELS + said(SMALL, "For none it divides by zero.")


class NoFiles:
    """A project that says nothing of itself."""

    async def rules(self) -> tuple[object, ...]:
        return ()

    async def same(self, _names: object) -> tuple[object, ...]:
        return ()


class Desk(Asker):
    """An engine whose replies are kept in a book, with an index that embeds."""

    def over(self, book: FakeReplyBook, index: FakeIndex | None = None) -> "Desk":
        """The same, beginning anew over this book."""
        self.index = index or FakeIndex()
        place = Workplace(NoFiles(), self.index)  # type: ignore[arg-type] — nothing is asked of it
        self.engine = Engine(
            backend=self.backend,
            outliner=self.parser,
            syntax=self.parser,
            analyzers=[],
            clock=self.engine._tools.clock,
            replies=book,
            workplace_of=lambda _: place,
        )
        return self

    async def question(self, text: str, *history: Turn) -> AnswerFinished:
        """Ask about the function."""
        stages = ("quick",)
        wish = self.request(
            FILE, "def mean", topic=Topic.ASK, stages=stages, question=text, history=history
        )
        return await self.ask(wish)


def desk(folder: Path, book: FakeReplyBook, index: FakeIndex | None = None) -> Desk:
    """A process that has just begun."""
    folder.mkdir(exist_ok=True)
    return Desk(folder, SCRIPT).over(book, index)


async def test_an_explanation_is_known_to_the_next_process(tmp_path: Path) -> None:
    """The same text and confidence, without a model."""
    book = FakeReplyBook()
    first = desk(tmp_path, book)
    before = await first.ask(first.request(FILE, "def mean", stages=("quick",)))
    second = desk(tmp_path, book)
    after = await second.ask(second.request(FILE, "def mean", stages=("quick",)))

    assert before.answer is not None
    assert after.answer is not None
    assert second.backend.prompts == []
    assert (after.answer.text, after.answer.confidence) == (
        before.answer.text,
        before.answer.confidence,
    )
    known = await second.known(FILE, "def mean")
    assert known is not None
    assert known.text == before.answer.text


async def test_the_same_question_in_other_words_is_not_asked_again(tmp_path: Path) -> None:
    """It is said what the question was; the answer is flagged as kept."""
    book = FakeReplyBook()
    first = desk(tmp_path, book)
    await first.question("what happens when the list is empty")
    second = desk(tmp_path, book)
    finished = await second.question("What happens: when is the list empty")

    assert second.backend.prompts == []
    assert finished.answer is not None
    assert finished.answer.kept
    (notice,) = finished.notices
    assert notice.kind is NoticeKind.FALLBACK
    assert "what happens when the list is empty" in notice.message


@pytest.mark.parametrize(
    "other",
    [
        "what happens when the list is not empty",
        "how happens when the list is empty",
        "what happens when the list_2 is empty",
        "something else entirely",
    ],
)
async def test_what_means_something_else_is_asked(tmp_path: Path, other: str) -> None:
    """However near an embedder sees them: a word that turns the meaning, another name."""
    book = FakeReplyBook()
    first = desk(tmp_path, book)
    await first.question("what happens when the list is empty")
    again = desk(tmp_path, book)
    await again.question(other)

    assert len(again.backend.prompts) == 1


async def test_a_follow_up_is_never_answered_from_elsewhere(tmp_path: Path) -> None:
    """What it means depends on what was said before."""
    book = FakeReplyBook()
    first = desk(tmp_path, book)
    await first.question("what happens when the list is empty")
    again = desk(tmp_path, book)
    await again.question("What happens: when is the list empty", Turn("Why?", "Because."))

    assert len(again.backend.prompts) == 1


async def test_without_an_embedder_every_question_is_asked(tmp_path: Path) -> None:
    """An index that is lost is no reason not to answer."""
    book, lost = FakeReplyBook(), FakeIndex()
    await desk(tmp_path, book).question("what happens when the list is empty")
    lost.broken = True
    again = desk(tmp_path, book, lost)
    finished = await again.question("What happens: when is the list empty")

    assert finished.answer is not None
    assert len(again.backend.prompts) == 1


async def test_the_latest_questions_are_kept(tmp_path: Path) -> None:
    """Eight of one piece of code; asking one anew does not make it two."""
    recall, book = Recall(FakeReplyBook()), FakeIndex()
    (card, *_) = await desk(tmp_path, FakeReplyBook()).backend.cards()
    for number in [*range(10), 9]:
        await keep_similar(f"question {number}", (f"answer {number}", 0.5), "k", recall, card)

    kept = await recall.find("k")
    assert kept is not None
    assert kept.lines[::2] == tuple(f"question {number}" for number in range(2, 10))
    assert await find_similar("9 question", "k", recall, book) == ("question 9", "answer 9", 0.5)
    assert await find_similar("1 question", "k", recall, book) is None
