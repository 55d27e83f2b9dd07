"""Encryption on the disk: switched on and off without loss; the key where it belongs."""

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mirador_lsp.core.dialogue import KeptReply
from mirador_lsp.core.errors import ServiceError
from mirador_lsp.settings.paths import private_folder
from mirador_lsp.store import MIGRATIONS, Database, SqliteReplyBook, backups, linking, sealing
from mirador_lsp.store.keys import Keys, read_seal, trusted_keyring
from mirador_lsp.store.place import Place, only_one

keyring = pytest.importorskip("keyring")
pytest.importorskip("sqlcipher3")

PATIENCE = 90.0
SECRET = "Zephyrine"
KEEP = (
    "INSERT OR REPLACE INTO opinions (document, finding, rule, verdict, reason, tool, time) "
    "VALUES ('file:///a.py', ?, 'rules/eval', 'dismissed', ?, 'rules', 1.0)"
)
HEADER = b"SQLite format 3"


class Ring(keyring.backend.KeyringBackend):  # type: ignore[misc, name-defined]
    """A keyring that keeps what it is told while the test runs."""

    priority = 1.0

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class PlaintextRing(Ring):
    """One that a package brings, and that writes keys to a file as they are."""


@pytest.fixture(autouse=True)
def _no_keyring() -> Iterator[None]:
    """No test may touch the keyring of the machine."""
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.fail.Keyring())
    yield
    keyring.set_keyring(before)


def store_in(folder: Path, *, encrypt: bool = False, **more: Any) -> Database:
    """The store there."""
    return Database(
        folder / "store" / "mirador.db",
        MIGRATIONS,
        make_folder=private_folder,
        keys=Keys(folder / "keys"),
        encrypt=encrypt,
        **more,
    )


async def filled(folder: Path, *names: str, encrypt: bool = False) -> None:
    """Keep opinions."""
    store = store_in(folder, encrypt=encrypt)
    for name in names:
        assert await store.transact([(KEEP, (name, f"{SECRET} {name}"))])
    await store.close()


async def kept(folder: Path, *, encrypt: bool = False) -> set[str]:
    """Whose opinions are there; it must be the file that says so."""
    store = store_in(folder, encrypt=encrypt)
    rows = await store.read("SELECT finding FROM opinions")
    told = store.notices()
    await store.close()
    assert told == ()
    return {row[0] for row in rows}


def in_the_clear(folder: Path) -> list[str]:
    """The files that hold the secret, or that are databases anybody can open."""
    found = []
    for file in folder.rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            if SECRET.encode() in data or data.startswith(HEADER):
                found.append(file.name)
    return found


async def test_an_existing_store_is_encrypted_without_loss(tmp_path: Path) -> None:
    """With the setting, when it is next opened: the file, its log, and its backups."""
    await filled(tmp_path, "a", "b")
    backups.make(Place(tmp_path / "store" / "mirador.db"), None)
    assert in_the_clear(tmp_path)

    found = await kept(tmp_path, encrypt=True)

    assert found == {"a", "b"}
    assert in_the_clear(tmp_path) == []
    assert len(backups.listed(Place(tmp_path / "store" / "mirador.db"))) == 1
    await filled(tmp_path, "c")
    assert await kept(tmp_path) == {"a", "b", "c"}
    assert in_the_clear(tmp_path) == []


async def test_a_new_store_is_encrypted_from_the_first_byte(tmp_path: Path) -> None:
    """And so are the replies that are kept."""
    await filled(tmp_path, "a", encrypt=True)
    book = SqliteReplyBook(
        tmp_path / "replies" / "replies.db",
        make_folder=private_folder,
        keys=Keys(tmp_path / "keys"),
        encrypt=True,
    )
    await book.keep({"key": KeptReply((SECRET,), (1.0,))})
    assert await book.find("key") == KeptReply((SECRET,), (1.0,))
    await book.close()

    assert in_the_clear(tmp_path) == []
    assert await kept(tmp_path) == {"a"}


