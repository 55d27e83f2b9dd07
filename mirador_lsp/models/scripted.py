"""A backend that says what a file tells it to say. It ships: tests of any surface run on it.

The file is TOML. `[[model]]` tables are the models. `[[reply]]` tables are tried in order; the
first whose `model`, `material` and `question` fit answers, and without one the answer is "none".
With `journal = "FILE"` each call leaves a JSON line when it starts and when it ends, so that a test
in another process sees whether a cancel arrived.
"""

import asyncio
import hashlib
import itertools
import math
import re
import tomllib
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal, NoReturn

import msgspec

from mirador_lsp.core.dialogue import Chunk, Limits, ModelCard, Prefill, Prompt, Usage
from mirador_lsp.core.errors import (
    BadReply,
    ContextOverflow,
    ModelError,
    ModelTimeout,
    ModelUnavailable,
    UserError,
)
from mirador_lsp.core.ports import Reply
from mirador_lsp.models.guard import ReplyGuard

BACKEND = "scripted"
_POLL_SECONDS = 0.01
_PIECES = re.compile(r"\s*\S+|\s+$")
_CHARACTERS_PER_TOKEN = 4


class ScriptedModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A `[[model]]`: the fields of its card."""

    name: str
    digest: str = "0" * 64
    context_tokens: int = 4096
    size_bytes: int = 0
    parameters: float = 0.0
    supports_grammar: bool = True
    supports_logprobs: bool = True
    supports_infill: bool = False
    claims_right: float | None = None
    can_judge: bool = False
    tags: frozenset[str] = frozenset()


class ScriptedReply(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A `[[reply]]`: when it fits, and what happens then."""

    model: str = ""
    """Name of the model; "" fits all."""
    material: str = ""
    """A regular expression found in the prompt's material."""
    question: str = ""
    """A regular expression found in the prompt's question."""
    times: int = 0
    """How often it may be used; 0 is always."""
    text: str = "none"
    """Comes word by word."""
    raw: str = ""
    """Comes in one piece, after `text`."""
    endless: bool = False
    """Say it again and again until stopped."""
    logprob: float = -0.1
    alternatives: dict[str, float] = {}
    """Probabilities of tokens the model might have said instead, at every piece."""
    delay_ms: int = 0
    """Before each piece."""
    hold: str = ""
    """Wait until this file exists; relative to the script."""
    hold_after: int = 0
    """Pieces that come before the wait."""
    error: Literal["", "unavailable", "overflow", "timeout", "bad"] = ""
    """Fail: the first two at once, the others after the text."""


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    model: tuple[ScriptedModel, ...] = ()
    reply: tuple[ScriptedReply, ...] = ()
    journal: str = ""
    """File for the record of calls; relative to the script."""


_ERRORS: dict[str, type[ModelError]] = {
    "unavailable": ModelUnavailable,
    "overflow": ContextOverflow,
    "timeout": ModelTimeout,
    "bad": BadReply,
}


