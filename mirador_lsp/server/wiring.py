"""The table of what the server speaks: method to function, on one screen."""

from collections.abc import Callable

from lsprotocol import types

from mirador_lsp.server.apphost import Open
from mirador_lsp.server.extensions import ASK, EXPLAIN, METRICS, SEARCH
from mirador_lsp.server.features import (
    code_actions,
    code_lens,
    commands,
    configuration,
    diagnostics,
    explaining,
    hover,
    lifecycle,
    measured,
    pages,
    searching,
    sync,
    watching,
)
from mirador_lsp.server.server import Features, MiradorServer
from mirador_lsp.settings import Loaded, load_settings

FEATURES: Features = (
    (types.INITIALIZE, lifecycle.initialize),
    (types.INITIALIZED, lifecycle.initialized),
    (types.SHUTDOWN, lifecycle.shutdown),
    (types.EXIT, lifecycle.exit_),
    (types.SET_TRACE, lifecycle.set_trace),
    (types.WINDOW_WORK_DONE_PROGRESS_CANCEL, lifecycle.cancel_progress),
    (types.TEXT_DOCUMENT_DID_OPEN, sync.did_open),
    (types.TEXT_DOCUMENT_DID_CHANGE, sync.did_change),
    (types.TEXT_DOCUMENT_DID_SAVE, sync.did_save),
    (types.TEXT_DOCUMENT_DID_CLOSE, sync.did_close),
    (types.WORKSPACE_EXECUTE_COMMAND, commands.execute),
    (types.TEXT_DOCUMENT_DIAGNOSTIC, diagnostics.pull),
    (types.TEXT_DOCUMENT_HOVER, hover.hover),
    (types.TEXT_DOCUMENT_CODE_LENS, code_lens.code_lens),
    (types.TEXT_DOCUMENT_CODE_ACTION, code_actions.code_actions),
    (types.CODE_ACTION_RESOLVE, code_actions.resolve),
    (EXPLAIN, explaining.explain),
    (ASK, explaining.ask),
    (SEARCH, searching.search),
    (METRICS, measured.metrics),
    (types.WORKSPACE_SYMBOL, searching.symbols),
    (types.WORKSPACE_TEXT_DOCUMENT_CONTENT, pages.content),
    (types.WORKSPACE_DID_CHANGE_CONFIGURATION, configuration.did_change),
    (types.WORKSPACE_DID_CHANGE_WATCHED_FILES, watching.did_change_files),
    (types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS, watching.did_change_folders),
)
"""Everything the server speaks. Notifications are plain `def`: a coroutine would start a turn later
and see the text of messages that came after its own."""


def create_server(
    open_app: Open,
    load: Callable[..., Loaded] = load_settings,
    set_log_level: Callable[[str], None] = lambda _: None,
    features: Features = FEATURES,
) -> MiradorServer:
    """A server for one client, not yet connected. Needs a running event loop."""
    server = MiradorServer(features, open_app, load, set_log_level)
    server.protocol.on_malformed = lambda method, raw: sync.malformed(server, method, raw)
    return server
