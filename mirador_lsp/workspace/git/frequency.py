"""How often files were changed."""

import asyncio
import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from mirador_lsp.core.errors import UserError
from mirador_lsp.workspace.git.program import Git, find_git

COMMITS = 2000
"""The latest ones that count."""
_MOST_BYTES = 64_000_000
_SECONDS = 20.0


async def frequencies(folder: Path, git: str | None = None) -> Mapping[str, int]:
    """By name relative to `folder`, in how many of the latest commits a file was changed.

    Merges do not count. Empty where git knows nothing of the folder, fails or takes too long.
    """
    program = git if git is not None else await asyncio.to_thread(find_git, os.environ)
    if program is None:
        return {}
    asked = Git(program, folder)
    try:
        listed = await asked.ask(
            "rev-list", "--no-merges", f"--max-count={COMMITS}", "HEAD", "--", seconds=_SECONDS
        )
        if listed.status != 0:
            return {}
        # Plumbing: what a repository says of how its log is shown takes no part.
        told = await asked.ask(
            *("diff-tree", "--stdin", "-r", "--root", "--no-commit-id", "--name-only", "-z"),
            *("--relative", "--no-renames", "--no-ext-diff", "--no-textconv"),
            stdin=listed.out,
            most=_MOST_BYTES,
            seconds=_SECONDS,
        )
    except UserError:
        return {}
    names = told.out.decode("utf-8", "surrogateescape").split("\0")
    return Counter(name for name in names if name)
