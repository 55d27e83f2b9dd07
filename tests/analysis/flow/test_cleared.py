"""Sinks that data flow has followed to the end: what reaches them is known, or it is not."""

import pytest

from mirador_lsp.analysis.flow.contract import Budget
from mirador_lsp.analysis.flow.findings import look
from mirador_lsp.syntax.parser import parse

HARMLESS = {
    "a constant": "os.system('ls')",
    "a constant from a call": "os.system(name('ls'))",
    "a list of constants, shown": "os.system(str(['ls', 1]))",
    "a tuple of constants, shown": "os.system(repr(('ls', None)))",
    "a comparison, shown": "os.system(str(given > 'ls'))",
    "a list that a known function had": "a = ['ls']; len(a); os.system(str(a))",
    "a tuple that nobody can change": "a = ('ls',); elsewhere.look(a); os.system(str(a))",
    "one of two constants, shown": "os.system(str('ls' if given else 2))",
}
NOT_KNOWN = {
    "what a library gives": "os.system(str(elsewhere.told()))",
    "a list with something unknown in it": "os.system(str(['ls', elsewhere.told()]))",
    "a list that something unknown was added to": "a = ['ls']; a.append(elsewhere.told()); "
    "os.system(str(a))",
    "a list that something unknown had": "a = ['ls']; elsewhere.look(a); os.system(str(a))",
    "a mapping that something unknown had": "a = {'b': 'ls'}; elsewhere.look(a); os.system(a['b'])",
    "one constant or something unknown": "os.system(str('ls' if given else elsewhere.told()))",
}


def cleared(line: str) -> tuple[str, ...]:
    """The kinds of harm that the one sink of a program cannot do."""
    text = f"import os, elsewhere\n\n\ndef name(a):\n    return a\n\n\ndef go(given):\n    {line}\n"
    found = look(parse(text, "python", budget_seconds=5), Budget(seconds=5))
    assert not found.findings
    return tuple(kind for _, kind in found.cleared)


@pytest.mark.parametrize("line", HARMLESS.values(), ids=HARMLESS)
def test_a_sink_that_is_given_constants_is_cleared(line: str) -> None:
    """Also where they were shown as a text."""
    assert cleared(line) == ("CWE-78",)


@pytest.mark.parametrize("line", NOT_KNOWN.values(), ids=NOT_KNOWN)
def test_a_sink_that_is_given_what_nobody_knows_is_not_cleared(line: str) -> None:
    """No source is seen, but none is ruled out."""
    assert cleared(line) == ()


def test_what_is_allowed_stays_allowed_whoever_had_the_list() -> None:
    """Lists of choices are handed to many: nobody adds to them."""
    text = (
        "import os, elsewhere\nALLOWED = ['a', 'b']\nelsewhere.choose(ALLOWED)\n\n\n"
        "def go(given):\n    if given in ALLOWED:\n        os.system(given)\n"
    )
    assert not look(parse(text, "python", budget_seconds=5), Budget(seconds=5)).findings


def test_what_was_put_into_a_list_stays_in_it() -> None:
    """Data from outside does not leave it because somebody unknown had it."""
    text = (
        "import os, elsewhere\n\n\ndef go(given):\n    a = ['ls', given]\n"
        "    elsewhere.look(a)\n    os.system(a[-1])\n"
    )
    assert len(look(parse(text, "python", budget_seconds=5), Budget(seconds=5)).findings) == 1
