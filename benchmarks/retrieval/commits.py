"""Subject of a commit → the functions it changed, from the history of this repository.

Asked of the files as they are now: of what was changed then, the functions that are still there.
"""

import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.bench import BenchmarkError
from benchmarks.retrieval.tasks import Function, Question, Task
from mirador_lsp.syntax.outline import outline_of
from mirador_lsp.syntax.parser import parse

ROOT = Path(__file__).resolve().parents[2]
_MOST_FUNCTIONS = 12
"""A commit that changed more is about none of them."""
_MOST_COMMITS = 1500
_PREFIX = re.compile(r"^[\w, /-]{1,40}:\s+")
"""The room that a subject begins with would give the folder away."""
_HUNK = re.compile(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@")
_LEAST_WORDS = 4


@dataclass
class _Commit:
    id: str
    subject: str
    changed: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    """File → first and last changed line as of the commit, from 0."""


def commit_task(root: Path = ROOT) -> Task:
    """The task. Raises `BenchmarkError` where there is no history."""
    files = {
        name: (root / name).read_text("utf-8")
        for name in _git(root, "ls-files", "*.py").splitlines()
        if (root / name).is_file()
    }
    functions = tuple(
        Function(file, symbol, first, last)
        for file, text in sorted(files.items())
        for symbol, first, last in _functions_in(text)
    )
    number_of = {(each.file, each.symbol): at for at, each in enumerate(functions)}
    questions: dict[str, Question] = {}
    for commit in _commits(root):
        subject = _PREFIX.sub("", commit.subject)
        right = _changed_functions(root, commit, number_of)
        if 1 <= len(right) <= _MOST_FUNCTIONS and len(subject.split()) >= _LEAST_WORDS:
            questions.setdefault(subject, Question(subject, right))
    if not questions:
        message = "the history of this checkout has no commit to ask about"
        raise BenchmarkError(message)
    return Task("commit subject → changed function", files, functions, tuple(questions.values()))


def _git(root: Path, *words: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *words],  # noqa: S607
            capture_output=True,
            check=True,
            timeout=120,
        )
    except (OSError, subprocess.SubprocessError) as error:
        message = f"git could not be asked: {error}"
        raise BenchmarkError(message) from error
    return done.stdout.decode("utf-8", "replace")


def _commits(root: Path) -> Iterator[_Commit]:
    log = _git(
        root,
        *("log", "--no-merges", "--unified=0", "--format=%x00%H %s", "-p", "--no-color"),
        *(f"--max-count={_MOST_COMMITS}", "--", "mirador_lsp/*.py"),
    )
    for entry in log.split("\0")[1:]:
        head, _, diff = entry.partition("\n")
        digest, _, subject = head.partition(" ")
        commit = _Commit(digest, subject)
        file = ""
        for line in diff.splitlines():
            if line.startswith("+++ "):
                file = line[6:] if line.startswith("+++ b/") else ""
            elif file and (hunk := _HUNK.match(line)):
                first, count = int(hunk[1]) - 1, int(hunk[2] or 1)
                commit.changed.setdefault(file, []).append((first, first + max(count, 1) - 1))
        yield commit


def _changed_functions(
    root: Path, commit: _Commit, number_of: Mapping[tuple[str, str], int]
) -> frozenset[int]:
    if len(commit.changed) > _MOST_FUNCTIONS:
        return frozenset()
    right = set()
    for file, places in commit.changed.items():
        text = _git(root, "show", f"{commit.id}:{file}")
        for symbol, first, last in _functions_in(text):
            touched = any(first <= end and last >= start for start, end in places)
            if touched and (file, symbol) in number_of:
                right.add(number_of[file, symbol])
    return frozenset(right)


def _functions_in(text: str) -> list[tuple[str, int, int]]:
    """Symbol, first and last line of each function that is in no other."""
    parsed = parse(text, "python", budget_seconds=10)
    found: list[tuple[str, int, int]] = []
    for each in outline_of(parsed).symbols:
        first = parsed.lines.line_of(each.span.start)
        last = parsed.lines.line_of(max(each.span.start, each.span.end - 1))
        inside = any(first <= end and last >= start for _, start, end in found)
        if each.kind != "class" and not inside:
            found.append((each.path, first, last))
    return found
