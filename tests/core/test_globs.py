"""Which files a pattern means."""

import time

import pytest

from mirador_lsp.core.globs import means


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("tests/**", "tests/a.py"),
        ("tests/**", "tests/deep/er/a.py"),
        ("tests/", "src/tests/a.py"),
        ("tests", "tests/a.py"),
        ("src/tests", "src/tests/deep/a.py"),
        ("*.py", "a.py"),
        ("*.py", "src/deep/a.py"),
        ("**/a.py", "a.py"),
        ("**/a.py", "src/a.py"),
        ("src/**/a.py", "src/a.py"),
        ("src/**/a.py", "src/x/y/a.py"),
        ("src/*.py", "src/a.py"),
        ("/setup.py", "setup.py"),
        ("src/a?.py", "src/ab.py"),
        ("[ab].py", "a.py"),
        ("**", "a/b.py"),
        ("*", "a/b.py"),
    ],
)
def test_a_pattern_means_what_gitignore_would(pattern: str, name: str) -> None:
    """Folders mean all that is in them, and a name alone means it anywhere."""
    assert means(pattern, name)


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("tests/**", "src/tests/a.py"),
        ("tests/", "tests"),
        ("src/*.py", "src/deep/a.py"),
        ("/setup.py", "src/setup.py"),
        ("a.py", "ba.py"),
        ("A.py", "a.py"),
        ("src/**/a.py", "src/b.py"),
        ("", "a.py"),
        ("/", "a.py"),
    ],
)
def test_a_pattern_means_nothing_else(pattern: str, name: str) -> None:
    """Neither another folder of that name, nor a part of a name, nor other letters."""
    assert not means(pattern, name)


def test_hostile_patterns_take_no_time() -> None:
    """Many stars and many folders are no more work than their lengths multiplied."""
    begun = time.process_time()
    assert not means("**/" * 60 + "x", "/".join("a" * 200))
    assert not means("*a" * 100 + "b", "a" * 4000)
    assert time.process_time() - begun < 20
