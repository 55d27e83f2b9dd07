"""The way from a Mirador process to the engine host."""

import asyncio
import json
import sys
from collections.abc import Sequence
from typing import TypeAlias

from mirador_lsp.core.errors import ModelUnavailable, ServiceError
from mirador_lsp.ipc import reaching
from mirador_lsp.ipc.frames import WireError
from mirador_lsp.ipc.places import Places
from mirador_lsp.models import wire

_COUNT_SECONDS = 1.5
"""Longer than the host waits for a worker, so that its answer comes through."""
Connection: TypeAlias = reaching.Connection[wire.FromHost]
"""A line to the host, good for one request."""


def _kind() -> "reaching.Kind[wire.FromHost]":
    return reaching.Kind(
        noun="engine",
        command=(sys.executable, "-P", "-m", "mirador_lsp.models.host_main"),
        decoder=wire.FROM_HOST,
        unavailable=ModelUnavailable,
        stop="mirador engine stop",
    )


async def find(places: Places) -> Connection | None:
    """A line to the living host; None when there is none.

    Raises ModelUnavailable when there is one that does not speak, ServiceError when its folder
    cannot be trusted.
    """
    return await reaching.find(places, _kind())


async def count(places: Places, path: str, texts: Sequence[str]) -> Sequence[int] | None:
    """The tokens of texts for the model of that file; None where it is not in memory, or says
    nothing soon. Starts nothing.
    """
    try:
        async with asyncio.timeout(_COUNT_SECONDS):
            line = await find(places)
            if line is None:
                return None
            try:
                line.send(wire.Count(path, tuple(texts)))
                message = await line.next()
            finally:
                line.abort()
    except (TimeoutError, ModelUnavailable, ServiceError, WireError):
        return None
    tokens = message.tokens if isinstance(message, wire.Counted) else None
    return tokens if tokens is not None and len(tokens) == len(texts) else None


async def reach(places: Places, idle_seconds: float, worker: Sequence[str]) -> Connection:
    """A line to the host, which is started if need be.

    Raises ModelUnavailable, ServiceError.
    """
    own = (f"--worker={json.dumps(list(worker))}",) if worker else ()
    return await reaching.reach(places, _kind(), idle_seconds, own)


async def stop(places: Places) -> bool:
    """End the host, by force when it does not listen. False when there was none."""
    return await reaching.stop(places, _kind())
