"""Downloads from the hub, over real HTTP: resumed, checked, and never sent into the clear."""

import asyncio
from pathlib import Path

import pytest

from fakes.downloads import NOWHERE, Told, left_in, store_for
from fakes.file_server import FileServer, serving
from fakes.model_files import (
    entry_for,
    hub_source,
    model_bytes,
)
from mirador_lsp.core.errors import DownloadError
from mirador_lsp.models.download import pull
from mirador_lsp.models.hub import hub_address
from mirador_lsp.models.pulling import Phase
from mirador_lsp.models.storage import Presence

DATA = model_bytes(1_000_000)
HUB = entry_for(DATA, hub_source())


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
