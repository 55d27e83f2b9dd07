"""Rules by path in settings files."""

from pathlib import Path

import pytest

from fakes.folders import own_folders
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.findings import Lens, Severity
from mirador_lsp.settings import Layer, load_settings, resolve, review_policy
from mirador_lsp.settings.settings import RuleSettings


def one(rules: object, **facts: object) -> tuple[tuple[RuleSettings, ...], list[str]]:
    """The rules of one source, and its problems as lines."""
    layer = Layer("file", {"rules": rules}, base=Path("/base"), **facts)  # type: ignore[arg-type]
    settings, problems = resolve([layer])
    return settings.rules, [problem.sentence() for problem in problems]


def test_severities_are_a_table_or_a_list() -> None:
    """Both say the same."""
    for said in ({"ruff/T201": "hint"}, ["ruff/T201=hint"]):
        rules, problems = one([{"path": "tests/**", "severity": said}])
        assert problems == []
        assert rules == (RuleSettings(path="tests/**", severity=("ruff/T201=hint",)),)


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ({"path": "a", "severity": {"x": "grave"}}, "rules[1].severity must be of the form"),
        ({"path": "a", "severity": {"x": 7}}, "rules[1].severity must be of the form"),
        ({"path": "a", "severity": {"x": {"y": "z"}}}, "rules[1].severity must be of the form"),
        ({"path": "a", "ignore": ["a b"]}, "rules[1].ignore must be of the form"),
        ({"path": "a", "ignore": ["*a"]}, "rules[1].ignore must be of the form"),
        ({"path": "a", "lenses": ["beauty"]}, "rules[1].lenses must be a list of"),
        ({"path": "a", "hide": True}, "rules[1].hide is not one of"),
        ({"path": "a", "ignore": {"x": "y"}}, "rules[1].ignore must be a list of text"),
        ({"ignore": ["x"]}, "rules[1].path is missing"),
        ({"path": ""}, "rules[1].path must not be empty"),
    ],
)
def test_a_rule_with_a_mistake_changes_nothing(rule: dict[str, object], why: str) -> None:
    """It is told, with what is to be done."""
    rules, (problem,) = one([rule])
    assert rules == ()
    assert why in problem
    assert "until then it changes nothing" in problem


def test_the_rules_of_all_sources_hold_the_stronger_later() -> None:
    """None replaces another: they may speak of the same path."""
    weak = Layer("yours", {"rules": [{"path": "a", "ignore": ["x"]}]})
    strong = Layer("theirs", {"rules": [{"path": "a", "ignore": ["y"]}] * 2})
    settings, problems = resolve([weak, strong])
    assert [rule.ignore for rule in settings.rules] == [("x",), ("y",), ("y",)]
    assert problems == ()


def test_rules_of_an_untrusted_workspace_hold_and_are_told(tmp_path: Path) -> None:
    """They are marked, so that they cannot hide what is found about security."""
    (tmp_path / ".mirador.toml").write_text('[[rules]]\npath = "*"\nignore = ["*"]\n')
    loaded = load_settings(workspace=tmp_path, env=own_folders(tmp_path / ".own"))
    (rule,) = loaded.settings.rules
    assert not rule.trusted
    (problem,) = loaded.problems
    assert "makes this review look at less: rules" in problem.sentence()


def test_a_policy_has_rules_that_begin_at_the_workspace(tmp_path: Path) -> None:
    """Files elsewhere are not meant by a path of the workspace's."""
    (tmp_path / ".mirador.toml").write_text(
        '[[rules]]\npath = "src/*.py"\nlenses = ["bug"]\nseverity = {x = "error"}\n'
    )
    loaded = load_settings(workspace=tmp_path, env=own_folders(tmp_path / ".own"))
    (rule,) = review_policy(loaded.settings).rules
    assert (rule.lenses, rule.severity) == ((Lens.BUG,), (("x", Severity.ERROR),))

    def covers(path: Path) -> bool:
        return rule.covers(Snapshot(path.as_uri(), "x", "python", "", path=str(path)))

    assert covers(tmp_path / "src/a.py")
    assert not covers(tmp_path / "a.py")
    assert not covers(tmp_path.parent / "src/a.py")
