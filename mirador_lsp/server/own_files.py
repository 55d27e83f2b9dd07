"""The user's own files, looked at now and then: they lie where no client watches."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

LOOK_SECONDS = 2.0
_MOST_INSIDE = 64
"""Files of a folder that are looked at."""


async def follow(
    files: Sequence[Path], changed: Callable[[], Awaitable[None]], every: float = LOOK_SECONDS
) -> None:
    """Call `changed` whenever one of `files` was written, made or deleted; of a folder, a Markdown
    or TOML file in it. Until cancelled.
    """
    before = await asyncio.to_thread(_look, files)
    while True:
        await asyncio.sleep(every)
        now = await asyncio.to_thread(_look, files)
        if now != before:
            before = now
            await changed()


def _look(files: Sequence[Path]) -> list[tuple[int, int, int] | None]:
    inside = [each for file in files for each in _inside(file)]
    return [_identity(file) for file in (*files, *inside)]


def _inside(folder: Path) -> list[Path]:
    return sorted((*folder.glob("*.md"), *folder.glob("*.toml")))[:_MOST_INSIDE]


def _identity(file: Path) -> tuple[int, int, int] | None:
    try:
        facts = file.stat()
    except OSError:
        return None
    return facts.st_mtime_ns, facts.st_size, facts.st_ino
