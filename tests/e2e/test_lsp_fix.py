"""Changing code in an editor, end to end: the real server and analyzers, a scripted model."""

import asyncio

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.protocol import default_converter

from fakes.applying import applied
from fakes.author import Author
from fakes.session import RecordingClient, Workspace, eventually

SWALLOW = """\
import json


def load(path):
    try:
        with open(path) as file:
            return json.load(file)
    except Exception:
        pass


def name(path):
    return f"nothing"
"""
MENDED = SWALLOW.replace(
    "    except Exception:\n        pass\n",
    "    except Exception as error:\n        raise ValueError(path) from error\n",
)
WRITTEN = MENDED[MENDED.index("def load") : MENDED.index("\n\ndef name")]
REPLY = f"""
[[reply]]
question = "Rewrite the whole"
text = '''```python
{WRITTEN}```
'''
"""
DESCRIBED = """
[[reply]]
question = "[Dd]oc"
text = "Tells its name."
hold = "go"
"""
HELD = f'{REPLY}hold = "go"\n'


@pytest.fixture
def workspace(workspace: Workspace) -> Workspace:
    """A workspace whose model is asked for nothing but what the test asks for."""
    workspace.env["MIRADOR_SERVER_EXPLAIN_AHEAD"] = "false"
    return workspace


async def author(client: RecordingClient, workspace: Workspace) -> Author:
    """An author whose file was reviewed, by a model that finds nothing."""
    made = Author(client, workspace.write("load.py", SWALLOW), SWALLOW)
    await eventually(lambda: made.shows("ruff/S110") and made.shows("ruff/F541"))
    await eventually(lambda: any("2 shown" in m.message for m in client.log_messages))
    return made


async def test_a_fix_is_offered_chosen_checked_and_applied(
    client: RecordingClient, workspace: Workspace
) -> None:
    """From the light bulb to the changed text; the review after the next save agrees."""
    workspace.script(REPLY)
    editor = await author(client, workspace)
    (fix, *_) = await editor.actions(editor.shows("ruff/S110"), ["quickfix"])

    answer = await editor.run(fix.command)

    assert answer["state"] == "applied", answer
    assert answer["rungs"][-1] == "clean"
    assert answer["title"].endswith("(parses, lints clean)")
    assert editor.text == MENDED
    assert len(editor.edits) == 1
    editor.save()
    await eventually(lambda: editor.shows("ruff/F541") and not editor.shows("ruff/S110"))


@pytest.mark.parametrize("late", [False, True], ids=["told-at-once", "told-late"])
async def test_a_fix_moves_along_with_what_is_typed_elsewhere(
    client: RecordingClient, workspace: Workspace, late: bool
) -> None:
    """Above and below the code in question, while the model writes: the fix is checked on the new
    text and made, without asking the model again; also where the client tells late what was typed,
    and first refuses an edit for a text that it no longer has.
    """
    workspace.script(HELD)
    editor = await author(client, workspace)
    (fix, *_) = await editor.actions(editor.shows("ruff/S110"), ["quickfix"])
    before = workspace.journal().count("started")
    async with asyncio.TaskGroup() as group:
        fixing = group.create_task(editor.run(fix.command))
        await eventually(lambda: workspace.journal().count("started") > before)
        asked = workspace.journal().count("started")
        editor.change(f"# Reads settings.\n{SWALLOW}\n\nCENT = 100\n", late=late)
        (workspace.folder / "go").touch()
    answer = fixing.result()

    assert answer["state"] == "applied", answer
    assert answer["rungs"][-1] == "clean"
    assert editor.text == f"# Reads settings.\n{MENDED}\n\nCENT = 100\n"
    assert editor.refused == late
    assert workspace.journal().count("started") == asked


async def test_a_fix_of_code_that_was_edited_meanwhile_is_not_made_and_that_is_said(
    client: RecordingClient, workspace: Workspace
) -> None:
    """One sentence with what to do, in a message and in the answer."""
    workspace.script(HELD)
    editor = await author(client, workspace)
    (fix, *_) = await editor.actions(editor.shows("ruff/S110"), ["quickfix"])
    before = workspace.journal().count("started")
    mine = SWALLOW.replace("        pass\n", "        return None\n")
    async with asyncio.TaskGroup() as group:
        fixing = group.create_task(editor.run(fix.command))
        await eventually(lambda: workspace.journal().count("started") > before)
        editor.change(mine)
        (workspace.folder / "go").touch()
    answer = fixing.result()

    assert answer["state"] == "notOffered", answer
    assert editor.text == mine
    said = [m.message for m in client.messages if "edited meanwhile" in m.message]
    assert len(said) == 1
    assert said[0].endswith("Ask again.")


