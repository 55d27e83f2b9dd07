"""The tables of the store, from an empty file to the schema in use.

Append only: users' files stand at each of these steps, and two versions of Mirador may use one file
at the same time, so a step adds and never takes away. Each step runs in a transaction of its own.
What a book keeps in its tables stands beside the book.
"""

import sqlite3
from collections.abc import Sequence

from mirador_lsp.store import (
    behaviours,
    comparisons,
    earlier,
    feedback,
    history_tables,
    metrics_tables,
    preferences,
    rounds,
)
from mirador_lsp.store.migrating import Migration


def _opinions(connection: sqlite3.Connection) -> None:
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


def _measurements(connection: sqlite3.Connection) -> None:
    connection.execute(
        """
        CREATE TABLE measurements (
            task TEXT NOT NULL,
            model TEXT NOT NULL,
            digest TEXT NOT NULL,
            seconds REAL NOT NULL,
            first_token_seconds REAL,
            prompt_tokens INTEGER NOT NULL,
            completion_tokens INTEGER NOT NULL,
            outcome TEXT NOT NULL,
            time REAL NOT NULL,
            reason TEXT NOT NULL DEFAULT '',
            stages TEXT NOT NULL DEFAULT '',
            language TEXT NOT NULL DEFAULT ''
        )
        """
    )
    connection.execute("CREATE INDEX measurements_by_model ON measurements (task, model, digest)")


MIGRATIONS: Sequence[Migration] = (
    _opinions,
    _measurements,
    earlier.take_over,
    feedback.add_what_was_found,
    history_tables.begin_history,
    metrics_tables.begin,
    preferences.begin,
    behaviours.begin,
    comparisons.begin,
    rounds.begin,
)
"""Add a function of your own at the end, in one line; never change or remove one."""
