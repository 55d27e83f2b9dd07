"""History for programs: plain values, and JSON lines. `docs/history.md` describes them."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from mirador_lsp.core.errors import UserError
from mirador_lsp.core.history import (
    Exchange,
    Extent,
    HistoryBook,
    Life,
    Retention,
    Selection,
    Session,
)

if TYPE_CHECKING:
    from mirador_lsp.cli.oblivion import Oblivion
    from mirador_lsp.core.retrieval import Hit

VERSION = 1
"""Of the form of an export; a new meaning of an old field is a new version."""
_MOST = 10_000_000
_TIMES = frozenset({"time", "began", "last", "first"})

Row = Mapping[str, Any]


def write(value: object, stream: TextIO) -> None:
    """One object in one line of ASCII: whatever characters are in it, the line is one."""
    print(json.dumps(value), file=stream)


async def everything(book: HistoryBook, which: Selection) -> list[Row]:
    """The lines of an export: what it is, sessions, requests, findings; each oldest first."""
    sessions = [session(each) for each in await book.sessions(which, _MOST)]
    exchanges = [exchange(each) for each in await book.exchanges(which, _MOST)]
    lives = [life(each) for each in await book.lives(which, _MOST)]
    head: Row = {"type": "mirador-history", "version": VERSION}
    return [head, *reversed(sessions), *reversed(exchanges), *reversed(lives)]


def to_file(file: Path, lines: Sequence[Row]) -> None:
    """Write an export that its owner alone can read. Blocks. Raises `UserError`."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(file, flags, 0o600), "w", encoding="ascii") as stream:
            os.fchmod(stream.fileno(), 0o600)
            for each in lines:
                write(each, stream)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no name of a file"
        message = f"{file} cannot be written: {reason}."
        raise UserError(message, remedy="Name another file.") from error


def session(each: Session) -> Row:
    """A session."""
    return {
        "type": "session",
        "id": each.id,
        "workspace": each.visit.workspace,
        "surface": each.visit.surface.value,
        "client": each.visit.client,
        "began": _time(each.began),
        "last": _time(each.last),
        "requests": each.exchanges,
    }


def exchange(each: Exchange) -> Row:
    """A request and what came of it."""
    return {"type": "request", **_with_times(asdict(each))}


def life(each: Life) -> Row:
    """A finding and what happened to it."""
    moments = [_with_times(asdict(moment)) for moment in each.moments]
    return {"type": "finding", **_with_times(asdict(each)), "moments": moments}


def hit(each: "Hit") -> Row:
    """What the index has found."""
    score = round(each.score, 4)
    return {"kind": each.kind, "title": each.symbol, "text": each.text, "score": score}


def extent(kept: Extent, retention: Retention) -> Row:
    """How much is kept, and for how long."""
    tended = _time(kept.tended) if kept.tended else None
    limits = {"days": retention.days, "max_bytes": retention.most_bytes}
    return {**asdict(kept), "tended": tended, **limits}


def oblivion(gone: "Oblivion") -> Row:
    """What was removed."""
    history = gone.history
    return {
        "sessions": history.sessions,
        "requests": history.exchanges,
        "findings": history.findings,
        "moments": history.moments,
        "memories": len(history.memories) - len(gone.left),
        "memories_left": len(gone.left),
        "decisions": gone.decisions,
        "figures": gone.figures,
        "replies": gone.replies,
    }


def _with_times(values: dict[str, Any]) -> dict[str, Any]:
    return {name: _time(v) if name in _TIMES else v for name, v in values.items()}


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
