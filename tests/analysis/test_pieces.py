"""Files that are pieces of larger ones: what real ruff says of names that they do not define."""

import pytest

from mirador_lsp.analysis.pieces import UNDEFINED, is_piece
from mirador_lsp.analysis.ruff import RuffAnalyzer
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import NoticeKind
from mirador_lsp.core.ports import Analysis
from mirador_lsp.settings.settings import ReviewSettings

_PIECE = "def go(names):\n    return helper(names, LIMIT)\n"


async def _review(text: str) -> Analysis:
    document = Snapshot(uri="file:///a.py", name="a.py", language="python", text=text)
    return await RuffAnalyzer().analyze(document)


async def test_names_that_a_piece_does_not_define_are_withheld_and_counted() -> None:
    """Their confidence is below the gate, and one calm sentence says why."""
    found = await _review(_PIECE)
    unsure = [each.confidence for each in found.findings if each.rule == UNDEFINED]
    assert len(unsure) == 2
    assert max(unsure) < ReviewSettings().gate
    (told,) = found.notices
    assert told.kind is NoticeKind.HUSHED
    assert told.message.startswith("2 names are not defined in this file, which imports nothing")


async def test_what_else_is_wrong_with_a_piece_is_shown() -> None:
    """Only names that are not defined are doubted."""
    found = await _review(f"{_PIECE}eval(source)\n")
    sure = [each.rule for each in found.findings if each.confidence >= ReviewSettings().gate]
    assert sure == ["ruff/S307"]


async def test_a_name_that_is_used_twice_is_one() -> None:
    """A single name that nobody defines is a slip, however often it is written."""
    found = await _review("print(totl)\nprint(totl)\n")
    assert [each.confidence for each in found.findings] == [0.9, 0.9]
    assert found.notices == ()


@pytest.mark.parametrize(
    "line",
    [
        "import os",
        "from os import path",
        "from.a import b",
        "def f():\n    import os\n    return os",
        "if True: import os",
        "a = 1; from os import path",
        "from os \\\n    import path",
        "import \\\n    os",
    ],
)
async def test_with_any_import_all_stays_as_it_is(line: str) -> None:
    """Whoever imports something says what a file needs."""
    found = await _review(f"{line}\n{_PIECE}")
    assert [e.confidence for e in found.findings if e.rule == UNDEFINED] == [0.9, 0.9]
    assert found.notices == ()


@pytest.mark.parametrize(
    "text",
    ["imported = a + b\n", "def f():\n    yield from a(b)\n", "fromage(a, b)\n", "x = '", ""],
)
def test_words_that_only_begin_like_an_import_are_none(text: str) -> None:
    """Also in a text that is broken."""
    assert is_piece(text, frozenset({"a", "b"}))


def test_no_piece_has_all_its_names() -> None:
    """Nothing undefined, or one name alone, says nothing of a file."""
    assert not is_piece("a\n", frozenset())
    assert not is_piece("a\n", frozenset({"a"}))
