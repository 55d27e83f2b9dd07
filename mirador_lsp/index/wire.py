"""What the processes of a user and the index of a workspace say to one another.

A client keeps one line open. Each of its requests has a number of its own, and exactly one answer
bears that number.
"""

from typing import Final

import msgspec

from mirador_lsp.core.retrieval import (
    Found,
    IndexReport,
    Memory,
    Neighbourhood,
    Query,
    VectorFile,
)
from mirador_lsp.core.servers import ModelServer, TeamServer
from mirador_lsp.ipc.frames import Message
from mirador_lsp.ipc.hosting import Hello, Stop


class Wishes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the user's settings say of the index."""

    embedder: str
    """Its name, "auto", or "none"."""
    models: str
    """Folder of the model files."""
    max_file_kib: int
    max_disk_mib: int
    servers: tuple[ModelServer, ...] = ()
    """Servers that the user named; the embedder and the reranker may be models of theirs."""
    shared: str = ""
    """Path of vectors that were computed elsewhere, or ""."""
    team: TeamServer | None = None
    rerank: str = ""
    """Name of the reranker, or ""."""


class Attach(Message, frozen=True, tag="attach"):
    """First word: which workspace is meant, and what is wanted of its index."""

    workspace: str
    """Its real path."""
    wishes: Wishes


class Ask(Message, frozen=True, tag="search"):
    """Search."""

    number: int
    query: Query


class AskAround(Message, frozen=True, tag="around"):
    """Look around a symbol."""

    number: int
    name: str
    symbol: str
    names: tuple[str, ...]
    most: int


class AskCentral(Message, frozen=True, tag="central"):
    """Count who uses which file."""

    number: int


class Embed(Message, frozen=True, tag="embed"):
    """Turn texts into vectors."""

    number: int
    texts: tuple[str, ...]


class Changed(Message, frozen=True, tag="changed"):
    """Files were written, made or removed."""

    number: int
    names: tuple[str, ...]
    opened: bool = False
    """The user has them open now; that they changed is not said."""


class Remember(Message, frozen=True, tag="remember"):
    """Make memories searchable."""

    number: int
    memories: tuple[Memory, ...]


class Forget(Message, frozen=True, tag="forget"):
    """Remove memories for good."""

    number: int
    ids: tuple[str, ...]


class Busy(Message, frozen=True, tag="busy"):
    """Whether the user of this client waits for a model."""

    number: int
    waiting: bool


class Report(Message, frozen=True, tag="report"):
    """Tell what there is and is done."""

    number: int
    follow: bool = False
    """Tell it again whenever it changes, as number 0."""


class Build(Message, frozen=True, tag="build"):
    """Look at every file again."""

    number: int
    asked: bool
    """The user asked for it: also on battery, and however many files there are."""


class Pause(Message, frozen=True, tag="pause"):
    """Build no more until a `Build` that the user asked for."""

    number: int


class Export(Message, frozen=True, tag="export"):
    """Write the vectors that there are to a file."""

    number: int
    path: str


class Import(Message, frozen=True, tag="import"):
    """Take in the vectors of a file."""

    number: int
    path: str


class Attached(Message, frozen=True, tag="attached"):
    """The index is there."""


class Done(Message, frozen=True, tag="done"):
    """What was asked for is done and has no answer."""

    number: int


class Searched(Message, frozen=True, tag="found"):
    """The answer to a query."""

    number: int
    found: Found


class Around(Message, frozen=True, tag="neighbourhood"):
    """What stands around the symbol."""

    number: int
    neighbourhood: Neighbourhood


class Central(Message, frozen=True, tag="counted"):
    """By file, how many others use it."""

    number: int
    users: dict[str, int]


class Vectors(Message, frozen=True, tag="vectors"):
    """One for each text; none where there is no embedder."""

    number: int
    vectors: tuple[tuple[float, ...], ...]


class Reported(Message, frozen=True, tag="reported"):
    """What there is and is done."""

    number: int
    report: IndexReport


class Moved(Message, frozen=True, tag="moved"):
    """Vectors were written to a file, or taken in from it."""

    number: int
    file: VectorFile


class Refused(Message, frozen=True, tag="refused"):
    """It could not be done. Number 0: nothing can be asked here."""

    number: int
    message: str
    remedy: str = ""


def utf8(text: str) -> str:
    """Text as frames can carry it: a lone half of a surrogate pair becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")


Request = (
    Ask
    | AskAround
    | AskCentral
    | Embed
    | Changed
    | Remember
    | Forget
    | Busy
    | Report
    | Build
    | Pause
    | Export
    | Import
)
FromClient = Attach | Request | Stop
Answer = Done | Searched | Around | Central | Vectors | Reported | Moved | Refused
FromHost = Hello | Attached | Answer

FROM_CLIENT: "Final[msgspec.json.Decoder[FromClient]]" = msgspec.json.Decoder(FromClient)
FROM_HOST: "Final[msgspec.json.Decoder[FromHost]]" = msgspec.json.Decoder(FromHost)
