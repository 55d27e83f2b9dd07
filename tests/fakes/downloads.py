"""Listening to a download, and looking at what it left."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from mirador_lsp.models.catalogue import Entry
from mirador_lsp.models.pulling import PullProgress
from mirador_lsp.models.storage import ModelStore

NOWHERE = {"HF_ENDPOINT": "http://127.0.0.1:9"}
"""The discard port: nothing answers there."""


class Told:
    """Keeps what a download says."""

    def __init__(self) -> None:
        self.all: list[PullProgress] = []
        self._more = asyncio.Event()

    def __call__(self, progress: PullProgress) -> None:
        self.all.append(progress)
        self._more.set()

    async def until(self, said: Callable[[list[PullProgress]], bool]) -> None:
        """Wait until what was told satisfies `said`."""
        async with asyncio.timeout(30):
            while not said(self.all):
                self._more.clear()
                await self._more.wait()

    @property
    def messages(self) -> list[str]:
        return [progress.message for progress in self.all if progress.message]


def store_for(folder: Path, entry: Entry) -> ModelStore:
    """A store in a folder that is not there yet."""
    return ModelStore(folder / "models", (entry,))


def left_in(store: ModelStore) -> set[str]:
    """Names in the folder, the lock left out."""
    return {path.name for path in store.folder.iterdir() if not path.name.endswith(".lock")}
