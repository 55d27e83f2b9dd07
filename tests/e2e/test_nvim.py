"""A real Neovim with the configuration that ships in `editors/nvim`."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fakes.session import CART, SAYS, Workspace

ROOT = Path(__file__).parent.parent.parent


def find_nvim() -> str | None:
    """Neovim from MIRADOR_TEST_NVIM or the PATH, if it is 0.11 or newer."""
    nvim = os.environ.get("MIRADOR_TEST_NVIM") or shutil.which("nvim")
    if nvim is None:
        return None
    said = subprocess.run([nvim, "--version"], capture_output=True, text=True, check=True).stdout
    version = said.split()[1].lstrip("v").split(".")
    return nvim if (int(version[0]), int(version[1])) >= (0, 11) else None


@pytest.mark.slow
def test_neovim_shows_the_review(workspace: Workspace) -> None:
    """Open, staged diagnostics, progress, save, close and stop, as a user of Neovim has them."""
    nvim = find_nvim()
    if nvim is None:
        pytest.skip("needs Neovim 0.11 or newer in the PATH or MIRADOR_TEST_NVIM")
    workspace.script(SAYS)
    workspace.write("cart.py", CART)
    (workspace.folder / ".git").mkdir()
    env = os.environ | workspace.env
    env |= {
        "FOLDER": str(workspace.folder),
        "PLUGIN": str(ROOT / "editors" / "nvim"),
        "PYTHON": sys.executable,
        "XDG_STATE_HOME": str(workspace.folder / "state"),
    }
    script = Path(__file__).with_name("nvim_review.lua")
    done = subprocess.run(
        [nvim, "--headless", "--clean", "-n", "-l", str(script)],
        env=env,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
