"""What every kind of model server has in common: models that are looked up now and then, questions
that have a deadline, and replies that are streamed.

How a kind does it is its dialect: what is asked, and what the answers mean.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

from mirador_lsp.core.clean import plain
from mirador_lsp.core.dialogue import Chunk, Limits, ModelCard, Prefill, Prompt, Usage
from mirador_lsp.core.errors import BadReply, ModelError, ModelTimeout, ModelUnavailable
from mirador_lsp.core.health import Check, Health
from mirador_lsp.core.ports import Reply
from mirador_lsp.models.guard import ReplyGuard
from mirador_lsp.models.refusals import not_listed, refused
from mirador_lsp.models.texts import least_tokens, too_long
from mirador_lsp.models.transport import Refusal, Transport

_CARDS_SECONDS = 30.0
"""How long the list of models is taken as it was."""


@dataclass(frozen=True)
class End:
    """The reply is whole. None stands for what the server does not tell."""

    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    completion_tokens: int | None = None
    truncated: bool = False


Piece = Chunk | Prefill | End


class Reader(Protocol):
    """Reads one reply."""

    def read(self, line: bytes) -> list[Piece]:
        """The pieces of a line. Raises any `ModelError`."""
        ...


@dataclass(frozen=True)
class Known:
    """A model of a server that may be used."""

    card: ModelCard
    id: str
    """What the server calls it."""


@dataclass(frozen=True)
class Listing:
    """What a server has."""

    models: Sequence[Known]
    refused: Mapping[str, str] = field(default_factory=dict)
    """What the server calls a model that is not used, and why: a phrase."""


class Dialect(Protocol):
    """What a kind of server does in its own way."""

    @property
    def remedy(self) -> str:
        """What mends a server that does not answer."""
        ...

    @property
    def busy_pauses(self) -> Sequence[float]:
        """Seconds to wait before a busy server is asked again; after them it is an error."""
        ...

    async def list_models(self, kept: Mapping[str, Known]) -> Listing:
        """What the server has. `kept` are the models known so far, by the names on their cards.

        Raises `Refusal`, `ModelError`.
        """
        ...

    async def title(self) -> str:
        """What the server is, in a few words. Raises as `list_models` does."""
        ...

    def path(self, known: Known) -> str:
        """Where questions are put."""
        ...

    def question(self, known: Known, prompt: Prompt, limits: Limits) -> object:
        """The body that asks it."""
        ...

    def reader(self, known: Known, least: int, limits: Limits) -> Reader:
        """Reads the reply to a prompt of at least `least` tokens."""
        ...

    def refusal(self, refusal: Refusal, known: Known) -> ModelError | None:
        """What a refusal means where that is not what it means everywhere."""
        ...

    def missing(self, identity: str) -> str:
        """What to do about a model that the server does not have."""
        ...


class ServedBackend:
    """The models of one server. They are called `PREFIX/ID`."""

    def __init__(
        self,
        transport: Transport,
        dialect: Dialect,
        *,
        prefix: str,
        pins: Mapping[str, str] | None = None,
    ) -> None:
        """`pins` are the digests that models must have, by what the server calls them."""
        self._transport = transport
        self._dialect = dialect
        self._prefix = prefix
        self._pins = dict(pins or {})
        self._hangups = Hangups()
        self._known: dict[str, Known] = {}
        self._refused: Mapping[str, str] = {}
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
        connected = self._lines(known, self._dialect.question(known, prompt, limits))
        try:
            async with asyncio.timeout_at(begin + limits.seconds):
                lines = await connected.__aenter__()
        except TimeoutError as error:
            message = f"{model} did not begin within {limits.seconds:.0f} seconds."
            raise ModelTimeout(message) from error
        try:
            reader = self._dialect.reader(known, least, limits)
            yield ServedReply(lines, reader, self._hangups, model, limits, begin)
        finally:
            await connected.__aexit__(None, None, None)

    async def put(self, known: Known, body: object) -> None:
        """Send a question of which only the end is waited for. Raises `ModelError`."""
        async with self._lines(known, body) as lines:
            async for _ in lines:
                pass

    async def close(self) -> None:
        """Hang up on everything."""
        self._hangups.hang_up()
        await self._transport.close()

    async def health(self) -> tuple[Check, ...]:
        """Whether the server answers, what it has, and what of that is refused."""
        name = self._transport.name
        try:
            await self._look(again=True)
            title = await self._dialect.title()
        except (ModelError, Refusal) as error:
            text = error.message if isinstance(error, Refusal) else str(error)
            return (Check(name, Health.WARNING, plain(text, 200), self._dialect.remedy),)
        names = ", ".join(known.card.name for known in self._known.values()) or "no model"
        checks = [Check(name, Health.OK, plain(f"{title}: {names}", 300))]
        checks += [
            Check(f"model {plain(tag, 60)}", Health.WARNING, why, "Another model can stand in.")
            for tag, why in self._refused.items()
        ]
        return tuple(checks)

    @asynccontextmanager
    async def _lines(self, known: Known, body: object) -> AsyncIterator[AsyncIterator[bytes]]:
        """The lines of a reply; a busy server is asked again a few times."""
        for pause in (*self._dialect.busy_pauses, None):
            self._hangups.check()
            try:
                async with self._transport.lines(self._dialect.path(known), body) as lines:
                    yield lines
                    return
            except Refusal as refusal:
                if refusal.status != 503 or pause is None:
                    own = self._dialect.refusal(refusal, known)
                    raise own or refused(refusal, known.card) from refusal
            await asyncio.sleep(pause)

    async def _find(self, model: str) -> Known:
        self._hangups.check()
        if model not in self._known:
            await self._look(again=True)
        known = self._known.get(model)
        if known is not None:
            return known
        identity = model.removeprefix(f"{self._prefix}/")
        if why := self._refused.get(identity):
            message = f"{plain(model, 80)} is not used: {why}."
            raise ModelUnavailable(message)
        message = f"{self._transport.name} has no model {plain(identity, 80)}."
        raise ModelUnavailable(message, remedy=self._dialect.missing(plain(identity, 80)))

    async def _look(self, *, again: bool = False) -> None:
        """Ask which models there are, unless that is known. Raises `ModelError`."""
        async with self._looking:
            now = asyncio.get_running_loop().time()
            if now < self._fresh_until and not again:
                return
            try:
                listing = await self._dialect.list_models(self._known)
            except Refusal as refusal:
                raise not_listed(refusal, self._transport.name) from refusal
            why = {one.id: self._unpinned(one) for one in listing.models}
            self._known = {one.card.name: one for one in listing.models if not why[one.id]}
            self._refused = {**listing.refused, **{tag: said for tag, said in why.items() if said}}
            self._fresh_until = now + _CARDS_SECONDS

    def _unpinned(self, one: Known) -> str:
        """Why a model is not the version that is pinned; "" where it is, or none is."""
        pinned = self._pins.get(one.id)
        if pinned is None or pinned.removeprefix("sha256:") == one.card.digest:
            return ""
        return f"it is not the version that is pinned ({plain(pinned, 20)})"


class Hangups:
    """Ends what waits for a server when its backend is closed."""

    def __init__(self) -> None:
        self.closed = False
        self._waiting: set[asyncio.Timeout] = set()

    async def wait_for(
        self, lines: AsyncIterator[bytes], deadline: float, late: ModelTimeout
    ) -> bytes | None:
        """The next line, or None at the end. Raises `late` at the deadline, `ModelUnavailable` when
        the backend is closed meanwhile.
        """
        try:
            async with asyncio.timeout_at(deadline) as limit:
                self._waiting.add(limit)
                try:
                    self.check()
                    return await anext(lines, None)
                finally:
                    self._waiting.discard(limit)
        except TimeoutError as error:
            self.check()
            raise late from error

    def check(self) -> None:
        """Raises `ModelUnavailable` once the backend is closed."""
        if self.closed:
            message = "The model backend is closed."
            raise ModelUnavailable(message)

    def hang_up(self) -> None:
        """Nothing more is read."""
        self.closed = True
        for limit in self._waiting:
            limit.reschedule(asyncio.get_running_loop().time())


class ServedReply:
    """A reply that comes in line by line."""

    def __init__(
        self,
        lines: AsyncIterator[bytes],
        reader: Reader,
        hangups: Hangups,
        model: str,
        limits: Limits,
        begin: float,
    ) -> None:
        """`begin` is when the question was asked, on the loop's clock."""
        self._lines = lines
        self._reader = reader
        self._hangups = hangups
        self._model = model
        self._limits = limits
        self._begin = begin
        self._guard = ReplyGuard()
        self._usage = Usage(seconds=self._now())

    @property
    def usage(self) -> Usage:
        """What it cost so far."""
        return self._usage

    async def __aiter__(self) -> AsyncIterator[Chunk | Prefill]:
        """The pieces as they come. A stream that ends without saying that the reply is whole has
        failed, whatever was heard.
        """
        deadline = self._begin + self._limits.seconds
        late = ModelTimeout(
            f"{self._model} did not finish within {self._limits.seconds:.0f} seconds."
        )
        while (line := await self._hangups.wait_for(self._lines, deadline, late)) is not None:
            for piece in self._reader.read(line):
                if isinstance(piece, End):
                    self._finish(piece)
                    return
                if isinstance(piece, Chunk):
                    self._count(piece)
                yield piece
        message = f"{self._model} stopped in the middle of its reply."
        raise BadReply(message)

    def _count(self, chunk: Chunk) -> None:
        usage = self._usage
        first = usage.first_token_seconds
        self._usage = replace(
            usage,
            completion_tokens=usage.completion_tokens + 1,
            first_token_seconds=self._now() if first is None else first,
            seconds=self._now(),
        )
        self._guard.watch(chunk.text)

    def _finish(self, end: End) -> None:
        usage = self._usage
        self._usage = replace(
            usage,
            prompt_tokens=usage.prompt_tokens if end.prompt_tokens is None else end.prompt_tokens,
            cached_tokens=end.cached_tokens or 0,
            completion_tokens=max(usage.completion_tokens, end.completion_tokens or 0),
            seconds=self._now(),
            truncated=end.truncated,
        )

    def _now(self) -> float:
        return asyncio.get_running_loop().time() - self._begin
