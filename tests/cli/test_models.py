"""`mirador models`, as the user types it."""

import argparse
import io
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from fakes.file_server import FileServer, serving
from fakes.model_files import model_bytes, sha256
from mirador_lsp.app import Phase, PullProgress
from mirador_lsp.cli import models
from mirador_lsp.cli.progress import BarDisplay, LineDisplay, pull_display
from mirador_lsp.core.errors import UserError

DATA = model_bytes(600_000)
CATALOGUE = f"""
[[model]]
name = "tiny"
aliases = ["t"]
title = "A tiny model"
use = "the tests"
file_name = "tiny.gguf"
size = {len(DATA)}
sha256 = "{sha256(DATA)}"
licence = "MIT"
parameters = 0.001
context_tokens = 128

  [[model.source]]
  kind = "hub"
  repository = "people/model"
  file = "model.gguf"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The models folder of a user whose catalogue also names a tiny model."""
    for name in list(os.environ):
        if name.startswith("MIRADOR_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("MIRADOR_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("MIRADOR_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "models.toml").write_text(CATALOGUE)
    return tmp_path / "cache" / "models"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """A hub that has the tiny model."""
    with serving(FileServer(DATA)) as file:
        monkeypatch.setenv("HF_ENDPOINT", file.base)
        yield file


def run(*arguments: str) -> int:
    """Run `mirador models ARGUMENTS`; the exit code."""
    parser = argparse.ArgumentParser()
    models.add_parser(parser.add_subparsers())
    args = parser.parse_args(["models", *arguments])
    return int(args.run(args))


def place(folder: Path, data: bytes = DATA) -> None:
    """Put the tiny model's file into the folder."""
    folder.mkdir(parents=True)
    (folder / "tiny.gguf").write_bytes(data)


@pytest.mark.parametrize("arguments", [(), ("list",)])
def test_the_list_shows_every_model(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    """With size, licence and state, the user's own included; nothing is created."""
    assert run(*arguments) == 0
    shown = capsys.readouterr().out
    for text in ("qwen2.5-coder-0.5b", "491 MB", "Apache-2.0", "not there", "tiny", "MIT"):
        assert text in shown
    assert not folder.exists()


def test_the_list_as_json_has_stable_names(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """For scripts; the state is one of five words."""
    place(folder)
    assert run("list", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["folder"] == str(folder)
    states = {model["name"]: model["state"] for model in facts["models"]}
    assert states["tiny"] == "unverified"
    assert states["qwen2.5-coder-0.5b"] == "absent"


def test_the_list_names_what_is_broken_or_unknown(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And says that it is never used."""
    place(folder, DATA[:-1])
    (folder / "mine.gguf").write_bytes(DATA)
    (folder / "smollm2-135m-instruct-q4_1.gguf.part").write_bytes(bytes(49_181_216))
    run("list")
    shown = " ".join(capsys.readouterr().out.split())
    assert "tiny is broken and never used" in shown
    assert "mine.gguf is in no catalogue and never used" in shown
    assert "partly fetched (50 %)" in shown


def test_pull_fetches_and_says_so(
    folder: Path, server: FileServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """By alias; the second time nothing is asked of the hub."""
    assert run("pull", "t") == 0
    assert "tiny is ready" in capsys.readouterr().out
    assert (folder / "tiny.gguf").read_bytes() == DATA
    asked = len(server.asked)
    assert run("pull", "t") == 0
    said = capsys.readouterr()
    assert said.out == "tiny is already there\n"
    assert said.err == ""
    assert len(server.asked) == asked


def test_pull_takes_several_names_once_each(folder: Path, server: FileServer) -> None:
    """A name and its alias are one model."""
    assert run("pull", "t", "tiny") == 0
    assert len(server.asked) == 1
    assert (folder / "tiny.gguf").exists()


def test_pull_of_an_unknown_name_fetches_nothing(folder: Path, server: FileServer) -> None:
    """All names are looked up before the first byte is fetched."""
    with pytest.raises(UserError, match="tinny") as caught:
        run("pull", "tiny", "tinny")
    assert "tiny" in caught.value.remedy
    assert server.asked == []
    assert not folder.exists()


def test_a_failed_pull_is_exit_code_1_and_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the reason and what to do."""
    assert run("pull", "tiny") == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("mirador: tiny could not be fetched: the model hub: it cannot be")
    assert "mirador models pull tiny" in last
    assert not (folder / "tiny.gguf").exists()


def test_ctrl_c_is_exit_code_130_and_keeps_what_was_fetched(
    folder: Path, server: FileServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line says how to go on, and going on works."""
    # Whoever starts the tests in the background of a shell has Ctrl-C ignored in all of them.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    server.hold_at = 300_000

    def interrupt() -> None:
        server.held.wait(30)
        # The server has sent it; whoever fetches may not have made the file yet.
        part = folder / "tiny.gguf.part"
        while not (part.exists() and part.stat().st_size):
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    user = threading.Thread(target=interrupt)
    user.start()
    try:
        assert run("pull", "tiny") == 130
    finally:
        signal.signal(signal.SIGINT, before)
    user.join()
    assert "mirador models pull tiny" in capsys.readouterr().err
    kept = (folder / "tiny.gguf.part").stat().st_size
    assert kept > 0
    server.hold_at = -1
    assert run("pull", "tiny") == 0
    assert server.asked[-1][1].startswith("bytes=")
    assert (folder / "tiny.gguf").read_bytes() == DATA


def test_remove_deletes_and_says_how_much(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A second time it is not there, which is no error."""
    place(folder)
    assert run("remove", "t") == 0
    assert "tiny removed, 1 MB freed" in capsys.readouterr().out
    assert not (folder / "tiny.gguf").exists()
    assert run("remove", "t") == 0
    assert capsys.readouterr().out == "tiny is not there\n"


def test_verify_reads_what_is_there(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without names: every model in the folder."""
    place(folder)
    assert run("verify") == 0
    assert "tiny: checksum right" in capsys.readouterr().out
    assert run("verify", "t") == 0


def test_verify_of_a_broken_model_is_exit_code_1(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also when its stamp says that all was well once: the whole file is read."""
    place(folder)
    assert run("verify") == 0
    path = folder / "tiny.gguf"
    facts = path.stat()
    with path.open("r+b") as file:
        file.seek(1000)
        file.write(b"??")
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    capsys.readouterr()
    assert run("verify") == 1
    said = capsys.readouterr()
    assert "tiny: wrong checksum" in said.out
    assert "mirador models pull" in said.err


def test_verify_of_nothing_is_exit_code_1(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Saying that all is well would be wrong."""
    assert run("verify") == 1
    assert run("verify", "tiny") == 1
    assert "tiny: not there" in capsys.readouterr().out
    assert not folder.exists()


def test_a_broken_catalogue_of_the_user_is_said(folder: Path) -> None:
    """With the file's name."""
    file = folder.parent.parent / "config" / "models.toml"
    file.write_text("[[model]]\nname = 3")
    with pytest.raises(UserError, match=r"models\.toml"):
        run("list")


def progress(done: int, phase: Phase = Phase.FETCHING, message: str = "") -> PullProgress:
    """Where the download of a model of 100 MB is."""
    return PullProgress("tiny", phase, done * 1_000_000, 100_000_000, "the hub", message)


def test_lines_come_now_and_then() -> None:
    """Not one for every block; with share, bytes and speed."""
    stream, now = io.StringIO(), [0.0]
    with LineDisplay(stream, lambda: now[0]) as display:
        for second in range(21):
            now[0] = float(second)
            display.update(progress(2 * second))
    lines = stream.getvalue().splitlines()
    assert lines == [
        f"fetching tiny: {share} % of 100 MB ({share} MB, 2.0 MB/s)" for share in (10, 20, 30, 40)
    ]


def test_messages_are_written_at_once_and_cleaned() -> None:
    """What a server says goes to a terminal."""
    stream = io.StringIO()
    with LineDisplay(stream) as display:
        display.update(progress(0, message="the hub:\nfailed\x1b[2J"))
    assert stream.getvalue() == "tiny: the hub: failed[2J\n"


def test_a_closed_stream_does_not_end_the_download() -> None:
    """Nobody reads it; the file is still wanted."""
    stream = io.StringIO()
    stream.close()
    with LineDisplay(stream) as display:
        display.update(progress(1, message="x"))


def test_the_bar_is_drawn_in_a_terminal_only() -> None:
    """A log gets lines."""
    assert isinstance(pull_display(io.StringIO(), {"TERM": "xterm"}), LineDisplay)
    first, second = os.openpty()
    with closing(os.fdopen(first)), closing(os.fdopen(second, "w")) as terminal:
        assert isinstance(pull_display(terminal, {"TERM": "xterm"}), BarDisplay)
        assert isinstance(pull_display(terminal, {"TERM": "dumb"}), LineDisplay)


def test_the_bar_shows_model_bytes_and_messages() -> None:
    """The message stays above the bar."""
    stream = io.StringIO()
    with BarDisplay(stream) as display:
        display.update(progress(10, Phase.CHECKING))
        display.update(progress(50, message="the hub: gone"))
        display.update(progress(100, Phase.STORING))
    shown = stream.getvalue()
    assert "tiny: the hub: gone" in shown
    assert "storing tiny" in shown
    assert "100.0" in shown


def test_a_bar_that_was_never_needed_is_not_drawn() -> None:
    """What is already there stays one quiet line."""
    stream = io.StringIO()
    with BarDisplay(stream):
        pass
    assert stream.getvalue() == ""


def test_use_writes_the_users_file_and_says_so(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An alias is understood, the file keeps its comments, and what overrules it is told."""
    config = folder.parent.parent / "config" / "config.toml"
    config.write_text('# mine\n[engine]\nbackend = "scripted"\nscript = "script.toml"\n')
    config.with_name("script.toml").write_text('[[model]]\nname = "tiny"\n')

    assert run("use", "t", "--stage", "deep") == 0

    assert config.read_text().startswith("# mine\n")
    assert '[stages.deep]\nmodels = ["tiny"]' in config.read_text()
    assert "tiny for deep, from now on" in capsys.readouterr().out
    monkeypatch.setenv("MIRADOR_STAGES_DEEP_MODELS", "other")
    assert run("use", "tiny") == 0
    assert "stages.deep.models is overruled by the environment" in capsys.readouterr().err
    assert run("use", "auto") == 0
    assert "models =" not in config.read_text()


def test_use_refuses_a_model_that_is_not_there(folder: Path) -> None:
    """And leaves the file alone."""
    config = folder.parent.parent / "config" / "config.toml"

    with pytest.raises(UserError, match="not here"):
        run("use", "tiny")
    with pytest.raises(UserError, match="no model"):
        run("use", "lan/other")
    assert not config.exists()


def test_list_names_the_models_of_servers(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A server that does not answer has none, and the list is shown all the same."""
    config = folder.parent.parent / "config" / "config.toml"
    config.write_text('[[servers]]\nname = "lan"\nkind = "openai"\nurl = "http://127.0.0.1:9"\n')

    assert run("list", "--json") == 0

    said = json.loads(capsys.readouterr().out)
    assert said["servers"] == []
    assert [model["name"] for model in said["models"]][-1] == "tiny"