async def test_the_key_is_in_the_keyring_or_in_a_file_of_the_users_own(tmp_path: Path) -> None:
    """A keyring that can be trusted is taken; else the file can be read by its owner alone."""
    ring = Ring()
    keyring.set_keyring(ring)
    await filled(tmp_path / "ring", "a", encrypt=True)
    seal = read_seal(tmp_path / "ring" / "store" / "mirador.db.seal")
    keyring.set_keyring(PlaintextRing())
    await filled(tmp_path / "file", "a", encrypt=True)

    assert trusted_keyring() is None
    assert seal is not None
    assert seal.kept == "keyring"
    assert len(ring.kept) == 1
    assert not (tmp_path / "ring" / "keys").exists()
    (key,) = (tmp_path / "file" / "keys").iterdir()
    assert key.stat().st_mode & 0o777 == 0o600
    assert len(bytes.fromhex(key.read_text().strip())) == 32
    assert "readable by you alone" in Keys(tmp_path / "file" / "keys").told(seal.name, "file")
    keyring.set_keyring(ring)
    assert await kept(tmp_path / "ring") == {"a"}


@pytest.mark.parametrize("fault", ["missing", "wrong", "open", "garbage", "no extra"])
async def test_without_its_key_it_is_left_as_it_is(
    tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence and the remedy; never a new store in its place."""
    await filled(tmp_path, "a", encrypt=True)
    (key,) = (tmp_path / "keys").iterdir()
    right = key.read_text()
    if fault == "missing":
        key.unlink()
    elif fault == "wrong":
        key.write_text("00" * 32)
    elif fault == "garbage":
        key.write_text("my dog's name")
    elif fault == "open":
        key.chmod(0o644)
    else:
        monkeypatch.setitem(sys.modules, "sqlcipher3", None)
    file = tmp_path / "store" / "mirador.db"
    before = file.read_bytes()

    store = store_in(tmp_path)
    assert not await store.transact([(KEEP, ("b", "x"))])
    (told,) = store.notices()
    with pytest.raises(ServiceError):
        await store.purge()
    await store.close()

    assert file.read_bytes() == before
    assert not Place(file).damaged()
    wanted = {"open": "chmod 600", "no extra": "pip install 'mirador-lsp[encryption]'"}
    assert wanted.get(fault, "key") in told.message
    monkeypatch.undo()
    key.write_text(right)
    key.chmod(0o600)
    assert await kept(tmp_path) == {"a"}


async def test_a_lost_seal_is_found_again_beside_the_backups(tmp_path: Path) -> None:
    """Without it nobody would know that the file is encrypted, and take it for damaged."""
    await filled(tmp_path, "a", encrypt=True)
    (tmp_path / "store" / "mirador.db.seal").unlink()

    assert await kept(tmp_path) == {"a"}


async def test_it_is_made_plain_again_without_loss(tmp_path: Path) -> None:
    """The file, its backups, and no key is left behind."""
    await filled(tmp_path, "a", encrypt=True)
    where, keys = Place(tmp_path / "store" / "mirador.db"), Keys(tmp_path / "keys")
    with only_one(where):
        key = sealing.key_of(where, keys)
        assert key is not None
    backups.make(where, key)
    with only_one(where):
        sealing.decrypt(where, key, keys)

    assert where.file.read_bytes().startswith(HEADER)
    assert backups.fault(backups.listed(where)[0].file, None, len(MIGRATIONS)) == ""
    assert list((tmp_path / "keys").iterdir()) == []
    assert not list((tmp_path / "store").rglob("*.seal"))
    assert await kept(tmp_path) == {"a"}


async def test_a_process_that_has_the_plain_file_open_goes_on_in_the_encrypted_one(
    tmp_path: Path,
) -> None:
    """It finds that the file was exchanged, in the middle of its work, and nothing is lost."""
    running = store_in(tmp_path)
    assert await running.transact([(KEEP, ("before", SECRET))])

    await filled(tmp_path, "by the other", encrypt=True)
    assert await running.transact([(KEEP, ("after", SECRET))])
    rows = await running.read("SELECT finding FROM opinions")
    told = running.notices()
    await running.close()

    assert {row[0] for row in rows} == {"before", "by the other", "after"}
    assert told == ()
    assert in_the_clear(tmp_path) == []


async def test_damage_is_mended_in_an_encrypted_store_too(tmp_path: Path) -> None:
    """From the encrypted backup and from the pages that can still be read."""
    await filled(tmp_path, *(f"f{n}" for n in range(20)), encrypt=True)
    where = Place(tmp_path / "store" / "mirador.db")
    with only_one(where):
        key = sealing.key_of(where, Keys(tmp_path / "keys"))
    backups.make(where, key)
    with closing(linking.link(where.file, key)) as connection:
        for number in range(400):
            connection.execute(KEEP, (f"late{number}", "x" * 300))
    with where.file.open("r+b") as opened:
        opened.seek(where.file.stat().st_size // 2)
        opened.write(os.urandom(4096))

    store = store_in(tmp_path)
    rows = {row[0] for row in await store.read("SELECT finding FROM opinions")}
    (told,) = store.notices()
    await store.close()

    assert {f"f{n}" for n in range(20)} <= rows
    assert len(rows) > 350
    assert "was damaged" in told.message
    assert in_the_clear(tmp_path) == []


async def test_a_damaged_store_is_mended_before_it_is_encrypted(tmp_path: Path) -> None:
    """Both on the same day: it could not be copied as it is."""
    await filled(tmp_path, *(f"f{n}" for n in range(40)))
    where = Place(tmp_path / "store" / "mirador.db")
    backups.make(where, None)
    where.file.write_bytes(b"nonsense" * 3000)

    store = store_in(tmp_path, encrypt=True)
    rows = await store.read("SELECT finding FROM opinions")
    (told,) = store.notices()
    await store.close()

    assert len(rows) == 40
    assert "was damaged" in told.message
    assert in_the_clear(tmp_path) == []


CONVERTER = """
import sys
from pathlib import Path
import keyring, keyring.backends.fail
keyring.set_keyring(keyring.backends.fail.Keyring())
from mirador_lsp.store import sealing
from mirador_lsp.store.keys import Keys
from mirador_lsp.store.place import Place, only_one, finish_exchange

folder = Path(sys.argv[1])
where, keys = Place(folder / "store" / "mirador.db"), Keys(folder / "keys")
while True:
    print("go", flush=True)
    with only_one(where):
        finish_exchange(where)
        key = sealing.key_of(where, keys)
        if key is None:
            sealing.encrypt(where, keys)
        else:
            sealing.finish_sealing(where, key)
            sealing.decrypt(where, key, keys)
"""


@pytest.mark.slow
async def test_a_kill_while_it_is_converted_leaves_a_whole_store(tmp_path: Path) -> None:
    """Back and forth, killed at whatever moment: the old one or the new one, with every row."""
    await filled(tmp_path, *(f"f{n}" for n in range(100)))
    backups.make(Place(tmp_path / "store" / "mirador.db"), None)
    for attempt in range(12):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", CONVERTER, str(tmp_path)), stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            assert await process.stdout.readline() == b"go\n"
            # As long as it takes to be somewhere in the middle, a little later each time.
            await asyncio.sleep(0.004 * attempt)
        process.send_signal(signal.SIGKILL)
        await process.communicate()

        assert await kept(tmp_path) == {f"f{n}" for n in range(100)}
    seal = read_seal(tmp_path / "store" / "mirador.db.seal")
    await kept(tmp_path, encrypt=True)
    assert in_the_clear(tmp_path) == []
    assert seal is None or seal.kept == "file"


def test_plain_sqlite_cannot_read_it(tmp_path: Path) -> None:
    """What lies on the disk is no database to anybody else."""
    asyncio.run(filled(tmp_path, "a", encrypt=True))

    with (
        closing(sqlite3.connect(tmp_path / "store" / "mirador.db")) as connection,
        pytest.raises(sqlite3.DatabaseError, match="not a database"),
    ):
        connection.execute("SELECT count(*) FROM sqlite_master")
