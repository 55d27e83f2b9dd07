"""Shares what the machine takes among the requests that run at the same time."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from mirador_lsp.core.metrics import Energy, EnergyMeter


@dataclass
class Share:
    """What a running request is charged with."""

    joules: float = 0.0
    whole: bool = True
    """Every reading could be had."""


class SharedMeter:
    """Reads a meter whenever a request begins or ends, and splits what was taken since the last
    reading evenly among those that were running.

    Only requests of this process: another one that runs at the same time is charged with the same
    energy again.
    """

    def __init__(self, find: Callable[[], EnergyMeter | None]) -> None:
        """`find` looks for a meter, in a thread, when the first request begins. Without one nothing
        is measured, and nothing is guessed.
        """
        self._find = find
        self._found = False
        self._meter: EnergyMeter | None = None
        self._running: list[Share] = []
        self._last: float | None = None
        self._turn = asyncio.Lock()

    async def begin(self) -> Share | None:
        """Charge a request from now on."""
        if self._found and self._meter is None:
            return None
        async with self._turn:
            if not self._found:
                self._meter = await asyncio.to_thread(self._find)
                self._found = True
            if self._meter is None:
                return None
            await self._settle(self._meter)
            share = Share()
            self._running.append(share)
            return share

    async def end(self, share: Share | None) -> Energy | None:
        """What the request took; None where it cannot be measured here."""
        if self._meter is None or share is None:
            return None
        async with self._turn:
            await self._settle(self._meter)
            self._running = [each for each in self._running if each is not share]
        return Energy(share.joules, self._meter.source) if share.whole else None

    async def _settle(self, meter: EnergyMeter) -> None:
        now = await asyncio.to_thread(meter.joules)
        for share in self._running:
            if now is None or self._last is None:
                share.whole = False
            else:
                share.joules += max(0.0, now - self._last) / len(self._running)
        self._last = now
