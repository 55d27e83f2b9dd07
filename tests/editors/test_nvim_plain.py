"""The Neovim plugin without a server: its functions, its help, its style, and older Neovims."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from fakes.pages import snippet, snippets
from fakes.session import MEAN, Workspace
from mirador_lsp import __version__

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "editors" / "nvim"
SCRIPTS = Path(__file__).with_name("nvim")
NVIM = os.environ.get("MIRADOR_TEST_NVIM") or str(Path(sys.executable).with_name("nvim"))
OLD = os.environ.get("MIRADOR_TEST_OLD_NVIM", "/usr/bin/nvim")
FINDS = rf"""
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

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def run(*command: str, **more: str) -> str:
    """What a program says; it has to end well."""
    env = os.environ | {"PLUGIN": str(PLUGIN), "UNIT": str(SCRIPTS / "unit" / "unit.lua")} | more
    done = subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=240, check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def test_functions_of_the_plugin(tmp_path: Path) -> None:
    """Whatever needs no server, in a Neovim without a screen."""
    script = str(SCRIPTS / "unit" / "plain.lua")

    said = run(NVIM, "--headless", "--clean", "-n", "-l", script, XDG_STATE_HOME=str(tmp_path))

    assert "0 failed" in said


def test_the_help_has_tags_for_all_it_promises(tmp_path: Path) -> None:
    """`:helptags` reads it, no tag is there twice, and each reference within it leads somewhere."""
    shutil.copytree(PLUGIN / "doc", tmp_path / "doc")

    run(NVIM, "--headless", "--clean", "-n", "+helptags " + str(tmp_path / "doc"), "+qall!")

    tags = {line.split("\t")[0] for line in (tmp_path / "doc/tags").read_text().splitlines()}
    text = (PLUGIN / "doc/mirador.txt").read_text("utf-8")
    ours = set(re.findall(r"\|(mirador[^|\s]*)\|", text))
    assert {"mirador.txt", ":Mirador", "mirador-options", "mirador-older"} <= tags
    assert len(ours) > 10
    assert ours <= tags


def test_the_help_names_every_subcommand() -> None:
    """What can be typed is explained."""
    ask = "lua io.write(table.concat(require('mirador.commands').names(), ' '))"
    said = run(NVIM, "--headless", "--clean", "-n", f"+set rtp^={PLUGIN}", f"+{ask}", "+qall!")
    text = (PLUGIN / "doc/mirador.txt").read_text("utf-8")

    assert len(said.split()) > 25
    assert [name for name in said.split() if name not in text] == []


def test_generated_tags_are_not_kept() -> None:
    """They are made where the plugin is installed."""
    assert not list(PLUGIN.rglob("tags"))


def test_the_plugin_has_the_version_of_the_server() -> None:
    """They are released together; `:checkhealth` compares them."""
    assert f"return '{__version__}'" in (PLUGIN / "lua/mirador/version.lua").read_text("utf-8")


def test_the_lua_is_clean() -> None:
    """No unused name, no stray global, no line that is too long."""
    if (luacheck := shutil.which("luacheck")) is None:
        pytest.skip("not installed: luacheck; tests/editors/setup.sh installs it")
    command = [luacheck, "--quiet", "--no-color", "--config", str(PLUGIN / ".luacheckrc")]

    run(*command, str(PLUGIN))
    run(*command, "--max-line-length", "140", str(SCRIPTS))


@pytest.mark.parametrize("nvim", [OLD, NVIM], ids=["older", "newest"])
def test_lsp_alone(workspace: Workspace, nvim: str) -> None:
    """What the page has for Neovims before 0.11: findings, and a fix that is made and saved."""
    if not Path(nvim).exists():
        pytest.skip(f"not installed: {nvim}; tests/editors/setup.sh installs it")
    workspace.script(FINDS)
    workspace.write("sign.py", SIGN)
    path = workspace.folder / "init.lua"
    path.write_text(snippet("editors.md", "Older than 0.11", "lua"), "utf-8")
    script = f"+luafile {SCRIPTS / 'older.lua'}"
    env = workspace.env | {
        "FOLDER": str(workspace.folder),
        "SNIPPET": str(path),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "XDG_STATE_HOME": str(workspace.folder / "state"),
        "XDG_CACHE_HOME": str(workspace.folder / "cache"),
    }

    run(nvim, "--headless", "--clean", "-n", script, **env)


@pytest.mark.parametrize(
    ("heading", "language", "count"),
    [
        ("coc.nvim", "json", 1),
        ("Sublime Text", "json", 1),
        ("Zed", "json", 1),
        ("Zed", "toml", 2),
        ("Helix", "toml", 1),
    ],
)
def test_snippets_of_editors_that_do_not_run_here_can_be_read(
    heading: str, language: str, count: int
) -> None:
    """A comma too many would cost a user an evening."""
    found = snippets("editors.md", heading, language)

    assert len(found) == count
    for text in found:
        assert json.loads(text) if language == "json" else tomllib.loads(text)
