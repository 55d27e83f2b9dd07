"""A server that the user named, as a backend: its dialect, behind its queue and its breaker."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mirador_lsp.core.errors import UserError
from mirador_lsp.core.health import Check, Health
from mirador_lsp.core.ports import ModelBackend
from mirador_lsp.core.servers import ModelServer
from mirador_lsp.models import gemini
from mirador_lsp.models.breaker import BreakingBackend
from mirador_lsp.models.gate import GatedBackend
from mirador_lsp.models.gemini import GeminiBackend, GeminiOptions
from mirador_lsp.models.keys import find_key
from mirador_lsp.models.ollama import OllamaBackend, OllamaOptions
from mirador_lsp.models.openai_compat import OpenAIBackend, OpenAIOptions
from mirador_lsp.models.served import ServedBackend
from mirador_lsp.models.sharing import SharedSlots
from mirador_lsp.models.transport import Transport

LONG_QUEUE = 8
"""Requests that wait, from which on users are told that something may be done about it."""


@dataclass(frozen=True)
class Server:
    """A server and the way to it."""

    name: str
    backend: ModelBackend
    """With its queue and its breaker."""
    bare: ServedBackend
    queue: GatedBackend
    leaves: str
    """What leaves this machine when its models are asked, one sentence; "" when nothing does."""
    url: str

    async def health(self) -> tuple[Check, ...]:
        """What `mirador doctor` says of it."""
        checks = await self.bare.health()
        if waiting := self.queue.waiting:
            text = f"{waiting} of our requests wait behind {self.queue.running} that it works on"
            remedy = "Raise its slots if it can do more at a time."
            long = waiting >= LONG_QUEUE
            found = Check(
                f"queue of {self.name}",
                Health.WARNING if long else Health.OK,
                text,
                remedy if long else "",
            )
            checks = (*checks, found)
        if not self.leaves:
            return checks
        return (*checks, Check(f"{self.name} is elsewhere", Health.OK, self.leaves))


def reach(
    server: ModelServer,
    env: Mapping[str, str] = os.environ,
    *,
    runtime: Path | None = None,
    ranker: str = "",
) -> Server:
    """The server, not yet connected. Reads its key; its model `ranker` is put to no work.

    Raises `UserError` for an address or a key that is none, and for a service of others' that could
    be reached unencrypted or without a key.
    """
    key = find_key(server, env)
    if server.kind == gemini.BACKEND:
        url = server.url.rstrip("/").removesuffix("/v1beta")
        transport = Transport(server.name, url, key=key, key_header=gemini.KEY_HEADER)
        _check_service(server, transport)
    else:
        transport = Transport(server.name, server.url, key=key)
    leaves = _leaving(server, transport)
    bare = _dialect(server, transport, leaves, ranker)
    url = server.url.rstrip("/")
    shared = SharedSlots(runtime, url, server.slots) if runtime is not None else None
    gated = GatedBackend(bare, slots=server.slots, shared=shared)
    backend = BreakingBackend(gated, server.name)
    return Server(server.name, backend, bare, gated, leaves, server.url)


def _check_service(server: ModelServer, transport: Transport) -> None:
    if not transport.encrypted and not transport.local:
        message = f"{server.name} would be sent your key and your code unencrypted."
        raise UserError(message, remedy="Write its address with https.")
    if not transport.key:
        message = f"{server.name} has no key, and {server.kind} answers nobody without one."
        raise UserError(message, remedy="Name the variable that holds it with key_env.")


def _leaving(server: ModelServer, transport: Transport) -> str:
    """What leaves this machine; a service of others' is elsewhere, whoever passes it on."""
    if server.kind == gemini.BACKEND:
        return (
            f"Everything that a model of {server.name} is asked, your code included, leaves this "
            f"machine and goes to Google ({transport.host})."
        )
    if transport.local:
        return ""
    return f"The code that models of {server.name} read leaves this machine, to {transport.host}."


def _dialect(server: ModelServer, transport: Transport, leaves: str, ranker: str) -> ServedBackend:
    pins = dict(pin.split("=", 1) for pin in server.pins)
    match server.kind:
        case "ollama":
            ollama = OllamaOptions(
                server.context_tokens,
                server.keep_alive,
                allow_cloud=server.allow_cloud,
                pins=pins,
                only=server.models,
            )
            return OllamaBackend(transport, ollama, prefix=server.name, leaves=leaves)
        case gemini.BACKEND:
            service = GeminiOptions(server.models, server.context_tokens, server.judges, pins)
            return GeminiBackend(transport, service, prefix=server.name, leaves=leaves)
        case _:
            served = OpenAIOptions(
                server.context_tokens, server.judges, pins, server.models, ranker
            )
            return OpenAIBackend(transport, served, prefix=server.name, leaves=leaves)
