"""Rounds of review, kept in SQLite: the `RoundBook` that Mirador runs.

Texts are of files that were reviewed before they were committed; without them nobody could tell
what was changed in them since. They go with the next round of the branch.
"""

import sqlite3
import zlib
from collections.abc import Sequence

import msgspec

from mirador_lsp.core.events import Notice
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.rounds import Round
from mirador_lsp.store.database import Database

_MOST_CHARACTERS = 20_000_000
_FIND = "SELECT head, time FROM rounds WHERE repository = ? AND branch = ?"
_FILES = "SELECT path, gone, text, findings FROM round_files WHERE repository = ? AND branch = ?"
_DROP = "DELETE FROM rounds WHERE repository = ? AND branch = ?"
_DROP_FILES = "DELETE FROM round_files WHERE repository = ? AND branch = ?"
_KEEP = "INSERT INTO rounds VALUES (?, ?, ?, ?)"
_KEEP_FILE = "INSERT INTO round_files VALUES (?, ?, ?, ?, ?, ?)"
_COUNT = "SELECT repository, count(*) FROM rounds GROUP BY repository"
_FORGET = "DELETE FROM rounds WHERE repository = ?"
_FORGET_FILES = "DELETE FROM round_files WHERE repository = ?"


def begin(connection: sqlite3.Connection) -> None:
    """The tables of rounds."""
    connection.execute(
        """
        CREATE TABLE rounds (
            repository TEXT NOT NULL,
            branch TEXT NOT NULL,
            head TEXT NOT NULL,
            time REAL NOT NULL,
            PRIMARY KEY (repository, branch)
        )
        """
    )
    connection.execute(
        """
        CREATE TABLE round_files (
            repository TEXT NOT NULL,
            branch TEXT NOT NULL,
            path BLOB NOT NULL,
            gone INTEGER NOT NULL,
            text BLOB,
            findings BLOB NOT NULL,
            PRIMARY KEY (repository, branch, path)
        )
        """
    )


class SqliteRoundBook:
    """See `core.rounds.RoundBook`."""

    def __init__(self, database: Database) -> None:
        """Of a store with the tables of `schema.MIGRATIONS`."""
        self._database = database
        self._decoder = msgspec.json.Decoder(tuple[Finding, ...])

    async def latest(self, repository: str, branch: str) -> Round | None:
        """See the port. Where nothing was ever kept no file is made."""
        if not await self._database.exists():
            return None
        key = (repository, branch)
        known = await self._database.read(_FIND, key)
        if not known:
            return None
        texts: dict[str, str | None] = {}
        findings: dict[str, tuple[Finding, ...]] = {}
        for raw, gone, text, found in await self._database.read(_FILES, key):
            path = bytes(raw).decode("utf-8", "surrogateescape")
            if gone or text is not None:
                texts[path] = None if gone else _unpacked(text)
            findings[path] = self._read(found)
        head, time = known[0]
        return Round(*key, head, time, texts, {p: each for p, each in findings.items() if each})

    async def keep(self, done: Round) -> None:
        """See the port."""
        key = (done.repository, done.branch)
        rows = []
        for path in sorted({*done.texts, *done.findings}):
            text = done.texts.get(path)
            gone = path in done.texts and text is None
            packed = zlib.compress(text.encode("utf-8", "surrogatepass")) if text else None
            if text == "":
                packed = zlib.compress(b"")
            found = msgspec.json.encode([_without_fix(f) for f in done.findings.get(path, ())])
            name = path.encode("utf-8", "surrogateescape")
            rows.append((_KEEP_FILE, (*key, name, int(gone), packed, found)))
        begun = (_KEEP, (*key, done.head, done.time))
        await self._database.transact([(_DROP, key), (_DROP_FILES, key), begun, *rows])

    async def forget(self, repositories: Sequence[str] | None = None) -> int:
        """See the port."""
        if not await self._database.exists():
            return 0
        counts: dict[str, int] = dict(await self._database.read(_COUNT))
        meant = [each for each in counts if repositories is None or each in repositories]
        statements = [(sql, (each,)) for each in meant for sql in (_FORGET, _FORGET_FILES)]
        if statements:
            await self._database.transact(statements)
        return sum(counts[each] for each in meant)

    def notices(self) -> tuple[Notice, ...]:
        """See the port."""
        return self._database.notices()

    async def close(self) -> None:
        """See the port."""
        await self._database.close()

    def _read(self, raw: bytes) -> tuple[Finding, ...]:
        """The findings; none of a newer Mirador's, nor what somebody else wrote."""
        try:
            return self._decoder.decode(bytes(raw))
        except (msgspec.MsgspecError, ValueError):
            return ()


def _without_fix(finding: Finding) -> dict[str, object]:
    """What lies in a file in which somebody may write is no change to be applied later."""
    known: dict[str, object] = msgspec.to_builtins(finding)
    return {**known, "fix": None}


def _unpacked(text: bytes) -> str:
    try:
        unpacker = zlib.decompressobj()
        content = unpacker.decompress(bytes(text), 4 * _MOST_CHARACTERS)
        return content.decode("utf-8", "surrogatepass")
    except (zlib.error, UnicodeDecodeError):
        return ""
