"""Ruff's fixes become edits that mend their finding, in every kind of text."""

import ast
import asyncio
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mirador_lsp.analysis.ruff import RuffAnalyzer
from mirador_lsp.analysis.ruff_fixes import Place, RuffEdit, RuffFix, fix_of
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.edits import apply
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.text import Span

_LONE_FEED = re.compile(r"(?<!\r)\n")


def _python(text: str) -> Snapshot:
    return Snapshot("file:///app.py", "app.py", "python", text)


async def _findings(text: str) -> dict[str, Finding]:
    analysis = await RuffAnalyzer().analyze(_python(text))
    return {finding.rule: finding for finding in analysis.findings}


NONE = [
    "x = 1\nif x == None:\n    x = 2\n",
    "\ufeffx = 1\nif x == None:\n    x = 2\n",
    "\ufeffx == None\n",
    "x = '😀é'; y = x == None\n",
    "x = 1\r\nif x == None:\r\n    x = 2\r\n",
    "x = 1\rif x == None:\r    x = 2\r",
    "x = '\ud800'; y = x == None\n",
    "x = '\u2028'\ny = x == None\n",
    "x = 1\n\x0cy = x == None",
]


@pytest.mark.parametrize("text", NONE)
async def test_a_fix_changes_its_place_and_nothing_else(text: str) -> None:
    """`== None` becomes `is None` whatever stands around it, and the finding is gone."""
    finding = (await _findings(text))["ruff/E711"]

    assert finding.fix is not None
    after = apply(text, finding.fix.edits)
    assert after == text.replace("== None", "is None")
    assert "ruff/E711" not in await _findings(after)


async def test_a_fix_has_a_title_and_says_whether_it_is_safe() -> None:
    """The title is ruff's own; `not in` means the same, `is None` may not."""
    found = await _findings("x = 1\ny = x == None\nz = not x in [1]\n")

    membership, comparison = found["ruff/E713"].fix, found["ruff/E711"].fix
    assert membership is not None
    assert comparison is not None
    assert (membership.title, membership.safe) == ("Convert to `not in`", True)
    assert not comparison.safe


async def test_new_lines_end_as_the_lines_of_the_text_do() -> None:
    """A fix that writes new lines into a file of CRLF lines leaves no lone line feed."""
    text = "def f(x=[]):\r\n    '''Say.\r\n    More.'''\r\n    return x\r\n"
    finding = (await _findings(text))["ruff/B006"]

    assert finding.fix is not None
    after = apply(text, finding.fix.edits)
    assert "None" in after
    assert _LONE_FEED.search(after) is None


async def test_what_a_comment_silences_has_no_fix() -> None:
    """A silenced security finding is told as information, without an offer to mend it."""
    text = "import subprocess\n\ndef f(a):\n    subprocess.run(a, shell=True)  # noqa: S602\n"
    finding = (await _findings(text))["ruff/S602"]

    assert finding.fix is None


def _fix(*edits: RuffEdit, applicability: str = "safe", message: str | None = "Do it.") -> RuffFix:
    return RuffFix(applicability, edits, message)  # type: ignore[arg-type]


def _at(row: int, column: int, end: int, content: str) -> RuffEdit:
    return RuffEdit(content, Place(row, column), Place(row, end))


def test_what_is_only_to_be_looked_at_is_no_fix() -> None:
    """Ruff's display-only fixes may be wrong; they are not offered."""
    edit = _at(1, 1, 2, "y")

    assert fix_of(_python("x = 1\n"), _fix(edit, applicability="display"), "X1") is None
    assert fix_of(_python("x = 1\n"), _fix(), "X1") is None
    assert fix_of(_python("x = 1\n"), None, "X1") is None


def test_edits_that_overlap_are_no_fix() -> None:
    """A fix that cannot be applied as a whole is not applied in part."""
    assert fix_of(_python("x = 1\n"), _fix(_at(1, 1, 4, "y"), _at(1, 3, 5, "z")), "X1") is None


def test_a_stand_in_is_never_written_into_the_text() -> None:
    """Ruff sees U+FFFD for a lone surrogate; a fix that copies it would destroy the text."""
    text = "x = '\ud800' == None\n"
    edit = _at(1, 5, 16, "'\ufffd' is None")

    assert fix_of(_python(text), _fix(edit), "X1") is None
    assert fix_of(_python("x = 'a' == None\n"), _fix(edit), "X1") is not None


def test_a_fix_without_words_is_named_after_its_rule() -> None:
    """Every fix has a title of visible characters."""
    fix = fix_of(_python("x = 1\n"), _fix(_at(1, 1, 2, "y"), message="\u202e"), "X1")

    assert fix is not None
    assert fix.title == "Apply ruff's fix of X1"


_LITERAL = st.text(st.characters(exclude_characters="'\\\r\n", codec="utf-8"), max_size=6)
_PARTS = st.sampled_from(
    [
        "import os",
        "import sys, re",
        "x = {l!r} == None",
        "y = not x in [1]",
        "def f(a=[]):\n    '''{l}'''\n    return a",
        "try:\n    x = 1\nexcept:\n    pass",
        "print('{l}' % x)",
        "assert (x, '{l}')",
        "class A(object):\n    def m(s):\n        return type(s) == type(1)",
        "for i in range(3):\n    z = lambda: i",
        "x = f'{l}'",
    ]
)


@settings(max_examples=40)
@given(
    bom=st.booleans(),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    parts=st.lists(st.tuples(_PARTS, _LITERAL), min_size=1, max_size=6),
)
def test_every_fix_applies_and_leaves_a_text_that_parses(
    bom: bool, end: str, parts: list[tuple[str, str]]
) -> None:
    """Whatever the text holds: the edits lie in it, do not overlap, and the result is Python."""
    body = "\n".join(
        part.replace("{l!r}", repr(text)).replace("{l}", _plain(text)) for part, text in parts
    )
    text = ("\ufeff" if bom else "") + body.replace("\n", end) + end
    if not _is_python(text):
        return

    analysis = asyncio.run(RuffAnalyzer().analyze(_python(text)))

    for finding in analysis.findings:
        if finding.fix is not None:
            after = apply(text, finding.fix.edits)
            assert after != text
            assert _is_python(after), finding.fix
            assert Span(0, len(text)).contains(finding.fix.edits[-1].span)
            if end == "\r\n":
                assert _LONE_FEED.search(after) is None


def _plain(text: str) -> str:
    return "".join(char for char in text if char not in "{}%\"'\\")


def _is_python(text: str) -> bool:
    try:
        ast.parse(text.removeprefix("\ufeff"))
    except (SyntaxError, ValueError):
        return False
    return True
