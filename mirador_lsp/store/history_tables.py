"""The tables of what was asked and answered, and of the lives of findings."""

import sqlite3

_TABLES = (
    """
    CREATE TABLE history_sessions (
        id TEXT PRIMARY KEY,
        workspace TEXT NOT NULL,
        surface TEXT NOT NULL,
        client TEXT NOT NULL,
        began REAL NOT NULL,
        last REAL NOT NULL
    )
    """,
    "CREATE INDEX history_visits ON history_sessions (workspace, surface, client, last)",
    """
    CREATE TABLE history_exchanges (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        session TEXT NOT NULL,
        kind TEXT NOT NULL,
        document TEXT NOT NULL,
        name TEXT NOT NULL,
        outcome TEXT NOT NULL,
        time REAL NOT NULL,
        question TEXT NOT NULL,
        response TEXT NOT NULL,
        model TEXT NOT NULL,
        digest TEXT NOT NULL,
        stages TEXT NOT NULL,
        prompt_tokens INTEGER NOT NULL,
        cached_tokens INTEGER NOT NULL,
        completion_tokens INTEGER NOT NULL,
        first_token_seconds REAL,
        seconds REAL NOT NULL,
        kept INTEGER NOT NULL,
        conversation TEXT NOT NULL,
        repeats INTEGER NOT NULL,
        cut INTEGER NOT NULL,
        bytes INTEGER NOT NULL
    )
    """,
    "CREATE INDEX history_by_time ON history_exchanges (time)",
    "CREATE INDEX history_by_document ON history_exchanges (document)",
    "CREATE INDEX history_by_talk ON history_exchanges (conversation) WHERE conversation <> ''",
    """
    CREATE TABLE history_findings (
        number INTEGER PRIMARY KEY,
        document TEXT NOT NULL,
        finding TEXT NOT NULL,
        name TEXT NOT NULL,
        rule TEXT NOT NULL,
        lens TEXT NOT NULL,
        severity TEXT NOT NULL,
        message TEXT NOT NULL,
        symbol TEXT NOT NULL,
        quote TEXT NOT NULL,
        tool TEXT NOT NULL,
        stage TEXT NOT NULL,
        first REAL NOT NULL,
        last REAL NOT NULL,
        state TEXT NOT NULL,
        turn INTEGER NOT NULL,
        UNIQUE (document, finding)
    )
    """,
    "CREATE INDEX history_findings_by_time ON history_findings (last)",
    """
    CREATE TABLE history_moments (
        finding INTEGER NOT NULL REFERENCES history_findings (number) ON DELETE CASCADE,
        turn INTEGER NOT NULL,
        step TEXT NOT NULL,
        stage TEXT NOT NULL,
        reason TEXT NOT NULL,
        message TEXT NOT NULL,
        confidence REAL,
        time REAL NOT NULL,
        UNIQUE (finding, turn, step, stage, reason, message)
    )
    """,
    """
    CREATE TABLE history_about (
        exchange INTEGER NOT NULL REFERENCES history_exchanges (number) ON DELETE CASCADE,
        finding INTEGER NOT NULL REFERENCES history_findings (number) ON DELETE CASCADE,
        PRIMARY KEY (exchange, finding)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX history_about_findings ON history_about (finding)",
    """
    CREATE TABLE history_memories (
        id TEXT PRIMARY KEY,
        folder TEXT NOT NULL,
        name TEXT NOT NULL,
        time REAL NOT NULL,
        exchange TEXT NOT NULL,
        session TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE history_upkeep (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        time REAL NOT NULL,
        removed INTEGER NOT NULL
    )
    """,
)


_WORDS = (
    """
    CREATE VIRTUAL TABLE history_words USING fts5(
        question, response, content='history_exchanges', content_rowid='number'
    )
    """,
    "CREATE VIRTUAL TABLE history_messages USING fts5(message)",
)
"""What finds words. No triggers keep them true: SQLite lets none write to them while it trusts no
schema.
"""


def begin_history(connection: sqlite3.Connection) -> None:
    """The tables, and what finds words in them."""
    for table in (*_TABLES, *_WORDS):
        connection.execute(table)
