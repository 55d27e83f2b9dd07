"""A store made encrypted, or plain again, without loss and whatever kills this process meanwhile.

The file is copied under another name while nobody else may write, proved, and put in its place as
`place` says. Everything here blocks and runs under `place.only_one`.
"""

import logging
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from mirador_lsp.core.errors import ServiceError
from mirador_lsp.store import backups
from mirador_lsp.store.keys import Key, Keys, Seal, read_seal, write_seal
from mirador_lsp.store.linking import is_plain, link, rows, sealing
from mirador_lsp.store.place import (
    BESIDE,
    Place,
    commit_exchange,
    finish_exchange,
    sync_file,
    sync_folder,
    throw_away,
    wipe,
)
from mirador_lsp.store.troubles import damaged

_log = logging.getLogger(__name__)


def key_of(place: Place, keys: Keys | None) -> Key | None:
    """The key of the file that is there; None for one that is not encrypted, and for none.

    Raises `ServiceError` where there must be a key and it cannot be had.
    """
    seal = seal_of(place)
    if seal is None:
        return None
    if _size(place.file) and is_plain(place.file):
        # Killed before the encrypted file took the place, or after the plain one did.
        _unseal(place)
        return None
    if keys is None:
        message = f"{place.file} is encrypted."
        raise ServiceError(message)
    sealing()
    return keys.find(seal)


def seal_of(place: Place) -> Seal | None:
    """What is said of the key, also where the file beside the store was lost."""
    return read_seal(place.seal) or read_seal(place.backups / place.seal.name)


def encrypt(place: Place, keys: Keys) -> Key:
    """Make the store encrypted, its backups too, and overwrite what was plain.

    A file that is not there yet will be. Raises `ServiceError`, and what SQLite and the disk raise.
    """
    sealing()
    key = keys.make()
    place.backups.mkdir(mode=0o700, exist_ok=True)
    for folder in (place.file.parent, place.backups):
        write_seal(folder / place.seal.name, key)
        sync_folder(folder)
    if _size(place.file):
        _convert(place, None, key)
    finish_sealing(place, key)
    return key


def decrypt(place: Place, key: Key, keys: Keys) -> None:
    """Make the store plain again, and its backups; the key is forgotten at last."""
    if _size(place.file):
        _convert(place, key, None)
    for backup in backups.listed(place):
        if not is_plain(backup.file):
            _convert_backup(place, backup.file, key, None)
    _unseal(place)
    keys.remove(key)


def finish_sealing(place: Place, key: Key) -> None:
    """Encrypt the backups that are still plain. Where that was interrupted it goes on here."""
    _wipe_plain(place)
    for backup in backups.listed(place):
        if is_plain(backup.file):
            _convert_backup(place, backup.file, None, key)


def _unseal(place: Place) -> None:
    for file in (place.backups / place.seal.name, place.seal):
        with suppress(FileNotFoundError):
            file.unlink()
            sync_folder(file.parent)


def _convert(place: Place, old: Key | None, new: Key | None) -> None:
    with closing(_opened(place.file, old)) as guard:
        # From here on nobody else writes; whoever waits finds that the file was exchanged.
        guard.execute("BEGIN IMMEDIATE").close()
        _export(place.file, old, place.part, new)
        commit_exchange(place, place.next)
        if old is None:
            for ending in ("", *BESIDE):
                _name_again(place.beside(ending), place.beside(f".plain{ending}"))
        finish_exchange(place)
        guard.execute("ROLLBACK").close()
    _wipe_plain(place)


def _convert_backup(place: Place, file: Path, old: Key | None, new: Key | None) -> None:
    part = place.backups / "backup.part"
    _export(file, old, part, new)
    sync_file(part)
    if old is None:
        _name_again(file, place.backups / "backup.plain")
    part.replace(file)
    sync_folder(place.backups)
    _wipe_plain(place)


def _name_again(file: Path, other: Path) -> None:
    """Another name for a plain file whose own one is about to be another file's."""
    other.unlink(missing_ok=True)
    if file.exists():
        other.hardlink_to(file)


def _wipe_plain(place: Place) -> None:
    found = [*place.file.parent.glob(f"{place.file.name}.plain*"), place.backups / "backup.plain"]
    for file in found:
        with suppress(FileNotFoundError):
            if file.stat().st_nlink == 1:
                wipe(file)
            else:
                # The exchange never came about: it is still the file in use.
                file.unlink()


def _opened(file: Path, key: Key | None) -> sqlite3.Connection:
    """Always by the encrypting SQLite: two of them must not have one file open in one process."""
    if key is not None:
        return link(file, key)
    source: sqlite3.Connection = sealing().connect(str(file), timeout=5.0, isolation_level=None)
    source.execute("PRAGMA cipher_log_level=NONE").close()
    return source


def _export(file: Path, old: Key | None, into: Path, new: Key | None) -> None:
    """Copy everything, and prove that everything is there."""
    throw_away(into)
    into.touch(mode=0o600)
    with closing(_opened(file, old)) as source, closing(_opened(into, new)) as target:
        text = f"x'{new.secret.hex()}'" if new is not None else ""
        rows(source, "ATTACH DATABASE ? AS target KEY ?", (str(into), text))
        source.execute("BEGIN").close()
        rows(source, "SELECT sqlcipher_export('target')")
        (version,) = source.execute("PRAGMA main.user_version").fetchone()
        source.execute(f"PRAGMA target.user_version = {version}").close()
        source.execute("COMMIT").close()
        source.execute("DETACH DATABASE target").close()
        (verdict,) = target.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise damaged(verdict)
        if _counts(target) != _counts(source):
            message = "the copy is not what was copied"
            raise sqlite3.OperationalError(message)


def _counts(database: sqlite3.Connection) -> dict[str, int]:
    tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0"
    return {
        table: rows(database, f'SELECT count(*) FROM "{table}"')[0][0]  # noqa: S608
        for (table,) in rows(database, tables)
    }


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0
