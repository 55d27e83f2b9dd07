"""What a person sees of the Neovim plugin in a terminal.

With `MIRADOR_TEST_PICTURES=FOLDER` the screens are kept as pictures: those in docs/nvim are such.
"""

import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.session import MEAN, Workspace
from fakes.terminal import Terminal, a_terminal

ROOT = Path(__file__).parents[2]
SCRIPTS = Path(__file__).with_name("nvim")
NVIM = os.environ.get("MIRADOR_TEST_NVIM") or str(Path(sys.executable).with_name("nvim"))
PICTURES = os.environ.get("MIRADOR_TEST_PICTURES", "")
CART = f"""\
\"\"\"The till of a small shop.\"\"\"


def mean(prices):
    {MEAN}


def sign(currency):
    return "€" if currency is "EUR" else currency


def total(prices, rate):
    return sum(price * rate for price in prices)
"""
MODEL = rf"""
[[reply]]
question = "has this problem"
hold = "mend"
text = '''```python
def mean(prices):
    return sum(prices) / len(prices) if prices else 0.0
```'''

[[reply]]
question = "What does"
model = "small"
logprob = -0.95
text = '''Divides the sum of all `prices` by their number.'''

[[reply]]
question = "What does"
model = "large"
logprob = -0.05
hold = "explain"
hold_after = 21
text = '''Returns the mean of `prices`.

- An empty list raises `ZeroDivisionError`: callers have to look first.
- Prices of different currencies are added up as they are.'''

[[reply]]
question = "what if"
text = '''Then the division raises. Return `0.0` for an empty cart.'''

[[reply]]
material = '(?m)/ len\(prices\)$'
text = '''- bug: This divides by the number of items, which may be zero. Code: `{MEAN}`'''
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.skipif(
        shutil.which("tmux") is None,
        reason="not installed: tmux; tests/editors/setup.sh installs it",
    ),
]


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    """A terminal that is gone afterwards."""
    with a_terminal() as made:
        yield made


def start(terminal: Terminal, workspace: Workspace, window: str, **more: str) -> None:
    """Open the cart in Neovim and wait for both findings."""
    workspace.script(MODEL, models=("small", "large"))
    launch(terminal, workspace, WINDOW=window, **more)
    terminal.wait("Use `==`")
    terminal.wait("may be zero")
    terminal.wait(r"Mirador *\n")


def launch(terminal: Terminal, workspace: Workspace, **more: str) -> None:
    """Open the cart in Neovim."""
    workspace.write("cart.py", CART)
    # Whatever begins with MIRADOR_ is a setting to the server; those of the tests are none.
    env = {k: v for k, v in os.environ.items() if not k.startswith("MIRADOR_")} | workspace.env
    env |= {
        "PLUGIN": str(ROOT / "editors" / "nvim"),
        "PYTHON": sys.executable,
        "LC_ALL": "C.UTF-8",
        "XDG_STATE_HOME": str(workspace.folder / "state"),
    }
    # `-u` keeps `--clean` from reading anything of the user's.
    command = [NVIM, "--clean", "-n", "-u", str(SCRIPTS / "terminal.lua"), "cart.py"]
    # tmux says itself what terminal it is; a test may want another.
    kind = [f"TERM={more['PLAIN']}"] if "PLAIN" in more else []
    terminal.start(["env", "-C", str(workspace.folder), *kind, *command], env | more)


def colour(terminal: Terminal, words: str) -> str:
    """The colour in which words are written: the last one that was chosen before them."""
    before, found, _ = terminal.colours().partition(words)
    assert found, words
    chosen: str = re.findall(r"\x1b\[[\d;]*38;2;(\d+;\d+;\d+)", before)[-1]
    return chosen


def keep(terminal: Terminal, name: str) -> None:
    """Keep the screen as a picture, where somebody asked for pictures."""
    if PICTURES:
        terminal.draw("Neovim", Path(PICTURES) / f"{name}.svg")


def test_findings_are_seen(terminal: Terminal, workspace: Workspace) -> None:
    """Behind the line, as signs, in a hover, in the quickfix list, and in the menu of actions."""
    start(terminal, workspace, "split")
    screen = terminal.screen()
    assert re.search(r"● +5 +return sum", screen), screen
    assert re.search(r"● +9 +return", screen), screen

    # A hover waits for no parser, so the first one may know nothing yet.
    terminal.press("4G", "0", "w")
    terminal.until(r"function mean\b", "K")
    terminal.wait(r"model/bug, deep, large, high \(\d+ %\)")
    terminal.press(":fclose!", "Enter")

    terminal.press(":Mirador findings", "Enter")
    terminal.wait(r"cart\.py\|9 col \d+-?\d* \w+\| \[ruff/F632\]")
    terminal.wait(r"cart\.py\|5 col \d+-?\d* \w+\| \[model/bug\]")
    keep(terminal, "findings")
    terminal.press(":cclose", "Enter")

    terminal.press("5G", "w", "gra")
    terminal.wait(r"\d+: Fix with Mirador: This divides")
    terminal.wait(r"\d+: Dismiss model/bug")


def test_an_answer_floats_and_is_coloured(terminal: Terminal, workspace: Workspace) -> None:
    """The float fills beside the code; each stage's words have the colour of its confidence."""
    start(terminal, workspace, "float")
    terminal.press("4G", "w", ":Mirador explain", "Enter")
    terminal.wait("Divides the sum of all")
    terminal.wait("An empty list raises")
    terminal.wait(r"deep, large, \d+ %, high…")
    keep(terminal, "streaming")
    assert colour(terminal, "Divides the sum") != colour(terminal, "An empty list")
    assert colour(terminal, "An empty list") == colour(terminal, "deep, large, ")

    (workspace.folder / "explain").touch()
    terminal.wait("different currencies are added")
    terminal.wait(r"\d\.\d s")
    terminal.wait("q closes, a asks")
    terminal.press("C-w", "w", "a")
    terminal.wait("Ask Mirador:")
    terminal.press("what if there are none?", "Enter")
    terminal.wait("# what if there are none")
    terminal.wait("Then the division raises")
    keep(terminal, "answer")
    terminal.press("q")
    terminal.wait("# what if there are none", gone=True)


