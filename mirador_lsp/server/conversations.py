"""Questions that go on: what was asked and answered before, kept for the length of the session."""

from collections import OrderedDict
from uuid import uuid4

from mirador_lsp.core.answers import Turn

_MOST_CONVERSATIONS = 32
_MOST_TURNS = 12
_LONGEST_ANSWER = 8000


class Conversations:
    """The latest conversations; the one that was not gone on with for longest is forgotten."""

    def __init__(self) -> None:
        self._turns: OrderedDict[str, tuple[Turn, ...]] = OrderedDict()

    def begin(self) -> str:
        """A new conversation; returns its name."""
        name = uuid4().hex[:16]
        self._turns[name] = ()
        while len(self._turns) > _MOST_CONVERSATIONS:
            self._turns.popitem(last=False)
        return name

    def turns(self, name: str) -> tuple[Turn, ...] | None:
        """What was said in a conversation, oldest first; None for one that is not kept."""
        if name not in self._turns:
            return None
        self._turns.move_to_end(name)
        return self._turns[name]

    def add(self, name: str, question: str, answer: str) -> None:
        """A question of a conversation was answered. One that is not kept any more stays so."""
        if name in self._turns:
            turn = Turn(question, answer[:_LONGEST_ANSWER])
            self._turns[name] = (*self._turns[name], turn)[-_MOST_TURNS:]
