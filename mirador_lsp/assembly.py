"""Makes the adapters that settings name. What cannot be made is told, and the rest works.

Only `app` uses it.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from mirador_lsp.analysis.flow_analyzer import FlowAnalyzer, usable
from mirador_lsp.analysis.ruff import RuffAnalyzer, find_ruff
from mirador_lsp.analysis.worker import ParseWorker
from mirador_lsp.books import Books, open_books
from mirador_lsp.core.clean import plain
from mirador_lsp.core.dialogue import ModelCard
from mirador_lsp.core.document import Snapshot, folder_around
from mirador_lsp.core.errors import AnalyzerError, IndexUnavailable, UserError
from mirador_lsp.core.health import Check, Health
from mirador_lsp.core.ports import (
    Absences,
    Analyzer,
    ModelBackend,
    TokenCounter,
)
from mirador_lsp.core.routing import Comparison, Matrix, Measurement, Standing
from mirador_lsp.core.servers import TeamServer
from mirador_lsp.engine import capabilities
from mirador_lsp.engine.answers.guessing import Room
from mirador_lsp.engine.context.stock import Workplace
from mirador_lsp.engine.engine import Engine
from mirador_lsp.engine.prompts.render import preload
from mirador_lsp.index.clients import Clients
from mirador_lsp.index.wire import Wishes
from mirador_lsp.ipc.clock import SystemClock
from mirador_lsp.models.catalogue import Entry, load_catalogue
from mirador_lsp.models.catalogue import find as find_model
from mirador_lsp.models.embedded import EmbeddedBackend, EngineOptions, InstalledModel
from mirador_lsp.models.scripted import ScriptedBackend
from mirador_lsp.models.servers import Server, reach
from mirador_lsp.models.speculation import Verdicts
from mirador_lsp.models.storage import Installed, ModelStore
from mirador_lsp.models.switchboard import Switchboard
from mirador_lsp.settings import Paths, Settings
from mirador_lsp.settings.files import read_own
from mirador_lsp.settings.policies import learning_of
from mirador_lsp.workspace.project import ProjectFolder

_log = logging.getLogger(__name__)
_MOST_COMPARED = 5000


def make_analyzers(settings: Settings, parser: ParseWorker) -> tuple[Analyzer, ...]:
    """The analyzers that the settings want."""
    wanted = settings.analysis
    made: list[Analyzer] = []
    made += [RuffAnalyzer()] if wanted.ruff else []
    made += [parser] if wanted.rules else []
    made += [FlowAnalyzer(parser, settings.flows)] if wanted.flow else []
    return tuple(made)


class Workplaces:
    """Which workspace a document is in: the innermost folder that is used, or that the user trusts.

    One that is trusted and not used tells its rules, but has no index to ask.
    """

    def __init__(self, indexes: Clients | None = None, trusted: Path | None = None) -> None:
        self._indexes = indexes or Clients()
        self._trusted = trusted
        self._used: dict[Path, Workplace] = {}
        if trusted is not None:
            self._used[trusted] = Workplace(ProjectFolder(trusted, trusted=True))

    def use(self, folder: Path) -> None:
        """Ask the index of a folder from now on."""
        known = self._used.get(folder)
        if known is None or known.index is None:
            project = ProjectFolder(folder, trusted=folder == self._trusted)
            self._used[folder] = Workplace(project, self._indexes.of(folder))

    async def use_running(self, folder: Path) -> None:
        """Ask the index of a folder from now on if it runs already: nothing is started for it."""
        with contextlib.suppress(IndexUnavailable):
            if self._indexes.enabled and await self._indexes.of(folder).running():
                self.use(folder)

    def of(self, snapshot: Snapshot) -> Workplace | None:
        """The workspace of a document, or None."""
        if snapshot.path is None:
            return None
        folder = folder_around(Path(snapshot.path), self._used)
        return self._used[folder] if folder is not None else None


def make_indexes(settings: Settings, paths: Paths, stack: AsyncExitStack) -> Clients:
    """The indexes of workspaces; nothing is started before they are asked. Closed with `stack`."""
    index = settings.index
    wishes = Wishes(
        embedder=index.embedder,
        models=str(paths.models),
        max_file_kib=index.max_file_kib,
        max_disk_mib=index.max_disk_mib,
        # Of the servers only those that are to embed and to rank are any business of the index.
        servers=tuple(
            server
            for server in settings.servers
            if any(m.startswith(f"{server.name}/") for m in (index.embedder, index.rerank))
        ),
        shared=index.shared,
        team=team_server(settings),
        rerank=index.rerank,
    )
    indexes = Clients(wishes if index.enabled else None, runtime=paths.runtime, above=paths.index)
    stack.push_async_callback(indexes.close)
    return indexes


def team_server(settings: Settings) -> TeamServer | None:
    """The team's server for the index, where the user names one and wants an index."""
    team = settings.index.team
    if not team.url or not settings.index.enabled:
        return None
    return TeamServer(
        url=team.url,
        key_env=team.key_env,
        key_file=team.key_file,
        tenant=team.tenant,
        database=team.database,
        share=team.share,
    )


