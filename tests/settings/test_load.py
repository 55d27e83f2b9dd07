"""Reading the sources from disk."""

import os
import resource
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st

from mirador_lsp.settings import Loaded, Settings, find_workspace_root, load_settings
from mirador_lsp.settings.files import MAX_BYTES, Unreadable, parse_toml
from mirador_lsp.settings.load import WORKSPACE_FILE
from mirador_lsp.settings.trust import TrustStore


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """An environment whose folders are the test's own."""
    names = ("CONFIG", "CACHE", "STATE", "RUNTIME")
    return {f"MIRADOR_{name}_DIR": str(tmp_path / "own" / name.lower()) for name in names}


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """An empty workspace."""
    folder = tmp_path / "ws"
    folder.mkdir()
    return folder


def user_file(env: dict[str, str], text: str) -> Path:
    """Write the user's own settings file."""
    file = Path(env["MIRADOR_CONFIG_DIR"]) / "config.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def sentences(loaded: Loaded) -> str:
    """The problems as lines."""
    return "\n".join(problem.sentence() for problem in loaded.problems)


def test_nothing_there_is_no_problem(env: dict[str, str], workspace: Path) -> None:
    """Without files the defaults hold and nothing is told."""
    loaded = load_settings(workspace=workspace, env=env)
    assert (loaded.settings, loaded.problems) == (Settings(), ())
    assert loaded.paths.models == Path(env["MIRADOR_CACHE_DIR"]) / "models"


def test_the_sources_are_laid_over_each_other(env: dict[str, str], workspace: Path) -> None:
    """User file, workspace file, editor, environment and flags each overrule the one before."""
    keys = (
        "max_findings_per_reply",
        "max_findings_per_file",
        "max_model_bytes",
        "max_line_length",
        "gate",
    )
    user_file(env, "[review]\n" + "".join(f"{key} = 1\n" for key in keys[:1]) + "gate = 0.1\n")
    text = "[review]\ngate = 0.05\nmax_findings_per_file = 52\n"
    (workspace / WORKSPACE_FILE).write_text(text, encoding="utf-8")
    loaded = load_settings(
        workspace=workspace,
        editor={"review": {"gate": 0.3, "maxModelBytes": 3000}},
        env=env | {"MIRADOR_REVIEW_GATE": "0.4", "MIRADOR_REVIEW_MAX_LINE_LENGTH": "400"},
        flags={"review": {"gate": "0.5", "stages": None}},
    )
    review = loaded.settings.review
    assert tuple(getattr(review, key) for key in keys) == (1, 52, 3000, 400, 0.5)
    assert loaded.problems == ()


@pytest.mark.parametrize("trusted", [False, True])
def test_a_workspace_sets_what_is_restricted_only_when_trusted(
    env: dict[str, str], workspace: Path, trusted: bool
) -> None:
    """Restricted keys of the workspace file wait for `mirador trust`; the others do not."""
    file = workspace / WORKSPACE_FILE
    file.write_text(
        '[review]\ngate = 0.9\n[engine]\nbackend = "scripted"\nscript = "play.toml"\n'
        '[models]\nfolder = "weights"\n[stages.quick]\ninstructions = "be kind"\nseconds = 5\n',
        encoding="utf-8",
    )
    if trusted:
        TrustStore(load_settings(env=env).paths.trust).trust(file, file.read_bytes())
    loaded = load_settings(workspace=workspace, env=env)
    settings = loaded.settings
    assert settings.review.gate == 0.9
    assert settings.stages.quick.seconds == 5
    assert (settings.engine.backend == "scripted") is trusted
    assert settings.engine.script == (str(workspace / "play.toml") if trusted else "")
    assert settings.stages.quick.instructions == ("be kind" if trusted else "")
    assert (loaded.paths.models == workspace / "weights") is trusted
    told = {problem.key for problem in loaded.problems if not problem.used}
    expected = {"engine.backend", "engine.script", "models.folder", "stages.quick.instructions"}
    assert told == (set() if trusted else expected)
    for problem in loaded.problems:
        assert f"mirador trust {workspace}" in problem.remedy
        assert problem.source == str(file)


def test_trust_ends_with_the_next_byte(env: dict[str, str], workspace: Path) -> None:
    """A trusted file that changes is not trusted any more, and is again when it changes back."""
    file = workspace / WORKSPACE_FILE
    text = '[engine]\nbackend = "scripted"\n'
    file.write_text(text, encoding="utf-8")
    TrustStore(load_settings(env=env).paths.trust).trust(file, text.encode())
    assert load_settings(workspace=workspace, env=env).settings.engine.backend == "scripted"
    file.write_text(text + "#", encoding="utf-8")
    assert load_settings(workspace=workspace, env=env).settings.engine.backend == "embedded"
    file.write_text(text, encoding="utf-8")
    assert load_settings(workspace=workspace, env=env).settings.engine.backend == "scripted"


