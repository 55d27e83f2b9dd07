"""A real Neovim with the plugin that ships in `editors/nvim`, driven by scripts."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from fakes.repository import FakeDeveloper, needs_git
from fakes.session import CART, MEAN, SAYS, Workspace

ROOT = Path(__file__).parent.parent.parent
SCRIPTS = Path(__file__).with_name("nvim")
NVIM = os.environ.get("MIRADOR_TEST_NVIM") or str(Path(sys.executable).with_name("nvim"))
FINDS = rf"""
[[reply]]
material = '(?m)/ len\(prices\)$'
text = '''- bug: This divides by the number of items, which may be zero. Code: `{MEAN}`'''
"""
ANSWERS = """
[[reply]]
question = "What does"
text = '''Divides the sum of all `prices` by their number, so callers must look first.'''
hold = "explain"
hold_after = 4

[[reply]]
question = "what if"
text = '''Then the division raises. Return `0.0` for an empty cart.'''

[[reply]]
question = "endlessly"
text = "well "
endless = true
delay_ms = 5
"""
MENDS = """
[[reply]]
question = "has this problem"
text = '''```python
def mean(prices):
    return sum(prices) / len(prices) if prices else 0.0
```'''
"""
WRITES = """
[[reply]]
question = "tests for the"
text = '''```python
def test_mean():
    assert mean([1, 3]) == 2
```'''

[[reply]]
question = "[Dd]oc"
text = '''The mean of prices.'''
"""
SIGN = f"""\
def mean(prices):
    {MEAN}


def sign(currency):
    return "€" if currency is "EUR" else currency
"""
TAUGHT = """\
def add(price, prices=[]):
    return [*prices, price]


def sign(currency):
    return "€" if currency is "EUR" else currency
"""
MISSPELT = """\
def total(prices):
    total = 0
    for price in prices:
        total += prise
    return total
"""
ENDLESS = """
[[reply]]
text = "well "
endless = true
delay_ms = 5
"""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def drive(workspace: Workspace, script: str, **more: str) -> None:
    """Run one script in Neovim; it raises where something is not as it should be."""
    env = os.environ | workspace.env
    env |= {
        "FOLDER": str(workspace.folder),
        "PLUGIN": str(ROOT / "editors" / "nvim"),
        "PYTHON": sys.executable,
        "SESSION": str(SCRIPTS / "session.lua"),
        "XDG_STATE_HOME": str(workspace.folder / "state"),
    }
    done = subprocess.run(
        [NVIM, "--headless", "--clean", "-n", "-l", str(SCRIPTS / script)],
        env=env | more,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_neovim_shows_the_review(workspace: Workspace) -> None:
    """Open, staged diagnostics, progress, hover, status, save, close and stop."""
    workspace.script(SAYS)
    workspace.write("cart.py", CART)
    drive(workspace, "review.lua")


def test_neovim_shows_how_a_review_goes(workspace: Workspace) -> None:
    """Stages, the words of the model as they come, the end; a key cancels the review."""
    workspace.script(SAYS)
    workspace.write("cart.py", CART)
    drive(workspace, "watch.lua")


@needs_git
def test_neovim_reviews_what_is_not_committed(workspace: Workspace) -> None:
    """Buffers count as they are, and what they break is shown in files that are not open."""
    dev = FakeDeveloper(workspace.folder)
    total = "def total(items, rate):\n    return sum(items) * rate\n"
    till = "from cart import total\n\nprint(total([1], 2))\n"
    dev.commit({"cart.py": total, "till.py": till})
    drive(workspace, "changes.lua")


def test_neovim_streams_explanations(workspace: Workspace) -> None:
    """The window fills while the model speaks, questions go on below, and `q` stops the model."""
    workspace.script(ANSWERS)
    workspace.write("cart.py", CART)
    drive(workspace, "explain.lua")


def test_neovim_makes_fixes(workspace: Workspace) -> None:
    """Fixes that are ready and fixes that a model writes reach the buffer, and the disk on save."""
    workspace.script(MENDS + FINDS)
    workspace.write("sign.py", SIGN)
    drive(workspace, "fix.lua")


def test_neovim_lists_findings(workspace: Workspace) -> None:
    """Lists follow what is found, mended and dismissed; signs are as the user chose them."""
    workspace.script(FINDS)
    workspace.write("sign.py", SIGN)
    drive(workspace, "findings.lua")


def test_neovim_shows_what_a_model_writes(workspace: Workspace) -> None:
    """A doc comment and a file that is new are seen before they are there."""
    workspace.script(WRITES)
    workspace.write("sign.py", SIGN)
    drive(workspace, "write.lua")


def test_neovim_learns_from_what_is_decided(workspace: Workspace) -> None:
    """Five decisions by real commands; the next file, the reason, and taking it back."""
    workspace.script("")
    for name in ("first", "second", "third", "new", "last"):
        workspace.write(f"{name}.py", TAUGHT)
    drive(workspace, "learn.lua")


def test_neovim_cancels(workspace: Workspace) -> None:
    """`:Mirador cancel` reaches the model."""
    workspace.script(ENDLESS)
    workspace.write("cart.py", CART)
    drive(workspace, "cancel.lua")


def test_neovim_changes_the_model(workspace: Workspace) -> None:
    """For one stage, for all, and back; why each model was chosen; what is not there."""
    workspace.script('[[reply]]\ntext = "none"\n', models=("small", "large"))
    workspace.write("cart.py", CART)
    drive(workspace, "models.lua")


def test_neovim_has_commands_for_everything(workspace: Workspace) -> None:
    """Completion, ranges, errors and `:checkhealth mirador`."""
    workspace.write("cart.py", CART)
    drive(workspace, "commands.lua")


def test_neovim_searches_by_words_and_meaning(workspace: Workspace) -> None:
    """The index of the workspace, a process of its own, answers the symbol box and `:Mirador`."""
    workspace.write("cart.py", CART)
    runtime = Path(tempfile.mkdtemp(prefix="mir-"))  # sockets need a short path
    # A home folder is not indexed by itself, so the workspace must not be one.
    workspace.env |= {"HOME": str(runtime), "MIRADOR_RUNTIME_DIR": str(runtime)}
    workspace.env["MIRADOR_INDEX_ENABLED"] = "true"
    mirador = [sys.executable, "-m", "mirador_lsp", "index", "stop"]
    try:
        drive(workspace, "search.lua")
    finally:
        env = os.environ | workspace.env
        subprocess.run(mirador, cwd=workspace.folder, env=env, check=False, capture_output=True)
        shutil.rmtree(runtime)


def test_neovim_asks_other_servers(workspace: Workspace) -> None:
    """A fix that another server finds worse is not made, and leaves nothing behind."""
    workspace.script(MENDS + FINDS)
    workspace.write("sign.py", SIGN)
    drive(workspace, "neighbours.lua")


@pytest.mark.model
@pytest.mark.timeout(1000)
def test_neovim_with_the_real_model(real: Workspace) -> None:
    """The real 0.5B model explains a function and mends a misspelt name; ruff is content."""
    real.write("total.py", MISSPELT)
    drive(real, "real.lua")
