"""Files of Python that are pieces of larger ones: cells, pasted functions, scripts of build tools.

Whoever runs such a text has put names there that it does not define. A file that imports nothing,
and yet uses several names that nobody gave it, is taken for one.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from mirador_lsp.core.events import Notice, NoticeKind
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.policy import INSTANT

UNDEFINED: Final = "ruff/F821"
_FEWEST: Final = 2
"""Names; a single one is rather a slip."""
_UNSURE: Final = 0.3
"""Confidence of such a finding in a piece: below the default of the setting `review.gate`."""
_IMPORT: Final = re.compile(r"(?:\A|[\r\n\f;:])[ \t]*(?:import|from)\b[ \t\\]*[\w.(*\r\n]")
"""An import anywhere. What reads like one inside of a text counts as well: then all stays as it
is."""
_NAME: Final = re.compile(r"`([^`]*)`")


def undefined_names(messages: Iterable[str]) -> frozenset[str]:
    """The names that findings of `UNDEFINED` with these messages are about."""
    found = (_NAME.search(message) for message in messages)
    return frozenset(each.group(1) for each in found if each is not None)


def is_piece(text: str, undefined: frozenset[str]) -> bool:
    """Whether a file in which these names are undefined is taken for a part of a larger one."""
    return len(undefined) >= _FEWEST and _IMPORT.search(text) is None


def as_piece(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings of a piece: what they say of undefined names is hardly believed."""
    return tuple(
        replace(each, confidence=min(each.confidence, _UNSURE)) if each.rule == UNDEFINED else each
        for each in findings
    )


def notice(undefined: frozenset[str]) -> Notice:
    """What is told of a piece. Its findings are counted where all that are withheld are."""
    message = (
        f"{len(undefined)} names are not defined in this file, which imports nothing: "
        "it is taken for a part of a larger one, and they are withheld."
    )
    return Notice(NoticeKind.HUSHED, message, stage=INSTANT)
