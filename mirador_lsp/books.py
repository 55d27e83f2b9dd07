"""The books of one process, over one store.

Only `assembly` and `app` use it.
"""

from contextlib import AsyncExitStack
from dataclasses import dataclass

from mirador_lsp.core.behaviour import BehaviourBook, ComparisonBook
from mirador_lsp.core.history import HistoryBook
from mirador_lsp.core.metrics import MetricsBook
from mirador_lsp.core.ports import FeedbackBook, Measurements
from mirador_lsp.core.preferences import PreferenceBook
from mirador_lsp.core.rounds import RoundBook
from mirador_lsp.settings import Paths
from mirador_lsp.settings.paths import private_folder
from mirador_lsp.store import (
    MIGRATIONS,
    Database,
    SqliteBehaviourBook,
    SqliteComparisonBook,
    SqliteFeedbackBook,
    SqliteHistoryBook,
    SqliteMeasurements,
    SqliteMetricsBook,
    SqlitePreferenceBook,
    SqliteReplyBook,
    SqliteRoundBook,
    earlier,
    replies,
)
from mirador_lsp.store.care import Caretaker
from mirador_lsp.store.keys import Keys
from mirador_lsp.store.opening import Plan
from mirador_lsp.store.place import Place


@dataclass(frozen=True)
class Books:
    """What is remembered, book by book."""

    database: Database
    """The store that all of them but `replies` lie in."""
    feedback: FeedbackBook
    """What the user said of findings."""
    measurements: Measurements
    """How models did."""
    history: HistoryBook
    """What was asked, what came of it, and what became of findings."""
    metrics: MetricsBook
    """What requests cost and what came of them."""
    replies: SqliteReplyBook
    """What models said: a cache, in a file of its own."""
    preferences: PreferenceBook
    """How the user likes to be helped."""
    behaviours: BehaviourBook
    """How models behaved with a fixed set of questions."""
    comparisons: ComparisonBook
    """How models did when several were asked the same."""
    rounds: RoundBook
    """How far reviews of branches have come."""


def open_books(paths: Paths, stack: AsyncExitStack) -> Books:
    """Every book. No file is touched before the first use; closed with `stack`."""
    database = open_database(paths)
    stack.push_async_callback(database.close)
    kept = SqliteReplyBook(
        paths.replies, make_folder=private_folder, keys=keys_of(paths), encrypt=paths.encrypt
    )
    stack.push_async_callback(kept.close)
    return Books(
        database=database,
        feedback=SqliteFeedbackBook(database),
        measurements=SqliteMeasurements(database),
        history=SqliteHistoryBook(database),
        metrics=SqliteMetricsBook(database),
        replies=kept,
        preferences=SqlitePreferenceBook(database),
        behaviours=SqliteBehaviourBook(database),
        comparisons=SqliteComparisonBook(database, paths.comparisons),
        rounds=SqliteRoundBook(database),
    )


def keys_of(paths: Paths) -> Keys:
    """Where the keys of encrypted files are found."""
    return Keys(paths.keys)


def open_database(paths: Paths) -> Database:
    """The store alone. No file is touched before the first use; the caller closes it."""
    return Database(
        paths.store,
        MIGRATIONS,
        make_folder=private_folder,
        settle=earlier.remove_taken_over,
        sources=earlier.FILES,
        keys=keys_of(paths),
        encrypt=paths.encrypt,
    )


def caretakers(paths: Paths) -> tuple[Caretaker, Caretaker]:
    """What takes care of the store, and of the replies that are kept."""
    keys = keys_of(paths)
    store = Plan(
        Place(paths.store),
        MIGRATIONS,
        private_folder,
        earlier.remove_taken_over,
        keys=keys,
        encrypt=paths.encrypt,
    )
    kept = Plan(
        Place(paths.replies),
        replies.MIGRATIONS,
        private_folder,
        precious=False,
        keys=keys,
        encrypt=paths.encrypt,
    )
    return Caretaker(store), Caretaker(kept)
