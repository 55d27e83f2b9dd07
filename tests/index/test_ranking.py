"""The order of what was found."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirador_lsp.index.ranking import Candidate, ranked, telling


def order(question: str, *found: Candidate, near: str = "") -> list[str]:
    """The files of what was found, best first."""
    return [found[at].file for at, _ in ranked(question, found, near=near)]


def test_words_and_meaning_are_weighed_together() -> None:
    """What both find is before what only one finds; meaning weighs more than words."""
    both = Candidate("both.py", words=8.0, final=0.5)
    words = Candidate("words.py", words=10.0, final=0.1)
    meaning = Candidate("meaning.py", final=0.6)
    neither = Candidate("neither.py", words=1.0, final=0.2)
    assert order("where is it parsed", words, neither, meaning, both) == [
        "both.py",
        "meaning.py",
        "words.py",
        "neither.py",
    ]


def test_without_vectors_words_alone_decide() -> None:
    """As long as nothing is embedded, the order is that of BM25."""
    found = [Candidate(f"{score}.py", words=score) for score in (1.0, 3.0, 2.0)]
    assert order("anything", *found) == ["3.0.py", "2.0.py", "1.0.py"]


def test_the_table_stands_in_where_nothing_better_is_known() -> None:
    """A chunk without its final vector is judged by the static one, with less weight."""
    right = Candidate("right.py", words=2.0, static=0.8)
    wrong = Candidate("wrong.py", words=2.2, static=0.2)
    assert order("anything", wrong, right) == ["right.py", "wrong.py"]
    assert order("anything", replace(wrong, final=0.9), right) == ["wrong.py", "right.py"]


def test_names_that_say_what_is_asked_for_come_first() -> None:
    """A symbol whose name has the words of the question is before a user of it."""
    named = Candidate("named.py", ("Reader.parse_header",), words=5.0)
    user = Candidate("user.py", ("Reader.run",), words=6.0)
    assert order("how are headers parsed?", user, named) == ["named.py", "user.py"]
    assert order("how does it run?", named, user) == ["user.py", "named.py"]


def test_definitions_of_what_is_named_come_first() -> None:
    """What defines an identifier of the question is before what mentions it most."""
    defines = Candidate("defines.py", ("Box.fill",), words=3.0, defines=1)
    mentions = Candidate("mentions.py", ("other",), words=8.0)
    assert order("Box.fill", mentions, defines) == ["defines.py", "mentions.py"]


@pytest.mark.parametrize(
    "lesser",
    [
        "tests/test_box.py",
        "src/box_test.go",
        "src/Box.test.tsx",
        "src/test/java/BoxTest.java",
        "examples/box.py",
        "types/box.d.ts",
        "vendor/box.py",
        "box_pb2.py",
        "web/box.min.js",
    ],
)
def test_code_itself_is_before_what_stands_around_it(lesser: str) -> None:
    """Tests, examples and what is generated or not the workspace's own come after their equals."""
    found = Candidate(lesser, words=5.0), Candidate("src/box.py", words=4.9)
    assert order("fill a box", *found) == ["src/box.py", lesser]


def test_tests_that_are_asked_for_are_equals() -> None:
    """A question about tests, or from one, does not push them down."""
    found = Candidate("tests/test_box.py", words=5.0), Candidate("src/box.py", words=4.9)
    assert order("test that a box is filled", *found)[0] == "tests/test_box.py"
    assert order("fill a box", *found, near="tests/test_lid.py")[0] == "tests/test_box.py"


def test_what_is_near_comes_first() -> None:
    """Among equals the file from which is asked is first, then its folder."""
    files = ("far/c.py", "near/b.py", "near/a.py")
    found = [Candidate(file, words=1.0) for file in files]
    assert order("anything", *found, near="near/a.py") == ["near/a.py", "near/b.py", "far/c.py"]
    assert order("anything", *found) == list(files)


def test_what_belongs_together_stands_together() -> None:
    """A file with several good hits lifts each of them over an equal one that stands alone."""
    found = [Candidate("a.py", words=4.9) for _ in range(3)]
    assert order("anything", Candidate("b.py", words=5.0), *found) == ["a.py"] * 3 + ["b.py"]


def test_words_that_say_nothing_are_left_out() -> None:
    """Unless there is nothing else."""
    assert telling("what does the parser do") == {"parser"}
    assert telling("what is it") == {"what", "is", "it"}


CANDIDATES = st.builds(
    Candidate,
    file=st.sampled_from(["", "a.py", "b/c.py", "tests/a.py", "(.*"]),
    symbols=st.lists(st.text(max_size=12), max_size=3).map(tuple),
    words=st.floats(0, 1e6),
    final=st.none() | st.floats(-1, 1),
    static=st.none() | st.floats(-1, 1),
    defines=st.integers(0, 50),
)


@given(st.text(max_size=60), st.lists(CANDIDATES, max_size=20), st.sampled_from(["", "a.py"]))
def test_whatever_is_found_is_ranked_once(question: str, found: list[Candidate], near: str) -> None:
    """Everything that comes in comes out once, by falling score, and scores are numbers."""
    result = ranked(question, found, near=near)
    assert sorted(at for at, _ in result) == list(range(len(found)))
    scores = [score for _, score in result]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score < 10 for score in scores)
