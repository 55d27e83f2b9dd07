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
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

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
from mirador_lsp.models.ollama_lines import CLOUD, OllamaLines
from mirador_lsp.models.served import Hangups, ServedReply
from mirador_lsp.models.texts import content, least_tokens, too_long
from mirador_lsp.models.transport import Refusal, Transport

BACKEND = "ollama"
_CARDS_SECONDS = 30.0
"""How long the list of models is taken as it was."""
_MOST_LOGPROBS = 20
_BUSY_PAUSES = (0.25, 1.0, 3.0)
"""Seconds to wait before asking a server again that says its queue is full."""


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


@dataclass(frozen=True)
class _Known:
    """A model of the server that may be used."""

    card: ModelCard
    tag: str
    thinks: bool
    """It is a thinking model: whether it thinks is said in each request."""


class OllamaBackend:
    """The models of one Ollama server. They are called `NAME/TAG`, `prefix` being NAME."""

    def __init__(
        self, transport: Transport, options: OllamaOptions, *, prefix: str = BACKEND
    ) -> None:
        self._transport = transport
        self._options = options
        self._prefix = prefix
        self._hangups = Hangups()
        self._known: dict[str, _Known] = {}
        self._refused: dict[str, str] = {}
        self._fresh_until = 0.0
        self._looking = asyncio.Lock()

    async def cards(self) -> Sequence[ModelCard]:
        """The models that may be used; none where the server does not answer."""
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
        body = _question(known, prompt, limits, self._options)
        late = ModelTimeout(f"{model} did not begin within {limits.seconds:.0f} seconds.")
        connected = self._lines(known, body)
        try:
            async with asyncio.timeout_at(begin + limits.seconds):
                lines = await connected.__aenter__()
        except TimeoutError as error:
            raise late from error
        try:
            reader = OllamaLines(known.card, least, wants_probabilities=limits.top_logprobs > 0)
            yield ServedReply(lines, reader.read, self._hangups, model, limits, begin)
        finally:
            await connected.__aexit__(None, None, None)

    async def close(self) -> None:
        """Hang up on everything."""
        self._hangups.hang_up()
        await self._transport.close()

    async def preload(self, model: str) -> None:
        """Have a model loaded, with the options that later requests use. Raises `ModelError`."""
        known = await self._find(model)
        body = {
            "model": known.tag,
            "messages": [],
            "keep_alive": self._options.keep_alive,
            "options": _load_options(known),
            "shift": False,
        }
        async with self._lines(known, body) as lines:
            async for _ in lines:
                pass

    async def health(self) -> tuple[Check, ...]:
        """Whether the server answers, what it has, and what of that is refused."""
        name = self._transport.name
        try:
            await self._look(again=True)
            version = await self._transport.get("/api/version")
        except (ModelError, Refusal) as error:
            text = error.message if isinstance(error, Refusal) else str(error)
            remedy = "Start it: ollama serve" if self._transport.local else "Look at the server."
            return (Check(name, Health.WARNING, plain(text, 200), remedy),)
        said = plain(str(version.get("version", "?") if isinstance(version, dict) else "?"), 40)
        names = ", ".join(known.card.name for known in self._known.values()) or "no model"
        checks = [Check(name, Health.OK, plain(f"Ollama {said}: {names}", 300))]
        checks += [
            Check(f"model {plain(tag, 60)}", Health.WARNING, why, "Another model can stand in.")
            for tag, why in self._refused.items()
        ]
        return tuple(checks)

    @asynccontextmanager
    async def _lines(self, known: _Known, body: object) -> AsyncIterator[AsyncIterator[bytes]]:
        """The lines of a reply; a full queue is asked again a few times."""
        for pause in (*_BUSY_PAUSES, None):
            self._hangups.check()
            try:
                async with self._transport.lines("/api/chat", body) as lines:
                    yield lines
                    return
            except Refusal as refusal:
                if refusal.status != 503 or pause is None:
                    raise _error(refusal, known) from refusal
            await asyncio.sleep(pause)

    async def _find(self, model: str) -> _Known:
        self._hangups.check()
        if model not in self._known:
            await self._look(again=True)
        known = self._known.get(model)
        if known is not None:
            return known
        tag = model.removeprefix(f"{self._prefix}/")
        if why := self._refused.get(tag):
            message = f"{plain(model, 80)} is not used: {why}."
            raise ModelUnavailable(message)
        message = f"{self._transport.name} has no model {plain(tag, 80)}."
        raise ModelUnavailable(message, remedy=f"Get it: ollama pull {plain(tag, 80)}")

    async def _look(self, *, again: bool = False) -> None:
        """Ask which models there are, unless that is known. Raises `ModelUnavailable`."""
        async with self._looking:
            now = asyncio.get_running_loop().time()
            if now < self._fresh_until and not again:
                return
            try:
                listed = await self._transport.get("/api/tags")
                found = await asyncio.to_thread(_listed, listed)
                known: dict[str, _Known] = {}
                self._refused = {}
                for tag, digest, size, remote in found:
                    one = await self._describe(tag, digest, size, remote=remote)
                    if one is not None:
                        known[one.card.name] = one
            except Refusal as refusal:
                message = f"{self._transport.name} does not answer as Ollama does."
                raise ModelUnavailable(message, remedy="Correct its address.") from refusal
            self._known = known
            self._fresh_until = now + _CARDS_SECONDS

    async def _describe(self, tag: str, digest: str, size: int, *, remote: str) -> _Known | None:
        """The model as it may be used; None, with the reason kept, where it may not."""
        name = f"{self._prefix}/{tag}"
        kept = self._known.get(name)
        if kept is not None and kept.card.digest == digest:
            return kept
        shown = await self._transport.post("/api/show", {"model": tag})
        remote = remote or _remote(shown) or (tag if _cloud_name(tag) else "")
        if remote and not self._options.allow_cloud:
            self._refused[tag] = (
                f"it runs on another machine ({plain(remote, 60)}), where your code would go"
            )
            return None
        pinned = self._options.pins.get(tag)
        if pinned is not None and pinned.removeprefix("sha256:") != digest:
            self._refused[tag] = f"it is not the version that is pinned ({plain(pinned, 20)})"
            return None
        facts = await asyncio.to_thread(_facts, shown)
        if "completion" not in facts.capabilities:
            return None
        trained = facts.context_tokens or self._options.context_tokens
        card = ModelCard(
            name=name,
            backend=BACKEND,
            digest=digest,
            context_tokens=min(self._options.context_tokens, trained),
            size_bytes=size,
            parameters=facts.parameters,
            supports_logprobs=True,
            tags=frozenset(facts.capabilities) | ({CLOUD} if remote else set()),
        )
        return _Known(card, tag, "thinking" in facts.capabilities)


