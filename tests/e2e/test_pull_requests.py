"""`mirador review --pr` as a user runs it, in a process of its own, on each forge."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fakes.forges.opened import MAKERS, VARIABLES, address
from fakes.forges.serving import Fault, File, StandIn, serving
from mirador_lsp.core.pulls import ForgeKind

CLEAN = "import json\n\n\ndef total(rows):\n    return json.dumps(sum(rows))\n"
IS = CLEAN.replace("    return", '    if rows is "":\n        return ""\n    return')
SECRET = CLEAN + "\n\ndef run():\n    return eval('1 + 1')\n"
AUDIT = """\
import os, sys

def heard(event, args):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo"):
        where = args[1] if event != "socket.getaddrinfo" else args[:2]
        with open(os.environ["AUDIT"], "a") as file:
            print(event, ascii(where), file=file)

sys.addaudithook(heard)
"""


def run(
    folder: Path, stand_in: StandIn, kind: ForgeKind, *arguments: str, token: str = ""
) -> subprocess.CompletedProcess[str]:
    """The command in a home of its own, every socket of it and its children written down."""
    (folder / "hook").mkdir(exist_ok=True)
    (folder / "hook" / "sitecustomize.py").write_text(AUDIT)
    (folder / "run").mkdir(exist_ok=True, mode=0o700)
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "XDG_RUNTIME_DIR": str(folder / "run"),
        "PYTHONPATH": str(folder / "hook"),
        "AUDIT": str(folder / "audit"),
        "HTTPS_PROXY": "http://127.0.0.1:9",
        VARIABLES[kind]: token or stand_in.token,
    }
    return subprocess.run(
        [sys.executable, "-m", "mirador_lsp", "review", "--stages", "instant", *arguments],
        env=env,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=100,
        stdin=subprocess.DEVNULL,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(ForgeKind))
def test_a_pull_request_is_reviewed_and_commented_on_once(kind: ForgeKind, tmp_path: Path) -> None:
    """The second run writes nothing, and no byte goes to any other host."""
    stand_in = MAKERS[kind]([File("src/cart.py", CLEAN, IS), File("src/run.py", CLEAN, SECRET)])
    with serving(stand_in) as host:
        url = address(kind, host)
        dry = run(tmp_path, stand_in, kind, "--pr", url, "--yes", "--dry-run")
        assert (dry.returncode, stand_in.writes) == (0, [])
        assert "--- src/cart.py:5" in dry.stdout
        first = run(
            *(tmp_path, stand_in, kind, "--pr", url, "--yes", "--post"),
            *("--format", "json", "--fail-on", "warning"),
        )
        assert first.returncode == 1, first.stderr
        document = json.loads(first.stdout)
        assert len(document["files"]) == 2
        assert len(stand_in.bodies) == 2
        assert len(stand_in.summaries) == 1
        writes = len(stand_in.writes)
        again = run(tmp_path, stand_in, kind, "--pr", url, "--yes", "--post")
        assert again.returncode == 0, again.stderr
        assert len(stand_in.writes) == writes
        assert "2 there already" in again.stderr
        heard = (tmp_path / "audit").read_text().splitlines()
    port = int(host.rpartition(":")[2])
    strange = [line for line in heard if f"('127.0.0.1', {port})" not in line and "'/" not in line]
    assert heard
    assert [line for line in strange if "getaddrinfo" not in line] == []
    assert all("127.0.0.1" in line for line in strange)
    assert stand_in.violations == []
    for done in (dry, first, again):
        assert stand_in.token not in done.stdout + done.stderr
    logs = [path for path in tmp_path.rglob("*.log*") if path.is_file()]
    assert not any(stand_in.token in path.read_text(errors="replace") for path in logs)


@pytest.mark.parametrize(
    ("arguments", "fault", "said"),
    [
        (("--pr", "12", "--yes"), None, "no remote called origin"),
        (("--pr", "https://github.com/acme"), None, "not the address of a pull request"),
        (("--pr", "URL"), None, "may be given the token"),
        (("--pr", "URL", "--yes"), Fault("", 404, times=9), "may not see it"),
        (("--pr", "URL", "--yes"), Fault("", 403, times=9), "does not allow it"),
        (("--pr", "URL", "--yes"), Fault("", 500, times=9), "fault of its own"),
        (("--pr", "URL", "--yes"), Fault("", 429, {"Retry-After": "900"}), "15 minutes"),
        (("--post", "src"), None, "needs a pull request"),
        (("--pr", "URL", "--staged"), None, "not allowed with"),
        (("--pr", "URL", "--post", "src"), None, "whole pull request"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_its_remedy(
    arguments: tuple[str, ...], fault: Fault | None, said: str, tmp_path: Path
) -> None:
    """With exit code 2, and nothing written anywhere."""
    stand_in = MAKERS[ForgeKind.GITHUB]([File("a.py", CLEAN, IS)])
    stand_in.faults = [fault] if fault is not None else []
    with serving(stand_in) as host:
        url = address(ForgeKind.GITHUB, host)
        words = [url if word == "URL" else word for word in arguments]
        done = run(tmp_path, stand_in, ForgeKind.GITHUB, *words)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert stand_in.token not in done.stderr
    assert stand_in.writes == []
    assert len([line for line in done.stderr.splitlines() if "Asks" not in line]) == 1
