"""Which lines of a symbol decide what happens at a place."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.samples import HOSTILE, SAMPLES
from mirador_lsp.core.retrieval import Slice
from mirador_lsp.core.text import Span
from mirador_lsp.syntax.languages import LANGUAGES
from mirador_lsp.syntax.parser import parse
from mirador_lsp.syntax.slices import MAX_LINES, MAX_OUTSIDE, slice_at

PROGRAMMING = [each.id for each in LANGUAGES.values() if each.outline]


def at(text: str, language: str, place: str) -> tuple[list[str], Slice]:
    """The lines of the slice at the first place of `place`, without indentation."""
    parsed = parse(text, language, budget_seconds=10)
    assert not parsed.broken, parsed.broken
    start = text.index(place)
    sliced = slice_at(parsed, Span(start, start + len(place)))
    return [parsed.lines.line_text(line).strip() for line in sliced.lines], sliced


PYTHON = """\
import os
RATE = 3

def charge(order, user, log):
    '''Doc.'''
    unused = log.level
    if user is None:
        raise ValueError("no")
    total = 0
    other = 5
    for line in order.lines:
        if line.skip:
            continue
        total += line.price * RATE
        other = other + 1
    names = []
    names.append(user.name)
    if total > 10:
        discount = lookup(user)
    else:
        discount = 0
    result = total - discount
    log.info(other)
    send(names)
    return result
