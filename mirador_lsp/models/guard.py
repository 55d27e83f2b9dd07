"""What ends a reply that never would: the byte cap and the repetition stop, for every backend."""

from mirador_lsp.core.errors import BadReply

REPEATS = 4
"""The same line this many times in a row is a model that turns in circles."""
MAX_BYTES = 256 * 1024
"""Bytes a reply may have, whatever its token limit."""
_LONGEST_LINE = 8 * 1024
_SHORTEST_LOOP = 64
"""Characters that a repetition within one line must cover; shorter runs occur in honest text."""
_LONGEST_PERIOD = 48


class ReplyGuard:
    """Watches one reply as it grows."""

    def __init__(self) -> None:
        self._bytes = 0
        self._line = ""
        self._last = ""
        self._times = 0

    def watch(self, text: str) -> None:
        """Take note of a piece. Raises BadReply when the reply must be stopped."""
        self._bytes += len(text.encode("utf-8", "replace"))
        if self._bytes > MAX_BYTES:
            message = f"The model wrote more than {MAX_BYTES // 1024} KiB."
            raise BadReply(message)
        *ended, rest = (self._line + text).split("\n")
        for line in ended:
            # With its indentation: the ends of nested blocks are as many equal lines without it.
            self._count(line.rstrip())
        self._line = rest
        if len(rest) > _LONGEST_LINE or _loops(rest):
            raise BadReply(_CIRCLES)

    def _count(self, line: str) -> None:
        if not line:
            return
        self._times = self._times + 1 if line == self._last else 1
        self._last = line
        if self._times >= REPEATS:
            raise BadReply(_CIRCLES)


_CIRCLES = "The model repeated itself and was stopped."


def _loops(line: str) -> bool:
    """Whether the end of a line is one short text over and over."""
    if len(line) < 2 * _SHORTEST_LOOP:
        return False
    tail = line[-2 * _SHORTEST_LOOP :]
    return any(
        tail == tail[:period] * (len(tail) // period) + tail[: len(tail) % period]
        for period in range(1, _LONGEST_PERIOD + 1)
    )
