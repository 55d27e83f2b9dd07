"""Workspaces of real code that nobody here wrote: Python's own library, copied."""

import ast
import os
import random
import re
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_LEFT_OUT = frozenset(
    {"test", "tests", "idle_test", "site-packages", "dist-packages", "pydoc_data", "__pycache__"}
)
_LEAST_BYTES, _MOST_BYTES = 200, 400_000
_COPIED_LEAST, _COPIED_MOST = 500, 4_000
_SEED = 5
_FIRST_DEF = re.compile(r"^( *(?:async )?def |class )(\w+)", re.MULTILINE)
_SHORTEST_QUESTION, _LONGEST_QUESTION = 5, 16


@dataclass(frozen=True)
class Tree:
    """A workspace."""

    folder: Path
    files: int
    bytes: int


def library(folder: Path, most_bytes: int) -> Tree:
    """Modules of the standard library in a mixed order that is always the same, up to a size."""
    made = size = 0
    for name, text in _modules(_LEAST_BYTES, _MOST_BYTES):
        data = text.encode()
        if size + len(data) > most_bytes:
            continue
        _write(folder / name, data)
        made, size = made + 1, size + len(data)
    return Tree(folder, made, size)


def copies(folder: Path, files: int) -> Tree:
    """Exactly so many files: copies of modules, in each another first definition."""
    modules = list(_modules(_COPIED_LEAST, _COPIED_MOST))
    size = 0
    for number in range(files):
        copy, at = divmod(number, len(modules))
        name, text = modules[at]
        data = _FIRST_DEF.sub(rf"\g<1>\g<2>_{copy}", text, count=1).encode()
        _write(folder / f"part_{copy}" / name, data)
        size += len(data)
    return Tree(folder, files, size)


def grow_old(tree: Tree, seconds: float) -> None:
    """Set the time of every file back: a file that is as young as its reading is read again."""
    for path in tree.folder.rglob("*.py"):
        then = path.stat().st_mtime - seconds
        os.utime(path, (then, then))


def questions(tree: Tree, most: int) -> list[str]:
    """First sentences of docstrings, names of definitions among them: every third is a name."""
    paths = sorted(tree.folder.rglob("*.py"))
    random.Random(_SEED).shuffle(paths)  # noqa: S311 — the same in every run
    asked: list[str] = []
    for path in paths:
        for name, said in _described(path.read_text(encoding="utf-8")):
            asked.append(name if len(asked) % 3 == 0 else said)
            if len(asked) == most:
                return asked
    return asked


def _described(text: str) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and (whole := ast.get_docstring(node)):
            said = whole.partition(".")[0].split()
            if _SHORTEST_QUESTION <= len(said) <= _LONGEST_QUESTION:
                yield node.name, " ".join(said)
                return  # one of each file


def _modules(least: int, most: int) -> Iterator[tuple[str, str]]:
    root = Path(sysconfig.get_path("stdlib"))
    names = sorted(
        path
        for path in root.rglob("*.py")
        if not _LEFT_OUT.intersection(path.relative_to(root).parts)
        and least <= path.stat().st_size <= most
    )
    random.Random(_SEED).shuffle(names)  # noqa: S311 — the same in every run
    for path in names:
        try:
            yield path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
