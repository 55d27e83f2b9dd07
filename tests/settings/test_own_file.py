"""Writing a model into the user's own file: everything else stays as it was."""

import stat
import tomllib
from pathlib import Path

import pytest

from mirador_lsp.core.errors import ServiceError, UserError
from mirador_lsp.settings.own_file import prefer_model

COMMENTED = """\
# my settings

[review]
gate = 0.5    # not too much

[stages.deep]
models = ["old", "older"]  # by experience
seconds = 100

[[servers]]
name = "lan"
kind = "openai"
url = "http://lan:8080"
"""


def test_comments_and_order_stay(tmp_path: Path) -> None:
    """The model goes to the front; those named before stand in for it."""
    file = tmp_path / "config.toml"
    file.write_text(COMMENTED)

    prefer_model(file, "new", ["deep"])

    text = file.read_text()
    assert tomllib.loads(text)["stages"]["deep"]["models"] == ["new", "old", "older"]
    rest = [line for line in COMMENTED.splitlines() if not line.startswith("models")]
    assert [line for line in text.splitlines() if not line.startswith("models")] == rest


@pytest.mark.parametrize(
    "before",
    ["", "# nothing yet\n", "[stages]\n", "stages = {quick = {seconds = 5}}\n", "[review]\n"],
)
def test_sections_that_are_not_there_are_made(tmp_path: Path, before: str) -> None:
    """Also the file and its folder; what it becomes can be read."""
    file = tmp_path / "mirador" / "config.toml"
    if before:
        file.parent.mkdir()
        file.write_text(before)

    prefer_model(file, "a/b:7b", ["quick", "deep"])

    stages = tomllib.loads(file.read_text())["stages"]
    assert stages["quick"]["models"] == stages["deep"]["models"] == ["a/b:7b"]


def test_auto_takes_the_names_away(tmp_path: Path) -> None:
    """The rest of the section stays."""
    file = tmp_path / "config.toml"
    file.write_text(COMMENTED)

    prefer_model(file, "", ["deep", "quick"])

    stages = tomllib.loads(file.read_text())["stages"]
    assert stages["deep"] == {"seconds": 100}


def test_auto_leaves_nothing_of_what_it_takes_back(tmp_path: Path) -> None:
    """Sections in which nothing is left go, too; a comment is something."""
    file = tmp_path / "config.toml"
    file.write_text("[stages.deep]\n# why: see the wiki\nmodels = ['a']\n")
    prefer_model(file, "b", ["quick", "deep"])

    prefer_model(file, "", ["quick", "deep"])

    assert file.read_text().strip() == "[stages.deep]\n# why: see the wiki"
    file.write_text("profile = 'none'\n")
    prefer_model(file, "b", ["quick"])
    prefer_model(file, "", ["quick", "synthesis"])
    assert file.read_text().strip() == "profile = 'none'"


def test_twice_is_once(tmp_path: Path) -> None:
    """No name is repeated."""
    file = tmp_path / "config.toml"
    for name in ("one", "two", "one"):
        prefer_model(file, name, ["quick"])

    assert tomllib.loads(file.read_text())["stages"]["quick"]["models"] == ["one", "two"]


def test_a_link_stays_a_link_and_the_mode_stays(tmp_path: Path) -> None:
    """Dotfiles are often links into a repository."""
    real = tmp_path / "dotfiles.toml"
    real.write_text(COMMENTED)
    real.chmod(0o640)
    link = tmp_path / "config.toml"
    link.symlink_to(real)

    prefer_model(link, "new", ["quick"])

    assert link.is_symlink()
    assert "new" in real.read_text()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert sorted(p.name for p in tmp_path.iterdir()) == ["config.toml", "dotfiles.toml"]


@pytest.mark.parametrize(
    "text",
    ["[stages\n", "stages = 3\n", "[stages]\nquick = [1]\n", "[[stages]]\n", "a" + ".a" * 5000],
)
def test_a_file_that_cannot_be_read_is_left_alone(tmp_path: Path, text: str) -> None:
    """One sentence, and not a byte is changed."""
    file = tmp_path / "config.toml"
    file.write_text(text)

    with pytest.raises(UserError):
        prefer_model(file, "new", ["quick"])
    assert file.read_text() == text


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """As an error with a remedy, never a traceback."""
    (tmp_path / "taken").write_text("")

    with pytest.raises((ServiceError, UserError)):
        prefer_model(tmp_path / "taken" / "config.toml", "new", ["quick"])
