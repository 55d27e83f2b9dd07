"""Which files of a workspace are reviewed first, by all that is known of them."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import IndexUnavailable, ServiceError
from mirador_lsp.core.history import EVERYTHING, HistoryBook
from mirador_lsp.core.ports import CodeIndex
from mirador_lsp.engine.priority import Ranked, Signals, by_risk
from mirador_lsp.workspace.git.frequency import frequencies

_log = logging.getLogger(__name__)
_MOST_LIVES = 20_000


async def in_order_of_risk(
    folder: Path,
    snapshots: Sequence[Snapshot],
    index: CodeIndex | None,
    history: HistoryBook | None,
) -> tuple[Sequence[Ranked], tuple[str, ...]]:
    """The files of a workspace folder, riskiest first, and in sentences what could not be asked.

    Never raises: what cannot be asked counts as nothing.
    """
    wanting: list[str] = []
    changes = await frequencies(folder)
    if not changes:
        wanting.append("git knows nothing of these files, so how often they change does not count")
    users: Mapping[str, int] = {}
    if index is None:
        wanting.append("there is no index of the workspace, so who uses what does not count")
    else:
        try:
            users = await index.central()
        except IndexUnavailable as error:
            _log.info("who uses what is not known: %s", error)
            wanting.append("the index cannot be asked, so who uses what does not count")
    findings = await _findings(history)
    signals = Signals(changes, users, {name_in(folder, uri): n for uri, n in findings.items()})
    named = {name_in(folder, each.uri): each for each in snapshots}
    return by_risk(named, signals), tuple(wanting)


def name_in(folder: Path, uri: str) -> str:
    """What a document is called within a folder; its URI where it lies elsewhere."""
    above = f"{folder.as_uri()}/"
    if not uri.startswith(above):
        return uri
    return unquote(uri.removeprefix(above), errors="surrogateescape")


async def _findings(history: HistoryBook | None) -> Mapping[str, int]:
    """By URI, the findings that stand by earlier reviews."""
    if history is None:
        return {}
    try:
        lives = await history.lives(EVERYTHING, _MOST_LIVES)
    except ServiceError as error:
        _log.warning("what was found before is not known: %s", error.sentence())
        return {}
    standing = (life for life in lives if life.moments and life.moments[-1].step.leaves_open)
    return Counter(life.document for life in standing)