@dataclass(frozen=True)
class _Facts:
    capabilities: tuple[str, ...]
    context_tokens: int
    """What the model was trained for; 0 when it is not told."""
    parameters: float


def _question(
    known: _Known, prompt: Prompt, limits: Limits, options: OllamaOptions
) -> dict[str, Any]:
    code = f"{prompt.material}\n{prompt.question}" if prompt.material else prompt.question
    body: dict[str, Any] = {
        "model": known.tag,
        "messages": [
            {"role": "system", "content": content(prompt.system)},
            {"role": "user", "content": content(code)},
        ],
        "stream": True,
        "truncate": False,
        "shift": False,
        # Left out, a thinking model would think.
        "think": False,
        "keep_alive": options.keep_alive,
        "options": {
            **_load_options(known),
            "num_predict": limits.max_tokens,
            "temperature": limits.temperature,
            "seed": 0,
        },
    }
    if limits.top_logprobs > 0:
        body |= {"logprobs": True, "top_logprobs": min(limits.top_logprobs, _MOST_LOGPROBS)}
    return body


def _load_options(known: _Known) -> dict[str, Any]:
    """What the model is loaded with. Another value in any request would load it again."""
    return {"num_ctx": known.card.context_tokens}


def _error(refusal: Refusal, known: _Known) -> ModelError:
    said, name = refusal.message, known.card.name
    lower = said.lower()
    if refusal.status == 400 and ("context" in lower or "exceed" in lower):
        return too_long(known.card)
    if refusal.status == 404:
        message = f"{name} is not there any more."
        return ModelUnavailable(message, remedy=f"Get it: ollama pull {plain(known.tag, 80)}")
    if refusal.status == 503:
        return ModelUnavailable(f"The server of {name} is busy.", remedy="Ask again in a while.")
    if refusal.status in (401, 403):
        remedy = "Set the variable that key_env names."
        return ModelUnavailable(f"The server of {name} wants a key.", remedy=remedy)
    detail = f": {said}" if said else ""
    return ModelUnavailable(f"{name} refused the question ({refusal.status}){detail}.")


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
        (each.model, each.digest, int(each.size or 0), _remote(raw.get(each.model)))
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


def _remote(body: Any) -> str:
    """The host a cloud model runs on, or ""."""
    if not isinstance(body, dict):
        return ""
    return str(body.get("remote_host") or body.get("remote_model") or "")


def _cloud_name(tag: str) -> bool:
    return tag.endswith((":cloud", "-cloud"))
