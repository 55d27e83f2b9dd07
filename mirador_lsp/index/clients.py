"""The indexes that one application asks: a client for each workspace folder, made when needed."""

from collections.abc import Callable
from pathlib import Path

from mirador_lsp.core.errors import UserError
from mirador_lsp.index.client import COMMAND, Home, IndexClient, home_of
from mirador_lsp.index.wire import Wishes


class Clients:
    """Makes clients and closes them."""

    def __init__(
        self,
        wishes: Wishes | None = None,
        *,
        runtime: Path = Path(),
        above: Path = Path(),
        command: tuple[str, ...] = COMMAND,
    ) -> None:
        """`wishes` is None where the user wants no index; `above` holds the indexes' folders."""
        self._wishes = wishes
        self._runtime = runtime
        self._above = above
        self._command = command
        self._made: dict[Path, IndexClient] = {}

    def of(self, folder: Path) -> IndexClient:
        """The index of a workspace folder; nothing is started or read by this.

        Raises `UserError` where the user wants none.
        """
        if self._wishes is None:
            message = "The index is switched off (index.enabled)."
            raise UserError(message, remedy="Switch it on in your own settings file.")
        client = self._made.get(folder)
        if client is None:
            client = self._made[folder] = IndexClient(
                self._home(folder), self._wishes, command=self._command
            )
        return client

    @property
    def enabled(self) -> bool:
        """Whether the user wants any."""
        return self._wishes is not None

    async def close(self) -> None:
        """Hang up everywhere."""
        for client in self._made.values():
            await client.close()

    def _home(self, folder: Path) -> Callable[[], Home]:
        return lambda: home_of(folder, self._runtime, self._above)
