"""The seams of Mirador on one page; those of books with values of their own stand beside these.

Each port is a Protocol over the values of this room. Every implementation, the fakes included,
passes the contract tests in `tests/contracts`. Adapters import this module; it imports none.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from mirador_lsp.core.dialogue import (
    Chunk,
    KeptReply,
    Limits,
    ModelCard,
    Prefill,
    Prompt,
    Usage,
)
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import Notice
from mirador_lsp.core.feedback import Opinion, Which
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.outline import Outline, Surroundings
from mirador_lsp.core.retrieval import (
    EmbedderCard,
    Found,
    IndexReport,
    Memory,
    Neighbourhood,
    Query,
    RulesFile,
    Slice,
)
from mirador_lsp.core.routing import Measurement, Standing
from mirador_lsp.core.text import Span


class Clock(Protocol):
    """Time. Only `models` deadlines and event time stamps need it; tests bring their own."""

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...

    def wall(self) -> float:
        """Seconds since the epoch."""
        ...


class Reply(Protocol):
    """A model's answer while it is being given."""

    def __aiter__(self) -> AsyncIterator[Chunk | Prefill]:
        """The answer piece by piece.

        Invariants: the joined text of the chunks is the whole reply; `Prefill` comes only before
        the first chunk. Ending without an error means that the model finished or reached
        `max_tokens`; anything else raises a `ModelError` (`ModelTimeout` at the deadline).
        """
        ...

    @property
    def usage(self) -> Usage:
        """What it cost. Complete once the iteration has ended; before that, what is known."""
        ...


class ModelBackend(Protocol):
    """Where models run."""

    async def cards(self) -> Sequence[ModelCard]:
        """The models that can be used now, without loading any of them. Never raises for a backend
        that is merely absent: it has no cards then.
        """
        ...

    def open(
        self, model: str, prompt: Prompt, limits: Limits
    ) -> AbstractAsyncContextManager[Reply]:
        """Ask `model` (the name on its card).

        Leaving the block, also by cancellation, stops the model: no more work is done for this
        reply. Raises `ModelUnavailable`, `ContextOverflow` on entry, any `ModelError` while
        reading. Foreign exceptions never come through.
        """
        ...

    async def close(self) -> None:
        """Let go of connections. Replies still open end with `ModelUnavailable`."""
        ...


class Outliner(Protocol):
    """Finds the symbols and the review units of a file."""

    async def outline(self, snapshot: Snapshot) -> Outline:
        """The outline. Never raises for what the text holds: an unknown language, a text too large
        or too slow to parse gives an outline with a `note` and, where the text may go to a model at
        all, units cut by lines.
        """
        ...


class Syntax(Protocol):
    """Answers questions about syntax trees that an outline leaves open."""

    async def surroundings(self, snapshot: Snapshot, span: Span) -> Surroundings:
        """What stands around `span`; `code_digest` is that of the whole text.

        Never raises for what the text holds. Raises `AnalyzerError` when the parser is lost.
        """
        ...


@dataclass(frozen=True)
class Analysis:
    """What an analyzer found, and what it could not look at."""

    findings: tuple[Finding, ...]
    notices: tuple[Notice, ...] = ()
    cleared: tuple[tuple[Span, str], ...] = ()
    """Places that do no harm of that CWE: what patterns say of them is not so."""


class Analyzer(Protocol):
    """Finds facts without a model."""

    @property
    def name(self) -> str:
        """Short name: "ruff", "rules"."""
        ...

    def handles(self, language: str) -> bool:
        """Whether it has anything to say about the language."""
        ...

    async def analyze(self, snapshot: Snapshot) -> Analysis:
        """Findings with ids, spans inside the text, in the order of the text.

        Raises `AnalyzerError` when it could not look; never returns an empty analysis instead.
        """
        ...


class FeedbackBook(Protocol):
    """Remembers what users think of findings. One writer; safe against a kill at any time.

    Raises `ServiceError` where it cannot be read or written, and after `close`.
    """

    async def record(self, opinion: Opinion) -> None:
        """Keep an opinion; a later one about the same finding of the same document replaces it.

        When it returns, the opinion is on disk; where that cannot be now, it waits, or is of this
        session alone, and `notices` says so.
        """
        ...

    async def about(self, uri: str) -> tuple[Opinion, ...]:
        """The opinions that hold about findings of a document, oldest first."""
        ...

    async def latest(self, most: int, of_rule: int) -> tuple[Opinion, ...]:
        """The `most` latest opinions that hold, at most `of_rule` of one rule; newest first."""
        ...

    async def stamp(self) -> str:
        """Another text after anybody recorded or removed an opinion. Cheap."""
        ...

    async def forget(self, which: Which) -> int:
        """Remove opinions for good, and all that was computed of any. How many there were."""
        ...

    async def vectors(self, embedder: str, keys: Sequence[str]) -> Mapping[str, Sequence[float]]:
        """By its key, the vector that was kept of each text; what is not known is left out."""
        ...

    async def keep_vectors(self, embedder: str, made: Mapping[str, Sequence[float]]) -> None:
        """Keep what an embedder made of texts, under their keys. Those of another are dropped."""
        ...

    def notices(self) -> tuple[Notice, ...]:
        """What went wrong with what was kept and was worked around; each is told once."""
        ...

    async def close(self) -> None:
        """Let go of the file. Everything recorded is on disk."""
        ...


