"""What the user thinks of findings, kept in SQLite: the `FeedbackBook` that Mirador runs."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

from mirador_lsp.core.events import Notice, NoticeKind
from mirador_lsp.core.feedback import Opinion, Verdict
from mirador_lsp.store.database import Database

_RECORD = """
INSERT OR REPLACE INTO opinions (document, finding, rule, verdict, reason, tool, time)
VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_ABOUT = """
SELECT finding, rule, verdict, reason, tool, time FROM opinions
WHERE document = ? ORDER BY time, rowid
"""
_LONGEST = 500


def _begin(connection: sqlite3.Connection) -> None:
    connection.execute(
        """
        CREATE TABLE opinions (
            document TEXT NOT NULL,
            finding TEXT NOT NULL,
            rule TEXT NOT NULL,
            verdict TEXT NOT NULL,
            reason TEXT NOT NULL,
            tool TEXT NOT NULL,
            time REAL NOT NULL,
            UNIQUE (document, finding)
        )
        """
    )


MIGRATIONS = (_begin,)
"""From an empty file to the schema in use. Append only: users' files stand at each of them."""


class SqliteFeedbackBook:
    """See `core.ports.FeedbackBook`."""

    def __init__(self, file: Path, *, make_folder: Callable[[Path], object]) -> None:
        """`make_folder` makes the file's folder, private to the user."""
        self._notices: list[Notice] = []
        self._database = Database(
            file, MIGRATIONS, make_folder=make_folder, moved_aside=self._moved_aside
        )

    async def record(self, opinion: Opinion) -> None:
        """See the port. A cancelled call is recorded all the same."""
        values = (
            _document(opinion.uri),
            opinion.finding_id,
            opinion.rule,
            opinion.verdict.value,
            opinion.reason[:_LONGEST],
            opinion.tool,
            opinion.time,
        )
        # A lone surrogate has no form in the file.
        kept = tuple(_encodable(v) if isinstance(v, str) else v for v in values)
        await asyncio.shield(self._database.execute(_RECORD, kept))

    async def about(self, uri: str) -> tuple[Opinion, ...]:
        """See the port. Without any opinion no file is made."""
        if not await self._database.exists():
            return ()
        rows = await self._database.execute(_ABOUT, (_encodable(_document(uri)),))
        return tuple(
            Opinion(uri, finding, rule, Verdict(verdict), reason, tool, time)
            for finding, rule, verdict, reason, tool, time in rows
            if verdict in tuple(Verdict)
        )

    def notices(self) -> tuple[Notice, ...]:
        """See the port."""
        told, self._notices = tuple(self._notices), []
        return told

    async def close(self) -> None:
        """See the port."""
        await self._database.close()

    def _moved_aside(self, aside: Path) -> None:
        text = (
            "The file with what you said of findings was damaged; a fresh one was begun, and the "
            f"old one is kept as {aside}."
        )
        self._notices.append(Notice(NoticeKind.UNAVAILABLE, text))


def _document(uri: str) -> str:
    """One name for a document: clients differ in which characters of a path they escape."""
    if not uri.startswith("file:"):
        return uri
    return unquote(uri.replace("file://localhost/", "file:///", 1), errors="surrogateescape")


def _encodable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
