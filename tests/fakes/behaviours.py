"""Behaviours of models in memory."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mirador_lsp.core.behaviour import Behaviour
from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.events import Notice


def behaviour(model: str = "small", **figures: Any) -> Behaviour:
    """What a model did, with a figure for everything."""
    usual = Behaviour(
        model=model,
        digest="d" * 64,
        probes="p1",
        time=1_700_000_000.0,
        asked=12,
        words=(40, 20),
        claims=("review_loop:5", "review_query:4"),
        lines=4,
        broken=1,
        defects=4,
        found=2,
        sound=2,
        alarms=1,
        fixes=2,
        fixed=1,
        decisions=10,
        agreed=6,
        first_token_seconds=0.5,
        tokens_per_second=20.0,
        memory_bytes=600_000_000,
    )
    return replace(usual, **figures)


class FakeBehaviourBook:
    """See `core.behaviour.BehaviourBook`."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str, str], Behaviour] = {}
        self._closed = False

    async def keep(self, behaviour: Behaviour) -> None:
        self._check()
        self.kept[behaviour.model, behaviour.digest, behaviour.probes] = behaviour

    async def all(self) -> Sequence[Behaviour]:
        self._check()
        return tuple(sorted(self.kept.values(), key=lambda each: -each.time))

    def notices(self) -> tuple[Notice, ...]:
        return ()

    async def close(self) -> None:
        self._closed = True

    def _check(self) -> None:
        if self._closed:
            message = "The book is closed."
            raise ServiceError(message)
