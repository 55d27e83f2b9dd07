"""Vectors that need not be computed here: those in files, and those on a team's server.

Both are asked by the id of a chunk that is here, and an id is a hash of its code: so nothing can be
had of code that one does not have. Chunks of files only: what was asked and answered is nobody
else's business.
"""

import asyncio
import logging
import math
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar

from mirador_lsp.core.errors import IndexUnavailable, UserError
from mirador_lsp.core.retrieval import EmbedderCard, VectorFile
from mirador_lsp.core.servers import TeamServer
from mirador_lsp.index.catalogue import Pending
from mirador_lsp.index.embedding import Embedding
from mirador_lsp.index.exporting import files_only, files_vectors
from mirador_lsp.index.holding import Holding
from mirador_lsp.index.keeper import Keeper
from mirador_lsp.index.shelved import PrebuiltFolder, take_in
from mirador_lsp.index.team import Asker, TeamVectors

_IMPORTED = "imported"
"""The folder of files that were imported, in that of the index."""
_ALIKE = 0.9
"""Cosine of two vectors of one text that are of one embedder, on whatever machines."""
_CHECKED_AFTER = 250
"""So many vectors of the server's are taken before one of them is computed here again."""
_NEAR = 50
"""Chunks that a search asks for."""
_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 600.0
"""After a failure the server is left alone for so long; twice as long after each further one."""
_OTHER = (
    "The team's server gives other vectors than this machine computes, and is not used. Ask who "
    "runs it."
)
_NONE_YET = "The team's server has no vectors of {name} yet; they are computed here."
_T = TypeVar("_T")
_Rows = Mapping[str, Sequence[float]]
Connect = Callable[[TeamServer], Asker]
"""Makes a way to a server; it may read the key from a file. Raises `UserError`."""
_log = logging.getLogger(__name__)


