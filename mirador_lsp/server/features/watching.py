"""What changes in the workspace besides open documents: files on the disk, and its folders."""

from lsprotocol import types

from mirador_lsp.server import from_lsp
from mirador_lsp.server.features import configuration
from mirador_lsp.server.server import MiradorServer
from mirador_lsp.settings.load import WORKSPACE_FILE


def did_change_files(ls: MiradorServer, params: types.DidChangeWatchedFilesParams) -> None:
    """Files changed: the index wants to know, and one of them may be the settings file."""
    paths = [from_lsp.path_of(change.uri) for change in params.changes]
    ls.indexing.changed(paths)
    if any(path is not None and path.name == WORKSPACE_FILE for path in paths):
        ls.supervisor.start(configuration.apply(ls), "settings")


def did_change_folders(ls: MiradorServer, params: types.DidChangeWorkspaceFoldersParams) -> None:
    """Folders were added or removed; the first one's settings hold."""
    removed = {from_lsp.path_of(folder.uri) for folder in params.event.removed}
    added = [from_lsp.path_of(folder.uri) for folder in params.event.added]
    kept = [folder for folder in ls.session.folders if folder not in removed]
    ls.session.folders = tuple(kept + [path for path in added if path is not None])
    if ls.settled.is_set():
        ls.indexing.follow(ls.session.folders)
    ls.supervisor.start(configuration.apply(ls), "settings")
