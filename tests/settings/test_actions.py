"""Actions of the user's own, and the prompt files they name."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from mirador_lsp.core.errors import UserError
from mirador_lsp.settings import (
    ActionSettings,
    Form,
    Layer,
    Settings,
    load_settings,
    read_prompt,
    resolve,
)
from mirador_lsp.settings.load import WORKSPACE_FILE
from mirador_lsp.settings.trust import TrustStore

WHOLE = {"name": "sum-up", "title": "Sum up", "prompt": "sum.md"}
MANY = [{**WHOLE, "name": f"a{n}"} for n in range(33)]


def one(actions: object, **facts: object) -> tuple[tuple[ActionSettings, ...], list[str]]:
    """The actions of one source, and its problems as lines."""
    layer = Layer("file", {"actions": actions}, base=Path("/base"), **facts)  # type: ignore[arg-type]
    settings, problems = resolve([layer])
    return settings.actions, [problem.sentence() for problem in problems]


def test_an_action_needs_a_name_a_title_and_a_prompt_and_may_edit_nothing() -> None:
    """What is not said has the narrowest meaning; the prompt lies beside the settings file."""
    actions, sentences = one([WHOLE])
    assert sentences == []
    assert actions == (ActionSettings(name="sum-up", title="Sum up", prompt="/base/sum.md"),)
    assert actions[0].edits == "nothing"
    assert actions[0].is_for("python")


def test_an_action_may_be_for_some_languages() -> None:
    """It is not offered elsewhere."""
    actions, sentences = one([{**WHOLE, "languages": ["c++", "python"], "edits": "file"}])
    assert sentences == []
    assert [actions[0].is_for(name) for name in ("c++", "python", "go")] == [True, True, False]


@pytest.mark.parametrize(
    ("actions", "sentence"),
    [
        (WHOLE, "file: actions must be a list of tables. Write each one under [[actions]]."),
        ("sum-up", "actions must be a list of tables"),
        (["sum-up"], "file: actions[1] must be a table. Correct it; until then"),
        ([{**WHOLE, "name": "Sum up"}], "actions[1].name must be of the form [a-z0-9-]{1,40}, not"),
        ([{**WHOLE, "name": "a\n"}], "actions[1].name holds control"),
        ([{**WHOLE, "name": ""}], "actions[1].name must be of the form"),
        ([{**WHOLE, "name": 3}], "actions[1].name must be text, not 3"),
        ([{**WHOLE, "title": " "}], "actions[1].title must not be empty"),
        ([{**WHOLE, "title": "x" * 81}], "actions[1].title is longer than 80 characters"),
        ([{**WHOLE, "title": "a\u202eb"}], "invisible characters"),
        ([{**WHOLE, "prompt": ""}], "actions[1].prompt must not be empty"),
        ([{**WHOLE, "edits": "project"}], 'or "file", not "project"'),
        ([{**WHOLE, "languages": "python"}], "actions[1].languages must be a list of text"),
        ([{**WHOLE, "languages": ["a b"]}], "actions[1].languages must be of the form"),
        ([{**WHOLE, "model": "x"}], "actions[1].model is not one of name, title, prompt,"),
        ([{**WHOLE, "\x1b[31m": "x"}], "actions[1].[31m is not one of"),
        ([{"name": "a", "title": "b"}], "actions[1].prompt is missing"),
    ],
)
def test_an_action_that_cannot_be_is_told_and_not_offered(actions: object, sentence: str) -> None:
    """An action is all right or it is not there; one sentence says why."""
    found, sentences = one(actions)
    assert found == ()
    assert len(sentences) == 1
    assert sentence in sentences[0]


def test_a_name_counts_once_in_a_source() -> None:
    """The first of two namesakes stays; a right one beside a wrong one stays."""
    actions, sentences = one([WHOLE, {**WHOLE, "title": "Other"}, {}, {**WHOLE, "name": "b"}])
    assert [(action.name, action.title) for action in actions] == [
        ("sum-up", "Sum up"),
        ("b", "Sum up"),
    ]
    assert 'actions[2].name says "sum-up", as another one does' in sentences[0]
    assert len(sentences) == 4


def test_more_actions_than_a_menu_can_hold_are_cut_and_told() -> None:
    """The first 32 of a source are offered."""
    actions, sentences = one(MANY)
    assert [action.name for action in actions] == [f"a{n}" for n in range(32)]
    assert "actions may hold 32 at most" in sentences[0]


def test_a_stronger_source_replaces_namesakes_and_adds_its_own() -> None:
    """Sources are laid over each other action by action."""
    mine: Mapping[str, object] = {"actions": [{**WHOLE, "name": "a"}, {**WHOLE, "name": "b"}]}
    theirs: Mapping[str, object] = {
        "actions": [{**WHOLE, "name": "c"}, {**WHOLE, "name": "a", "title": "New", "edits": None}]
    }
    settings, problems = resolve(
        [Layer("mine", mine, base=Path("/a")), Layer("theirs", theirs, Form.EDITOR, Path("/b"))]
    )
    assert problems == ()
    assert [(a.name, a.title, a.prompt) for a in settings.actions] == [
        ("a", "New", "/b/sum.md"),
        ("b", "Sum up", "/a/sum.md"),
        ("c", "Sum up", "/b/sum.md"),
    ]


def test_a_refused_source_has_no_actions() -> None:
    """They tell a model what to do: restricted as a whole."""
    actions, sentences = one([WHOLE], refusal="Say mirador trust.")
    assert actions == ()
    assert sentences == ["file: actions is ignored. Say mirador trust."]


def test_actions_of_a_workspace_count_once_it_is_trusted(tmp_path: Path) -> None:
    """`mirador trust` lets them in, and whoever asks is told that the workspace is trusted."""
    env = {f"MIRADOR_{n}_DIR": str(tmp_path / n) for n in ("CONFIG", "CACHE", "STATE", "RUNTIME")}
    workspace = tmp_path / "ws"
    workspace.mkdir()
    file = workspace / WORKSPACE_FILE
    tests = '[fix]\ntests = ["make", "-s", "-s"]\n'
    file.write_text(tests + '[[actions]]\nname = "a"\ntitle = "A"\nprompt = "p/a.md"\n')
    refused = load_settings(workspace=workspace, env=env)
    assert (refused.settings, refused.trusted) == (Settings(), False)
    assert [problem.key for problem in refused.problems] == ["fix.tests", "actions"]
    TrustStore(refused.paths.trust).trust(file, file.read_bytes())
    loaded = load_settings(workspace=workspace, env=env)
    assert (loaded.problems, loaded.trusted) == ((), True)
    assert loaded.settings.fix.tests == ("make", "-s", "-s")
    assert loaded.settings.actions[0].prompt == str(workspace / "p" / "a.md")


def test_a_workspace_without_a_settings_file_is_not_trusted(tmp_path: Path) -> None:
    """Nobody has read anything there."""
    env = {f"MIRADOR_{n}_DIR": str(tmp_path / n) for n in ("CONFIG", "CACHE", "STATE", "RUNTIME")}
    assert load_settings(workspace=tmp_path, env=env).trusted is False


def action(path: Path) -> ActionSettings:
    """An action whose prompt file is `path`."""
    return ActionSettings(name="a", title="Sum up", prompt=str(path))


def test_a_prompt_is_read_when_it_is_used(tmp_path: Path) -> None:
    """An edit of the file takes effect at once; what nobody can see is left out."""
    file = tmp_path / "sum.md"
    file.write_bytes(b"\xef\xbb\xbfSum it up.\r\nBrief\xe2\x80\x8bly.\n\n")
    assert read_prompt(action(file)) == "Sum it up.\nBriefly."
    file.write_text("Say more.", encoding="utf-8")
    assert read_prompt(action(file)) == "Say more."


@pytest.mark.parametrize(
    ("make", "part"),
    [
        (lambda path: None, "is not there. Write it"),
        (lambda path: path.mkdir(), "is not a regular file"),
        (os.mkfifo, "is not a regular file"),
        (lambda path: path.write_bytes(b" \n"), "is empty"),
        (lambda path: path.write_bytes(b"\xff"), "is not UTF-8"),
        (lambda path: path.write_bytes(b"x" * 16385), "is larger than 16 KiB"),
    ],
)
def test_a_prompt_that_cannot_be_read_is_one_sentence(
    tmp_path: Path, make: Callable[[Path], object], part: str
) -> None:
    """The file and the action are named, and what to do about it."""
    file = tmp_path / "sum.md"
    make(file)
    with pytest.raises(UserError) as caught:
        read_prompt(action(file))
    assert part in caught.value.sentence()
    assert '"Sum up"' in caught.value.sentence()
    assert caught.value.remedy


def test_a_prompt_of_the_longest_length_is_read(tmp_path: Path) -> None:
    """The bound is inclusive."""
    file = tmp_path / "sum.md"
    file.write_bytes(b"x" * 16384)
    assert len(read_prompt(action(file))) == 16384
