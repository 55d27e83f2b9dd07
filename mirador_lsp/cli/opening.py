"""How a command that needs the whole of Mirador opens it."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mirador_lsp.app import App
    from mirador_lsp.settings import Loaded

OpenApp = Callable[["Loaded"], AbstractAsyncContextManager["App"]]
"""What a test brings in its place."""


def open_whole(loaded: "Loaded") -> AbstractAsyncContextManager["App"]:
    """Mirador with the settings of the current folder, whose workspace is trusted as far as the
    user trusts it.
    """
    from mirador_lsp.app import open_app  # noqa: PLC0415 — the help must not wait for it

    return open_app(loaded.settings, paths=loaded.paths, trusted=loaded.trusted_folder)


def open_untrusting(loaded: "Loaded") -> AbstractAsyncContextManager["App"]:
    """Mirador for a command that has nothing to do with the folder it is called in."""
    from mirador_lsp.app import open_app  # noqa: PLC0415 — the help must not wait for it

    return open_app(loaded.settings, paths=loaded.paths)
