"""How models behave and how the user likes to be helped: the parts of it, put together.

Only `app` uses it.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlparse

from mirador_lsp.analysis.worker import ParseWorker
from mirador_lsp.books import Books, open_books
from mirador_lsp.core.behaviour import Behaviour
from mirador_lsp.core.clean import plain
from mirador_lsp.core.dialogue import ModelCard
from mirador_lsp.core.errors import ServiceError, UserError
from mirador_lsp.core.feedback import Opinion
from mirador_lsp.core.findings import Lens
from mirador_lsp.core.history import EVERYTHING, Selection
from mirador_lsp.core.policy import DEEP, QUICK
from mirador_lsp.core.ports import ModelBackend
from mirador_lsp.engine.dna.alone import OneModel
from mirador_lsp.engine.dna.deciding import Decided, to_replay
from mirador_lsp.engine.dna.hearing import Request
from mirador_lsp.engine.dna.inferring import Past, Proposal, infer, proposals
from mirador_lsp.engine.dna.probes import probes, version
from mirador_lsp.engine.dna.probing import Progress, Terms, measure, requests_of
from mirador_lsp.engine.dna.replaying import REPLAYED, Rival, progress, replay, request_of
from mirador_lsp.engine.dna.standing import Record, records
from mirador_lsp.engine.engine import Engine
from mirador_lsp.ipc.clock import SystemClock
from mirador_lsp.models.catalogue import find as find_model
from mirador_lsp.models.embedded import EmbeddedBackend
from mirador_lsp.settings import Paths, Settings, answer_policy, change_policy, review_policy
from mirador_lsp.workspace.reading import read_source
from mirador_lsp.workspace.sources import Source

_MOST_OPINIONS = 2000
_MOST_OF_A_RULE = 500
_MOST_EXCHANGES = 2000
_MOST_LIVES = 2000
_AROUND = 12
"""Lines before and behind a finding that are shown when it is put to a model again."""
_MOST_DECISIONS = 20
"""Of the user's that each model is asked about; two questions each."""
_MOST_COMPARED = 20_000

Tell = Callable[[Progress], None]


class Profiled(Protocol):
    """What is measured: the application's models."""

    @property
    def backend(self) -> ModelBackend: ...  # noqa: D102 — as the application has them
    @property
    def parser(self) -> ParseWorker: ...  # noqa: D102
    @property
    def embedded(self) -> EmbeddedBackend | None: ...  # noqa: D102
    @property
    def books(self) -> Books | None: ...  # noqa: D102
    async def usable_model(self, name: str) -> str: ...  # noqa: D102


@dataclass(frozen=True)
class Replayed:
    """What came of putting requests to models."""

    requests: int
    recorded: int
    """Of those, the ones that are the user's own; the others are of the fixed set."""
    gone: int
    """Requests of the user's that could not be put again: their file is gone, or what they were
    about."""


async def models_to_measure(app: Profiled, names: Sequence[str]) -> tuple[ModelCard, ...]:
    """The models of these names or aliases; without names all whose questions stay on this machine.

    Raises `UserError` for a name there is no usable model of, and where there is none at all.
    """
    cards = {card.name: card for card in await app.backend.cards()}
    if not names:
        here = tuple(card for card in cards.values() if not card.leaves)
        if not here:
            message = "No model of this machine can be measured."
            raise UserError(message, remedy="Get one with: mirador models pull 0.5b")
        return here
    found = [cards[await app.usable_model(name)] for name in names]
    return tuple(dict.fromkeys(found))


async def measure_model(app: Profiled, card: ModelCard, tell: Tell) -> Behaviour:
    """Measure how a model behaves, and keep it. Cancelling stops it; nothing is kept then.

    Raises `ModelError` where it cannot be used, `ServiceError` where the figures cannot be kept.
    """
    books = _books_of(app)
    decided = await decided_findings(books, _MOST_DECISIONS)
    terms = await _terms()
    engine = _engine_of(app, card)
    try:
        found = await measure(card, engine, app.backend, terms, decided, tell)
    finally:
        await engine.close()
    memory = await _memory_of(app, card)
    found = replace(found, time=SystemClock().wall(), memory_bytes=memory)
    if not found.first_token_seconds:
        found = replace(found, first_token_seconds=await _measured_before(found, books))
    await books.behaviours.keep(found)
    return found


async def replay_requests(
    app: Profiled, cards: Sequence[ModelCard], most: int, tell: Tell
) -> Replayed:
    """Put the latest requests of the user, and of the fixed set where they are fewer than `most`,
    to models, and keep the figures of each as soon as all have answered. Cancelling stops it.
    """
    books = _books_of(app)
    terms = await _terms()
    own, gone = await _recorded(books, most, terms)
    every = [*own, *(request for _, request in requests_of(terms))][:most]
    engines = [_engine_of(app, card) for card in cards]
    rivals = [Rival(card, engine) for card, engine in zip(cards, engines, strict=True)]
    total = len(every) * len(cards)
    try:
        # One model answering everything before the next one would load each once only, but then a
        # stop would leave nothing to compare.
        for number, request in enumerate(every):
            at = partial(_tell_at, tell, number * len(cards), total, request)
            rows = await replay(request, rivals, SystemClock().wall(), at)
            await books.comparisons.keep(rows)
    finally:
        for engine in engines:
            await engine.close()
    return Replayed(len(every), min(len(own), most), gone)


