"""Doc comments: every language's convention, harmless whatever the words, and never code."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fakes.samples import SAMPLES
from mirador_lsp.core.edits import apply
from mirador_lsp.core.text import Span
from mirador_lsp.syntax.comments import CONVENTIONS, convention_of, is_directive, is_doc
from mirador_lsp.syntax.digest import code_digest
from mirador_lsp.syntax.doc_comments import doc_edit, python_style
from mirador_lsp.syntax.doc_layouts import Documentation, sentence
from mirador_lsp.syntax.languages import LANGUAGES
from mirador_lsp.syntax.parser import parse
from mirador_lsp.syntax.signatures import signature_of
from mirador_lsp.syntax.surroundings import surroundings_of

PROGRAMS = sorted(language for language in SAMPLES if CONVENTIONS[language].documents)
DOC = Documentation(
    name="fill",
    summary="Fill the box.",
    parameters=(("what", "The thing."),),
    returns="The thing.",
    errors=(("Full", "If it does not fit."),),
)


def documented(text: str, language: str, at: int, doc: Documentation = DOC) -> str:
    """The text with the symbol at a place documented."""
    near = surroundings_of(parse(text, language, budget_seconds=10), Span(at, at))
    edit = doc_edit(text, language, near, doc)
    assert edit is not None
    return apply(text, [edit])


def code(text: str, language: str) -> str:
    """The digest of a text that parses."""
    parsed = parse(text, language, budget_seconds=10)
    assert not parsed.broken
    return code_digest(parsed)


def place_in(language: str) -> int:
    """In the body of a function of the sample."""
    text = SAMPLES[language]
    return text.index("what", text.index("fill")) if "fill" in text else text.index("run") + 8


def test_every_language_has_a_convention() -> None:
    """Whoever adds a language says how it is commented; one that is not known has no comments."""
    assert set(CONVENTIONS) == set(LANGUAGES)
    assert not convention_of("cobol").documents


@pytest.mark.parametrize(
    ("language", "comment"),
    [
        ("javascript", "/**\n   * Fill the box.\n   *\n   * @param what - The thing.\n"),
        (
            "typescript",
            "   * @returns The thing.\n   * @throws {Full} If it does not fit.\n   */\n",
        ),
        (
            "java",
            "   * @return The thing.\n   * @throws Full If it does not fit.\n   */\n  @Override",
        ),
        (
            "php",
            "  * Fill the box.\n   *\n   * Returns the thing.\n   *\n   * @param what The thing.\n",
        ),
        ("c", " * @param what The thing.\n * @return The thing.\n"),
        ("rust", "    /// * `what` - The thing.\n    ///\n    /// Returns the thing.\n    fn"),
        ("csharp", '    /// <param name="what">The thing.</param>\n'),
        ("go", "// fill fills the box.\n//\n// Parameters:\n//   - what: The thing.\n//\n// It"),
        ("ruby", "  # @return The thing.\n  # @raise [Full] If it does not fit.\n  def fill"),
        ("bash", "# Fill the box.\n# Arguments:\n#   what - The thing.\nrun()"),
        (
            "python",
            '        """Fill the box.\n\n        `what`: The thing.\n        Returns the thing.\n',
        ),
        (
            "python",
            '        Raises `Full` if it does not fit.\n        """\n        self.what',
        ),
    ],
)
def test_the_convention_of_a_language(language: str, comment: str) -> None:
    """Tags, sections and places are the ones its programmers expect."""
    assert comment in documented(SAMPLES[language], language, place_in(language))


@pytest.mark.parametrize("language", PROGRAMS)
def test_writing_and_replacing_change_no_code(language: str) -> None:
    """A doc comment, and another one in its place, leave the code as it is, and there is one."""
    text = SAMPLES[language]
    at = place_in(language)
    once = documented(text, language, at)
    assert code(once, language) == code(text, language)
    inside = CONVENTIONS[language].inside
    again = at + (0 if inside and once[:at] == text[:at] else len(once) - len(text))
    twice = documented(once, language, again, Documentation("fill", "The same again."))
    assert code(twice, language) == code(text, language)
    assert "he same again." in twice
    assert "ill the box." not in twice
    assert "fills the box" not in twice


