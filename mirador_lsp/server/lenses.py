"""Lines above functions and classes: what is known of them and what can be done with them."""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from pygls.exceptions import JsonRpcException

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.outline import Outline, Symbol
from mirador_lsp.core.tasks import Supervisor
from mirador_lsp.server.client import Client
from mirador_lsp.server.session import Session
from mirador_lsp.syntax.comments import convention_of

REFRESH_SECONDS = 0.5
"""Clients are asked to look again at most once in this time."""
_ANSWER_SECONDS = 10.0
_MOST_SYMBOLS = 1000
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Lens:
    """One clickable line."""

    symbol: Symbol
    title: str
    command: str


def lenses(
    snapshot: Snapshot, outline: Outline, shown: Sequence[Finding], client: Client
) -> Iterator[Lens]:
    """The lenses of every symbol, in the order of the text; findings first."""
    documents = client.applies_edits and convention_of(snapshot.language).documents
    tests = client.applies_edits and client.creates_files
    for symbol in outline.symbols[:_MOST_SYMBOLS]:
        if count := sum(symbol.span.overlaps(finding.span) for finding in shown):
            title = f"{count} finding{'' if count == 1 else 's'}"
            yield Lens(symbol, title, "mirador.showFindings")
        yield Lens(symbol, "Review", "mirador.reviewSymbol")
        yield Lens(symbol, "Explain", "mirador.explain")
        if documents:
            yield Lens(symbol, "Document", "mirador.document")
        if tests:
            yield Lens(symbol, "Write tests", "mirador.writeTests")
    if (rest := len(outline.symbols) - _MOST_SYMBOLS) > 0:
        _log.info("%s: %d symbols are without lenses", snapshot.name, rest)


class Wire(Protocol):
    """What lenses need of the connection."""

    async def workspace_code_lens_refresh_async(self, params: None) -> None:
        """Tell the client that its lenses are out of date."""
        ...


class Lenses:
    """Keeps what the client shows in step: it is told when findings change, or the setting does."""

    def __init__(self, wire: Wire, session: Session, supervisor: Supervisor) -> None:
        self._wire = wire
        self._session = session
        self._supervisor = supervisor
        self._timer: asyncio.TimerHandle | None = None
        self._asked = False

    def asked(self) -> None:
        """The client asked for lenses, so it has some that can be out of date."""
        self._asked = True

    def refresh(self) -> None:
        """What the lenses say changed."""
        if self._session.client.refreshes_lenses and self._asked and self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(REFRESH_SECONDS, self._refresh_now)

    def close(self) -> None:
        """Ask nothing any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _refresh_now(self) -> None:
        self._timer = None
        self._supervisor.start(self._refresh(), "refresh of lenses")

    async def _refresh(self) -> None:
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await self._wire.workspace_code_lens_refresh_async(None)
        except (TimeoutError, JsonRpcException):
            _log.info("the client did not refresh its lenses")
