"""Ignore rules, measured against git itself."""

import shutil
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as how
from hypothesis import strategies as st

from mirador_lsp.workspace.ignoring import MAX_RULES, read_rules


def ignored(rules: str, path: str, *, is_folder: bool = False) -> bool:
    """What the rules say of a path, parents included as a walk would meet them."""
    read = read_rules(rules.encode("utf-8", "surrogateescape"), name=".gitignore")
    parts = path.split("/")
    for end in range(1, len(parts)):
        if read.verdict(parts[:end], is_folder=True):
            return True
    return bool(read.verdict(parts, is_folder=is_folder))


@pytest.mark.parametrize(
    ("rules", "path", "expected"),
    [
        ("*.log", "a/b/x.log", True),
        ("*.log", "x.logs", False),
        ("build/", "build/x.py", True),
        ("/build", "sub/build/x.py", False),
        ("a/b", "x/a/b", False),
        ("**/b/c", "x/b/c", True),
        ("a/**/z", "a/z", True),
        ("a/**/z", "a/b/c/z", True),
        ("a/**", "a/b", True),
        ("x?.py", "xy.py", True),
        ("[!a]b", "ab", False),
        ("[a-c]1", "b1", True),
        ("*\n!keep.py", "keep.py", False),
        ("!keep.py\n*", "keep.py", True),
        ("d/\n!d/keep.py", "d/keep.py", True),
        ("# a\n\\#b", "#b", True),
        ("a\\ ", "a ", True),
        ("a  ", "a", True),
        ("a\r\nb\r\n", "b", True),
        ("\ufeffa", "a", True),
        ("[", "[", False),
        ("a\\", "a", False),
    ],
)
def test_rules_mean_what_the_manual_says(rules: str, path: str, expected: bool) -> None:
    """Each form of a rule of gitignore(5)."""
    assert ignored(rules, path) is expected


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty git repository to ask."""
    git = shutil.which("git")
    if git is None:
        pytest.skip("git is not installed")
    folder = tmp_path_factory.mktemp("repository")
    subprocess.run([git, "init", "-q", str(folder)], check=True)
    return folder


PATTERN = st.text(alphabet="ab.*?/![]-\\# ", min_size=1, max_size=8)
PATHS = ["a", "b", "ab", "a.b", "a/b", "b/a", "a/a/b", "b/ab/a", "a/b/a/b", ".a", "aab", "a b"]


@how(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(patterns=st.lists(PATTERN, min_size=1, max_size=4))
@example(patterns=["?\\/?"])
@example(patterns=["\\/a"])
@example(patterns=["a\\\\/b"])
@example(patterns=["a\\/"])
@example(patterns=["a/\\/b"])
def test_git_says_the_same(repository: Path, patterns: list[str]) -> None:
    """For random rules and paths the answer is that of `git check-ignore`."""
    # Left out: a `/` in a class and an escaped one beside `**`: git has ways of its own there.
    patterns = [
        pattern
        for pattern in patterns
        if not ("[" in pattern and "/" in pattern) and not ("**" in pattern and "\\/" in pattern)
    ]
    rules = "\n".join(patterns)
    (repository / ".gitignore").write_text(rules + "\n", encoding="utf-8")
    asked = subprocess.run(
        ["git", "check-ignore", "--no-index", "--stdin"],  # noqa: S607
        cwd=repository,
        input="\n".join(PATHS),
        capture_output=True,
        text=True,
        check=False,
    )
    said = {line.strip('"') for line in asked.stdout.splitlines()}
    assert {path for path in PATHS if ignored(rules, path)} == said


def test_a_pattern_made_to_be_slow_is_not() -> None:
    """Stars beyond counting take time in proportion, where a regular expression takes for ever."""
    rules = read_rules(b"*a" * 120 + b"*b\n" + b"**/a/" * 60 + b"b", name=".gitignore")
    started = time.process_time()
    for _ in range(10):
        assert rules.verdict(["a" * 250], is_folder=False) is None
        assert rules.verdict(["a"] * 90, is_folder=False) is None
    assert time.process_time() - started < 20, "backtracking over every star would take years"


def test_there_is_an_end_to_the_rules() -> None:
    """A huge ignore file is read up to a limit, and costs are counted for the walk's budget."""
    rules = read_rules(b"a*b\n" * 100_000, name=".gitignore")
    assert len(rules.rules) == MAX_RULES
    assert rules.cost > MAX_RULES


@how(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_rules(content: bytes) -> None:
    """An ignore file cannot break the walk."""
    read_rules(content, name=".gitignore").verdict(["a", "b\udcff"], is_folder=False)
