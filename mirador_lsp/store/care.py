"""What a user does to a store by hand: look at it, check it, back it up, restore and encrypt it.

Other processes may use it meanwhile. Everything here blocks.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from mirador_lsp.core.errors import ServiceError, UserError
from mirador_lsp.core.health import Check, Health
from mirador_lsp.store import backups, sealing
from mirador_lsp.store.backups import Backup
from mirador_lsp.store.keys import Key
from mirador_lsp.store.linking import link, rows
from mirador_lsp.store.linking import sealing as insist_on_sealing
from mirador_lsp.store.migrating import migrate, version_of
from mirador_lsp.store.opening import Plan
from mirador_lsp.store.place import commit_exchange, finish_exchange, only_one, wipe
from mirador_lsp.store.troubles import Trouble, errors, translated, trouble_of
from mirador_lsp.store.upkeep import BEGAN, CHECKED, FACTS

_MOST_FAULTS = 20
_UNCOUNTED = ("store_", "sqlite_")
_OLD_DAYS = 3


@dataclass(frozen=True)
class State:
    """What can be said of a store without changing it."""

    file: Path
    exists: bool = False
    size: int = 0
    """Bytes, its log included."""
    encrypted: str = ""
    """Where its key is, a sentence; "" for one that is not encrypted."""
    schema: int = 0
    newest: int = 0
    """The schema that this version writes."""
    rows: dict[str, int] = field(default_factory=dict)
    """Of each table, what it holds."""
    backups: tuple[Backup, ...] = ()
    """Oldest first."""
    damaged: tuple[Path, ...] = ()
    """Damaged files that were kept aside."""
    checked: float | None = None
    """When it was last looked over as a whole, in seconds since the epoch."""
    began: float | None = None
    trouble: str = ""
    """Why it cannot be opened, a sentence."""


class Caretaker:
    """Takes care of one store."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._place = plan.place

    @property
    def file(self) -> Path:
        """The database file."""
        return self._place.file

    def state(self) -> State:
        """How it is. Never raises."""
        place = self._place
        found = State(
            file=place.file,
            newest=len(self._plan.migrations),
            backups=backups.listed(place),
            damaged=tuple(f for f in place.damaged() if not f.name.endswith(("-wal", "-shm"))),
        )
        if not place.file.is_file():
            return found
        logs = (place.file, place.beside("-wal"))
        size = sum(file.stat().st_size for file in logs if file.exists())
        encrypted = ""
        try:
            seal = sealing.seal_of(place)
            if seal is not None and self._plan.keys is not None:
                encrypted = self._plan.keys.told(seal.name, seal.kept)
            with self._looking() as connection:
                return self._seen(connection, found, size, encrypted)
        except ServiceError as error:
            trouble = error.sentence()
        return replace(found, exists=True, size=size, encrypted=encrypted, trouble=trouble)

    def check(self) -> list[str]:
        """Everything that is wrong with it and its backups, in sentences; [] for nothing."""
        wrong: list[str] = []
        if not self._place.file.is_file():
            return wrong
        try:
            with self._looking() as connection:
                said = rows(connection, f"PRAGMA integrity_check({_MOST_FAULTS})")
                wrong += [f"{self._place.file}: {text}" for (text,) in said if text != "ok"]
                for table, row, *_ in rows(connection, "PRAGMA foreign_key_check"):
                    wrong.append(f"{self._place.file}: row {row} of {table} lost its other half")
        except ServiceError as error:
            wrong.append(error.sentence())
        with suppress(ServiceError):
            key = self._key()
            for backup in backups.listed(self._place):
                why_not = backups.fault(backup.file, key, len(self._plan.migrations))
                if why_not:
                    wrong.append(f"{backup.file}: {why_not}")
        return wrong

    def back_up(self) -> Backup:
        """Make a backup now. Raises `UserError` where there is nothing yet, `ServiceError`."""
        if not self._place.file.is_file():
            message = "Nothing is remembered yet, so there is nothing to back up."
            raise UserError(message)
        with translated(self._place.file):
            made = backups.make(self._place, self._key())
        if made is None:
            message = "Another process makes a backup just now."
            raise ServiceError(message, remedy="Try again in a moment.")
        return made

    def restore(self, number: int | None = None) -> Backup:
        """Put a backup in the place of the store: the newest that is good, or the one of a number.

        What is there now is backed up first or, where it is damaged, kept aside. Raises `UserError`
        where there is no such backup, `ServiceError`.
        """
        place = self._place
        self._plan.make_folder(place.file.parent)
        with translated(place.file), only_one(place):
            finish_exchange(place)
            key = sealing.key_of(place, self._plan.keys)
            chosen = self._chosen(number, key)
            backups.copy_file(chosen, place.part)
            with closing(link(place.part, key)) as restored:
                migrate(restored, place.part, self._plan.migrations)
                rows(restored, "PRAGMA journal_mode=DELETE")
            with self._held(key) as sound:
                commit_exchange(place, place.next if sound else place.mended)
                finish_exchange(place)
        return chosen

    def encrypt(self) -> str:
        """Encrypt it and its backups; where the key is, a sentence. Raises `ServiceError`."""
        place, keys = self._place, self._plan.keys
        if keys is None:
            message = "There is nowhere to keep a key."
            raise ServiceError(message)
        insist_on_sealing()
        self._plan.make_folder(place.file.parent)
        with translated(place.file), only_one(place):
            finish_exchange(place)
            key = sealing.key_of(place, keys)
            if key is None:
                key = sealing.encrypt(place, keys)
            else:
                sealing.finish_sealing(place, key)
            self._wipe_aside()
        return keys.told(key.name, key.kept)

    def decrypt(self) -> bool:
        """Make it plain again, and its backups. False where it is. Raises `ServiceError`."""
        place, keys = self._place, self._plan.keys
        # A seal without a file counts, too: whoever makes the file would encrypt it.
        if keys is None or not place.file.parent.is_dir():
            return False
        with translated(place.file), only_one(place):
            finish_exchange(place)
            key = sealing.key_of(place, keys)
            if key is None:
                return False
            sealing.decrypt(place, key, keys)
        return True

    def doctor(self, now: float) -> Check:
        """How it is, for `mirador doctor`."""
        state = self.state()
        if state.trouble:
            return Check("store", Health.WARNING, state.trouble, "See: mirador store check")
        if not state.exists:
            return Check("store", Health.OK, "nothing is remembered yet")
        said = f"{state.size / 1e6:.1f} MB, {'encrypted' if state.encrypted else 'not encrypted'}"
        if not state.backups:
            told = f"{said}, no backup yet: the first is made after a day"
            return Check("store", Health.OK, told)
        age = (now - state.backups[-1].time) / backups.DAY
        said += f", {len(state.backups)} backups, the newest {max(0.0, age) * 24:.0f} hours old"
        if state.damaged:
            told = f"{said}; {len(state.damaged)} damaged files were kept aside"
            remedy = f"Look at {state.damaged[0]}, and delete it when nothing in it is missed."
            return Check("store", Health.WARNING, told, remedy)
        if age > _OLD_DAYS and state.checked is not None and now - state.checked < backups.DAY:
            return Check("store", Health.WARNING, said, "Make one: mirador store backup")
        return Check("store", Health.OK, said)

    def _seen(
        self, connection: sqlite3.Connection, found: State, size: int, encrypted: str
    ) -> State:
        facts = {}
        with suppress(*errors()):
            facts = {name: float(value) for name, value in rows(connection, FACTS)}
        tables = [
            name
            for _, name, kind, *_ in rows(connection, "PRAGMA table_list")
            if kind == "table" and not name.startswith(_UNCOUNTED)
        ]
        return replace(
            found,
            exists=True,
            size=size,
            encrypted=encrypted,
            schema=version_of(connection),
            rows={
                name: rows(connection, f'SELECT count(*) FROM "{name}"')[0][0]  # noqa: S608
                for name in sorted(tables)
            },
            checked=facts.get(CHECKED),
            began=facts.get(BEGAN),
        )

    def _key(self) -> Key | None:
        with translated(self._place.file), only_one(self._place):
            return sealing.key_of(self._place, self._plan.keys)

    @contextmanager
    def _looking(self) -> Iterator[sqlite3.Connection]:
        """A connection that changes nothing."""
        with translated(self._place.file):
            with only_one(self._place):
                key = sealing.key_of(self._place, self._plan.keys)
                connection = link(self._place.file, key)
            with closing(connection):
                connection.execute("PRAGMA query_only=ON").close()
                yield connection

    def _chosen(self, number: int | None, key: Key | None) -> Backup:
        newest = len(self._plan.migrations)
        if number is None:
            found = backups.newest_good(self._place, key, newest)
            if found is None:
                message = "There is no backup that can be used."
                raise UserError(message, remedy=f"They would be in {self._place.backups}.")
            return found
        for backup in backups.listed(self._place):
            if backup.number == number:
                why_not = backups.fault(backup.file, key, newest)
                if why_not:
                    message = f"The backup {number} cannot be used: {why_not}."
                    raise UserError(message, remedy="Name another one.")
                return backup
        message = f"There is no backup {number}."
        raise UserError(message, remedy="See: mirador store status")

    @contextmanager
    def _held(self, key: Key | None) -> Iterator[bool]:
        """Keep everybody from writing to the file; whether it is sound. It is backed up then."""
        if not self._place.file.is_file():
            yield True
            return
        try:
            backups.make(self._place, key, keep=backups.KEPT + 1)
            connection = link(self._place.file, key)
        except errors() as error:
            if trouble_of(error) is not Trouble.DAMAGED:
                raise
            yield False
            return
        with closing(connection):
            connection.execute("BEGIN IMMEDIATE").close()
            yield True
            connection.execute("ROLLBACK").close()

    def _wipe_aside(self) -> None:
        """Damaged files hold words in the clear; whoever encrypts wants none of them."""
        for file in self._place.damaged():
            wipe(file)
