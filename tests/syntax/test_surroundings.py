"""What stands around a place, and a digest of code that comments do not change."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.samples import SAMPLES
from mirador_lsp.core.outline import Surroundings
from mirador_lsp.core.text import Span
from mirador_lsp.syntax.comments import CONVENTIONS
from mirador_lsp.syntax.digest import code_digest
from mirador_lsp.syntax.parser import Parsed, parse
from mirador_lsp.syntax.structure import structure_of
from mirador_lsp.syntax.surroundings import surroundings_of

PROGRAMS = sorted(language for language in SAMPLES if CONVENTIONS[language].documents)
COMMENTED = sorted(set(SAMPLES) - {"json"})


def read(text: str, language: str) -> Parsed:
    """The text, parsed without hurry."""
    return parse(text, language, budget_seconds=10)


def digest(text: str, language: str) -> str:
    """The digest of a text that parses."""
    parsed = read(text, language)
    assert not parsed.broken, (language, parsed.broken)
    return code_digest(parsed)


def around(text: str, language: str, first: str, last: str = "") -> Surroundings:
    """What stands around the first place of `first`, up to the end of `last` after it."""
    start = text.index(first)
    end = text.index(last, start) + len(last) if last else start
    return surroundings_of(read(text, language), Span(start, end))


def shown(text: str, near: Surroundings) -> str:
    """The statement."""
    return text[near.statement.start : near.statement.end]


@pytest.mark.parametrize(
    ("language", "text", "first", "last", "statement"),
    [
        ("python", "def f():\n    if a:\n        b = c + 1\n", "c +", "", "b = c + 1"),
        ("python", "def f():\n    a = 1\n    b = 2\n    c\n", "a =", "b = 2", "a = 1\n    b = 2"),
        ("python", "@x\ndef f():\n    pass\n", "def", "", "@x\ndef f():\n    pass"),
        ("python", "x = (\n    1,\n    2,\n)\n", "2,", "", "x = (\n    1,\n    2,\n)"),
        ("python", "x = 1\n", " = 1", "", "x = 1"),
        ("python", "x = 1;  y = 2\n", "y", "", "y = 2"),
        ("javascript", "if (a) return g({x: 1});\nb();\n", "x:", "", "return g({x: 1});"),
        ("javascript", "switch (a) { case 1: b(); c(); }\n", "c()", "", "c();"),
        ("javascript", "switch (a) { case 1: b(); }\n", "1", "", "switch (a) { case 1: b(); }"),
        ("typescript", "class A { b = 1; c() { d(); } }\n", "b", "", "b = 1"),
        ("java", "class A { void f() { if (a) { b(); } } }\n", "b()", "", "b();"),
        ("go", "package a\nfunc f() {\n\tx := 1\n\ty()\n}\n", "x :=", "", "x := 1"),
        ("rust", "fn f() { let a = 1; g(a) }\n", "a =", "", "let a = 1;"),
        ("c", "int f(void) {\n  return g(1);\n}\n", "1", "", "return g(1);"),
        ("ruby", "def f(a)\n  b if a\nend\n", "b if", "", "b if a"),
        ("bash", "f() {\n  if a; then\n    b c\n  fi\n}\n", "c", "", "b c"),
        ("php", "<?php\nfunction f() { return 1; }\n", "1", "", "return 1;"),
        ("csharp", "class A { void F() { G(1); } }\n", "1", "", "G(1);"),
        ("css", "a { color: red; }\n", "red", "", "color: red;"),
        ("yaml", "a:\n  b: 1\n", "1", "", "b: 1"),
    ],
)
def test_the_statement_around_a_place(
    language: str, text: str, first: str, last: str, statement: str
) -> None:
    """It is the smallest run of whole statements or definitions around the place."""
    assert shown(text, around(text, language, first, last)) == statement


def test_a_blank_line_is_its_own_statement() -> None:
    """Where nothing stands there is no statement, only the line."""
    text = "x = 1\n\ny = 2\n"
    near = surroundings_of(read(text, "python"), Span(6, 6))
    assert (near.statement, near.kind) == (Span(6, 6), "")


DOCUMENTED = [
    ("python", 'def f(a):\n    """Doc."""\n    x\n', "x", '"""Doc."""'),
    ("python", 'def f(a):  # why\n    # more\n    "Doc."\n', "Doc", '"Doc."'),
    ("python", 'class A:\n    """Of A."""\n\n    def f(self):\n        x\n', "x", None),
    ("python", 'def f():\n    f"{x()}"\n', "x", None),
    ("javascript", "/** Doc. */\nexport const f = (a) => a;\n", "a;", "/** Doc. */"),
    ("javascript", "// no\nfunction f() {}\n", "f()", None),
    ("javascript", "/** Of the file. */\n\nfunction f() {}\n", "f()", None),
    ("typescript", "class A {\n  /** Doc. */\n  @Log()\n  f() {}\n}\n", "f()", "/** Doc. */"),
    ("java", "class A {\n  /** Doc. */\n  @Override\n  void f() {}\n}\n", "f()", "/** Doc. */"),
    ("rust", "/// Two\n/// lines.\n#[inline]\nfn f() { 1 }\n", "1", "/// Two\n/// lines."),
    ("csharp", "class A {\n  /// Doc.\n  [X]\n  void F() { G(); }\n}\n", "G", "/// Doc."),
    ("go", "package a\n\n// F does.\n//go:noinline\nfunc F() {}\n", "F()", "// F does."),
    ("go", "package a\ntype (\n\t// X is.\n\tX struct {\n\t\tA int\n\t}\n)\n", "A", "// X is."),
    (
        "ruby",
        "#!/usr/bin/ruby\n# frozen_string_literal: true\n# Does.\ndef f\nend\n",
        "f\n",
        "# Does.",
    ),
    ("ruby", "# Copyright Somebody\ndef f\nend\n", "f\n", None),
    ("bash", "#!/bin/bash\nf() {\n  x\n}\n", "x", None),
    ("cpp", "//! Doc.\ntemplate <class T>\nvoid f(T a) { g(); }\n", "g", "//! Doc."),
    ("c", "/* plain */\nint f(void) { return 1; }\n", "1", None),
    ("php", "<?php\n/** Doc. */\n#[X]\nfunction f() { return 1; }\n", "1", "/** Doc. */"),
]


@pytest.mark.parametrize(("language", "text", "place", "doc"), DOCUMENTED)
def test_the_doc_comment_of_the_symbol_around(
    language: str, text: str, place: str, doc: str | None
) -> None:
    """Only what the language takes for documentation is a doc comment, and never a licence."""
    near = around(text, language, place)
    found = text[near.doc.start : near.doc.end] if near.doc is not None else None
    assert found == doc
    assert near.doc_place is not None
    if near.doc is not None:
        assert near.doc_place == near.doc


@pytest.mark.parametrize(
    ("language", "text", "follows"),
    [
        ("bash", "#!/bin/bash\nf() {\n  x\n}\n", "f()"),
        ("javascript", "// a word\n// eslint-disable-next-line\nfunction f() {}\n", "// eslint"),
        ("go", "package a\n\n//go:noinline\nfunc F() {}\n", "//go"),
        ("rust", "// a word\n#[inline]\nfn f() {}\n", "#[inline]"),
        ("typescript", "class A {\n  @Log()\n  f() {}\n}\n", "@Log"),
        ("ruby", "# Copyright Somebody\ndef f\nend\n", "def f"),
    ],
)
def test_a_doc_comment_goes_above_what_belongs_to_the_definition(
    language: str, text: str, follows: str
) -> None:
    """Attributes and comments for tools stay next to the code; other comments stay above."""
    place = "f\n" if language == "ruby" else text[text.lower().index("f()") :][:3]
    near = around(text, language, place)
    assert near.doc is None
    assert near.doc_place is not None
    assert text[near.doc_place.start :].startswith(follows)


@pytest.mark.parametrize("language", COMMENTED)
def test_comments_do_not_change_the_digest(language: str) -> None:
    """A comment on a line of its own, wherever it stands, and one at the end of a line."""
    text = SAMPLES[language]
    before = digest(text, language)
    convention = CONVENTIONS[language]
    opening, closing = convention.block or (convention.line, "")
    comment = f"{opening} a word {closing}".rstrip()
    lines = text.splitlines(keepends=True)
    for number in range(1, len(lines) + 1):
        new = "".join([*lines[:number], f"{comment}\n", *lines[number:]])
        assert digest(new, language) == before, (number, new)


@pytest.mark.parametrize("language", sorted(set(PROGRAMS) - {"python"}))
def test_losing_its_comments_does_not_change_the_digest(language: str) -> None:
    """A text less all its comments has the same code."""
    text = SAMPLES[language]
    new = text
    for span in sorted(structure_of(read(text, language)).comments, reverse=True):
        if not text[span.start : span.end].startswith("#!"):
            new = new[: span.start] + new[span.end :]
    assert digest(new, language) == digest(text, language)


@pytest.mark.parametrize("quotes", ['"', "'''", '"""', 'r"""', "u'"])
def test_docstrings_do_not_change_the_digest(quotes: str) -> None:
    """A docstring of a module, a class or a function comes and goes; other strings are code."""
    doc = f"{quotes}Doc.{quotes.lstrip('ru')}"
    bare = "class A:\n    x = 1\n\n    def f(self):\n        return 1\n"
    head = f"{doc}\nclass A:\n    {doc}\n    x = 1\n\n"
    full = f"{head}    def f(self):\n        {doc}\n        return 1\n"
    assert digest(full, "python") == digest(bare, "python")
    moved = f"class A:\n    x = 1\n    {doc}\n\n    def f(self):\n        return 1\n"
    assert digest(moved, "python") != digest(bare, "python")


@pytest.mark.parametrize("string", ['f"{x()}"', 'b"x"', '"a" f"{x()}"'])
def test_strings_with_code_in_them_are_code(string: str) -> None:
    """What begins a body and is evaluated is no docstring."""
    with_it = f"def f():\n    {string}\n    return 1\n"
    assert digest(with_it, "python") != digest("def f():\n    return 1\n", "python")


@pytest.mark.parametrize("language", sorted(SAMPLES))
def test_white_space_that_means_nothing_does_not_change_the_digest(language: str) -> None:
    """Blank lines and other line ends are not code."""
    text = SAMPLES[language]
    before = digest(text, language)
    assert digest(text + "\n\n", language) == before
    if language not in {
        "html",
        "bash",
    }:  # where white space is text, and where `\\r` is a character
        assert digest(text.replace("\n", "\r\n"), language) == before


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("python", "if a:\n    b\n    c\n", "if a:\n    b\nc\n"),
        ("python", "x = 'a b'\n", "x = 'a  b'\n"),
        ("python", "x = f'{a = }'\n", "x = f'{a =}'\n"),
        ("javascript", "return_\nx\n", "return_(x)\n"),
        ("javascript", "x = `a  b`\n", "x = `a b`\n"),
        ("go", 'package a\nvar x = "a b"\n', 'package a\nvar x = "a  b"\n'),
        ("ruby", "x = 'a b'\n", "x = 'a  b'\n"),
        ("bash", 'x "a $y  b"\n', 'x "a $y b"\n'),
        ("php", "<?php $x = 'a b';\n", "<?php $x = 'a  b';\n"),
        ("rust", 'fn f() { g("a b") }\n', 'fn f() { g("a  b") }\n'),
        ("csharp", 'class A { string b = "a b"; }\n', 'class A { string b = "a  b"; }\n'),
        ("java", 'class A { String b = "a b"; }\n', 'class A { String b = "a  b"; }\n'),
        ("c", 'char *a = "a b";\n', 'char *a = "a  b";\n'),
        ("yaml", "a: b c\n", "a: b  c\n"),
        ("python", "a - b\n", "a + b\n"),
        ("javascript", "a == b;\n", "a === b;\n"),
    ],
)
def test_what_means_something_changes_the_digest(language: str, one: str, other: str) -> None:
    """Blocks, white space in literals, operators."""
    assert digest(one, language) != digest(other, language)


@given(data=st.data())
def test_changing_a_word_of_code_changes_the_digest(data: st.DataObject) -> None:
    """Any word outside of comments, in every language."""
    language = data.draw(st.sampled_from(sorted(SAMPLES)))
    text = SAMPLES[language]
    comments = structure_of(read(text, language)).comments
    words = [
        match
        for match in re.finditer(r"[A-Za-z_]\w*", text)
        if not any(span.start <= match.start() < span.end for span in comments)
    ]
    word = data.draw(st.sampled_from(words))
    new = text[: word.end()] + "x" + text[word.end() :]
    assert code_digest(read(new, language)) != code_digest(read(text, language))


def test_a_text_without_a_tree_has_no_digest() -> None:
    """Nothing is known of its code, so two such texts are never taken for equal code."""
    assert code_digest(parse("PERFORM X.\n", "cobol")) == ""
