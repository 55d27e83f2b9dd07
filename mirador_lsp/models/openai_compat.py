"""Servers that speak OpenAI's chat dialect: llama.cpp's own, vLLM, LM Studio, LiteLLM and others.

They agree on the question and the stream, and on little else. What a server can do beyond that is
found out once: llama.cpp's answers `/props` and takes grammars; vLLM tells `max_model_len`; LM
Studio describes its models at `/api/v0/models`.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePath
from typing import Any

import msgspec

from mirador_lsp.core.clean import plain
from mirador_lsp.core.dialogue import Limits, ModelCard, Prompt
from mirador_lsp.core.errors import BadReply, ModelError
from mirador_lsp.models.hiding import Hide
from mirador_lsp.models.openai_events import OpenAIEvents
from mirador_lsp.models.served import Known, Listing, ServedBackend
from mirador_lsp.models.texts import turns
from mirador_lsp.models.transport import Refusal, Transport

BACKEND = "openai"
_MOST_MODELS = 500
_MOST_LOGPROBS = 20


class Flavour(StrEnum):
    """What kind of server it turned out to be."""

    PLAIN = "plain"
    LLAMA_CPP = "llama.cpp"
    VLLM = "vLLM"
    LM_STUDIO = "LM Studio"


@dataclass(frozen=True)
class OpenAIOptions:
    """How one server is used."""

    context_tokens: int = 4096
    """At most so much of a model's context is used; and taken for it where the server does not
    tell."""
    can_judge: tuple[str, ...] = ()
    """Models whose yes/no probability about a claim is known to be better than chance."""
    pins: Mapping[str, str] = field(default_factory=dict)
    """Model name to the digest it must have."""
    only: tuple[str, ...] = ()
    ranker: str = ""
    """The model that ranks what was found; it is asked nothing else. "" for none."""
    """The models that may be used, where any are named."""


class OpenAIBackend(ServedBackend):
    """The models of one server. They are called `PREFIX/ID`."""

    def __init__(
        self,
        transport: Transport,
        options: OpenAIOptions,
        *,
        prefix: str = BACKEND,
        leaves: str = "",
    ) -> None:
        dialect = _OpenAI(transport, options, prefix)
        super().__init__(
            transport, dialect, prefix=prefix, pins=options.pins, only=options.only, leaves=leaves
        )


class _OpenAI:
    """OpenAI's chat dialect."""

    busy_pauses = ()
    remedy = "Start it, or correct its address."

    def __init__(self, transport: Transport, options: OpenAIOptions, prefix: str) -> None:
        self._transport = transport
        self._options = options
        self._prefix = prefix
        self._flavour = Flavour.PLAIN

    async def list_models(self, kept: Mapping[str, Known]) -> Listing:  # noqa: ARG002 — cheap
        models = _models(await self._transport.get("/v1/models"))
        self._flavour, contexts = await self._beyond(models)
        found = [self._describe(raw, contexts) for raw in models[:_MOST_MODELS]]
        ranker = self._options.ranker
        # A server of one model lets users call it what they like.
        alone = bool(ranker) and len(found) == 1
        return Listing([one for one in found if one.id != ranker and not alone])

    async def title(self) -> str:
        return str(self._flavour)

    def path(self, known: Known) -> str:  # noqa: ARG002 — the same for all its models
        return "/v1/chat/completions"

    def question(self, known: Known, prompt: Prompt, limits: Limits) -> object:
        system, user = turns(prompt)
        body: dict[str, Any] = {
            "model": known.id,
            "messages": [
                {"role": "system", "content": system},
                {"role": "user", "content": user},
            ],
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_tokens": limits.max_tokens,
            "temperature": limits.temperature,
            "seed": 0,
        }
        if limits.top_logprobs > 0 and known.card.supports_logprobs:
            body |= {"logprobs": True, "top_logprobs": min(limits.top_logprobs, _MOST_LOGPROBS)}
        if self._flavour is Flavour.LLAMA_CPP:
            body |= {"cache_prompt": True, "return_progress": True}
        if prompt.constraint is not None:
            if self._flavour is Flavour.LLAMA_CPP:
                body["grammar"] = prompt.constraint.gbnf
            elif self._flavour is Flavour.VLLM:
                body["structured_outputs"] = {"grammar": prompt.constraint.gbnf}
        return body

    def reader(self, known: Known, least: int, limits: Limits, hide: Hide) -> OpenAIEvents:  # noqa: ARG002 — events say all
        return OpenAIEvents(known.card, least, hide)

    def yields(self, refusal: Refusal, known: Known) -> bool:  # noqa: ARG002 — it says what it can
        return False

    def refusal(self, refusal: Refusal, known: Known, hide: Hide) -> ModelError | None:  # noqa: ARG002 — nothing of its own
        return None

    def missing(self, identity: str) -> str:  # noqa: ARG002 — nothing can be fetched
        return "`mirador models list` names those it has."

    async def _beyond(self, models: list[dict[str, Any]]) -> tuple[Flavour, Mapping[str, int]]:
        """What kind of server it is, and the contexts it tells elsewhere, "" for every model."""
        if any("max_model_len" in model for model in models):
            return Flavour.VLLM, {}
        props = await self._optional("/props")
        settings = props.get("default_generation_settings")
        if isinstance(settings, dict) and isinstance(settings.get("n_ctx"), int):
            return Flavour.LLAMA_CPP, {"": settings["n_ctx"]}
        described = (await self._optional("/api/v0/models")).get("data")
        contexts = {
            str(each.get("id")): each.get("loaded_context_length")
            or each.get("max_context_length", 0)
            for each in (described if isinstance(described, list) else ())
            if isinstance(each, dict)
        }
        known = {name: size for name, size in contexts.items() if isinstance(size, int) and size}
        return (Flavour.LM_STUDIO, known) if known else (Flavour.PLAIN, {})

    async def _optional(self, path: str) -> dict[str, Any]:
        """What only some servers tell; {} elsewhere."""
        try:
            body = await self._transport.get(path)
        except (Refusal, ModelError):
            return {}
        return body if isinstance(body, dict) else {}

    def _describe(self, raw: dict[str, Any], contexts: Mapping[str, int]) -> Known:
        identity = str(raw["id"])
        meta: dict[str, Any] = raw["meta"] if isinstance(raw.get("meta"), dict) else {}
        told = raw.get("max_model_len") or contexts.get(identity) or contexts.get("")
        context = told if isinstance(told, int) and told > 0 else self._options.context_tokens
        count, size = meta.get("n_params"), meta.get("size")
        # Nobody tells the weights' checksum here; what is told of them stands for it. `created` is
        # the time of the answer with some servers.
        about = msgspec.json.encode([self._prefix, identity, meta])
        card = ModelCard(
            # llama.cpp's server calls a model by the path of its file.
            name=f"{self._prefix}/{plain(PurePath(identity).name, 120)}"
            if identity.startswith("/")
            else f"{self._prefix}/{plain(identity, 120)}",
            backend=BACKEND,
            digest=hashlib.sha256(about).hexdigest(),
            context_tokens=min(context, self._options.context_tokens),
            size_bytes=size if isinstance(size, int) else 0,
            parameters=count / 1e9 if isinstance(count, int) else 0.0,
            supports_grammar=self._flavour in (Flavour.LLAMA_CPP, Flavour.VLLM),
            supports_logprobs=self._flavour is not Flavour.LM_STUDIO,
            can_judge=identity in self._options.can_judge,
        )
        return Known(card, identity)


def _models(body: Any) -> list[dict[str, Any]]:
    listed = body.get("data") if isinstance(body, dict) else None
    if not isinstance(listed, list):
        message = "The server's list of models cannot be read."
        raise BadReply(message)
    return [each for each in listed if isinstance(each, dict) and isinstance(each.get("id"), str)]
