"""`mirador store`: what is remembered, looked after by hand."""

import asyncio
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from fakes.feedback import opinion
from fakes.stores import store_at
from mirador_lsp.cli.main import main
from mirador_lsp.store import SqliteFeedbackBook

keyring = pytest.importorskip("keyring")
URI = "file:///work/cart.py"


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the store lies; no keyring of the machine is touched."""
    for name in list(os.environ):
        if name.startswith("MIRADOR_"):
            monkeypatch.delenv(name)
    for what in ("config", "state", "cache", "runtime"):
        monkeypatch.setenv(f"MIRADOR_{what.upper()}_DIR", str(tmp_path / what))
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.fail.Keyring())
    yield tmp_path / "state" / "store" / "mirador.db"
    keyring.set_keyring(before)


def keep(file: Path, *names: str) -> None:
    """Keep opinions."""

    async def record() -> None:
        store = store_at(file)
        for name in names:
            await SqliteFeedbackBook(store).record(opinion(name))
        await store.close()

    asyncio.run(record())


def kept(capsys: pytest.CaptureFixture[str]) -> int:
    """How many opinions `status` counts."""
    told = said(capsys, "status")["rows"]
    assert isinstance(told, dict)
    count = told["opinions"]
    assert isinstance(count, int)
    return count


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> dict[str, object]:
    """What a command says as JSON."""
    capsys.readouterr()
    assert main(["store", *words, "--json"]) == code
    told = json.loads(capsys.readouterr().out)
    assert isinstance(told, dict)
    return told


def test_nothing_is_there_at_first(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says so, and makes no file."""
    assert main(["store", "status"]) == 0
    assert main(["store", "check"]) == 0
    assert main(["store", "backup"]) == 2

    told = capsys.readouterr()
    assert "Nothing is remembered yet" in told.out
    assert "nothing to back up" in told.err
    assert not file.parent.exists()


def test_status_tells_what_there_is(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In words and as JSON."""
    keep(file, "a", "b")
    assert main(["store", "backup"]) == 0
    assert main(["store", "status"]) == 0
    words = capsys.readouterr().out

    told = said(capsys, "status")

    assert told["exists"] is True
    assert told["encrypted"] is False
    assert told["trouble"] == ""
    assert told["schema"] == told["newest_schema"]
    assert kept(capsys) == 2
    assert len(told["backups"] if isinstance(told["backups"], list) else []) == 1
    assert "opinions" in words
    assert "mirador-000001.db" in words


def test_a_backup_is_restored(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was there before is backed up first, so that going back can be taken back."""
    keep(file, "a")
    said(capsys, "backup")
    keep(file, "b", "c")

    said(capsys, "restore", "1")
    assert kept(capsys) == 1
    said(capsys, "restore", "2")
    assert kept(capsys) == 3
    assert main(["store", "restore", "77"]) == 2
    assert "no backup 77" in capsys.readouterr().err


def test_check_finds_what_is_wrong(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1, what it is, and what mends it; then the next use mends it."""
    keep(file, *(f"f{n}" for n in range(50)))
    said(capsys, "backup")
    assert said(capsys, "check") == {"sound": True, "wrong": []}
    data = bytearray(file.read_bytes())
    for start in range(4096, len(data), 4096):
        data[start : start + 16] = b"\xff" * 16
    file.write_bytes(data)

    wrong = said(capsys, "check", code=1)
    assert wrong["sound"] is False
    assert "damaged" in str(said(capsys, "status", code=1)["trouble"])
    keep(file, "after")

    assert said(capsys, "check") == {"sound": True, "wrong": []}
    assert kept(capsys) == 51
    told = said(capsys, "status")["damaged"]
    assert isinstance(told, list)
    assert len(told) == 1


def test_a_damaged_store_is_kept_aside_by_restore(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is not backed up, and not thrown away."""
    keep(file, "a")
    said(capsys, "backup")
    file.write_bytes(b"nonsense" * 2000)

    said(capsys, "restore")

    assert kept(capsys) == 1
    assert file.with_name("mirador.db.damaged-1").read_bytes() == b"nonsense" * 2000


def test_it_is_encrypted_and_made_plain_again(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is lost either way, and it is said where the key is."""
    pytest.importorskip("sqlcipher3")
    keep(file, "a", "b")
    said(capsys, "backup")

    assert main(["store", "encrypt"]) == 0
    told = capsys.readouterr().out
    with closing(sqlite3.connect(file)) as plain, pytest.raises(sqlite3.DatabaseError):
        plain.execute("SELECT * FROM opinions")
    assert str(tmp_path / "state" / "keys") in told.replace("\n", "")
    assert said(capsys, "status")["encrypted"] is True
    assert kept(capsys) == 2
    assert said(capsys, "check")["sound"] is True

    assert said(capsys, "decrypt")["changed"] is True
    assert said(capsys, "decrypt")["changed"] is False
    # Of the replies there is no file yet; without this it would be made as an encrypted one.
    assert [*tmp_path.rglob("*.seal"), *tmp_path.rglob("*.key")] == []
    keep(file, "c")
    assert kept(capsys) == 3


def test_it_stays_encrypted_while_the_settings_say_so(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Making it plain would last until it is next opened."""
    keep(file, "a")
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.toml").write_text('[store]\nencryption = "on"\n')

    assert main(["store", "decrypt"]) == 2
    assert "encrypted again" in capsys.readouterr().err
