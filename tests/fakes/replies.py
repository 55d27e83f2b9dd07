"""Replies in memory."""

from collections.abc import Mapping

from mirador_lsp.core.dialogue import KeptReply
from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.events import Notice


class FakeReplyBook:
    """See `core.ports.ReplyBook`. `broken` makes it a full disk."""

    def __init__(self) -> None:
        self.kept: dict[str, KeptReply] = {}
        self.broken = False
        self.asked = 0
        self._closed = False

    async def find(self, key: str) -> KeptReply | None:
        self.asked += 1
        self._check()
        return self.kept.get(key)

    async def keep(self, replies: Mapping[str, KeptReply]) -> None:
        self._check()
        self.kept |= replies

    def notices(self) -> tuple[Notice, ...]:
        return ()

    async def close(self) -> None:
        self._closed = True

    def _check(self) -> None:
        if self.broken or self._closed:
            message = "The replies cannot be kept: the disk is full."
            raise ServiceError(message)
