"""Gemini, a service of Google's, through its own API.

It is the one kind of server that is never on this machine, so nothing of it is used unless the user
names both the service and the models. What a model can do is told in part only: that it gives no
probabilities, or cannot be kept from thinking, is learned from its refusal, and it is asked again
without. Tokens spent on thinking count against the limit of the reply, so a model that thinks is
given more and cut here.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from mirador_lsp.core.clean import plain
from mirador_lsp.core.dialogue import Limits, ModelCard, Prompt
from mirador_lsp.core.errors import BadReply, ModelError
from mirador_lsp.models.gemini_events import GeminiEvents, failed
from mirador_lsp.models.hiding import Hide
from mirador_lsp.models.ollama_lines import CLOUD
from mirador_lsp.models.served import Barred, Known, Listing, ServedBackend
from mirador_lsp.models.texts import turns
from mirador_lsp.models.transport import Refusal, Transport

BACKEND = "gemini"
KEY_HEADER = "x-goog-api-key"
"""The key is never part of an address, which logs keep."""
_PAGE = 1000
_MOST_PAGES = 5
_MOST_LOGPROBS = 20
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}")
_GENERATION = re.compile(r"gemini-(\d+)")
_LEAST_THOUGHT = 128
"""Tokens of thinking below which the larger models of the second generation cannot go."""
_ABSENT = Barred(
    "the service has no such model that answers in words",
    "Correct its name in the models of that server.",
)
_UNTOLD_THOUGHT = 2048
"""Tokens left for thinking where only a level can be asked for, or nothing."""


@dataclass(frozen=True)
class GeminiOptions:
    """How the service is used."""

    models: tuple[str, ...]
    """The models that may be used; no other is."""
    context_tokens: int = 4096
    can_judge: tuple[str, ...] = ()
    """Models whose yes/no probability about a claim is known to be better than chance."""
    pins: Mapping[str, str] = field(default_factory=dict)
    """Model name to the digest it must have."""


class GeminiBackend(ServedBackend):
    """The models of the service that the user named. They are called `PREFIX/ID`."""

    def __init__(
        self,
        transport: Transport,
        options: GeminiOptions,
        *,
        prefix: str = BACKEND,
        leaves: str = "",
    ) -> None:
        dialect = _Gemini(transport, options, prefix)
        super().__init__(transport, dialect, prefix=prefix, pins=options.pins, leaves=leaves)


class _Gemini:
    """The dialect of Gemini's API."""

    busy_pauses = (0.5, 2.0)
    remedy = "Look at the address, the key and the network."

    def __init__(self, transport: Transport, options: GeminiOptions, prefix: str) -> None:
        self._transport = transport
        self._options = options
        self._prefix = prefix
        self._thinkers: frozenset[str] = frozenset()
        self._unnamed = 0
        self._cannot: dict[str, set[str]] = {}
        """What models have refused: "logprobs", "thinking"."""

    async def list_models(self, kept: Mapping[str, Known]) -> Listing:  # noqa: ARG002 — cheap
        told = {
            identity: raw
            for raw in await self._pages()
            if (identity := _identity(raw)) and "generateContent" in _methods(raw)
        }
        named = {name: told[name] for name in self._options.models if name in told}
        self._unnamed = len(told) - len(named)
        self._thinkers = frozenset(name for name, raw in named.items() if raw.get("thinking"))
        absent = [name for name in self._options.models if name not in told]
        return Listing(
            [Known(self._card(name, raw), name) for name, raw in named.items()],
            dict.fromkeys(absent, _ABSENT),
        )

    async def title(self) -> str:
        are = "is" if self._unnamed == 1 else "are"
        more = f", {self._unnamed} more {are} there and not named in its models"
        return f"Gemini{more if self._unnamed else ''}"

    def path(self, known: Known) -> str:
        return f"/v1beta/models/{known.id}:streamGenerateContent?alt=sse"

    def question(self, known: Known, prompt: Prompt, limits: Limits) -> object:
        system, user = turns(prompt)
        thinking, extra = self._thinking(known.id)
        generation: dict[str, Any] = {
            "candidateCount": 1,
            "maxOutputTokens": limits.max_tokens + extra,
            "temperature": limits.temperature,
            "seed": 0,
            **thinking,
        }
        if limits.top_logprobs > 0 and "logprobs" not in self._refused_by(known.id):
            most = min(limits.top_logprobs, _MOST_LOGPROBS)
            generation |= {"responseLogprobs": True, "logprobs": most}
        body: dict[str, Any] = {
            "contents": [{"role": "user", "parts": [{"text": user}]}],
            "generationConfig": generation,
        }
        if system:
            body["systemInstruction"] = {"parts": [{"text": system}]}
        return body

    def reader(self, known: Known, least: int, limits: Limits, hide: Hide) -> GeminiEvents:
        return GeminiEvents(known.card, least, limits.max_tokens, hide)

    def refusal(self, refusal: Refusal, known: Known, hide: Hide) -> ModelError | None:
        error = _error(refusal.body)
        return failed(error, known.card, hide) if error.get("status") else None

    def yields(self, refusal: Refusal, known: Known) -> bool:
        """Whether the question is worth another try without what the model cannot do."""
        if refusal.status != 400:
            return False
        said = refusal.message.lower()
        for what, word in (("logprobs", "logprob"), ("thinking", "thinking")):
            if word in said and what not in self._refused_by(known.id):
                self._cannot.setdefault(known.id, set()).add(what)
                return True
        return False

    def missing(self, identity: str) -> str:
        return f'Add "{identity}" to the models of that server in your settings.'

    def _thinking(self, identity: str) -> tuple[dict[str, Any], int]:
        """How a model is kept from thinking, and the tokens it may think with nevertheless."""
        if identity not in self._thinkers:
            return {}, 0
        if "thinking" in self._refused_by(identity):
            return {}, _UNTOLD_THOUGHT
        found = _GENERATION.match(identity)
        if found is not None and int(found[1]) > 2:
            return {"thinkingConfig": {"thinkingLevel": "low"}}, _UNTOLD_THOUGHT
        least = _LEAST_THOUGHT if "pro" in identity.split("-") else 0
        return {"thinkingConfig": {"thinkingBudget": least}}, least

    def _refused_by(self, identity: str) -> set[str]:
        return self._cannot.get(identity, set())

    async def _pages(self) -> list[dict[str, Any]]:
        """The descriptions of all models. Raises `BadReply` and as `Transport.get` does."""
        found: list[dict[str, Any]] = []
        token = ""
        for _ in range(_MOST_PAGES):
            page = await self._transport.get(f"/v1beta/models?pageSize={_PAGE}{token}")
            listed = page.get("models", []) if isinstance(page, dict) else None
            if not isinstance(listed, list):
                message = "The service's list of models cannot be read."
                raise BadReply(message)
            found += [each for each in listed if isinstance(each, dict)]
            following = page.get("nextPageToken")
            if not isinstance(following, str) or not re.fullmatch(r"[\w.=-]{1,2000}", following):
                break
            token = f"&pageToken={following}"
        return found

    def _card(self, identity: str, raw: dict[str, Any]) -> ModelCard:
        limit = raw.get("inputTokenLimit")
        told = limit if isinstance(limit, int) and limit > 0 else self._options.context_tokens
        # Nobody is told the weights' checksum; the name of the version stands for it.
        about = [identity, raw.get("version"), raw.get("baseModelId")]
        return ModelCard(
            name=f"{self._prefix}/{plain(identity, 120)}",
            backend=BACKEND,
            digest=hashlib.sha256(msgspec.json.encode(about)).hexdigest(),
            context_tokens=min(told, self._options.context_tokens),
            size_bytes=0,
            supports_logprobs=True,
            can_judge=identity in self._options.can_judge,
            tags=frozenset({CLOUD}),
        )


def _identity(raw: dict[str, Any]) -> str:
    """What a model is called in addresses; "" for one that cannot be addressed."""
    kind, _, identity = str(raw.get("name", "")).partition("/")
    return identity if kind == "models" and _ID.fullmatch(identity) else ""


def _methods(raw: dict[str, Any]) -> list[Any]:
    methods = raw.get("supportedGenerationMethods")
    return methods if isinstance(methods, list) else []


def _error(body: Any) -> dict[str, Any]:
    """The `error` object of an answer, which may be the only one of a list."""
    found = body[0] if isinstance(body, list) and body else body
    error = found.get("error") if isinstance(found, dict) else None
    return error if isinstance(error, dict) else {}
