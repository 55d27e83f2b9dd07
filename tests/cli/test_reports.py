"""`mirador review --report`: more than one format from one run."""

import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from fakes.engine_app import EngineApp
from fakes.folders import own_folders
from mirador_lsp.app import Skipped, Source, gather
from mirador_lsp.cli.main import Parser
from mirador_lsp.cli.outputs import Wishes
from mirador_lsp.cli.review import Surroundings, review
from mirador_lsp.cli.review_options import Options, add_parser, options_of
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.findings import Severity


def asked(*words: str) -> Options:
    """What a command line asks for."""
    parser = Parser(prog="mirador")
    add_parser(parser.add_subparsers())
    return options_of(parser.parse_args(["review", *words]))


async def run(folder: Path, *words: str, severity: Severity = Severity.WARNING) -> tuple[int, str]:
    """The exit code and stdout of a review in a folder with one bad file."""
    (folder / "a.py").write_text("bad\n")

    def gathered(paths: Sequence[str], stdin_name: str) -> Iterator[Source | Skipped]:
        return gather(paths, cwd=folder, stdin_name=stdin_name, stdin=io.BytesIO())

    out = io.StringIO()
    around = Surroundings(
        stdout=out,
        stderr=io.StringIO(),
        env=own_folders(folder / ".own"),
        folder=folder,
        open_app=EngineApp(["bad"], severity).opened,
        gather=gathered,
    )
    return await review(asked("--stages", "instant", *words), around), out.getvalue()


def names(folder: Path) -> list[str]:
    """What lies in a folder, hidden files of Mirador's own left out."""
    return sorted(path.name for path in folder.iterdir() if path.name != ".own")


async def test_one_run_writes_several_reports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each whole, beside the one on stdout; none of them is taken for a source."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out.sarif").write_text("old")
    words = ("--format", "github", "--report", "sarif=out.sarif", "--report", "markdown=sum.md")
    code, out = await run(tmp_path, *words, "--fail-on", "warning", ".")

    assert code == 1
    assert out.startswith("::warning file=a.py,line=1,endLine=1,col=1,endColumn=3,")
    assert json.loads((tmp_path / "out.sarif").read_text())["version"] == "2.1.0"
    assert (tmp_path / "sum.md").read_text().startswith("# Mirador review")
    assert names(tmp_path) == ["a.py", "out.sarif", "sum.md"]


@pytest.mark.parametrize("name", ["nowhere/out.sarif", "."])
async def test_a_report_that_cannot_be_written_is_told_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Nothing is left behind, whichever of them it is."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="Cannot write to"):
        await run(tmp_path, "--report", "markdown=sum.md", "--report", f"sarif={name}", "a.py")
    assert names(tmp_path) == ["a.py"]


async def test_no_report_is_written_over_its_source(tmp_path: Path) -> None:
    """Whichever of them it is."""
    with pytest.raises(UserError, match=r"a\.py is a file to be reviewed"):
        await run(tmp_path, "--report", "sarif=a.py", "a.py")


@pytest.mark.parametrize("word", ["sarif", "sarif=", "text=x", "pdf=x", "=x"])
def test_a_report_is_a_format_and_a_file(word: str) -> None:
    """Anything else is refused in one line."""
    with pytest.raises(UserError, match="is not one of json, sarif"):
        asked("--report", word, "a.py")


def test_without_a_report_there_is_none() -> None:
    """The usual case."""
    assert asked("a.py").wishes == Wishes()


async def test_nothing_to_review_is_a_failure_unless_it_is_said_to_be_none(tmp_path: Path) -> None:
    """Hooks are given whatever was changed, an empty file for example."""
    (tmp_path / "empty.py").write_text("")
    assert (await run(tmp_path, "empty.py"))[0] == 2
    assert (await run(tmp_path, "--nothing-ok", "empty.py"))[0] == 0
    assert (await run(tmp_path, "--nothing-ok", "missing.py"))[0] == 2


@pytest.mark.parametrize("look", ["auto", "always"])
async def test_text_shows_so_many_findings_as_they_come_and_every_error(
    tmp_path: Path, look: str
) -> None:
    """The others are counted at the end; in a terminal and in a pipe."""
    (tmp_path / ".mirador.toml").write_text("[review]\nmax_findings = 2\n")
    (tmp_path / "b.py").write_text("bad\nx = bad\ny = bad\n")
    code, out = await run(tmp_path, "--color", look, ".")
    assert code == 0
    assert out.count("ruff/bad") == 2
    assert "2 over the cap for the run" in out

    code, out = await run(tmp_path, "--color", look, ".", severity=Severity.ERROR)
    assert code == 1
    assert out.count("ruff/bad") == 4
