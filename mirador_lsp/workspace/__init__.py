"""The user's files: found, read and decoded, or skipped with a reason.

It must never know what a review is, and never writes, follows a link it met on its own, or runs
anything it finds. Read `intake.py` first.
"""

from mirador_lsp.workspace.intake import gather
from mirador_lsp.workspace.reading import read_source
from mirador_lsp.workspace.sources import MAX_BYTES, SkipKind, Skipped, Source

__all__ = ["MAX_BYTES", "SkipKind", "Skipped", "Source", "gather", "read_source"]