def open_store(paths: Paths) -> tuple[ModelStore, tuple[Check, ...]]:
    """The store over the user's catalogue; a broken one must not keep the built-in models away."""
    own = paths.config_file.with_name("models.toml")
    try:
        return ModelStore(paths.models, load_catalogue(own)), ()
    except UserError as error:
        _log.warning("%s", error.sentence())
        check = Check("catalogue", Health.WARNING, str(error), error.remedy)
        return ModelStore(paths.models, load_catalogue()), (check,)


def make_engine(
    settings: Settings,
    backend: ModelBackend,
    parser: ParseWorker,
    books: Books,
    matrix: Matrix,
    room: Room,
    workplaces: Workplaces,
) -> Engine:
    """The engine over these adapters."""
    return Engine(
        backend=backend,
        outliner=parser,
        syntax=parser,
        analyzers=make_analyzers(settings, parser),
        clock=SystemClock(),
        feedback=books.feedback,
        matrix=matrix,
        measurements=books.measurements,
        compare_every=settings.engine.compare_every,
        room=room,
        replies=books.replies,
        workplace_of=workplaces.of,
        slicer=parser,
        counter=backend if isinstance(backend, TokenCounter) else None,
        preferences=settings.context.preferences,
        dna=books.preferences,
        learning=learning_of(settings),
    )


async def read_history(paths: Paths, most: int) -> tuple[Sequence[Measurement], Sequence[Standing]]:
    """The latest replies of models, oldest first, and what they amount to.

    Raises `ServiceError` for a file that cannot be read; nothing where nothing was measured.
    """
    async with AsyncExitStack() as stack:
        book = open_books(paths, stack).measurements
        return await book.recent(most), await book.standings()


async def read_comparisons(paths: Paths) -> Sequence[Comparison]:
    """How models did when several were asked the same, oldest first. Raises `ServiceError`."""
    async with AsyncExitStack() as stack:
        return await open_books(paths, stack).comparisons.latest(_MOST_COMPARED)


def make_parser(settings: Settings, stack: AsyncExitStack) -> ParseWorker:
    """What parses, in a process of its own; ended with `stack`."""
    own = usable(settings.flows)
    parser = ParseWorker(budget_seconds=settings.analysis.parse_seconds, own=own)
    stack.push_async_callback(parser.close)
    return parser


def read_ahead_of_requests(paths: Paths) -> tuple[Matrix, tuple[Check, ...]]:
    """Read the prompts, so that no request waits for the disk, and the capability matrix with the
    user's rows; a file of theirs that cannot be used is told. Blocks.
    """
    preload()
    file = paths.config_file.with_name(capabilities.FILE_NAME)
    try:
        return capabilities.read_matrix(read_own(file), str(file)), ()
    except UserError as error:
        _log.warning("%s", error.sentence())
        check = Check("capabilities", Health.WARNING, str(error), error.remedy)
        return capabilities.shipped_matrix(), (check,)


