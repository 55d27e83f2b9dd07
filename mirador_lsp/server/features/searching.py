"""`workspace/symbol` and `mirador/search`: code found by words, names and meaning."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from mirador_lsp.core.errors import IndexUnavailable, UserError
from mirador_lsp.core.retrieval import FILES, Collection, Found, Hit, Query
from mirador_lsp.server import arguments, from_lsp
from mirador_lsp.server.extensions import SearchResult
from mirador_lsp.server.server import MiradorServer
from mirador_lsp.server.to_lsp_found import search_hit, workspace_symbol

_MOST = 100
_MOST_SYMBOLS = 30
_LONGEST_QUERY = 2000
_SECONDS = 5.0
"""How long an index may take: an editor asks again with every letter."""


async def symbols(
    ls: MiradorServer, params: types.WorkspaceSymbolParams
) -> list[types.WorkspaceSymbol]:
    """The symbols that fit a name or a question. An index that cannot be asked has none."""
    text = params.query.strip()[:_LONGEST_QUERY]
    if not text:
        return []
    query = Query(text, most=_MOST_SYMBOLS, collections=(Collection.CODE,))
    folders = ls.session.folders  # of now: the client may close some while the indexes answer
    found = await asyncio.gather(*(_ask(ls, folder, query) for folder in folders))
    hits = _in_turn(folders, found)[:_MOST_SYMBOLS]
    return [workspace_symbol(hit, folder) for folder, hit in hits]


async def search(ls: MiradorServer, params: Any) -> dict[str, Any]:
    """`mirador/search`: the same with every part of a query, and with what was left out."""
    if not isinstance(params, Mapping):
        message = "The parameters are an object with a query."
        raise JsonRpcInvalidParams(message)
    query = _query(params)
    folders = ls.session.folders  # of now: the client may close some while the indexes answer
    if not folders:
        message = "There is no folder to search in."
        raise UserError(message, remedy="Open a folder in the editor.")
    near = from_lsp.path_of(str(params.get("uri") or ""))
    found = await asyncio.gather(
        *(_ask(ls, folder, _seen_from(query, near, folder)) for folder in folders)
    )
    hits = [
        search_hit(hit, folder if hit.collection in FILES else None)
        for folder, hit in _in_turn(folders, found)
    ]
    notes = dict.fromkeys(note for each in found for note in each.notes)
    seconds = max((each.seconds for each in found), default=0.0)
    return asdict(SearchResult(tuple(hits[: query.most]), tuple(notes), round(seconds, 4)))


async def _ask(ls: MiradorServer, folder: Path, query: Query) -> Found:
    """What the index of one folder has; nothing, and why, where it cannot be asked."""
    app = await ls.apps.get()
    try:
        async with asyncio.timeout(_SECONDS):
            return await app.index(folder).search(query)
    except TimeoutError:
        return Found((), ("The index did not answer in time.",))
    except (IndexUnavailable, UserError) as error:
        return Found((), (error.sentence(),))


def _in_turn(folders: Sequence[Path], found: Sequence[Found]) -> list[tuple[Path, Hit]]:
    """The hits of several folders by rank: scores of two indexes cannot be compared."""
    rows = zip_longest(*(each.hits for each in found))
    return [
        (folder, hit)
        for row in rows
        for folder, hit in zip(folders, row, strict=True)
        if hit is not None
    ]


def _seen_from(query: Query, near: Path | None, folder: Path) -> Query:
    if near is None or not near.is_relative_to(folder):
        return query
    return replace(query, near=near.relative_to(folder).as_posix())


def _query(said: Mapping[str, Any]) -> Query:
    text = arguments.text(said, "query", _LONGEST_QUERY)
    if not text:
        message = "There is nothing to look for."
        raise UserError(message, remedy="Say what you look for.")
    most = said.get("most", 10)
    if type(most) is not int or not 1 <= most <= _MOST:
        message = f"most is a number from 1 to {_MOST}."
        raise JsonRpcInvalidParams(message)
    try:
        named = tuple(Collection(each) for each in arguments.names(said, "collections") or ())
    except ValueError as error:
        message = f"collections are of {', '.join(Collection)}."
        raise JsonRpcInvalidParams(message) from error
    return Query(
        text=text,
        most=most,
        collections=named or Query.collections,
        languages=tuple(arguments.names(said, "languages") or ()),
        under=arguments.text(said, "under", 1000),
        rerank=True,
    )
