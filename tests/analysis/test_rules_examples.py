"""Every rule against its own examples, and the rule set as a whole."""

import re
from re import _constants as kinds  # type: ignore[attr-defined]
from re import _parser as regex_parser  # type: ignore[attr-defined]
from typing import Any

import pytest

from mirador_lsp.analysis import characters, matching
from mirador_lsp.analysis.help_page import PAGE, help_page
from mirador_lsp.analysis.rule_files import ANY, Rule, load_rules
from mirador_lsp.analysis.rules import help_uri, look
from mirador_lsp.core.findings import Severity
from mirador_lsp.syntax.languages import LANGUAGES
from mirador_lsp.syntax.outline import outline_of
from mirador_lsp.syntax.parser import parse
from mirador_lsp.syntax.queries import compile_query

RULES = {rule.id: rule for rule in load_rules()}
CASES = [(rule.id, language) for rule in RULES.values() for language in rule.forms]

_REPEAT = re.compile(r"^@repeat (\d+) (.*)$", re.MULTILINE)


def _expanded(example: str) -> str:
    """An example with its repeated lines written out."""
    return _REPEAT.sub(lambda m: "\n".join([m[2]] * int(m[1])), example)


def _found(rule: Rule, language: str, example: str) -> list[str]:
    parsed = parse(_expanded(example), language, budget_seconds=10)
    analysis = look(parsed, outline_of(parsed), (rule,))
    assert analysis.notices == ()
    for finding in analysis.findings:
        assert finding.rule == f"rules/{rule.id}"
        assert "{" not in finding.message
        assert 0 <= finding.span.start <= finding.span.end <= len(parsed.text)
    return [finding.message for finding in analysis.findings]


def _languages(language: str) -> list[str]:
    return ["", *LANGUAGES] if language == ANY else [language]


@pytest.mark.parametrize(("rule_id", "language"), CASES)
def test_examples_hold(rule_id: str, language: str) -> None:
    """Every positive example is found and no negative one is, in each language of its group."""
    rule = RULES[rule_id]
    for form in rule.forms[language]:
        for each in _languages(language):
            missed = [e for e in form.group.positive if not _found(rule, each, e)]
            wrong = [e for e in form.group.negative if _found(rule, each, e)]
            assert (each, missed, wrong) == (each, [], [])


@pytest.mark.parametrize(("rule_id", "language"), [c for c in CASES if c[1] != ANY])
def test_examples_are_code(rule_id: str, language: str) -> None:
    """A language's examples are not all nonsense in it: at least one of each kind parses."""
    for form in RULES[rule_id].forms[language]:
        for examples in (form.group.positive, form.group.negative):
            assert any(not parse(_expanded(e), language).broken for e in examples), examples


@pytest.mark.parametrize(
    ("language", "query"),
    [
        (language, form.group.query)
        for rule in RULES.values()
        for language, forms in rule.forms.items()
        for form in forms
        if form.group.query
    ],
)
def test_conditions_name_captures_of_the_query(language: str, query: str) -> None:
    """A condition or a message about a capture that no query has would hold always, unseen."""
    compile_query(language, query)
    captures = set(re.findall(r"@([\w.]+)", query))
    for rule in RULES.values():
        for form in rule.forms.get(language, ()):
            if form.group.query == query:
                own = {c.capture for c in form.group.where} | {
                    c.same_as for c in form.where if c.same_as
                }
                assert own <= captures, rule.id
                assert {c.judged for c in form.where} <= {"", *matching.JUDGEMENTS}


def test_every_language_has_rules_of_its_own() -> None:
    """Each of the seventeen languages is named by at least one rule beside those for any text."""
    named = {language for rule in RULES.values() for language in rule.forms}
    assert named == {ANY, *LANGUAGES}


@pytest.mark.parametrize(
    "rule_id",
    [
        *("empty-catch", "hard-coded-secret", "shell-string", "sql-string", "eval-call"),
        *("todo-comment", "deep-nesting", "overlong-function", "hidden-characters"),
    ],
)
def test_the_promised_rules_are_there(rule_id: str) -> None:
    """The rules that users are promised exist and speak of most languages that can have them."""
    languages = set(RULES[rule_id].forms)
    assert ANY in languages or len(languages) >= 7


