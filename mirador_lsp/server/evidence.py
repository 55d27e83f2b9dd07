"""What models were asked and said about the findings of open documents, for who wants to see it."""

from collections import deque

from mirador_lsp.core.events import Emit, Event, EvidenceHeard

_MOST = 300
"""Pieces of evidence of one document; the oldest go. Prompts are shared, so one costs little."""


class Evidence:
    """Kept for as long as the document is open."""

    def __init__(self) -> None:
        self._heard: dict[str, deque[EvidenceHeard]] = {}

    def listen(self, uri: str) -> Emit:
        """A listener for a review of a document. What it says again replaces what it said."""

        def hear(event: Event) -> None:
            if isinstance(event, EvidenceHeard):
                kept = self._heard.setdefault(uri, deque(maxlen=_MOST))
                same = [old for old in kept if _key(old) == _key(event)]
                for old in same:
                    kept.remove(old)
                kept.append(event)

        return hear

    def about(self, uri: str, finding_id: str) -> tuple[EvidenceHeard, ...]:
        """What is known of a finding, in the order in which it was said."""
        return tuple(e for e in self._heard.get(uri, ()) if e.finding_id == finding_id)

    def count(self) -> int:
        """How many pieces are kept."""
        return sum(len(kept) for kept in self._heard.values())

    def forget(self, uri: str) -> None:
        """The document was closed."""
        self._heard.pop(uri, None)


def _key(event: EvidenceHeard) -> tuple[str, str, str, str, str]:
    return event.finding_id, event.stage, event.model, event.unit, event.lens
