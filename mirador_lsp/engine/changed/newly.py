"""Findings that a change causes on lines which it did not touch."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from mirador_lsp.core.findings import Finding
from mirador_lsp.core.requests import ReviewRequest
from mirador_lsp.core.text import LineIndex
from mirador_lsp.engine.scope import Scope

_BECAUSE = "This change has caused it."
_LONGEST = 600


def newly_found(
    request: ReviewRequest, now: Sequence[Finding], before: Sequence[Finding]
) -> list[tuple[Finding, Finding]]:
    """Of what analyzers find outside of what changed, that which they did not find before: as it
    was found, and as it is told.

    An import that is not used any more, a name that is not defined any more. Two findings are the
    same where their rule and the text of their lines are; the symbol around may have been renamed.
    """
    lines = request.snapshot.lines
    scope = Scope(request.only, lines)
    former = LineIndex(request.before or "")
    known = Counter(_key(finding, former) for finding in before)
    outside = [finding for finding in now if not scope.admits(finding)]
    caused = []
    for finding in sorted(outside, key=lambda each: each.span):
        key = _key(finding, lines)
        if known[key] > 0:
            known[key] -= 1
            continue
        message = f"{finding.message[: _LONGEST - len(_BECAUSE) - 1]} {_BECAUSE}"
        caused.append((finding, replace(finding, message=message)))
    return caused


def found_again(
    request: ReviewRequest, now: Sequence[Finding]
) -> tuple[list[Finding], list[Finding]]:
    """What an earlier review found and what holds still: of analyzers as they find it `now`, and of
    others as it was found.
    """
    if not request.carried:
        return [], []
    lines = request.snapshot.lines
    tools = {finding.origin.tool for finding in now} | {"ruff", "rules"}
    facts = Counter(_key(f, lines) for f in request.carried if f.origin.tool in tools)
    again = []
    for finding in now:
        key = _key(finding, lines)
        if facts[key] > 0:
            facts[key] -= 1
            again.append(finding)
    return again, [f for f in request.carried if f.origin.tool not in tools]


def _key(finding: Finding, lines: LineIndex) -> tuple[str, str]:
    return finding.rule, re.sub(r"\s+", "", lines.touched(finding.span))
