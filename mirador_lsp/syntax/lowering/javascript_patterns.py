"""What JavaScript assigns to: names, members and patterns."""

from typing import TYPE_CHECKING

from mirador_lsp.syntax.expressions import (
    Attribute,
    Constant,
    Expression,
    MappingPattern,
    Name,
    Picked,
    SequencePattern,
    Subscript,
    Target,
)
from mirador_lsp.syntax.lowering.javascript_expressions import JavaScriptExpressions
from mirador_lsp.syntax.lowering.reading import TooDeepError, field, named

if TYPE_CHECKING:
    import tree_sitter

_INSIDE = frozenset(
    {"parenthesized_expression", "as_expression", "non_null_expression", "satisfies_expression"}
)
_RESTS = ("rest_pattern", "spread_element")
_WITH_DEFAULT = ("assignment_pattern", "object_assignment_pattern", "assignment_expression")
_SHORTHANDS = ("shorthand_property_identifier_pattern", "shorthand_property_identifier")


class JavaScriptPatterns(JavaScriptExpressions):
    """Makes targets."""

    def target_of(self, node: "tree_sitter.Node | None", around: "tree_sitter.Node") -> Target:
        """See `JavaScriptExpressions`."""
        if node is None:
            return Name(self.span(around), "")
        try:
            return self.deeper(self._target, node)
        except TooDeepError:
            self.cut += 1
            return Name(self.span(node), "")

    def _target(self, node: "tree_sitter.Node") -> Target:
        if node.type in _INSIDE or node.type in _RESTS:
            inner = named(node)
            return self.target_of(inner[0] if inner else None, node)
        if node.type in ("array_pattern", "array"):
            return self._sequence(node)
        if node.type in ("object_pattern", "object"):
            return self._mapping(node)
        if node.type in _SHORTHANDS:
            return Name(self.span(node), self.text(node))
        made = self.expression(node)
        if isinstance(made, Name | Attribute | Subscript):
            return made
        return Name(self.span(node), "")

    def with_default(
        self, node: "tree_sitter.Node | None", around: "tree_sitter.Node"
    ) -> tuple[Target, Expression | None]:
        """A target and what it takes where there is nothing for it."""
        if node is not None and node.type in _WITH_DEFAULT:
            target = self.target_of(field(node, "left"), node)
            right = field(node, "right")
            return target, None if right is None else self.assigned(right, target, node)
        return self.target_of(node, around), None

    def _sequence(self, node: "tree_sitter.Node") -> SequencePattern:
        items: list[Target | None] = []
        defaults: list[Expression | None] = []
        rest: int | None = None
        hole = True
        for child in node.children:
            if child.type == ",":
                if hole:
                    items.append(None)
                    defaults.append(None)
                hole = True
            elif child.is_named and child.type != "comment":
                if child.type in _RESTS:
                    rest = len(items)
                target, default = self.with_default(child, node)
                items.append(target)
                defaults.append(default)
                hole = False
        told = tuple(defaults) if any(each is not None for each in defaults) else ()
        return SequencePattern(self.span(node), tuple(items), rest, told)

    def _mapping(self, node: "tree_sitter.Node") -> MappingPattern:
        entries: list[Picked] = []
        rest: Target | None = None
        for each in named(node):
            if each.type in _RESTS:
                rest = self.target_of(each, node)
            elif each.type in ("pair_pattern", "pair"):
                key = self.key(field(each, "key"), each)
                target, default = self.with_default(field(each, "value"), each)
                entries.append(Picked(key, target, default))
            else:
                target, default = self.with_default(each, node)
                name = target.name if isinstance(target, Name) else ""
                entries.append(Picked(Constant(target.span, name), target, default))
        return MappingPattern(self.span(node), tuple(entries), rest)
