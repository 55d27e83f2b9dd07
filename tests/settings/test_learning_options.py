"""What may be learned is the user's alone to say."""

from pathlib import Path

import pytest

from mirador_lsp.core.errors import UserError
from mirador_lsp.settings import Layer, Settings, resolve
from mirador_lsp.settings.own_file import allow_security
from mirador_lsp.settings.policies import learning_of


def test_no_workspace_can_have_security_findings_withheld() -> None:
    """However far the user trusts it; their own file can."""
    said = {"learning": {"security_rules": ["ruff/S101"], "enabled": False, "fix_examples": 0}}
    for trusted in (False, True):
        layer = Layer("the workspace", said, trusted=trusted, foreign=not trusted)
        settings, problems = resolve([layer])
        assert (learning_of(settings), len(problems)) == (learning_of(Settings()), 3)

    settings, problems = resolve([Layer("your file", said)])
    learning = learning_of(settings)
    assert not problems
    assert (learning.enabled, learning.security_rules) == (False, frozenset({"ruff/S101"}))


def test_a_rule_is_allowed_and_forbidden_again_in_the_users_file(tmp_path: Path) -> None:
    """What else stands there stays as it is; a file that cannot be edited is told."""
    file = tmp_path / "config.toml"
    file.write_text("# mine\n[review]\ngate = 0.5\n")
    allow_security(file, "ruff/S101", allowed=True)
    allow_security(file, "ruff/S105", allowed=True)
    allow_security(file, "ruff/S101", allowed=True)
    text = file.read_text()
    assert text.startswith("# mine\n[review]\ngate = 0.5\n")
    assert 'security_rules = ["ruff/S105", "ruff/S101"]' in text

    allow_security(file, "ruff/S101", allowed=False)
    assert 'security_rules = ["ruff/S105"]' in file.read_text()

    file.write_text("learning = 1\n")
    with pytest.raises(UserError):
        allow_security(file, "ruff/S101", allowed=True)
