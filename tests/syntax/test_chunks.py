"""The pieces in which files are searched."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.samples import HOSTILE, SAMPLES
from mirador_lsp.core.retrieval import CodeChunk
from mirador_lsp.syntax.chunks import (
    MAX_CHUNKS,
    MAX_DATA_CHUNKS,
    MAX_TEXT,
    Chunking,
    chunking_of,
    chunks_of,
)
from mirador_lsp.syntax.languages import LANGUAGES, language_of
from mirador_lsp.syntax.parser import Parsed, parse
from mirador_lsp.syntax.pieces import MOST

NAMES = {each.id: f"src/sample{each.extensions[0]}" for each in LANGUAGES.values()}


def read(text: str, name: str) -> tuple[Parsed, Chunking]:
    """A text parsed without haste, and its chunks."""
    parsed = parse(text, language_of(name), budget_seconds=30)
    return parsed, chunking_of(parsed, name)


def check(parsed: Parsed, cut: Chunking) -> None:
    """What holds for the chunks of any text."""
    lines, text = parsed.lines, parsed.text
    at = 0
    for chunk in cut.chunks:
        first, last = lines.line_of(chunk.span.start), lines.line_of(chunk.span.end)
        assert lines.line_span(first).start == chunk.span.start, "not a whole line"
        assert lines.line_span(last).end == chunk.span.end, "not a whole line"
        assert chunk.span.start >= at, "overlap"
        assert chunk.text == text[chunk.span.start : chunk.span.end][:MAX_TEXT]
        assert chunk.text.strip() or len(chunk.text) == MAX_TEXT
        assert "\n" not in chunk.header
        assert len(chunk.header) <= 300
        if first != last:
            assert chunk.span.end - chunk.span.start <= MOST + 1000
        left = text[at : chunk.span.start]
        assert not left.strip(), "a line is in no chunk"
        at = chunk.span.end
    if not cut.note:
        assert not text[at:].strip(), "a line is in no chunk"


@pytest.mark.parametrize("language", sorted(NAMES))
def test_every_language(language: str) -> None:
    """Every line of a sample is in exactly one chunk, and what is long enough has its symbol."""
    text = SAMPLES[language]
    parsed, cut = read(text, NAMES[language])
    check(parsed, cut)
    assert cut.note == ""
    assert all(NAMES[language] in chunk.header for chunk in cut.chunks)
    grown = text + "\n\n".join([text.replace("run", f"run{n}") for n in range(20)])
    parsed, cut = read(grown, NAMES[language])
    check(parsed, cut)
    if LANGUAGES[language].outline:
        assert {"function", "method", "class"} & {chunk.kind for chunk in cut.chunks}


LONG = "    total = total + first_value * second_value - third_value\n" * 12
PYTHON = f'''"""What the module is for."""
import os

LIMIT = 3


class Stack(Base):
    """A stack."""

    size = 0

    # Pushes.
    @logged
    def push(self, item):
{LONG.replace("    ", "        ")}
    def pop(self):
        return self.items.pop()

    def peek(self):
        return self.items[-1]


def outer(path):
{LONG}
{LONG}
{LONG}    return total
'''


def test_a_file_of_symbols() -> None:
    """Symbols, what is around them, the rest of a class, parts of what is long."""
    parsed, cut = read(PYTHON, "pkg/stack.py")
    check(parsed, cut)
    shown = [(chunk.symbol, chunk.kind, chunk.header) for chunk in cut.chunks]
    assert shown[:4] == [
        ("", "module", "# pkg/stack.py"),
        ("Stack", "class", "# pkg/stack.py"),
        ("Stack.push", "method", "# pkg/stack.py class Stack(Base):"),
        ("Stack", "class", "# pkg/stack.py class Stack(Base):"),
    ]
    assert cut.chunks[2].text.startswith("    # Pushes.\n    @logged\n")
    assert "def pop" in cut.chunks[3].text
    assert "def peek" in cut.chunks[3].text
    parts = shown[4:]
    assert len(parts) > 2
    assert parts[0] == ("outer", "function", "# pkg/stack.py")
    assert set(parts[1:]) == {("outer", "function", "# pkg/stack.py def outer(path):")}


def test_closing_brackets_stay_with_what_they_close() -> None:
    """No chunk is made of brackets alone."""
    method = "  void f%d() {\n" + "    call(one, two, three);\n" * 30 + "  }\n\n"
    text = "class A {\n" + "".join(method % n for n in range(5)) + "}\n"
    parsed, cut = read(text, "A.java")
    check(parsed, cut)
    assert cut.chunks[-1].symbol == "A.f4"
    assert cut.chunks[-1].text.endswith("}\n\n}")


MARKDOWN = """---
title: "# no heading"
---
Before.

