"""Several models put to the same work: who of them at the same time, and what if one fails."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from mirador_lsp.core.dialogue import ModelCard
from mirador_lsp.core.errors import MiradorError, ModelUnavailable
from mirador_lsp.core.events import Notice, NoticeKind, StageStarted
from mirador_lsp.core.ports import Clock
from mirador_lsp.core.routing import Circumstances
from mirador_lsp.engine.border import TellStage, behind_border, finished
from mirador_lsp.engine.elsewhere import leaving
from mirador_lsp.engine.stages.job import Tally

T = TypeVar("T")


@dataclass(frozen=True)
class Panel:
    """Several models that are to answer the same."""

    asked: tuple[str, ...]
    """Their names, each once."""
    there: tuple[ModelCard, ...]
    """Those of them that are there, in that order."""


def seat(names: Sequence[str], cards: Sequence[ModelCard]) -> Panel:
    """The panel of these names, from the models on the table."""
    by_name = {card.name: card for card in cards}
    asked = tuple(dict.fromkeys(names))
    return Panel(asked, tuple(by_name[name] for name in asked if name in by_name))


def names_of(cards: Sequence[ModelCard]) -> str:
    """What users read of several models: "small + large"."""
    return " + ".join(card.name for card in cards)


def by_engine(cards: Sequence[ModelCard]) -> list[list[ModelCard]]:
    """The models that share an engine or a server, together. Those of one work one after the
    other, so that each keeps what it has read; those of different ones at the same time.
    """
    groups: dict[tuple[str, str], list[ModelCard]] = {}
    for card in cards:
        server = card.name.partition("/")[0] if "/" in card.name else ""
        groups.setdefault((card.backend, server), []).append(card)
    return list(groups.values())


async def on_all(
    stage: str,
    panel: Panel,
    units: int,
    clock: Clock,
    tell: TellStage,
    work: Callable[[ModelCard, Tally], Awaitable[T]],
    within: Circumstances,
    settle: Callable[[], None] = lambda: None,
) -> list[T]:
    """Let every model of `panel` do the work of a stage; what came of it, in the order in which
    they finished. It is one stage to listeners: it fails only when every model does, and one that
    fails alone is told in a notice. `settle` has the last word before the stage ends well.
    """
    there = panel.there
    name = names_of(there)
    reason = f"{len(there)} models, as asked" if len(there) > 1 else "as asked"
    started = clock.monotonic()
    leaves = any(card.leaves for card in there)
    tell(StageStarted(stage, name, reason, units, leaves=leaves))
    for notice in leaving(there, stage):
        tell(notice)
    done: list[tuple[T, Tally]] = []
    errors: list[MiradorError] = []

    async def in_turn(group: Sequence[ModelCard]) -> None:
        for card in group:
            tally = Tally(circumstances=replace(within, reason=reason))
            try:
                done.append((await work(card, tally), tally))
            except MiradorError as error:
                errors.append(error)
                text = f"{card.name} is not among the voices of {stage}: {error.sentence()}"
                tell(Notice(NoticeKind.FALLBACK, text, stage=stage))

    async def all_of_them() -> None:
        for absent in set(panel.asked) - {card.name for card in there}:
            text = f"{absent} is not there, so it is not among the voices of {stage}."
            tell(Notice(NoticeKind.FALLBACK, text, stage=stage))
        async with asyncio.TaskGroup() as groups:
            for group in by_engine(there):
                groups.create_task(in_turn(group))
        if not done:
            raise errors[0] if errors else ModelUnavailable("Not one of the models is there.")
        settle()

    if await behind_border(stage, name, started, clock, tell, all_of_them) is not None:
        return []
    tell(finished(stage, name, clock.monotonic() - started, [tally for _, tally in done]))
    return [result for result, _ in done]
