"""What forges answer, taken out of their JSON piece by piece: nothing is believed to be there.

Also what people write when they do not want a remark, which is the same on every forge.
"""

import re
from collections.abc import Iterable
from typing import Any

from mirador_lsp.core.clean import plain
from mirador_lsp.core.pulls import Standing

_DECLINING = re.compile(
    r"\b(won.?t[ -]?fix|not an? (issue|bug|problem)|false[ -]positive|by design|as intended"
    r"|works as designed|mirador:? *ignore)\b",
    re.IGNORECASE,
)
_OBJECT_ID = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
PREFACE = "Mirador has something to say about lines of this change."
"""The text of a review that holds remarks: forges want one."""


def text_in(row: Any, *steps: str) -> str:
    """The text below these names; "" where there is none."""
    for step in steps:
        row = row.get(step) if isinstance(row, dict) else None
    return row if isinstance(row, str) else ""


def number_in(row: Any, *steps: str) -> int | None:
    """The whole number below these names, or None."""
    for step in steps:
        row = row.get(step) if isinstance(row, dict) else None
    return row if isinstance(row, int) and not isinstance(row, bool) else None


def rows_in(row: Any, *steps: str) -> list[Any]:
    """The rows below these names; [] where there are none."""
    for step in steps:
        row = row.get(step) if isinstance(row, dict) else None
    return row if isinstance(row, list) else []


def object_id(text: str) -> str:
    """`text` where it is an object id of git; "" for anything else."""
    return text if _OBJECT_ID.fullmatch(text) else ""


def title_of(row: Any) -> str:
    """A pull request's title, plain."""
    return plain(text_in(row, "title"), 200)


def standing(
    *, mended: bool, resolved: bool, thumbs_down: bool, replies: Iterable[str]
) -> Standing:
    """What became of a remark; `replies` are those of others.

    Closed without our own mark that it was mended means that people closed it.
    """
    if thumbs_down or any(_DECLINING.search(reply[:2000]) for reply in replies):
        return Standing.DECLINED
    if mended:
        return Standing.MENDED
    return Standing.DECLINED if resolved else Standing.OPEN
