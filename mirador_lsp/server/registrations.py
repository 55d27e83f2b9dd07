"""What the client was asked to send us, kept equal to what can be had now."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

from lsprotocol import types
from pygls.exceptions import JsonRpcException

_ANSWER_SECONDS = 3.0
"""How long a client may take to answer; after it we go on without."""
_log = logging.getLogger(__name__)


class Wire(Protocol):
    """What this needs of the connection."""

    async def client_register_capability_async(self, params: types.RegistrationParams) -> None:
        """Ask the client to send something."""
        ...

    async def client_unregister_capability_async(self, params: types.UnregistrationParams) -> None:
        """Ask the client to send it no more."""
        ...


class Registrations:
    """The registrations that hold, by id. One request at a time."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._held: dict[str, types.Registration] = {}
        self._declined: set[str] = set()
        self._turn = asyncio.Lock()

    async def follow(self, wishes: Sequence[types.Registration]) -> None:
        """Let exactly `wishes` hold. What changed is taken back first; what a client declined is
        not asked again.
        """
        async with self._turn:
            wanted = {wish.id: wish for wish in wishes}
            over = [each for i, each in self._held.items() if wanted.get(i) != each]
            if over:
                await self._take_back(over)
            fresh = [
                each
                for i, each in wanted.items()
                if i not in self._held and i not in self._declined
            ]
            if fresh:
                await self._ask(fresh)

    def held(self) -> tuple[str, ...]:
        """The methods that are registered."""
        return tuple(each.method for each in self._held.values())

    async def _ask(self, fresh: list[types.Registration]) -> None:
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await self._wire.client_register_capability_async(types.RegistrationParams(fresh))
        except (TimeoutError, JsonRpcException):
            _log.warning("the client declined to register %d methods", len(fresh))
            self._declined.update(each.id for each in fresh)
            return
        self._held.update((each.id, each) for each in fresh)

    async def _take_back(self, over: list[types.Registration]) -> None:
        for each in over:
            del self._held[each.id]
        params = types.UnregistrationParams(
            [types.Unregistration(id=each.id, method=each.method) for each in over]
        )
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await self._wire.client_unregister_capability_async(params)
        except (TimeoutError, JsonRpcException):
            _log.warning("the client declined to unregister %d methods", len(over))
