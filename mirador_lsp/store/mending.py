"""A damaged database replaced by a sound one: the newest good backup, and over it what can be read.

The damaged file is kept aside. Everything here blocks and runs under `place.only_one`.
"""

import logging
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from mirador_lsp.store import backups
from mirador_lsp.store.adopting import adopt
from mirador_lsp.store.backups import Backup
from mirador_lsp.store.keys import Key
from mirador_lsp.store.linking import link, rows
from mirador_lsp.store.migrating import Migration, migrate
from mirador_lsp.store.place import Place, commit_exchange, finish_exchange, throw_away
from mirador_lsp.store.salvage import Damaged, Salvaged, salvage
from mirador_lsp.store.troubles import Trouble, errors, trouble_of

_log = logging.getLogger(__name__)
_PAGE = 4096
_LOG_AT, _SIZE_AT = 18, 28
"""Where the first page says that there is a log, and how many pages the file has."""


@dataclass(frozen=True)
class Mended:
    """What came of it."""

    aside: Path
    """Where the damaged file is."""
    backup: Backup | None
    salvaged: Salvaged | None
    """None where nothing of the damaged file could be read."""

    def sentence(self) -> str:
        """What the user is told, once."""
        text = "The file with what Mirador remembers was damaged: "
        if self.salvaged is not None and self.salvaged.rows:
            text += f"{self.salvaged.rows:,} entries were saved from it"
            gaps = self.salvaged.gaps
            text += f", up to {gaps:,} could not be read" if gaps else ""
            text += ", what they lack came from" if self.backup is not None else ""
        else:
            text += "nothing could be read in it"
            text += ", and what it held came from" if self.backup is not None else ""
        if self.backup is not None:
            day = datetime.fromtimestamp(self.backup.time, UTC).strftime("%Y-%m-%d %H:%M UTC")
            text += f" the backup of {day}"
        elif self.salvaged is None or not self.salvaged.rows:
            text += ", and there was no backup, so a fresh one was begun"
        return f"{text}. The damaged file is kept as {self.aside}."


def mend(place: Place, key: Key | None, migrations: Sequence[Migration]) -> Mended:
    """Put a sound file in its place. Raises what the disk raises; then everything is as it was."""
    backup = backups.newest_good(place, key, len(migrations))
    if backup is not None:
        backups.copy_file(backup, place.part)
    else:
        place.part.touch(mode=0o600)
    salvaged = None
    with closing(link(place.part, key)) as sound:
        migrate(sound, place.part, migrations)
        for scratch in sorted(
            _copies(place, backup, key), key=lambda copy: not is_whole(copy, key)
        ):
            try:
                # The copy is nobody's, and its log is played into it.
                with closing(Damaged(partial(link, scratch, key, forgiving=True))) as damaged:
                    found = salvage(damaged, sound)
                if key is None and found.places:
                    more = adopt(scratch, sound, found.places)
                    found = replace(found, rows=found.rows + more, gaps=max(0, found.gaps - more))
            except errors() as error:
                _log.warning("nothing can be read in the damaged store: %s", error)
                if sound.in_transaction:
                    sound.execute("ROLLBACK").close()
                continue
            salvaged = found
            if found.rows:
                break
        rows(sound, "PRAGMA journal_mode=DELETE")
    _remove_scratch(place)
    commit_exchange(place, place.mended)
    aside = finish_exchange(place)
    if aside is None:
        message = "the damaged store is gone"
        raise sqlite3.OperationalError(message)
    return Mended(aside, backup, salvaged)


def leftover_log_harms(place: Place, key: Key | None) -> bool:
    """Whether the file and the log that a crash left beside it do not go together.

    It is tried with copies: once SQLite has played a log into a file, there is no way back.
    """
    scratch = place.beside(".scratch-1")
    _copy_whole(place.file, scratch)
    try:
        return not is_whole(scratch, key)
    finally:
        throw_away(scratch)


def is_whole(copy: Path, key: Key | None) -> bool:
    """Whether nothing is wrong with a copy, its indexes included. Raises what SQLite raises where
    the disk does not let it be read: that says nothing about what is on it.
    """
    try:
        with closing(link(copy, key)) as opened:
            return bool(opened.execute("PRAGMA integrity_check(1)").fetchone() == ("ok",))
    except errors() as error:
        if trouble_of(error) is Trouble.FULL:
            raise
        return False


def _copies(place: Place, backup: Backup | None, key: Key | None) -> list[Path]:
    """Copies of the damaged file to read in, the most faithful one first."""
    first = place.beside(".scratch-1")
    _copy_whole(place.file, first)
    found = [first]
    # A log that belongs to another file does more harm than what it holds is worth.
    if place.beside("-wal").exists():
        without_log = place.beside(".scratch-2")
        throw_away(without_log)
        shutil.copyfile(place.file, without_log)
        found.append(without_log)
    if backup is not None and key is None and place.file.stat().st_size > _PAGE:
        # The first page says what is where; where it alone is broken, that of a backup will do.
        patched = place.beside(".scratch-3")
        _copy_whole(place.file, patched)
        _patch(patched, backup.file)
        found.append(patched)
    return found


def _patch(broken: Path, whole: Path) -> None:
    """Put the first page of one file into another, and into that how large the other one is."""
    pages = broken.stat().st_size // _PAGE
    with whole.open("rb") as source, broken.open("r+b") as target:
        page = bytearray(source.read(_PAGE))
        page[_LOG_AT : _LOG_AT + 2] = b"\2\2"
        page[_SIZE_AT : _SIZE_AT + 4] = pages.to_bytes(4, "big")
        target.write(page)


def _copy_whole(file: Path, into: Path) -> None:
    throw_away(into)
    shutil.copyfile(file, into)
    log = file.with_name(f"{file.name}-wal")
    if log.exists():
        shutil.copyfile(log, into.with_name(f"{into.name}-wal"))


def _remove_scratch(place: Place) -> None:
    for number in (1, 2, 3):
        throw_away(place.beside(f".scratch-{number}"))
