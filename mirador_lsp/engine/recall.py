"""Replies to questions already asked in this process, so that a save does not start from nothing.

A reply is kept under everything it depends on: the model's digest, the whole prompt with its
version and the limits. Equal key, equal reply (models answer at temperature 0 by default).
"""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass

from mirador_lsp.core.dialogue import Limits, ModelCard, Prompt
from mirador_lsp.engine.carrying import Carried

_MOST_REPLIES = 20_000


@dataclass(frozen=True)
class KeptReply:
    """A finished reply, line by line."""

    lines: tuple[str, ...]
    sureness: tuple[float, ...]
    """For each line how sure the model was of it, 0…1."""


class Recall:
    """The latest replies; the least recently used are forgotten. Lives as long as its `Engine`."""

    def __init__(self, most: int = _MOST_REPLIES) -> None:
        self._most = most
        self._replies: OrderedDict[str, KeptReply] = OrderedDict()
        self.spoke: dict[str, str] = {}
        """By stage, the model that has said what is kept of it."""
        self.carried = Carried()

    def get(self, key: str) -> KeptReply | None:
        """The reply kept under `key`, or None."""
        reply = self._replies.get(key)
        if reply is not None:
            self._replies.move_to_end(key)
        return reply

    def keep(self, key: str, reply: KeptReply) -> None:
        """Keep a reply that came to its end."""
        self._replies[key] = reply
        self._replies.move_to_end(key)
        while len(self._replies) > self._most:
            self._replies.popitem(last=False)


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
        f"{limits.max_tokens} {limits.temperature}",
    )
    text = "\x00".join(parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
