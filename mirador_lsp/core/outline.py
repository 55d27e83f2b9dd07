"""The shape of a file: its symbols, and the units in which it is reviewed."""

from dataclasses import dataclass

from mirador_lsp.core.text import Span


@dataclass(frozen=True)
class Symbol:
    """A named definition."""

    path: str
    """Dotted path from the module: "Class.method"."""
    kind: str
    """"class", "function" or "method"."""
    span: Span
    """The whole definition, decorators and doc comment included."""
    header: Span
    """Its signature: up to the body."""


@dataclass(frozen=True)
class Unit:
    """The smallest thing a model reviews: a function, a class without its methods, or what is left
    of a module.
    """

    path: str
    """Path of the symbol; "" for the module remainder; "f [2/3]" for a part of a long one."""
    kind: str
    """"function", "method", "class" or "module"."""
    pieces: tuple[Span, ...]
    """The code to show, whole lines, top to bottom; between pieces something is left out."""
    context: str
    """The enclosing outline as text: imports, class header, signatures beside it. May be ""."""


@dataclass(frozen=True)
class Suppression:
    """A comment in the code that asks for findings not to be shown."""

    comment: Span
    """Where it says so."""
    covers: Span
    """The line it speaks of, its line end left out."""
    rules: tuple[str, ...]
    """The rules it names, as it spells them; () for all."""


@dataclass(frozen=True)
class Outline:
    """What the parser knows of a file."""

    symbols: tuple[Symbol, ...]
    """In the order of the file, outer before inner."""
    units: tuple[Unit, ...]
    """Together they show every line that holds code, each line once."""
    broken: tuple[Span, ...] = ()
    """Places that do not parse. A file with any is shown as such, never as clean."""
    note: str = ""
    """Why the outline is not whole ("no parser for this language…"), or ""."""
    suppressions: tuple[Suppression, ...] = ()
    """Comments that silence findings, in the order of the file; see `syntax.ignoring`."""
    prose: tuple[Span, ...] = ()
    """Comments and doc strings: what the code says of itself. In the order of the file, disjoint;
    none where the text was not parsed."""

    def symbol_at(self, offset: int) -> str:
        """Path of the innermost symbol around `offset`, or ""."""
        inner = self.innermost(offset)
        return inner.path if inner is not None else ""

    def innermost(self, offset: int) -> Symbol | None:
        """The innermost symbol around `offset`."""
        around = [s for s in self.symbols if s.span.start <= offset < s.span.end]
        return max(around, key=lambda s: s.span.start) if around else None


@dataclass(frozen=True)
class Surroundings:
    """What stands around a place of a text."""

    statement: Span
    """The smallest whole statement, definition or other self-contained piece around the place, from
    its first to its last character; the lines of the place where the text has no syntax tree."""
    kind: str
    """The grammar's name for it, or ""."""
    doc: Span | None
    """The doc comment of the innermost symbol around the place, where it has one."""
    code_digest: str
    """Hex digest of the symbol's, or the text's, syntax tree without comments and doc comments;
    equal digests mean equal code. "" where the text has no syntax tree."""
    doc_place: Span | None = None
    """What a doc comment of that symbol replaces: `doc` where there is one. Else, for a language
    that documents above, the empty place before the code that follows; for one that documents
    inside, from the end of the header to the first statement of the body."""
