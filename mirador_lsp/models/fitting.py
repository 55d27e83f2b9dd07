"""Whether the models of the stages fit into this machine's memory, and what would."""

from collections.abc import Mapping

from mirador_lsp.core.dialogue import ModelCard
from mirador_lsp.core.health import Check, Health

_MIB = 1 << 20
_RESIDENT_SHARE = 1.7
"""Memory of a loaded model over the size of its file."""
_NAME = "stages"


def fit_check(
    stages: Mapping[str, ModelCard], cards: tuple[ModelCard, ...], available: int | None
) -> Check:
    """What `mirador doctor` says: the model of each stage, and what to change where memory is
    short. Models of servers take none of it. `available` are bytes; None where that is not known.
    """
    if not stages:
        return Check(_NAME, Health.OK, "no model stage: there is no model, or none is wanted")
    runs: dict[str, list[str]] = {}
    for stage, card in stages.items():
        runs.setdefault(card.name, []).append(stage)
    said = "; ".join(f"{' and '.join(names)} on {model}" for model, names in runs.items())
    needed = {card.name: _needs(card) for card in stages.values() if _is_here(card)}
    if available is None or sum(needed.values()) <= available:
        return Check(_NAME, Health.OK, said)
    detail = (
        f"{said}: together about {sum(needed.values()) // _MIB:,} MiB, "
        f"and {available // _MIB:,} are free"
    )
    fitting = [card for card in cards if _is_here(card) and _needs(card) <= available]
    if not fitting:
        return Check(_NAME, Health.WARNING, detail, "Close something, or set profile to none.")
    best = max(fitting, key=_needs)
    remedy = f"One model for all stages fits: mirador models use {best.name}"
    return Check(_NAME, Health.WARNING, detail, remedy)


def _is_here(card: ModelCard) -> bool:
    return card.backend == "embedded"


def _needs(card: ModelCard) -> int:
    return int(card.size_bytes * _RESIDENT_SHARE)
