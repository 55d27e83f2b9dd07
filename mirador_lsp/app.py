"""The composition root: the one place that knows which adapter stands behind which port.

Surfaces (`server`, `cli`) open an `App` here and take from here the few names of the adapters'
rooms that they show to users. They import those rooms in no other way.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from mirador_lsp import change_reviews
from mirador_lsp import pull_requests as pulls
from mirador_lsp.application import App
from mirador_lsp.assembly import (
    Workplaces,
    join,
    make_backend,
    make_engine,
    make_indexes,
    make_parser,
    open_store,
    reach_servers,
    read_ahead_of_requests,
    read_comparisons,
    read_history,
    server_cards,
    usable_model,
)
from mirador_lsp.books import Books, caretakers, open_books
from mirador_lsp.core.ports import (
    ModelBackend,
)
from mirador_lsp.engine.dna.probing import Progress
from mirador_lsp.ipc.clock import SystemClock
from mirador_lsp.measuring import count_requests
from mirador_lsp.models.catalogue import Entry, load_catalogue
from mirador_lsp.models.catalogue import find as find_model
from mirador_lsp.models.download import pull
from mirador_lsp.models.embedded import EmbeddedBackend
from mirador_lsp.models.embedder_files import EmbedderFiles, EmbedderStatus
from mirador_lsp.models.embedder_pull import pull_embedder
from mirador_lsp.models.pulling import Phase, PullProgress
from mirador_lsp.models.queues import room_at
from mirador_lsp.models.storage import Installed, ModelStore, Status
from mirador_lsp.past import Oblivion, Past, make_recorder, open_past
from mirador_lsp.profiling import (
    behaviour_of,
    infer_preferences,
    measure_model,
    models_to_measure,
    read_records,
    replay_requests,
)
from mirador_lsp.settings import Paths, Settings
from mirador_lsp.settings import paths as default_paths
from mirador_lsp.workspace.intake import gather
from mirador_lsp.workspace.journal import Journal
from mirador_lsp.workspace.reading import read_source
from mirador_lsp.workspace.sources import SkipKind, Skipped, Source
from mirador_lsp.workspace.writing import write_back

__all__ = [
    "App",
    "Books",
    "EmbedderFiles",
    "EmbedderStatus",
    "Entry",
    "Installed",
    "Journal",
    "ModelStore",
    "Oblivion",
    "Past",
    "Phase",
    "Progress",
    "PullProgress",
    "SkipKind",
    "Skipped",
    "Source",
    "Status",
    "SystemClock",
    "behaviour_of",
    "caretakers",
    "change_reviews",
    "find_model",
    "gather",
    "infer_preferences",
    "load_catalogue",
    "measure_model",
    "models_to_measure",
    "open_app",
    "open_books",
    "open_past",
    "pull",
    "pull_embedder",
    "pulls",
    "read_comparisons",
    "read_history",
    "read_records",
    "read_source",
    "replay_requests",
    "server_cards",
    "usable_model",
    "write_back",
]


@asynccontextmanager
async def open_app(
    settings: Settings,
    *,
    paths: Paths | None = None,
    backend: ModelBackend | None = None,
    trusted: Path | None = None,
) -> AsyncIterator[App]:
    """Wire the adapters that `settings` name. Leaving the block ends every child process it owns.

    `backend` replaces the one the settings name; `trusted` is the workspace folder where the user
    trusts it (`Loaded.trusted_folder`). Raises `UserError` for an unusable script.
    """
    where = paths if paths is not None else default_paths(os.environ, settings)
    store, broken = open_store(where)
    async with AsyncExitStack() as stack:
        parser = make_parser(settings, stack)
        own = backend if backend is not None else make_backend(settings, where, store)
        servers, unreachable = await asyncio.to_thread(reach_servers, settings, where.runtime)
        chosen = join(own, servers, unreachable, stack)
        books = open_books(where, stack)
        matrix, disbelieved = await asyncio.to_thread(read_ahead_of_requests, where)
        indexes = make_indexes(settings, where, stack)
        workplaces = Workplaces(indexes, trusted)
        engine = make_engine(settings, chosen, parser, books, matrix, room_at(servers), workplaces)
        stack.push_async_callback(engine.close)
        app = App(
            settings=settings,
            paths=where,
            engine=engine,
            backend=chosen,
            parser=parser,
            store=store,
            feedback=books.feedback,
            figures=count_requests(settings, books, stack),
            recorder=make_recorder(settings, books, indexes, stack),
            measurements=books.measurements,
            problems=(*broken, *unreachable, *disbelieved),
            trusted=trusted,
            embedded=own if isinstance(own, EmbeddedBackend) else None,
            servers=servers,
            matrix=matrix,
            indexes=indexes,
            workplaces=workplaces,
            books=books,
        )
        stack.push_async_callback(app.supervisor.close)
        yield app
