"""What files define, call, use and import."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.samples import HOSTILE, SAMPLES
from mirador_lsp.core.retrieval import Mention, MentionKind
from mirador_lsp.syntax.languages import LANGUAGES
from mirador_lsp.syntax.mentions import MAX_MENTIONS, mentioned_in, mentions_of
from mirador_lsp.syntax.names import knows_names
from mirador_lsp.syntax.parser import parse

PROGRAMMING = [each.id for each in LANGUAGES.values() if each.outline]
CASES = Path(__file__).parent.parent / "fixtures" / "mentions"
DEFINES, CALLS, USES, IMPORTS = MentionKind


def said(text: str, language: str) -> set[str]:
    """The mentions of a text, as in "calls os.stat in run"."""
    parsed = parse(text, language, budget_seconds=10)
    assert not parsed.broken, parsed.broken
    return {written(each) for each in mentions_of(parsed)}


def written(each: Mention) -> str:
    """One mention in words."""
    before = f"{each.qualifier}:" if each.qualifier else ""
    place = f" in {each.symbol}" if each.symbol else ""
    return f"{each.kind.value} {before}{each.name}{place}"


@pytest.mark.parametrize("language", PROGRAMMING)
def test_every_language_has_names(language: str) -> None:
    """A sample defines and calls `run`, and imports something."""
    assert knows_names(language)
    found = mentions_of(parse(SAMPLES[language], language, budget_seconds=10))
    assert any(each.kind is DEFINES and each.name == "run" for each in found)
    assert {each.kind for each in found} >= {DEFINES, CALLS, IMPORTS}
    assert list(found) == sorted(found, key=lambda each: each.line)


@pytest.mark.parametrize("language", sorted(path.stem for path in CASES.glob("*.source")))
def test_names_of_a_file(language: str) -> None:
    """Definitions, calls, uses and imports are told apart; local variables are left out."""
    text = (CASES / f"{language}.source").read_text("utf-8")
    expected = (CASES / f"{language}.mentions").read_text("utf-8")
    assert said(text, language) == set(expected.splitlines())


def test_a_name_is_listed_once_where_it_stands_first() -> None:
    """Fifty calls of the same function from one symbol are one edge."""
    text = "def f():\n" + "    g()\n" * 50
    found = mentions_of(parse(text, "python", budget_seconds=5))
    assert [(each.name, each.line) for each in found if each.kind is CALLS] == [("g", 1)]


def test_a_limit_is_said() -> None:
    """What a file mentions beyond the limit is counted; its definitions come first."""
    text = "".join(f"def f{n}():\n    return g{n}(h{n})\n" for n in range(9_000))
    found = mentioned_in(parse(text, "python", budget_seconds=30))
    assert len(found.mentions) == MAX_MENTIONS
    assert "are left out" in found.note
    assert sum(each.kind is DEFINES for each in found.mentions) == 3_000


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("language", ["python", "javascript", "cpp", "rust", "bash"])
def test_hostile_texts(kind: str, language: str) -> None:
    """Whatever a text holds, what comes out is bounded and on one line each."""
    found = mentioned_in(parse(HOSTILE[kind], language))
    assert len(found.mentions) <= MAX_MENTIONS
    for each in found.mentions:
        assert each.name
        assert each.name.isprintable()
        assert len(each.name) + len(each.qualifier) <= 1000


def test_without_a_parser_there_are_no_names() -> None:
    """Text that is not parsed mentions nothing."""
    assert mentions_of(parse("PERFORM X.\n", "cobol")) == ()
    assert mentions_of(parse('{"a": 1}', "json")) == ()


@settings(max_examples=80)
@given(st.data())
def test_pieces_of_code_in_any_order(data: st.DataObject) -> None:
    """Lines of a sample in any order are read; each mention is on a line there is."""
    language = data.draw(st.sampled_from(PROGRAMMING))
    lines = SAMPLES[language].splitlines(keepends=True)
    text = "".join(data.draw(st.lists(st.sampled_from(lines), max_size=40)))
    parsed = parse(text, language, budget_seconds=5)
    for each in mentions_of(parsed):
        assert 0 <= each.line < len(parsed.lines)
