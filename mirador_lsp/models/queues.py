"""Who waits for the engines and servers of this machine's user."""

import logging
from collections.abc import Sequence

from mirador_lsp.core.dialogue import Queue
from mirador_lsp.core.errors import ModelUnavailable
from mirador_lsp.models.embedded import EmbeddedBackend
from mirador_lsp.models.servers import Server

EMBEDDED = "embedded"
_log = logging.getLogger(__name__)


async def queues_of(
    embedded: EmbeddedBackend | None, servers: Sequence[Server]
) -> tuple[Queue, ...]:
    """The queue of the embedded engine, which all of the user's processes share, where it runs;
    then those of the servers, as this process knows them. Starts nothing.
    """
    own: tuple[Queue, ...] = ()
    try:
        status = await embedded.status() if embedded is not None else None
    except ModelUnavailable as error:
        _log.info("the engine's queue is not known: %s", error)
        status = None
    if status is not None:
        names = tuple(each.name for each in status.residents)
        # The host computes one reply at a time: two would only slow each other down.
        own = (Queue(EMBEDDED, 1, status.running, status.waiting, names),)
    gates = [(server.name, server.queue) for server in servers]
    return own + tuple(Queue(name, g.slots, g.running, g.waiting) for name, g in gates)
