"""What is kept for the user from one session to the next, in SQLite.

It must never know who asks or what a review is, nor hold the text of a document; the one exception
is what was reviewed before it was committed. Nothing here is lost
by a kill; a damaged file is moved aside and never deleted. Read `database.py` first.
"""

from mirador_lsp.store.behaviours import SqliteBehaviourBook
from mirador_lsp.store.comparisons import SqliteComparisonBook
from mirador_lsp.store.database import Database
from mirador_lsp.store.feedback import SqliteFeedbackBook
from mirador_lsp.store.history import SqliteHistoryBook
from mirador_lsp.store.measurements import SqliteMeasurements
from mirador_lsp.store.metrics import SqliteMetricsBook
from mirador_lsp.store.preferences import SqlitePreferenceBook
from mirador_lsp.store.replies import SqliteReplyBook
from mirador_lsp.store.rounds import SqliteRoundBook
from mirador_lsp.store.schema import MIGRATIONS

__all__ = [
    "MIGRATIONS",
    "Database",
    "SqliteBehaviourBook",
    "SqliteComparisonBook",
    "SqliteFeedbackBook",
    "SqliteHistoryBook",
    "SqliteMeasurements",
    "SqliteMetricsBook",
    "SqlitePreferenceBook",
    "SqliteReplyBook",
    "SqliteRoundBook",
]
