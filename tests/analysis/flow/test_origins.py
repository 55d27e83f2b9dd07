"""Values that are not known, and what they are made of: of what is known here, or of anything."""

import pytest

from mirador_lsp.analysis.flow.contract import Budget
from mirador_lsp.analysis.flow.findings import look
from mirador_lsp.analysis.flow.values import (
    ALL_KINDS,
    MADE_HERE,
    MOST_CONSTANTS,
    MOST_TARGETS,
    NOTHING,
    UNKNOWN,
    constant,
    join,
    joined,
    reference,
    same,
    tainted,
)
from mirador_lsp.core.knowledge import KnowledgeFile
from mirador_lsp.syntax.parser import parse

_PYTHON = """import array, base64, collections, datetime, hashlib
import itertools, json, math, os, re, shlex
import numpy as np
import elsewhere


def go(given, number: int):
    {line}
"""
_JAVASCRIPT = """const cp = require("child_process");
const path = require("path");
const elsewhere = require("elsewhere");
function go(given) {{
  {line}
}}
go.call(null);
"""


def lines(*body: str) -> str:
    """Statements of a function, one below the other."""
    return "\n    ".join(body)


MADE_OF_CONSTANTS = {
    "a set": "os.system(str({1, 'ls'}))",
    "a mapping": "a = {}; a['b'] = 'ls'; os.system(str(a))",
    "lists in a list": "os.system(str([['ls'], ['a'], 'b']))",
    "bytes": "os.system(bytes('ls', 'utf-8').decode('utf-8'))",
    "bytes that can be changed": "os.system(bytes(bytearray('ls', 'utf-8')))",
    "a number": "os.system(str(complex(2, 4)))",
    "a place in a text": "os.system(str(b'abc'.find(b'c')))",
    "the letters of a text": "a = set('_'); a.add('b'); a.discard('_'); os.system(str(a))",
    "the values of a mapping": "os.system(str(list({'a': 'ls', given: 'b'}.values())))",
    "what an expression finds": "os.system(str(re.findall('[a-z]+', 'aaa,bbb')))",
    "a date": "os.system(str(datetime.datetime.strptime('2025-03-25', '%Y-%m-%d').date()))",
    "what was read from a constant": "os.system(json.loads('{\"a\": {\"b\": \"ls\"}}')['a']['b'])",
    "a hash": "os.system('a' + hashlib.md5(b'a').hexdigest())",
    "an array": "a = array.array('u', 'b'); a.append('c'); os.system(''.join(a))",
    "a matrix": "a = np.array([[1, 2]]); os.system(str(a @ np.array([[1], [2]])))",
    "a constant of a library": "os.system(str(math.pi))",
    "several lists after each other": "os.system(' '.join(itertools.chain(['a'], ['b'])))",
    "an exception": lines(
        "try:",
        "    raise ValueError({'a': 'ls'})",
        "except ValueError as error:",
        "    os.system(error.args[0]['a'])",
    ),
    "a test of data": "os.system(given.startswith('t') and 'ls')",
    "what a comprehension makes": "os.system(str({a for a in range(5) if a % 2}))",
    "a piece of a pattern": lines(
        "a = ['a', 'b']", "match a:", "    case [a, *rest]:", "        os.system(''.join(rest))"
    ),
    "a constant under a key from outside": "a = {given: 'ls'}; os.system(a.get('b', 'c'))",
    "a long text": "os.system('a' * 5000)",
    "what a loop counts": lines(
        "a = 'ls'", "for b in range(99):", "    a = a + str(b)", "os.system(a)"
    ),
    "what was taken in and out again": "a = set('a'); a.add(given); a.discard(given); "
    "os.system(str(a))",
}
MAYBE_FROM_ELSEWHERE = {
    "what a library gives": "os.system(str({elsewhere.told()}))",
    "a method of what a library gives": "os.system(elsewhere.told().upper().strip())",
    "an attribute of a library": "os.system(str([elsewhere.NAME]))",
    "a name that nobody defines": "os.system(f'ls {somewhere}')",
    "a number that anybody may give": "os.system(f'kill {number}')",
    "either of two": "a = str({1}) if given else elsewhere.told(); os.system(a)",
    "a known function of a library's value": "os.system(str(math.floor(elsewhere.told())))",
    "a pattern of a library's text": "os.system(str(re.findall('a', elsewhere.told())))",
    "a file": "os.system(str(json.load(open('a'))))",
    "a line of a file": lines(
        "with open('a') as file:", "    for line in file:", "        os.system(line)"
    ),
    "where the program runs": "os.system(os.path.abspath('a'))",
    "the environment": "os.system('ls ' + os.environ['HOME'].strip().replace('a', 'b'))",
    "a mapping that a library filled": "a = {'b': 1}; elsewhere.fill(a); os.system(str(a))",
    "a list within one that a library had": "a = [['ls']]; elsewhere.fill(a); b = a[0]; "
    "os.system(''.join(b))",
    "a list within a tuple that a library had": "a = ['ls']; elsewhere.fill((a,)); "
    "os.system(str(a))",
    "an array that got something": "a = array.array('u', 'b'); a.append(elsewhere.told()); "
    "os.system(''.join(a))",
    "an array that got something under another name": "a = array.array('u', 'b'); b = a; "
    "b.append(elsewhere.told()); os.system(''.join(a))",
    "a matrix that got something": "a = np.zeros(3); b = a; b[0] = elsewhere.told(); "
    "os.system(str(a))",
    "a mapping within what was read": "a = json.loads('{}'); a['b']['c'] = elsewhere.told(); "
    "os.system(str(a))",
    "a key that a library gives": "a = {}; a[elsewhere.told()] = 'ls'; os.system(str(a))",
    "a key of what a library gives": "a = {**elsewhere.told(), 'b': 'ls'}; os.system(str(a))",
    "a mapping with more": "a = {'b': 'ls'}; a.update(elsewhere.told()); os.system(str(a))",
    "a mapping made by names": "os.system(str(dict(a=elsewhere.told())))",
    "a mapping made of another": "os.system(str(collections.defaultdict(list, elsewhere.told())))",
    "what a mapping has where nobody put it": "a = collections.defaultdict(elsewhere.told); "
    "os.system('ls ' + a['b'])",
    "the names of something": "os.system(str(vars(elsewhere.told())))",
    "a default": "os.system(max([], default=elsewhere.told()))",
    "the next one, or something": "os.system(next(iter([]), elsewhere.told()))",
    "where to begin": "os.system(str(list(enumerate(['a'], start=elsewhere.told()))))",
    "what fills a line": "os.system('a'.center(9, elsewhere.told()))",
    "what a text is joined by": "os.system(elsewhere.told().join(['a', 'b']))",
    "sets with something in one": "os.system(str({'a'} ^ elsewhere.told()))",
    "a set that only something else was taken from": "a = {elsewhere.told(given)}; "
    "a.discard(given); os.system(str(a))",
    "a date with something in its form": "os.system(datetime.date(2025, 1, 2).strftime("
    "elsewhere.told()))",
    "a list that a function may fill": lines(
        "a = []",
        "def fill(b):",
        "    a.append(b)",
        "elsewhere.later(fill)",
        "os.system(' '.join(a))",
    ),
    "a name that a function may set": lines(
        "a = str({1})",
        "def fill(b):",
        "    nonlocal a",
        "    a = b",
        "elsewhere.later(fill)",
        "os.system(a)",
    ),
    "a function that is not known for sure": "a = go if given else elsewhere.told; "
    "os.system(str(a(1, 2)))",
    "too deep to be looked into": "os.system(str([[[[[elsewhere.told()]]]]]))",
    "what an exception says": lines(
        "try:",
        "    elsewhere.told()",
        "    raise ValueError('a')",
        "except Exception as error:",
        "    os.system(str(error))",
    ),
    "a loop that brings something later": lines(
        "a = b = 'ls'",
        "while elsewhere.goes_on():",
        "    os.system(a)",
        "    a, b = b, elsewhere.told()",
    ),
    "data that is a number now": "os.system(str(int(input()) + 1))",
}
DATA = {
    "data in a set": "os.system(str({given}))",
    "data as a key": "a = {}; a[given] = 1; os.system(str(a))",
    "data that was encoded": "os.system(base64.b64decode(given).decode())",
    "data in a matrix": "os.system(str(np.array([given])))",
    "data among constants": "os.system(' '.join(itertools.chain(['a'], [given])))",
}
SET_BY_OTHERS = {
    "a list of the module": (
        "NAMES = []\ndef add(name):\n    NAMES.append(name)\n"
        "def go():\n    os.system(' '.join(NAMES))\n"
    ),
    "a mapping of the module": "TABLE = {'a': 'ls'}\ndef go():\n    os.system(str(TABLE))\n",
    "a copy of a list of the module": (
        "NAMES = ['a']\ndef add(name):\n    NAMES.append(name)\n"
        "def go():\n    os.system(' '.join(list(NAMES)))\n"
    ),
    "a part of it": "NAMES = ['a']\ndef go():\n    os.system(' '.join(NAMES[:1]))\n",
    "a list that has it, too": "NAMES = ['a']\ndef go():\n    os.system(' '.join(NAMES + ['b']))\n",
    "all that is in it": "NAMES = ['a']\ndef go():\n    os.system(' '.join(n for n in NAMES))\n",
    "a mapping that has it, too": "T = {'a': 1}\ndef go():\n    os.system(str({**T, 'b': 1}))\n",
    "the values of a mapping": "T = {'a': 1}\ndef go():\n    os.system(str(list(T.values())))\n",
    "what the module made": "NAME = str({1, 2})\ndef go():\n    os.system(NAME)\n",
    "a list of an object": (
        "class A:\n    def __init__(self):\n        self.names = []\n"
        "    def add(self, name):\n        self.names.append(name)\n"
        "    def go(self):\n        os.system(' '.join(self.names))\n"
    ),
    "what an object made": (
        "class A:\n    def __init__(self):\n        self.name = str({1, 2})\n"
        "    def go(self):\n        os.system(self.name)\n"
    ),
}
IN_JAVASCRIPT = {
    "a list": "cp.exec(['ls', 'a'].join(' '))",
    "what JSON makes of an object": "cp.exec(JSON.stringify({ a: 'ls' }))",
    "a number": "cp.exec('a' + Math.floor(2.5) * 3)",
    "a date": "cp.exec('a' + new Date(2025, 1, 2).toISOString())",
    "the names of an object": "cp.exec(Object.keys({ ls: 1 }).join(' '))",
    "a path": "cp.exec(path.join('a', 'b'))",
    "a text that was encoded": "cp.exec(encodeURIComponent(['ls'].join('')))",
    "a list that is gone through": "for (const a of ['ls', 'b']) { cp.exec(a.toUpperCase()); }",
    "a list as a text": "cp.exec(['ls', 'a'].toString())",
}
NOT_IN_JAVASCRIPT = {
    "what a library gives": "cp.exec(`ls ${elsewhere.told()}`)",
    "a list with it": "cp.exec(['ls', elsewhere.told()].join(' '))",
    "a list that got it": "const a = ['ls']; a.push(elsewhere.told()); cp.exec(a.join(' '))",
    "a list that was filled with it": "const a = ['ls']; a.fill(elsewhere.told()); "
    "cp.exec(a.toString())",
    "two lists": "cp.exec(['ls'].concat(elsewhere.told()).join(' '))",
    "an object with its members": "cp.exec(JSON.stringify({ ...elsewhere.told(), a: 1 }))",
    "an object that got its members": "const a = Object.assign({}, elsewhere.told()); "
    "cp.exec(JSON.stringify(a))",
    "the rest of it": "const { a, ...b } = elsewhere.told(); cp.exec(JSON.stringify(b))",
    "the rest of a library": "const { a, ...b } = elsewhere; cp.exec(JSON.stringify(b))",
    "a list that it had": "const a = ['ls']; elsewhere.fill(a); cp.exec(a.join(' '))",
    "a list that a function fills": "const a = []; elsewhere.later((b) => a.push(b)); "
    "cp.exec(a.join(' '))",
    "the only one": "cp.exec(Array(elsewhere.told()).join(' '))",
    "its number": "cp.exec('kill ' + Number(elsewhere.told()))",
    "either of two": "cp.exec(given ? ['ls'].join('') : elsewhere.told())",
    "the environment": "cp.exec('ls ' + process.env.HOME.trim())",
    "names of what it gives": "for (const a in elsewhere.told()) { cp.exec(a); }",
    "where the program runs": "cp.exec(path.resolve('a'))",
}


