"""What a retrieval task is: files, the functions in them that may be meant, and questions."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True)
class Function:
    """A function that a question may be about, where it stands."""

    file: str
    symbol: str
    first: int
    """Lines from 0, both included."""
    last: int


@dataclass(frozen=True)
class Question:
    """What somebody asks."""

    text: str
    right: frozenset[int]
    """The functions that answer it, by their place in the task."""


@dataclass(frozen=True)
class Task:
    """Files and questions about them."""

    name: str
    files: Mapping[str, str]
    """Name → text."""
    functions: tuple[Function, ...]
    questions: tuple[Question, ...]

    def half(self, number: int) -> "Task":
        """The task with about half of its questions: 0 for tuning, 1 for reporting.

        The text of a question decides, so that none changes sides when others come.
        """
        kept = tuple(q for q in self.questions if sha256(q.text.encode()).digest()[0] % 2 == number)
        return Task(self.name, self.files, self.functions, kept)


@dataclass(frozen=True)
class Quality:
    """How well the questions of a task were answered."""

    mrr: float
    """Mean of 1 / place of the first right function, 0 beyond place 10."""
    recall: float
    """Mean share of the right functions among the first 10."""
    first: float
    """Share of the questions whose first function is right."""


def quality(questions: Sequence[Question], answers: Sequence[Sequence[int]]) -> Quality:
    """What `answers`, functions best first for each question, are worth."""
    reciprocal, recalls, firsts = [], [], []
    for question, answer in zip(questions, answers, strict=True):
        ten = answer[:10]
        places = [at for at, function in enumerate(ten, 1) if function in question.right]
        reciprocal.append(1 / places[0] if places else 0.0)
        recalls.append(len(question.right.intersection(ten)) / len(question.right))
        firsts.append(float(bool(places) and places[0] == 1))
    return Quality(*(statistics.fmean(each) for each in (reciprocal, recalls, firsts)))


class Finder:
    """Tells which functions a piece of a file shows."""

    def __init__(self, functions: Sequence[Function]) -> None:
        self._of: dict[str, list[tuple[int, int, int]]] = {}
        for number, each in enumerate(functions):
            self._of.setdefault(each.file, []).append((each.first, each.last, number))

    def shown(self, file: str, first: int, last: int) -> list[int]:
        """Functions on the lines first…last, top to bottom."""
        around = self._of.get(file, ())
        return [number for top, end, number in around if top <= last and end >= first]


def functions_found(finder: Finder, pieces: Sequence[tuple[str, int, int]]) -> list[int]:
    """Pieces in their order as functions, each once: a piece with three takes three places."""
    found: dict[int, None] = {}
    for file, first, last in pieces:
        for number in finder.shown(file, first, last):
            found.setdefault(number)
    return list(found)
