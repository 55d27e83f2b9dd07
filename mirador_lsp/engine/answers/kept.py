"""Answers that were given, so that unchanged code is not explained twice.

An answer is found again in two ways. By everything it depends on: the model's digest, the whole
prompt with its version, the limits, the stage. And, for explanations, by what they are about: the
code and its context, wherever in the file they stand by now.
"""

from collections import OrderedDict
from dataclasses import dataclass, replace

from mirador_lsp.core.answers import Answer
from mirador_lsp.core.events import Notice
from mirador_lsp.core.policy import STAGES

_MOST_ANSWERS = 2000
"""About 2 KB each."""


@dataclass(frozen=True)
class Kept:
    """An answer as it was given."""

    answer: Answer
    about: str
    """Key of the subject, where the answer is an explanation of it; else ""."""
    notices: tuple[Notice, ...] = ()
    """What had to be said of it: where it was cut."""


class KeptAnswers:
    """The latest answers; the least recently used are forgotten. Lives as long as its `Engine`."""

    def __init__(self, most: int = _MOST_ANSWERS) -> None:
        self._most = most
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._about: dict[str, dict[str, str]] = {}
        """For each subject the key of the latest explanation of each stage."""

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: str) -> Kept | None:
        """What was answered under `key`, flagged as kept; or None."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        self._kept.move_to_end(key)
        return replace(kept, answer=replace(kept.answer, kept=True))

    def keep(self, key: str, kept: Kept) -> None:
        """Keep an answer that came to its end."""
        self._kept[key] = kept
        self._kept.move_to_end(key)
        if kept.about:
            self._about.setdefault(kept.about, {})[kept.answer.stage] = key
        while len(self._kept) > self._most:
            self._forget(*self._kept.popitem(last=False))

    def best(self, about: str) -> Answer | None:
        """The explanation of a subject by the latest stage that gave one, flagged as kept."""
        by_stage = self._about.get(about, {})
        for stage in reversed(STAGES):
            if stage in by_stage and (kept := self.get(by_stage[stage])) is not None:
                return kept.answer
        return None

    def _forget(self, key: str, kept: Kept) -> None:
        by_stage = self._about.get(kept.about, {})
        if by_stage.get(kept.answer.stage) == key:
            del by_stage[kept.answer.stage]
        if not by_stage:
            self._about.pop(kept.about, None)