def met(text: str, language: str = "python") -> tuple[list[str], list[str]]:
    """Of a program with commands: the rules of what is found, and the harm that is ruled out."""
    found = look(parse(text, language, budget_seconds=5), Budget(seconds=5))
    assert not found.notices
    kinds = [kind for _, kind in found.cleared if kind == "CWE-78"]
    return [each.rule for each in found.findings if each.cwe == "CWE-78"], kinds


@pytest.mark.parametrize("line", MADE_OF_CONSTANTS.values(), ids=MADE_OF_CONSTANTS)
def test_what_is_made_of_constants_can_do_no_harm(line: str) -> None:
    """Whatever the language's own functions and types, and libraries that are known, made of it."""
    assert met(_PYTHON.format(line=line)) == ([], ["CWE-78"])


@pytest.mark.parametrize("line", MAYBE_FROM_ELSEWHERE.values(), ids=MAYBE_FROM_ELSEWHERE)
def test_what_may_come_from_elsewhere_is_never_taken_for_known(line: str) -> None:
    """Libraries, files, the environment, names that others set, functions that others call."""
    assert met(_PYTHON.format(line=line))[1] == []


@pytest.mark.parametrize("line", DATA.values(), ids=DATA)
def test_data_is_found_and_never_taken_for_known(line: str) -> None:
    """A parameter that anybody may fill, in whatever it was put."""
    assert met(_PYTHON.format(line=line)) == (["flow/command-injection"], [])


