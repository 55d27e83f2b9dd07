"""Sizes and depths of functions."""

import pytest

from fakes.samples import SAMPLES
from mirador_lsp.syntax.languages import LANGUAGES
from mirador_lsp.syntax.parser import parse
from mirador_lsp.syntax.shape import FunctionShape, functions


def shapes(text: str, language: str) -> dict[str, FunctionShape]:
    """The functions of a text by the last part of their path."""
    parsed = parse(text, language, budget_seconds=30)
    return {shape.path.split(".")[-1]: shape for shape in functions(parsed)}


@pytest.mark.parametrize("language", [each.id for each in LANGUAGES.values() if each.outline])
def test_a_loop_in_a_condition_is_two_deep(language: str) -> None:
    """The sample's `run` nests a loop in an `if`, in every language."""
    assert shapes(SAMPLES[language], language)["run"].max_depth == 2


@pytest.mark.parametrize(
    ("language", "text"),
    [
        (
            "python",
            "def f():\n    if a:\n        b\n    elif c:\n        d\n    elif e:\n        f\n",
        ),
        ("javascript", "function f() { if (a) {b} else if (c) {d} else if (e) {f} }"),
        ("java", "class A { void f() { if (a) {b();} else if (c) {d();} else if (e) {f();} } }"),
        ("go", "package a\nfunc f() {\n if a {\n b()\n } else if c {\n d()\n }\n}\n"),
        ("rust", "fn f() { if a {b} else if c {d} else if e {f} }"),
        ("ruby", "def f\n if a\n b\n elsif c\n d\n end\nend\n"),
        ("c", "void f() { if (a) b(); else if (c) d(); else if (e) f(); }"),
    ],
)
def test_else_if_is_no_deeper_than_its_if(language: str, text: str) -> None:
    """A chain of conditions is one level, however long."""
    assert shapes(text, language)["f"].max_depth == 1


def test_inner_functions_count_for_themselves() -> None:
    """What an inner function nests does not count for the outer one."""
    text = "def f():\n    if a:\n        def g():\n            for x in y:\n                z\n"
    assert {k: v.max_depth for k, v in shapes(text, "python").items()} == {"f": 1, "g": 1}


def test_only_code_lines_count() -> None:
    """Blank lines, comments and doc strings are not part of a function's length."""
    text = 'def f():\n    """Doc.\n\n    More.\n    """\n\n    # why\n    return 1\n'
    assert shapes(text, "python")["f"].lines == 2


def test_a_text_without_a_tree_has_no_functions() -> None:
    """Nothing is measured where nothing was parsed."""
    assert functions(parse("def f(): pass", "python", max_bytes=1)) == ()
