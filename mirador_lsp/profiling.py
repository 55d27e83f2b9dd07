"""How models behave and how the user likes to be helped: the parts of it, put together.

Only `app` uses it.
"""

import asyncio
from pathlib import Path
from urllib.parse import unquote, urlparse

from mirador_lsp.books import Books
from mirador_lsp.core.behaviour import Behaviour
from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.feedback import Opinion
from mirador_lsp.core.history import EVERYTHING
from mirador_lsp.engine.dna.deciding import Decided, to_replay
from mirador_lsp.engine.dna.inferring import Past, Proposal, infer, proposals
from mirador_lsp.ipc.clock import SystemClock
from mirador_lsp.models.catalogue import find as find_model
from mirador_lsp.store import SqliteHistoryBook
from mirador_lsp.workspace.reading import read_source
from mirador_lsp.workspace.sources import Source

_MOST_OPINIONS = 2000
_MOST_OF_A_RULE = 500
_MOST_EXCHANGES = 2000
_MOST_LIVES = 2000
_AROUND = 12
"""Lines before and behind a finding that are shown when it is put to a model again."""


async def infer_preferences(books: Books) -> tuple[Proposal, ...]:
    """What the user's decisions and questions would change of their preferences; nothing is
    changed. Raises `ServiceError`.
    """
    history = SqliteHistoryBook(books.database)
    past = Past(
        opinions=await books.feedback.latest(_MOST_OPINIONS, _MOST_OF_A_RULE),
        exchanges=await history.exchanges(EVERYTHING, _MOST_EXCHANGES),
        lives=await history.lives(EVERYTHING, _MOST_LIVES),
    )
    found = await asyncio.to_thread(infer, past, SystemClock().wall())
    return proposals(found, await books.preferences.all())


async def behaviour_of(name: str, books: Books) -> Behaviour:
    """How a model behaved when it was last measured, by its name or an alias.

    Raises `UserError` where it never was, `ServiceError`.
    """
    measured = await books.behaviours.all()
    for wanted in (name, _full(name)):
        for each in measured:
            if each.model == wanted:
                return each
    remedy = f"Measure it: mirador models probe {plain(name, 80)}"
    message = f"How {plain(name, 80)} behaves was not measured yet."
    raise UserError(message, remedy=remedy)


async def decided_findings(books: Books, most: int) -> tuple[Decided, ...]:
    """Findings that the user has decided about, to be put to a model, with the code around them as
    far as it is still there. Raises `ServiceError`.
    """
    opinions = await books.feedback.latest(_MOST_OPINIONS, _MOST_OF_A_RULE)
    chosen = to_replay(opinions, most)
    return tuple([await asyncio.to_thread(_decided, each, right) for each, right in chosen])


def _decided(opinion: Opinion, right: bool) -> Decided:  # noqa: FBT001 — a value, not a switch
    code = _around(opinion) or opinion.quote
    return Decided(opinion.message, opinion.quote, opinion.language, right, code)


def _around(opinion: Opinion) -> str:
    """The lines around the finding's quote; "" where the file or the quote is gone."""
    parsed = urlparse(opinion.uri)
    if parsed.scheme != "file":
        return ""
    source = read_source(Path(unquote(parsed.path)))
    if not isinstance(source, Source):
        return ""
    lines = source.snapshot.text.splitlines()
    at = [number for number, line in enumerate(lines) if opinion.quote.strip() in line]
    if not at:
        return ""
    return "\n".join(lines[max(0, at[0] - _AROUND) : at[0] + _AROUND + 1])


def _full(name: str) -> str:
    try:
        return find_model(name).name
    except UserError:
        return name
