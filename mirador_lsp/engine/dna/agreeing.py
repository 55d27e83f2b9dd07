"""Asks a model about findings that the user has decided about: does it say the same?"""

from dataclasses import replace

from mirador_lsp.core.dialogue import Chunk, Limits, ModelCard, Priority
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import ContextOverflow
from mirador_lsp.core.outline import Unit
from mirador_lsp.core.policy import StagePolicy
from mirador_lsp.core.ports import ModelBackend
from mirador_lsp.core.text import Span
from mirador_lsp.engine.dna.deciding import Decided
from mirador_lsp.engine.prompts.render import render
from mirador_lsp.engine.stages.judging import logit_of_yes, yes_or_no_prompt
from mirador_lsp.engine.units import ShownUnit, show

_SECONDS = 60.0
_ALTERNATIVES = 20
_LEAST_CONTRAST = 0.5
"""Below this difference of logits the claim would be believed of any code."""


async def believes(
    decided: Decided, card: ModelCard, backend: ModelBackend, policy: StagePolicy
) -> bool | None:
    """Whether the model holds the finding to be true; None where it does not say.

    What counts is how much more it believes the claim with the code than without it. Of a model
    that gives no probabilities, its word counts. Raises `ModelError` where the model cannot be
    used.
    """
    snapshot = Snapshot("decided:", "code", decided.language, decided.code)
    whole = show(snapshot, Unit("", "lines", (Span(0, len(decided.code)),), ""))
    try:
        with_code = await _yes(decided, whole, card, backend, policy)
        if isinstance(with_code, bool) or with_code is None:
            return with_code
        without = await _yes(decided, None, card, backend, policy)
    except ContextOverflow:
        return None
    if isinstance(without, bool) or without is None:
        return None
    return with_code - without >= _LEAST_CONTRAST


async def _yes(
    decided: Decided,
    shown: ShownUnit | None,
    card: ModelCard,
    backend: ModelBackend,
    policy: StagePolicy,
) -> float | bool | None:
    """The logit of yes; yes or no from a model without probabilities; None for anything else."""
    asked = render("ask_belief", remark=decided.message, quote=decided.quote)
    prompt = yes_or_no_prompt(asked, shown, decided.language, policy)
    if not card.supports_grammar:
        prompt = replace(prompt, constraint=None)
    known = card.supports_logprobs
    limits = Limits(
        max_tokens=2,
        seconds=_SECONDS,
        top_logprobs=_ALTERNATIVES if known else 0,
        priority=Priority.BACKGROUND,
    )
    async with backend.open(card.name, prompt, limits) as reply:
        chunks = [piece async for piece in reply if isinstance(piece, Chunk)]
    if known:
        return logit_of_yes(chunks[0].alternatives if chunks else ())
    word = "".join(chunk.text for chunk in chunks).strip().lower()
    return word.startswith("yes") if word.startswith(("yes", "no")) else None
