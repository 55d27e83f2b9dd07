"""The life of a session, and the buttons that belong to none of its documents."""

import logging
from pathlib import Path

from lsprotocol import types

from mirador_lsp import __version__
from mirador_lsp.core.history import Surface, Visit
from mirador_lsp.server import from_lsp
from mirador_lsp.server.client import resolve_client
from mirador_lsp.server.features import (
    code_actions,
    code_lens,
    commands,
    configuration,
    diagnostics,
    pages,
)
from mirador_lsp.server.server import MiradorServer
from mirador_lsp.server.session import Stage

_log = logging.getLogger(__name__)


def initialize(ls: MiradorServer, params: types.InitializeParams) -> types.InitializeResult:
    """Learn what the client can do and say what we can. Nothing slow happens before the answer."""
    client = resolve_client(params)
    ls.session.client = client
    ls.session.folders = _folders(params)
    workspace = str(ls.session.folders[0]) if ls.session.folders else ""
    ls.apps.visit = Visit(workspace, Surface.EDITOR, client.name)
    ls.streams.wants_status = client.wants_status
    ls.streams.wants_stream = client.wants_stream
    ls.feed.wanted = client.wants_reviews
    configuration.remember(ls, params.initialization_options)
    if params.process_id is not None:
        ls.on_client_process(params.process_id)
    ls.protocol.stage = Stage.RUNNING
    _log.info("client %s, positions in %s", client.name or "without a name", client.encoding)
    return types.InitializeResult(
        capabilities=types.ServerCapabilities(
            position_encoding=types.PositionEncodingKind(client.encoding),
            hover_provider=True,
            workspace_symbol_provider=True,
            code_lens_provider=code_lens.options(client),
            code_action_provider=code_actions.options(client),
            diagnostic_provider=diagnostics.options(client),
            text_document_sync=types.TextDocumentSyncOptions(
                open_close=True,
                change=types.TextDocumentSyncKind.Incremental,
                # The saved text heals whatever went wrong with the changes before it.
                save=types.SaveOptions(include_text=True),
            ),
            execute_command_provider=types.ExecuteCommandOptions(commands=list(commands.COMMANDS)),
            workspace=types.WorkspaceOptions(
                workspace_folders=types.WorkspaceFoldersServerCapabilities(
                    supported=True, change_notifications=True
                ),
                text_document_content=pages.options(client),
            ),
        ),
        server_info=types.ServerInfo(name="mirador", version=__version__),
    )


def initialized(ls: MiradorServer, _params: types.InitializedParams) -> None:
    """Read the settings and open the application, in the background."""
    ls.supervisor.start(configuration.begin(ls), "settings")


async def shutdown(ls: MiradorServer, _params: None) -> None:
    """Stop all work before saying that it is stopped."""
    ls.publisher.close()
    ls.protocol.give_up_asking()
    ls.jobs.cancel()
    ls.indexing.stop()
    await ls.ahead.stop()
    await ls.session.cancel_all()
    await ls.jobs.cancel_all()
    await ls.pages.close()
    await ls.apps.close()


def exit_(ls: MiradorServer, _params: None) -> None:
    """Leave: 0 after `shutdown`, else 1, as LSP asks."""
    ls.leave(0 if ls.protocol.stage is Stage.SHUT_DOWN else 1)


def set_trace(_ls: MiradorServer, _params: types.SetTraceParams) -> None:
    """Mirador sends no traces; accepting the notification keeps clients' logs clean."""


def cancel_progress(ls: MiradorServer, params: types.WorkDoneProgressCancelParams) -> None:
    """The cancel button of a progress bar stops its review or job, model included."""
    ls.bars.cancelled(params.token)


def _folders(params: types.InitializeParams) -> tuple[Path, ...]:
    """The workspace folders on this machine's disk, whatever generation of LSP names them."""
    uris = [folder.uri for folder in params.workspace_folders or ()]
    if not uris and params.root_uri:
        uris = [params.root_uri]
    paths = [path for uri in uris if (path := from_lsp.path_of(uri)) is not None]
    if not paths and params.root_path:
        paths = [Path(params.root_path)]
    return tuple(path for path in paths if path.is_absolute())