@pytest.mark.parametrize("text", SET_BY_OTHERS.values(), ids=SET_BY_OTHERS)
def test_what_others_may_have_set_before_is_not_taken_for_known(text: str) -> None:
    """Lists of a module and of an object are there to be filled, by whoever runs in between."""
    assert met(f"import os\n{text}")[1] == []


@pytest.mark.parametrize("line", IN_JAVASCRIPT.values(), ids=IN_JAVASCRIPT)
def test_in_javascript_what_is_made_of_constants_can_do_no_harm(line: str) -> None:
    """The same in another language."""
    assert met(_JAVASCRIPT.format(line=line), "javascript") == ([], ["CWE-78"])


@pytest.mark.parametrize("line", NOT_IN_JAVASCRIPT.values(), ids=NOT_IN_JAVASCRIPT)
def test_in_javascript_what_may_come_from_elsewhere_is_never_taken_for_known(line: str) -> None:
    """The same in another language."""
    assert met(_JAVASCRIPT.format(line=line), "javascript")[1] == []


def test_cleaned_data_and_something_unknown_do_not_vouch_for_each_other() -> None:
    """Either of the two may be what is run."""
    quoted = "a = shlex.quote(given)"
    both = f"{quoted} if number else elsewhere.told()"
    assert met(_PYTHON.format(line=f"{quoted}; os.system('ls ' + a)"))[1] == ["CWE-78"]
    assert met(_PYTHON.format(line=f"{both}; os.system('ls ' + a)"))[1] == []