class Sharing:
    """For the event loop. What goes wrong is a note, never an error; errors of the catalogue are
    `IndexUnavailable`.
    """

    def __init__(
        self,
        keeper: Keeper,
        holding: Holding,
        embedding: Embedding,
        connect: Connect,
        clock: Callable[[], float],
    ) -> None:
        self._keeper = keeper
        self._holding = holding
        self._embedding = embedding
        self._connect = connect
        self._clock = clock
        self._wanted: tuple[TeamServer | None, str] | None = None
        self._server: TeamServer | None = None
        self._asker: Asker | None = None
        self._team: TeamVectors | None = None
        self._imported = holding.folder / _IMPORTED
        self._folders = [PrebuiltFolder(self._imported)]
        self._reading = asyncio.Lock()
        self._believed = False
        """Whether the server's vectors were compared with one of this machine's."""
        self._unchecked = 0
        """Vectors of the server's since then."""
        self._unoffered: dict[str, None] | None = None
        """Chunks whose vectors the server may lack; None for all that are here."""
        self._pause = 0.0
        self._not_before = -math.inf
        self._note = ""
        self.sends = ""
        """What goes to the server, in one sentence; "" where there is none."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not used and why, in sentences."""
        files = [note for folder in self._folders for note in folder.notes]
        return tuple(note for note in (self._note, *files) if note)

    @property
    def resting(self) -> float:
        """Seconds until the server may be asked again after a failure; 0 when it may now."""
        return max(0.0, self._not_before - self._clock())

    async def want(self, server: TeamServer | None, shared: str) -> None:
        """Use this server, and the files at this place. What failed is tried again."""
        if self._wanted == (server, shared) and not self._note:
            return
        await self.close()
        self._wanted, self._server = (server, shared), server
        self._folders = [PrebuiltFolder(self._imported)]
        if shared:
            self._folders.append(PrebuiltFolder(Path(shared), named=True))
        self._not_before, self._pause, self._note, self.sends = -math.inf, 0.0, "", ""
        self._believed, self._unoffered = False, None
        if server is None:
            return
        try:
            self._asker = await asyncio.to_thread(self._connect, server)
        except UserError as error:
            self._note = error.sentence()
        else:
            self.sends = self._asker.sends

    async def documents(self, card: EmbedderCard, pending: Sequence[Pending]) -> _Rows | None:
        """Vectors of chunks: those that can be had, the others computed. None where that failed."""
        if self._final != card:
            return await self._computed(card, pending)  # quick, and not the one that others have
        catalogue = self._holding.catalogue
        shared = await self._keeper.do(files_only, catalogue, [each.id for each in pending])
        rows = dict(await self._in_files(card, shared))
        missing = [each for each in pending if each.id in shared and each.id not in rows]
        rows |= await self._on_server(card, missing)
        missing = [each for each in pending if each.id not in rows]
        computed = await self._computed(card, missing) if missing else {}
        rows |= computed or {}
        if self._unoffered is not None:
            self._unoffered.update(dict.fromkeys(shared.intersection(rows)))
        return rows or None

    async def take_in(self, path: Path, most_bytes: int) -> tuple[VectorFile, str]:
        """See `shelved.take_in`. Nothing is computed meanwhile: it may be in there."""
        async with self._reading:
            return await asyncio.to_thread(take_in, path, self._imported, most_bytes)

    async def bring_near(self, vectors: Mapping[str, Sequence[float]]) -> None:
        """Have those chunks of here that a search looks for, before they are computed here."""
        card = self._final
        if card is None or card.digest not in vectors or not self._believed:
            return
        vector = vectors[card.digest]
        found = await self._ask(card, lambda team: team.near(vector, _NEAR))
        if found:
            # What is found for others and is not here is dropped: nothing of it is known here.
            mine = await self._keeper.do(files_only, self._holding.catalogue, list(found))
            rows = {chunk: found[chunk] for chunk in mine}
            await self._keeper.do(self._holding.keep, card.digest, rows)

    async def offer(self) -> bool:
        """Put some of what is missing on the server. False when nothing is, or not now."""
        card = self._final
        if card is None or self._server is None or not self._server.share or self.resting:
            return False
        catalogue = self._holding.catalogue
        if self._unoffered is None:
            ids = await self._keeper.do(files_vectors, catalogue, card.digest)
            self._unoffered = dict.fromkeys(ids)
        if not self._unoffered or self._asker is None:
            return False
        some = list(islice(self._unoffered, self._team_of(self._asker, self._server, card).batch))
        known = await self._ask(card, lambda team: team.known(some))
        if known is None:
            return False
        mine = await self._keeper.do(files_only, catalogue, set(some) - known)
        rows = await self._keeper.do(catalogue.vectors_of, card.digest, mine)
        if rows and await self._ask(card, lambda team: team.add(rows)) is None:
            return False
        if self._unoffered is not None:
            for chunk in some:
                self._unoffered.pop(chunk, None)
        return True

    async def close(self) -> None:
        """Hang up and let go of the files. May be repeated."""
        asker, self._asker, self._team = self._asker, None, None
        async with self._reading:
            for folder in self._folders:
                await asyncio.to_thread(folder.close)
        if asker is not None:
            await asker.close()

    @property
    def _final(self) -> EmbedderCard | None:
        return self._embedding.cards[-1] if self._embedding.cards else None

    async def _computed(self, card: EmbedderCard, pending: Sequence[Pending]) -> _Rows | None:
        vectors = await self._embedding.documents(card, [each.text for each in pending])
        if vectors is None:
            return None
        return {each.id: vector for each, vector in zip(pending, vectors, strict=True)}

    async def _in_files(self, card: EmbedderCard, ids: frozenset[str]) -> _Rows:
        found: dict[str, Sequence[float]] = {}
        async with self._reading:
            for folder in self._folders:
                missing = ids.difference(found)
                found |= await asyncio.to_thread(folder.vectors_of, card, missing)
        return found

    async def _on_server(self, card: EmbedderCard, pending: Sequence[Pending]) -> _Rows:
        """What the server has, if now and then one of it is what is computed here."""
        if not pending or self._asker is None or self._server is None:
            return {}
        found: dict[str, Sequence[float]] = {}
        size = self._team_of(self._asker, self._server, card).batch
        for at in range(0, len(pending), size):
            ids = [each.id for each in pending[at : at + size]]
            rows = await self._ask(card, lambda team, ids=ids: team.vectors_of(ids))  # type: ignore[misc]
            if rows is None:
                break
            found |= rows
        self._unchecked += len(found)
        if not found or (self._believed and self._unchecked < _CHECKED_AFTER):
            return found
        chosen = secrets.choice([each for each in pending if each.id in found])
        computed = await self._computed(card, [chosen])
        if computed is None:
            return {}
        both = zip(computed[chosen.id], found[chosen.id], strict=True)
        if sum(ours * theirs for ours, theirs in both) < _ALIKE:
            self._fail(_OTHER)
            return {}
        self._believed, self._unchecked = True, 0
        return {**found, **computed}

    async def _ask(
        self, card: EmbedderCard, work: Callable[[TeamVectors], Awaitable[_T]]
    ) -> _T | None:
        """What the server answers; None where it does not, and then it is left alone for a while.

        `work` asks the server only.
        """
        if self._asker is None or self._server is None or self.resting:
            return None
        asker = self._asker
        team = self._team_of(asker, self._server, card)
        try:
            if not await team.open():
                self._fail(_NONE_YET.format(name=card.name))
                return None
            answer = await work(team)
        except IndexUnavailable as error:
            if asker is self._asker:  # else another server is wanted by now
                self._fail(error.sentence())
            return None
        self._pause, self._note = 0.0, ""
        return answer

    def _team_of(self, asker: Asker, server: TeamServer, card: EmbedderCard) -> TeamVectors:
        if self._team is None or self._team.card != card:
            self._team = TeamVectors(asker, server, card)
            self._believed, self._unoffered = False, None
        return self._team

    def _fail(self, why: str) -> None:
        self._pause = min(max(self._pause * 2, _FIRST_PAUSE), _LONGEST_PAUSE)
        self._not_before = self._clock() + self._pause
        self._note = why
        self._believed, self._unoffered = False, None
        _log.warning("the team's server is left alone for %.0f s: %s", self._pause, why)
