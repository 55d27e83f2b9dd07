"""What other language servers say of a text that nobody has yet, asked of clients that can tell."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from pygls.exceptions import JsonRpcException

from mirador_lsp.core.changes import AskNeighbours, Neighbours
from mirador_lsp.core.clean import plain
from mirador_lsp.core.document import Snapshot
from mirador_lsp.server import to_lsp
from mirador_lsp.server.extensions import CHECK_DIAGNOSTICS
from mirador_lsp.server.server import MiradorServer

_ANSWER_SECONDS = 5.0
_MOST = 20
_log = logging.getLogger(__name__)


def neighbours(ls: MiradorServer) -> AskNeighbours | None:
    """Asks the client; None for one that did not declare `checkDiagnostics`."""
    if not ls.session.client.checks_diagnostics:
        return None

    async def ask(snapshot: Snapshot, text: str) -> Neighbours | None:
        document = {"uri": snapshot.uri, "version": snapshot.version}
        question = {"textDocument": document, "text": text}
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                answer = await ls.protocol.send_request_async(CHECK_DIAGNOSTICS, question)
        except (TimeoutError, JsonRpcException) as error:
            _log.warning("other language servers were not asked: %s", type(error).__name__)
            return None
        return read(answer)

    return ask


def read(answer: Any) -> Neighbours | None:
    """The client's answer, which pygls gives as an object; None where nobody could be asked, also
    for an answer that cannot be read.
    """
    if getattr(answer, "asked", None) is not True:
        return None
    worse = getattr(answer, "worse", None)
    if isinstance(worse, str | bytes) or not isinstance(worse, Sequence):
        _log.warning("what the client says of other language servers cannot be read")
        return None
    messages = [_message(one) for one in worse[:_MOST]]
    return Neighbours(tuple(message for message in messages if message))


def _message(one: Any) -> str:
    """Who says what ("pyright: `x` is unbound"); "" for what is ours or cannot be read."""
    message, source = getattr(one, "message", None), getattr(one, "source", None)
    if not isinstance(message, str) or source == to_lsp.SOURCE:
        return ""
    said = plain(message, 300)
    return f"{plain(source, 60)}: {said}" if said and isinstance(source, str) else said
