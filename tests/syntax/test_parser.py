"""Parsing: budgets, sizes, broken text, depth."""

import time

import pytest

from fakes.samples import HOSTILE, SAMPLES
from mirador_lsp.syntax.parser import MAX_BROKEN, parse

MINIFIED = "function f(a,b){var c=a+b;if(c){return[c,a,{x:1}]}}" * 15_000


@pytest.mark.parametrize("language", SAMPLES)
def test_sound_files_parse(language: str) -> None:
    """A sound file has a tree and no broken places."""
    parsed = parse(SAMPLES[language], language, budget_seconds=10)
    assert parsed.tree is not None
    assert parsed.note == ""
    assert parsed.broken == ()


def test_the_budget_stops_a_parse() -> None:
    """A parse ends soon after its budget is used up, far before it would be done."""
    start = time.thread_time()
    assert parse(MINIFIED, "javascript", budget_seconds=60).tree is not None
    whole = time.thread_time() - start
    start = time.thread_time()
    parsed = parse(MINIFIED, "javascript", budget_seconds=whole / 20)
    assert parsed.tree is None
    assert "seconds" in parsed.note
    assert time.thread_time() - start < whole / 2


@pytest.mark.parametrize("text", ["x" * 101, "é" * 60])
def test_large_texts_are_refused(text: str) -> None:
    """The size counts bytes, and a text above it is not parsed at all."""
    parsed = parse(text, "python", max_bytes=100)
    assert parsed.tree is None
    assert parsed.too_large
    assert "100 bytes" in parsed.note


def test_an_unknown_language_is_said() -> None:
    """Where there is no parser there is a note and no tree."""
    parsed = parse("x", "cobol")
    assert (parsed.tree, parsed.language) == (None, "")
    assert "no parser" in parsed.note


@pytest.mark.parametrize(
    ("language", "text", "line"),
    [
        ("python", "def f(:\n    pass\n", 0),
        ("javascript", "let a = 1;\nfunction ( {\n", 1),
        ("go", "package a\n\nfunc f() {\n", 2),
        ("json", '{"a": 1,, "b": 2}', 0),
        ("rust", "fn a() {}\nfn b( {}\n", 1),
    ],
)
def test_broken_places_are_found(language: str, text: str, line: int) -> None:
    """What does not parse is named by a span in the text at or after the fault's line."""
    parsed = parse(text, language)
    assert parsed.tree is not None
    assert parsed.broken
    assert all(span.end <= len(text) for span in parsed.broken)
    assert parsed.lines.line_of(parsed.broken[0].start) >= line


def test_broken_places_are_bounded() -> None:
    """A file that is broken everywhere is told with a limited number of places, in order."""
    parsed = parse("x = = 1\ny = 2\n" * 200, "python")
    assert len(parsed.broken) == MAX_BROKEN
    assert list(parsed.broken) == sorted(parsed.broken)


@pytest.mark.parametrize("language", ["python", "javascript", "cpp", "bash", "html", "yaml"])
@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_texts_never_raise(language: str, kind: str) -> None:
    """Whatever the text, there is a tree or a note."""
    parsed = parse(HOSTILE[kind], language)
    assert (parsed.tree is None) == bool(parsed.note)
    assert all(span.end <= len(parsed.text) for span in parsed.broken)
