"""What a model would write into a gap, held against what stands there."""

import itertools
import math

import pytest

from mirador_lsp.core.dialogue import Chunk
from mirador_lsp.core.outline import Outline, Symbol
from mirador_lsp.core.text import Span
from mirador_lsp.engine.infill import Doubt, doubt, in_strings, is_slip
from mirador_lsp.engine.stages.infilling import Gaps, Line
from mirador_lsp.engine.units import blanked


def _chunks(*steps: tuple[str, dict[str, float]]) -> list[Chunk]:
    """Each step: the word that was said, and the probabilities of all that are listed."""
    return [
        Chunk(
            said,
            math.log(listed[said]) if said in listed else -0.1,
            tuple((word, math.log(p)) for word, p in listed.items()),
        )
        for said, listed in steps
    ]


def test_the_same_line_leaves_no_doubt() -> None:
    """A model that writes what stands there has nothing to say."""
    said = _chunks((" return", {" return": 0.9}), (" total", {" total": 0.9, " mean": 0.1}))

    assert doubt(" return total", said) is None


def test_the_odds_are_those_of_the_first_word_that_differs() -> None:
    """The model's own word against the one that stands there, both as they were listed."""
    said = _chunks(
        (" return", {" return": 1.0}),
        (" [", {" [": 0.8, " []": 0.008}),
        ("n", {"n": 1.0}),
        ("]", {"]": 1.0}),
    )

    found = doubt(" return []", said)

    assert found is not None
    assert found.said == "return [n]"
    assert found.sure == pytest.approx(0.8)
    assert found.odds == pytest.approx(math.log(100))


def test_a_longer_word_of_the_line_is_one_word() -> None:
    """` <=` is one word of a vocabulary: a model that writes ` <` parts from it there, though the
    letters of the line begin alike.
    """
    said = _chunks((" a", {" a": 1.0}), (" <", {" <": 0.7, " <=": 0.3}), (" b", {" b": 1.0}))

    found = doubt(" a <= b", said)

    assert found is not None
    assert found.odds == pytest.approx(math.log(7 / 3))


def test_words_count_whether_the_line_ends_with_them_or_not() -> None:
    """A vocabulary has words that end a line; their weight is that of the word."""
    said = _chunks((" x", {" x": 0.5, " x\n": 0.3, " y\n\n": 0.1, " y": 0.1}))

    found = doubt(" y", said)

    assert found is not None
    assert found.sure == pytest.approx(0.8)
    assert found.odds == pytest.approx(math.log(4))


def test_what_is_not_listed_is_no_likelier_than_the_last_that_is() -> None:
    """So the odds are at least those against the last one."""
    found = doubt(" z", _chunks((" x", {" x": 0.9, " y": 0.01})))

    assert found is not None
    assert found.odds == pytest.approx(math.log(90))


def test_where_a_string_goes_on_the_lines_part_in_a_text() -> None:
    """Behind its end they part in code again."""
    inside = doubt(" f('y')", _chunks((" f('", {" f('": 1.0}), ("x", {"x": 0.9, "y": 0.01})))
    said = _chunks((" f('y', ", {" f('y', ": 1.0}), ("b", {"b": 0.9, "a": 0.01}))
    behind = doubt(" f('y', a)", said)

    assert inside is not None
    assert inside.literal
    assert behind is not None
    assert not behind.literal


def test_without_probabilities_there_is_no_doubt() -> None:
    """A backend that lists nothing leaves nothing to weigh."""
    assert doubt(" z", [Chunk(" x", -0.1)]) is None
    assert doubt(" z", []) is None


_SURE = Doubt("return [n]", 0.95, 6.0)


