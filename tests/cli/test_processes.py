"""`mirador review` as users run it: a process, with the scripted backend in place of models."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fakes.folders import own_folders

_SCRIPT = """
journal = "journal"
[[model]]
name = "qwen2.5-coder-0.5b"
parameters = 0.5
{replies}
"""
_FINDS = """
[[reply]]
text = "- bug: The default list is shared between calls. Code: `def put(item, items=[]):`"
"""
_HOLDS = """
[[reply]]
text = "- bug: The default list is shared between calls. Code: `def put(item, items=[]):`\\nand so"
hold = "go"
hold_after = 8
"""
_CODE = "def put(item, items=[]):\n    items.append(item)\n    return items\n"


def environment(folder: Path, replies: str = "") -> dict[str, str]:
    """Own folders, and the scripted backend with these replies."""
    script = folder / "script.toml"
    script.write_text(_SCRIPT.format(replies=replies))
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(sys.path),
        **own_folders(folder / ".own"),
        "MIRADOR_ENGINE_BACKEND": "scripted",
        "MIRADOR_ENGINE_SCRIPT": str(script),
    }


def mirador(
    folder: Path, *arguments: str, stdin: str = "", replies: str = "", **env: str
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "mirador_lsp", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=100,
        check=False,
        env={**environment(folder, replies), **env},
    )


@contextmanager
def running(folder: Path, *arguments: str, replies: str) -> Iterator["subprocess.Popen[str]"]:
    """Run the command and leave it running."""
    with subprocess.Popen(
        [sys.executable, "-m", "mirador_lsp", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=environment(folder, replies),
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one clean file and one with a defect."""
    (tmp_path / "clean.py").write_text('"""Nothing wrong."""\n\nONE = 1\n')
    (tmp_path / "put.py").write_text(_CODE)
    return tmp_path


def test_a_clean_file_is_zero(folder: Path) -> None:
    """All stages look and find nothing."""
    ended = mirador(folder, "review", "clean.py")
    assert ended.returncode == 0, ended.stderr
    assert "clean.py: clean" in ended.stdout
    assert "no findings in 1 file" in ended.stdout


def test_findings_of_model_and_analyzer_are_one(folder: Path) -> None:
    """A warning of ruff and the model's own word for it are listed; the bar decides the code."""
    ended = mirador(folder, "review", "--fail-on", "warning", "put.py", replies=_FINDS)
    assert ended.returncode == 1, ended.stderr
    assert "put.py:1:21: warning bug 0.90" in ended.stdout
    assert "quick begins by qwen2.5-coder-0.5b" in ended.stdout
    assert mirador(folder, "review", "put.py", replies=_FINDS).returncode == 0


def test_json_is_whole_and_names_the_model(folder: Path) -> None:
    """The document on stdout parses and holds a stage with its model and its tokens."""
    ended = mirador(folder, "review", "--format", "json", "put.py", replies=_FINDS)
    document = json.loads(ended.stdout)
    stages = {stage["stage"]: stage for stage in document["stages"]}
    assert stages["quick"]["model"] == "qwen2.5-coder-0.5b"
    assert stages["quick"]["completion_tokens"] > 0
    assert document["files"][0]["state"] == "findings"


def test_text_from_stdin(folder: Path) -> None:
    """`-` with a file name reviews what comes in."""
    ended = mirador(
        folder, "review", "--stages", "instant", "-", "--stdin-filename", "a/new.py", stdin=_CODE
    )
    assert ended.returncode == 0, ended.stderr
    assert "a/new.py:1:21: warning" in ended.stdout


def test_a_path_that_is_not_there_is_two(folder: Path) -> None:
    """The reason is one line on stderr."""
    ended = mirador(folder, "review", "nowhere.py")
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith("mirador: nowhere.py")


def test_without_any_model_the_instant_stage_runs(folder: Path) -> None:
    """Facts are found, the remedy is told, and the findings decide the code."""
    (folder / "script.toml").unlink(missing_ok=True)
    ended = mirador(
        folder,
        "review",
        "put.py",
        "--fail-on",
        "warning",
        MIRADOR_ENGINE_BACKEND="embedded",
        MIRADOR_ENGINE_SCRIPT="",
    )
    assert ended.returncode == 1, ended.stderr
    assert "put.py:1:21: warning bug" in ended.stdout
    assert "mirador models pull 0.5b" in ended.stdout


def test_model_stages_alone_without_a_model_could_not_run(folder: Path) -> None:
    """When only models were asked for and there is none, nothing was reviewed: 2, and why."""
    ended = mirador(
        folder,
        "review",
        "put.py",
        "--stages",
        "quick",
        MIRADOR_ENGINE_BACKEND="embedded",
        MIRADOR_ENGINE_SCRIPT="",
    )
    assert ended.returncode == 2
    assert "mirador models pull 0.5b" in ended.stderr


def test_a_file_that_does_not_parse_is_shown_as_such(folder: Path) -> None:
    """It is neither clean nor fatal."""
    (folder / "broken.js").write_text("function f( {\n  return 1;\n")
    ended = mirador(folder, "review", "--stages", "instant", "broken.js")
    assert ended.returncode == 1, ended.stderr
    assert "does not parse" in ended.stdout
    assert "clean" not in ended.stdout


