"""What every kind of model server has in common: models that are looked up now and then, and
questions that have a deadline.

How a kind does it is its dialect: what is asked, and what the answers mean.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

from mirador_lsp.core.clean import plain
from mirador_lsp.core.dialogue import Limits, ModelCard, Priority, Prompt
from mirador_lsp.core.errors import ModelError, ModelTimeout, ModelUnavailable
from mirador_lsp.core.health import Check, Health
from mirador_lsp.core.ports import Reply
from mirador_lsp.models.hiding import Hide, hiding
from mirador_lsp.models.refusals import NotOffered, not_listed, refused
from mirador_lsp.models.replies import Hangups, Reader, ServedReply
from mirador_lsp.models.texts import least_tokens, too_long
from mirador_lsp.models.transport import Refusal, Transport

_CARDS_SECONDS = 30.0
"""How long the list of models is taken as it was."""
_LIST_SECONDS = 5.0
"""How long those wait for the list who can do without: a review begins with it."""
_SLOW_SECONDS = 1.0
"""A server that fails later than this is not asked for its list again and again."""


@dataclass(frozen=True)
class Known:
    """A model of a server that may be used."""

    card: ModelCard
    id: str
    """What the server calls it."""


@dataclass(frozen=True)
class Barred:
    """Why a model is not used."""

    why: str
    """A phrase."""
    remedy: str


@dataclass(frozen=True)
class Listing:
    """What a server has."""

    models: Sequence[Known]
    barred: Mapping[str, Barred] = field(default_factory=dict)
    """By what the server calls them, models that are not used."""


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

    def reader(self, known: Known, least: int, limits: Limits, hide: Hide) -> Reader:
        """Reads the reply to a prompt of at least `least` tokens."""
        ...

    def yields(self, refusal: Refusal, known: Known) -> bool:
        """Whether a refusal taught something, so that the next question may be answered."""
        ...

    def refusal(self, refusal: Refusal, known: Known, hide: Hide) -> ModelError | None:
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
        only: Sequence[str] = (),
        leaves: str = "",
    ) -> None:
        """What the server calls its models: `pins` are the digests that they must have, and where
        `only` names any, no other is used. `leaves` is the sentence for the cards of all.
        """
        self._transport = transport
        self._dialect = dialect
        self._prefix = prefix
        self._pins = dict(pins or {})
        self._only = frozenset(only)
        self._leaves = leaves
        self._hangups = Hangups()
        self._known: dict[str, Known] = {}
        self._barred: Mapping[str, Barred] = {}
        self._told: dict[str, str] = {}
        """By the names on cards, the digests that are believed to answer."""
        self._fresh_until = 0.0
        self._trouble: ModelError | None = None
        """Why the server could not be looked at the last time."""
        self._looking = asyncio.Lock()

    async def cards(self) -> Sequence[ModelCard]:
        """The models that may be used; none where the server does not answer."""
        if await self._impatient_look() is not None:
            return ()
        cards = tuple(known.card for known in self._known.values())
        self._told = {card.name: card.digest for card in cards}
        return cards

    async def trouble(self) -> str:
        """What is wrong with the server and what mends that, in sentences; "" for nothing."""
        trouble = await self._impatient_look()
        return trouble.sentence() if trouble is not None else ""

    async def why_not(self, model: str) -> str:
        """See `core.ports.Absences`."""
        if not model.startswith(f"{self._prefix}/"):
            return ""
        if (trouble := await self.trouble()) or model in self._known:
            return trouble
        return self._not_offered(model).sentence()

    @asynccontextmanager
    async def open(self, model: str, prompt: Prompt, limits: Limits) -> AsyncIterator[Reply]:
        """Ask a model. Leaving hangs up, at which the server stops the model."""
        begin = asyncio.get_running_loop().time()
        hide = hiding(prompt, self._transport.key)
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout_at(begin + limits.seconds):
                    known = await self._find(model)
                    least = least_tokens(prompt)
                    if least + limits.max_tokens > known.card.context_tokens:
                        raise too_long(known.card)

                    def question() -> object:
                        return self._dialect.question(known, prompt, limits)

                    asking = self._lines(known, question, hide, limits.priority)
                    lines = await stack.enter_async_context(asking)
            except TimeoutError as error:
                message = f"{model} did not begin within {limits.seconds:.0f} seconds."
                raise ModelTimeout(message) from error
            reader = self._dialect.reader(known, least, limits, hide)
            yield ServedReply(lines, reader, self._hangups, model, limits, begin)

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
            text, remedy = str(error), self._dialect.remedy
            if isinstance(error, Refusal):
                text = error.message
            elif isinstance(error.__cause__, Refusal):  # it is there, so it is no use to start it
                remedy = error.remedy
            return (Check(name, Health.WARNING, plain(text, 200), remedy),)
        names = ", ".join(known.card.name for known in self._known.values()) or "no model"
        checks = [Check(name, Health.OK, plain(f"{title}: {names}", 300))]
        checks += [
            Check(f"model {plain(tag, 60)}", Health.WARNING, barred.why, barred.remedy)
            for tag, barred in self._barred.items()
        ]
        own = dict.fromkeys(known.card.leaves for known in self._known.values())
        checks += [
            Check(f"{name} passes on", Health.OK, sentence)
            for sentence in own
            if sentence not in ("", self._leaves)
        ]
        return tuple(checks)

    @asynccontextmanager
    async def _lines(
        self,
        known: Known,
        body: Callable[[], object],
        hide: Hide,
        priority: Priority = Priority.SPECULATION,
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """The lines of a reply. A busy server is asked again a few times, one that yields at once
        and otherwise.
        """
        pauses = list(self._dialect.busy_pauses)
        while True:
            self._hangups.check()
            try:
                path = self._dialect.path(known)
                async with self._transport.lines(path, body(), priority) as lines:
                    yield lines
                    return
            except Refusal as refusal:
                if not self._dialect.yields(refusal, known):
                    if refusal.status != 503 or not pauses:
                        own = self._dialect.refusal(refusal, known, hide)
                        # The refusal repeats what the server said, which may be the question.
                        raise own or refused(refusal, known.card, hide) from None
                    await asyncio.sleep(pauses.pop(0))

    async def _find(self, model: str) -> Known:
        """The model, if it is still the version that is believed to answer.

        Raises `NotOffered` where it may not be asked, and as `_look` does.
        """
        self._hangups.check()
        await self._look(again=model not in self._known or self._trouble is not None)
        known = self._known.get(model)
        if known is None:
            raise self._not_offered(model)
        before, now = self._told.get(model, ""), known.card.digest
        self._told[model] = now
        if before not in ("", now):
            # Whoever asks would put the answer down to the version that is gone.
            message = f"{plain(model, 80)} is another version than it was on {self._transport.name}"
            message += f" ({before[:12]} before, {now[:12]} now)."
            remedy = "Ask again: the new one answers from now on. Pin a version to keep it."
            raise NotOffered(message, remedy=remedy)
        return known

    def _not_offered(self, model: str) -> NotOffered:
        identity = model.removeprefix(f"{self._prefix}/")
        name = plain(model, 80)
        if (barred := self._barred.get(identity)) is not None:
            return NotOffered(f"{name} is not used: {barred.why}.", remedy=barred.remedy)
        if self._only and identity not in self._only:
            message = f"{name} is not among the models that your settings name."
            return NotOffered(message, remedy="Add it to the models of that server.")
        message = f"{self._transport.name} has no model {plain(identity, 80)}."
        return NotOffered(message, remedy=self._dialect.missing(plain(identity, 80)))

    async def _impatient_look(self) -> ModelError | None:
        """Ask which models there are, but not for long; what is wrong with the server, if anything
        is.
        """
        try:
            async with asyncio.timeout(_LIST_SECONDS):
                await self._look()
        except TimeoutError:
            name = self._transport.name
            message = f"{name} did not say within {_LIST_SECONDS:.0f} seconds which models it has."
            self._fail(ModelUnavailable(message, remedy=self._dialect.remedy), _LIST_SECONDS)
        except ModelError as error:
            return error
        return self._trouble

    def _fail(self, trouble: ModelError, seconds: float) -> None:
        """The server could not be looked at, which took so long."""
        self._trouble = trouble
        if seconds > _SLOW_SECONDS:
            self._fresh_until = asyncio.get_running_loop().time() + _CARDS_SECONDS

    async def _listing(self) -> Listing:
        """What the server has. Raises `ModelError`."""
        begin = asyncio.get_running_loop().time()
        try:
            try:
                return await self._dialect.list_models(self._known)
            except Refusal as refusal:
                raise not_listed(refusal, self._transport.name) from refusal
        except ModelError as error:
            self._fail(error, asyncio.get_running_loop().time() - begin)
            raise

    async def _look(self, *, again: bool = False) -> None:
        """Ask which models there are, unless that is known. Raises `ModelError`."""
        async with self._looking:
            now = asyncio.get_running_loop().time()
            if now < self._fresh_until and not again:
                if self._trouble is not None:
                    raise self._trouble.with_traceback(None)
                return
            listing = await self._listing()
            self._trouble = None
            models = [
                self._signed(one)
                for one in listing.models
                if not self._only or one.id in self._only
            ]
            strays = {one.id: self._stray(one) for one in models if self._is_stray(one)}
            self._known = {one.card.name: one for one in models if one.id not in strays}
            self._barred = {**listing.barred, **strays}
            self._fresh_until = now + _CARDS_SECONDS

    def _signed(self, one: Known) -> Known:
        """With what its card has to say of where questions go."""
        leaves = one.card.leaves or self._leaves
        return (
            one
            if leaves == one.card.leaves
            else replace(one, card=replace(one.card, leaves=leaves))
        )

    def _is_stray(self, one: Known) -> bool:
        """Whether a model is another version than the one that is pinned."""
        pinned = self._pins.get(one.id)
        return pinned is not None and pinned.removeprefix("sha256:") != one.card.digest

    def _stray(self, one: Known) -> Barred:
        pinned, digest = self._pins[one.id].removeprefix("sha256:"), one.card.digest
        why = f"it is not the version that is pinned ({pinned[:12]} is, {digest[:12]} is there)"
        remedy = "Bring that version back, or pin the one that is there: mirador models list --json"
        return Barred(why, remedy)
