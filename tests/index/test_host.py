"""The index host, real, with an embedder that needs no model."""

import asyncio
import os
import stat
import struct
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from fakes.index_home import IndexHome, function, index_home, kill, until_ready
from mirador_lsp.core.errors import IndexUnavailable
from mirador_lsp.core.retrieval import Collection, IndexReport, Memory, Query
from mirador_lsp.index.client import IndexClient


@pytest.fixture
async def home() -> AsyncIterator[IndexHome]:
    """A workspace with an index of its own."""
    with index_home() as made:
        yield made


async def _names(client: IndexClient, text: str, **more: object) -> list[str]:
    found = await client.search(Query(text, **more))  # type: ignore[arg-type]
    return [hit.name for hit in found.hits]


async def _until_found(client: IndexClient, text: str, name: str) -> None:
    """Until the first hit for a text is in that file."""
    async with aclosing(client.follow()) as reports:
        async for _ in reports:
            if (await _names(client, text))[:1] == [name]:
                return


async def _last(reports: AsyncIterator[IndexReport]) -> None:
    async for _ in reports:
        pass


async def _until(client: IndexClient, phase: str) -> IndexReport:
    async with aclosing(client.follow()) as reports:
        async for report in reports:
            if report.phase == phase:
                return report
    raise AssertionError


async def test_what_is_in_the_files_is_found(home: IndexHome) -> None:
    """Words, names, meaning and the graph of one workspace can be asked, and it says what it is."""
    home.fill(12)
    home.write("README.md", "# Shop\n\nHow the weighing of wares works.\n")
    client = home.client()
    report = await until_ready(client)
    assert (report.files, report.waiting, report.embedder) == (13, 0, "hash")
    assert report.chunks == report.vectors > 0
    assert (await _names(client, "handle_7"))[0] == "pkg/part_7.py"
    assert (await _names(client, "item number 4 wares", most=1)) == ["pkg/part_4.py"]
    prose = await _names(client, "weighing", collections=(Collection.PROSE,))
    assert prose == ["README.md"]
    around = await client.neighbourhood("pkg/part_3.py", "handle_3", ["handle_4"], 5)
    assert [hit.name for hit in around.definitions] == ["pkg/part_4.py"]
    assert "pkg/part_2.py" in {hit.name for hit in around.users}
    vectors = await client.embed(["wares", ""])
    assert [len(vector) for vector in vectors] == [64, 64]
    await client.close()


async def test_two_clients_share_one_index(home: IndexHome) -> None:
    """However many find no index at the same moment, one process lives, and all see one truth."""
    home.fill(8)
    clients = [home.client() for _ in range(4)]
    reports = await asyncio.gather(*(until_ready(client) for client in clients))
    assert {report.files for report in reports} == {8}
    home.write("pkg/extra.py", "def only_here():\n    pass\n")
    await clients[0].changed(["pkg/extra.py"])
    await _until_found(clients[1], "only_here", "pkg/extra.py")
    pid = home.pid()
    await clients[0].close()
    assert (await _names(clients[2], "only_here"))[0] == "pkg/extra.py"
    assert home.pid() == pid
    for client in clients[1:]:
        await client.close()


async def test_it_leaves_when_nobody_is_connected(home: IndexHome) -> None:
    """Without a client it ends, leaves no socket behind, and what it held is told without it."""
    home.fill(3)
    client = home.client(idle_seconds=0.2)
    await until_ready(client)
    pid = home.pid()
    await client.close()
    handle = os.pidfd_open(pid)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(handle, ended.set)
    await ended.wait()
    asyncio.get_running_loop().remove_reader(handle)
    os.close(handle)
    other = home.client()
    assert not await other.running()
    kept = await other.kept()
    assert kept is not None
    assert (kept.phase, kept.files) == ("ready", 3)
    assert not home.home.places.socket.exists()
    await other.close()


