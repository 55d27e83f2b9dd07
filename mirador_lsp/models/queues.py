"""Who waits for the engines and servers of this machine's user."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from mirador_lsp.core.dialogue import Queue
from mirador_lsp.core.errors import ModelUnavailable
from mirador_lsp.models.embedded import EmbeddedBackend
from mirador_lsp.models.power import on_battery
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


def room_at(servers: Sequence[Server]) -> Callable[[str], Awaitable[int]]:
    """Tells how many more requests for a model would be worked on at once: the free slots of its
    server, while nobody waits for them. None on the embedded engine, which computes one reply at a
    time, and none while the machine runs on its battery: nothing is begun there on a guess.
    """
    gates = {server.name: server.queue for server in servers}

    async def room(model: str) -> int:
        gate = gates.get(model.partition("/")[0])
        if gate is None or gate.waiting or await asyncio.to_thread(on_battery):
            return 0
        return gate.slots - gate.running

    return room