@given(
    language=st.sampled_from(PROGRAMS),
    words=st.text(
        st.sampled_from("ab */\\\"'`#@<>&\n\r\t-=!:{}?%+.\u2028é\ud800"),
        max_size=120,
    ),
)
def test_no_words_become_code(language: str, words: str) -> None:
    """Whatever a model says, the comment ends where we end it and nothing else changes."""
    text = SAMPLES[language]
    said = sentence(words) or "Nothing."
    doc = Documentation("fill", said, (("what", said),), said, (("Full", said),))
    try:
        new = documented(text, language, place_in(language), doc)
    except ValueError:
        return
    assert code(new, language) == code(text, language)


@given(st.text(max_size=200))
@example("@:0")
@example("+@ @:a")
def test_a_sentence_is_one_safe_line(words: str) -> None:
    """Nothing invisible, no line end, no tag at its start."""
    said = sentence(words)
    assert "\n" not in said
    assert said.isprintable()
    assert not said.startswith("@")
    assert said == "" or said.endswith((".", "!", "?", "…", ":"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def f(): return 1\n", 'def f():\n    """Short."""\n    return 1\n'),
        (
            "def f():  # why\n    # more\n    x\n",
            'def f():  # why\n    """Short."""\n    # more\n    x\n',
        ),
        ("def f():\r\n\tx\r\n", 'def f():\r\n\t"""Short."""\r\n\tx\r\n'),
        ("def f():\n    'Old.'\n", 'def f():\n    """Short."""\n'),
        ("def f():\n    x", 'def f():\n    """Short."""\n    x'),
        (
            "async def f(\n    a,\n):\n    x\n",
            'async def f(\n    a,\n):\n    """Short."""\n    x\n',
        ),
    ],
)
def test_where_a_docstring_goes(text: str, expected: str) -> None:
    """First in the body, in its indentation and line ends, whatever stands around it."""
    assert documented(text, "python", text.index("f("), Documentation("f", "Short.")) == expected


def test_a_class_docstring_is_followed_by_a_blank_line() -> None:
    """As Python's conventions ask."""
    text = "class A:\n    x = 1\n"
    near = surroundings_of(parse(text, "python"), Span(6, 6))
    edit = doc_edit(text, "python", near, Documentation("A", "Short."), kind="class")
    assert edit is not None
    assert apply(text, [edit]) == 'class A:\n    """Short."""\n\n    x = 1\n'


def test_a_definition_in_the_middle_of_a_line() -> None:
    """The comment goes right before it."""
    text = "class A { f() { x(); } }\n"
    new = documented(text, "javascript", text.index("x()"), Documentation("f", "Short."))
    assert new.startswith("class A { /** Short. */")
    assert code(new, "javascript") == code(text, "javascript")


def test_lines_are_no_longer_than_the_file_s_own() -> None:
    """Eighty columns in a file of short lines, as many as it has up to a hundred in others."""
    words = "word " * 60
    doc = Documentation("f", sentence(words), (("a", sentence(words)),))
    for longest, most in ((40, 80), (95, 95), (300, 80)):
        text = f"def f(a):\n    x = '{'y' * (longest - 10)}'\n"
        new = documented(text, "python", 4, doc)
        added = [line for line in new.splitlines() if "word" in line]
        assert most - 8 < max(len(line) for line in added) <= most


@pytest.mark.parametrize(
    ("docstring", "style"),
    [
        ("Do.\n\n    Args:\n        a: It.\n\n    Returns:\n        It.\n    ", "google"),
        ("Do.\n\n    Parameters\n    ----------\n    a\n        It.\n    ", "numpy"),
        ("Do.\n\n    :param a: It.\n    :returns: It.\n    ", "sphinx"),
        ("Do.", "plain"),
    ],
)
def test_the_style_of_the_file_is_followed(docstring: str, style: str) -> None:
    """What the file's other docstrings look like decides."""
    text = f'def g(a):\n    """{docstring}"""\n\n\ndef fill(what):\n    return what\n'
    assert python_style(text) == style
    new = documented(text, "python", text.index("fill"))
    sign = {
        "google": "    Args:\n        what: The thing.",
        "numpy": "    Parameters\n    ----------\n    what\n        The thing.",
        "sphinx": "    :param what: The thing.\n    :returns: The thing.",
        "plain": "    `what`: The thing.",
    }
    assert sign[style] in new


@pytest.mark.parametrize(
    ("language", "comment", "doc"),
    [
        ("javascript", "/** a */", True),
        ("javascript", "/**/", False),
        ("javascript", "/* a */", False),
        ("rust", "/// a", True),
        ("rust", "//// a", False),
        ("cpp", "//! a", True),
        ("go", "// a", True),
        ("go", "//go:embed a", False),
        ("ruby", "#!/usr/bin/ruby", False),
        ("ruby", "# rubocop:disable all", False),
        ("bash", "# shellcheck disable=SC1", False),
        ("javascript", "/** Copyright 1999 */", False),
    ],
)
def test_what_counts_as_documentation(language: str, comment: str, doc: bool) -> None:
    """Only that is ever replaced: no plain comment, nothing said to a tool, no licence."""
    assert is_doc(comment, CONVENTIONS[language]) is doc


def test_words_never_speak_to_a_tool() -> None:
    """A model that dictates a directive is refused."""
    text = SAMPLES["bash"]
    with pytest.raises(ValueError, match="tool"):
        documented(text, "bash", place_in("bash"), Documentation("run", "shellcheck disable=all"))
    assert is_directive("# shellcheck disable=all")


@pytest.mark.parametrize(
    ("language", "kind", "name", "text", "parameters", "gives", "errors"),
    [
        (
            *("python", "method", "f"),
            'def f(self, a, /, b: dict[str, int] = {}, *c, d=(1, 2), **e):\n  raise X("raise Y")\n',
            *("a b c d e", False, "X"),
        ),
        ("python", "function", "f", "def f(a):\n  def g(): pass\n  return 1\n", "a", True, ""),
        ("python", "class", "A", "class A(B):\n  def f(self, a): return 1\n", "", False, ""),
        (
            *("typescript", "function", "f"),
            "const f = async <T>({a, b: c}: P, d?: string, ...e: X[]): T => { throw new E('x'); }",
            *("d e", False, "E"),
        ),
        ("javascript", "function", "f", "const f = x => { return x; }", "x", True, ""),
        (
            "go",
            "method",
            "F",
            "func (b *B) F(x, y int) (int, error) { return 1, nil }",
            "x y",
            True,
            "",
        ),
        (
            "rust",
            "function",
            "f",
            "fn f<T: Fn(i32) -> i32>(mut a: &[u8], f: T) -> u8 { 1 }",
            "a f",
            True,
            "",
        ),
        (
            *("java", "method", "f"),
            "int f(final Map<String, Integer> a, int[] b) { throw new IOException(); return 1; }",
            *("a b", True, "IOException"),
        ),
        (
            "c",
            "function",
            "f",
            "int f(int *a, void (*b)(int), char c[9]) { return 0; }",
            "a b c",
            True,
            "",
        ),
        ("c", "function", "f", "void f(void) { return; }", "", False, ""),
        ("csharp", "method", "F", "void F(this Foo a, ref int b) { }", "a b", False, ""),
        (
            "ruby",
            "method",
            "f",
            "def f(a, b = 1, *c, d:, &e)\n raise X, 'y'\nend",
            "a b c d e",
            True,
            "X",
        ),
        ("ruby", "method", "f", "def f a, b\n c(1)\nend", "a b", True, ""),
        (
            "php",
            "method",
            "f",
            "function f(?array $a, int ...$b): int { return 1; }",
            "$a $b",
            True,
            "",
        ),
        ("bash", "function", "f", 'f() { a="$1" b="${2:-x}" # $3\n}', "$1 $2", False, ""),
        ("python", "function", "f", "def f(", "", False, ""),
    ],
)
def test_the_facts_a_doc_comment_is_written_around(
    language: str,
    kind: str,
    name: str,
    text: str,
    parameters: str,
    gives: bool,
    errors: str,
) -> None:
    """Parameters in order, whether a value is given, and the errors of the code itself."""
    found = signature_of(language, kind, name, text)
    assert found.parameters == tuple(parameters.split())
    assert found.gives is gives
    assert found.errors == tuple(errors.split())
