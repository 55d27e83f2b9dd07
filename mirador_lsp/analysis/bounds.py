"""How many findings of one rule a file may have, and how the others are told."""

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from mirador_lsp.core.events import Notice, NoticeKind
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.policy import INSTANT

MOST: Final = 20
"""Findings of one rule in one file; more of the same tell nobody anything new."""


def not_listed(rule: str, found: int) -> tuple[Notice, ...]:
    """What to say when a rule was found in `found` places of a file."""
    over = found - MOST
    if over <= 0:
        return ()
    message = f"{over} more places of {rule} are not listed."
    return (Notice(NoticeKind.TRUNCATED, message, over, INSTANT),)


def first_of_each(
    findings: tuple[Finding, ...], beyond: Mapping[str, int] = MappingProxyType({})
) -> tuple[tuple[Finding, ...], tuple[Notice, ...]]:
    """The first `MOST` findings of each rule, and notices of those left out.

    `beyond` counts, by rule, what was left out before.
    """
    seen: Counter[str] = Counter()
    kept: list[Finding] = []
    for finding in findings:
        seen[finding.rule] += 1
        if seen[finding.rule] <= MOST:
            kept.append(finding)
    notices = tuple(
        notice
        for rule, count in seen.items()
        for notice in not_listed(rule, count + beyond.get(rule, 0))
    )
    return tuple(kept), notices