async def test_a_killed_index_is_started_again(home: IndexHome) -> None:
    """Whoever waits is told; the next question finds a new process and everything in it."""
    home.fill(6)
    client = home.client()
    await until_ready(client)
    reports = client.follow()
    await anext(reports)
    kill(home.pid())
    with pytest.raises(IndexUnavailable, match="stopped"):
        await _last(reports)
    assert (await _names(client, "handle_5"))[0] == "pkg/part_5.py"
    await client.close()


async def test_changes_are_followed(home: IndexHome) -> None:
    """Files that are written, made and removed are found, or no longer, once that was said."""
    home.fill(5)
    client = home.client()
    await until_ready(client)
    home.write("pkg/part_1.py", "def renamed_thing():\n    return 1\n")
    home.write("new/fresh.py", "def made_later():\n    return 2\n")
    (home.workspace / "pkg/part_2.py").unlink()
    await client.changed(["pkg/part_1.py", "new", "pkg/part_2.py"])
    await _until_found(client, "renamed_thing", "pkg/part_1.py")
    await _until_found(client, "made_later", "new/fresh.py")
    report = await until_ready(client)
    assert report.files == 5
    assert "pkg/part_2.py" not in await _names(client, "handle_2")
    await client.close()


async def test_what_nobody_told_is_found_by_looking(home: IndexHome) -> None:
    """A look at everything finds what no editor has told, and takes out what is gone."""
    home.fill(5)
    client = home.client()
    await until_ready(client)
    home.write("quiet.py", "def told_by_nobody():\n    return 1\n")
    (home.workspace / "pkg/part_0.py").unlink()
    await client.build(asked=False)
    report = await until_ready(client)
    assert report.files == 5
    assert (await _names(client, "told_by_nobody"))[0] == "quiet.py"
    await client.close()


async def test_going_back_embeds_nothing(home: IndexHome) -> None:
    """A content that was there before is found again without being read by the embedder."""
    home.fill(4)
    client = home.client()
    await until_ready(client)
    before = (home.workspace / "pkg/part_1.py").read_text()
    home.write("pkg/part_1.py", "def something_else():\n    return 1\n")
    await client.changed(["pkg/part_1.py"])
    await _until_found(client, "something_else", "pkg/part_1.py")
    await until_ready(client)
    home.write("pkg/part_1.py", before)
    await client.changed(["pkg/part_1.py"])
    await _until_found(client, "handle_1", "pkg/part_1.py")
    report = await client.report()
    assert report.chunks == report.vectors
    await client.close()


async def test_ignored_and_hostile_files_are_left_out_and_counted(home: IndexHome) -> None:
    """Rules of the workspace, binaries, links, odd encodings and giants are skipped with a count,
    also when they are named as changed.
    """
    home.fill(2)
    home.write(".gitignore", "secret/\n")
    home.write(".miradorignore", "draft_*.py\n")
    home.write("secret/key.py", "def hidden_key(): pass\n")
    home.write("draft_one.py", "def drafted(): pass\n")
    home.write("big.py", "x = 1\n" * 20_000)
    home.write("empty.py", "")
    (home.workspace / "data.py").write_bytes(b"\0\1\2binary")
    (home.workspace / "latin.py").write_bytes(b"# caf\xe9\nx = 1\n")
    (home.workspace / "link.py").symlink_to("/etc/passwd")
    os.mkfifo(home.workspace / "pipe.py")
    (home.workspace / os.fsdecode(b"odd\xff.py")).write_text("def odd(): pass\n")
    client = home.client()
    report = await until_ready(client)
    assert report.files == 2
    assert dict(report.skipped) == {
        "ignored": 2,
        "too large": 1,
        "empty": 1,
        "binary": 1,
        "encoding": 2,
        "symbolic link": 1,
        "not a file": 1,
        "hidden": 2,
    }
    await client.changed(["secret/key.py", "../run", "/etc/passwd", "link.py", "", "a//b", "x\0y"])
    await client.build(asked=False)
    assert (await until_ready(client)).files == 2
    for word in ("hidden_key", "drafted", "root"):
        assert set(await _names(client, word)) <= {"pkg/part_0.py", "pkg/part_1.py"}
    await client.close()