@pytest.mark.parametrize("vouches", [False, True])
def test_an_editor_sets_what_is_restricted_only_when_it_vouches(
    env: dict[str, str], workspace: Path, vouches: bool
) -> None:
    """An editor mixes in settings of the workspace, so its word alone does not do."""
    loaded = load_settings(
        workspace=workspace,
        editor={"mirador": {"engine": {"backend": "scripted"}, "review": {"gate": 0.7}}},
        editor_vouches=vouches,
        env=env,
    )
    assert loaded.settings.review.gate == 0.7
    assert (loaded.settings.engine.backend == "scripted") is vouches
    assert [p.key for p in loaded.problems] == ([] if vouches else ["engine.backend"])


def test_the_users_own_sources_set_everything(env: dict[str, str], tmp_path: Path) -> None:
    """User file, environment and flags are the user: nothing in them is restricted."""
    file = user_file(env, '[engine]\nscript = "own.toml"\nthreads = 1\n')
    loaded = load_settings(
        env=env | {"MIRADOR_ENGINE_BACKEND": "scripted"}, flags={"engine": {"threads": 2}}
    )
    assert loaded.settings.engine.backend == "scripted"
    assert loaded.settings.engine.script == str(file.parent / "own.toml")
    assert loaded.settings.engine.threads == 2
    assert loaded.problems == ()


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"[review\ngate = 1\n", "line 1"),
        (b"[review]\ngate = = 1\n", "line 2"),
        (b"a = 1\nb = '\xff'\n", "is not UTF-8 (line 2)"),
        ("gate = 1".encode("utf-16"), "is not UTF-8"),
        (b"a = " + b"[" * 100_000, "nested too deeply"),
        (b"a = " + b"{a=" * 50_000, "nested too deeply"),
        (b"a" + b".a" * 120_000 + b" = 1", "too many parts"),
        (b'"a"' + b' . "."' * 40_000 + b" = 1", "too many parts"),
        (b"[" + b"'a'." * 40_000 + b"a]", "too many parts"),
        (b"x = {" + b"a." * 30 + b"a = 1}", "too many parts"),
        (b"a = 1999-99-99", "TOML"),
        (b"a = " + b"9" * 5000, "cannot be"),
        (b"#" * (MAX_BYTES + 1), "larger than 256 KiB"),
        (b"\0", "TOML"),
    ],
)
def test_a_hostile_file_is_told_in_little_time(
    env: dict[str, str], workspace: Path, content: bytes, part: str
) -> None:
    """No content hangs or stops a start; the user reads which file and why."""
    (workspace / WORKSPACE_FILE).write_bytes(content)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    loaded = load_settings(workspace=workspace, env=env)
    spent = resource.getrusage(resource.RUSAGE_SELF).ru_utime - before
    assert loaded.settings == Settings()
    assert len(loaded.problems) == 1
    assert part in sentences(loaded)
    assert WORKSPACE_FILE in loaded.problems[0].source
    assert spent < 20, "the unguarded parser takes minutes for these"


def test_prose_with_dots_is_not_taken_for_a_long_key() -> None:
    """The guard against long keys leaves text, comments and numbers alone."""
    text = (
        "# ........... a.b c.d e.g. i.e.\n"
        '[stages.quick]\ninstructions = """\nSay e.g. why. Be kind. Use U.S. spelling...\n'
        'www.example.org/a.b.c/d.e\n"""\n'
        "models = ['a.b.c.d.e.f.g.h.i.j.k.l']\nseconds = 1.5\n"
    )
    parsed = parse_toml(text.encode())
    assert not isinstance(parsed, Unreadable)


@how(deadline=None)
@given(st.text() | st.binary())
def test_any_content_is_parsed_or_told(content: str | bytes) -> None:
    """Any bytes give tables or a reason."""
    data = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    assert isinstance(parse_toml(data), dict | Unreadable)


def test_a_bom_and_windows_line_ends_are_fine(env: dict[str, str], workspace: Path) -> None:
    """What a Windows editor saves is read like any other file."""
    content = b"\xef\xbb\xbf[review]\r\ngate = 0.6\r\n"
    (workspace / WORKSPACE_FILE).write_bytes(content)
    assert load_settings(workspace=workspace, env=env).settings.review.gate == 0.6


def make_fifo(file: Path) -> None:
    """A pipe nobody writes to."""
    os.mkfifo(file)


def make_folder(file: Path) -> None:
    """A folder."""
    file.mkdir()


def make_link(file: Path) -> None:
    """A link to settings that would change something."""
    target = file.parent / "elsewhere.toml"
    target.write_text("[review]\ngate = 0.9\n", encoding="utf-8")
    file.symlink_to(target)


def make_device(file: Path) -> None:
    """A link to a file without an end."""
    file.symlink_to("/dev/zero")


