"""How Ollama and servers of OpenAI's dialect are asked for vectors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import BadReply, ModelUnavailable, UserError
from mirador_lsp.core.servers import ModelServer
from mirador_lsp.models.ollama_cloud import cloud_host
from mirador_lsp.models.refusals import not_listed
from mirador_lsp.models.served_embedder import ServedEmbedder, ServedModel, open_served
from mirador_lsp.models.transport import Refusal, Transport


@dataclass(frozen=True)
class OllamaVectors:
    """`/api/embed`. `truncate` is false, so that a text that is too long is an error to act upon
    and never a vector of half of it; the options are those that chats use, so that a model that
    does both is not loaded twice.
    """

    keep_alive: str
    context_tokens: int
    path: str = "/api/embed"

    def question(self, model: str, texts: Sequence[str]) -> object:
        """The body."""
        return {
            "model": model,
            "input": list(texts),
            "truncate": False,
            "keep_alive": self.keep_alive,
            "options": {"num_ctx": self.context_tokens},
        }

    def vectors(self, answer: Any) -> Sequence[Any]:
        """Its lists."""
        found: Sequence[Any] = answer["embeddings"]
        return found


@dataclass(frozen=True)
class OpenAIVectors:
    """`/v1/embeddings`. Servers of this dialect refuse what is too long, each in its own words."""

    path: str = "/v1/embeddings"

    def question(self, model: str, texts: Sequence[str]) -> object:
        """The body."""
        return {"model": model, "input": list(texts), "encoding_format": "float"}

    def vectors(self, answer: Any) -> Sequence[Any]:
        """Its lists, by their numbers: servers may give them in any order."""
        by_number = {row["index"]: row["embedding"] for row in answer["data"]}
        return [by_number[number] for number in range(len(answer["data"]))]


async def ollama_embedder(server: ModelServer, model: str, transport: Transport) -> ServedEmbedder:
    """A model of an Ollama. Raises `ModelError`, also for one that runs on somebody else's machine
    where the user does not allow that, and for one of another version than the user named.
    """
    try:
        listed = await transport.get("/api/tags")
        tag, digest, told = _tagged(listed, model)
        if tag is None:
            message = f"{server.name} has no model {plain(model, 80)}."
            raise ModelUnavailable(message, remedy=f"Get it: ollama pull {plain(model, 80)}")
        shown = await transport.post("/api/show", {"model": tag})
    except Refusal as refusal:
        raise not_listed(refusal, server.name) from refusal
    host = cloud_host(tag, told, shown)
    if host and not server.allow_cloud:
        message = (
            f"{plain(model, 80)} runs on another machine ({plain(host, 60)}), where your code "
            "would go; it is not used."
        )
        raise ModelUnavailable(message, remedy="Use a model that runs where the server is.")
    _check_pin(server, tag, digest)
    trained = _context(shown)
    tokens = min(server.context_tokens, trained) if trained else server.context_tokens
    found = ServedModel(f"{server.name}/{model}", tag, f"ollama {digest}", tokens)
    return await open_served(transport, OllamaVectors(server.keep_alive, tokens), found)


async def openai_embedder(server: ModelServer, model: str, transport: Transport) -> ServedEmbedder:
    """A model of a server of OpenAI's dialect, which tells nothing of its version: a model that is
    replaced under its name is not noticed while its vectors stay as long. Raises `ModelError`.
    """
    found = ServedModel(f"{server.name}/{model}", model, "openai", server.context_tokens)
    return await open_served(transport, OpenAIVectors(), found)


class _Tag(msgspec.Struct):
    model: str
    digest: str


def _tagged(listed: Any, model: str) -> tuple[str | None, str, Any]:
    """Tag, digest and all that is told of the model that the user means; None: there is none."""
    try:
        rows = [(msgspec.convert(row, _Tag), row) for row in listed["models"]]
    except (msgspec.ValidationError, TypeError, KeyError) as error:
        message = "The server's list of models cannot be read."
        raise BadReply(message) from error
    for tag, row in rows:
        if tag.model in (model, f"{model}:latest"):
            return tag.model, tag.digest, row
    return None, "", None


def _check_pin(server: ModelServer, tag: str, digest: str) -> None:
    pins = dict(pin.split("=", 1) for pin in server.pins)
    wanted = pins.get(tag, "").removeprefix("sha256:")
    if wanted and digest.removeprefix("sha256:") != wanted:
        message = f"{server.name} has another {plain(tag, 80)} than the one that is pinned."
        raise ModelUnavailable(message, remedy="Get that one, or correct the pin.")


def _context(shown: Any) -> int:
    """Tokens the model was trained for; 0 where it is not told."""
    info = shown.get("model_info") if isinstance(shown, dict) else None
    if not isinstance(info, dict):
        return 0
    found = next((v for k, v in info.items() if str(k).endswith(".context_length")), 0)
    return found if isinstance(found, int) and found > 0 else 0


def check_named(server: ModelServer, model: str) -> None:
    """Raise `UserError` for a model that the user does not let the server run, and for a kind of
    server that is not asked for vectors.
    """
    if server.kind not in ("ollama", "openai"):
        message = f"{server.name} is a server of a kind that is not asked for vectors."
        raise UserError(message, remedy="Use minilm, or a model of an Ollama or OpenAI server.")
    if server.models and model not in server.models:
        message = f"{plain(model, 80)} is not among the models of {server.name} that may be used."
        raise UserError(message, remedy="Add it to the server's models.")
