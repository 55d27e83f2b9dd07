"""A store in a file of the test's own."""

from pathlib import Path

from mirador_lsp.settings.paths import private_folder
from mirador_lsp.store import MIGRATIONS, Database, earlier


def store_at(file: Path) -> Database:
    """The store in that file, as Mirador opens it."""
    return Database(
        file,
        MIGRATIONS,
        make_folder=private_folder,
        settle=earlier.remove_taken_over,
        sources=earlier.FILES,
    )
