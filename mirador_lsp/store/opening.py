"""A database file made ready: private, whole, and of the schema this version writes.

Everything here blocks and is meant for a thread. Facts it rests on: `BEGIN DEFERRED` fails with
"busy" when two writers upgrade at once, whatever the timeout, so writes begin IMMEDIATE; WAL with
`synchronous=FULL` loses no acknowledged commit to a kill or a power cut; a file that was replaced
while it is open is written to in vain, so its identity is compared inside each transaction.
"""

import logging
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from mirador_lsp.core.errors import ServiceError
from mirador_lsp.store import backups, place, sealing
from mirador_lsp.store.keys import Key, Keys
from mirador_lsp.store.linking import begin_journal, copy, link
from mirador_lsp.store.mending import leftover_log_harms, mend
from mirador_lsp.store.migrating import Migration, add_own, migrate
from mirador_lsp.store.place import Place
from mirador_lsp.store.troubles import Trouble, damaged, errors, trouble_of

_LOOKS = 3
"""After which a file counts as damaged: on a disk that fails now and then a sound one was seen to
look so, and what is mended then is what such a disk lets be read."""
_CHECKED_BYTES = 64 * 1024 * 1024
"""Looking a file over takes a second for so much; larger ones are looked over in the background."""
_COPIED_BYTES = 64 * 1024 * 1024
"""Of what cannot be written, so much is held in memory."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plan:
    """A database and everything that opening it takes."""

    place: Place
    migrations: Sequence[Migration]
    make_folder: Callable[[Path], object]
    """Makes the file's folder, private to the user; it may raise `ServiceError`."""
    settle: Migration | None = None
    """Runs whenever the file was opened and has the schema."""
    precious: bool = True
    """What is not can be had again: when it is damaged, it is thrown away."""
    keys: Keys | None = None
    encrypt: bool = False
    """Whether the user wants it encrypted. One that is stays so in any case."""


@dataclass(frozen=True)
class Opened:
    """An open database."""

    connection: sqlite3.Connection
    identity: tuple[int, int] | None
    """None for one that is only in memory."""
    key: Key | None
    has_log: bool
    """Whether it has a write-ahead log; without one, those who use it take turns."""
    told: tuple[str, ...] = ()
    """What the user is to be told, in sentences."""


def open_file(plan: Plan, *, suspect: bool = False) -> Opened:
    """Open the file, made, mended, migrated, encrypted or exchanged where that is needed. One that
    is `suspect` is looked over as a whole.

    Raises `ServiceError` for what stays so: a file of a newer Mirador or of another user, a missing
    key. Raises `OSError` and what SQLite raises for what the disk or another process does.
    """
    where = plan.place
    plan.make_folder(where.file.parent)
    with place.only_one(where):
        told = _settled_before(where)
        place.make_private(where.file)
        key = sealing.key_of(where, plan.keys)
        if key is not None:
            sealing.finish_sealing(where, key)
        elif plan.encrypt and plan.keys is not None:
            if where.file.stat().st_size:
                # What is damaged is mended first: it could not be copied as it is.
                (connection, _), mended = _whole(plan, None, suspect=suspect)
                told += mended
                connection.close()
            key = sealing.encrypt(where, plan.keys)
        (connection, has_log), mended = _whole(plan, key, suspect=suspect)
        told += mended
        if plan.precious:
            place.keep_reserve(where)
        return Opened(connection, place.identity(where), key, has_log, told)


def open_beside(plan: Plan, first: Opened) -> Opened:
    """One more connection to the file that is open, to read only. Raises `OSError` where it was
    exchanged.
    """
    with place.only_one(plan.place):
        if place.identity(plan.place) != first.identity:
            raise FileNotFoundError(plan.place.file)
        connection = link(plan.place.file, first.key)
        connection.execute("PRAGMA query_only=ON").close()
        return Opened(connection, first.identity, first.key, first.has_log)


def open_in_memory(plan: Plan) -> Opened:
    """A database of this session alone, with what the file has as far as it can be read."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    with suppress(sqlite3.Error, OSError):
        _copy_what_can_be_read(plan.place.file, connection)
    try:
        migrate(connection, plan.place.file, plan.migrations)
    except (ServiceError, sqlite3.Error) as error:
        if not isinstance(error, ServiceError):
            _log.warning("what %s holds cannot be used: %s", plan.place.file, error)
            connection.close()
            connection = sqlite3.connect(":memory:", isolation_level=None)
            migrate(connection, plan.place.file, plan.migrations)
    add_own(connection)
    return Opened(connection, None, None, has_log=True)


def check(connection: sqlite3.Connection, *, whole: bool) -> None:
    """Raise the error of a damaged file if it is one; `whole` compares the indexes as well."""
    (verdict,) = connection.execute(
        "PRAGMA integrity_check(1)" if whole else "PRAGMA quick_check(1)"
    ).fetchone()
    if verdict != "ok":
        raise damaged(str(verdict))


def _settled_before(where: Place) -> tuple[str, ...]:
    aside = place.finish_exchange(where)
    if aside is None:
        return ()
    return (f"The file with what Mirador remembers was damaged; it is kept as {aside}.",)


def _whole(
    plan: Plan, key: Key | None, *, suspect: bool
) -> tuple[tuple[sqlite3.Connection, bool], tuple[str, ...]]:
    """A connection to the file, which was mended if it had to be, and what is told of that."""
    for _ in range(_LOOKS):
        try:
            return _prepare(plan, key, suspect=suspect), ()
        except errors() as error:
            if trouble_of(error) is not Trouble.DAMAGED:
                raise
            _log.warning("%s looks damaged: %s", plan.place.file, error)
    told = _mend(plan, key)
    return _prepare(plan, key), told


def _prepare(
    plan: Plan, key: Key | None, *, suspect: bool = False
) -> tuple[sqlite3.Connection, bool]:
    where = plan.place
    size = where.file.stat().st_size
    if size < _CHECKED_BYTES and place.has_leftover_log(where) and leftover_log_harms(where, key):
        message = "the log beside it is that of another file"
        raise damaged(message)
    connection = link(where.file, key)
    try:
        has_log = begin_journal(connection)
        if suspect or size < _CHECKED_BYTES:
            check(connection, whole=suspect)
        migrate(connection, where.file, plan.migrations, lambda: _back_up(plan, key))
        if plan.settle is not None:
            plan.settle(connection)
    except BaseException:
        connection.close()
        raise
    return connection, has_log


def _back_up(plan: Plan, key: Key | None) -> None:
    """Before a migration. One that cannot be made is no reason to go on without the new schema."""
    if plan.precious:
        backups.make(plan.place, key)


def _mend(plan: Plan, key: Key | None) -> tuple[str, ...]:
    if not plan.precious:
        place.throw_away(plan.place.file)
        place.make_private(plan.place.file)
        return ("The file with replies of models was damaged; they are asked again.",)
    mended = mend(plan.place, key, plan.migrations)
    return (mended.sentence(),)


def _copy_what_can_be_read(file: Path, into: sqlite3.Connection) -> None:
    if not file.is_file() or file.is_symlink() or file.stat().st_size > _COPIED_BYTES:
        return
    name = quote(str(file))
    # Where nothing can be written, SQLite opens a file with a log only if told that nobody writes.
    for how in ("mode=ro", "mode=ro&immutable=1"):
        try:
            with closing(sqlite3.connect(f"file:{name}?{how}", uri=True)) as source:
                copy(source, into, seconds=0.5)
        except sqlite3.Error as error:
            _log.info("%s cannot be read (%s): %s", file, how, error)
            if trouble_of(error) is Trouble.BUSY:
                return
        else:
            return
