"""Lines above functions and classes: what is known of them and what can be done with them."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from lsprotocol import types
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
REGISTRATION = "mirador-code-lens"
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

    async def client_register_capability_async(self, params: types.RegistrationParams) -> None:
        """Offer something from now on."""
        ...

    async def client_unregister_capability_async(self, params: types.UnregistrationParams) -> None:
        """Offer it no longer."""
        ...


class Lenses:
    """Keeps what the client shows in step: it is told when findings change, and when the setting
    does.
    """

    def __init__(self, wire: Wire, session: Session, supervisor: Supervisor) -> None:
        self._wire = wire
        self._session = session
        self._supervisor = supervisor
        self._timer: asyncio.TimerHandle | None = None
        self._asked = False
        self._offered = False
        self._offering = asyncio.Lock()

    def asked(self) -> None:
        """The client asked for lenses, so it has some that can be out of date."""
        self._asked = True

    def refresh(self) -> None:
        """What the lenses say changed."""
        if self._session.client.refreshes_lenses and self._asked and self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(REFRESH_SECONDS, self._refresh_now)

    async def offer(self, *, wanted: bool) -> None:
        """Register or take back, as the setting says; where the client takes no registrations, it
        has what `initialize` said, and looks again.
        """
        if not self._session.client.registers_lenses:
            self.refresh()
            return
        async with self._offering:
            if wanted == self._offered:
                return
            if await self._ask(self._register if wanted else self._unregister):
                self._offered = wanted

    def close(self) -> None:
        """Ask nothing any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _refresh_now(self) -> None:
        self._timer = None
        self._supervisor.start(self._ask(self._refresh), "refresh of lenses")

    async def _refresh(self) -> None:
        await self._wire.workspace_code_lens_refresh_async(None)

    async def _register(self) -> None:
        wish = types.Registration(
            id=REGISTRATION,
            method=types.TEXT_DOCUMENT_CODE_LENS,
            register_options=types.CodeLensRegistrationOptions(resolve_provider=False),
        )
        await self._wire.client_register_capability_async(types.RegistrationParams([wish]))

    async def _unregister(self) -> None:
        wish = types.Unregistration(id=REGISTRATION, method=types.TEXT_DOCUMENT_CODE_LENS)
        await self._wire.client_unregister_capability_async(types.UnregistrationParams([wish]))

    async def _ask(self, question: Callable[[], Any]) -> bool:
        """Whether the client agreed."""
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await question()
        except (TimeoutError, JsonRpcException):
            _log.info("the client declined a request about lenses")
            return False
        return True
