"""What a question is about, by its words and its place."""

import pytest

from fakes.asking import place
from mirador_lsp.core.answers import AnswerRequest, Topic
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.text import Span
from mirador_lsp.engine.answers.readings import meaning
from mirador_lsp.settings import Settings, answer_policy
from mirador_lsp.syntax.outline import outline_of
from mirador_lsp.syntax.parser import parse

CODE = """class Cart:
    def total(self):
        return sum(self.prices)


def parse_line(line):
    return line.split(",")


LIMIT = 9
"""
FILE = Snapshot("file:///work/cart.py", "cart.py", "python", CODE)
OUTLINE = outline_of(parse(CODE, "python"))


def read(question: str, at: str | None = "return sum|", topic: Topic = Topic.ASK) -> list[str]:
    """The readings, by their names."""
    span = None if at is None else place(FILE, at)
    request = AnswerRequest(FILE, topic, answer_policy(Settings()), span, question)
    return [reading.name for reading in meaning(request, OUTLINE).readings]


def test_a_cursor_alone_leaves_doubt() -> None:
    """The symbol around it is likeliest; the file may be meant."""
    assert read("Where are prices rounded?") == ["Cart.total", "the file"]


@pytest.mark.parametrize("question", ["What is this file for?", "Sum up the whole module."])
def test_who_speaks_of_the_file_means_the_file(question: str) -> None:
    """Wherever the cursor is."""
    assert read(question) == ["the file"]


@pytest.mark.parametrize("question", ["What does this do?", "Is it slow?", "Why sum here?"])
def test_who_points_means_what_is_at_the_cursor(question: str) -> None:
    """As it always was."""
    assert read(question) == ["as asked"]


@pytest.mark.parametrize(
    ("question", "name"),
    [("How does parse_line split?", "parse_line"), ("What is a `Cart`?", "Cart")],
)
def test_who_names_a_symbol_means_that_one(question: str, name: str) -> None:
    """Though the cursor is in another; its place is that of its signature."""
    request = AnswerRequest(FILE, Topic.ASK, answer_policy(Settings()), Span(30, 30), question)
    (reading,) = meaning(request, OUTLINE).readings

    assert reading.name == name
    assert reading.span is not None
    symbol = OUTLINE.innermost(reading.span.start)
    assert symbol is not None
    assert symbol.path == name


def test_a_word_of_every_day_names_no_symbol() -> None:
    """A method called `total` is not meant by everybody who says total."""
    assert read("Where does the total come from?", "return line|") == ["parse_line", "the file"]


def test_what_is_named_by_its_place_is_not_guessed_at() -> None:
    """A selection, a whole file, and everything that is no question of the user's own."""
    assert read("Why?", "return sum") == ["as asked"]
    assert read("Why?", None) == ["as asked"]
    assert read("", topic=Topic.EXPLAIN) == ["as asked"]


def test_outside_of_all_symbols_there_is_nothing_to_tell_apart() -> None:
    """The lines at the cursor are meant."""
    assert read("Why so many?", "LIMIT|") == ["as asked"]
