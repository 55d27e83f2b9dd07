"""Reviewers of the user's own: what their files may say, and what is told of the others."""

from pathlib import Path

import pytest

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.findings import Lens, Severity
from mirador_lsp.core.reviewers import Reviewer
from mirador_lsp.settings import load_settings, review_policy
from mirador_lsp.settings.problems import Problem
from mirador_lsp.settings.reviewer_files import MOST, read_reviewer, read_reviewers
from mirador_lsp.settings.trust import TrustStore

WHOLE = """\
---
name: migrations
title: Database migrations
lens: performance
severity: information
languages: [python, sql]
paths: ["db/**"]
---

Look for locks.

Mind old rows.
"""


def one(folder: Path, text: str | bytes, name: str = "own.md") -> Reviewer | Problem:
    """What a file that says this defines."""
    folder.mkdir(exist_ok=True)
    content = text if isinstance(text, bytes) else text.encode()
    (folder / name).write_bytes(content)
    return read_reviewer(folder / name)


def test_a_whole_file_says_it_all(tmp_path: Path) -> None:
    """Front matter and instructions."""
    read = one(tmp_path, WHOLE)

    assert read == Reviewer(
        name="migrations",
        title="Database migrations",
        instructions="Look for locks.\n\nMind old rows.",
        lens=Lens.PERFORMANCE,
        severity=Severity.INFORMATION,
        languages=("python", "sql"),
        paths=("db/**",),
        source=str(tmp_path / "own.md"),
    )


@pytest.mark.parametrize(
    "text", ["Look for locks.", "---\n---\nLook for locks.", "\ufeffLook for locks."]
)
def test_only_the_instructions_must_be_said(tmp_path: Path, text: str) -> None:
    """The name is that of the file; it looks for bugs, everywhere."""
    read = one(tmp_path, text, "Own.md")

    assert isinstance(read, Reviewer)
    assert (read.name, read.title, read.lens, read.instructions) == (
        "own",
        "own",
        Lens.BUG,
        "Look for locks.",
    )
    assert read.is_for(Snapshot("file:///a.go", "a.go", "go", "x"))


def test_one_with_the_name_of_a_lens_is_of_that_lens(tmp_path: Path) -> None:
    """Whatever else it says."""
    read = one(tmp_path, "---\nlens: style\n---\nLook.", "security.md")

    assert isinstance(read, Reviewer)
    assert read.lens is Lens.SECURITY


def test_it_looks_where_it_is_told_to(tmp_path: Path) -> None:
    """At these languages, at these paths."""
    read = one(tmp_path, WHOLE)
    assert isinstance(read, Reviewer)

    def looks(name: str, language: str) -> bool:
        return read.is_for(Snapshot(f"file:///{name}", name, language, "x"))

    assert looks("db/old/1.py", "python")
    assert not looks("db/old/1.go", "go")
    assert not looks("src/1.py", "python")


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("", "it does not say what to look for"),
        ("---\ntitle: x\n---\n  \n", "it does not say what to look for"),
        ("---\ntitle: x\n", "its front matter has no end"),
        ("---\nlens: odd\n---\nLook.", "Invalid enum value 'odd'"),
        ("---\nmodel: x\n---\nLook.", "unknown field `model`"),
        ("---\nname: A b\n---\nLook.", "matching regex"),
        ("---\n- a\n---\nLook.", "Expected `object`"),
        ("---\na: &x [1]\nb: *x\n---\nLook.", "references"),
        ("---\n" + "[" * 900 + "\n---\nLook.", "nested too deeply"),
        ("x" * 2001, "longer than 2000 characters"),
        ("x" * 20_000, "is larger than 16 KiB"),
        (b"\xff\xfe", "is not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_used_is_told(tmp_path: Path, text: str | bytes, phrase: str) -> None:
    """In one sentence with the file's name; it never raises."""
    read = one(tmp_path, text)

    assert isinstance(read, Problem)
    assert phrase in read.sentence()
    assert str(tmp_path / "own.md") in read.sentence()


def test_a_folder_holds_so_many_and_each_name_once(tmp_path: Path) -> None:
    """What is too much is told; other files are not looked at."""
    for number in range(MOST + 3):
        one(tmp_path, "Look.", f"r{number:02}.md")
    one(tmp_path, "---\nname: r00\n---\nLook.", "r000.md")
    one(tmp_path, "---", "README.md")
    one(tmp_path, "---", "notes.txt")

    found, problems = read_reviewers(tmp_path)

    assert len(found) == MOST
    twice, more = (problem.sentence() for problem in problems)
    assert 'r000.md: has the name "r00", as another one does' in twice
    assert f"is one too many: a folder may hold {MOST} reviewers" in more
    assert read_reviewers(tmp_path / "nowhere") == ((), ())


def test_a_workspace_has_reviewers_only_where_the_user_trusts_it(tmp_path: Path) -> None:
    """They tell a model what to do. Theirs take the place of the user's of the same name."""
    config, workspace = tmp_path / "config", tmp_path / "work"
    one(tmp_path / "config", b"", "config.toml")
    one(config / "reviewers", "Mine.", "same.md")
    (workspace / ".mirador").mkdir(parents=True)
    one(workspace / ".mirador" / "reviewers", "Theirs.", "same.md")
    one(workspace / ".mirador" / "reviewers", "Theirs.", "other.md")
    (workspace / ".mirador.toml").write_text("")
    env = {"MIRADOR_CONFIG_DIR": str(config), "MIRADOR_STATE_DIR": str(tmp_path / "state")}

    def names() -> dict[str, str]:
        policy = review_policy(load_settings(workspace=workspace, env=env).settings)
        return {each.name: each.instructions for each in policy.reviewers}

    assert names() == {"same": "Mine."}
    store = TrustStore(load_settings(env=env).paths.trust)
    store.trust(workspace / ".mirador.toml", b"")

    assert names() == {"same": "Theirs.", "other": "Theirs."}