def test_nothing_is_told_by_colour_alone(terminal: Terminal, workspace: Workspace) -> None:
    """In a terminal without colours the bar says how sure the model was, and stages have signs."""
    start(terminal, workspace, "float", PLAIN="vt100")
    terminal.press("4G", "w", ":Mirador explain", "Enter")
    terminal.wait(r"deep, large, \d+ %, high")
    terminal.press(":Mirador watch", "Enter")
    terminal.wait("✓ deep +done")
    assert not re.search(r"\x1b\[[\d;]*[34]8;", terminal.colours())


def test_a_review_is_watched(terminal: Terminal, workspace: Workspace) -> None:
    """Stages with what they took, and what the model says at the moment."""
    start(terminal, workspace, "split")
    terminal.press(":Mirador watch", "Enter")
    terminal.wait("✓ instant +done")
    terminal.wait("✓ quick +done +small")
    terminal.wait("✓ deep +done +large")
    terminal.wait("- bug: This divides by the number of items")
    terminal.wait("Reviewed +q closes, c cancels")
    keep(terminal, "review")


@pytest.mark.model
@pytest.mark.timeout(1200)
def test_the_real_model_is_not_equally_sure_of_all_its_words(
    terminal: Terminal, real: Workspace
) -> None:
    """The real 0.5B model explains in a float, in more than one colour."""
    launch(terminal, real, WINDOW="float", REAL="yes")
    terminal.wait("Use `==`")
    terminal.press("9G", "w", ":Mirador explain", "Enter")
    terminal.wait(r"\d+\.\d s", patience=500)
    keep(terminal, "real")
    _, _, shown = terminal.colours().partition("# ")
    assert len(set(re.findall(r"38;2;(\d+;\d+;\d+)m[^\x1b]*\w", shown))) > 1


def test_a_change_is_seen_before_it_is_made(terminal: Terminal, workspace: Workspace) -> None:
    """Two windows with the difference; `q` leaves the text, `a` makes the change."""
    start(terminal, workspace, "split")
    terminal.press("5G", "w", ":Mirador fix", "Enter")
    terminal.wait("Mirador: deep…")  # the model writes, and is held
    terminal.press("i")
    terminal.wait("-- INSERT --")
    (workspace.folder / "mend").touch()
    terminal.wait("Mirador: a change waits")
    assert "a accepts" not in terminal.screen()  # whoever types loses no key
    terminal.press("Escape")
    terminal.wait("a accepts, q leaves it")
    terminal.wait("Fix: This divides by the number.* as it is")
    terminal.wait("if prices else 0")
    terminal.wait("parses, lints clean")
    keep(terminal, "change")
    terminal.until("a accepts, q leaves it", "q", gone=True)
    terminal.wait("if prices else 0", gone=True)

    terminal.press("Escape", "5G", "w", ":Mirador fix", "Enter")
    terminal.wait("a accepts, q leaves it")
    terminal.until("a accepts, q leaves it", "a", gone=True)
    terminal.wait("if prices else 0.0")
    terminal.press("Escape", ":write", "Enter")
    terminal.wait("written")
    assert "if prices else 0.0" in (workspace.folder / "cart.py").read_text("utf-8")


def test_who_types_while_a_model_writes_gets_the_fix_all_the_same(
    terminal: Terminal, workspace: Workspace
) -> None:
    """It waits for them, and is for the text that they have by then."""
    start(terminal, workspace, "split")
    terminal.press("5G", "w", ":Mirador fix", "Enter")
    terminal.wait("Mirador: deep…")  # the model writes, and is held
    terminal.press("G", "o", "CENT = 100")
    terminal.wait("CENT = 100")
    (workspace.folder / "mend").touch()
    terminal.wait("Mirador: a change waits")
    assert "a accepts" not in terminal.screen()
    terminal.press(" * 2")  # after what the fix was checked for
    terminal.wait(r"CENT = 100 \* 2")
    terminal.press("Escape")
    terminal.wait("a accepts, q leaves it")
    terminal.wait("parses, lints clean")
    terminal.until("a accepts, q leaves it", "a", gone=True)
    terminal.press("Escape", ":write", "Enter")
    terminal.wait("written")
    text = (workspace.folder / "cart.py").read_text("utf-8")
    assert "if prices else 0.0" in text
    assert text.endswith("CENT = 100 * 2\n")


def test_who_edits_the_code_in_question_is_told_where_they_see_it(
    terminal: Terminal, workspace: Workspace
) -> None:
    """What a fix is for is theirs: nothing is changed, and they read that once they stop typing."""
    start(terminal, workspace, "split")
    terminal.press("5G", "w", ":Mirador fix", "Enter")
    terminal.wait("Mirador: deep…")  # the model writes, and is held
    terminal.press("A", " + 1")
    terminal.wait(r"len\(prices\) \+ 1")
    (workspace.folder / "mend").touch()
    terminal.wait("Mirador: a message waits")
    terminal.press("Escape")
    terminal.wait("edited meanwhile, so nothing was changed. Ask again.")
    assert "if prices else" not in terminal.screen()
