"""Finished replies of models, kept in SQLite: the `ReplyBook` that Mirador runs.

It is a cache. What is lost is asked again, so a damaged file is of no use to anybody and goes.
"""

import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from mirador_lsp.core.dialogue import KeptReply
from mirador_lsp.core.events import Notice
from mirador_lsp.store.database import Database
from mirador_lsp.store.keys import Keys

MOST = 100_000
"""Replies that are kept, about 300 bytes each; beyond that the oldest go."""
_KEEP = "INSERT OR REPLACE INTO replies VALUES (?, ?)"
_FIND = "SELECT said FROM replies WHERE key = ?"
_FORGET = "DELETE FROM replies WHERE rowid <= (SELECT max(rowid) FROM replies) - ?"


def _begin(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE replies (key TEXT PRIMARY KEY, said BLOB NOT NULL)")


MIGRATIONS = (_begin,)
"""From an empty file to the schema in use. Append only: users' files stand at each of them."""


class SqliteReplyBook:
    """See `core.ports.ReplyBook`."""

    def __init__(
        self,
        file: Path,
        *,
        make_folder: Callable[[Path], object],
        most: int = MOST,
        keys: Keys | None = None,
        encrypt: bool = False,
    ) -> None:
        """`make_folder` makes the file's folder, private to the user; with `keys` it is encrypted
        where it was or the user wants to `encrypt`.
        """
        self._most = most
        self._database = Database(
            file, MIGRATIONS, make_folder=make_folder, precious=False, keys=keys, encrypt=encrypt
        )

    async def find(self, key: str) -> KeptReply | None:
        """See the port. Where nothing was kept no file is made."""
        if not await self._database.exists():
            return None
        rows = await self._database.read(_FIND, (key,))
        if not rows:
            return None
        try:
            return msgspec.json.decode(rows[0][0], type=KeptReply)
        except msgspec.MsgspecError:
            # Written by another version, or by somebody else: it is asked again.
            return None

    async def forget(self) -> int:
        """Remove every reply for good; how many there were. They do not know what they are about.

        The file stays: a process that finds it gone would write its latest replies again.
        """
        if not await self._database.exists():
            return 0
        ((count,),) = await self._database.read("SELECT count(*) FROM replies")
        if count:
            await self._database.transact([("DELETE FROM replies", ())])
            await self._database.purge()
        return int(count)

    async def keep(self, replies: Mapping[str, KeptReply]) -> None:
        """See the port. A cancelled call keeps what it was at all the same."""
        if replies:
            rows = [(_KEEP, (key, _bytes(reply))) for key, reply in replies.items()]
            await self._database.transact([*rows, (_FORGET, (self._most,))])

    def notices(self) -> tuple[Notice, ...]:
        """See the port."""
        return self._database.notices()

    async def close(self) -> None:
        """See the port."""
        await self._database.close()


def _bytes(reply: KeptReply) -> bytes:
    # A reply may hold half of a surrogate pair, which JSON cannot.
    lines = tuple(line.encode("utf-8", "replace").decode("utf-8") for line in reply.lines)
    return msgspec.json.encode(KeptReply(lines, reply.sureness))
