"""What is kept of the past: the recorder of an application, and all the rooms that forget.

Only `app` uses it.
"""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from mirador_lsp.assembly import make_indexes
from mirador_lsp.books import Books, open_books
from mirador_lsp.core.errors import IndexUnavailable, UserError
from mirador_lsp.core.feedback import Opinion, Which, document_of
from mirador_lsp.core.history import (
    Forgotten,
    HistoryBook,
    Kept,
    Page,
    Retention,
    Selection,
    Surface,
    Visit,
)
from mirador_lsp.core.retrieval import Collection, Hit, Query
from mirador_lsp.engine.recording.recorder import Keeping, Recorder
from mirador_lsp.index.clients import Clients
from mirador_lsp.ipc.clock import SystemClock
from mirador_lsp.settings import Paths, Settings
from mirador_lsp.settings.settings import HistorySettings

_MIB = 1024 * 1024
_MOST_DECISIONS = 1_000_000
_UNREACHABLE = (IndexUnavailable, UserError)
_log = logging.getLogger(__name__)


def make_recorder(
    settings: Settings, books: Books, indexes: Clients, stack: AsyncExitStack
) -> Recorder:
    """What keeps the requests of an application; what is left is written as `stack` closes."""
    wanted = settings.history
    book = books.history if wanted.enabled else None

    async def release(memories: Sequence[Kept]) -> Sequence[Kept]:
        return await release_from(indexes, memories)

    recorder = Recorder(book, SystemClock(), keeping_of(wanted), release)
    # An editor introduces itself; until then it is the command line that asks.
    recorder.attend(Visit(settings.folder, Surface.CLI, ""))
    stack.push_async_callback(recorder.close)
    return recorder


def keeping_of(wanted: HistorySettings) -> Keeping:
    """How history is kept under these settings."""
    return Keeping(wanted.session_hours, Retention(wanted.days, wanted.max_mib * _MIB))


async def release_from(indexes: Clients, memories: Sequence[Kept]) -> Sequence[Kept]:
    """Have the indexes of workspaces forget memories; those that they could not be told of."""
    folders: dict[str, list[Kept]] = {}
    for memory in memories:
        folders.setdefault(memory.folder, []).append(memory)
    left: list[Kept] = []
    for folder, theirs in folders.items():
        try:
            await indexes.of(Path(folder)).forget([memory.id for memory in theirs])
        except _UNREACHABLE as error:
            _log.warning("memories of %s are not forgotten yet: %s", folder, error)
            left += theirs
    return left


@dataclass(frozen=True)
class Oblivion:
    """What was forgotten, book by book."""

    history: Forgotten
    decisions: int = 0
    figures: int = 0
    """Rows about what requests cost."""
    replies: int = 0
    """Replies of models that were kept to be said again. They do not know what they are about, so
    all of them go."""
    left: tuple[Kept, ...] = ()
    """Memories that an index still has; they are tried again with whatever is forgotten next."""


class Past:
    """The past, for whoever wants to look at it or have it forgotten. Open one with `open_past`."""

    def __init__(self, settings: Settings, books: Books, indexes: Clients) -> None:
        self.retention = keeping_of(settings.history).retention
        self.book: HistoryBook = books.history
        self._books = books
        self._indexes = indexes

    async def meant(self, folder: Path, question: str, most: int) -> Sequence[Hit]:
        """What was asked and changed in a workspace and means the like of `question`, by its index.

        () where there is no index: none is made for this.
        """
        query = Query(question, most, (Collection.TALK, Collection.FIX))
        try:
            index = self._indexes.of(folder)
            if not await index.running() and await index.kept() is None:
                return ()
            return (await index.search(query)).hits
        except _UNREACHABLE as error:
            _log.info("history is searched by its words alone: %s", error)
            return ()

    async def would_forget(self, which: Selection) -> Oblivion:
        """What `forget` would remove of history and decisions now."""
        decided = await self._decisions(which)
        return Oblivion(await self.book.meant(which), len(decided))

    async def forget(self, which: Selection) -> Oblivion:
        """Remove what is meant from every book, the indexes and the cache of replies, for good.

        Raises `ServiceError` where a book cannot be written.
        """
        decided = await self._decisions(which)
        gone = await self.book.forget(which)
        left = await release_from(self._indexes, gone.memories)
        if left:
            await self.book.keep(Page(memories=tuple(left)))
        decisions = await self._books.feedback.forget(Which(ids=decided)) if decided else 0
        figures = await self._books.metrics.forget(which)
        if not (which.session or which.id or which.kinds):
            # Their texts and findings know no time of their own; the next review begins anew.
            await self._books.rounds.forget()
        replies = 0
        if gone.rows or decisions:
            replies = await self._books.replies.forget()
        await self._books.database.purge()
        return Oblivion(gone, decisions, figures, replies, tuple(left))

    async def _decisions(self, which: Selection) -> tuple[str, ...]:
        """The ids of opinions that are meant; they know files and times, and not sessions."""
        if which.session or which.kinds:
            return ()
        known = await self._books.feedback.latest(_MOST_DECISIONS, _MOST_DECISIONS)
        return tuple(opinion.id for opinion in known if _is_meant(opinion, which))


@asynccontextmanager
async def open_past(settings: Settings, paths: Paths) -> AsyncIterator[Past]:
    """Open the books and what reaches the indexes; nothing else of Mirador is started."""
    async with AsyncExitStack() as stack:
        books = open_books(paths, stack)
        yield Past(settings, books, make_indexes(settings, paths, stack))


def _is_meant(opinion: Opinion, which: Selection) -> bool:
    document, ending = document_of(opinion.uri), f"/{which.file.lstrip('/')}"
    return (
        (which.before is None or opinion.time < which.before)
        and (which.since is None or opinion.time >= which.since)
        and (not which.file or document.endswith(ending))
        and any(each.startswith(which.id) for each in (opinion.id, opinion.finding_id))
    )