# Guide

## Install ##

{long}

```sh
# not a heading
pip install
```

Under
-----
Few words.

### Deeper
More words.

# Other
{long}
"""


def test_prose_by_headings() -> None:
    """Sections carry the titles above them; fences and front matter hold no headings."""
    long = "Some words about installing things on machines of all kinds.\n" * 10
    parsed, cut = read(MARKDOWN.format(long=long), "docs/guide.md")
    check(parsed, cut)
    assert {chunk.kind for chunk in cut.chunks} == {"prose"}
    shown = [(chunk.symbol, chunk.header) for chunk in cut.chunks]
    assert shown == [
        ("", "# docs/guide.md"),
        ("Guide > Install", "# docs/guide.md Guide"),
        ("Guide > Under", "# docs/guide.md Guide"),
        ("Other", "# docs/guide.md"),
    ]
    assert cut.chunks[1].text.startswith("# Guide")
    assert cut.chunks[2].text.endswith("More words.")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.rst", "Title\n=====\n\nWords.\n\nInner\n-----\n\n{long}\n"),
        ("a.adoc", "= Title\n\nWords.\n\n== Inner\n\n{long}\n"),
        ("a.org", "* Title\nWords.\n** Inner\n{long}\n"),
    ],
)
def test_other_ways_to_write_headings(name: str, text: str) -> None:
    """reStructuredText, AsciiDoc and Org have sections, too."""
    parsed, cut = read(text.format(long="Words of a section, and more.\n" * 20), name)
    check(parsed, cut)
    assert [chunk.symbol for chunk in cut.chunks] == ["Title", "Title > Inner"]


def test_long_prose_is_cut_between_paragraphs() -> None:
    """A section that is too long ends where a paragraph ends."""
    paragraph = "Words that make up a paragraph of some length, twice.\n" * 5
    parsed, cut = read("# T\n\n" + "\n".join([paragraph] * 20), "README.md")
    check(parsed, cut)
    assert len(cut.chunks) > 5
    assert all(chunk.text.endswith("twice.") for chunk in cut.chunks)
    assert {chunk.symbol for chunk in cut.chunks} == {"T"}


def test_data_has_a_limit_that_is_said() -> None:
    """Of a large file of data the beginning can be found, and the note counts the rest."""
    text = "".join(f'{{"id": {n}, "name": "somebody with a name"}},\n' for n in range(20_000))
    for name in ("a.jsonl", "a.json"):
        parsed, cut = read(text, name)
        check(parsed, cut)
        assert len(cut.chunks) == MAX_DATA_CHUNKS
        assert "lines after the first 100 chunks are left out" in cut.note


def test_code_has_a_limit_that_is_said() -> None:
    """So has code, and text that no parser knows."""
    text = "".join(f"call_{n}({'x' * 800})\n" for n in range(MAX_CHUNKS + 50))
    for name in ("a.lua", "a.kt"):
        parsed, cut = read(text, name)
        check(parsed, cut)
        assert len(cut.chunks) == MAX_CHUNKS
        assert cut.note.startswith("50 lines")


def test_machine_length_lines_are_cut_and_counted() -> None:
    """Only the beginning of a very long line is kept, and the note says so."""
    parsed, cut = read("var a=1;" * 100_000, "a.min.js")
    check(parsed, cut)
    assert [len(chunk.text) for chunk in cut.chunks] == [MAX_TEXT]
    assert cut.note.startswith("1 line is so long")


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("name", ["a.js", "a.py", "a.cpp", "a.md", "a.rst", "a.json", "a.txt", "a"])
def test_hostile_texts(kind: str, name: str) -> None:
    """Whatever a text holds, it is cut, and what comes out is bounded."""
    text = HOSTILE[kind]
    parsed = parse(text, language_of(name))
    cut = chunking_of(parsed, name)
    check(parsed, cut)
    assert len(cut.chunks) <= MAX_CHUNKS
    assert sum(len(chunk.text) for chunk in cut.chunks) <= len(text)


def test_a_hundred_thousand_symbols() -> None:
    """More definitions than anybody wrote by hand are cut all the same, up to the limit."""
    text = "".join(f"def f{n}():\n    return {n}\n" for n in range(40_000))
    parsed = parse(text, "python", budget_seconds=30, max_bytes=10_000_000)
    cut = chunking_of(parsed, "a.py")
    check(parsed, cut)
    assert len(cut.chunks) <= MAX_CHUNKS


WORDS = st.sampled_from(["alpha", "beta", "gamma = 1", "x", "return None", "call(1)", "", "    y"])


def function(name: str, body: list[str]) -> str:
    """A function that is long enough to be a chunk of its own."""
    long = [f"    {name}_value_{n} = compute_something_with({n}, {name})" for n in range(4)]
    return "\n".join([f"def {name}():", *long, *(f"    {line}" for line in body), ""])


@settings(max_examples=60)
@given(st.data())
def test_other_functions_stay_when_one_changes(data: st.DataObject) -> None:
    """What a function's chunks are depends on no other function of the file."""
    count = data.draw(st.integers(2, 8))
    bodies = [data.draw(st.lists(WORDS, max_size=30)) for _ in range(count)]
    changed = data.draw(st.integers(0, count - 1))
    new = data.draw(st.lists(WORDS, max_size=60))

    def others(bodies: list[list[str]]) -> list[tuple[str, str, str]]:
        text = "\n\n".join(function(f"f{n}", body) for n, body in enumerate(bodies))
        cut = chunks_of(parse(text, "python", budget_seconds=5), "a.py")
        return [
            (chunk.symbol, chunk.header, chunk.text)
            for chunk in cut
            if chunk.symbol != f"f{changed}"
        ]

    before = others(bodies)
    after = others([new if n == changed else body for n, body in enumerate(bodies)])
    assert before == after
    assert before


