"""From candidates to a text: what is chosen, in which order, and what nobody can break out of."""

import re
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from fakes.counting import words
from mirador_lsp.core.retrieval import Compiled
from mirador_lsp.engine.context.budget import Costs
from mirador_lsp.engine.context.compiler import (
    BUDGET,
    DEFINITION,
    DUPLICATE,
    OUTLINE,
    RULES,
    SIMILAR,
    STALE,
    USER,
    Candidate,
    Place,
    compile_context,
    texts_to_weigh,
    visible,
)

SOURCES = (OUTLINE, DEFINITION, USER, "slice", SIMILAR, RULES, "preference", "talk")


def candidate(
    source: str = DEFINITION,
    text: str = "def f():\n    return 1",
    score: float = 0.5,
    **more: object,
) -> Candidate:
    """A candidate with defaults for what a test does not speak about."""
    fields = {"title": "a.py, f", "what": "`f`", "language": "python"} | more
    return Candidate(source=source, text=text, score=score, **fields)  # type: ignore[arg-type]


def compiled(
    candidates: list[Candidate], budget: int = 400, known: str = "", **more: object
) -> Compiled:
    """The context, its tokens counted word by word."""
    texts = texts_to_weigh([*candidates, *more.get("stale", ())])  # type: ignore[misc]
    costs = Costs({text: words(text) for text in texts}, counted=True)
    return compile_context(candidates, known, costs, budget, **more)  # type: ignore[arg-type]


def reasons(result: Compiled) -> list[tuple[str, str]]:
    """Title and reason of what was left out."""
    return [(piece.title, why) for piece, why in result.dropped]


def test_pieces_stand_from_what_changes_seldom_to_what_changes_often() -> None:
    """Rules before other files, other files before the one that is being edited."""
    own = candidate(title="own", text="own = 1", place=Place("", 0, 0))
    other = candidate(title="other", text="other = 2", place=Place("b.py", 0, 0))
    user = candidate(USER, title="user", text="user()")
    rules = candidate(RULES, title="rules", text="No globals.")
    outline = candidate(OUTLINE, title="outline", text="def g(): ...")

    result = compiled([own, outline, user, other, rules])

    assert [piece.title for piece in result.kept] == ["rules", "other", "own", "user", "outline"]


def test_the_order_of_what_was_found_does_not_matter() -> None:
    """The same text whichever way an index ranks or returns its hits."""
    found = [
        candidate(
            text=f"def f{n}():\n    return {n}", score=0.5 + n / 10, place=Place("b.py", n, n)
        )
        for n in range(4)
    ]
    texts = {compiled(list(order), budget=160).text for order in permutations(found)}
    assert len(texts) == 1


def test_what_is_worth_more_gets_the_room() -> None:
    """Within a kind the score decides, and what did not fit is accounted for."""
    poor = candidate(title="poor", text="poor = 1\n" * 20, score=0.2)
    rich = candidate(title="rich", text="rich = 2\n" * 20, score=0.9)

    result = compiled([poor, rich], budget=140)

    assert [piece.title for piece in result.kept] == ["rich"]
    assert reasons(result) == [("poor", BUDGET)]


def test_a_shorter_form_takes_the_place_of_one_that_does_not_fit() -> None:
    """A signature says more than nothing."""
    long = candidate(text="def f(a, b):\n" + "    a += b\n" * 60, shorter="def f(a, b):")

    result = compiled([long], budget=90)

    assert "def f(a, b):" in result.text
    assert "a += b" not in result.text
    assert result.dropped == ()


def test_no_kind_takes_all_the_room() -> None:
    """Rules are long everywhere; the code that is used still gets its share."""
    rules = [
        candidate(RULES, f"Rule {n}: " + f"never do {n} " * 6, 1.0, title=f"rule {n}")
        for n in range(8)
    ]
    used = candidate(title="used", text="used = 1")

    result = compiled([*rules, used], budget=300)

    assert "used" in [piece.title for piece in result.kept]
    assert sum(p.tokens for p in result.kept if p.source == RULES) <= 0.25 * 300


