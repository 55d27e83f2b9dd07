"""Measures of the functions of a text, the same for every language."""

from dataclasses import dataclass

from mirador_lsp.core.text import Span
from mirador_lsp.syntax.parser import Parsed
from mirador_lsp.syntax.structure import structure_of


@dataclass(frozen=True)
class FunctionShape:
    """The size and depth of a function or method."""

    path: str
    """Dotted path from the module: "Class.method"."""
    span: Span
    """All of it, decorators and doc comment included."""
    header: Span
    """Its signature: the place to point at."""
    lines: int
    """Lines that hold code; blank lines, comments and doc strings are not counted."""
    max_depth: int
    """How deep control structures nest: 1 for an `if`, 2 for a loop in it; an `else if` is no
    deeper than its `if`. Inner functions count for themselves.
    """


def functions(parsed: Parsed) -> tuple[FunctionShape, ...]:
    """The functions and methods of a text, in its order; none when it was not parsed.

    Raises `AnalyzerError` when the text takes too long to search.
    """
    structure = structure_of(parsed)
    return tuple(
        FunctionShape(
            path=each.path,
            span=each.span,
            header=each.header,
            lines=structure.code_lines(each.first, each.last),
            max_depth=each.depth,
        )
        for each in structure.definitions
        if each.kind in {"function", "method"}
    )