def test_a_folder_with_every_kind_of_bad_input_is_reviewed(folder: Path) -> None:
    """Binary, empty, minified, foreign and looping things are told; the rest is reviewed."""
    bad = folder / "bad"
    bad.mkdir()
    (bad / "binary.py").write_bytes(b"\x00\x01\x02" * 50)
    (bad / "empty.py").write_text("")
    (bad / "latin.py").write_bytes(b"# caf\xe9\n")
    (bad / "min.js").write_text("a=1;" * 5000)
    (bad / "notes.xyz").write_text("words\n")
    (bad / "loop").symlink_to(bad)
    (bad / "good.py").write_text(_CODE)
    ended = mirador(folder, "review", "--stages", "instant,quick", "bad")
    assert ended.returncode == 0, ended.stderr
    assert "bad/good.py:1:21: warning" in ended.stdout
    for name in ("binary.py", "empty.py", "min.js", "notes.xyz"):
        assert name in ended.stdout


def test_ctrl_c_stops_the_model_and_tells_what_was_found(folder: Path) -> None:
    """SIGINT while a model speaks: the reply is cancelled, findings so far are told, exit 130."""
    with (
        journal(folder) as events,
        running(folder, "review", "put.py", replies=_HOLDS) as process,
    ):
        assert next(events) == "started"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert next(events) == "cancelled"
    assert process.returncode == 130, err
    assert "stopped" in err
    assert "put.py:1:21: warning bug 0.90" in out
    assert "1 warning in 1 file" in out


def test_a_report_of_a_stopped_review_is_still_whole(folder: Path) -> None:
    """With a machine format, Ctrl-C leaves a document that parses and says it was interrupted."""
    with (
        journal(folder) as events,
        running(folder, "review", "--format", "json", "put.py", replies=_HOLDS) as process,
    ):
        assert next(events) == "started"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    document = json.loads(out)
    assert document["interrupted"] is True
    assert document["findings"][0]["rule"] == "ruff/B006"


def test_a_reader_that_leaves_ends_the_command_quietly(folder: Path) -> None:
    """`mirador review … | head -1`: the review ends, without a traceback."""
    with running(folder, "review", "--stream", "put.py", replies=_HOLDS) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        process.wait(60)
        assert process.stderr.read() == ""
    assert process.returncode == 141


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_full_disk_is_told_in_one_line(folder: Path, form: str) -> None:
    """A report that cannot be written ends in 2 and does not look like a clean review."""
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "mirador_lsp", "review", "--format", form, "put.py"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
            timeout=100,
            check=False,
            env=environment(folder),
        )
    assert ended.returncode == 2
    assert ended.stderr == (
        "mirador: The report cannot be written: No space left on device. "
        "Write it elsewhere with --output FILE.\n"
    )


@contextmanager
def journal(folder: Path) -> Iterator[Iterator[str]]:
    """What happens to replies, as it happens: the journal of the script is a pipe."""
    path = folder / "journal"
    os.mkfifo(path)
    # Open for writing as well, so that it never ends while nobody writes.
    with os.fdopen(os.open(path, os.O_RDWR), "r", buffering=1) as lines:
        yield (json.loads(line)["event"] for line in iter(lines.readline, ""))


def test_a_report_is_not_written_over_the_code_it_is_about(folder: Path) -> None:
    """Naming a reviewed file as the output is refused before anything is opened."""
    ended = mirador(folder, "review", "--stages", "instant", "put.py", "--output", "put.py")
    assert ended.returncode == 2
    assert "put.py is a file to be reviewed" in ended.stderr
    assert (folder / "put.py").read_text() == _CODE


def test_a_report_is_replaced_only_by_a_whole_one(folder: Path) -> None:
    """An older report in the reviewed folder is no source, and a failed run leaves it alone."""
    report = folder / "report.json"
    how = ("review", "--stages", "instant", "--format", "json", "--output", "report.json")
    assert mirador(folder, *how, "put.py").returncode == 0
    assert mirador(folder, *how, "missing.py", "--fail-on", "never").returncode == 2
    assert json.loads(report.read_text())["exit_code"] == 2
    assert mirador(folder, *how, "put.py", "--model", "nonsense").returncode == 2
    assert json.loads(report.read_text())["exit_code"] == 2
    assert mirador(folder, *how, ".").returncode == 0
    names = [file["name"] for file in json.loads(report.read_text())["files"]]
    assert "put.py" in names
    assert "report.json" not in names
    assert list(folder.glob(".report*")) == []


def test_closed_standard_streams_are_no_failure(folder: Path) -> None:
    """Whoever closes stdin, stdout or stderr gets the same exit code."""
    for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
        command = f'exec "$@" {closed}'
        arguments = [sys.executable, "-m", "mirador_lsp", "review", "--stages", "instant", "put.py"]
        ended = subprocess.run(
            ["/bin/sh", "-c", command, "sh", *arguments],
            cwd=folder,
            env=environment(folder),
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert ended.returncode == 0, (closed, ended.stderr)


def test_an_empty_path_is_refused(folder: Path) -> None:
    """A variable that was not set must not mean the current folder."""
    ended = mirador(folder, "review", "")
    assert ended.returncode == 2
    assert "A PATH is empty" in ended.stderr
