"""The context of one request: gathered ahead of the model, waited for only a moment.

The index, the slicer and the project's files are asked in the background, unit after unit in the
order in which the model will come to them, while the model still reads what comes first. All that a
request ever waits for them, whatever they do, is `PATIENCE` seconds; a unit whose context is not
there by then goes without, and it is said.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Self, TypeVar

from mirador_lsp.core.dialogue import ModelCard
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import AnalyzerError, IndexUnavailable
from mirador_lsp.core.events import Notice, NoticeKind
from mirador_lsp.core.outline import Outline
from mirador_lsp.core.policy import StagePolicy
from mirador_lsp.core.ports import CodeIndex, ProjectFiles
from mirador_lsp.core.retrieval import (
    Collection,
    Compiled,
    Hit,
    Neighbourhood,
    Query,
    RulesFile,
    Slice,
)
from mirador_lsp.core.tasks import Supervisor
from mirador_lsp.core.text import Span
from mirador_lsp.engine.context import sources
from mirador_lsp.engine.context.budget import Costs
from mirador_lsp.engine.context.compiler import (
    Candidate,
    compile_context,
    nothing,
    texts_to_weigh,
)
from mirador_lsp.engine.context.rules import of_rules
from mirador_lsp.engine.context.stock import Found, Kept, Stock, key_of, place_of
from mirador_lsp.engine.units import ShownUnit

PATIENCE = 0.15
"""Seconds."""
_LEAST = 48
"""With fewer tokens there is room for the frame and nothing in it."""
_MOST_HITS = 12
_MOST_SIMILAR = 4
_MOST_TALK = 2
_QUERY_CHARACTERS = 1000

T = TypeVar("T")


class Gathering:
    """Gathers for one request about one document. Use it as an async context manager: leaving ends
    what still runs in the background.
    """

    def __init__(self, stock: Stock, snapshot: Snapshot, outline: Outline) -> None:
        self._stock = stock
        place = stock.workplace_of(snapshot)
        self._project = place.project if place is not None else None
        self._index = place.index if place is not None else None
        self._snapshot = snapshot
        self._outline = outline
        self._left = PATIENCE
        self._work = Supervisor()
        self._ahead: dict[tuple[str, ...], asyncio.Task[Found]] = {}
        self._rules: asyncio.Task[Sequence[RulesFile]] | None = None
        self._turn = asyncio.Lock()
        """The index is asked about one unit at a time, in the order of the units."""
        self._said: dict[str, Notice] = {}
        self._told: set[str] = set()
        self._lost = False
        """The index cannot be asked any more."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._work.close()

    @property
    def waited(self) -> float:
        """Seconds spent waiting so far, for all units together."""
        return PATIENCE - self._left

    async def settled(self) -> None:
        """Until all that was begun is there, however long that takes."""
        await asyncio.gather(*self._ahead.values())

    def notices(self) -> tuple[Notice, ...]:
        """What went wrong and was worked around; each is told once."""
        fresh = tuple(each for text, each in self._said.items() if text not in self._told)
        self._told.update(self._said)
        return fresh

    def ahead(self, units: Sequence[ShownUnit], card: ModelCard, policy: StagePolicy) -> None:
        """Begin to gather for units that will be asked about, in their order."""
        if self._stock.reading.budget(policy, card) >= _LEAST:
            for shown in units:
                self._work.start(self._weigh_ahead(shown, card), f"costs of {shown.title}")

    async def shown(self, shown: ShownUnit, card: ModelCard, policy: StagePolicy) -> ShownUnit:
        """The unit with the context that a question of the stage about it carries.

        The same for every question about the unit, be it a lens, an explanation or a fix, as long
        as the document stays as it is: so a model reads it once.
        """
        stock = self._stock
        budget = stock.reading.budget(policy, card)
        budget = min(budget, stock.reading.room(card, f"{shown.unit.context}{shown.code}"))
        if budget < _LEAST:
            return replace(shown, background=nothing(budget))
        key = key_of(self._snapshot, shown, card, policy)
        known = stock.known(key)
        if known is not None and await self._holds(known):
            return replace(shown, background=known.compiled)
        found = await self._found(shown)
        compiled = await self._compile(found, shown, card, budget)
        if found.whole:
            stock.keep(key, Kept(compiled, found.contents, found.rules))
        return replace(shown, background=compiled)

    async def reaching(
        self, shown: ShownUnit, place: Span, card: ModelCard, policy: StagePolicy
    ) -> str:
        """The lines that decide what happens at a place, for the question about it; "" where the
        model is shown them anyway, as it is of every unit that fits it.
        """
        if self._stock.reading.budget(policy, card) < _LEAST or not shown.lines:
            return ""
        found = await self._within(self._start_slice(shown, place), [])
        background = shown.background.text if shown.background is not None else ""
        known = f"{background}\n{shown.unit.context}\n{shown.code}"
        return await self._beside(found, known, card, policy)

    async def said_before(
        self, question: str, known: str, card: ModelCard, policy: StagePolicy
    ) -> str:
        """What was answered to such a question in earlier sessions, for the question; "" where
        nothing was, or it is `known`, as what was said in this conversation is.
        """
        if self._stock.reading.budget(policy, card) < _LEAST or self._index is None:
            return ""
        asked = self._work.start(self._recollect(self._index, question), "earlier answers")
        return await self._beside(await self._within(asked, []), known, card, policy)

    async def _beside(
        self, found: Sequence[Candidate], known: str, card: ModelCard, policy: StagePolicy
    ) -> str:
        """What of it fits into half of what the code may carry: it comes on top of that."""
        if not found:
            return ""
        costs = await self._weigh(card, texts_to_weigh(found))
        budget = self._stock.reading.budget(policy, card) // 2
        compiled = compile_context(found, known, costs, budget)
        return "".join(f"{piece.text}\n" for piece in compiled.kept)

    async def _recollect(self, index: CodeIndex, question: str) -> list[Candidate]:
        name = self._project.name_of(self._snapshot) if self._project is not None else ""
        query = Query(question[:_QUERY_CHARACTERS], _MOST_TALK, (Collection.TALK,), near=name)
        try:
            return sources.of_talk((await index.search(query)).hits)
        except IndexUnavailable as error:
            self._note(f"Earlier answers were not looked up: {error.sentence()}")
            return []

    async def _compile(
        self, found: Found, shown: ShownUnit, card: ModelCard, budget: int
    ) -> Compiled:
        candidates = list(found.candidates)
        costs = await self._weigh(card, texts_to_weigh((*candidates, *found.stale)))
        known = f"{shown.unit.context}\n{shown.code}"
        slack = 0
        while True:
            compiled = compile_context(
                candidates, known, costs, budget, stale=found.stale, slack=slack
            )
            if not compiled.text:
                return compiled
            whole = await self._weigh(card, [compiled.text])
            tokens = whole.tokens[compiled.text]
            if tokens <= budget:
                return replace(compiled, tokens=tokens, counted=compiled.counted and whole.counted)
            slack += tokens - budget

    async def _holds(self, kept: Kept) -> bool:
        """Whether what it was compiled from is as it was. In doubt it is."""
        if self._project is None:
            return True
        checked = self._work.start(self._check(kept, self._project), "kept context")
        return await self._within(checked, instead=True)

    async def _check(self, kept: Kept, project: ProjectFiles) -> bool:
        if tuple(await self._house_rules()) != kept.rules:
            return False
        return len(await project.unchanged(kept.contents)) == len(kept.contents)

    async def _found(self, shown: ShownUnit) -> Found:
        """What was gathered or, where that is not done in time, what the file itself says."""
        own = Found(tuple(self._own(shown)), whole=False)
        return await self._within(self._start(shown), own)

    async def _weigh_ahead(self, shown: ShownUnit, card: ModelCard) -> None:
        found = await self._start(shown)
        await self._stock.scales.weigh(card, texts_to_weigh((*found.candidates, *found.stale)))

    async def _weigh(self, card: ModelCard, texts: Sequence[str]) -> Costs:
        """What texts cost; estimated where nobody counts them in time."""
        scales = self._stock.scales
        guessed = scales.guess(card, texts)
        return await self._within(self._work.start(scales.weigh(card, texts), "costs"), guessed)

    async def _within(self, task: "asyncio.Task[T]", instead: T) -> T:
        """The result of a task, waited for no longer than the patience that is left."""
        clock = asyncio.get_running_loop().time
        began = clock()
        if not task.done() and self._left > 0:
            await asyncio.wait([task], timeout=self._left)
            self._left -= clock() - began
        if task.done():
            return task.result()
        self._note(
            "The context from the rest of the workspace was not there in time, so models were "
            "shown less of it."
        )
        return instead

    def _start(self, shown: ShownUnit) -> "asyncio.Task[Found]":
        key = place_of(self._snapshot, shown)
        task = self._ahead.get(key)
        if task is None:
            name = f"context of {shown.title}"
            task = self._ahead[key] = self._work.start(self._gather(shown), name)
        return task

    async def _gather(self, shown: ShownUnit) -> Found:
        async with self._turn:
            rules = tuple(await self._house_rules())
            candidates = [*self._own(shown), *self._sections(rules)]
            part = sources.part_of(shown)
            if part and shown.lines:
                reaches = await self._slice(shown.lines[0][0])
                candidates += sources.of_slice(self._snapshot, shown, reaches, part)
            near, similar = await self._ask_index(shown)
            every = (*near.definitions, *near.users, *similar)
            contents = {hit.name: hit.content for hit in every}
            fresh = await self._fresh(contents)
            found = [
                *sources.of_symbols(shown, near.definitions, near.users),
                *sources.of_search(similar),
            ]
            candidates += [each for each in found if _from(each, fresh)]
            return Found(
                candidates=tuple(candidates),
                stale=tuple(each for each in found if not _from(each, fresh)),
                contents={name: contents[name] for name in fresh},
                rules=rules,
                whole=not self._lost,
            )

    def _own(self, shown: ShownUnit) -> list[Candidate]:
        return [
            *sources.of_user(self._stock.preferences),
            *sources.of_file(self._snapshot, self._outline, shown),
        ]

    async def _house_rules(self) -> Sequence[RulesFile]:
        """The project's rules files, read once for a request."""
        if self._project is None:
            return ()
        if self._rules is None:
            self._rules = self._work.start(self._read_rules(self._project), "project's rules")
        return await self._rules

    def _sections(self, rules: Sequence[RulesFile]) -> list[Candidate]:
        candidates, notices = of_rules(rules)
        for notice in notices:
            self._said.setdefault(notice.message, notice)
        return candidates

    async def _read_rules(self, project: ProjectFiles) -> Sequence[RulesFile]:
        return await project.rules()

    def _start_slice(self, shown: ShownUnit, place: Span) -> "asyncio.Task[list[Candidate]]":
        symbol = self._outline.symbol_at(place.start)
        return self._work.start(self._reach(shown, place, symbol), "slice")

    async def _reach(self, shown: ShownUnit, place: Span, symbol: str) -> list[Candidate]:
        """The slice within the symbol and, across its calls, what the names in it are."""
        found = await self._slice(place)
        names = sources.of_names(self._snapshot, self._outline, shown, found.names)
        return [*sources.of_slice(self._snapshot, shown, found, symbol), *names]

    async def _slice(self, place: Span) -> Slice:
        snapshot, slicer = self._snapshot, self._stock.slicer
        found = None
        if slicer is not None:
            try:
                found = await slicer.slice_of(snapshot, place)
            except AnalyzerError as error:
                self._note(f"{snapshot.name}: {error.sentence()}")
        return found or sources.guess_slice(snapshot, self._outline, place)

    async def _ask_index(self, shown: ShownUnit) -> tuple[Neighbourhood, Sequence[Hit]]:
        """What other files of the workspace hold: definitions and users, and similar code."""
        index, project = self._index, self._project
        nobody = Neighbourhood((), ())
        if index is None or project is None or self._lost:
            return nobody, ()
        name = project.name_of(self._snapshot)
        names = sources.wanted_names(shown, self._outline)
        language = self._snapshot.language
        query = Query(
            text=shown.code[:_QUERY_CHARACTERS],
            most=_MOST_SIMILAR,
            collections=(Collection.CODE,),
            languages=(language,) if language else (),
            near=name,
            without=(name,) if name else (),
        )
        try:
            near = (
                await index.neighbourhood(name, shown.unit.path, names, _MOST_HITS)
                if name
                else nobody
            )
            hits = (await index.search(query)).hits
        except IndexUnavailable as error:
            self._lost = True
            self._note(f"Context is from the file alone: {error.sentence()}")
            return nobody, ()
        # What the file itself holds is known better from its text than from the index.
        definitions = tuple(hit for hit in near.definitions if hit.name != name)
        users = tuple(hit for hit in near.users if hit.name != name)
        return Neighbourhood(definitions, users), [hit for hit in hits if hit.name != name]

    async def _fresh(self, contents: Mapping[str, str]) -> frozenset[str]:
        """The files that are as the index has them."""
        if self._project is None or not contents:
            return frozenset()
        return await self._project.unchanged(contents)

    def _note(self, text: str) -> None:
        self._said.setdefault(text, Notice(NoticeKind.FALLBACK, text))


def _from(candidate: Candidate, fresh: frozenset[str]) -> bool:
    return candidate.place is not None and candidate.place.name in fresh