"""


def test_values_conditions_and_uses() -> None:
    """What gives the values, under which conditions, and what uses the result."""
    lines, sliced = at(PYTHON, "python", "result = total")
    assert lines == [
        "def charge(order, user, log):",
        "if user is None:",
        'raise ValueError("no")',
        "total = 0",
        "for line in order.lines:",
        "if line.skip:",
        "continue",
        "total += line.price * RATE",
        "if total > 10:",
        "discount = lookup(user)",
        "else:",
        "discount = 0",
        "result = total - discount",
        "return result",
    ]
    assert sliced.names == ("RATE", "lookup")
    assert sliced.complete


def test_a_call_for_its_effect_changes_what_it_is_called_on() -> None:
    """`names.append(x)` is among what gives `names` its value; a loop left before is not."""
    lines, sliced = at(PYTHON, "python", "send(names)")
    assert lines == [
        "def charge(order, user, log):",
        "if user is None:",
        'raise ValueError("no")',
        "names = []",
        "names.append(user.name)",
        "send(names)",
    ]
    assert sliced.names[0] == "send"


def test_what_is_replaced_does_not_reach() -> None:
    """A value that is certainly overwritten before is left out; one that may be is not."""
    text = "def f(a):\n    b = 1\n    b = 2\n    if a:\n        b = 3\n    return b\n"
    assert at(text, "python", "return b")[0] == [
        "def f(a):",
        "b = 2",
        "if a:",
        "b = 3",
        "return b",
    ]


def test_the_other_branch_does_not_overwrite() -> None:
    """What one branch assigns says nothing about the other."""
    text = "def f(a):\n    b = 1\n    if a:\n        b = 2\n    else:\n        g(b)\n"
    assert "b = 1" in at(text, "python", "g(b)")[0]


def test_loops_carry_values_round() -> None:
    """A value given later in a loop reaches an earlier place of it."""
    text = "def f(a):\n    b = 0\n    while a:\n        g(b)\n        c = 1\n        b = a\n"
    lines, _ = at(text, "python", "g(b)")
    assert "b = a" in lines
    assert "c = 1" not in lines


def test_members_of_the_object_are_told_apart() -> None:
    """`self.a` and `self.b` are two values."""
    text = "class A:\n    def f(self):\n        self.a = 1\n        self.b = 2\n        g(self.a)\n"
    assert at(text, "python", "g(")[0] == [
        "def f(self):",
        "self.a = 1",
        "g(self.a)",
    ]


CASES = {
    "javascript": (
        "function f(a, log) {\n  let n = 0;\n  let m = 1;\n  for (const x of a) {\n    n += x;\n"
        "    m++;\n  }\n  if (!n) { return; }\n  g(n);\n  h(m);\n}\n"
    ),
    "go": (
        "package a\n\nfunc f(a []int) {\n\tn := 0\n\tm := 1\n\tfor _, x := range a {\n\t\tn += x\n"
        "\t\tm++\n\t}\n\tif n == 0 {\n\t\treturn\n\t}\n\tg(n)\n\th(m)\n}\n"
    ),
    "rust": (
        "fn f(a: &[i32]) {\n    let mut n = 0;\n    let mut m = 1;\n    for x in a {\n"
        "        n += x;\n        m += 1;\n    }\n    if n == 0 {\n        return;\n    }\n"
        "    g(n);\n    h(m);\n}\n"
    ),
    "java": (
        "class A {\n  void f(int[] a) {\n    int n = 0;\n    int m = 1;\n    for (int x : a) {\n"
        "      n += x;\n      m++;\n    }\n    if (n == 0) {\n      return;\n    }\n"
        "    g(n);\n    h(m);\n  }\n}\n"
    ),
    "c": (
        "void f(int *a, int k) {\n  int n = 0;\n  int m = 1;\n  for (int i = 0; i < k; i++) {\n"
        "    n += a[i];\n    m++;\n  }\n  if (n == 0)\n    return;\n  g(n);\n  h(m);\n}\n"
    ),
    "cpp": (
        "void f(std::vector<int> a) {\n  int n = 0;\n  int m = 1;\n  for (int x : a) {\n"
        "    n += x;\n    m++;\n  }\n  if (n == 0)\n    return;\n  g(n);\n  h(m);\n}\n"
    ),
    "csharp": (
        "class A {\n void F(int[] a) {\n  int n = 0;\n  int m = 1;\n  foreach (int x in a) {\n"
        "      n += x;\n      m++;\n    }\n    if (n == 0) {\n      return;\n    }\n"
        "    g(n);\n    h(m);\n  }\n}\n"
    ),
    "ruby": (
        "def f(a)\n  n = 0\n  m = 1\n  for x in a\n    n += x\n    m += 1\n  end\n"
        "  return if n == 0\n  g(n)\n  h(m)\nend\n"
    ),
    "php": (
        "<?php\nfunction f($a) {\n  $n = 0;\n  $m = 1;\n  foreach ($a as $x) {\n    $n += $x;\n"
        "    $m++;\n  }\n  if (!$n) {\n    return;\n  }\n  g($n);\n  h($m);\n}\n"
    ),
    "bash": (
        'f() {\n  n=0\n  m=1\n  for x in "$@"; do\n    n=$((n + x))\n    m=$((m + 1))\n  done\n'
        '  if [ "$n" = 0 ]; then\n    return\n  fi\n  g "$n"\n  h "$m"\n}\n'
    ),
}


@pytest.mark.parametrize("language", CASES)
def test_other_languages(language: str) -> None:
    """Values, loops and guards in every language; what only concerns another value is left out."""
    text = CASES[language]
    call = {"bash": 'g "$n"', "php": "g($n)"}.get(language, "g(n)")
    lines, sliced = at(text, language, call)
    shown = "\n".join(lines)
    assert sliced.complete
    assert "return" in shown
    assert "for" in shown
    assert call in shown
    assert len(re.findall(r"(?m)^(?:let mut |let |int |\$)?n\b", shown)) == 2, shown
    assert not re.search(r"(?m)^(?:let mut |let |int |\$)?[mh]\b", shown), shown
    assert "g" in sliced.names


def test_the_module_has_slices() -> None:
    """Outside of symbols the place is looked at among the statements of the module."""
    text = "import os\na = 1\nb = 2\nc = a + os.x\nprint(c)\n"
    lines, _ = at(text, "python", "c = a")
    assert lines == ["import os", "a = 1", "c = a + os.x", "print(c)"]


def test_too_much_is_not_complete() -> None:
    """A symbol of machine length is cut, and says so."""
    text = "def f(a):\n" + "    a = g(a)\n" * 3_000 + "    return a\n"
    parsed = parse(text, "python", budget_seconds=10)
    place = text.index("return")
    sliced = slice_at(parsed, Span(place, place))
    assert not sliced.complete
    assert len(sliced.lines) <= MAX_LINES + 1
    assert len(parsed.lines) - 2 in sliced.lines


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("language", ["cpp", "bash"])
def test_hostile_texts(kind: str, language: str) -> None:
    """Whatever a text holds, an answer comes, and it is bounded."""
    text = HOSTILE[kind]
    parsed = parse(text, language)
    for place in (Span(len(text) // 2, len(text) // 2), Span(0, len(text))):
        sliced = slice_at(parsed, place)
        assert len(sliced.lines) <= 2 * MAX_LINES + 1
        assert len(sliced.names) <= MAX_OUTSIDE


@settings(max_examples=80)
@given(st.data())
def test_lines_are_lines_of_the_symbol(data: st.DataObject) -> None:
    """Of code in any order, the slice has lines of the text, the place's among them."""
    language = data.draw(st.sampled_from(PROGRAMMING))
    source = SAMPLES[language].splitlines(keepends=True)
    text = "".join(data.draw(st.lists(st.sampled_from([*source, "\r"]), max_size=40)))
    parsed = parse(text, language, budget_seconds=5)
    place = data.draw(st.integers(0, len(text)))
    sliced = slice_at(parsed, Span(place, place))
    assert parsed.lines.line_of(place) in sliced.lines
    assert list(sliced.lines) == sorted(set(sliced.lines))
    assert all(0 <= line < len(parsed.lines) for line in sliced.lines)
