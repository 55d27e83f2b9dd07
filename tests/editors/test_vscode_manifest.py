"""The manifest of the VS Code extension: what it promises is there, and nothing is left unsaid."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mirador_lsp.settings.keys import keys

FOLDER = Path(__file__).parents[2] / "editors/vscode"
MANIFEST = json.loads((FOLDER / "package.json").read_text("utf-8"))
CONTRIBUTED = MANIFEST["contributes"]
COMMANDS = {command["command"] for command in CONTRIBUTED["commands"]}
SOURCES = "".join(path.read_text("utf-8") for path in sorted((FOLDER / "src").rglob("*.ts")))
SETTINGS: dict[str, Any] = {
    name: fact
    for section in CONTRIBUTED["configuration"]
    for name, fact in section["properties"].items()
}


def used() -> Iterator[str]:
    """Every command of ours that a menu, a key or a first step runs."""
    for entries in CONTRIBUTED["menus"].values():
        yield from (entry["command"] for entry in entries if "command" in entry)
    yield from (key["command"] for key in CONTRIBUTED["keybindings"])
    for step in CONTRIBUTED["walkthroughs"][0]["steps"]:
        yield from re.findall(r"\(command:(mirador\.[\w.]+)", step["description"])
        yield from (
            event.removeprefix("onCommand:")
            for event in step["completionEvents"]
            if event.startswith("onCommand:")
        )


def test_every_command_that_is_used_is_listed() -> None:
    """A menu entry without its command is a dead button."""
    assert set(used()) - COMMANDS == set()


def test_every_first_step_has_its_page_and_an_event_that_the_code_fires() -> None:
    """A step that nothing checks off stays open for ever."""
    for step in CONTRIBUTED["walkthroughs"][0]["steps"]:
        assert (FOLDER / step["media"]["markdown"]).is_file(), step["id"]
        assert step["completionEvents"], step["id"]
        for event in step["completionEvents"]:
            kind, _, name = event.partition(":")
            assert kind in {"onCommand", "onContext"}
            assert f'"{name}"' in SOURCES, event


def test_every_setting_is_described_and_scoped() -> None:
    """What the settings page shows without a description nobody can choose."""
    for name, fact in SETTINGS.items():
        assert fact.get("markdownDescription"), name
        assert fact.get("scope") in {"machine", "window"}, name
        assert "default" in fact, name


def test_every_setting_of_the_server_is_offered() -> None:
    """None is left for the settings file alone."""
    assert {f"mirador.{key.name}" for key in keys().values()} <= SETTINGS.keys()


def test_an_untrusted_workspace_chooses_no_program_and_no_host() -> None:
    """Whatever the server restricts, and what starts the server, the manifest restricts too."""
    trust = MANIFEST["capabilities"]["untrustedWorkspaces"]
    ours = set(CONTRIBUTED["configuration"][0]["properties"])
    theirs = {f"mirador.{key.name}" for key in keys().values() if key.option.restricted}

    assert trust["supported"] == "limited"
    assert ours | theirs | {"mirador.actions"} <= set(trust["restrictedConfigurations"])
    programs = {"mirador.path", "mirador.interpreter", "mirador.environment"}
    assert {name: SETTINGS[name]["scope"] for name in programs} == dict.fromkeys(
        programs, "machine"
    )
