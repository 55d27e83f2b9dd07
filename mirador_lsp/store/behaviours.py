"""How models behaved, kept in SQLite: the `BehaviourBook` that Mirador runs.

A behaviour is one packed value: it is read as a whole or not at all, and its figures will change
more often than there should be steps of the schema.
"""

import logging
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, replace

import msgspec

from mirador_lsp.core.behaviour import Behaviour
from mirador_lsp.core.events import Notice
from mirador_lsp.store.database import Database

_KEEP = "INSERT OR REPLACE INTO behaviours VALUES (?, ?, ?, ?, ?)"
_ALL = "SELECT packed FROM behaviours ORDER BY time DESC, rowid DESC"
_MOST = 500
_FORGET = """
DELETE FROM behaviours WHERE rowid NOT IN (SELECT rowid FROM behaviours ORDER BY time DESC LIMIT ?)
"""
_log = logging.getLogger(__name__)


class _Packed(msgspec.Struct, array_like=True, frozen=True):
    """The fields of `Behaviour` in the order in which they are packed. Append only."""

    model: str
    digest: str
    probes: str
    time: float
    asked: int
    failed: int
    words: tuple[int, ...]
    claims: tuple[str, ...]
    lines: int
    broken: int
    defects: int
    found: int
    sound: int
    alarms: int
    fixes: int
    fixed: int
    judged: int
    judged_right: int
    decisions: int
    agreed: int
    first_token_seconds: float
    tokens_per_second: float
    memory_bytes: int


def begin(connection: sqlite3.Connection) -> None:
    """The table of behaviours: the latest of each version of a model at each set of questions."""
    connection.execute(
        """
        CREATE TABLE behaviours (
            model TEXT NOT NULL,
            digest TEXT NOT NULL,
            probes TEXT NOT NULL,
            time REAL NOT NULL,
            packed BLOB NOT NULL,
            UNIQUE (model, digest, probes)
        )
        """
    )


def pack(behaviour: Behaviour) -> bytes:
    """A behaviour in a few hundred bytes."""
    return msgspec.msgpack.encode(_Packed(**asdict(behaviour)))


def unpack(packed: bytes) -> Behaviour | None:
    """What was packed; None for what cannot be read, as of another version."""
    try:
        return Behaviour(**msgspec.structs.asdict(msgspec.msgpack.decode(packed, type=_Packed)))
    except (msgspec.MsgspecError, RecursionError):
        return None


class SqliteBehaviourBook:
    """See `core.behaviour.BehaviourBook`."""

    def __init__(self, database: Database) -> None:
        """Of a store with the tables of `schema.MIGRATIONS`."""
        self._database = database

    async def keep(self, behaviour: Behaviour) -> None:
        """See the port."""
        model, digest = _encodable(behaviour.model), _encodable(behaviour.digest)
        known = replace(behaviour, model=model, digest=digest)
        row = (known.model, known.digest, known.probes, known.time, pack(known))
        await self._database.transact([(_KEEP, row), (_FORGET, (_MOST,))])

    async def all(self) -> Sequence[Behaviour]:
        """See the port. Where nothing was measured no file is made."""
        if not await self._database.exists():
            return ()
        found = [unpack(packed) for (packed,) in await self._database.read(_ALL)]
        if unread := found.count(None):
            _log.warning("%d measured behaviours cannot be read and are left out", unread)
        return tuple(each for each in found if each is not None)

    def notices(self) -> tuple[Notice, ...]:
        """See the port."""
        return self._database.notices()

    async def close(self) -> None:
        """See the port."""
        await self._database.close()


def _encodable(text: str) -> str:
    # A server names its models as it likes; a lone surrogate has no form in the file.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
