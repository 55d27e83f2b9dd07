"""Several backends as one: every model of every server on one table."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from mirador_lsp.core.clean import plain
from mirador_lsp.core.dialogue import Limits, ModelCard, Priority, Prompt
from mirador_lsp.core.errors import ModelUnavailable
from mirador_lsp.core.ports import Absences, ModelBackend, Reply, TokenCounter


class Switchboard:
    """Puts a question to whichever backend has the model. Of two models of one name the one of the
    earlier backend counts.
    """

    def __init__(
        self, backends: Sequence[ModelBackend], unreachable: Mapping[str, str] | None = None
    ) -> None:
        """`unreachable` are sentences on servers that no backend was made for, by their names."""
        self._backends = tuple(backends)
        self._unreachable = dict(unreachable or {})
        self._home: Mapping[str, tuple[ModelCard, ModelBackend]] = {}

    async def cards(self) -> Sequence[ModelCard]:
        """The models of all. Backends are asked at the same time; one that is slow to say that it
        is not there delays the others no longer than its own patience.
        """
        found = await asyncio.gather(*(backend.cards() for backend in self._backends))
        table: dict[str, tuple[ModelCard, ModelBackend]] = {}
        for backend, theirs in zip(self._backends, found, strict=True):
            for card in theirs:
                table.setdefault(card.name, (card, backend))
        self._home = table
        return tuple(card for card, _ in table.values())

    @asynccontextmanager
    async def open(self, model: str, prompt: Prompt, limits: Limits) -> AsyncIterator[Reply]:
        """Ask the backend that has the model; work that nobody waits for, only on this machine."""
        if model not in self._home:
            await self.cards()
        card, backend = self._home.get(model, (None, None))
        if card is None or backend is None:
            if why := await self.why_not(model):
                raise ModelUnavailable(why)
            message = f"There is no model {plain(model, 80)}."
            raise ModelUnavailable(message, remedy="`mirador models list` names those there are.")
        if card.leaves and limits.priority >= Priority.SPECULATION:
            message = f"{plain(model, 80)} is elsewhere, so it is asked only when somebody waits."
            raise ModelUnavailable(message)
        async with backend.open(model, prompt, limits) as reply:
            yield reply

    async def count(self, model: str, texts: Sequence[str]) -> Sequence[int] | None:
        """See `core.ports.TokenCounter`: asks the backend that has the model, if it can count."""
        home = self._home.get(model)
        counter: object = home[1] if home is not None else None
        return await counter.count(model, texts) if isinstance(counter, TokenCounter) else None

    async def why_not(self, model: str) -> str:
        """See `core.ports.Absences`: the first backend that knows tells."""
        for backend in self._backends:
            asked: object = backend
            if isinstance(asked, Absences) and (why := await asked.why_not(model)):
                return why
        server, slash, _ = model.partition("/")
        return self._unreachable.get(server, "") if slash else ""

    async def close(self) -> None:
        """Close all of them."""
        await asyncio.gather(*(backend.close() for backend in self._backends))