def test_what_was_cleaned_is_harmless_whatever_it_was() -> None:
    """A library's text too, for the harm that it was cleaned of."""
    line = "os.system('ls ' + shlex.quote(elsewhere.told()))"
    assert met(_PYTHON.format(line=line))[1] == ["CWE-78"]


def test_a_list_of_arguments_is_looked_into() -> None:
    """It is not known because it is a list."""
    assert met(_PYTHON.format(line="os.system(['ls', elsewhere.told()])"))[1] == []
    assert met(_PYTHON.format(line="os.system(['ls', 'a'])"))[1] == ["CWE-78"]


def test_knowledge_of_ones_own_says_what_is_made_of_its_arguments() -> None:
    """As packaged knowledge does."""
    text = (
        'library = "Acme"\ndocs = "Acme handbook, chapter 8"\nlanguage = "python"\n\n'
        '[[pure]]\nnames = ["acme.spelled"]\n'
    )
    program = "import os, acme\n\n\ndef go():\n    os.system(acme.spelled('ls').upper())\n"
    parsed = parse(program, "python", budget_seconds=5)
    own = (KnowledgeFile("acme.toml", text),)
    assert look(parsed, Budget(seconds=5)).cleared == ()
    assert [kind for _, kind in look(parsed, Budget(seconds=5), own=own).cleared] == ["CWE-78"]


def test_a_join_knows_of_where_it_comes_only_what_both_do() -> None:
    """Constants say so by themselves; nothing at all has no say."""
    half = tainted((), frozenset({"xss"}))
    values = [constant("a"), MADE_HERE, UNKNOWN, half, reference(1), NOTHING]
    for one in values:
        for other in values:
            both = join(one, other)
            assert same(both, join(other, one))
            assert both.surely_harmless <= one.surely_harmless | frozenset({"xss"})
            if one is UNKNOWN or other is UNKNOWN:
                assert not both.surely_harmless
            elif half in (one, other):
                assert both.surely_harmless == {"xss"}


def test_what_is_left_out_of_a_join_is_not_known() -> None:
    """Many constants are still made here; of many objects some are forgotten."""
    many = joined(constant(number) for number in range(MOST_CONSTANTS + 1))
    assert many.open
    assert many.surely_harmless == ALL_KINDS
    things = joined(reference(number) for number in range(MOST_TARGETS + 1))
    assert things.open
    assert not things.surely_harmless


def test_a_function_is_not_made_of_constants() -> None:
    """Nobody knows what its text would be."""
    assert met(_PYTHON.format(line="os.system(str(elsewhere.told))"))[1] == []
