"""The embedder that the settings name, and what users are told of it."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import MiradorError, ModelUnavailable, UserError
from mirador_lsp.core.health import Check, Health
from mirador_lsp.core.ports import Embedder
from mirador_lsp.core.servers import ModelServer
from mirador_lsp.models.embedder_files import MINILM, STATIC, EmbedderFiles, agreement, cards
from mirador_lsp.models.embedding_dialects import check_named, ollama_embedder, openai_embedder
from mirador_lsp.models.keys import find_key
from mirador_lsp.models.minilm import REMEDY, MiniLm, Runner
from mirador_lsp.models.static_table import StaticTable
from mirador_lsp.models.storage import Presence
from mirador_lsp.models.tensors import read_tensors
from mirador_lsp.models.transport import Transport

AUTO, NONE = "auto", "none"
_LEAST_AGREEMENT = 0.97
"""Of what this processor computes with the exact vectors; less means that it computes wrongly."""


async def make_embedder(
    name: str,
    *,
    models: Path,
    servers: Sequence[ModelServer] = (),
    env: Mapping[str, str] = os.environ,
) -> Embedder:
    """The embedder called "minilm", "static" or "SERVER/MODEL", ready to be asked.

    `models` is the models folder. Nothing is fetched. A server is asked for one vector. Raises
    `UserError` for a name, an address or a key that is none, `ModelUnavailable`, `ModelTimeout` and
    `BadReply` for an embedder that is not there.
    """
    if "/" in name:
        return await _served(name, servers, env)
    if name in (MINILM, AUTO):
        return await asyncio.to_thread(_minilm, EmbedderFiles(models))
    if name == STATIC:
        return await asyncio.to_thread(_static, EmbedderFiles(models))
    message = f"There is no embedder called “{plain(name, 60)}”."
    raise UserError(message, remedy="There are minilm, and SERVER/MODEL for a server's.")


async def embedder_checks(
    models: Path,
    wanted: str = AUTO,
    servers: Sequence[ModelServer] = (),
    env: Mapping[str, str] = os.environ,
) -> tuple[Check, ...]:
    """What `mirador doctor` says of `wanted`, the embedder that the settings name. Never raises.

    A server is asked for one vector, for which it may have to load the model.
    """
    if wanted == NONE:
        return (Check("embedder", Health.OK, "none is wanted: found is what holds the words"),)
    if "/" in wanted:
        return (await _served_check(wanted, servers, env),)
    status = await asyncio.to_thread(EmbedderFiles(models).verify)
    pull = "mirador models pull minilm"
    match status.presence:
        case Presence.VERIFIED if status.manifest is not None:
            made = status.manifest
            detail = f"minilm, {status.bytes_present // 10**6} MB, {made.quality}"
            return (Check("embedder", Health.OK, detail),)
        case Presence.BROKEN:
            return (Check("embedder", Health.WARNING, f"never used: {status.detail}", pull),)
        case Presence.PARTIAL:
            return (Check("embedder", Health.WARNING, f"minilm is {status.detail}", pull),)
        case _:
            detail = "minilm is not installed; search finds words and names, not meaning"
            return (Check("embedder", Health.WARNING, detail, pull),)


async def _served_check(name: str, servers: Sequence[ModelServer], env: Mapping[str, str]) -> Check:
    try:
        embedder = await _served(name, servers, env)
    except MiradorError as error:
        return Check("embedder", Health.WARNING, str(error), error.remedy)
    await embedder.close()
    size = embedder.card.dimensions
    detail = f"{plain(name, 80)}, {size} dimensions; all code that is indexed is sent to it"
    return Check("embedder", Health.OK, detail)


def _minilm(files: EmbedderFiles) -> MiniLm:
    graph, manifest = files.graph()
    runner = Runner(graph)
    agrees = agreement(runner, manifest.probes)
    if agrees < _LEAST_AGREEMENT:
        message = f"The embedder minilm computes wrong vectors on this machine ({agrees:.2f})."
        raise ModelUnavailable(message, remedy=REMEDY)
    return MiniLm(runner, cards(manifest)[MINILM])


def _static(files: EmbedderFiles) -> StaticTable:
    path, manifest = files.table()
    return StaticTable(read_tensors(path), cards(manifest)[STATIC])


async def _served(name: str, servers: Sequence[ModelServer], env: Mapping[str, str]) -> Embedder:
    prefix, _, model = name.partition("/")
    server = next((each for each in servers if each.name == prefix), None)
    if server is None or not model:
        message = f"There is no server called “{plain(prefix, 60)}” for the embedder."
        raise UserError(message, remedy="Add it to your settings under [[servers]].")
    check_named(server, model)
    transport = Transport(server.name, server.url, key=find_key(server, env))
    connect = ollama_embedder if server.kind == "ollama" else openai_embedder
    try:
        return await connect(server, model, transport)
    except BaseException:
        await transport.close()
        raise
