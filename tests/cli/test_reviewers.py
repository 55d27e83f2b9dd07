"""`mirador reviewers`: lists, begins and checks reviewers of the user's own."""

import json
from pathlib import Path

import pytest

from mirador_lsp.cli.main import main


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A configuration and a workspace of its own."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    for name in ("CONFIG", "CACHE", "STATE", "RUNTIME"):
        monkeypatch.setenv(f"MIRADOR_{name}_DIR", str(tmp_path / name.lower()))


def test_one_is_begun_edited_and_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From nothing to a reviewer that looks."""
    assert main(["reviewers", "list"]) == 0
    assert "mirador reviewers new NAME" in capsys.readouterr().out
    assert main(["reviewers", "new", "db-locks", "--lens", "performance"]) == 0
    file = tmp_path / "config" / "reviewers" / "db-locks.md"
    assert str(file) in capsys.readouterr().out

    assert main(["reviewers", "list", "--json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)["reviewers"]
    assert (one["name"], one["title"], one["lens"]) == ("db-locks", "db locks", "performance")
    assert main(["reviewers", "list"]) == 0
    assert "db-locks" in capsys.readouterr().out
    assert main(["reviewers", "check", str(file)]) == 0
    assert "db-locks looks for performance" in capsys.readouterr().out


def test_a_reviewer_that_cannot_be_used_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the list and by the check."""
    folder = tmp_path / "config" / "reviewers"
    folder.mkdir(parents=True)
    (folder / "odd.md").write_text("---\nlens: odd\n---\nLook.")

    assert main(["reviewers", "list"]) == 1
    assert "odd.md: cannot be used" in capsys.readouterr().err
    assert main(["reviewers", "check", str(folder / "odd.md"), "nowhere.md"]) == 1
    assert "nowhere.md: is not there" in capsys.readouterr().err


def test_what_cannot_be_begun_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """A name that is none, a file that is there."""
    assert main(["reviewers", "new", "A b"]) == 2
    assert "A b is no name for a reviewer." in capsys.readouterr().err
    assert main(["reviewers", "new", "a"]) == 0
    assert main(["reviewers", "new", "a"]) == 2
    assert "already. Edit it, or choose another name." in capsys.readouterr().err
