"""What a parser says of a text, from an isolated process that may crash or freeze without harm.

`ParseWorker` is what Mirador runs; `InlineParser` does the same in this process, for tools and
tests. Both are an `Outliner`, the `Syntax`, the `Slicer`, the `ReferenceReader` and the `Analyzer`
named "rules".
"""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal, TypeVar

import msgspec

from mirador_lsp.analysis.child import COMMAND, Child, ChildLostError
from mirador_lsp.analysis.fitting import fits
from mirador_lsp.analysis.frames import Reply, Request
from mirador_lsp.analysis.inspection import Around, Inspector
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import AnalyzerError
from mirador_lsp.core.health import Check, Health
from mirador_lsp.core.knowledge import KnowledgeFile
from mirador_lsp.core.outline import Outline, Surroundings
from mirador_lsp.core.ports import Analysis
from mirador_lsp.core.references import References
from mirador_lsp.core.retrieval import Slice
from mirador_lsp.core.tasks import Supervisor
from mirador_lsp.core.text import Span, utf8
from mirador_lsp.syntax.languages import LANGUAGES
from mirador_lsp.syntax.outline import lines_outline, outline_of
from mirador_lsp.syntax.parser import MAX_BYTES, Parsed, parse
from mirador_lsp.syntax.slices import slice_at
from mirador_lsp.syntax.surroundings import surroundings_of

MAX_SENT = 8_000_000
"""Longer texts, in code points, are not looked at even by rules that need no syntax tree."""

_log = logging.getLogger(__name__)

_NAME = "rules"
_BUDGET = 0.2
_PATIENCE = 20.0
_STRIKES = 2
_MOST_STRUCK = 256
_LINES_IN_CLIENT = 200_000
_LONGEST_WAIT = 2.0

_Work = Literal["outline", "rules", "flows", "surroundings", "slice", "references", "warm"]
_Key = tuple[str, str, bytes]
_Read = TypeVar("_Read")


@dataclass(frozen=True)
class _Ticket:
    do: _Work
    snapshot: Snapshot
    reply: "asyncio.Future[Reply]"
    span: Span | None = None


