"""Model servers that the user names."""

from pathlib import Path

import pytest

from mirador_lsp.core.servers import ModelServer
from mirador_lsp.settings import Layer, resolve
from mirador_lsp.settings.resolve import Form

WHOLE = {"name": "lab", "kind": "ollama", "url": "http://10.0.0.2:11434"}


def one(servers: object, **facts: object) -> tuple[tuple[ModelServer, ...], list[str]]:
    """The servers of one source, and its problems as lines."""
    layer = Layer("file", {"servers": servers}, base=Path("/base"), **facts)  # type: ignore[arg-type]
    settings, problems = resolve([layer])
    return settings.servers, [problem.sentence() for problem in problems]


def test_a_server_needs_a_name_a_kind_and_an_address() -> None:
    """The rest has defaults; nothing but the machine named is allowed."""
    servers, sentences = one([WHOLE])
    assert sentences == []
    assert servers == (ModelServer(**WHOLE),)
    assert not servers[0].allow_cloud


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"kind": "mistral"}, "servers[1].kind must be"),
        ({"url": "10.0.0.2:11434"}, "servers[1].url must be of the form"),
        ({"slots": 0}, "servers[1].slots must be a whole number"),
        ({"pins": ["coder"]}, "servers[1].pins"),
        ({"keep_alive": "for ever"}, "servers[1].keep_alive must be of the form"),
        ({"key": "sk-1"}, "servers[1].key is not one of"),
        ({"name": None}, "servers[1].name is missing"),
    ],
)
def test_a_server_with_a_mistake_is_not_asked(change: dict[str, object], sentence: str) -> None:
    """A mistake costs the whole server: half an address is nowhere to send code to."""
    servers, sentences = one([WHOLE | change])
    assert servers == ()
    assert sentence in sentences[0]
    assert "not asked" in sentences[0]


def test_an_untrusted_workspace_names_no_server() -> None:
    """Where code goes is the user's to say."""
    servers, sentences = one([WHOLE], refusal="Trust it first.")
    assert servers == ()
    assert sentences == ["file: servers is ignored. Trust it first."]


SERVICE = {"name": "google", "kind": "gemini", "url": "https://g.example", "key_env": "G"}


@pytest.mark.parametrize(
    "layer",
    [
        Layer("work", {"servers": [SERVICE]}, trusted=True),
        Layer("work", {"servers": [SERVICE]}, foreign=True),
        Layer("work", {"servers": [SERVICE]}, foreign=True, refusal="Trust it first."),
        Layer("editor", {"servers": [SERVICE]}, Form.EDITOR),
    ],
    ids=["trusted workspace", "workspace", "refused workspace", "editor"],
)
def test_only_the_users_own_file_names_a_service_of_others(layer: Layer) -> None:
    """However far a workspace is trusted: what it names is ignored, and that is told. What the user
    named stays.
    """
    settings, (told,) = resolve([layer])
    assert settings.servers == ()
    assert "ignored" in told.sentence()
    own = Layer("file", {"servers": [SERVICE | {"models": ["flash"]}]})
    settings, _ = resolve([own, layer])
    assert [(one.name, one.models) for one in settings.servers] == [("google", ("flash",))]


def test_other_servers_of_a_trusted_workspace_count() -> None:
    """Only the service is left out."""
    layer = Layer("work", {"servers": [SERVICE, WHOLE]}, trusted=True)
    settings, (told,) = resolve([layer])
    assert [one.name for one in settings.servers] == ["lab"]
    assert 'servers.google is of kind "gemini" and is ignored' in told.sentence()
    assert told.sentence().endswith("Name it in your own settings file.")
