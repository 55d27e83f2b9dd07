"""A server that fails again and again is left alone for a while, so that nobody waits for it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from mirador_lsp.core.dialogue import Limits, ModelCard, Prompt
from mirador_lsp.core.errors import BadReply, ModelError, ModelUnavailable
from mirador_lsp.core.ports import Absences, ModelBackend, Reply
from mirador_lsp.models.refusals import NotOffered

FAILURES = 3
"""In a row, until the server is left alone."""
PAUSES = (30.0, 300.0)
"""Seconds it is left alone: after the first failures, and each time it fails again after that."""


class BreakingBackend:
    """A backend that stops asking a server that fails, and tries it again after a pause.

    What the model does (a bad reply, no time left, a prompt too long), and that there is no such
    model, is no failure of the server.
    """

    def __init__(self, inner: ModelBackend, name: str) -> None:
        """`name` is what users call the server, and what its models' names begin with."""
        self.inner = inner
        self._name = name
        self._failures = 0
        self._pauses = 0
        self._closed_until = 0.0

    @property
    def broken(self) -> bool:
        """Whether the server is left alone at the moment."""
        return asyncio.get_running_loop().time() < self._closed_until

    async def cards(self) -> Sequence[ModelCard]:
        """The models; none while the server is left alone, so that nobody plans with them."""
        return () if self.broken else await self.inner.cards()

    async def why_not(self, model: str) -> str:
        """See `core.ports.Absences`: asks the backend behind, if the server is not left alone."""
        if self.broken and model.startswith(f"{self._name}/"):
            return self._left_alone().sentence()
        inner: object = self.inner
        return await inner.why_not(model) if isinstance(inner, Absences) else ""

    @asynccontextmanager
    async def open(self, model: str, prompt: Prompt, limits: Limits) -> AsyncIterator[Reply]:
        """Ask, unless the server is left alone."""
        if self.broken:
            raise self._left_alone()
        try:
            async with self.inner.open(model, prompt, limits) as reply:
                yield reply
        except NotOffered:
            self._works()
            raise
        except ModelUnavailable:
            self._failed()
            raise
        except ModelError as error:
            if not isinstance(error, BadReply):
                self._works()
            raise
        except BaseException:
            # Cancelled, or the reader failed: that says nothing of the server.
            raise
        else:
            self._works()

    async def close(self) -> None:
        """Close the backend behind."""
        await self.inner.close()

    def _left_alone(self) -> ModelUnavailable:
        left = self._closed_until - asyncio.get_running_loop().time()
        time = f"{left:.0f} seconds" if left < 100 else f"{left / 60:.0f} minutes"
        message = f"{self._name} failed {self._failures} times in a row and is left alone"
        message += f" for another {time}."
        return ModelUnavailable(message, remedy="Look at the server: mirador doctor.")

    def _works(self) -> None:
        self._failures = self._pauses = 0

    def _failed(self) -> None:
        self._failures += 1
        # After a pause one try is enough to see that nothing has changed.
        if self._failures >= FAILURES or self._pauses:
            pause = PAUSES[min(self._pauses, len(PAUSES) - 1)]
            self._pauses += 1
            self._closed_until = asyncio.get_running_loop().time() + pause
