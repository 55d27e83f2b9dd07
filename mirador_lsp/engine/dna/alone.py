"""A backend that has one model: nobody can stand in for it while it is measured."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

from mirador_lsp.core.dialogue import Limits, ModelCard, Prompt
from mirador_lsp.core.ports import ModelBackend, Reply


class OneModel:
    """See `core.ports.ModelBackend`."""

    def __init__(self, backend: ModelBackend, card: ModelCard) -> None:
        """`backend` has the model of the card, and stays open when this is closed."""
        self._backend = backend
        self._card = card

    async def cards(self) -> Sequence[ModelCard]:
        """See the port: the one card."""
        return (self._card,)

    def open(
        self, model: str, prompt: Prompt, limits: Limits
    ) -> AbstractAsyncContextManager[Reply]:
        """See the port."""
        return self._backend.open(model, prompt, limits)

    async def close(self) -> None:
        """The backend is its owner's to close."""
