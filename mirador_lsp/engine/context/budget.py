"""How many tokens of context a question may carry, and what a text costs.

The rule. A stage whose setting is a number gets that number. One that says `auto` gets as many
tokens as its model reads in `context.seconds`, by the speed at which it was seen to read, rounded
down to one of `STEPS`; a model below a billion parameters gets none. Neither ever gets more than
what leaves half of the model's context free of code and context. The steps are coarse and a change
of step is reluctant on purpose: another budget is another text, and another text is read from its
beginning.
"""

import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mirador_lsp.core.dialogue import ModelCard, Prompt, Usage
from mirador_lsp.core.policy import StagePolicy
from mirador_lsp.core.ports import TokenCounter
from mirador_lsp.core.routing import billions
from mirador_lsp.core.text import utf8

STEPS = (0, 96, 192, 384, 768, 1536)
"""The budgets that `auto` knows, in tokens. Above the last one small models get worse, not better,
and all that is gained is waiting."""
_SHARE = 0.5
"""Of a model's context for the code and what is shown besides; the rest is for the question, the
standing text and the reply."""
_LEAST_SIZE = 1.0
"""Billions of parameters. Smaller models were measured to report less, right or wrong, the more is
shown to them besides the code: see docs/adr/0019."""
_SLOW = 50.0
"""Tokens a second that a model of unknown size is believed to read."""
_AT_A_BILLION = 100.0
"""Tokens a second of a model of a billion parameters on two cores; 0.5B and 1.5B were measured at
168 and 79, which is this over size to the power of 0.75."""
_BYTES_PER_TOKEN = 3.0
"""Fewer than code has on average (about 3.5), so that the estimate errs on the safe side."""
_MARGIN = 1.06
"""On top of an estimate by what was seen of a model: texts differ from their average."""
_LEAST_READ = 64
"""Of fewer tokens than this the time says more about the machine than about the model."""
_LEARNING = 0.3
_RELUCTANCE = 2.0
"""A budget stays until the speed is off by this factor."""
_TEMPLATE_TOKENS = 24
_MOST_COUNTS = 8192


@dataclass(frozen=True)
class Costs:
    """What texts cost a model."""

    tokens: Mapping[str, int]
    counted: bool
    """By the model's own tokenizer."""


@dataclass(frozen=True)
class _Seen:
    """What was seen of a model in this process."""

    speed: float = 0.0
    """Tokens read in a second; 0 before anything was measured."""
    bytes_per_token: float = 0.0
    settled: float = 0.0
    """The speed by which its budget is reckoned at present."""


class Reading:
    """How fast models read and how long their tokens are, learned from their replies."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}

    def learn(self, card: ModelCard, prompt: Prompt, usage: Usage | None) -> None:
        """Take in what a prompt cost."""
        if usage is None or usage.prompt_tokens <= _TEMPLATE_TOKENS:
            return
        known = self._seen.get(_key(card), _Seen())
        text = prompt.system + prompt.material + prompt.question
        length = len(utf8(text)) / (usage.prompt_tokens - _TEMPLATE_TOKENS)
        if 1 <= length <= 16:
            known = replace(known, bytes_per_token=_average(known.bytes_per_token, length))
        read = usage.prompt_tokens - usage.cached_tokens
        if usage.first_token_seconds is not None and read >= _LEAST_READ:
            seconds = usage.first_token_seconds - usage.wait_seconds
            if seconds > 0:
                known = replace(known, speed=_average(known.speed, read / seconds))
        self._seen[_key(card)] = known

    def settled(self, card: ModelCard) -> float:
        """The speed by which the model's budget is reckoned at present; 0 before it was asked."""
        return self._seen.get(_key(card), _Seen()).settled

    def settle(self, card: ModelCard, speed: float) -> None:
        """Reckon by the speed that an earlier process settled on, unless this one has its own.

        Then equal code is shown with equal context, and what was said of it is found again.
        """
        known = self._seen.get(_key(card), _Seen())
        if not known.settled and 0 < speed < math.inf:
            self._seen[_key(card)] = replace(known, settled=speed, speed=known.speed or speed)

    def tokens_per_second(self, card: ModelCard) -> float:
        """How fast it reads: as it did of late or, before it has, as one of its size should."""
        known = self._seen.get(_key(card), _Seen())
        if known.speed:
            return known.speed
        size = billions(card)
        return _AT_A_BILLION / size**0.75 if size else _SLOW

    def estimate(self, card: ModelCard, text: str) -> int:
        """About how many tokens a text has; rather too many than too few."""
        seen = self._seen.get(_key(card), _Seen()).bytes_per_token
        each = seen / _MARGIN if seen else _BYTES_PER_TOKEN
        return math.ceil(len(utf8(text)) / each) + 1 if text else 0

    def budget(self, policy: StagePolicy, card: ModelCard) -> int:
        """Tokens that a question of the stage may carry, whatever it is about."""
        if policy.context_tokens >= 0:
            return min(policy.context_tokens, int(card.context_tokens * _SHARE))
        if 0 < billions(card) < _LEAST_SIZE:
            return 0
        now = self.tokens_per_second(card)
        known = self._seen.get(_key(card), _Seen())
        settled = known.settled or now
        if not settled / _RELUCTANCE <= now <= settled * _RELUCTANCE:
            settled = now
        self._seen[_key(card)] = replace(known, settled=settled)
        most = min(settled * policy.context_seconds, card.context_tokens * _SHARE / 2)
        return max(step for step in STEPS if step <= most)

    def room(self, card: ModelCard, shown: str) -> int:
        """Tokens that are left for context beside a text that is shown in any case."""
        return max(0, int(card.context_tokens * _SHARE) - self.estimate(card, shown))


class Scales:
    """Weighs texts: by the model's own tokenizer where it can be asked, else by estimate."""

    def __init__(self, reading: Reading, counter: TokenCounter | None) -> None:
        self._reading = reading
        self._counter = counter
        self._known: OrderedDict[tuple[str, str], int] = OrderedDict()

    async def weigh(self, card: ModelCard, texts: Sequence[str]) -> Costs:
        """What each text costs. All are counted or all are estimated, never mixed: a budget that
        is kept by half is not kept.
        """
        wanted = list(dict.fromkeys(text for text in texts if text))
        missing = [text for text in wanted if (_key(card), text) not in self._known]
        if missing and self._counter is not None:
            counts = await self._counter.count(card.name, missing)
            if counts is not None and len(counts) == len(missing):
                for text, count in zip(missing, counts, strict=True):
                    self._known[_key(card), text] = count
                missing = []
        if missing:
            return self.guess(card, wanted)
        costs = {text: self._known[_key(card), text] for text in wanted}
        for text in wanted:
            self._known.move_to_end((_key(card), text))
        while len(self._known) > _MOST_COUNTS:
            self._known.popitem(last=False)
        return Costs(costs, counted=bool(wanted))

    def guess(self, card: ModelCard, texts: Sequence[str]) -> Costs:
        """About what each text costs."""
        guessed = {text: self._reading.estimate(card, text) for text in texts if text}
        return Costs(guessed, counted=False)


def _key(card: ModelCard) -> str:
    return f"{card.backend}\0{card.name}\0{card.digest}"


def _average(before: float, now: float) -> float:
    return now if not before else before + _LEARNING * (now - before)
