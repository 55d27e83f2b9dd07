"""What a bug report needs to know of a session: figures and settings, no text and no secret."""

import asyncio
import dataclasses
import platform
import re
import sys
from collections.abc import Mapping
from typing import Any

from mirador_lsp import __version__
from mirador_lsp.core.errors import MiradorError
from mirador_lsp.server.server import MiradorServer

_SECRET = re.compile(r"key|token|secret|password|credential|header", re.IGNORECASE)
_IN_ADDRESS = re.compile(r"(?<=://)[^/?#\s]*@|[?#]\S*")
"""What of an address can be a secret: a name and password, a key in its query."""
_WORDS = re.compile(r"instructions$")
"""Settings that hold prose of the user's: its length is told."""


async def facts(ls: MiradorServer) -> dict[str, Any]:
    """Everything, as values that JSON can carry."""
    client = dataclasses.asdict(ls.session.client)
    client["diagnostic_tags"] = sorted(int(tag) for tag in ls.session.client.diagnostic_tags)
    return {
        "version": __version__,
        "python": sys.version.split()[0],
        "system": await asyncio.to_thread(platform.platform),
        "client": client,
        "folders": len(ls.session.folders),
        "settings": _settings(dataclasses.asdict(ls.settings), ls.origins),
        "documents": [_document(ls, uri) for uri in ls.session.uris()],
        "reviews": [run.snapshot.name for run in ls.session.runs()],
        "jobs": [f"{job.kind}: {job.title}" for job in ls.jobs.running()],
        "ahead": dataclasses.asdict(ls.ahead.figures),
        "registered": list(ls.registrations.held()),
        "evidence": ls.evidence.count(),
        "unsent_bytes": ls.backlog(),
        "checks": await _checks(ls),
    }


def _document(ls: MiradorServer, uri: str) -> dict[str, Any]:
    document = ls.session.document(uri)
    snapshot = ls.snapshot(uri)
    if document is None or snapshot is None:
        return {"version": document.version if document else None, "in_doubt": True}
    return {
        "version": document.version,
        "language": snapshot.language,
        "lines": len(snapshot.lines),
        "shown": len(ls.publisher.shown(snapshot)),
        "in_doubt": False,
    }


async def _checks(ls: MiradorServer) -> list[dict[str, str]]:
    try:
        found = await (await ls.apps.get()).doctor()
    except MiradorError as error:
        return [{"name": "application", "health": "failure", "detail": error.sentence()}]
    return [{"name": c.name, "health": c.health.value, "detail": c.detail} for c in found]


def _without_secrets(name: str, value: Any) -> Any:
    if value and _SECRET.search(name):
        return "(not shown)"
    if isinstance(value, Mapping):
        return {key: _without_secrets(key, each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without_secrets("", each) for each in value]
    if isinstance(value, str) and "://" in value:
        return _IN_ADDRESS.sub("…", value)
    return value


def _settings(
    values: Mapping[str, Any], origins: Mapping[str, str], above: str = ""
) -> dict[str, Any]:
    """Each setting with who set it; the defaults are named as such."""
    told: dict[str, Any] = {}
    for name, value in values.items():
        path = f"{above}{name}"
        if isinstance(value, frozenset):
            continue  # the names of what was set: each says so itself
        if isinstance(value, Mapping):
            told |= _settings(value, origins, f"{path}.")
            continue
        shown = _without_secrets(name, value)
        if value and _WORDS.search(name):
            shown = f"({len(str(value))} characters)"
        told[path] = {"value": shown, "from": origins.get(path, "the defaults")}
    return told
