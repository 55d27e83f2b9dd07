"""Models of the user's own servers that put what was found in order.

They are asked as Jina and Cohere are: `/v1/rerank`, which llama.cpp's server (`--reranking`), vLLM
and others have as well. Some of them pay no heed to `top_n` and answer in any order; what counts is
the score of each.
"""

import asyncio
import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import BadReply, MiradorError, ModelUnavailable, UserError
from mirador_lsp.core.health import Check, Health
from mirador_lsp.core.servers import ModelServer
from mirador_lsp.models.embedding_dialects import check_named
from mirador_lsp.models.keys import find_key
from mirador_lsp.models.served_embedder import refused, says_too_long, sendable
from mirador_lsp.models.transport import Refusal, Transport

PATH = "/v1/rerank"
_SECONDS = 30.0
"""For one question; the first one may have to wait for the model to be loaded."""
_TEXT, _QUERY = 2_000, 1_000
"""Characters of each that are sent: more than most models of this kind read together."""
_SHORTEST = 100
"""Characters of a text below which a text is not what is too long."""
_REMEDY = "Name a model for reranking; llama.cpp's server wants --reranking for one."
_CHECK = "reranker"
_PROBE = "which function closes the socket?"
_ANSWERS = (
    "def sort_words(words):\n    return sorted(words, key=str.casefold)",
    "def close_socket(self):\n    self.socket.close()",
)
_RIGHT = 1
"""The place of what answers the probe."""


class _Score(msgspec.Struct):
    index: int
    relevance_score: float


class _Answer(msgspec.Struct):
    results: list[_Score]


class ServedReranker:
    """Implements `core.ports.Reranker` over a model of a server. Make one with `make_reranker`."""

    def __init__(self, server: ModelServer, model: str, env: Mapping[str, str]) -> None:
        """Nothing is read or sent. Raises `UserError` for an address that is none."""
        self.name = f"{server.name}/{plain(model, 80)}"
        self._server = server
        self._model = model
        self._env = env
        self._opening = asyncio.Lock()
        self._transport: Transport | None = None
        self._closed = False
        where = Transport(server.name, server.url)
        self._sentence = (
            f"What is searched for and the pieces that fit best leave this machine, to "
            f"{where.host}, where {self.name} ranks them."
        )
        self._local = where.local

    @property
    def leaves(self) -> str:
        """What leaves this machine, one sentence; "" when nothing does."""
        return "" if self._local else self._sentence

    async def rank(self, query: str, texts: Sequence[str]) -> Sequence[int]:
        """The places of the texts as the server would have them."""
        transport = await self._open()
        most = _TEXT
        while texts:
            share = most / _TEXT
            asked = sendable(query, round(_QUERY * share))
            documents = [sendable(text, most) for text in texts]
            body = {
                "model": self._model,
                "query": asked,
                "documents": documents,
                "top_n": len(documents),
            }
            try:
                answer = await transport.post(PATH, body, seconds=_SECONDS)
            except Refusal as refusal:
                if says_too_long(refusal) and most >= 2 * _SHORTEST:
                    most //= 2
                    continue
                sent = [asked, *documents]
                lacks = "ranks nothing"
                raise refused(
                    refusal, self.name, sent, transport.key, lacks=lacks, remedy=_REMEDY
                ) from refusal
            return _places(answer, len(documents), self.name)
        return ()

    async def close(self) -> None:
        """Hang up."""
        self._closed = True
        transport, self._transport = self._transport, None
        if transport is not None:
            await transport.close()

    async def _open(self) -> Transport:
        async with self._opening:
            if self._transport is None and not self._closed:
                key = await asyncio.to_thread(find_key, self._server, self._env)
                if not self._closed:
                    self._transport = Transport(self._server.name, self._server.url, key=key)
            if self._transport is None:
                message = f"The reranker {self.name} was closed."
                raise ModelUnavailable(message)
            return self._transport


def make_reranker(
    name: str, *, servers: Sequence[ModelServer] = (), env: Mapping[str, str] = os.environ
) -> ServedReranker:
    """The reranker called "SERVER/MODEL". Nothing is asked before it ranks.

    Raises `UserError` for a name or an address that is none, and for what may not be used.
    """
    prefix, _, model = name.partition("/")
    server = next((each for each in servers if each.name == prefix), None)
    if server is None or not model:
        message = f"There is no server called “{plain(prefix, 60)}” for the reranker."
        raise UserError(message, remedy="Add it to your settings under [[servers]].")
    check_named(server, model)
    if server.kind != "openai":
        message = f"{server.name} is a server of a kind that ranks nothing."
        remedy = 'Use one of kind "openai", such as llama.cpp\'s server or vLLM.'
        raise UserError(message, remedy=remedy)
    return ServedReranker(server, model, env)


async def reranker_checks(
    wanted: str, servers: Sequence[ModelServer] = (), env: Mapping[str, str] = os.environ
) -> tuple[Check, ...]:
    """What `mirador doctor` says of `wanted`, the reranker that the settings name; () for "".

    It is asked which of two made-up texts is meant. Never raises.
    """
    if not wanted:
        return ()
    try:
        reranker = make_reranker(wanted, servers=servers, env=env)
        try:
            order = await reranker.rank(_PROBE, _ANSWERS)
        finally:
            await reranker.close()
    except MiradorError as error:
        return (Check(_CHECK, Health.WARNING, str(error), error.remedy),)
    if order[0] != _RIGHT:
        message = f"{reranker.name} puts first what does not answer the question"
        return (Check(_CHECK, Health.WARNING, message, _REMEDY),)
    sent = "What is searched for and the pieces that fit best are sent to it."
    return (Check(_CHECK, Health.OK, f"{reranker.name}. {reranker.leaves or sent}"),)


def _places(answer: Any, count: int, name: str) -> list[int]:
    """Places by their scores. Raises `BadReply` unless each has one."""
    try:
        scores = msgspec.convert(answer, _Answer).results
    except (msgspec.ValidationError, RecursionError) as error:
        message = f"{name} answered with something that is no list of scores."
        raise BadReply(message, remedy=_REMEDY) from error
    by_place = {each.index: each.relevance_score for each in scores}
    if len(scores) != count or set(by_place) != set(range(count)):
        message = f"{name} did not give each of {count} texts one score."
        raise BadReply(message, remedy=_REMEDY)
    if not all(math.isfinite(score) for score in by_place.values()):
        message = f"{name} gave scores that are no numbers."
        raise BadReply(message, remedy=_REMEDY)
    return sorted(range(count), key=lambda place: -by_place[place])
