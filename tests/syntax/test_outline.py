"""Symbols and review units."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.samples import HOSTILE, SAMPLES
from mirador_lsp.core.outline import Outline
from mirador_lsp.syntax.borders import MAX_UNIT_LINES
from mirador_lsp.syntax.context import MAX_CONTEXT
from mirador_lsp.syntax.languages import LANGUAGES
from mirador_lsp.syntax.outline import lines_outline, outline_of
from mirador_lsp.syntax.parser import Parsed, parse

PROGRAMMING = [each.id for each in LANGUAGES.values() if each.outline]


def outlined(text: str, language: str = "python") -> tuple[Parsed, Outline]:
    """A text parsed without haste, and its outline."""
    parsed = parse(text, language, budget_seconds=30)
    return parsed, outline_of(parsed)


def shown(parsed: Parsed, outline: Outline) -> list[int]:
    """The line numbers of all pieces of all units, in the order of the units."""
    numbers = []
    for unit in outline.units:
        assert unit.pieces
        for piece in unit.pieces:
            first = parsed.lines.line_of(piece.start)
            last = parsed.lines.line_of(max(piece.start, piece.end - 1))
            assert parsed.lines.full_line_span(first).start == piece.start
            assert parsed.lines.full_line_span(last).end == piece.end
            numbers += range(first, last + 1)
    return numbers


def check(parsed: Parsed, outline: Outline) -> None:
    """What holds for every outline."""
    numbers = shown(parsed, outline)
    assert len(numbers) == len(set(numbers)), "a line is shown twice"
    for unit in outline.units:
        assert len(unit.context) <= MAX_CONTEXT
        assert list(unit.pieces) == sorted(unit.pieces)
        lines = sum(
            parsed.lines.line_of(max(p.start, p.end - 1)) - parsed.lines.line_of(p.start) + 1
            for p in unit.pieces
        )
        assert lines <= MAX_UNIT_LINES
    for symbol in outline.symbols:
        assert symbol.span.contains(symbol.header)
        assert symbol.span.end <= len(parsed.text)


@pytest.mark.parametrize("language", PROGRAMMING)
def test_every_language_has_symbols(language: str) -> None:
    """Functions, classes and methods of a sample are found with their headers."""
    parsed, outline = outlined(SAMPLES[language], language)
    check(parsed, outline)
    names = {symbol.path.split(".")[-1]: symbol for symbol in outline.symbols}
    run = names["run"]
    header = parsed.text[run.header.start : run.header.end]
    assert "run" in header
    assert "if" not in header.split()
    assert "\n" not in header
    if language not in {"bash", "c"}:
        assert names["Box"].kind == "class"
        assert names["fill"].kind == "method"
        assert "Box.fill" in names["fill"].path
    assert outline.note == ""


@pytest.mark.parametrize("language", PROGRAMMING)
def test_every_code_line_is_in_one_unit(language: str) -> None:
    """All lines of a sample that are neither blank nor comments are shown, each once."""
    parsed, outline = outlined(SAMPLES[language], language)
    numbers = set(shown(parsed, outline))
    for number in range(len(parsed.lines)):
        line = parsed.lines.line_text(number).strip()
        if line and not line.startswith(("#", "//", "/*")):
            assert number in numbers, line


@pytest.mark.parametrize("language", [each for each in PROGRAMMING if each not in {"bash", "c"}])
def test_methods_are_units_beside_their_class(language: str) -> None:
    """A method of some size is a unit; its class is one without it, and says where it is."""
    parsed, outline = outlined(SAMPLES[language], language)
    fill = next(unit for unit in outline.units if unit.path.endswith("Box.fill"))
    box = next(unit for unit in outline.units if unit.path.endswith("Box"))
    code = "".join(parsed.text[piece.start : piece.end] for piece in fill.pieces)
    assert "what" in code.splitlines()[-2]
    rest = "".join(parsed.text[piece.start : piece.end] for piece in box.pieces)
    assert "size" in rest.lower()
    assert "return what" not in rest
    if language not in {"go", "rust"}:
        assert "Box" in fill.context
        assert "fill" in box.context
    assert "fill" in fill.context


def test_decorators_and_comments_above_belong_to_a_definition() -> None:
    """What stands directly above a function moves with it; what is set apart does not."""
    text = "x = 1\n# far\n\n# near\n@deco\n@other(1)\ndef f(a):\n    b = a\n    return b\n"
    parsed, outline = outlined(text)
    (symbol,) = outline.symbols
    assert parsed.text[symbol.span.start :].startswith("# near\n@deco")
    unit = next(unit for unit in outline.units if unit.path == "f")
    assert text[unit.pieces[0].start : unit.pieces[0].end].startswith("# near")


def test_tiny_functions_stay_with_what_is_around_them() -> None:
    """A function of two lines is not worth a question of its own."""
    parsed, outline = outlined("import a\n\n\ndef f():\n    return a\n")
    assert [symbol.path for symbol in outline.symbols] == ["f"]
    assert [unit.path for unit in outline.units] == [""]
    assert 4 in shown(parsed, outline)


def test_inner_functions_stay_within_their_function() -> None:
    """A nested function is a symbol, not a unit."""
    body = "    x = 1\n    y = 2\n"
    text = f"def outer():\n{body}\n    def inner():\n    {body.replace('    ', '        ')}\n{body}"
    _, outline = outlined(text)
    assert [symbol.path for symbol in outline.symbols] == ["outer", "outer.inner"]
    assert [unit.path for unit in outline.units] == ["outer"]


def test_long_functions_are_cut_between_statements() -> None:
    """A long function comes in parts that say so, each beginning with a statement of its body."""
    block = "    if x:\n        a = [\n            1,\n            2,\n        ]\n        b(a)\n"
    parsed, outline = outlined("def f(x):\n" + block * 25)
    check(parsed, outline)
    paths = [unit.path for unit in outline.units]
    assert paths == [f"f [{n}/{len(paths)}]" for n in range(1, len(paths) + 1)]
    assert len(paths) >= 3
    for unit in outline.units[1:]:
        assert parsed.text[unit.pieces[0].start :].startswith("    if x:")
        assert "def f(x)" in unit.context


def test_a_long_module_is_cut_too() -> None:
    """Top-level code without definitions is cut into parts of bounded length."""
    parsed, outline = outlined("x = 1\n" * 500)
    check(parsed, outline)
    assert sorted(shown(parsed, outline)) == list(range(500))
    assert outline.units[0].path == f"[1/{len(outline.units)}]"


def test_the_context_shows_what_is_around() -> None:
    """Imports, the class and folded signatures beside a method are in its context."""
    _, outline = outlined(SAMPLES["python"])
    fill = next(unit for unit in outline.units if unit.path == "Box.fill")
    assert fill.context.splitlines()[0] == "import os"
    assert "class Box(Base):" in fill.context
    assert "    def fill(self, what):" in fill.context
    module = next(unit for unit in outline.units if unit.path == "")
    assert "def run(path): …" in module.context


def test_contexts_of_many_definitions_stay_short() -> None:
    """However much stands around, a context has a bounded length and holds the nearest things."""
    method = "    def m{0}(self, argument_{0}):\n        a = 1\n        return a\n\n"
    text = "".join(f"import module_{n}\n" for n in range(100)) + "class C:\n    x = 1\n"
    parsed, outline = outlined(text + "".join(method.format(n) for n in range(200)))
    check(parsed, outline)
    unit = next(unit for unit in outline.units if unit.path == "C.m100")
    assert "class C:" in unit.context
    assert "def m101" in unit.context


def test_several_definitions_on_one_line_share_it() -> None:
    """Minified code is shown once, with all its symbols known."""
    text = "function a(){x;y;z}function b(){x;y;z}class C{m(){x;y}}\n"
    parsed, outline = outlined(text, "javascript")
    check(parsed, outline)
    assert [symbol.path for symbol in outline.symbols] == ["a", "b", "C", "C.m"]
    assert sorted(shown(parsed, outline)) == [0]


@pytest.mark.parametrize("language", ["json", "yaml"])
def test_data_has_no_units(language: str) -> None:
    """Models do not review data, and the note says so."""
    outline = outlined(SAMPLES[language], language)[1]
    assert outline.units == ()
    assert "data" in outline.note


@pytest.mark.parametrize("language", ["html", "css", ""])
def test_text_without_definitions_is_cut_by_lines(language: str) -> None:
    """Markup and unknown languages come in pieces of lines, with a note."""
    parsed, outline = outlined("b { c: d }\n\n" * 100, language)
    check(parsed, outline)
    assert len(outline.units) > 1
    assert len(shown(parsed, outline)) >= 199
    assert outline.note


def test_refused_texts() -> None:
    """Too slow to parse still gives lines; too large gives nothing; both say why."""
    slow = outline_of(parse(SAMPLES["python"] * 40, "python", budget_seconds=0))
    assert slow.units
    assert "seconds" in slow.note
    large = outline_of(parse("x = 1\n", "python", max_bytes=3))
    assert large.units == ()
    assert "larger" in large.note


def test_a_broken_file_is_shown_as_broken() -> None:
    """A file that does not parse keeps its units, and names the broken places."""
    parsed, outline = outlined("def f(:\n    x = 1\n    return x\n")
    assert outline.broken
    assert set(shown(parsed, outline)) == {0, 1, 2}


@pytest.mark.parametrize("language", ["python", "javascript", "rust", "html", ""])
@pytest.mark.parametrize("kind", [kind for kind in HOSTILE if kind != "opening brackets"])
def test_hostile_texts_have_an_outline(language: str, kind: str) -> None:
    """No text makes the outline fail, overlap or grow without bounds."""
    parsed = parse(HOSTILE[kind], language)
    check(parsed, outline_of(parsed))


def test_too_many_definitions_are_told() -> None:
    """Beyond a limit definitions are part of the code around them, and the note says so."""
    parsed, outline = outlined("def f():\n  a\n  b\n" * 3_100)
    check(parsed, outline)
    assert "too many" in outline.note
    assert len(shown(parsed, outline)) == 9_300


STATEMENTS = st.recursive(
    st.sampled_from([["x = 1"], ["call(a,", "     b)"], ["s = '''", "text", "'''"], [""]]),
    lambda inner: st.tuples(
        st.sampled_from(["def f(a):", "class C:", "if x:", "while y:", "@deco\ndef g():"]),
        st.lists(inner, min_size=1, max_size=6),
    ).map(
        lambda pair: [
            *pair[0].split("\n"),
            *(f"    {line}" if line else "" for block in pair[1] for line in block),
            "    pass",
        ]
    ),
    max_leaves=25,
)


@given(st.lists(STATEMENTS, max_size=12), st.sampled_from(["\n", "\r\n", "\r"]))
def test_units_partition_the_code(blocks: list[list[str]], end: str) -> None:
    """In any program, every line that is not blank is in exactly one unit."""
    text = end.join(line for block in blocks for line in block)
    parsed, outline = outlined(text)
    check(parsed, outline)
    code = {n for n in range(len(parsed.lines)) if parsed.lines.line_text(n).strip()}
    assert code <= set(shown(parsed, outline))


def test_outline_by_lines_alone() -> None:
    """What the parser cannot be trusted with is cut without it, under the note given."""
    parsed = Parsed(SAMPLES["python"], "python")
    outline = lines_outline(parsed, "why")
    check(parsed, outline)
    assert (outline.note, outline.symbols) == ("why", ())
    assert outline.units
