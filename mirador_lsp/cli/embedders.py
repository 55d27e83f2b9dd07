"""The embedder of this machine in `mirador models`: it is fetched, checked and removed as models
are, but nobody asks it anything.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mirador_lsp.cli.progress import pull_display
from mirador_lsp.cli.terminal import say
from mirador_lsp.core.errors import DownloadError

if TYPE_CHECKING:
    from rich.table import Table

    from mirador_lsp.app import EmbedderFiles, EmbedderStatus

NAME = "minilm"
_MB = 1_000_000
_INTERRUPTED = 130
_STATES = {
    "verified": "installed",
    "broken": "broken",
    "partial": "partly fetched",
    "absent": "not there",
}
"""What a presence is called, for people."""


def is_embedder(name: str) -> bool:
    """Whether a name on the command line means the embedder."""
    return name.strip().lower() == NAME


def table_of(files: "EmbedderFiles") -> "Table":
    """The embedder as a table for a terminal."""
    from rich.table import Table  # noqa: PLC0415 — only when it is drawn

    status, entry = files.look(), files.entry
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("embedder", no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("licence", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("used for", overflow="fold")
    size = status.bytes_present if status.manifest is not None else entry.size
    state = _STATES[status.presence.value]
    table.add_row(entry.name, f"{size / _MB:,.0f} MB", entry.licence, state, entry.use)
    return table


def facts_of(files: "EmbedderFiles") -> dict[str, object]:
    """The same for machines."""
    status, entry = files.look(), files.entry
    made = status.manifest
    return {
        "name": entry.name,
        "title": entry.title,
        "use": entry.use,
        "licence": entry.licence,
        "source_sha256": made.source if made is not None else entry.sha256,
        "source_size": entry.size,
        "form": made.form if made is not None else None,
        "agreement": made.agreement if made is not None else None,
        "state": status.presence.value,
        "bytes_present": status.bytes_present,
        "detail": status.detail,
        "path": str(status.path),
    }


def pull(files: "EmbedderFiles") -> int:
    """Fetch and make it. 0 when it is there, 1 when it could not be had, 130 after Ctrl-C."""
    from mirador_lsp.app import pull_embedder  # noqa: PLC0415

    if files.verify().presence.value == "verified":
        print(f"{NAME} is already there")
        return 0
    try:
        with pull_display(sys.stderr, os.environ) as display:
            status = asyncio.run(pull_embedder(files, display.update))
    except DownloadError as error:
        say(error.sentence())
        return 1
    except KeyboardInterrupt:
        say(f"stopped; `mirador models pull {NAME}` goes on from here")
        return _INTERRUPTED
    print(f"{NAME} is ready: {status.bytes_present / _MB:,.0f} MB, {_quality(status)}")
    return 0


def remove(files: "EmbedderFiles") -> None:
    """Delete it and what is left of an unfinished download."""
    there = files.look().presence.value != "absent"
    freed = files.remove()
    print(f"{NAME} removed, {freed / _MB:,.0f} MB freed" if there else f"{NAME} is not there")


def verify(files: "EmbedderFiles") -> bool:
    """Read all of it and compare it with what was made. Whether it is right."""
    status = files.verify()
    right = status.presence.value == "verified"
    print(f"{NAME}: {'as it was made' if right else status.detail or 'not there'}")
    return right


def without(names: Sequence[str]) -> list[str]:
    """The names that mean models."""
    return [name for name in names if not is_embedder(name)]


def _quality(status: "EmbedderStatus") -> str:
    made = status.manifest
    if made is None:
        return status.detail
    return f"{made.quality}, {status.path}"