class ParseWorker:
    """Asks a child process, one request after the other, and replaces the child when it is lost.

    A request that loses the child is put to a second one; a text that loses two is quarantined. The
    first request starts the child. Use it from one event loop, and `close` it.
    """

    def __init__(
        self,
        *,
        budget_seconds: float = _BUDGET,
        max_bytes: int = MAX_BYTES,
        patience_seconds: float = _PATIENCE,
        command: Sequence[str] = COMMAND,
        own: Sequence[KnowledgeFile] = (),
    ) -> None:
        """`budget_seconds` of processor time and `max_bytes` limit a parse; a request that is not
        answered within `patience_seconds` costs the child its life. `own` is the user's knowledge
        of libraries, files that can be used.
        """
        self._own = tuple(own)
        self._budget = budget_seconds
        self._max_bytes = max_bytes
        self._patience = patience_seconds
        self._command = tuple(command)
        self._tasks = Supervisor()
        self._waiting: deque[_Ticket] = deque()
        self._pump: asyncio.Task[None] | None = None
        self._child: Child | None = None
        self._strikes: dict[_Key, int] = {}
        self._lost_in_a_row = 0
        self._not_before = 0.0
        self._last_id = 0
        self._closed = False

    @property
    def name(self) -> str:
        """The analyzer's name."""
        return _NAME

    def handles(self, language: str) -> bool:
        """Every language that has a parser, and "": some rules look at any text."""
        return language in LANGUAGES or not language

    async def outline(self, snapshot: Snapshot) -> Outline:
        """See `core.ports.Outliner`."""
        if len(snapshot.text) > self._max_bytes:
            return outline_of(parse(snapshot.text, snapshot.language, max_bytes=self._max_bytes))
        reply = await self._ask("outline", snapshot)
        if reply.outline is not None and fits(reply, snapshot):
            return reply.outline
        return _without_parser(snapshot, reply.error or "the parser gave places outside the text")

    async def analyze(self, snapshot: Snapshot) -> Analysis:
        """See `core.ports.Analyzer`."""
        if len(snapshot.text) > MAX_SENT:
            message = f"The file has more than {MAX_SENT:,} characters; no rules were applied."
            raise AnalyzerError(message)
        return _analysis(await self._ask("rules", snapshot), "No rules were applied", snapshot)

    async def flows(self, snapshot: Snapshot) -> Analysis:
        """What data flows where. Raises `AnalyzerError` when it could not look."""
        if len(snapshot.text) > self._max_bytes:
            return Analysis(())  # what is not parsed is told by the rules
        return _analysis(await self._ask("flows", snapshot), "Data was not followed", snapshot)

    async def surroundings(self, snapshot: Snapshot, span: Span) -> Surroundings:
        """See `core.ports.Syntax`."""
        if len(snapshot.text) > self._max_bytes:
            refused = parse(snapshot.text, snapshot.language, max_bytes=self._max_bytes)
            return surroundings_of(refused, span)
        reply = await self._ask("surroundings", snapshot, span)
        return _believed(reply.surroundings, "places", reply, snapshot)

    async def slice_of(self, snapshot: Snapshot, place: Span) -> Slice:
        """See `core.ports.Slicer`."""
        if len(snapshot.text) > self._max_bytes:
            refused = parse(snapshot.text, snapshot.language, max_bytes=self._max_bytes)
            return slice_at(refused, place)
        reply = await self._ask("slice", snapshot, place)
        return _believed(reply.slice, "lines", reply, snapshot)

    async def references(self, snapshot: Snapshot) -> References:
        """See `core.references.ReferenceReader`."""
        if len(snapshot.text) > self._max_bytes:
            return References((), (), "it is too large to be parsed")
        reply = await self._ask("references", snapshot)
        return _believed(reply.references, "places", reply, snapshot)

    async def warm(self) -> None:
        """Start the child and let it load what the first texts would wait for. Never raises."""
        await self._ask("warm", Snapshot("stdin:", "", "", ""))

    async def health(self) -> Check:
        """Whether a child can be started, and how far it is isolated."""
        sample = Snapshot("stdin:health.py", "health.py", "python", "def f():\n    return 1\n")
        reply = await self._ask("outline", sample)
        name = "parser"
        if reply.outline is None or not reply.outline.symbols:
            remedy = "Reinstall Mirador: python -m pip install --force-reinstall mirador-lsp"
            return Check(name, Health.WARNING, reply.error or "it does not parse", remedy)
        measures = self._child.measures if self._child is not None else ()
        isolated = ", ".join(measures) or "none on this system"
        return Check(name, Health.OK, f"{len(LANGUAGES)} languages; isolation: {isolated}")

    async def close(self) -> None:
        """End the child. What still waits gets no parser's answer."""
        self._closed = True
        await self._tasks.close()
        while self._waiting:
            _settle(self._waiting.popleft(), Reply(0, error="the parser was closed"))
        child, self._child = self._child, None
        if child is not None:
            await child.end()

    async def _ask(self, do: _Work, snapshot: Snapshot, span: Span | None = None) -> Reply:
        if self._closed:
            return Reply(0, error="the parser was closed")
        ticket = _Ticket(do, snapshot, asyncio.get_running_loop().create_future(), span)
        self._waiting.append(ticket)
        if self._pump is None or self._pump.done():
            self._pump = self._tasks.start(self._work(), "parse worker")
        return await ticket.reply

    async def _work(self) -> None:
        """Answers what waits, in order. Nobody else talks to the child."""
        while self._waiting:
            ticket = self._waiting.popleft()
            if ticket.reply.done():  # the asker was cancelled meanwhile
                continue
            try:
                _settle(ticket, await self._answer(ticket))
            finally:
                _settle(ticket, Reply(0, error="the parser was closed"))

    async def _answer(self, ticket: _Ticket) -> Reply:
        body = utf8(ticket.snapshot.text)
        key = self._key(ticket, body) if self._strikes else None
        while key is None or self._strikes.get(key, 0) < _STRIKES:
            try:
                child = await self._ready()
            except ChildLostError as error:
                return Reply(0, error=f"the parser {error}")
            try:
                reply = await child.ask(self._request(ticket), body, self._patience)
            except ChildLostError as error:
                key = self._key(ticket, body)
                _log.warning("the parser %s, on %s", error, ticket.snapshot.name)
                await self._lost(child)
                self._strike(key)
            except asyncio.CancelledError:
                await child.kill()
                raise
            else:
                self._lost_in_a_row = 0
                if key is not None:
                    self._strikes.pop(key, None)
                return reply
        return Reply(0, error=f"this text ended the parser {_STRIKES} times and is not tried again")

    def _request(self, ticket: _Ticket) -> Request:
        self._last_id += 1
        language, budget = ticket.snapshot.language, self._budget
        made = Request(self._last_id, ticket.do, language, budget, self._max_bytes, ticket.span)
        around = Around.of(ticket.snapshot) if ticket.do == "flows" else None
        if around is None:
            return made
        return msgspec.structs.replace(made, root=str(around.root), name=around.name)

    def _key(self, ticket: _Ticket, body: bytes) -> _Key:
        return ticket.do, ticket.snapshot.language, sha256(body).digest()

    def _strike(self, key: _Key) -> None:
        self._strikes[key] = self._strikes.pop(key, 0) + 1
        while len(self._strikes) > _MOST_STRUCK:
            del self._strikes[next(iter(self._strikes))]

    async def _ready(self) -> Child:
        """A child that can be asked. Raises `ChildLostError` while starting is not worth a try."""
        if self._child is not None:
            if self._child.alive:
                return self._child
            await self._child.kill()  # it died while nobody asked it anything: nobody's fault
            self._child = None
        wait = self._not_before - asyncio.get_running_loop().time()
        if wait > _LONGEST_WAIT:
            message = "was lost too often and is not started again for a moment"
            raise ChildLostError(message)
        if wait > 0:
            await asyncio.sleep(wait)
        try:
            self._child = await self._begun()
        except ChildLostError:
            self._back_off()
            raise
        return self._child

    async def _begun(self) -> Child:
        """A new child, which knows what the user knows. Raises `ChildLostError`."""
        child = await Child.start(self._command)
        if not self._own:
            return child
        self._last_id += 1
        learn = Request(self._last_id, "learn", "", self._budget, self._max_bytes)
        try:
            await child.ask(learn, msgspec.json.encode(self._own), self._patience)
        except BaseException:
            await child.kill()
            raise
        return child

    async def _lost(self, child: Child) -> None:
        await child.kill()
        self._child = None
        self._back_off()

    def _back_off(self) -> None:
        """After two losses in a row, wait before the next start: half a second, then twice that."""
        self._lost_in_a_row += 1
        if self._lost_in_a_row > _STRIKES:
            delay = min(30.0, 0.5 * 2 ** min(self._lost_in_a_row - _STRIKES - 1, 10))
            self._not_before = asyncio.get_running_loop().time() + delay


