"""Model servers that the user names."""

from pathlib import Path

import pytest

from mirador_lsp.core.servers import ModelServer
from mirador_lsp.settings import Layer, resolve

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
        ({"kind": "gemini"}, 'servers[1].kind must be "ollama" or'),
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