async def read_records(paths: Paths) -> tuple[Record, ...]:
    """What is known of each model that was compared or measured. Raises `ServiceError`."""
    async with AsyncExitStack() as stack:
        books = open_books(paths, stack)
        compared = await books.comparisons.latest(_MOST_COMPARED)
        behaviours = await books.behaviours.all()
        opinions = await books.feedback.latest(_MOST_OPINIONS, _MOST_OPINIONS)
        return records(compared, behaviours, opinions, await books.measurements.standings())


async def infer_preferences(books: Books) -> tuple[Proposal, ...]:
    """What the user's decisions and questions would change of their preferences; nothing is
    changed. Raises `ServiceError`.
    """
    history = books.history
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


def _tell_at(
    tell: Tell, before: int, total: int, request: Request, place: int, card: ModelCard
) -> None:
    tell(progress(card.name, before + place, total, request))


async def _recorded(books: Books, most: int, terms: Terms) -> tuple[list[Request], int]:
    """The user's latest requests that can be put again, each once; and how many cannot."""
    history = books.history
    found: list[Request] = []
    gone = 0
    known: set[tuple[str, str, str]] = set()
    for exchange in await history.exchanges(Selection(kinds=REPLAYED), _MOST_EXCHANGES):
        key = (exchange.kind.value, exchange.document, exchange.question)
        if key in known:
            continue
        known.add(key)
        source = await asyncio.to_thread(_source_of, exchange.document)
        request = None
        if source is not None:
            lives = await history.lives_of(exchange.document, exchange.findings)
            request = request_of(exchange, source.snapshot, lives, terms)
        gone += request is None
        found += [request] if request is not None else []
        if len(found) == most:
            break
    return found, gone


async def _terms() -> Terms:
    """The same for every user and model: figures are to be comparable. Reads the set ahead, so that
    nobody waits for the disk later.
    """
    await asyncio.to_thread(version)
    await asyncio.to_thread(probes)
    usual = Settings()
    answers = answer_policy(usual)
    return Terms(
        review=review_policy(usual, stages=(QUICK, DEEP), lenses=(Lens.BUG, Lens.SECURITY)),
        answer=replace(answers, stages=(QUICK,)),
        change=replace(change_policy(usual), stages=(QUICK,)),
        max_tokens=usual.answers.max_tokens,
    )


def _engine_of(app: Profiled, card: ModelCard) -> Engine:
    """An engine that has this model alone, and remembers nothing."""
    return Engine(
        backend=OneModel(app.backend, card),
        outliner=app.parser,
        syntax=app.parser,
        analyzers=(app.parser,),
        clock=SystemClock(),
        slicer=app.parser,
    )


async def _measured_before(found: Behaviour, books: Books) -> float:
    """The time to a first token when the engine had not read the questions yet; 0 for unknown."""
    for each in await books.behaviours.all():
        if (each.digest, each.probes) == (found.digest, found.probes):
            return each.first_token_seconds
    return 0.0


async def _memory_of(app: Profiled, card: ModelCard) -> int:
    """Bytes that the embedded engine holds for a model; 0 for a model that runs elsewhere."""
    status = await app.embedded.status() if app.embedded is not None else None
    residents = status.residents if status is not None else ()
    return next((each.rss_bytes for each in residents if each.name == card.name), 0)


def _books_of(app: Profiled) -> Books:
    if app.books is None:
        message = "Nothing is remembered here, so nothing can be measured."
        raise ServiceError(message)
    return app.books


def _decided(opinion: Opinion, right: bool) -> Decided:  # noqa: FBT001 — a value, not a switch
    code = _around(opinion) or opinion.quote
    return Decided(opinion.message, opinion.quote, opinion.language, right, code)


def _around(opinion: Opinion) -> str:
    """The lines around the finding's quote; "" where the file or the quote is gone."""
    source = _source_of(opinion.uri)
    lines = source.snapshot.text.splitlines() if source is not None else []
    at = [number for number, line in enumerate(lines) if opinion.quote.strip() in line]
    if not at:
        return ""
    return "\n".join(lines[max(0, at[0] - _AROUND) : at[0] + _AROUND + 1])


def _source_of(uri: str) -> Source | None:
    """The file of a document as it is now. Blocks."""
    parsed = urlparse(uri)
    if parsed.scheme != "file":
        return None
    source = read_source(Path(unquote(parsed.path)))
    return source if isinstance(source, Source) else None


def _full(name: str) -> str:
    try:
        return find_model(name).name
    except UserError:
        return name