def test_the_same_is_shown_once() -> None:
    """The same lines, lines inside of others, nearly the same text, and what is shown anyway."""
    whole = candidate(
        title="whole",
        text="\n".join(f"line_{n} = {n}" for n in range(10)),
        score=0.9,
        place=Place("b.py", 0, 9),
    )
    inside = candidate(title="inside", text="line_3 = 3\nx = 1", place=Place("b.py", 3, 4))
    same = candidate(title="same", text=whole.text, place=Place("copy.py", 0, 9))
    nearly = candidate(title="nearly", text=f"{whole.text}\nmore = 1", place=Place("c.py", 0, 10))
    shown = candidate(title="shown", text="def  f( a ):\n    return a", place=Place("d.py", 0, 1))
    other = candidate(title="other", text="something = 'else'", place=Place("e.py", 0, 0))

    result = compiled(
        [whole, inside, same, nearly, shown, other], known="def f(a):\n    return a\n    pass"
    )

    assert [piece.title for piece in result.kept] == ["whole", "other"]
    assert sorted(reasons(result)) == [
        (title, DUPLICATE) for title in ("inside", "nearly", "same", "shown")
    ]


def test_what_is_stale_is_named_and_not_shown() -> None:
    """Lines that the file does not have any more would be a lie."""
    old = candidate(title="old", text="gone = 1")
    result = compiled([candidate(text="here = 1")], stale=[old])
    assert "gone" not in result.text
    assert reasons(result) == [("old", STALE)]


def test_without_anything_to_say_there_is_no_frame() -> None:
    """Nothing costs nothing."""
    result = compiled([])
    assert (result.text, result.tokens, result.kept) == ("", 0, ())


def test_no_line_number_is_in_the_text() -> None:
    """An edit above would change it, and with it every token that was read."""
    here = candidate(title="b.py, function f, lines 10 to 42", place=Place("b.py", 9, 41))
    result = compiled([here])
    assert "42" not in result.text
    assert result.kept[0].title == "b.py, function f, lines 10 to 42"


@given(
    st.lists(
        st.builds(
            candidate,
            st.sampled_from(SOURCES),
            st.text(max_size=300),
            st.floats(0, 1),
            title=st.text(max_size=40),
            what=st.text(max_size=40),
            language=st.text(max_size=10),
            shorter=st.text(max_size=40),
        ),
        max_size=8,
    ),
    st.integers(0, 600),
    st.text(max_size=60),
)
def test_the_budget_holds_and_the_answer_is_always_the_same(
    candidates: list[Candidate], budget: int, known: str
) -> None:
    """Whatever is found: never more than allowed, each piece accounted for once, no chance."""
    result = compiled(candidates, budget, known)

    assert result.tokens <= budget
    assert words(result.text) <= result.tokens
    assert len(result.kept) + len(result.dropped) == len(candidates)
    assert compiled(list(reversed(candidates)), budget, known).text == result.text


@given(st.text(st.characters() | st.sampled_from("`~\n\r\u2028\t "), max_size=200), st.text())
def test_no_data_gets_out_of_its_fence(text: str, what: str) -> None:
    """A fence is closed by us alone, and what is in it is all there, without what is invisible."""
    result = compiled([candidate(text=f"x{text}", what=what)], budget=10_000)

    lines = result.text.split("\n")
    opening = next(n for n, line in enumerate(lines) if re.match(r"^`{3,}python$", line))
    fence = lines[opening].removesuffix("python")
    closing = [n for n, line in enumerate(lines) if n > opening and line.strip() == fence]
    assert len(closing) == 1
    inside = "\n".join(lines[opening + 1 : closing[0]])
    assert fence not in inside
    assert inside == visible(f"x{text}")[0].strip("\n")
    assert lines[closing[0] + 1 :] == ["The code in question:"]


def test_what_cannot_be_seen_is_taken_out_and_counted() -> None:
    """Tag characters, zero-width and bidi controls speak to models and hide from people."""
    text = "Be kind\u200b.\n\U000e0041\U000e0042\tdone\u202e\r\nend"
    assert visible(text) == ("Be kind.\n\tdone\nend", 4)
