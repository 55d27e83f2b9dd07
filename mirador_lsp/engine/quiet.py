"""Findings that hold and are not shown: the user dismissed them, or a comment in the code asks so.

Whoever wrote the file may be the one to mistrust. So a comment cannot hide what an analyzer or a
model says about security: it stays, as information that says who wanted it gone. Only the user, who
dismisses it in their own book, can. Rules by path and baselines are in `silencing`.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from types import MappingProxyType

from mirador_lsp.core.events import Hush, Hushed
from mirador_lsp.core.feedback import Opinion, Verdict
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.outline import Suppression
from mirador_lsp.core.shielding import is_shielded, softened
from mirador_lsp.core.silence import Silence, rule_means
from mirador_lsp.core.text import LineIndex
from mirador_lsp.engine.learning.lessons import Lessons
from mirador_lsp.engine.silencing import Ran, Silencer

_SILENCED = "(silenced by a comment in the file)"
_ALL = "*"
_WHY = MappingProxyType(
    {
        Hush.COMMENT: "suppressed by comments",
        Hush.RULE: "ignored by rules for the path",
        Hush.BASELINE: "known to the baseline",
        Hush.DISMISSED: "dismissed",
        Hush.LEARNED: "like others that you dismissed",
    }
)


class Quiet:
    """Who asked for which findings not to be shown. Belongs to one review."""

    def __init__(
        self,
        opinions: Iterable[Opinion],
        lines: LineIndex,
        silencer: Silencer | None = None,
        lessons: Lessons | None = None,
    ) -> None:
        self._silencer = silencer or Silencer()
        self._lessons = lessons or Lessons()
        self._dismissed = {
            opinion.finding_id: opinion.reason
            for opinion in opinions
            if opinion.verdict is Verdict.DISMISSED
        }
        self._lines = lines
        self._comments: dict[int, list[Suppression]] = {}
        self._used: set[tuple[Suppression, str]] = set()

    def read(self, suppressions: Iterable[Suppression]) -> None:
        """Take note of the comments in the code."""
        self._comments = {}
        for each in suppressions:
            line = self._lines.line_of(each.covers.start)
            self._comments.setdefault(line, []).append(each)

    def hear(self, finding: Finding) -> Finding | Hushed:
        """The finding as it is shown, or why it is not."""
        heard = self.asked(finding)
        # What was asked for in so many words goes before what is concluded from it.
        return heard if isinstance(heard, Hushed) else self._lessons.hear(finding, heard)

    async def look(self, findings: Sequence[Finding]) -> None:
        """Compare findings by meaning too, where that can be had: they may be heard another way
        afterwards.
        """
        await self._lessons.look(findings)

    def asked(self, finding: Finding) -> Finding | Hushed:
        """The same by what was asked for alone, whatever could be learned."""
        if finding.id in self._dismissed:
            return Hushed(finding, Hush.DISMISSED, self._dismissed[finding.id])
        comment = self._comment_on(finding)
        if comment is None:
            return self._silencer.hear(finding)
        if is_shielded(finding):
            return softened(finding, _SILENCED)
        line = self._lines.line_of(comment.comment.start) + 1
        return Hushed(finding, Hush.COMMENT, f"a comment on line {line}")

    def idle(self) -> list[tuple[Suppression, str]]:
        """The comments, with each rule they name ("*" for all), that met no finding so far."""
        asked = [
            (each, rule)
            for comments in self._comments.values()
            for each in comments
            for rule in each.rules or (_ALL,)
        ]
        return [one for one in asked if one not in self._used]

    def silences(self, ran: Ran) -> tuple[Silence, ...]:
        """What rules by path asked for, and whether there was any of it."""
        return self._silencer.silences(ran)

    def _comment_on(self, finding: Finding) -> Suppression | None:
        line = self._lines.line_of(finding.span.start)
        found = None
        for each in self._comments.get(line, ()):
            heard = [rule for rule in each.rules or (_ALL,) if rule_means(rule, finding.rule)]
            self._used.update((each, rule) for rule in heard)
            if heard and found is None:
                found = each
        return found


def in_words(hushed: Sequence[Hushed]) -> str:
    """How many findings are not shown, and why: "2 suppressed by comments, 1 dismissed"."""
    counts = Counter(each.by for each in hushed)
    return ", ".join(f"{counts[by]} {words}" for by, words in _WHY.items() if counts[by])