@pytest.mark.parametrize(
    ("line", "found", "around", "told"),
    [
        ("return []", _SURE, (), True),
        ("return []", Doubt("return [n]", 0.4, 6.0), (), False),
        ("return []", Doubt("return [n]", 0.95, 1.0), (), False),
        ("return []", _SURE, ("x = 1", "return  [n]"), False),
        ("return 'n'", Doubt('return "n";', 0.95, 6.0), (), False),
        ("return n", Doubt("return n  # the rest", 0.95, 6.0), (), False),
        ("helper = pick(a, b)", Doubt("steps.append((start, end))", 0.95, 6.0), (), False),
        ("return []", Doubt("", 0.95, 6.0), (), False),
        ("say('a', b)", Doubt("say('c', b)", 0.95, 6.0, literal=True), (), False),
    ],
    ids=[
        *(
            "slip",
            "not sure",
            "as likely",
            "line left out",
            "quotes",
            "comment",
            "other",
            "nothing",
            "text",
        ),
    ],
)
def test_only_a_slip_is_told(line: str, found: Doubt, around: tuple[str, ...], told: bool) -> None:
    """Another taste, a line left out or another way is none."""
    assert is_slip(line, found, around) is told


_TEXT = '''import os


@cached
def mean(values):
    """Returns the mean, correctly."""
    total = sum(values)  # all is well
    # nothing is wrong here
    if not values:
        return None
    else:
        return total / len(values)
'''


def _outline() -> Outline:
    prose = []
    for said in ('"""Returns the mean, correctly."""', "# all is well", "# nothing is wrong here"):
        start = _TEXT.index(said)
        prose.append(Span(start, start + len(said)))
    start = _TEXT.index("def mean")
    header = Span(start, _TEXT.index(":", start) + 1)
    symbol = Symbol("mean", "function", Span(start, len(_TEXT)), header)
    return Outline((symbol,), (), prose=tuple(prose))


def _lines(text: str, outline: Outline) -> list[Line]:
    gaps = Gaps(text, "python", outline)
    return [gaps.line(index) for index in gaps.within((Span(0, len(text)),))]


def test_lines_of_code_are_asked_about_and_no_others() -> None:
    """No imports, headers, decorators, comments, doc strings, blank lines or lone words."""
    found = _lines(_TEXT, _outline())

    assert [line.text for line in found] == [
        "total = sum(values)",
        "if not values:",
        "return None",
        "return total / len(values)",
    ]
    assert all(_TEXT[line.span.start : line.span.end] == line.text for line in found)


def test_the_code_around_says_nothing_of_itself() -> None:
    """What is shown before and behind a gap holds neither comments nor doc strings."""
    for line in _lines(_TEXT, _outline()):
        shown = line.before + line.text + line.behind
        assert "well" not in shown
        assert "wrong" not in shown
        assert "correctly" not in shown
        assert "return total / len(values)" in shown


def test_blanks_keep_every_offset() -> None:
    """What is left out is as long as what was there, its line ends included."""
    text = "a = 1  # one\r\nb = 2\n# two\n"
    spans = (Span(7, 12), Span(text.index("# two"), len(text) - 1))

    left = blanked(text, 0, spans)

    assert left == "a = 1       \r\nb = 2\n     \n"
    assert blanked(text[9:], 9, spans) == left[9:]


def test_the_view_moves_on_in_steps() -> None:
    """What is shown before a gap begins where it began for the line above, but for a few lines: a
    backend that keeps what it has read has little to read anew.
    """
    text = "".join(f"value_{number} = compute({number})\n" for number in range(200))
    found = _lines(text, Outline((), ()))

    moved = [
        not below.before.startswith(above.before) for above, below in itertools.pairwise(found)
    ]
    assert len(found) == 200
    assert sum(moved) <= 200 // 20
    assert all(line.before.count("\n") <= 48 for line in found)


def test_lines_that_begin_in_a_string_are_text() -> None:
    """Python's triple quotes of either kind, back ticks elsewhere; Java has none here."""
    rows = ['run("""', "insert it's", '""", (a,))', "x = 1", "f('''a''')", "y"]

    assert in_strings(rows, "python") == [False, True, True, False, False, False]
    assert in_strings(["a = `x", "y`;", "b"], "typescript") == [False, True, False]
    assert in_strings(["a = `x", "y`;"], "java") == [False, False]