class Measurements(Protocol):
    """Remembers how models did, so that choosing among them learns. Figures only.

    Raises `ServiceError` where it cannot be read or written, and after `close`.
    """

    async def record(self, measured: Sequence[Measurement]) -> None:
        """Keep measurements. When it returns, they are on disk, or `notices` says why not."""
        ...

    async def standings(self) -> Sequence[Standing]:
        """What the latest 200 replies of each model at each task amount to, ordered by both."""
        ...

    async def recent(self, most: int) -> Sequence[Measurement]:
        """The latest replies, oldest first, `most` at most."""
        ...

    def notices(self) -> tuple[Notice, ...]:
        """What went wrong with what was kept and was worked around; each is told once."""
        ...

    async def close(self) -> None:
        """Let go of the file. Everything recorded is on disk."""
        ...


class ReplyBook(Protocol):
    """Keeps finished replies, so that unchanged code is not asked about again after a restart.

    Raises `ServiceError` where it cannot be read or written, and after `close`.
    """

    async def find(self, key: str) -> KeptReply | None:
        """The reply kept under `key`, or None."""
        ...

    async def keep(self, replies: Mapping[str, KeptReply]) -> None:
        """Keep replies under their keys. When it returns, they are on disk, or `notices` tells why.

        The oldest are forgotten where they become too many.
        """
        ...

    def notices(self) -> tuple[Notice, ...]:
        """What went wrong with what was kept and was worked around; each is told once."""
        ...

    async def close(self) -> None:
        """Let go of the file. Everything kept is on disk."""
        ...


class Slicer(Protocol):
    """Tells which lines of a symbol matter for a place in it."""

    async def slice_of(self, snapshot: Snapshot, place: Span) -> Slice:
        """The lines of the innermost symbol around `place` that decide what happens there.

        Never raises for what the text holds. Raises `AnalyzerError` when the parser is lost.
        """
        ...


class Embedder(Protocol):
    """Turns texts into vectors. Texts leave the process only where `card.local` is False."""

    @property
    def card(self) -> EmbedderCard:
        """What it is. Constant for the life of the embedder."""
        ...

    async def documents(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """One vector of `card.dimensions` floats and length 1 for each text, in their order.

        Any text is accepted, the empty one included; what is longer than `card.max_tokens` is cut.
        Raises `ModelUnavailable`, `ModelTimeout` or `BadReply`; never returns fewer vectors.
        """
        ...

    async def query(self, text: str) -> Sequence[float]:
        """The vector of what is searched for; comparable with those of `documents`."""
        ...

    async def close(self) -> None:
        """Let go of connections and memory. May be repeated."""
        ...


class Reranker(Protocol):
    """Says which texts answer a question best. Texts leave this machine where `leaves` says so."""

    @property
    def leaves(self) -> str:
        """What leaves this machine when it is asked, one sentence; "" when nothing does."""
        ...

    async def rank(self, query: str, texts: Sequence[str]) -> Sequence[int]:
        """The place of each text in `texts`, that of the best one first; of equals the earlier one.

        Any text is accepted; what is too long is cut. Raises a `ModelError`, or `UserError` for a
        key that cannot be used; never returns fewer places.
        """
        ...

    async def close(self) -> None:
        """Let go of connections. May be repeated."""
        ...


class CodeIndex(Protocol):
    """Finds code of one workspace by words, names and meaning.

    Every method raises `IndexUnavailable` where the index cannot be asked; callers go on without.
    Nothing in a workspace makes it raise anything else.
    """

    async def search(self, query: Query) -> Found:
        """What fits best. Usable while the index is being built: notes say what is missing."""
        ...

    async def neighbourhood(
        self, name: str, symbol: str, names: Sequence[str], most: int
    ) -> Neighbourhood:
        """Definitions of `names` as seen from file `name`, and users of its `symbol`."""
        ...

    async def central(self) -> Mapping[str, int]:
        """By file, how many others name what it alone defines; files that nobody names are left
        out.
        """
        ...

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Vectors of the index's own embedder; () where it has none."""
        ...

    async def changed(self, names: Sequence[str]) -> None:
        """Files that were written, made or removed; they are read again soon, before others."""
        ...

    async def remember(self, memories: Sequence[Memory]) -> None:
        """Make memories searchable; one with a known id replaces it. On disk when it returns."""
        ...

    async def forget(self, ids: Sequence[str]) -> None:
        """Remove memories for good."""
        ...

    async def busy(self, *, waiting: bool) -> None:
        """Whether the user waits for a model now: the index stands still meanwhile."""
        ...

    async def report(self) -> IndexReport:
        """What it holds and does."""
        ...

    async def close(self) -> None:
        """Hang up. The index goes on for others, and leaves when nobody is left."""
        ...


@runtime_checkable
class TokenCounter(Protocol):
    """Counts tokens the way a model does. Where a backend can, it is one as well."""

    async def count(self, model: str, texts: Sequence[str]) -> Sequence[int] | None:
        """The number of tokens of each text for the model of that card name.

        None where its tokenizer cannot be asked now without loading the model. Never raises.
        """
        ...


@runtime_checkable
class Absences(Protocol):
    """Knows why a model cannot be used. Where a backend can, it is one as well."""

    async def why_not(self, model: str) -> str:
        """Why the model of that name cannot be used now and what mends that, in sentences.

        "" where it can be, and where nothing is known of it. Takes seconds at most; never raises.
        """
        ...


class ProjectFiles(Protocol):
    """Reads what the files of the workspace say about it. Never raises for what is there or not."""

    def name_of(self, snapshot: Snapshot) -> str:
        """The name of the document's file relative to the workspace, with "/"; "" where it has
        none or lies elsewhere. Touches no disk.
        """
        ...

    async def rules(self) -> Sequence[RulesFile]:
        """What the project asks of its code, the most special file first; () unless the user
        trusts the workspace.
        """
        ...

    async def unchanged(self, contents: Mapping[str, str]) -> frozenset[str]:
        """Of files, named relative to the workspace, with the SHA-256 that they had: those that
        still have it. A name that leads out of the workspace is never among them.
        """
        ...
