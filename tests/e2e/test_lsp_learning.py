"""A user who dismisses one kind of finding and accepts another: later reviews follow at once."""

import asyncio
import json
import os
import sys
from typing import Any

import pytest
from lsprotocol import types

from fakes.author import Author
from fakes.session import RecordingClient, Workspace, eventually

NAMES = ("load", "keep", "drop", "find", "send", "last")
AMBIGUOUS, COMPARED, PLAIN = "ruff/E741", "ruff/E711", "ruff/F541"


def text(name: str) -> str:
    """A file of its own with three hints, in the order in which they stand."""
    asks = f"    l = {name}_it\n    if l == None:\n"
    return f"def {name}({name}_it):\n{asks}        return f'{name}'\n"


@pytest.fixture
def workspace(workspace: Workspace) -> Workspace:
    """A workspace in which only analyzers review."""
    workspace.env["MIRADOR_REVIEW_STAGES"] = "instant"
    return workspace


async def opened(client: RecordingClient, workspace: Workspace, name: str) -> Author:
    """A new file whose first review has come to its end."""
    uri = workspace.write(f"{name}.py", text(name))
    made = Author(client, uri, text(name))
    await eventually(lambda: any(f"{name}.py: " in m.message for m in client.log_messages))
    await eventually(lambda: made.shows(AMBIGUOUS))
    return made


async def run(client: RecordingClient, name: str, **said: Any) -> Any:
    """What a command comes to."""
    params = types.ExecuteCommandParams(f"mirador.{name}", [said])
    return await client.workspace_execute_command_async(params)


async def mirador(workspace: Workspace, *words: str) -> Any:
    """What a command of the command line says as JSON, in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "mirador_lsp", *words),
        env=os.environ | workspace.env,
        cwd=workspace.folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    return json.loads(said)


async def reviewed(workspace: Workspace, name: str) -> tuple[list[str], dict[str, str]]:
    """The rules that a review of a new file shows, in order, and why others are not shown."""
    workspace.write(f"{name}.py", text(name))
    said = await mirador(
        *(workspace, "review", "--format", "json", "--show-withheld"),
        *("--stages", "instant", "--fail-on", "never", f"{name}.py"),
    )
    shown = [f["rule"] for f in said["findings"] if not f["withheld"]]
    return shown, {f["rule"]: f["hushed_why"] for f in said["findings"] if f["withheld"]}


def finding(author: Author, rule: str) -> str:
    """The id of what is shown of a rule."""
    data: Any = author.shows(rule)[0].data
    return str(data["finding"] if isinstance(data, dict) else data.finding)


async def test_within_five_decisions_one_kind_goes_and_another_comes_first(
    client: RecordingClient, workspace: Workspace
) -> None:
    """In the session and in another process, on files that nobody decided about; undone again."""
    assert await reviewed(workspace, "first") == ([AMBIGUOUS, COMPARED, PLAIN], {})
    authors = {name: await opened(client, workspace, name) for name in NAMES[:3]}
    for author in authors.values():
        await run(client, "dismiss", uri=author.uri, findingId=finding(author, COMPARED))
    for author in list(authors.values())[:2]:
        (fix, *_) = await author.actions(author.shows(PLAIN), ["quickfix"])
        if fix.edit is None:
            fix = await client.code_action_resolve_async(fix)
        assert fix.edit is not None
        author.make(fix.edit)
    await _until_kept(workspace, 5)

    new = await opened(client, workspace, NAMES[3])
    answer = await run(client, "reviewFile", uri=new.uri)
    assert _of(answer, "learned") == 1
    assert (new.shows(COMPARED), len(new.shows(PLAIN))) == ([], 1)
    listed = _of(await run(client, "showWithheld", uri=new.uri), "hushed")
    assert [(_of(h, "by"), _of(h, "reason")) for h in listed] == [
        ("learned", "you dismissed 3 like this")
    ]

    assert await reviewed(workspace, NAMES[4]) == (
        [PLAIN, AMBIGUOUS],
        {COMPARED: "you dismissed 3 like this"},
    )
    lessons = (await mirador(workspace, "feedback", "show", "--json"))["lessons"]
    assert {(each["rule"], each["effect"]) for each in lessons} == {
        (COMPARED, "withheld"),
        (PLAIN, "first"),
    }

    decision = next(each for each in lessons if each["rule"] == COMPARED)["decisions"][0]
    await _done(workspace, "feedback", "undo", decision)
    await _done(workspace, "feedback", "reset", "--rule", PLAIN, "--yes")
    answer = await run(client, "reviewFile", uri=new.uri)
    assert _of(answer, "learned") == 0
    await eventually(lambda: new.shows(COMPARED))
    assert await reviewed(workspace, NAMES[5]) == ([AMBIGUOUS, PLAIN, COMPARED], {})


async def _until_kept(workspace: Workspace, count: int) -> None:
    """What a fix comes to is kept in the background."""
    async with asyncio.timeout(60):
        while await _kept(workspace) < count:  # noqa: ASYNC110 — the other side is another process
            await asyncio.sleep(0.1)


async def _kept(workspace: Workspace) -> int:
    return int((await mirador(workspace, "feedback", "list", "--json"))["total"])


async def _done(workspace: Workspace, *words: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "mirador_lsp", *words),
        env=os.environ | workspace.env,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
    )
    assert await process.wait() == 0


def _of(value: Any, name: str) -> Any:
    """A member of an answer, however the client's library read it."""
    return value[name] if isinstance(value, dict) else getattr(value, name)
