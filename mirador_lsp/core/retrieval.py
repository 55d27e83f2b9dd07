"""What is asked of the index of a workspace, and what it answers."""

from dataclasses import dataclass, field
from enum import StrEnum

from mirador_lsp.core.text import Span


class Collection(StrEnum):
    """What can be searched. Each is asked for by name; code and prose are the workspace's files."""

    CODE = "code"
    PROSE = "prose"
    TALK = "talk"
    """Questions that were answered before."""
    FIX = "fix"
    """Changes that the user accepted."""


FILES = frozenset({Collection.CODE, Collection.PROSE})
"""The collections whose hits are places in files."""


class MentionKind(StrEnum):
    """What a name does where it stands."""

    DEFINES = "defines"
    CALLS = "calls"
    USES = "uses"
    """Named without being called: a base class, a type, a decorator, a value."""
    IMPORTS = "imports"


@dataclass(frozen=True)
class Mention:
    """A name at a place of a file: an edge of the symbol graph."""

    name: str
    """The last part of the name as it is written: "parse", not "self.parse"."""
    kind: MentionKind
    symbol: str
    """Path of the innermost symbol in which it stands, or that it defines; "" for the module."""
    line: int
    """From 0."""
    qualifier: str = ""
    """What stands before the name ("self", "os.path"), the module for an import; or ""."""


@dataclass(frozen=True)
class CodeChunk:
    """A piece of a file that is searched as a whole."""

    symbol: str
    """Path of its symbol, the headings above a piece of prose joined by " > ", or ""."""
    kind: str
    """"function", "method", "class", "module", "prose" or "data"."""
    span: Span
    """Whole lines of the file. The chunks of a file never overlap."""
    header: str
    """One line that says where it stands: file, symbol, signature of what is around it."""
    text: str
    """The lines, as they are in the file."""


@dataclass(frozen=True)
class Query:
    """A search."""

    text: str
    """Words, a name, a question or a piece of code."""
    most: int = 10
    collections: tuple[Collection, ...] = (Collection.CODE, Collection.PROSE)
    languages: tuple[str, ...] = ()
    """Ids of the languages to look in; () for all."""
    under: str = ""
    """A folder relative to the workspace; "" for all of it."""
    near: str = ""
    """Name of the file from which is asked: what is close to it is ranked up."""
    without: tuple[str, ...] = ()
    """Names of files that are left out, such as the one that is shown anyway."""
    rerank: bool = False
    """Whether a reranker that the user has named may put the best hits in order: that takes
    longer, and they are sent to it.
    """


@dataclass(frozen=True)
class Hit:
    """Something that was found."""

    collection: Collection
    name: str
    """The file relative to the workspace, with "/"; for others than files their id."""
    symbol: str
    kind: str
    """As `CodeChunk.kind`; "talk" and "fix" for what is no file."""
    language: str
    first: int
    last: int
    """Lines from 0, both shown; 0 and 0 for what is no file."""
    text: str
    score: float
    """Larger is better; comparable within one answer only."""
    why: tuple[str, ...]
    """What speaks for it: "meaning #2", "words #1", "symbol", "near", "rerank #1"."""
    content: str
    """SHA-256 of the whole file as it was indexed, hex: whoever shows the place compares it."""


@dataclass(frozen=True)
class Found:
    """The answer to a query."""

    hits: tuple[Hit, ...]
    """Best first."""
    notes: tuple[str, ...] = ()
    """What was not looked at and why, in sentences: no embedder, files still to come…"""
    seconds: float = 0.0


@dataclass(frozen=True)
class Neighbourhood:
    """What stands around a symbol in the graph."""

    definitions: tuple[Hit, ...]
    """Of the names that were asked for, the likeliest of each name first."""
    users: tuple[Hit, ...]
    """Symbols that call or use the symbol, the nearest first."""


@dataclass(frozen=True)
class Memory:
    """Something besides files that is to be found again: an answer, an accepted change."""

    collection: Collection
    id: str
    title: str
    text: str
    name: str = ""
    """The file that it was about, relative to the workspace, or ""."""
    time: float = 0.0
    """When it came about, seconds since the epoch."""


