"""The dashboard as files: a page that holds all it needs, and the requests as lines of JSON."""

import json
import os
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from mirador_lsp.cli.dashboard_page import page
from mirador_lsp.core.errors import ServiceError, UserError
from mirador_lsp.core.figures import Summary
from mirador_lsp.core.metrics import RequestFigures
from mirador_lsp.engine.figures.facts import request_facts, summary_facts

_NAME = "mirador-figures"


def export(
    target: Path, summary: Summary, requests: Iterable[RequestFigures], now: float
) -> list[Path]:
    """Write what `target` asks for: FILE.html with its lines beside it, FILE.jsonl alone, or both
    into a folder. Gives the files, each of which is there whole or not at all.

    `requests` are those that are there one by one, oldest first. Raises `UserError` for another
    kind of name, `ServiceError` where it cannot be written.
    """
    html, lines = _files(target)
    written = []
    if html is not None:
        moment = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M UTC")
        facts = {**summary_facts(summary), "live": False, "written": moment}
        _write(html, page(facts))
        written.append(html)
    each = (json.dumps(request_facts(request)) + "\n" for request in requests)
    _write(lines, "".join(each).encode())
    return [*written, lines]


def _files(target: Path) -> tuple[Path | None, Path]:
    if target.is_dir():
        return target / f"{_NAME}.html", target / f"{_NAME}.jsonl"
    if target.suffix == ".html":
        return target, target.with_suffix(".jsonl")
    if target.suffix == ".jsonl":
        return None, target
    message = f"{target} is no folder and does not end in .html or .jsonl."
    raise UserError(message, remedy="Name one that does.")


def _write(file: Path, content: bytes) -> None:
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        part = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as opened:
                opened.write(content)
                opened.flush()
                os.fsync(opened.fileno())
            part.replace(file)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        message = f"{file} cannot be written: {error.strerror}."
        raise ServiceError(message, remedy="Name another place, or make room there.") from error
