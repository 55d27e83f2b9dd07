"""Ollama as a `ModelBackend`, through its native API.

What shapes this file was measured on a real server. The OpenAI dialect ignores the context size, so
it is not used. A prompt that does not fit is cut in silence unless `truncate` is false; generation
runs past the window unless `shift` is false. Changing any option a model was loaded with loads it
again, which takes seconds to minutes, so each model has one set of options for good. A reply is
whole only when its last line says `done`. A model whose name or description points to another host
runs there, even if the server is on this machine.

The `ollama` package's types are used where they reach; they know neither `truncate` nor `shift` nor
`remote_host`, and its client obeys proxies and follows redirects with the body, so the requests are
our own.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mirador_lsp.core.clean import plain
from mirador_lsp.core.dialogue import Limits, ModelCard, Prompt
from mirador_lsp.core.errors import BadReply, ModelError, ModelUnavailable
from mirador_lsp.models.hiding import Hide
from mirador_lsp.models.ollama_cloud import cloud_host
from mirador_lsp.models.ollama_lines import CLOUD, OllamaLines
from mirador_lsp.models.served import Barred, Known, Listing, ServedBackend
from mirador_lsp.models.texts import too_long, turns
from mirador_lsp.models.transport import Refusal, Transport

BACKEND = "ollama"
_MOST_LOGPROBS = 20


@dataclass(frozen=True)
class OllamaOptions:
    """How models of one server are used; the same for every request, so that none is reloaded."""

    context_tokens: int = 4096
    keep_alive: str = "10m"
    """How long a model stays loaded after its last reply, as Ollama writes it."""
    allow_cloud: bool = False
    """Models that the server runs on somebody else's machine may be used."""
    pins: Mapping[str, str] = field(default_factory=dict)
    """Model name to the digest it must have."""
    only: tuple[str, ...] = ()
    """The models that may be used, where any are named."""


class OllamaBackend(ServedBackend):
    """The models of one Ollama server. They are called `NAME/TAG`, `prefix` being NAME."""

    def __init__(
        self,
        transport: Transport,
        options: OllamaOptions,
        *,
        prefix: str = BACKEND,
        leaves: str = "",
    ) -> None:
        super().__init__(
            transport,
            _Ollama(transport, options, prefix),
            prefix=prefix,
            pins=options.pins,
            only=options.only,
            leaves=leaves,
        )


