"""`mirador migrate`: chain files of the second version go into the user's settings."""

import argparse
import io
import json
from pathlib import Path

import pytest

from mirador_lsp.cli import migrate
from mirador_lsp.cli.main import Parser
from mirador_lsp.core.errors import UserError
from mirador_lsp.settings import load_settings

OLLAMA = '# mine\n[[servers]]\nname = "box"\nkind = "ollama"\nurl = "http://127.0.0.1:11434"\n'


class Terminal:
    """Runs the command in a folder of its own and keeps what it prints."""

    def __init__(self, folder: Path, settings: str = "") -> None:
        self.file = folder / "config" / "config.toml"
        self.file.parent.mkdir()
        if settings:
            self.file.write_text(settings)
        self.env = {"MIRADOR_CONFIG_DIR": str(folder / "config")}
        self._folder = folder
        self.out, self.err = io.StringIO(), io.StringIO()

    def run(self, *words: str) -> int:
        """Run it with these arguments; give its exit code."""
        parser = Parser(prog="mirador")
        migrate.add_parser(parser.add_subparsers())
        arguments: argparse.Namespace = parser.parse_args(["migrate", *words])
        around = migrate.Surroundings(self.out, self.err, self.env, self._folder)
        return migrate.migrate(arguments, around)

    def chains(self) -> dict[str, tuple[str, ...]]:
        """The quick models of every chain that the settings hold now."""
        loaded = load_settings(env=self.env)
        assert loaded.problems == ()
        return {chain.name: chain.quick for chain in loaded.settings.chains}


def test_chains_are_written_into_the_users_settings(tmp_path: Path) -> None:
    """Comments there stay; models are those of the only Ollama; it is shown where each went."""
    terminal = Terminal(tmp_path, OLLAMA)
    said = {"chains": {"big": {"models": list("abcde"), "prompt": "x"}, "small": ["z"]}}
    (tmp_path / "old.json").write_text(json.dumps(said))

    assert terminal.run("old.json") == 0

    assert terminal.chains() == {"big": ("box/a",), "small": ("box/z",)}
    assert terminal.file.read_text().startswith(OLLAMA)
    lines = terminal.out.getvalue().splitlines()
    assert lines[1].split() == ["big", "box/a", "box/b,", "box/c,", "box/d", "box/e"]
    assert lines[-1] == f"2 chains written to {terminal.file}"
    assert 'mirador: big: left out: "prompt"' in terminal.err.getvalue()


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    """It says what it would do."""
    terminal = Terminal(tmp_path)
    (tmp_path / "old.json").write_text('{"models": ["a"]}')

    assert terminal.run("--dry-run", "old.json") == 0

    assert not terminal.file.exists()
    assert "1 chain would be written to" in terminal.out.getvalue()
    assert "old: not here: a." in terminal.err.getvalue()


def test_a_chain_of_the_same_name_is_replaced_on_request_only(tmp_path: Path) -> None:
    """What the user has written is theirs."""
    terminal = Terminal(tmp_path, '[[chains]]\nname = "old"\nquick = ["kept"]\n')
    (tmp_path / "old.json").write_text('{"models": ["new"]}')

    assert terminal.run("old.json") == 1
    assert terminal.chains() == {"old": ("kept",)}
    assert "there is a chain of that name; --replace" in terminal.err.getvalue()

    assert terminal.run("--replace", "old.json") == 0
    assert terminal.chains() == {"old": ("new",)}


def test_a_folder_stands_for_its_json_files_and_the_report_can_be_data(tmp_path: Path) -> None:
    """Chains that cannot be used are in it."""
    terminal = Terminal(tmp_path)
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "one.json").write_text('{"models": ["a"]}')
    (tmp_path / "old" / "two.json").write_text('{"chains": {"odd": 3}}')

    assert terminal.run("--json", "old") == 1

    said = json.loads(terminal.out.getvalue())
    assert [(each["name"], each["from"], each["taken"]) for each in said["chains"]] == [
        ("one", "old/one.json", True)
    ]
    assert said["refused"] == ["old/two.json: odd: it names no list of models."]
    assert said["written"] is True


def test_another_file_in_a_folder_keeps_no_chain_back(tmp_path: Path) -> None:
    """It is told, and the exit code says that not everything was taken over."""
    terminal = Terminal(tmp_path)
    folder = tmp_path / "old"
    folder.mkdir()
    (folder / "a.json").write_text('{"models": ["a"]}')
    (folder / "package.json").write_text('{"name": "shop"}')
    (folder / "torn.json").write_text('{"models": [')

    assert terminal.run("old") == migrate.SOME_REFUSED

    assert terminal.chains() == {"a": ("a",)}
    said = terminal.err.getvalue()
    assert "old/package.json" in said
    assert "old/torn.json is not JSON" in said


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("missing.json",), "There is no file missing.json."),
        (("empty",), "There is no *.json file in empty."),
        (("bad.json",), "bad.json is not JSON (line 1"),
        (("--server", "box", "good.json"), "Your settings name no server box."),
        (("a\0b",), "ab cannot be read: embedded null byte."),
    ],
)
def test_bad_input_is_one_sentence(tmp_path: Path, words: tuple[str, ...], sentence: str) -> None:
    """And nothing is written."""
    terminal = Terminal(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.json").write_text("a -> b")
    (tmp_path / "good.json").write_text('{"models": ["a"]}')

    with pytest.raises(UserError) as refused:
        terminal.run(*words)

    assert refused.value.sentence().startswith(sentence)
    assert not terminal.file.exists()
