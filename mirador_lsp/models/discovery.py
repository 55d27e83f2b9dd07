"""Model servers that run on this machine, found where they usually listen.

What is found is told and never used by itself: on a machine with several users anybody may listen
on a well-known port, and code goes only where its owner says.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from mirador_lsp.core.clean import plain
from mirador_lsp.core.dialogue import ModelCard
from mirador_lsp.core.health import Check, Health
from mirador_lsp.core.servers import ModelServer
from mirador_lsp.models.servers import Server, reach

_SECONDS = 5.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Place:
    """Where a kind of server usually listens."""

    title: str
    kind: str
    url: str


PLACES = (
    Place("Ollama", "ollama", "http://127.0.0.1:11434"),
    Place("LM Studio", "openai", "http://127.0.0.1:1234"),
    Place("llama.cpp's server", "openai", "http://127.0.0.1:8080"),
    Place("vLLM", "openai", "http://127.0.0.1:8000"),
)


@dataclass(frozen=True)
class Found:
    """A server that answers and has models."""

    place: Place
    cards: tuple[ModelCard, ...]

    def check(self) -> Check:
        """What `mirador doctor` says of it."""
        place, name = self.place, self.place.kind
        models = ", ".join(card.name.partition("/")[2] for card in self.cards)
        text = f"runs at {place.url} and is not used; it has {plain(models, 200)}"
        remedy = f'To use it, add to your settings: [[servers]] name = "{name}", '
        remedy += f'kind = "{place.kind}", url = "{place.url}"'
        return Check(place.title, Health.OK, text, remedy)


async def discover(
    servers: Sequence[Server] = (), places: Sequence[Place] = PLACES
) -> tuple[Found, ...]:
    """The servers that run at `places` and are none of `servers`. Takes five seconds at most; never
    raises.
    """
    known = {server.url.rstrip("/").replace("localhost", "127.0.0.1") for server in servers}
    asked = [place for place in places if place.url not in known]
    found = await asyncio.gather(*(_look(place) for place in asked))
    return tuple(each for each in found if each is not None)


async def tell_log(servers: Sequence[Server] = (), places: Sequence[Place] = PLACES) -> None:
    """Write into the log what runs on this machine and is not used, and how it can be."""
    for found in await discover(servers, places):
        check = found.check()
        _log.info("%s %s. %s", check.name, check.detail, check.remedy)


async def _look(place: Place) -> Found | None:
    server = reach(ModelServer(name=place.kind, kind=place.kind, url=place.url), env={})
    try:
        async with asyncio.timeout(_SECONDS):
            cards = await server.bare.cards()
    except TimeoutError:
        return None
    finally:
        await server.bare.close()
    return Found(place, tuple(cards)) if cards else None
