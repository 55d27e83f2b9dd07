"""The tasks of the retrieval benchmark and what its figures mean."""

import subprocess
from pathlib import Path

import pytest

from benchmarks.bench import BenchmarkError
from benchmarks.retrieval.commits import commit_task
from benchmarks.retrieval.docstrings import functions_in, task_of
from benchmarks.retrieval.tasks import (
    Finder,
    Function,
    Quality,
    Question,
    Task,
    functions_found,
    quality,
)

SOURCE = '''
class Box:
    def fill(self, wares):
        """Put wares into the box.

        Further words.
        """
        for ware in wares:
            self.put(ware)
        return self


@cached
def weigh(box):
    """Weigh."""
    a = 1
    b = 2
    return a + b


def tiny():
    """Do what is hardly worth a line."""
'''


def test_functions_without_docstrings() -> None:
    """The docstring is taken out of the text; its first sentence asks, if it is one."""
    fill, weigh = functions_in(SOURCE, "std/box.py")
    assert (fill.owner, fill.name, fill.question) == ("Box", "fill", "Put wares into the box.")
    assert fill.text.startswith("def fill(self, wares):\n    for ware in wares:\n")
    assert "wares into" not in fill.text
    assert weigh.text.startswith("@cached\ndef weigh(box):\n    a = 1\n")
    assert weigh.question == ""


def test_a_task_of_functions() -> None:
    """Files hold the functions in their classes, where the task says that they are."""
    found = list(functions_in(SOURCE, "std/box.py"))
    task = task_of(found, {id(found[0])})
    lines = task.files["std/box.py"].splitlines()
    for function in task.functions:
        assert "def " in "".join(lines[function.first : function.first + 2])
        assert lines[function.last].strip().startswith("return")
    (question,) = task.questions
    assert [task.functions[at].symbol for at in question.right] == ["Box.fill"]


def test_figures() -> None:
    """The first right place counts for the one, the share of the right ones for the other."""
    questions = [Question("a", frozenset({1, 2})), Question("b", frozenset({3}))]
    answers = [[9, 1], [3]]
    assert quality(questions, answers) == Quality(mrr=0.75, recall=0.75, first=0.5)
    assert quality(questions, [[], list(range(20, 40))]) == Quality(0, 0, 0)


def test_a_piece_with_several_functions_takes_several_places() -> None:
    """Otherwise large pieces would look better than they are."""
    functions = [Function("a", "f", 0, 4), Function("a", "g", 5, 9), Function("b", "h", 0, 9)]
    finder = Finder(functions)
    assert functions_found(finder, [("a", 3, 6), ("c", 0, 1), ("b", 2, 2), ("a", 0, 0)]) == [
        0,
        1,
        2,
    ]


def test_halves_share_no_question() -> None:
    """What is tuned on one half is reported on the other."""
    questions = tuple(Question(str(n), frozenset({n})) for n in range(5))
    task = Task("t", {}, (), questions)
    assert {*task.half(0).questions, *task.half(1).questions} == {*questions}
    assert not {*task.half(0).questions} & {*task.half(1).questions}


def test_commits_ask_for_the_functions_they_changed(tmp_path: Path) -> None:
    """Subjects without the room ask for what is still there; a repository without any is said."""

    def git(*words: str) -> None:
        person = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=no")
        command = ["git", *person, *words]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)

    git("init", "-q")
    code = tmp_path / "mirador_lsp"
    code.mkdir()
    body = "".join(f"def f{n}(a):\n    b = a\n    return b\n\n\n" for n in range(20))
    (code / "x.py").write_text(body)
    git("add", "."), git("commit", "-qm", "room: everything there is at all")
    with pytest.raises(BenchmarkError):
        commit_task(tmp_path)
    (code / "x.py").write_text(body.replace("def f3(a):\n    b = a", "def f3(a):\n    b = a + 1"))
    git("commit", "-qam", "room: the third one adds something")
    task = commit_task(tmp_path)
    (question,) = task.questions
    assert question.text == "the third one adds something"
    assert [task.functions[at].symbol for at in question.right] == ["f3"]
