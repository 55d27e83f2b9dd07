"""Docstring → function, on the Python that is installed: the standard library and the packages.

A question is the first sentence of a docstring; the function stands in the corpus without it. The
rest of the corpus is functions drawn at random, always the same ones on the same machine.
"""

import ast
import hashlib
import random
import re
import sysconfig
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.retrieval.tasks import Function, Question, Task

_SEED = 7
_LEAST_LINES, _MOST_LINES = 4, 120
_LEAST_WORDS, _MOST_WORDS = 4, 40
_ELSEWHERE = re.compile(
    r"(^|/)(test|tests|testing|idlelib|lib2to3|site-packages|dist-packages|__pycache__|pydoc_data"
    r"|turtledemo|kubernetes|_vendor|vendor|typeshed|sympy|pygments/lexers)(/|$)"
)


@dataclass(frozen=True)
class Documented:
    """A function as it was found."""

    file: str
    owner: str
    """The classes around it, joined by dots, or ""."""
    name: str
    text: str
    """Without its docstring, and without the indentation of its class."""
    question: str
    """The first sentence of its docstring, "" where that is none to ask."""


def docstring_task(functions: int = 8000, questions: int = 1000) -> Task:
    """The task with that many functions and, if there are enough, questions."""
    found = list(_without_twins(_functions()))
    asked = Counter(each.question for each in found)
    usable = [each for each in found if each.question and asked[each.question] == 1]
    others = [each for each in found if not each.question]
    shuffle = random.Random(_SEED).shuffle  # noqa: S311 — nothing secret
    shuffle(usable)
    shuffle(others)
    chosen, rest = usable[:questions], usable[questions:] + others
    shuffle(rest)
    corpus = chosen + rest[: functions - len(chosen)]
    return task_of(corpus, {id(each) for each in chosen})


def _functions() -> Iterator[Documented]:
    roots = (Path(sysconfig.get_paths()["stdlib"]), Path(sysconfig.get_paths()["purelib"]))
    for tag, root in zip(("std", "packages"), roots, strict=True):
        for path in sorted(root.rglob("*.py")):
            name = path.relative_to(root).as_posix()
            if _ELSEWHERE.search(name):
                continue
            try:
                text = path.read_text("utf-8")
            except (OSError, ValueError):
                continue
            yield from functions_in(text, f"{tag}/{name}")


def functions_in(text: str, file: str) -> Iterator[Documented]:
    """The functions of a module that are neither tiny nor huge nor in others."""
    try:
        tree = ast.parse(text)
    except (ValueError, SyntaxError, RecursionError):
        return
    yield from _in(tree, file, text.splitlines(keepends=True), "")


def _in(node: ast.AST, file: str, lines: Sequence[str], owner: str) -> Iterator[Documented]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield from _in(child, file, lines, f"{owner}.{child.name}" if owner else child.name)
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            text = _without_docstring(child, lines)
            if _LEAST_LINES <= text.count("\n") <= _MOST_LINES:
                plain = textwrap.dedent(text).rstrip() + "\n"
                yield Documented(file, owner, child.name, plain, _question(child))


def _without_docstring(
    function: ast.FunctionDef | ast.AsyncFunctionDef, lines: Sequence[str]
) -> str:
    first = min([function.lineno, *(each.lineno for each in function.decorator_list)]) - 1
    last = function.end_lineno or function.lineno
    shown = list(lines[first:last])
    if ast.get_docstring(function, clean=False) is not None:
        doc = function.body[0]
        end = doc.end_lineno or doc.lineno
        shown = [*lines[first : doc.lineno - 1], *lines[end:last]]
    return "".join(shown)


def _question(function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    doc = ast.get_docstring(function)
    if not doc:
        return ""
    paragraph = re.split(r"\n\s*\n", doc.strip())[0]
    sentence = re.split(r"(?<=[.!?])\s", " ".join(paragraph.split()))[0]
    words = re.findall(r"[A-Za-z]{2,}", sentence)
    sound = _LEAST_WORDS <= len(words) <= _MOST_WORDS and ">>>" not in sentence
    return sentence if sound else ""


def _without_twins(found: Iterator[Documented]) -> Iterator[Documented]:
    seen: set[str] = set()
    for each in found:
        digest = hashlib.sha256(" ".join(each.text.split()).encode()).hexdigest()
        if digest not in seen:
            seen.add(digest)
            yield each


def task_of(corpus: Sequence[Documented], asked: set[int]) -> Task:
    """Files that hold the functions of the corpus and nothing else, classes as they were."""
    by_file: dict[str, list[Documented]] = {}
    for each in corpus:
        by_file.setdefault(each.file, []).append(each)
    files: dict[str, str] = {}
    functions: list[Function] = []
    questions: list[Question] = []
    for file, group in sorted(by_file.items()):
        lines: list[str] = []
        before = ""
        for each in sorted(group, key=lambda one: one.owner):
            around = each.owner.split(".") if each.owner else []
            if each.owner != before:
                lines += [f"{'    ' * at}class {name}:\n" for at, name in enumerate(around)]
                before = each.owner
            body = textwrap.indent(each.text, "    " * len(around)).splitlines(keepends=True)
            if each.question and id(each) in asked:
                questions.append(Question(each.question, frozenset({len(functions)})))
            symbol = f"{each.owner}.{each.name}" if each.owner else each.name
            functions.append(Function(file, symbol, len(lines), len(lines) + len(body) - 1))
            lines += [*body, "\n"]
        files[file] = "".join(lines)
    order = random.Random(_SEED)  # noqa: S311 — nothing secret
    order.shuffle(questions)
    return Task("docstring → function", files, tuple(functions), tuple(questions))