@pytest.mark.parametrize("own", [False, True], ids=["elsewhere", "the-function"])
async def test_a_doc_comment_is_for_the_function_as_it_is(
    client: RecordingClient, workspace: Workspace, own: bool
) -> None:
    """What is typed elsewhere moves it along; a function that was edited is described once more."""
    workspace.script(DESCRIBED)
    editor = await author(client, workspace)
    before = workspace.journal().count("started")
    at = {"line": SWALLOW[: SWALLOW.index("def name")].count("\n"), "character": 4}
    about = [{"uri": editor.uri, "position": at}]
    document = types.Command("", "mirador.document", arguments=about)
    mine = SWALLOW.replace("import json\n", "# Mine.\nimport json\n") + "\n\nCENT = 100\n"
    if own:
        mine = mine.replace("def name(path):", "def name(path, more=1):")
    async with asyncio.TaskGroup() as group:
        documenting = group.create_task(editor.run(document))
        await eventually(lambda: workspace.journal().count("started") > before)
        editor.change(mine)
        (workspace.folder / "go").touch()
    answer = documenting.result()

    assert answer["state"] == "applied", answer
    assert editor.text.replace('    """Tells its name."""\n', "") == mine
    assert '"""Tells its name."""' in editor.text
    assert workspace.journal().count("started") == before + 1 + own


async def test_cancelling_a_fix_stops_the_model(
    client: RecordingClient, workspace: Workspace
) -> None:
    """The model is told, not merely ignored; nothing is edited."""
    workspace.script(HELD)
    editor = await author(client, workspace)
    (fix, *_) = await editor.actions(editor.shows("ruff/S110"), ["quickfix"])
    assert fix.command is not None
    before = workspace.journal().count("started")
    params = types.ExecuteCommandParams(fix.command.command, fix.command.arguments)
    asked = client.protocol.send_request(types.WORKSPACE_EXECUTE_COMMAND, params, msg_id="the-fix")
    await eventually(lambda: workspace.journal().count("started") > before)

    client.cancel_request(types.CancelParams(id="the-fix"))

    with pytest.raises(JsonRpcException) as error:
        await asyncio.wrap_future(asked)
    assert error.value.code == -32800
    await eventually(lambda: "cancelled" in workspace.journal())
    assert editor.text == SWALLOW
    assert editor.edits == []


async def test_ready_fixes_come_with_the_action_or_when_it_is_resolved(
    client: RecordingClient, workspace: Workspace
) -> None:
    """No model is asked; alone and all together they lead to the same text."""
    editor = await author(client, workspace)
    before = workspace.journal()
    found = editor.shows("ruff/F541")
    (fix, *_) = await editor.actions(found, ["quickfix"])
    (every,) = await editor.actions(found, ["source.fixAll"])

    edits = []
    for action in (fix, every):
        if action.edit is None:
            action = await client.code_action_resolve_async(action)  # noqa: PLW2901
        assert action.edit is not None
        edits.append(action.edit)
    wires = [default_converter().unstructure(edit) for edit in edits]
    texts = [applied(wire, {editor.uri: SWALLOW})[editor.uri] for wire in wires]

    assert texts == [SWALLOW.replace('f"', '"')] * 2
    assert workspace.journal() == before


async def test_a_suppressed_finding_is_not_shown_again(
    client: RecordingClient, workspace: Workspace
) -> None:
    """The comment goes into the code by one edit, and the next review honours it."""
    editor = await author(client, workspace)
    offered = await editor.actions(editor.shows("ruff/F541"))
    (suppress,) = [a for a in offered if a.title == "Suppress ruff/F541 with a comment"]

    answer = await editor.run(suppress.command)

    assert answer["state"] == "applied", answer
    assert 'return f"nothing"  # mirador: ignore[ruff/F541]\n' in editor.text
    editor.save()
    await eventually(lambda: editor.shows("ruff/S110") and not editor.shows("ruff/F541"))
