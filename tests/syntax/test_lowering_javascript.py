"""JavaScript and TypeScript as programs that data-flow analysis can run."""

from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.samples import HOSTILE, SAMPLES
from fakes.shown_program import shown
from mirador_lsp.core.text import Span
from mirador_lsp.syntax.lowering import lower
from mirador_lsp.syntax.parser import parse
from mirador_lsp.syntax.program import Program

ROOT = Path(__file__).parents[2]
LANGUAGES = ("javascript", "typescript", "tsx")
OWN = sorted((ROOT / "editors" / "vscode" / "src").rglob("*.ts"))
TABLE = [
    (head.partition(": ")[0], head.partition(": ")[2], [line.strip() for line in lines])
    for head, *lines in (
        block.splitlines()
        for block in (ROOT / "tests" / "fixtures" / "programs" / "javascript.txt")
        .read_text("utf-8")
        .split("\n\n")
    )
]
PIECES = [
    *("let", "const", "var", "function", "async", "class", "extends", "=>", "=", "(", ")", "{"),
    *("}", "[", "]", "...", "?.", "`", "${", "'a'", "1", "a", "b.c", ",", ";", ":", "for", "of"),
    *("in", "if", "else", "switch", "case", "try", "catch", "export", "import", "from", "default"),
    *("<a>", "</a>", "/>", "*", "yield", "await", "new", "this", "@", "as", "enum", "namespace"),
    *("get", "set", "static", "#p", "/a/", "++", "??=", "||", "\n", "type", "interface", "?"),
]


def made_of(text: str, language: str) -> Program:
    """Its program."""
    program = lower(parse(text, language, budget_seconds=20))
    assert program is not None
    return program


def spans_of(node: object) -> list[Span]:
    """All that stand in a program."""
    found: list[Span] = []
    waiting: list[object] = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Span):
            found.append(each)
        elif isinstance(each, tuple):
            waiting += each
        elif is_dataclass(each):
            waiting += [getattr(each, one.name) for one in fields(each)]
    return found


@pytest.mark.parametrize(
    ("language", "text", "expected"), TABLE, ids=[f"{each[0]}: {each[1][:40]}" for each in TABLE]
)
def test_a_snippet_becomes_this_program(language: str, text: str, expected: list[str]) -> None:
    """Every construct of the languages has its form in a program."""
    assert shown(made_of(text, language)).split("\n") == expected


def test_the_table_holds_most_kinds_of_nodes() -> None:
    """What the parser makes of the editor's own sources is met in the table, but for types."""
    met = {kind for language, text, _ in TABLE for kind in kinds(text, language)}
    used = {kind for path in OWN for kind in kinds(path.read_text("utf-8"), "typescript")}
    assert used - met <= {
        *("array_type", "literal_type", "object_type", "property_signature", "readonly_type"),
        *("union_type", "type_query", "function_type", "tuple_type", "lookup_type", "constraint"),
        *("index_type_query", "conditional_type", "intersection_type", "opting_type_annotation"),
        *("call_signature", "parenthesized_type", "generic_type", "type_predicate", "rest_type"),
        *("type_predicate_annotation", "nested_type_identifier", "asserts", "default_type"),
        *("asserts_annotation", "comment", "optional_type", "construct_signature"),
        *("method_signature", "extends_type_clause", "override_modifier", "mapped_type_clause"),
        *("implements_clause", "infer_type", "template_literal_type"),
    }


def kinds(text: str, language: str) -> set[str]:
    """The kinds of nodes in a text."""
    tree = parse(text, language, budget_seconds=20).tree
    assert tree is not None
    found: set[str] = set()
    waiting = [tree.root_node]
    while waiting:
        node = waiting.pop()
        found.add(node.type)
        waiting += node.named_children
    return found


@pytest.mark.parametrize("path", OWN, ids=[path.name for path in OWN])
def test_spans_are_places_of_the_text(path: Path) -> None:
    """Every place of a real program lies in its text."""
    text = path.read_text("utf-8")
    program = made_of(text, "typescript")
    spans = spans_of(program.body)
    assert program.note == ""
    assert all(0 <= span.start <= span.end <= len(text) for span in spans)


def test_places_count_code_points() -> None:
    """What stands behind letters of several bytes is still found."""
    text = "x = 'é😀'; target(y)"
    spans = spans_of(made_of(text, "javascript").body)
    assert "target" in {text[span.start : span.end] for span in spans}


@given(st.lists(st.sampled_from(PIECES), max_size=40), st.sampled_from(LANGUAGES))
def test_any_pieces_make_some_program(pieces: list[str], language: str) -> None:
    """Broken text never raises, and no place leaves it."""
    text = " ".join(pieces)
    spans = spans_of(made_of(text, language).body)
    assert all(0 <= span.start <= span.end <= len(text) for span in spans)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_texts_make_some_program(name: str, language: str) -> None:
    """Whatever a text holds, there is a program, or a reason why there is none."""
    program = lower(parse(HOSTILE[name][:100_000], language, budget_seconds=20))
    assert program is not None


def test_what_is_nested_too_deeply_is_told() -> None:
    """Nothing is left out silently."""
    assert "nested too deeply" in made_of("[" * 5_000 + "]" * 5_000, "javascript").note
    assert made_of(SAMPLES["javascript"], "javascript").note == ""


def test_a_long_sum_of_texts_is_one_text() -> None:
    """A query that is put together of hundreds of pieces keeps them all."""
    text = "q = 'select ' + " + " + ".join(f"a{n}" for n in range(400))
    program = made_of(text, "javascript")
    assert program.note == ""
    assert "a399" in shown(program)


def test_many_branches_are_not_too_deep() -> None:
    """`else if` does not nest."""
    text = "if (a0) b()" + "".join(f" else if (a{n}) b()" for n in range(1, 300))
    program = made_of(text, "javascript")
    assert program.note == ""
    assert "a299" in shown(program)


def test_other_languages_have_no_program() -> None:
    """A language without a lowering says so."""
    assert lower(parse("int a;", "c")) is None
