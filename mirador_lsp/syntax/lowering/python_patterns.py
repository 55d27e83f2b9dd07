"""What a `case` of Python takes: values it compares with, names it binds."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mirador_lsp.syntax.expressions import Attribute, Constant, Expression, Name, Target
from mirador_lsp.syntax.lowering.python_expressions import PythonExpressions
from mirador_lsp.syntax.lowering.reading import field, named

if TYPE_CHECKING:
    import tree_sitter

_DEEPEST = 40
_LITERALS = frozenset(
    {"string", "concatenated_string", "integer", "float", "true", "false", "none"}
)


@dataclass(frozen=True)
class Matched:
    """A pattern."""

    values: tuple[Expression, ...] = ()
    """Any of them; () where it is no plain value."""
    captures: tuple[Target, ...] = ()
    always: bool = False
    """It takes everything."""


class Patterns:
    """Reads the patterns of one text."""

    def __init__(self, reader: PythonExpressions) -> None:
        self._reader = reader
        self._depth = 0

    def of(self, node: "tree_sitter.Node") -> Matched:
        """What a pattern takes; of one that is too deep nothing."""
        if self._depth > _DEEPEST:
            return Matched()
        self._depth += 1
        try:
            return self._of(node, named(node))
        finally:
            self._depth -= 1

    def _of(self, node: "tree_sitter.Node", inner: "list[tree_sitter.Node]") -> Matched:
        reader = self._reader
        found = Matched()
        match node.type:
            case "case_pattern":
                blank = Matched(always=reader.text(node).strip() == "_")
                found = self.of(inner[0]) if inner else blank
            case "dotted_name":
                found = self._named(node, inner)
            case "as_pattern":
                found = self._as(node, inner)
            case "union_pattern":
                found = _any_of([self.of(each) for each in inner])
            case "splat_pattern":
                names = [each for each in inner if reader.text(each) != "_"]
                found = Matched(captures=tuple(self._name(each) for each in names))
            case "keyword_pattern":
                found = _parts_of(self.of(each) for each in inner[1:])
            case "list_pattern" | "tuple_pattern" | "dict_pattern" | "class_pattern":
                found = _parts_of(self.of(each) for each in inner if each.type != "dotted_name")
            case literal if literal in _LITERALS:
                made = reader.expression(node)
                found = Matched(values=(made,) if isinstance(made, Constant) else ())
            case _:
                pass
        return found

    def _named(self, node: "tree_sitter.Node", inner: "list[tree_sitter.Node]") -> Matched:
        """A name takes all and is bound; a dotted one is a value."""
        if len(inner) == 1:
            bound = self._name(inner[0])
            return Matched(captures=(bound,) if bound.name != "_" else (), always=True)
        made: Expression | None = None
        for each in inner:
            bound = self._name(each)
            span = self._reader.span(node)
            made = bound if made is None else Attribute(span, made, bound.name)
        return Matched(values=(made,) if made is not None else ())

    def _as(self, node: "tree_sitter.Node", inner: "list[tree_sitter.Node]") -> Matched:
        alias = field(node, "alias") or (inner[-1] if len(inner) > 1 else None)
        first = self.of(inner[0]) if inner else Matched()
        bound = (self._reader.target_of(alias, node),) if alias is not None else ()
        return Matched(first.values, (*first.captures, *bound), first.always)

    def _name(self, node: "tree_sitter.Node") -> Name:
        return Name(self._reader.span(node), self._reader.text(node))


def _any_of(parts: list[Matched]) -> Matched:
    plain = all(part.values or part.always for part in parts)
    values = tuple(value for part in parts for value in part.values) if plain else ()
    captures = tuple(capture for part in parts for capture in part.captures)
    return Matched(values, captures, any(part.always for part in parts))


def _parts_of(parts: Iterable[Matched]) -> Matched:
    return Matched(captures=tuple(capture for part in parts for capture in part.captures))
