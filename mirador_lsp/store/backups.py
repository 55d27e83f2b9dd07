"""Copies of the store: made while it is in use, each proved by opening it, the newest three kept.

Everything here blocks and is meant for a thread.
"""

import logging
import re
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from mirador_lsp.store.keys import Key
from mirador_lsp.store.linking import copy, link, rows, sealing, unlock
from mirador_lsp.store.place import Place, if_nobody_else, sync_file, sync_folder, throw_away, wipe
from mirador_lsp.store.troubles import errors

KEPT = 3
DAY = 86_400.0
_PATIENCE = 30.0
"""Seconds that another program may hold the store."""
_NAME = re.compile(r"mirador-(\d{6})\.db")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Backup:
    """One copy."""

    file: Path
    number: int
    """They are counted, because clocks jump."""
    time: float
    """When it was made, in seconds since the epoch."""
    size: int


def listed(place: Place) -> tuple[Backup, ...]:
    """The backups there are, oldest first. Nothing is opened."""
    found = []
    try:
        entries = list(place.backups.iterdir())
    except OSError:
        return ()
    for file in entries:
        named = _NAME.fullmatch(file.name)
        if named is not None and file.is_file() and not file.is_symlink():
            facts = file.stat()
            found.append(Backup(file, int(named[1]), facts.st_mtime, facts.st_size))
    return tuple(sorted(found, key=lambda each: each.number))


def is_due(place: Place, now: float, began: float) -> bool:
    """Whether the newest one is a day old, or seems to be from the future; without any, whether the
    store is, which `began` then.
    """
    found = listed(place)
    return abs(now - (found[-1].time if found else began)) > DAY


def make(place: Place, key: Key | None, keep: int = KEPT) -> Backup | None:
    """Make one, while others read and write; None where another process makes one just now.

    Raises what SQLite and the disk raise. What is copied is the state of one moment.
    """
    place.backups.mkdir(mode=0o700, exist_ok=True)
    with if_nobody_else(place, ".backup") as alone:
        if not alone:
            return None
        found = listed(place)
        number = found[-1].number + 1 if found else 1
        part = place.backups / "backup.part"
        throw_away(part)
        with closing(link(place.file, key)) as source:
            copy_into(source, part, key)
            (version,) = source.execute("PRAGMA user_version").fetchone()
        why_not = fault(part, key, version)
        if why_not:
            throw_away(part)
            raise sqlite3.DatabaseError(why_not)
        sync_file(part)
        file = place.backups / f"mirador-{number:06}.db"
        part.replace(file)
        sync_folder(place.backups)
        for old in listed(place)[:-keep]:
            remove(old, key)
        facts = file.stat()
        return Backup(file, number, facts.st_mtime, facts.st_size)


def copy_into(source: sqlite3.Connection, file: Path, key: Key | None) -> None:
    """Copy a database as it is at this moment into a fresh file without a log beside it."""
    file.touch(mode=0o600)
    file.chmod(0o600)
    if key is None:
        target = sqlite3.connect(file, isolation_level=None)
    else:
        target = sealing().connect(str(file), isolation_level=None)
    with closing(target):
        if key is not None:
            unlock(target, key)
        copy(source, target, _PATIENCE)
        rows(target, "PRAGMA journal_mode=DELETE")


def fault(file: Path, key: Key | None, newest: int) -> str:
    """Why a backup cannot be used; "" for a good one of a schema up to `newest`."""
    try:
        with closing(link(file, key)) as opened:
            (verdict,) = opened.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                return str(verdict)
            (version,) = opened.execute("PRAGMA user_version").fetchone()
    except errors() as error:
        return str(error)
    if not 0 < version <= newest:
        return f"its schema is number {version}, which is none of this version's"
    return ""


def newest_good(place: Place, key: Key | None, newest: int) -> Backup | None:
    """The newest backup that can be used."""
    for backup in reversed(listed(place)):
        why_not = fault(backup.file, key, newest)
        if not why_not:
            return backup
        _log.warning("the backup %s cannot be used: %s", backup.file, why_not)
    return None


def copy_file(backup: Backup, into: Path) -> None:
    """Copy a backup, which nobody has open, as it is."""
    throw_away(into)
    into.touch(mode=0o600)
    shutil.copyfile(backup.file, into)


def remove(backup: Backup, key: Key | None) -> None:
    """Remove one; where it is not encrypted, its bytes are overwritten first."""
    (wipe if key is None else throw_away)(backup.file)


def drop(place: Place, which: Sequence[Backup]) -> None:
    """Remove backups for good, because they hold what is to be forgotten."""
    for backup in which:
        wipe(backup.file)
    wipe(place.backups / "backup.part")
