"""What the plugins say of our messages and commands is what the server says."""

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

from mirador_lsp import __version__
from mirador_lsp.server import extensions
from mirador_lsp.server.features.commands import COMMANDS

EDITORS = Path(__file__).parents[2] / "editors"
MIRROR = (EDITORS / "vscode/src/protocol.ts").read_text("utf-8")
MANIFEST = json.loads((EDITORS / "vscode/package.json").read_text("utf-8"))
LUA = "".join(path.read_text("utf-8") for path in sorted((EDITORS / "nvim").rglob("*.lua")))
OURS = {
    "mirador.acceptPreview",
    "mirador.chooseInterpreter",
    "mirador.discardPreview",
    "mirador.makeEnvironment",
    "mirador.menu",
    "mirador.previewFix",
    "mirador.pullModel",
    "mirador.removeEnvironment",
    "mirador.restartServer",
    "mirador.search",
    "mirador.showLog",
    "mirador.showMetrics",
    "mirador.showPanel",
    "mirador.showWalkthrough",
    "mirador.switchProfile",
    "mirador.thread.accept",
    "mirador.thread.dismiss",
    "mirador.thread.explain",
    "mirador.thread.helpful",
}
"""Commands of the VS Code extension itself."""
UNLISTED = {"mirador.showFindings"}
"""Only lenses call it."""


def interface(name: str) -> set[str]:
    """The fields of an interface of the mirror."""
    found = re.search(rf"interface {name}[^{{]*{{(.*?)\n}}", MIRROR, re.DOTALL)
    assert found is not None, name
    return set(re.findall(r"^  (\w+)\??:", found[1], re.MULTILINE))


def part(kind: str) -> set[str]:
    """The fields of one of the parts of an answer."""
    found = re.search(rf'{{ (kind: "{kind}";[^}}]*) }}', MIRROR)
    assert found is not None, kind
    return set(re.findall(r"(\w+):", found[1]))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Status", extensions.Status),
        ("AnswerResult", extensions.Answered),
        ("SearchHit", extensions.SearchHit),
        ("SearchResult", extensions.SearchResult),
    ],
)
def test_messages_have_the_same_fields(name: str, message: type) -> None:
    """A field that is new, gone or named otherwise shows here and not at a user's."""
    assert interface(name) == {field.name for field in fields(message)}


@pytest.mark.parametrize(
    "message",
    [
        extensions.StagePart,
        extensions.TextPart,
        extensions.AnswerPart,
        extensions.NoticePart,
    ],
)
def test_parts_of_answers_have_the_same_fields(message: type) -> None:
    """The same for what comes while an answer is made."""
    (kind,) = [field.default for field in fields(message) if field.name == "kind"]

    assert part(str(kind)) == {field.name for field in fields(message)}


@pytest.mark.parametrize(
    "method",
    [
        extensions.STATUS,
        extensions.EXPLAIN,
        extensions.ASK,
        extensions.CHECK_DIAGNOSTICS,
        extensions.SEARCH,
    ],
)
def test_both_plugins_name_every_message(method: str) -> None:
    """A method that only one side knows is a feature that silently does nothing."""
    assert f'"{method}"' in MIRROR
    assert f"'{method}'" in LUA


def test_vscode_lists_every_command() -> None:
    """Whatever the server can do, a user can find in the palette."""
    listed = {command["command"] for command in MANIFEST["contributes"]["commands"]}

    assert listed == set(COMMANDS) - UNLISTED | OURS


def test_the_extension_has_the_version_of_the_server() -> None:
    """They are released together."""
    assert MANIFEST["version"] == __version__