class _Ollama:
    """Ollama's native dialect."""

    busy_pauses = (0.25, 1.0, 3.0)

    def __init__(self, transport: Transport, options: OllamaOptions, prefix: str) -> None:
        self._transport = transport
        self._options = options
        self._prefix = prefix
        self._seen: dict[str, Known] = {}
        """What was learned of models, also where nobody waited for the end of the list."""
        self.remedy = "Start it: ollama serve" if transport.local else "Look at the server."

    async def list_models(self, kept: Mapping[str, Known]) -> Listing:
        listed = await self._transport.get("/api/tags")
        models: list[Known] = []
        barred: dict[str, Barred] = {}
        for tag, digest, size, remote in await asyncio.to_thread(_listed, listed):
            held = kept.get(f"{self._prefix}/{tag}", self._seen.get(tag))
            if held is not None and held.card.digest == digest:
                models.append(held)
                continue
            shown = await self._transport.post("/api/show", {"model": tag})
            host = remote or cloud_host(tag, shown)
            if host and not self._options.allow_cloud:
                why = f"it runs on another machine ({plain(host, 60)}), where your code would go"
                barred[tag] = Barred(why, "Use another model, or allow it with allow_cloud.")
                continue
            facts = await asyncio.to_thread(_facts, shown)
            if "completion" in facts.capabilities:
                self._seen[tag] = Known(self._card(tag, digest, size, facts, host), tag)
                models.append(self._seen[tag])
        return Listing(models, barred)

    async def title(self) -> str:
        version = await self._transport.get("/api/version")
        said = version.get("version", "?") if isinstance(version, dict) else "?"
        return f"Ollama {plain(str(said), 40)}"

    def path(self, known: Known) -> str:  # noqa: ARG002 — the same for all its models
        return "/api/chat"

    def question(self, known: Known, prompt: Prompt, limits: Limits) -> object:
        system, user = turns(prompt)
        body: dict[str, Any] = {
            "model": known.id,
            "messages": [
                {"role": "system", "content": system},
                {"role": "user", "content": user},
            ],
            "stream": True,
            "truncate": False,
            "shift": False,
            # Left out, a thinking model would think.
            "think": False,
            "keep_alive": self._options.keep_alive,
            "options": {
                # What it is loaded with: another value in any request would load it again.
                "num_ctx": known.card.context_tokens,
                "num_predict": limits.max_tokens,
                "temperature": limits.temperature,
                "seed": 0,
            },
        }
        if limits.top_logprobs > 0:
            body |= {"logprobs": True, "top_logprobs": min(limits.top_logprobs, _MOST_LOGPROBS)}
        return body

    def reader(self, known: Known, least: int, limits: Limits, hide: Hide) -> OllamaLines:
        return OllamaLines(known.card, least, hide, wants_probabilities=limits.top_logprobs > 0)

    def yields(self, refusal: Refusal, known: Known) -> bool:  # noqa: ARG002 — it says what it can
        return False

    def refusal(self, refusal: Refusal, known: Known, hide: Hide) -> ModelError | None:  # noqa: ARG002 — nothing is repeated
        lower = refusal.message.lower()
        if refusal.status == 400 and ("context" in lower or "exceed" in lower):
            return too_long(known.card)
        if refusal.status == 404 and refusal.body is not None:
            message = f"{known.card.name} is not there any more."
            return ModelUnavailable(message, remedy=self.missing(plain(known.id, 80)))
        return None

    def missing(self, identity: str) -> str:
        return f"Get it: ollama pull {identity}"

    def _card(self, tag: str, digest: str, size: int, facts: "_Facts", host: str) -> ModelCard:
        trained = facts.context_tokens or self._options.context_tokens
        return ModelCard(
            name=f"{self._prefix}/{tag}",
            backend=BACKEND,
            digest=digest,
            context_tokens=min(self._options.context_tokens, trained),
            size_bytes=size,
            parameters=facts.parameters,
            supports_logprobs=True,
            leaves=_passed_on(f"{self._prefix}/{tag}", host),
            tags=frozenset(facts.capabilities) | ({CLOUD} if host else set()),
        )


@dataclass(frozen=True)
class _Facts:
    capabilities: tuple[str, ...]
    context_tokens: int
    """What the model was trained for; 0 when it is not told."""
    parameters: float


def _listed(body: Any) -> list[tuple[str, str, int, str]]:
    """Tag, digest, size and, for a cloud model, its host. Raises `BadReply`."""
    package = _package()
    try:
        response = package.ListResponse.model_validate(body)
        raw = {each.get("model"): each for each in body["models"]}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        message = "The server's list of models cannot be read."
        raise BadReply(message) from error
    return [
        (each.model, each.digest, int(each.size or 0), cloud_host(each.model, raw.get(each.model)))
        for each in response.models
        if each.model and each.digest
    ]


def _facts(body: Any) -> _Facts:
    package = _package()
    try:
        shown = package.ShowResponse.model_validate(body)
    except ValueError as error:
        message = "What the server says of a model cannot be read."
        raise BadReply(message) from error
    info = shown.modelinfo or {}
    context = next((v for k, v in info.items() if k.endswith(".context_length")), 0)
    count = info.get("general.parameter_count", 0)
    return _Facts(
        capabilities=tuple(shown.capabilities or ()),
        context_tokens=context if isinstance(context, int) else 0,
        parameters=count / 1e9 if isinstance(count, int | float) else 0.0,
    )


def _package() -> Any:
    # pydantic behind it takes a fifth of a second to import: only where there is an Ollama.
    import ollama

    return ollama


def _passed_on(name: str, host: str) -> str:
    """What leaves this machine, and the server's, when a cloud model is asked."""
    if not host:
        return ""
    return (
        f"The code that {plain(name, 120)} reads is passed on by its server, to {plain(host, 60)}."
    )