@dataclass(frozen=True)
class IndexReport:
    """What the index of a workspace holds and does."""

    phase: str
    """"off", "starting", "looking" (walking the files), "reading" (words and symbols), "embedding",
    "ready", "paused" or "failed"."""
    reason: str = ""
    """Why it is paused, off or failed, in a sentence with its remedy; or ""."""
    files: int = 0
    chunks: int = 0
    vectors: int = 0
    """Chunks that have their final vector."""
    waiting: int = 0
    """Files that still have to be read."""
    skipped: tuple[tuple[str, int], ...] = ()
    """Reason → number of files left out."""
    embedder: str = ""
    """Name of the embedder, "" where search is by words and symbols alone."""
    bytes: int = 0
    """On disk."""
    notes: tuple[str, ...] = ()
    """What went wrong and was worked around ("rebuilt: the folder was damaged")."""
    sends: str = ""
    """What goes to a team's server and what a reranker's leaves this machine, in a sentence each;
    "" where nothing does.
    """


@dataclass(frozen=True)
class VectorFile:
    """A file of vectors that was written or taken in."""

    embedder: str
    vectors: int
    bytes: int
    missing: int = 0
    """Chunks of the workspace's files that it lacks, where it was written."""
    fits: bool = True
    """Whether it is of the embedder that the index uses."""


@dataclass(frozen=True)
class EmbedderCard:
    """Facts about an embedder. Vectors of two embedders are never compared."""

    name: str
    """As a user names it: "minilm", "SERVER/MODEL"."""
    digest: str
    """Of what computes the vectors; another digest is another embedder."""
    dimensions: int
    max_tokens: int
    """Longer texts are cut there by the embedder itself."""
    local: bool = True
    """Whether texts stay in this process."""


@dataclass(frozen=True)
class Slice:
    """The part of a symbol that decides what happens at a place."""

    lines: tuple[int, ...]
    """From 0, in order: definitions and conditions that reach the place, and what uses its result.
    The place's own lines are among them."""
    names: tuple[str, ...] = ()
    """Names that reach the place from outside of the symbol: calls, globals, imports."""
    complete: bool = True
    """False where the language or the size allowed no more than a guess by names."""


@dataclass(frozen=True)
class RulesFile:
    """What a project says about how its code is to be written."""

    name: str
    """Relative to the workspace, with "/"."""
    text: str
    """As it is, but for what is above the limit of its size."""
    cut: bool = False
    """Whether it is longer than that."""


@dataclass(frozen=True)
class ContextPiece:
    """A piece of what a model is shown besides the code that is asked about."""

    source: str
    """"outline", "definition", "user", "slice", "similar", "rules", "preference", "talk"."""
    title: str
    """Where it is from, for the reader: "billing.py, function charge, lines 10 to 42"."""
    text: str
    score: float
    """How much it is believed to matter, 0…1."""
    tokens: int = 0
    """What it costs, heading and fence included."""


@dataclass(frozen=True)
class Compiled:
    """The context of one question, and the account of how it came about."""

    text: str
    """Ready for the prompt; "" where nothing was worth its tokens."""
    tokens: int
    budget: int
    """Tokens it was allowed."""
    counted: bool
    """Whether the model's own tokenizer counted; else it is an estimate."""
    kept: tuple[ContextPiece, ...] = ()
    """In the order in which they stand in `text`."""
    dropped: tuple[tuple[ContextPiece, str], ...] = field(default=())
    """What was found and left out, with the reason: "budget", "duplicate", "stale"…"""


def account(compiled: Compiled) -> dict[str, object]:
    """How a context came about, for programs: plain values, titles as people read them."""
    return {
        "tokens": compiled.tokens,
        "budget": compiled.budget,
        "counted": compiled.counted,
        "kept": [_row(piece) for piece in compiled.kept],
        "dropped": [{**_row(piece), "reason": reason} for piece, reason in compiled.dropped],
    }


def _row(piece: ContextPiece) -> dict[str, object]:
    return {
        "source": piece.source,
        "title": piece.title,
        "score": piece.score,
        "tokens": piece.tokens,
    }