async def test_memories_are_kept_and_forgotten(home: IndexHome) -> None:
    """What was remembered is found, also after a kill, and not once it was forgotten."""
    client = home.client()
    memory = Memory(Collection.TALK, "t1", "Why weigh?", "Because the wares are sold by mass.")
    await client.remember([memory])
    reports = client.follow()
    await anext(reports)
    kill(home.pid())
    with pytest.raises(IndexUnavailable):
        await _last(reports)
    found = await client.search(Query("sold by mass", collections=(Collection.TALK,)))
    assert [hit.name for hit in found.hits] == ["t1"]
    await client.forget(["t1"])
    found = await client.search(Query("sold by mass", collections=(Collection.TALK,)))
    assert found.hits == ()
    await client.close()


async def test_without_an_embedder_words_are_searched_and_the_remedy_is_told(
    home: IndexHome,
) -> None:
    """An embedder that is missing costs meaning, nothing else, and says what to do about it."""
    home.fill(3)
    client = home.client("missing")
    report = await until_ready(client)
    assert report.embedder == ""
    found = await client.search(Query("handle_2"))
    assert found.hits[0].name == "pkg/part_2.py"
    assert any("models pull missing" in note for note in found.notes)
    assert await client.embed(["x"]) == []
    await client.close()


async def test_another_embedder_takes_the_place_of_the_first(home: IndexHome) -> None:
    """Who comes with other settings is followed: vectors are made anew, the words stay."""
    home.fill(4)
    first = home.client("hash")
    await until_ready(first)
    second = home.client("other")
    await second.report()
    async with aclosing(second.follow()) as reports:
        async for report in reports:
            if report.embedder == "other" and report.vectors == report.chunks:
                break
    await first.close()
    await second.close()


async def test_a_stopped_build_goes_on_when_asked(home: IndexHome) -> None:
    """After a stop nothing is read but what the user changes, until the user asks for more."""
    home.fill(3)
    client = home.client()
    await until_ready(client)
    await client.pause()
    home.write("later.py", "def read_later():\n    pass\n")
    await client.build(asked=False)
    report = await _until(client, "paused")
    assert "mirador index build" in report.reason
    assert "later.py" not in await _names(client, "read_later")
    home.write("pkg/part_0.py", "def edited_meanwhile():\n    pass\n")
    await client.changed(["pkg/part_0.py"])
    await _until_found(client, "edited_meanwhile", "pkg/part_0.py")
    await client.build(asked=True)
    await until_ready(client)
    assert (await _names(client, "read_later"))[0] == "later.py"
    await client.close()


async def test_it_stands_still_while_a_client_waits_for_a_model(home: IndexHome) -> None:
    """`busy` holds it, and a client that goes away while it waits does not hold it for ever."""
    home.fill(3)
    client, waiting = home.client(), home.client()
    await until_ready(client)
    await waiting.report()
    await waiting.busy(waiting=True)
    home.write("later.py", "def read_later():\n    pass\n")
    await client.build(asked=False)
    assert (await _until(client, "paused")).reason
    await waiting.close()
    await until_ready(client)
    assert (await _names(client, "read_later"))[0] == "later.py"
    await client.close()


