"""`mirador schema`."""

import argparse
import json
import shutil
from pathlib import Path

import jsonschema
import pytest

from fakes.many import many_findings
from mirador_lsp.cli import schema
from mirador_lsp.cli.render_json import render

REPOSITORY = Path(__file__).parents[2]


def run(*words: str) -> int:
    """The exit code of `mirador schema` with these words."""
    parser = argparse.ArgumentParser()
    schema.add_parser(parser.add_subparsers())
    args = parser.parse_args(["schema", *words])
    code = args.run(args)
    assert isinstance(code, int)
    return code


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder below the root of something that looks like a checkout, made the current one."""
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    below = tmp_path / "mirador_lsp" / "core"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    return tmp_path


def test_the_schema_is_printed_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An editor plugin can ask an installed Mirador for it."""
    monkeypatch.chdir(tmp_path)
    for words in ((), ("--json",)):
        assert run(*words) == 0
        printed = json.loads(capsys.readouterr().out)
        assert printed["properties"]["review"]["properties"]["gate"]["default"] == 0.35


def test_every_generated_document_of_this_repository_is_fresh(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the repository holds is what the code writes."""
    monkeypatch.chdir(REPOSITORY)
    assert run("--check") == 0
    assert capsys.readouterr() == ("", "")


def test_a_stale_document_is_named_with_the_command_that_mends_it(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Missing, changed and undecodable documents are stale; writing makes them fresh."""
    page = checkout / "docs" / "settings.md"
    for content in (None, b"old\n", b"\xff"):
        if content is not None:
            page.write_bytes(content)
        assert run("--check") == 1
        said = capsys.readouterr().err
        assert "docs/settings.md" in said
        assert "mirador schema --write" in said
        assert run("--write") == 0
        assert "wrote docs/settings.md" in capsys.readouterr().out
        assert run("--check") == 0
    assert run("--write") == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("word", ["--write", "--check"])
@pytest.mark.parametrize("project", ["", "[project]\nname = 'other'\n", "[project\n", "project=1"])
def test_outside_a_checkout_nothing_is_written(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    word: str,
    project: str,
) -> None:
    """In somebody else's project no docs folder appears."""
    if project:
        (tmp_path / "pyproject.toml").write_text(project, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert run(word) == 2
    assert "not a checkout of Mirador" in capsys.readouterr().err
    assert not (tmp_path / "docs").exists()


def test_the_schema_of_reports_is_printed_and_accepts_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Whoever reads the JSON document can check it with what the installed Mirador prints."""
    assert run("--review") == 0
    printed = json.loads(capsys.readouterr().out)
    document = json.loads(render(many_findings(3), show_withheld=True, exit_code=1))
    jsonschema.Draft202012Validator(printed).validate(document)
