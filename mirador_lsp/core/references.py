"""What a text defines and what it names, precisely enough to see that two texts no longer fit."""

from dataclasses import dataclass
from typing import Protocol

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.retrieval import MentionKind
from mirador_lsp.core.text import Span


@dataclass(frozen=True)
class Parameters:
    """What a call of something has to give."""

    names: tuple[str, ...]
    """Those that are given by place, in order; the object itself is none of them."""
    least: int
    """How many of them have no default."""
    more: bool = False
    """Whether any number may follow."""
    by_name: tuple[str, ...] = ()
    """Those that are given by name alone."""
    wanted: tuple[str, ...] = ()
    """Those of `by_name` that have no default."""
    any_name: bool = False
    """Whether arguments of any other name are taken."""
    places_only: int = 0
    """So many of `names` may not be given by name."""


@dataclass(frozen=True)
class Defined:
    """A function or class of a text."""

    path: str
    """Dotted path from the module: "Class.method"."""
    kind: str
    """"class", "function" or "method"."""
    span: Span
    """All of it."""
    header: Span
    """Its signature."""
    parameters: Parameters | None = None
    """None where they are not known: the language has none that can be counted, or it is a class.
    """

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition(".")[2]


@dataclass(frozen=True)
class Named:
    """A name that stands for something defined elsewhere, at its place."""

    name: str
    kind: MentionKind
    span: Span
    qualifier: str = ""
    """What stands before it ("self", "os.path"), "…" where that is no plain chain of names; the
    module of an import."""
    alias: str = ""
    """Of an import: what it is called here."""
    positional: int | None = None
    """Of a call: how many arguments are given by place. None where they cannot be counted."""
    by_name: tuple[str, ...] = ()
    """Of a call: the names of the others."""


@dataclass(frozen=True)
class References:
    """What there is of both in a text."""

    defined: tuple[Defined, ...]
    """In the order of the text."""
    named: tuple[Named, ...]
    """In the order of the text; every place, not only the first of a name."""
    note: str = ""
    """What was left out and why, in one sentence; or ""."""


class ReferenceReader(Protocol):
    """Reads what a text defines and names."""

    async def references(self, snapshot: Snapshot) -> References:
        """The references. Empty, with a note, for a text that cannot be parsed.

        Never raises for what the text holds. Raises `AnalyzerError` when the parser is lost.
        """
        ...
