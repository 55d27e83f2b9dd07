"""A server that the user named, as a backend: its dialect, behind its queue and its breaker."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from mirador_lsp.core.errors import UserError
from mirador_lsp.core.health import Check, Health
from mirador_lsp.core.ports import ModelBackend
from mirador_lsp.core.servers import ModelServer
from mirador_lsp.models.breaker import BreakingBackend
from mirador_lsp.models.gate import GatedBackend
from mirador_lsp.models.ollama import OllamaBackend, OllamaOptions
from mirador_lsp.models.openai_compat import OpenAIBackend, OpenAIOptions
from mirador_lsp.models.transport import Transport

LONG_QUEUE = 8
"""Requests that wait, from which on users are told that something may be done about it."""


@dataclass(frozen=True)
class Server:
    """A server and the way to it."""

    name: str
    backend: ModelBackend
    """With its queue and its breaker."""
    bare: OllamaBackend | OpenAIBackend
    queue: GatedBackend
    local: bool
    """It runs on this machine."""
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
        if self.local:
            return checks
        text = f"the code that its models read leaves this machine, to {self.url}"
        return (*checks, Check(f"{self.name} is elsewhere", Health.OK, text))


def reach(options: ModelServer, env: Mapping[str, str] = os.environ) -> Server:
    """The server, not yet connected. Raises `UserError` for an address or a key that is none."""
    key = env.get(options.key_env, "") if options.key_env else ""
    if options.key_env and not key:
        message = f"The variable {options.key_env}, the key of {options.name}, is not set."
        raise UserError(message, remedy="Set it, or remove key_env.")
    transport = Transport(options.name, options.url, key=key)
    bare = _dialect(options, transport)
    gated = GatedBackend(bare, slots=options.slots)
    backend = BreakingBackend(gated, options.name)
    return Server(options.name, backend, bare, gated, transport.local, options.url)


def _dialect(options: ModelServer, transport: Transport) -> OllamaBackend | OpenAIBackend:
    if options.kind == "ollama":
        pins = dict(pin.split("=", 1) for pin in options.pins)
        ollama = OllamaOptions(
            options.context_tokens, options.keep_alive, allow_cloud=options.allow_cloud, pins=pins
        )
        return OllamaBackend(transport, ollama, prefix=options.name)
    served = OpenAIOptions(options.context_tokens, options.judges)
    return OpenAIBackend(transport, served, prefix=options.name)
