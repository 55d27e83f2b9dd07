"""What `mirador doctor` looks at: everything a review or a search needs.

Only `app` uses it.
"""

import asyncio
from typing import Protocol

from mirador_lsp.analysis.flow_analyzer import knowledge_checks
from mirador_lsp.analysis.worker import ParseWorker
from mirador_lsp.assembly import ruff_check, team_server
from mirador_lsp.books import caretakers
from mirador_lsp.core.findings import Lens
from mirador_lsp.core.health import Check
from mirador_lsp.core.policy import DEEP, QUICK, SYNTHESIS
from mirador_lsp.core.ports import ModelBackend
from mirador_lsp.core.routing import Matrix, review_task
from mirador_lsp.engine.engine import Engine
from mirador_lsp.index.health import index_checks
from mirador_lsp.ipc.clock import SystemClock
from mirador_lsp.models.discovery import discover
from mirador_lsp.models.embedded import EmbeddedBackend
from mirador_lsp.models.embedders import embedder_checks
from mirador_lsp.models.fitting import fit_check
from mirador_lsp.models.health import machine_checks, model_checks
from mirador_lsp.models.memory import available_memory
from mirador_lsp.models.rerankers import reranker_checks
from mirador_lsp.models.servers import Server
from mirador_lsp.models.storage import ModelStore
from mirador_lsp.models.team import team_checks
from mirador_lsp.settings import Paths, Settings, review_policy


class Examined(Protocol):
    """What is looked at: the application."""

    @property
    def settings(self) -> Settings: ...  # noqa: D102 — as the application has them
    @property
    def paths(self) -> Paths: ...  # noqa: D102
    @property
    def store(self) -> ModelStore: ...  # noqa: D102
    @property
    def parser(self) -> ParseWorker: ...  # noqa: D102
    @property
    def engine(self) -> Engine: ...  # noqa: D102
    @property
    def backend(self) -> ModelBackend: ...  # noqa: D102
    @property
    def embedded(self) -> EmbeddedBackend | None: ...  # noqa: D102
    @property
    def servers(self) -> tuple[Server, ...]: ...  # noqa: D102
    @property
    def matrix(self) -> Matrix: ...  # noqa: D102


async def examine(app: Examined) -> tuple[Check, ...]:
    """Look at everything the main job needs. Never raises for what is missing."""
    served = {card.name for server in app.servers for card in await server.backend.cards()}
    wanted = {
        name: models
        for name, models in _wanted_models(app).items()
        if not served.intersection(models[:1])
    }
    machine = await machine_checks(app.store)
    own = knowledge_checks(app.settings.flows)
    analyzers = [await app.parser.health(), *own, await ruff_check()]
    models = await model_checks(app.store, stages=wanted, served=bool(served))
    index = app.settings.index
    embedder = index.embedder if index.enabled else "none"
    models += await embedder_checks(app.store.folder, embedder, app.settings.servers)
    indexes = await asyncio.to_thread(index_checks, app.paths.index, enabled=index.enabled)
    if index.enabled:
        indexes += await reranker_checks(index.rerank, app.settings.servers)
    if (team := team_server(app.settings)) is not None:
        indexes += await team_checks(team)
    engine = await app.embedded.health() if app.embedded is not None else ()
    servers = [check for server in app.servers for check in await server.health()]
    found = [found.check() for found in await discover(app.servers)]
    fit = await _fit(app)
    caretaker, _ = caretakers(app.paths)
    kept = await asyncio.to_thread(caretaker.doctor, SystemClock().wall())
    return (kept, *machine, *analyzers, *models, *indexes, fit, *engine, *servers, *found)


async def _fit(app: Examined) -> Check:
    """Which models the stages run on, and whether they fit into this machine's memory."""
    choices = await app.engine.choices(review_policy(app.settings))
    first = {stage: choice.cards[0] for stage, choice in choices.items()}
    cards = tuple(await app.backend.cards())
    return fit_check(first, cards, await asyncio.to_thread(available_memory))


def _wanted_models(app: Examined) -> dict[str, tuple[str, ...]]:
    """For each model stage the models it would take: the user's or, unless there are servers
    whose models may be better, those that the matrix names.
    """
    lenses = tuple(Lens(name) for name in app.settings.review.lenses)
    found: dict[str, tuple[str, ...]] = {}
    for stage in (QUICK, DEEP, SYNTHESIS):
        named: tuple[str, ...] = getattr(app.settings.stages, stage).models
        if not named and not app.servers:
            named = app.matrix.named(review_task(stage, lenses))
        found[stage] = named
    return found