async def test_on_battery_it_waits_unless_asked(
    home: IndexHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On battery nothing is built by itself; a build that the user asks for is."""
    (tmp_path / "battery").touch()
    monkeypatch.setenv("MIRADOR_TEST_BATTERY", str(tmp_path / "battery"))
    home.fill(3)
    client = home.client()
    report = await _until(client, "paused")
    assert "battery" in report.reason
    await client.build(asked=True)
    assert (await until_ready(client)).files == 3
    await client.close()


async def test_the_home_folder_is_not_indexed_by_itself(
    home: IndexHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the home folder nor what is above it is read without being asked; it says so."""
    monkeypatch.setenv("HOME", str(home.workspace))
    home.fill(3)
    client = home.client()
    report = await until_ready(client)
    assert (report.phase, report.files) == ("off", 0)
    assert "mirador index build" in report.reason
    await client.build(asked=True)
    report = await until_ready(client)
    assert (report.phase, report.files) == ("ready", 3)
    await client.close()


async def test_garbage_on_the_socket_hurts_nobody(home: IndexHome) -> None:
    """Bytes that are no frame, and first words that are none, end only their own conversation."""
    home.fill(2)
    client = home.client()
    await until_ready(client)
    busy = struct.pack(">I", 40) + b'{"type":"busy","number":1,"waiting":true}'[:40]
    for rubbish in (b"GET / HTTP/1.0\r\n\r\n", struct.pack(">I", 5) + b"{}", busy, b"\0"):
        reader, writer = await asyncio.open_unix_connection(home.home.places.socket)
        writer.write(rubbish)
        writer.write_eof()
        await reader.read()
        writer.close()
        await writer.wait_closed()
    assert (await _names(client, "handle_1"))[0] == "pkg/part_1.py"
    await client.close()


async def test_the_folder_is_the_users_alone(home: IndexHome) -> None:
    """Nobody else can read what is kept or reach the socket, and nothing lies in the workspace."""
    home.fill(2)
    before = sorted(home.workspace.rglob("*"))
    client = home.client()
    await until_ready(client)
    assert sorted(home.workspace.rglob("*")) == before
    assert stat.S_IMODE(home.home.folder.stat().st_mode) == 0o700
    for path in home.home.places.runtime.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    await client.close()


async def test_a_damaged_folder_is_built_anew(home: IndexHome) -> None:
    """Garbage in the place of the catalogue costs a rebuild, and that is said."""
    home.fill(6)
    client = home.client()
    await until_ready(client)
    await client.stop()
    file = home.home.folder / "index.sqlite3"
    file.write_bytes(b"garbage" * 1000)
    report = await until_ready(client)
    assert (report.files, report.vectors) == (6, report.chunks)
    assert any("damaged" in note for note in report.notes)
    assert (await _names(client, "handle_3"))[0] == "pkg/part_3.py"
    await client.close()


async def test_dropping_ends_and_deletes_it(home: IndexHome) -> None:
    """After a drop there is no process and no folder; it can be built again."""
    home.fill(2)
    client = home.client()
    await until_ready(client)
    pid = home.pid()
    assert await client.drop() > 0
    assert not home.home.folder.exists()
    assert home.home.places.holder() != pid
    assert (await until_ready(client)).files == 2
    await client.close()


async def test_foreign_modules_in_the_workspace_are_not_run(
    home: IndexHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A workspace that holds modules named like ours cannot run code in the index."""
    for name in ("msgspec", "argparse", "mirador_lsp", "chromadb", "numpy"):
        home.write(f"{name}.py", "raise SystemExit('hostile')\n")
    monkeypatch.chdir(home.workspace)
    client = home.client()
    report = await until_ready(client)
    assert (report.phase, report.files) == ("ready", 5)
    await client.close()


async def test_an_unchanged_workspace_is_not_read_again(home: IndexHome) -> None:
    """A second start opens no file that it has read before: time and size vouch for it."""
    home.fill(6)
    for path in home.workspace.rglob("*.py"):
        os.utime(path, ns=(10**18, 10**18))
    client = home.client()
    await until_ready(client)
    await client.stop()
    for number in range(6):
        path = home.workspace / f"pkg/part_{number}.py"
        path.write_text(function(number, (number + 1) % 6).replace("Weigh", "Waigh"))
        os.utime(path, ns=(10**18, 10**18))
    report = await until_ready(client)
    assert report.files == 6
    found = await client.search(Query("waigh"))
    assert not any("words" in why for hit in found.hits for why in hit.why)
    await client.close()
