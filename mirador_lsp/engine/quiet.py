"""Findings that hold and are not shown: the user dismissed them, or a comment in the code asks so.

Whoever wrote the file may be the one to mistrust. So a comment cannot hide what an analyzer or a
model says about security: it stays, as information that says who wanted it gone. Only the user, who
dismisses it in their own book, can.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from mirador_lsp.core.events import Hush, Hushed
from mirador_lsp.core.feedback import Opinion, Verdict
from mirador_lsp.core.findings import Finding, Lens, Severity
from mirador_lsp.core.outline import Suppression
from mirador_lsp.core.text import LineIndex

_SILENCED = "(silenced by a comment in the file)"


class Quiet:
    """Who asked for which findings not to be shown. Belongs to one review."""

    def __init__(self, opinions: Iterable[Opinion], lines: LineIndex) -> None:
        self._dismissed = {
            opinion.finding_id: opinion.reason
            for opinion in opinions
            if opinion.verdict is Verdict.DISMISSED
        }
        self._lines = lines
        self._comments: dict[int, list[Suppression]] = {}

    def read(self, suppressions: Iterable[Suppression]) -> None:
        """Take note of the comments in the code."""
        self._comments = {}
        for each in suppressions:
            line = self._lines.line_of(each.covers.start)
            self._comments.setdefault(line, []).append(each)

    def hear(self, finding: Finding) -> Finding | Hushed:
        """The finding as it is shown, or why it is not."""
        if finding.id in self._dismissed:
            return Hushed(finding, Hush.DISMISSED, self._dismissed[finding.id])
        comment = self._comment_on(finding)
        if comment is None:
            return finding
        if finding.lens is Lens.SECURITY and finding.severity.at_least(Severity.INFORMATION):
            return _softened(finding)
        line = self._lines.line_of(comment.comment.start) + 1
        return Hushed(finding, Hush.COMMENT, f"a comment on line {line}")

    def _comment_on(self, finding: Finding) -> Suppression | None:
        line = self._lines.line_of(finding.span.start)
        for each in self._comments.get(line, ()):
            if not each.rules or any(_means(rule, finding.rule) for rule in each.rules):
                return each
        return None


def in_words(hushed: Sequence[Hushed]) -> str:
    """How many findings are not shown, and why: "2 suppressed by comments, 1 dismissed"."""
    comments = sum(each.by is Hush.COMMENT for each in hushed)
    dismissed = len(hushed) - comments
    parts = [f"{comments} suppressed by comments"] if comments else []
    return ", ".join(parts + ([f"{dismissed} dismissed"] if dismissed else []))


def _means(written: str, rule: str) -> bool:
    """Whether a comment that names `written` means `rule`; it may leave out what is before "/"."""
    return written in {rule, rule.rpartition("/")[2]}


def _softened(finding: Finding) -> Finding:
    if finding.message.endswith(_SILENCED):
        return finding
    message = f"{finding.message} {_SILENCED}"
    return replace(finding, severity=Severity.INFORMATION, message=message)
