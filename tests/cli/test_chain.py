"""`mirador chain`: what is printed and written, and how it ends; with the real analyzers."""

import argparse
import io
import json
from pathlib import Path

import pytest

from mirador_lsp.cli import chain
from mirador_lsp.cli.main import Parser
from mirador_lsp.core.errors import UserError

UNTIDY = "def load(text: str) -> object:\n    print(f'loading')\n    return eval(text)\n"
TIDY = "def load(text: str) -> object:\n    print('loading')\n    return eval(text)\n"


class Terminal:
    """Runs the command in a folder of its own and keeps what it prints."""

    def __init__(self, folder: Path) -> None:
        (folder / ".git").mkdir()
        self.out, self.err = io.StringIO(), io.StringIO()
        names = ("CONFIG", "CACHE", "STATE", "RUNTIME")
        env = {f"MIRADOR_{name}_DIR": str(folder / ".home" / name) for name in names}
        self.env = env | {"MIRADOR_INDEX_ENABLED": "false"}
        self._folder = folder

    def settle(self, settings: str) -> None:
        """Write the user's settings."""
        config = Path(self.env["MIRADOR_CONFIG_DIR"])
        config.mkdir(parents=True)
        (config / "config.toml").write_text(settings)

    async def run(self, *words: str) -> int:
        """Run it with these arguments; give its exit code."""
        parser = Parser(prog="mirador")
        chain.add_parser(parser.add_subparsers())
        arguments: argparse.Namespace = parser.parse_args(["chain", "run", *words])
        around = chain.Surroundings(
            stdout=self.out, stderr=self.err, env=self.env, folder=self._folder
        )
        return await chain.run_chain(arguments, around)


async def test_without_write_the_change_is_a_diff_and_nothing_else(tmp_path: Path) -> None:
    """What is printed can be given to `git apply`; what is told of it goes to stderr."""
    terminal = Terminal(tmp_path)
    file = tmp_path / "a.py"
    file.write_text(UNTIDY)

    assert await terminal.run("tidy", "a.py") == 0

    assert file.read_text() == UNTIDY
    assert terminal.out.getvalue().startswith("--- a/a.py\n+++ b/a.py\n@@ -1,")
    assert "-    print(f'loading')\n+    print('loading')\n" in terminal.out.getvalue()
    told = terminal.err.getvalue()
    assert "1 finding mended in 1 file · nothing was written (--write does)" in told
    assert "✓ Make 1 safe fix" in told


async def test_with_write_the_file_is_changed(tmp_path: Path) -> None:
    """And it is said."""
    terminal = Terminal(tmp_path)
    (tmp_path / "a.py").write_text(UNTIDY)

    assert await terminal.run("tidy", "--write", ".") == 0

    assert (tmp_path / "a.py").read_text() == TIDY
    assert terminal.out.getvalue() == ""
    assert "  written" in terminal.err.getvalue()


async def test_data_holds_all_that_was_found_mended_and_left(tmp_path: Path) -> None:
    """One document on stdout, and no words beside it."""
    terminal = Terminal(tmp_path)
    (tmp_path / "a.py").write_text(UNTIDY)

    assert await terminal.run("tidy", "--json", "--fail-on", "warning", "a.py") == 1

    said = json.loads(terminal.out.getvalue())
    (one,) = said["files"]
    assert said["chain"] == "tidy"
    assert {finding["rule"] for finding in one["found"]} >= {"ruff/F541", "flow/code-injection"}
    assert [found["rule"] for each in one["mended"] for found in each["findings"]] == ["ruff/F541"]
    assert "flow/code-injection" in {finding["rule"] for finding in one["left"]}
    assert one["diff"].startswith("--- a/a.py")
    assert (one["written"], one["taken_back"], one["new"]) == (False, "", [])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("nope", "a.py"), "There is no chain nope. Choose from analyse-fix-validate"),
        (("tidy", "--most-fixes", "101", "a.py"), "--most-fixes is a number from 0 to 100."),
        (("tidy", "empty"), "There is nothing to look at."),
    ],
)
async def test_what_cannot_be_is_one_sentence(
    tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    """With the remedy."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError) as refused:
        await Terminal(tmp_path).run(*words)

    assert refused.value.sentence().startswith(sentence)


async def test_a_path_that_is_not_there_is_told_and_fails_the_run(tmp_path: Path) -> None:
    """The others are done all the same."""
    terminal = Terminal(tmp_path)
    (tmp_path / "a.py").write_text(UNTIDY)

    assert await terminal.run("tidy", "missing.py", "a.py") == 2

    assert "skipped missing.py: does not exist" in terminal.err.getvalue()
    assert "-    print(f" in terminal.out.getvalue()


async def test_a_chain_of_the_settings_is_run_by_its_name(tmp_path: Path) -> None:
    """And takes the place of a built-in one."""
    terminal = Terminal(tmp_path)
    (tmp_path / "a.py").write_text(UNTIDY)
    terminal.settle('[[chains]]\nname = "tidy"\nsteps = ["analyse"]\nstages = ["instant"]\n')

    assert await terminal.run("tidy", "a.py") == 0

    assert terminal.out.getvalue() == ""
    assert "0 findings mended in 0 files" in terminal.err.getvalue()