@pytest.mark.parametrize(
    ("make", "part"),
    [
        (make_fifo, "is not a regular file"),
        (make_folder, "is not a regular file"),
        (make_link, "is a symbolic link"),
        (make_device, "is a symbolic link"),
    ],
)
def test_a_workspace_file_that_is_no_file_is_told(
    env: dict[str, str], workspace: Path, make: object, part: str
) -> None:
    """A pipe, a folder or a link in the place of the file neither blocks nor counts."""
    assert callable(make)
    make(workspace / WORKSPACE_FILE)
    loaded = load_settings(workspace=workspace, env=env)
    assert loaded.settings == Settings()
    assert part in sentences(loaded)


def test_the_users_own_file_may_be_a_link_but_not_a_device(
    env: dict[str, str], tmp_path: Path
) -> None:
    """Dotfiles are often links; an endless device behind one is still refused."""
    own = tmp_path / "dotfiles.toml"
    own.write_text("[review]\ngate = 0.8\n", encoding="utf-8")
    file = user_file(env, "")
    file.unlink()
    file.symlink_to(own)
    assert load_settings(env=env).settings.review.gate == 0.8
    file.unlink()
    file.symlink_to("/dev/zero")
    assert "not a regular file" in sentences(load_settings(env=env))


def test_the_root_is_the_nearest_marked_folder(tmp_path: Path) -> None:
    """`.mirador.toml` and `.git` mark a workspace; without one the folder itself is it."""
    deep = tmp_path / "repo" / "pkg" / "sub"
    deep.mkdir(parents=True)
    file = deep / "a.py"
    file.touch()
    (tmp_path / "repo" / ".git").mkdir()
    assert find_workspace_root(file) == tmp_path / "repo"
    assert find_workspace_root(deep / "missing.py") == tmp_path / "repo"
    (tmp_path / "repo" / "pkg" / WORKSPACE_FILE).touch()
    assert find_workspace_root(deep) == tmp_path / "repo" / "pkg"
    alone = tmp_path / "alone"
    alone.mkdir()
    assert find_workspace_root(alone) == alone


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a file of another user")
def test_a_marker_somebody_else_put_above_does_not_count(tmp_path: Path) -> None:
    """In a shared folder another user cannot appoint himself the root of one's workspace."""
    mine = tmp_path / "shared" / "mine"
    mine.mkdir(parents=True)
    planted = tmp_path / "shared" / WORKSPACE_FILE
    planted.touch()
    assert find_workspace_root(mine) == tmp_path / "shared"
    os.chown(planted, 65534, 65534)
    assert find_workspace_root(mine) == mine


def test_the_home_folder_is_not_a_workspace_by_accident(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A home folder kept in git does not become the root of every project in it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".git").mkdir()
    project = tmp_path / "project"
    project.mkdir()
    assert find_workspace_root(project) == project
    assert find_workspace_root(tmp_path) == tmp_path


def test_an_untrusted_workspace_cannot_narrow_a_review_in_silence(
    env: dict[str, str], workspace: Path
) -> None:
    """What its file takes away from a review holds, and is told until the file is trusted."""
    file = workspace / WORKSPACE_FILE
    file.write_text(
        '[review]\nlenses = ["style"]\ngate = 0.9\nmax_findings_per_file = 100\n'
        "[analysis]\nruff = false\n"
    )
    loaded = load_settings(workspace=workspace, env=env)
    assert loaded.settings.review.lenses == ("style",)
    (told,) = loaded.problems
    assert told.used
    assert "look at less: review.lenses, review.gate, analysis.ruff." in told.sentence()
    assert "mirador trust" in told.remedy
    TrustStore(loaded.paths.trust).trust(file, file.read_bytes())
    assert load_settings(workspace=workspace, env=env).problems == ()


def test_a_workspace_that_takes_nothing_away_is_no_matter(
    env: dict[str, str], workspace: Path
) -> None:
    """Looking at more, or at as much as before, needs no word; nor do the user's own settings."""
    (workspace / WORKSPACE_FILE).write_text(
        '[review]\nlenses = ["style", "bug", "security", "performance"]\ngate = 0.1\n'
    )
    mine = load_settings(env=env).paths.config_file
    mine.parent.mkdir(parents=True, exist_ok=True)
    mine.write_text("[analysis]\nruff = false\n")
    assert load_settings(workspace=workspace, env=env).problems == ()


def test_the_source_of_each_setting_is_known(env: dict[str, str], workspace: Path) -> None:
    """Of those that were used; what is at its default, or was refused, has none."""
    (workspace / WORKSPACE_FILE).write_text(
        '[review]\ngate = 0.4\nmax_findings_per_file = 7\n[engine]\nscript = "x"\n'
    )
    loaded = load_settings(
        workspace=workspace,
        editor={"review": {"gate": 0.6}},
        env=env | {"MIRADOR_REVIEW_LENSES": "bug"},
    )

    assert loaded.origins == {
        "review.gate": "the editor",
        "review.max_findings_per_file": str(workspace / WORKSPACE_FILE),
        "review.lenses": "the environment",
    }
