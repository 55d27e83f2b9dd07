"""Emacs and Vim, configured as docs/editors.md says, with the real server.

The configuration is taken from the page and run, so that what stands there works.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fakes.pages import snippet
from fakes.session import MEAN, Workspace

HERE = Path(__file__).parent
PAGE = "editors.md"
ALE = Path(os.environ.get("MIRADOR_TEST_ALE", "/usr/share/vim-ale"))
MODEL = rf"""
[[reply]]
question = "has this problem"
text = '''```python
def mean(prices):
    return sum(prices) / len(prices) if prices else 0.0
```'''

[[reply]]
material = '(?m)/ len\(prices\)$'
text = '''- bug: This divides by the number of items, which may be zero. Code: `{MEAN}`'''
"""
SIGN = f"""\
def mean(prices):
    {MEAN}


def sign(currency):
    return "€" if currency is "EUR" else currency
"""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def missing(*needed: str | Path) -> str:
    """Which of these programs and folders are not there, or ""."""
    lacking = [
        str(each)
        for each in needed
        if not (each.exists() if isinstance(each, Path) else shutil.which(each))
    ]
    hint = "tests/editors/setup.sh installs them"
    return f"not installed: {', '.join(lacking)}; {hint}" if lacking else ""


def elisp(package: str) -> str:
    """What keeps Emacs from being tested with `package`, or ""."""
    if lacking := missing("emacs"):
        return lacking
    asks = f'(progn (package-initialize) (kill-emacs (if (locate-library "{package}") 0 1)))'
    done = subprocess.run(
        ["emacs", "--batch", "--eval", "(require 'package)", "--eval", asks],  # noqa: S607 — whichever Emacs there is
        check=False,
        capture_output=True,
    )
    return f"not installed: {package}; tests/editors/setup.sh installs it" * done.returncode


def drive(workspace: Workspace, command: list[str], configuration: str, **more: str) -> None:
    """Run an editor with a configuration from the page; it ends with 0 when all was seen."""
    workspace.script(MODEL)
    path = workspace.folder / "snippet"
    path.write_text(configuration, "utf-8")
    env = os.environ | workspace.env
    env |= {
        "FOLDER": str(workspace.folder),
        "SNIPPET": str(path),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "LC_ALL": "C.UTF-8",
    }
    done = subprocess.run(
        command, env=env | more, capture_output=True, text=True, timeout=360, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all well" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("package", "heading", "script"),
    [("eglot", "Eglot", "eglot.el"), ("lsp-mode", "lsp-mode", "lsp_mode.el")],
)
def test_emacs(workspace: Workspace, package: str, heading: str, script: str) -> None:
    """Findings arrive, a hover says more, and fixes are made and saved."""
    if reason := elisp(package):
        pytest.skip(reason)
    session = str(HERE / "emacs" / "session.el")
    workspace.write("sign.py", SIGN)
    drive(
        workspace,
        ["emacs", "--batch", "-l", str(HERE / "emacs" / script)],
        snippet(PAGE, heading, "elisp"),
        SESSION=session,
    )


def test_vim_with_ale(workspace: Workspace) -> None:
    """Findings arrive, a hover says more, and a ready fix is made and saved."""
    if reason := missing("vim", ALE):
        pytest.skip(reason)
    script = str(HERE / "vim" / "ale.vim")
    # ALE counts bytes where LSP does not, so the line must be ASCII; the page warns of it.
    workspace.write("sign.py", SIGN.replace("€", "E"))
    drive(
        workspace,
        ["vim", "-Nu", script, "-i", "NONE", "-n", "-es", "-X", "--not-a-term"],
        snippet(PAGE, "ALE", "vim"),
        ALE=str(ALE),
    )
