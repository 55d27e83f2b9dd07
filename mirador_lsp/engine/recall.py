"""Replies to questions already asked, so that neither a save nor a restart starts from nothing.

A reply is kept under everything it depends on: the model's digest, the whole prompt with its
version and the limits. Equal key, equal reply (models answer at temperature 0 by default).
"""

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Iterable

from mirador_lsp.core.dialogue import KeptReply, Limits, ModelCard, Prompt
from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.events import Notice, NoticeKind
from mirador_lsp.core.ports import ReplyBook
from mirador_lsp.engine.carrying import Carried
from mirador_lsp.engine.context.budget import Reading

_MOST_REPLIES = 20_000
_log = logging.getLogger(__name__)


class Recall:
    """The latest replies; the least recently used are forgotten. Lives as long as its `Engine`.

    With a book it also knows what was said before that, to this process or another one.
    """

    def __init__(self, book: ReplyBook | None = None, most: int = _MOST_REPLIES) -> None:
        self._book = book
        self._most = most
        self._replies: OrderedDict[str, KeptReply] = OrderedDict()
        self._unwritten: dict[str, KeptReply] = {}
        self._notices: list[Notice] = []
        """What is to be told of the book."""
        self._speeds: set[str] = set()
        """Models whose speed was looked for: what the book lacks, it does not get from others."""
        self.spoke: dict[str, str] = {}
        """By stage, the model that has said what is kept of it."""
        self.carried = Carried()

    async def find(self, key: str) -> KeptReply | None:
        """The reply kept under `key`, or None. A book that cannot be read holds nothing."""
        reply = self._replies.get(key)
        if reply is not None:
            self._replies.move_to_end(key)
            return reply
        if self._book is None:
            return None
        try:
            reply = await self._book.find(key)
        except ServiceError as error:
            self._do_without(error)
            return None
        if reply is not None:
            self._remember(key, reply)
        return reply

    async def find_now(self, key: str) -> KeptReply | None:
        """The same as the book has it now: what the user had forgotten by another process is not
        remembered here, or it would be written again with what comes to it.
        """
        if self._book is not None and key not in self._unwritten:
            self._replies.pop(key, None)
        return await self.find(key)

    def keep(self, card: ModelCard, key: str, reply: KeptReply) -> None:
        """Keep a reply that came to its end; it is on disk after the next `write`."""
        self._remember(key, reply)
        # A model without a digest may be another one tomorrow, under the same name.
        if card.digest:
            self._unwritten[key] = reply

    async def settle(self, cards: Iterable[ModelCard], reading: Reading) -> None:
        """Take over how fast models were found to read, for what they are shown depends on it."""
        for card in cards:
            key = _speed_key(card)
            if card.digest and key not in self._speeds:
                self._speeds.add(key)
                kept = await self.find(key)
                reading.settle(card, kept.sureness[0] if kept is not None else 0.0)

    def keep_settled(self, cards: Iterable[ModelCard], reading: Reading) -> None:
        """Keep how fast models were found to read."""
        for card in cards:
            if speed := reading.settled(card):
                key, told = _speed_key(card), KeptReply(("tokens a second",), (speed,))
                if self._replies.get(key) != told:
                    self.keep(card, key, told)

    async def write(self) -> tuple[Notice, ...]:
        """Put on disk what is not there yet. What went wrong with the book is told once."""
        fresh, self._unwritten = self._unwritten, {}
        if self._book is not None:
            self._notices += self._book.notices()
        if self._book is not None and fresh:
            try:
                await self._book.keep(fresh)
            except ServiceError as error:
                self._do_without(error)
        told, self._notices = tuple(self._notices), []
        return told

    def _remember(self, key: str, reply: KeptReply) -> None:
        self._replies[key] = reply
        self._replies.move_to_end(key)
        while len(self._replies) > self._most:
            self._replies.popitem(last=False)

    def _do_without(self, error: ServiceError) -> None:
        """Let the book be from now on: a disk that failed once would fail at each question."""
        _log.warning("%s", error, exc_info=error)
        self._notices.append(Notice(NoticeKind.UNAVAILABLE, error.sentence()))
        self._book = None


def _speed_key(card: ModelCard) -> str:
    return f"reading {card.backend} {card.name} {card.digest}"


def recall_key(card: ModelCard, prompt: Prompt, limits: Limits) -> str:
    """Everything a reply depends on, as 64 hex digits."""
    parts = (
        card.backend,
        card.name,
        card.digest,
        prompt.version,
        prompt.system,
        prompt.material,
        prompt.question,
        prompt.constraint.gbnf if prompt.constraint else "",
        f"{limits.max_tokens} {limits.temperature}{' infill' * prompt.infill}",
    )
    text = "\x00".join(parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
