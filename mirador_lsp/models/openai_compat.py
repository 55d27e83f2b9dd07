"""Servers that speak OpenAI's chat dialect: llama.cpp's own, vLLM, LM Studio, LiteLLM and others.

They agree on the question and the stream, and on little else. What a server can do beyond that is
found out once: llama.cpp's answers `/props` and takes grammars; vLLM tells `max_model_len`; LM
Studio describes its models at `/api/v0/models`.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath
from typing import Any

import msgspec

from mirador_lsp.core.clean import plain
from mirador_lsp.core.dialogue import Limits, ModelCard, Prompt
from mirador_lsp.core.errors import (
    BadReply,
    ModelError,
    ModelTimeout,
    ModelUnavailable,
)
from mirador_lsp.core.health import Check, Health
from mirador_lsp.core.ports import Reply
from mirador_lsp.models.openai_events import OpenAIEvents, speaks_of_length
from mirador_lsp.models.served import Hangups, ServedReply
from mirador_lsp.models.texts import content, least_tokens, too_long
from mirador_lsp.models.transport import Refusal, Transport

BACKEND = "openai"
_CARDS_SECONDS = 30.0
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


@dataclass(frozen=True)
class _Known:
    card: ModelCard
    id: str
    flavour: Flavour


class OpenAIBackend:
    """The models of one server. They are called `PREFIX/ID`."""

    def __init__(
        self, transport: Transport, options: OpenAIOptions, *, prefix: str = BACKEND
    ) -> None:
        self._transport = transport
        self._options = options
        self._prefix = prefix
        self._hangups = Hangups()
        self._known: dict[str, _Known] = {}
        self._flavour = Flavour.PLAIN
        self._fresh_until = 0.0
        self._looking = asyncio.Lock()

    async def cards(self) -> Sequence[ModelCard]:
        """The models of the server; none where it does not answer."""
        try:
            await self._look()
        except ModelError:
            return ()
        return tuple(known.card for known in self._known.values())

    @asynccontextmanager
    async def open(self, model: str, prompt: Prompt, limits: Limits) -> AsyncIterator[Reply]:
        """Ask a model. Leaving hangs up, at which the server stops the model."""
        begin = asyncio.get_running_loop().time()
        known = await self._find(model)
        least = least_tokens(prompt)
        if least + limits.max_tokens > known.card.context_tokens:
            raise too_long(known.card)
        late = ModelTimeout(f"{model} did not begin within {limits.seconds:.0f} seconds.")
        connected = self._transport.lines("/v1/chat/completions", _question(known, prompt, limits))
        try:
            async with asyncio.timeout_at(begin + limits.seconds):
                lines = await connected.__aenter__()
        except TimeoutError as error:
            raise late from error
        except Refusal as refusal:
            raise _error(refusal, known) from refusal
        try:
            reader = OpenAIEvents(known.card, least)
            yield ServedReply(lines, reader.read, self._hangups, model, limits, begin)
        finally:
            await connected.__aexit__(None, None, None)

    async def close(self) -> None:
        """Hang up on everything."""
        self._hangups.hang_up()
        await self._transport.close()

    async def health(self) -> tuple[Check, ...]:
        """Whether the server answers, and what it has."""
        name = self._transport.name
        try:
            await self._look(again=True)
        except ModelError as error:
            remedy = error.remedy or "Start it, or correct its address."
            return (Check(name, Health.WARNING, plain(str(error), 200), remedy),)
        names = ", ".join(known.card.name for known in self._known.values()) or "no model"
        return (Check(name, Health.OK, plain(f"{self._flavour}: {names}", 300)),)

    async def _find(self, model: str) -> _Known:
        self._hangups.check()
        if model not in self._known:
            await self._look(again=True)
        known = self._known.get(model)
        if known is None:
            message = f"{self._transport.name} has no model {plain(model, 80)}."
            raise ModelUnavailable(message, remedy="`mirador models list` names those it has.")
        return known

    async def _look(self, *, again: bool = False) -> None:
        """Ask which models there are, unless that is known. Raises `ModelError`."""
        async with self._looking:
            now = asyncio.get_running_loop().time()
            if now < self._fresh_until and not again:
                return
            try:
                listed = await self._transport.get("/v1/models")
            except Refusal as refusal:
                raise _no_list(refusal, self._transport.name) from refusal
            models = _models(listed)
            self._flavour, contexts = await self._beyond(models)
            self._known = {}
            for raw in models[:_MOST_MODELS]:
                known = self._describe(raw, contexts)
                self._known[known.card.name] = known
            self._fresh_until = now + _CARDS_SECONDS

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

    def _describe(self, raw: dict[str, Any], contexts: Mapping[str, int]) -> _Known:
        identity = str(raw["id"])
        meta: dict[str, Any] = raw["meta"] if isinstance(raw.get("meta"), dict) else {}
        told = raw.get("max_model_len") or contexts.get(identity) or contexts.get("")
        context = told if isinstance(told, int) and told > 0 else self._options.context_tokens
        count, size = meta.get("n_params"), meta.get("size")
        # Nobody tells the weights' checksum here; what is told of them stands for it.
        about = msgspec.json.encode([self._prefix, identity, raw.get("created"), meta])
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
        return _Known(card, identity, self._flavour)


def _question(known: _Known, prompt: Prompt, limits: Limits) -> dict[str, Any]:
    code = f"{prompt.material}\n{prompt.question}" if prompt.material else prompt.question
    body: dict[str, Any] = {
        "model": known.id,
        "messages": [
            {"role": "system", "content": content(prompt.system)},
            {"role": "user", "content": content(code)},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": limits.max_tokens,
        "temperature": limits.temperature,
        "seed": 0,
    }
    if limits.top_logprobs > 0 and known.card.supports_logprobs:
        body |= {"logprobs": True, "top_logprobs": min(limits.top_logprobs, _MOST_LOGPROBS)}
    if known.flavour is Flavour.LLAMA_CPP:
        body |= {"cache_prompt": True, "return_progress": True}
    if prompt.constraint is not None:
        if known.flavour is Flavour.LLAMA_CPP:
            body["grammar"] = prompt.constraint.gbnf
        elif known.flavour is Flavour.VLLM:
            body["structured_outputs"] = {"grammar": prompt.constraint.gbnf}
    return body


def _models(body: Any) -> list[dict[str, Any]]:
    listed = body.get("data") if isinstance(body, dict) else None
    if not isinstance(listed, list):
        message = "The server's list of models cannot be read."
        raise BadReply(message)
    return [each for each in listed if isinstance(each, dict) and isinstance(each.get("id"), str)]


def _no_list(refusal: Refusal, name: str) -> ModelUnavailable:
    if refusal.status in (401, 403):
        remedy = "Set the variable that key_env names."
        return ModelUnavailable(f"{name} wants a key.", remedy=remedy)
    detail = f" ({refusal.message})" if refusal.message else f" ({refusal.status})"
    message = f"{name} does not list its models as an OpenAI-compatible server does{detail}."
    return ModelUnavailable(message, remedy="Correct its address.")


def _error(refusal: Refusal, known: _Known) -> ModelError:
    name, said = known.card.name, refusal.message
    if refusal.status in (400, 413, 422) and speaks_of_length(said):
        return too_long(known.card)
    match refusal.status:
        case 401 | 403:
            remedy = "Set the variable that key_env names."
            return ModelUnavailable(f"The server of {name} wants a key.", remedy=remedy)
        case 404:
            return ModelUnavailable(f"{name} is not there any more.")
        case 429 | 503:
            message = f"The server of {name} is busy."
            return ModelUnavailable(message, remedy="Ask again in a while.")
        case _:
            pass
    detail = f": {said}" if said else ""
    return ModelUnavailable(f"{name} refused the question ({refusal.status}){detail}.")