def make_backend(settings: Settings, paths: Paths, store: ModelStore) -> ModelBackend:
    """What runs the models of this machine. Raises `UserError` for an unusable script."""
    engine = settings.engine
    if engine.backend == "scripted":
        return ScriptedBackend(Path(engine.script))
    options = EngineOptions(
        threads=engine.threads,
        context_tokens=engine.context_tokens,
        idle_seconds=engine.idle_seconds,
        cache_ram_mib=engine.cache_ram_mib,
        cache_disk_mib=engine.cache_disk_mib,
        resident_models=engine.resident_models,
    )
    return EmbeddedBackend(
        lambda: [_installed_model(model) for model in store.installed()],
        options,
        runtime=paths.runtime,
        cache=paths.cache / "prefixes",
        verdicts=Verdicts(paths.cache / "speculation.json", engine.threads),
    )


def reach_servers(
    settings: Settings, runtime: Path | None = None
) -> tuple[tuple[Server, ...], tuple[Check, ...]]:
    """The model servers that can be used, and what is wrong with the others. With the user's
    `runtime` folder their slots are shared with the other processes.
    """
    found: list[Server] = []
    wrong: list[Check] = []
    ranks, _, ranker = settings.index.rerank.partition("/")
    for named in settings.servers:
        try:
            ranking = ranker if named.name == ranks else ""
            found.append(reach(named, runtime=runtime, ranker=ranking))
        except UserError as error:
            _log.warning("%s", error.sentence())
            wrong.append(Check(named.name, Health.WARNING, str(error), error.remedy))
    return tuple(found), tuple(wrong)


def join(
    own: ModelBackend,
    servers: Sequence[Server],
    unreachable: Sequence[Check],
    stack: AsyncExitStack,
) -> ModelBackend:
    """This machine's models and those of the servers on one table; closed with `stack`."""
    why = {check.name: f"{check.detail} {check.remedy}".strip() for check in unreachable}
    backends = [own, *(server.backend for server in servers)]
    joined = Switchboard(backends, why) if servers or why else own
    stack.push_async_callback(joined.close)
    return joined


async def usable_model(
    name: str, backend: ModelBackend, catalogue: tuple[Entry, ...] | None = None
) -> str:
    """The full name of a model that can be used now, from it or an alias. Raises `UserError` where
    there is none, with the reason and what mends it.
    """
    there = {card.name for card in await backend.cards()}
    if name in there:
        return name
    asked: object = backend
    why = await asked.why_not(name) if isinstance(asked, Absences) else ""
    if why or "/" in name:
        remedy = "`mirador models list` names those there are."
        raise UserError(why or f"There is no model {plain(name, 80)}. {remedy}")
    entry = find_model(name, catalogue)
    if entry.name in there:
        return entry.name
    message = f"The model {entry.name} is not here."
    raise UserError(message, remedy=f"Fetch it: mirador models pull {entry.name}")


async def server_cards(settings: Settings) -> tuple[tuple[ModelCard, ...], tuple[str, ...]]:
    """The models of the servers that the user named, and in sentences why servers have none."""
    servers, wrong = await asyncio.to_thread(reach_servers, settings)
    try:
        found = [await server.backend.cards() for server in servers]
        troubles = [await server.bare.trouble() for server in servers]
    finally:
        for server in servers:
            await server.backend.close()
    sentences = (*(f"{check.detail} {check.remedy}" for check in wrong), *filter(None, troubles))
    return tuple(card for cards in found for card in cards), sentences


def _installed_model(model: Installed) -> InstalledModel:
    entry = model.entry
    return InstalledModel(
        name=entry.name,
        path=model.path,
        digest=entry.sha256,
        size_bytes=entry.size,
        context_tokens=entry.context_tokens,
        parameters=entry.parameters,
        can_judge=entry.can_judge,
        infill=entry.infill,
        claims_right=entry.claims_right,
    )


async def ruff_check() -> Check:
    """Whether ruff is there."""
    try:
        executable = await asyncio.to_thread(find_ruff)
    except AnalyzerError as error:
        return Check("ruff", Health.FAILURE, str(error), error.remedy)
    return Check("ruff", Health.OK, executable)
