"""Where the index of a team is, is the user's own to say."""

import tomllib
from pathlib import Path

import pytest

from mirador_lsp.settings import Settings, load_settings
from mirador_lsp.settings.keys import keys
from mirador_lsp.settings.load import workspace_layer
from mirador_lsp.settings.resolve import Form, Layer, resolve
from mirador_lsp.settings.trust import TrustStore

SAID = """
[index]
shared = "/srv/vectors"
embedder = "box/model"
rerank = "box/ranker"

[index.team]
url = "https://vectors.example.org"
key_env = "TEAM_KEY"
key_file = "team.key"
tenant = "team"
database = "code"
share = false
"""


def test_the_users_own_file_names_the_server(tmp_path: Path) -> None:
    """Every part of it counts, and a relative key file lies beside the settings."""
    layer = Layer("yours", tomllib.loads(SAID), base=tmp_path)
    settings, problems = resolve([layer])
    assert problems == ()
    team = settings.index.team
    assert (team.url, team.key_env) == ("https://vectors.example.org", "TEAM_KEY")
    assert team.key_file == str(tmp_path / "team.key")
    assert (team.tenant, team.database, team.share) == ("team", "code", False)
    assert settings.index.shared == "/srv/vectors"
    assert settings.index.rerank == "box/ranker"


@pytest.mark.parametrize("trusted", [False, True])
def test_a_workspace_never_names_it(tmp_path: Path, trusted: bool) -> None:
    """Not even one that the user trusts; each part is reported."""
    file = tmp_path / ".mirador.toml"
    file.write_text(SAID, encoding="utf-8")
    store = TrustStore(tmp_path / "trust")
    if trusted:
        store.trust(file, file.read_bytes())
    layer = workspace_layer(file, store)
    assert layer.trusted is trusted
    settings, problems = resolve([layer])
    assert settings == Settings()
    every = [key.name for key in keys().values() if key.option.own]
    own = [name for name in every if name.startswith("index.")]
    assert len(own) == 9
    for name in own:
        assert any(f"{name} is ignored" in problem.sentence() for problem in problems)


def test_an_editor_names_it_only_where_it_vouches(tmp_path: Path) -> None:
    """One that does not say whose settings it passes on is not believed."""
    editor = tomllib.loads(SAID)
    env = {"MIRADOR_CONFIG_DIR": str(tmp_path), "HOME": str(tmp_path)}
    doubtful = load_settings(workspace=tmp_path, editor=editor, env=env)
    assert doubtful.settings.index == Settings().index
    assert any("index.team.url is ignored" in each.sentence() for each in doubtful.problems)
    vouched = load_settings(workspace=tmp_path, editor=editor, editor_vouches=True, env=env)
    assert vouched.settings.index.team.url == "https://vectors.example.org"


def test_the_environment_names_it() -> None:
    """It is the user's."""
    values = {"index": {"team": {"url": "http://127.0.0.1:8000", "share": "no"}}}
    settings, problems = resolve([Layer("the environment", values, Form.TEXT)])
    assert problems == ()
    assert settings.index.team.url == "http://127.0.0.1:8000"
    assert not settings.index.team.share