class ScriptedBackend:
    """Plays a script. Raises UserError when the file cannot be read or makes no sense."""

    def __init__(self, script: Path) -> None:
        self._folder = script.parent
        self._script = _read(script)
        self._used: dict[int, int] = {}
        self._closing = asyncio.Event()

    async def cards(self) -> Sequence[ModelCard]:
        """The models of the script."""
        return tuple(
            ModelCard(
                name=model.name,
                backend=BACKEND,
                digest=model.digest,
                context_tokens=model.context_tokens,
                size_bytes=model.size_bytes,
                parameters=model.parameters,
                supports_grammar=model.supports_grammar,
                supports_logprobs=model.supports_logprobs,
                supports_infill=model.supports_infill,
                claims_right=model.claims_right,
                can_judge=model.can_judge,
                tags=model.tags,
            )
            for model in self._script.model
        )

    @asynccontextmanager
    async def open(self, model: str, prompt: Prompt, limits: Limits) -> AsyncIterator[Reply]:
        """Play the first reply that fits."""
        begin = asyncio.get_running_loop().time()
        card = self._find(model)
        said = self._choose(model, prompt)
        tokens = _tokens(prompt)
        if said.error in ("unavailable", "overflow"):
            message = f"The script says that {model} fails: {said.error}."
            raise _ERRORS[said.error](message)
        if tokens + limits.max_tokens > card.context_tokens:
            message = f"The prompt of {tokens} tokens does not fit {card.context_tokens}."
            raise ContextOverflow(message)
        reply = _Playing(self, said, limits, tokens, begin)
        self.note(model, prompt, "started")
        try:
            yield reply
        finally:
            self.note(model, prompt, reply.outcome)

    async def count(self, model: str, texts: Sequence[str]) -> Sequence[int] | None:
        """See `core.ports.TokenCounter`: a script has no vocabulary, so it counts roughly."""
        if all(known.name != model for known in self._script.model):
            return None
        return [-(-len(text) // _CHARACTERS_PER_TOKEN) for text in texts]

    async def close(self) -> None:
        """End what is being said."""
        self._closing.set()

    @property
    def closed(self) -> bool:
        """Whether nothing more may be said."""
        return self._closing.is_set()

    async def wait_for(self, file_name: str) -> None:
        """Until the file exists, or the backend is closed. Files have no event to wait for."""
        path = self._folder / file_name
        while not (self.closed or await asyncio.to_thread(path.exists)):  # noqa: ASYNC110
            await asyncio.sleep(_POLL_SECONDS)

    def note(self, model: str, prompt: Prompt, event: str) -> None:
        """Add a line to the journal."""
        if not self._script.journal:
            return
        text = f"{prompt.system}\0{prompt.material}\0{prompt.question}"
        digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
        line = msgspec.json.encode({"model": model, "prompt": digest, "event": event})
        with (self._folder / self._script.journal).open("ab") as journal:
            journal.write(line + b"\n")

    def _find(self, name: str) -> ScriptedModel:
        for model in self._script.model:
            if model.name == name and not self.closed:
                return model
        message = f"The script has no model {name}." if not self.closed else "The script is over."
        raise ModelUnavailable(message)

    def _choose(self, model: str, prompt: Prompt) -> ScriptedReply:
        for index, reply in enumerate(self._script.reply):
            used = self._used.get(index, 0)
            if _fits(reply, model, prompt) and (not reply.times or used < reply.times):
                self._used[index] = used + 1
                return reply
        return ScriptedReply()


class _Playing:
    """A reply while it is being played."""

    def __init__(
        self,
        backend: ScriptedBackend,
        said: ScriptedReply,
        limits: Limits,
        prompt_tokens: int,
        begin: float,
    ) -> None:
        self._backend = backend
        self._said = said
        self._limits = limits
        self._begin = begin
        self._guard = ReplyGuard()
        self._usage = Usage(prompt_tokens=prompt_tokens)
        self.outcome = "cancelled"

    @property
    def usage(self) -> Usage:
        """What it cost so far, a word being a token."""
        return self._usage

    async def __aiter__(self) -> AsyncIterator[Chunk | Prefill]:
        """The pieces, as the script has them."""
        total = self._usage.prompt_tokens
        yield Prefill(0, total)
        yield Prefill(total, total)
        for index, piece in enumerate(_pieces(self._said)):
            if index >= self._limits.max_tokens:
                self._usage = replace(self._usage, truncated=True)
                break
            await self._until_due(index)
            yield self._chunk(piece)
        await self._until_due(self._usage.completion_tokens, last=True)
        if self._said.error:
            self._fail(_ERRORS[self._said.error]("The script says that the model fails here."))
        self.outcome = "finished"
        self._usage = replace(self._usage, seconds=self._now())

    async def _until_due(self, index: int, *, last: bool = False) -> None:
        """Wait as the script says, no longer than the deadline."""
        said = self._said
        try:
            async with asyncio.timeout_at(self._begin + self._limits.seconds):
                await asyncio.sleep(0 if last else said.delay_ms / 1000)
                due = index <= said.hold_after if last else index == said.hold_after
                if said.hold and due:
                    await self._backend.wait_for(said.hold)
        except TimeoutError:
            self._fail(ModelTimeout("The script took longer than the reply may take."))
        if self._backend.closed:
            self._fail(ModelUnavailable("The script is over."))

    def _chunk(self, piece: str) -> Chunk:
        usage = self._usage
        first = usage.first_token_seconds
        self._usage = replace(
            usage,
            completion_tokens=usage.completion_tokens + 1,
            first_token_seconds=self._now() if first is None else first,
            seconds=self._now(),
        )
        try:
            self._guard.watch(piece)
        except BadReply as error:
            self._fail(error)
        logprob = self._said.logprob
        wanted = self._limits.top_logprobs > 0
        others = [(token, math.log(p)) for token, p in self._said.alternatives.items()]
        listed = sorted([(piece, logprob), *others], key=lambda each: -each[1])
        return Chunk(piece, logprob if wanted else None, tuple(listed) if wanted else ())

    def _fail(self, error: ModelError) -> NoReturn:
        self.outcome = "failed"
        raise error

    def _now(self) -> float:
        return asyncio.get_running_loop().time() - self._begin


def _read(path: Path) -> Script:
    try:
        text = path.read_text(encoding="utf-8")
        script = msgspec.convert(tomllib.loads(text), Script)
        for reply in script.reply:
            re.compile(reply.material)
            re.compile(reply.question)
    except OSError as error:
        message = f"The script {path} cannot be read: {error.strerror}."
        raise UserError(message, remedy="Set engine.script to a script file.") from error
    except (ValueError, msgspec.ValidationError, re.error) as error:
        message = f"The script {path} is wrong: {error}."
        raise UserError(message) from error
    return script


def _fits(reply: ScriptedReply, model: str, prompt: Prompt) -> bool:
    return (
        reply.model in ("", model)
        and re.search(reply.material, prompt.material) is not None
        and re.search(reply.question, prompt.question) is not None
    )


def _pieces(said: ScriptedReply) -> Iterable[str]:
    pieces = [*_PIECES.findall(said.text), *([said.raw] if said.raw else [])]
    return itertools.cycle(pieces) if said.endless else pieces


def _tokens(prompt: Prompt) -> int:
    """A rough count; scripts have no vocabulary."""
    letters = len(prompt.system) + len(prompt.material) + len(prompt.question)
    return 1 + letters // _CHARACTERS_PER_TOKEN
