"""What a model can do before anybody asks: be loaded, and read what the next question begins with.

Whoever asks something goes first; warming is stopped for them and done again later.
"""

import hashlib
import logging

from mirador_lsp.core.dialogue import Limits, ModelCard, Priority, Prompt
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import ModelError
from mirador_lsp.core.outline import Outline, Unit
from mirador_lsp.core.policy import INSTANT, STAGES, ReviewPolicy, StagePolicy
from mirador_lsp.core.routing import review_task
from mirador_lsp.core.text import Span
from mirador_lsp.engine.context.gathering import Gathering
from mirador_lsp.engine.dna.applied import Dna, to_policy
from mirador_lsp.engine.plan import in_order, unfit
from mirador_lsp.engine.router import choose
from mirador_lsp.engine.stages.job import Tools
from mirador_lsp.engine.stages.material import material, standing_text
from mirador_lsp.engine.units import show

_OURS = frozenset({"embedded", "ollama"})
"""Backends that load models on demand. With others there is nothing to gain before a question, and
some cost money for each."""
_CLOUD = "cloud"
"""Tag of a model that runs on somebody else's machine: no code goes there before anybody asks."""
_SECONDS = 120.0
"""Loading may read gigabytes from a slow disk."""
_log = logging.getLogger(__name__)


class Warmer:
    """Warms the models of one engine."""

    def __init__(self, tools: Tools, dna: Dna | None = None) -> None:
        """`dna` tells how the user likes to be helped: what is read ahead is worded alike."""
        self._tools = tools
        self._dna = dna or Dna()
        self._latest = ""
        """What was read last, so that it is not read again."""

    async def load(self, policy: ReviewPolicy, model: str = "") -> str:
        """Load a model, that of the first model stage unless one is named, and have it read the
        standing instructions.

        Gives the model's name; "" where there is none to load or it could not be done, which the
        log says.
        """
        chosen = await self._first(to_policy(policy, await self._dna.read()), model)
        if chosen is None:
            return ""
        stage, card = chosen
        done = await self._read(card, Prompt(standing_text(stage).text, "", ""))
        return card.name if done else ""

    async def read(
        self, snapshot: Snapshot, outline: Outline, cursor: int, policy: ReviewPolicy
    ) -> bool:
        """Have that model read the unit around `cursor`, with which the questions about it begin.

        False where no model may read it, where it has read it last, or where that failed.
        """
        policy = to_policy(policy, await self._dna.read())
        chosen = await self._first(policy)
        unit = _around(outline, cursor)
        if chosen is None or unit is None or unfit(snapshot, policy) is not None:
            return False
        stage, card = chosen
        async with Gathering(self._tools.stock, snapshot, outline) as gathering:
            shown = await gathering.shown(show(snapshot, unit), card, stage)
        code = material(snapshot.language, shown)
        return await self._read(card, Prompt(standing_text(stage).text, code.text, ""))

    async def _first(
        self, policy: ReviewPolicy, model: str = ""
    ) -> tuple[StagePolicy, ModelCard] | None:
        """The first model stage that runs, and its model or the one that is named, where that is
        one to be warmed.
        """
        names = [name for name in STAGES if name in policy.stages and name != INSTANT]
        if not names:
            return None
        stage = policy.stage(names[0])
        cards = await self._tools.backend.cards()
        task = review_task(stage.name, policy.lenses)
        best = [card for card in cards if card.name == model]
        if not model:
            best = list(choose(task, stage, cards, self._tools.meter.insight).cards[:1])
        ours = [card for card in best if card.backend in _OURS and _CLOUD not in card.tags]
        return (stage, ours[0]) if ours else None

    async def _read(self, card: ModelCard, prompt: Prompt) -> bool:
        said = f"{card.name}\0{card.digest}\0{prompt.system}\0{prompt.material}"
        key = hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()
        if key == self._latest:
            return False
        limits = Limits(max_tokens=1, seconds=_SECONDS, priority=Priority.SPECULATION)
        try:
            async with self._tools.backend.open(card.name, prompt, limits) as reply:
                async for _ in reply:
                    pass
        except ModelError as error:
            _log.info("%s was not warmed: %s", card.name, error)
            return False
        self._latest = key
        return True


def _around(outline: Outline, cursor: int) -> Unit | None:
    """The unit that the cursor is in, or else the first."""
    units = in_order(outline.units, Span(cursor, cursor + 1))
    return units[0] if units else None
