"""`mirador models use` and the part of `mirador models list` that asks model servers."""

import asyncio
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mirador_lsp.cli.terminal import say
from mirador_lsp.core.clean import plain
from mirador_lsp.core.dialogue import ModelCard
from mirador_lsp.core.policy import DEEP, QUICK, SYNTHESIS
from mirador_lsp.core.routing import billions

if TYPE_CHECKING:
    from rich.table import Table

    from mirador_lsp.settings import Loaded

STAGES = (QUICK, DEEP, SYNTHESIS)
AUTO = "auto"
_MB = 1_000_000


def use(name: str, stages: Sequence[str]) -> int:
    """Write the model into the user's settings. Raises `UserError` for one that is not there."""
    from mirador_lsp.settings import load_settings  # noqa: PLC0415 — only when it runs
    from mirador_lsp.settings.own_file import prefer_model  # noqa: PLC0415

    loaded = load_settings(env=os.environ)
    file = loaded.paths.config_file
    model = "" if name == AUTO else asyncio.run(_usable(name, loaded))
    prefer_model(file, model, stages)
    where = " and ".join(stages) if len(stages) < len(STAGES) else "all stages"
    print(f"{model or 'Mirador chooses the model'} for {where}, from now on ({file})")
    for stage in stages:
        held = load_settings(env=os.environ)
        key = f"stages.{stage}.models"
        if model and held.origins.get(key) != str(file):
            say(f"{key} is overruled by {held.origins.get(key, 'the defaults')}")
    return 0


async def _usable(name: str, loaded: "Loaded") -> str:
    from mirador_lsp.app import open_app  # noqa: PLC0415

    async with open_app(loaded.settings, paths=loaded.paths) as app:
        return await app.usable_model(name)


async def cards_of_servers() -> tuple[ModelCard, ...]:
    """The models of the user's servers; a server that does not answer has none, which is told."""
    from mirador_lsp.app import server_cards  # noqa: PLC0415
    from mirador_lsp.settings import load_settings  # noqa: PLC0415

    loaded = load_settings(env=os.environ)
    if not loaded.settings.servers:
        return ()
    cards, troubles = await server_cards(loaded.settings)
    for sentence in troubles:
        say(sentence)
    return cards


def leavings(cards: Sequence[ModelCard]) -> tuple[str, ...]:
    """What leaves this machine when models are asked, each in a sentence."""
    return tuple(dict.fromkeys(card.leaves for card in cards if card.leaves))


def table_of(cards: Sequence[ModelCard]) -> "Table":
    """The models of servers as a table for a terminal."""
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("model of a server", overflow="fold")
    for heading in ("size", "billions", "context"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("can", overflow="fold")
    for card in cards:
        size = f"{card.size_bytes / _MB:,.0f} MB" if card.size_bytes else "?"
        parameters = f"{billions(card):.3g}" if billions(card) else "?"
        context = f"{card.context_tokens:,}"
        table.add_row(plain(card.name, 120), size, parameters, context, _abilities(card))
    return table


def facts_of(card: ModelCard) -> dict[str, object]:
    """The same for machines."""
    return {
        "name": card.name,
        "backend": card.backend,
        "digest": card.digest,
        "size": card.size_bytes,
        "parameters": billions(card),
        "context_tokens": card.context_tokens,
        "supports_grammar": card.supports_grammar,
        "supports_logprobs": card.supports_logprobs,
        "can_judge": card.can_judge,
        "leaves": card.leaves,
        "tags": sorted(card.tags),
    }


def _abilities(card: ModelCard) -> str:
    words = [
        word
        for word, there in (
            ("grammar", card.supports_grammar),
            ("probabilities", card.supports_logprobs),
            ("judge", card.can_judge),
        )
        if there
    ]
    return ", ".join([*words, *(plain(tag, 30) for tag in sorted(card.tags))])
