"""Questions that go on: what was asked and answered before, in this process or an earlier one."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from uuid import uuid4

from mirador_lsp.core.answers import Turn

_MOST_CONVERSATIONS = 32
_MOST_TURNS = 12
_LONGEST_ANSWER = 8000

Recall = Callable[[str, int], Awaitable[Sequence[Turn]]]
"""What is kept of a conversation of this session, at most so many turns, oldest first."""


class Conversations:
    """The latest conversations; the one that was not gone on with for longest is forgotten here,
    and looked up again where history is kept.
    """

    def __init__(self, recall: Recall) -> None:
        self._recall = recall
        self._turns: OrderedDict[str, tuple[Turn, ...]] = OrderedDict()

    def begin(self) -> str:
        """A new conversation; returns its name."""
        name = uuid4().hex[:16]
        self._put(name, ())
        return name

    async def turns(self, name: str) -> tuple[Turn, ...] | None:
        """What was said in a conversation, oldest first; None for one that is not known."""
        if name and name not in self._turns:
            kept = await self._recall(name, _MOST_TURNS)
            if not kept:
                return None
            cut = tuple(Turn(turn.question, turn.answer[:_LONGEST_ANSWER]) for turn in kept)
            self._turns.setdefault(name, cut)
        if name not in self._turns:
            return None
        self._put(name, self._turns[name])
        return self._turns[name]

    def add(self, name: str, question: str, answer: str) -> None:
        """A question of a conversation was answered. One that is not kept any more stays so."""
        if name in self._turns:
            turn = Turn(question, answer[:_LONGEST_ANSWER])
            self._turns[name] = (*self._turns[name], turn)[-_MOST_TURNS:]

    def _put(self, name: str, turns: tuple[Turn, ...]) -> None:
        self._turns[name] = turns
        self._turns.move_to_end(name)
        while len(self._turns) > _MOST_CONVERSATIONS:
            self._turns.popitem(last=False)
