"""The server process among others: no model, a killed editor, six changes in one segment."""

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from fakes.session import CART, ENDLESS, SERVE, Workspace
from fakes.wire import PATIENCE, announced, over_pipes, over_socket, process

EDITOR = """
import json, os, subprocess, sys, time
server = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
def put(**message):
    body = json.dumps({"jsonrpc": "2.0"} | message).encode()
    server.stdin.write(b"Content-Length: %d\\r\\n\\r\\n%b" % (len(body), body))
    server.stdin.flush()
put(id=1, method="initialize", params={"processId": os.getpid(), "capabilities": {}})
put(method="initialized", params={})
item = {"uri": "file:///work/cart.py", "languageId": "python", "version": 1,
        "text": os.environ["TEXT"]}
put(method="textDocument/didOpen", params={"textDocument": item})
print(server.pid, flush=True)
time.sleep(600)
"""
"""An editor that opens a file and then hangs; it dies only by force."""


def test_a_killed_editor_leaves_no_process_behind(workspace: Workspace, tmp_path: Path) -> None:
    """Kill -9 of the editor while a model speaks: the server and its children are gone."""
    workspace.script(ENDLESS)
    env = workspace.env | {"TEXT": CART}
    command = [sys.executable, "-c", EDITOR, *SERVE]
    with process(command, env, errors=tmp_path / "errors") as editor:
        assert editor.stdout is not None
        server = psutil.Process(int(editor.stdout.readline()))
        _wait_for(lambda: workspace.journal() == ["started"])
        family = [server, *server.children(recursive=True)]
        assert len(family) > 1
        editor.send_signal(signal.SIGKILL)
        _, alive = psutil.wait_procs(family, timeout=PATIENCE)
        assert alive == []


def test_without_a_model_one_message_names_the_remedy(workspace: Workspace, tmp_path: Path) -> None:
    """Instant findings come, and one pop-up for the whole session says how to get a model."""
    workspace.script("", models=())
    with process(SERVE, workspace.env, errors=tmp_path / "errors") as child:
        wire = over_pipes(child)
        wire.initialize()
        for name in ("cart.py", "other.py"):
            wire.open(CART, uri=f"file:///work/{name}")
        while len([m for m in wire.seen if ": 1 shown" in json.dumps(m)]) < 2:
            wire.until(lambda m: ": 1 shown" in json.dumps(m))
        wire.ask("shutdown")
        wire.notify("exit")
        assert child.wait(PATIENCE) == 0
    shown = [m["params"]["message"] for m in wire.seen if m.get("method") == "window/showMessage"]
    assert len(shown) == 1
    assert "mirador models pull 0.5b" in shown[0]
    published = [m for m in wire.seen if m.get("method") == "textDocument/publishDiagnostics"]
    assert any(m["params"]["diagnostics"] for m in published)


def test_six_changes_in_one_segment_are_reviewed_as_the_last(
    workspace: Workspace, tmp_path: Path
) -> None:
    """Changes and a save that arrive together over TCP lead to a review of the last version."""
    errors = tmp_path / "errors"
    with process([*SERVE, "--tcp", "0"], workspace.env, errors=errors) as child:
        with socket.create_connection(announced(errors), PATIENCE) as connection:
            wire = over_socket(connection)
            wire.initialize()
            wire.open("")
            uri = "file:///work/cart.py"
            lines = ["eval(x)\n", "# é😀\n", "\n", "# three\n", "# two\n", "# one\n"]
            place = {"line": 0, "character": 0}
            wire.put(
                *(
                    {
                        "method": "textDocument/didChange",
                        "params": {
                            "textDocument": {"uri": uri, "version": version},
                            "contentChanges": [
                                {"range": {"start": place, "end": place}, "text": line}
                            ],
                        },
                    }
                    for version, line in enumerate(lines, 2)
                ),
                {"method": "textDocument/didSave", "params": {"textDocument": {"uri": uri}}},
            )
            told = wire.until(
                lambda m: (
                    m.get("method") == "textDocument/publishDiagnostics"
                    and bool(m["params"]["diagnostics"])
                )
            )["params"]
            assert told["version"] == 7
            assert told["diagnostics"][0]["range"]["start"]["line"] == 5
            wire.ask("shutdown")
            wire.notify("exit")
        assert child.wait(PATIENCE) == 0


@pytest.mark.parametrize("options", [["--clientProcessId"], []])
def test_the_editor_may_be_named_on_the_command_line(
    workspace: Workspace, tmp_path: Path, options: list[str]
) -> None:
    """`--clientProcessId` is accepted and, while that process lives, changes nothing."""
    command = [*SERVE, "--stdio", *(part for o in options for part in (o, str(os.getpid())))]
    with process(command, workspace.env, errors=tmp_path / "errors") as child:
        wire = over_pipes(child)
        wire.initialize()
        wire.ask("shutdown")
        wire.notify("exit")
        assert child.wait(PATIENCE) == 0


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