def test_python_is_left_to_ruff_where_ruff_has_the_rule() -> None:
    """Only rules that ruff lacks, or that are turned off there, look at Python."""
    own = {rule.id for rule in RULES.values() if "python" in rule.forms}
    assert own == {
        *("deep-nesting", "hard-coded-secret", "insecure-random", "overlong-function"),
        *("todo-comment", "unreachable-code"),
    }


def test_open_work_and_taste_are_quiet() -> None:
    """Style rules are never warnings, or every review would shout about taste."""
    loud = [r.id for r in RULES.values() if r.file.lens == "style"]
    assert all(RULES[i].file.severity.rank > Severity.WARNING.rank for i in loud)


def test_the_help_page_is_in_step() -> None:
    """`rules.md` says what the rule files say; `mirador_lsp.analysis.help_page` writes it."""
    assert PAGE.read_text("utf-8") == help_page(load_rules())


def test_every_rule_has_a_place_on_the_help_page() -> None:
    """The address a finding carries names an existing file and a heading in it."""
    page = PAGE.read_text("utf-8")
    for rule_id in RULES:
        address, _, fragment = help_uri(rule_id).partition("#")
        assert address == PAGE.resolve().as_uri()
        assert f"\n## {fragment}\n" in page


def _expressions() -> list[tuple[str, str]]:
    found = [
        ("matching", each.pattern)
        for module in (matching, characters)
        for each in vars(module).values()
        if isinstance(each, re.Pattern)
    ]
    for rule in RULES.values():
        found.append((rule.id, rule.file.narrow))
        for forms in rule.forms.values():
            for form in forms:
                found.append((rule.id, form.group.pattern))
                found += [(rule.id, e) for c in form.where for e in (c.matches, c.lacks)]
    return sorted({each for each in found if each[1]})


def _nested_repeats(tree: Any, *, inside: bool = False) -> bool:
    """Whether an unbounded repetition holds another one, which can take exponential time."""
    for operation, argument in tree:
        repeats = operation in (kinds.MAX_REPEAT, kinds.MIN_REPEAT)
        unbounded = repeats and argument[1] is kinds.MAXREPEAT
        if unbounded and inside:
            return True
        parts = argument if isinstance(argument, tuple | list) else (argument,)
        for part in parts:
            branches = part if isinstance(part, list) else [part]
            for branch in branches:
                if isinstance(branch, regex_parser.SubPattern) and _nested_repeats(
                    branch, inside=inside or unbounded
                ):
                    return True
    return False


def test_the_check_for_nested_repeats_can_fail() -> None:
    """The check knows a classic catastrophic expression, also behind an alternative."""
    assert _nested_repeats(regex_parser.parse(r"(?:a+)+$"))
    assert _nested_repeats(regex_parser.parse(r"x|(?:a|b*)*c"))
    assert not _nested_repeats(regex_parser.parse(r"a+b*(?:c{1,5}){2}"))


@pytest.mark.parametrize(("where", "expression"), _expressions())
def test_expressions_have_no_nested_repeats(where: str, expression: str) -> None:
    """No regular expression of a rule repeats a repetition without bound."""
    assert not _nested_repeats(regex_parser.parse(expression)), where


BOMBS = [
    "a" * 2_000,
    "a" * 1_999 + "!",
    "SELECT " * 285,
    "SELECT a FROM " * 140,
    "select " + "a " * 990,
    "update " + "`" * 1_990,
    "ignore" + " " * 1_990,
    "ignore all of the previous " * 70,
    "'" * 2_000,
    '"\\' * 1_000,
    "a-" * 1_000,
    "http://" * 280,
    "----BEGIN PRIVATE KEY-----" + "\\n" * 900,
    'Command::new("sh")' + " " * 1_900,
    "\u202e" * 2_000,
]


@pytest.mark.parametrize(("where", "expression"), _expressions())
def test_expressions_end_on_texts_built_against_them(where: str, expression: str) -> None:
    """Each expression gets through each hostile text of the length it is ever shown."""
    compiled = re.compile(expression)
    for bomb in BOMBS:
        assert sum(1 for _ in compiled.finditer(bomb)) <= len(bomb) + 1, where