class InlineParser:
    """The same ports in this process: a text that crashes the parser takes the process along,
    and the event loop stands still meanwhile.
    """

    def __init__(
        self,
        *,
        budget_seconds: float = _BUDGET,
        max_bytes: int = MAX_BYTES,
        own: Sequence[KnowledgeFile] = (),
    ) -> None:
        """As for `ParseWorker`."""
        self._inspector = Inspector(tuple(own))
        self._budget = budget_seconds
        self._max_bytes = max_bytes

    @property
    def name(self) -> str:
        """The analyzer's name."""
        return _NAME

    def handles(self, language: str) -> bool:
        """Every language that has a parser, and "": some rules look at any text."""
        return language in LANGUAGES or not language

    async def outline(self, snapshot: Snapshot) -> Outline:
        """See `core.ports.Outliner`."""
        return self._inspector.outline(
            snapshot.text, snapshot.language, self._budget, self._max_bytes
        )

    async def analyze(self, snapshot: Snapshot) -> Analysis:
        """See `core.ports.Analyzer`."""
        return self._inspector.rules(
            snapshot.text, snapshot.language, self._budget, self._max_bytes
        )

    async def flows(self, snapshot: Snapshot) -> Analysis:
        """What data flows where."""
        around = Around.of(snapshot)
        return self._inspector.flows(
            snapshot.text, snapshot.language, self._budget, self._max_bytes, around
        )

    async def surroundings(self, snapshot: Snapshot, span: Span) -> Surroundings:
        """See `core.ports.Syntax`."""
        return self._inspector.surroundings(
            snapshot.text, snapshot.language, self._budget, self._max_bytes, span
        )

    async def slice_of(self, snapshot: Snapshot, place: Span) -> Slice:
        """See `core.ports.Slicer`."""
        return self._inspector.slice_of(
            snapshot.text, snapshot.language, self._budget, self._max_bytes, place
        )

    async def references(self, snapshot: Snapshot) -> References:
        """See `core.references.ReferenceReader`."""
        return self._inspector.references(
            snapshot.text, snapshot.language, self._budget, self._max_bytes
        )


def _settle(ticket: _Ticket, reply: Reply) -> None:
    if not ticket.reply.done():
        ticket.reply.set_result(reply)


def _analysis(reply: Reply, failed: str, snapshot: Snapshot) -> Analysis:
    """What a reply holds of findings. Raises `AnalyzerError` that begins with `failed`."""
    if reply.analysis is None:
        message = f"{failed}: {reply.error}."
        raise AnalyzerError(message)
    if not fits(reply, snapshot):
        message = f"{failed}: the parser gave places outside the text."
        raise AnalyzerError(message)
    return reply.analysis


def _believed(read: _Read | None, what: str, reply: Reply, snapshot: Snapshot) -> _Read:
    """What a reply holds of the tree, there and inside the text. Raises `AnalyzerError`."""
    if read is None:
        message = f"The syntax tree could not be read: {reply.error}."
        raise AnalyzerError(message)
    if not fits(reply, snapshot):
        message = f"The syntax tree could not be read: the parser gave {what} outside the text."
        raise AnalyzerError(message)
    return read


def _without_parser(snapshot: Snapshot, reason: str) -> Outline:
    if len(snapshot.text) > _LINES_IN_CLIENT:
        return Outline((), (), (), f"not parsed: {reason}")
    language = LANGUAGES.get(snapshot.language)
    if language is not None and language.data:
        return Outline((), (), (), f"not parsed: {reason}")
    note = f"read by lines: {reason}"
    return lines_outline(Parsed(snapshot.text, snapshot.language), note)
