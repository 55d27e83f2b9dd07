"""That something leaves this machine is said before the first time it does, and once."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from mirador_lsp.core.dialogue import ModelCard
from mirador_lsp.core.events import Notice, NoticeKind

_Said = TypeVar("_Said")


def leaving(cards: Sequence[ModelCard], stage: str) -> Iterator[Notice]:
    """What a stage that runs on `cards` sends away, each in a sentence."""
    for sentence in dict.fromkeys(card.leaves for card in cards if card.leaves):
        yield Notice(NoticeKind.ELSEWHERE, sentence, stage=stage)


class Farewells:
    """What has been said already."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def once(self, emit: Callable[[_Said], None]) -> Callable[[_Said], None]:
        """`emit`, which is not told again where things go; a report of one review still says it."""

        def tell(event: _Said) -> None:
            if isinstance(event, Notice) and event.kind is NoticeKind.ELSEWHERE:
                if event.message in self._said:
                    return
                self._said.add(event.message)
            emit(event)

        return tell