@settings(max_examples=150)
@given(st.data())
def test_any_text_is_cut_into_whole_lines(data: st.DataObject) -> None:
    """Chunks never overlap, are whole lines, and hold every line that is not blank."""
    language = data.draw(st.sampled_from(sorted(NAMES)))
    parts = data.draw(
        st.lists(
            st.one_of(
                st.sampled_from(
                    [*SAMPLES[language].splitlines(keepends=True), "\r", "}\n", "\n\n"]
                ),
                st.text(max_size=40),
                st.just("word " * 200 + "\n"),
            ),
            max_size=60,
        )
    )
    parsed, cut = read("".join(parts), NAMES[language])
    check(parsed, cut)
    assert not cut.note


@settings(max_examples=100)
@given(
    st.lists(
        st.sampled_from(
            ["# A\n", "## B\n", "Title\n", "===\n", "---\n", "```\n", "words here\n", "\n", "- x\n"]
        ),
        max_size=80,
    ),
    st.sampled_from(["a.md", "a.rst", "a.adoc", "a.txt"]),
)
def test_any_prose_is_cut_into_whole_lines(parts: list[str], name: str) -> None:
    """The same for prose."""
    check(*read("".join(parts), name))


def test_chunks_are_those_of_the_chunking() -> None:
    """The short way gives the same chunks."""
    parsed, cut = read(PYTHON, "a.py")
    assert chunks_of(parsed, "a.py") == cut.chunks
    assert all(isinstance(chunk, CodeChunk) for chunk in cut.chunks)
