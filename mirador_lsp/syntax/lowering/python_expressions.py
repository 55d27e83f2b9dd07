"""Expressions of Python."""

from typing import TYPE_CHECKING

from mirador_lsp.core.text import Span
from mirador_lsp.syntax.expressions import (
    Argument,
    Attribute,
    Binary,
    Bind,
    Call,
    Clause,
    Comprehension,
    Conditional,
    Constant,
    Entry,
    Expression,
    Function,
    Mapping,
    MappingPattern,
    Name,
    Opaque,
    Parameter,
    Sequence,
    SequencePattern,
    Slice,
    Spread,
    Statement,
    Subscript,
    Takes,
    Target,
    Text,
    Unary,
    Yield,
)
from mirador_lsp.syntax.lowering.python_literals import decoded, number_of, prefix_of
from mirador_lsp.syntax.lowering.reading import Reader, field, fields, has_word, named
from mirador_lsp.syntax.program import Return

if TYPE_CHECKING:
    import tree_sitter

_SPREADS = {
    "list_splat": Spread.ITEMS,
    "dictionary_splat": Spread.ENTRIES,
    "parenthesized_list_splat": Spread.ITEMS,
}
_KINDS = {
    "list": "list",
    "set": "set",
    "tuple": "tuple",
    "expression_list": "tuple",
    "list_comprehension": "list",
    "set_comprehension": "set",
    "dictionary_comprehension": "dict",
    "generator_expression": "generator",
}
_PARAMETERS = {
    "list_splat_pattern": Takes.REST,
    "dictionary_splat_pattern": Takes.NAMED,
}


class PythonExpressions(Reader):
    """Makes expressions. Statements are made by who inherits from it."""

    yields = False
    """Whether the function that is being read has a `yield` of its own."""

    def expression(self, node: "tree_sitter.Node") -> Expression:
        """Any expression; never raises for what it is."""
        return self.expression_or_cut(self._expression, node)

    def _expression(self, node: "tree_sitter.Node") -> Expression:
        make = getattr(self, f"_of_{node.type}", None)
        if make is not None:
            made: Expression = make(node)
            return made
        if node.type in ("list", "set", "tuple", "expression_list"):
            return Sequence(self.span(node), _KINDS[node.type], self._items(node))
        if node.type.endswith("_comprehension") or node.type == "generator_expression":
            return self._comprehension(node)
        return Opaque(self.span(node), tuple(self.expression(each) for each in named(node)))

    def _maybe(self, node: "tree_sitter.Node | None") -> Expression | None:
        return None if node is None else self.expression(node)

    def _needed(self, node: "tree_sitter.Node | None", around: "tree_sitter.Node") -> Expression:
        """The expression of a field; of broken text, which may lack it, an empty one."""
        return Opaque(self.span(around)) if node is None else self.expression(node)

    def _of_identifier(self, node: "tree_sitter.Node") -> Expression:
        return Name(self.span(node), self.text(node))

    def _of_keyword_identifier(self, node: "tree_sitter.Node") -> Expression:
        return Name(self.span(node), self.text(node))

    def _of_integer(self, node: "tree_sitter.Node") -> Expression:
        value = number_of(self.text(node))
        return Opaque(self.span(node)) if value is None else Constant(self.span(node), value)

    _of_float = _of_integer

    def _of_true(self, node: "tree_sitter.Node") -> Expression:
        return Constant(self.span(node), True)  # noqa: FBT003 — a literal

    def _of_false(self, node: "tree_sitter.Node") -> Expression:
        return Constant(self.span(node), False)  # noqa: FBT003

    def _of_none(self, node: "tree_sitter.Node") -> Expression:
        return Constant(self.span(node), None)

    def _of_parenthesized_expression(self, node: "tree_sitter.Node") -> Expression:
        inner = named(node)
        return self.expression(inner[0]) if len(inner) == 1 else self._opaque(node)

    def _opaque(self, node: "tree_sitter.Node") -> Expression:
        return Opaque(self.span(node), tuple(self.expression(each) for each in named(node)))

    def _of_string(self, node: "tree_sitter.Node") -> Expression:
        start = node.children[0] if node.children else None
        prefix = prefix_of(self.text(start)) if start is not None else ""
        parts: list[Expression] = []
        for child in node.named_children:
            if child.type == "string_content":
                parts.append(Constant(self.span(child), decoded(self._content(child), prefix)))
            elif child.type == "interpolation":
                parts += self._interpolated(child)
        if all(isinstance(part, Constant) for part in parts):
            empty: str | bytes = b"" if "b" in prefix else ""
            return Constant(self.span(node), _joined(parts, empty))
        return Text(self.span(node), tuple(parts))

    def _content(self, node: "tree_sitter.Node") -> str:
        text = self.text(node)
        if any(child.type == "escape_interpolation" for child in node.named_children):
            return text.replace("{{", "{").replace("}}", "}")
        return text

    def _interpolated(self, node: "tree_sitter.Node") -> list[Expression]:
        found = [self.expression(each) for each in fields(node, "expression")]
        form = next((c for c in node.named_children if c.type == "format_specifier"), None)
        inner = [c for c in form.named_children if c.type == "format_expression"] if form else []
        for each in inner:
            found += [self.expression(one) for one in fields(each, "expression")]
        return found

    def _of_concatenated_string(self, node: "tree_sitter.Node") -> Expression:
        parts: list[Expression] = []
        for each in named(node):
            made = self.expression(each)
            parts += made.parts if isinstance(made, Text) else [made]
        if all(isinstance(part, Constant) for part in parts):
            first = parts[0].value if parts and isinstance(parts[0], Constant) else ""
            empty: str | bytes = b"" if isinstance(first, bytes) else ""
            return Constant(self.span(node), _joined(parts, empty))
        return Text(self.span(node), tuple(parts))

    def _of_attribute(self, node: "tree_sitter.Node") -> Expression:
        name = field(node, "attribute")
        value = self._needed(field(node, "object"), node)
        return Attribute(self.span(node), value, self.text(name) if name is not None else "")

    def _of_subscript(self, node: "tree_sitter.Node") -> Expression:
        value = self._needed(field(node, "value"), node)
        indices = [self.expression(each) for each in fields(node, "subscript")]
        if len(indices) == 1:
            return Subscript(self.span(node), value, indices[0])
        items = tuple(Argument(each) for each in indices)
        return Subscript(self.span(node), value, Sequence(self.span(node), "tuple", items))

    def _of_slice(self, node: "tree_sitter.Node") -> Expression:
        places: list[Expression | None] = [None, None, None]
        at = 0
        for child in node.children:
            if child.type == ":":
                at += 1
            elif child.is_named and child.type != "comment" and at < len(places):
                places[at] = self.expression(child)
        return Slice(self.span(node), *places)

    def _of_call(self, node: "tree_sitter.Node") -> Expression:
        function = self._needed(field(node, "function"), node)
        given = field(node, "arguments")
        if given is None:
            return Call(self.span(node), function, ())
        if given.type == "generator_expression":
            return Call(self.span(node), function, (Argument(self.expression(given)),))
        return Call(self.span(node), function, self._items(given))

    def _items(self, node: "tree_sitter.Node") -> tuple[Argument, ...]:
        return tuple(self._item(each) for each in named(node))

    def _item(self, node: "tree_sitter.Node") -> Argument:
        if node.type == "keyword_argument":
            name = field(node, "name")
            value = self._needed(field(node, "value"), node)
            return Argument(value, self.text(name) if name is not None else "")
        spread = _SPREADS.get(node.type)
        if spread is not None:
            inner = named(node)
            return Argument(self._needed(inner[0] if inner else None, node), spread=spread)
        return Argument(self.expression(node))

    def _of_dictionary(self, node: "tree_sitter.Node") -> Expression:
        entries: list[Entry] = []
        for each in named(node):
            if each.type == "pair":
                key = self._needed(field(each, "key"), each)
                entries.append(Entry(key, self._needed(field(each, "value"), each)))
            else:
                inner = named(each) if each.type in _SPREADS else [each]
                entries.append(Entry(None, self._needed(inner[0] if inner else None, each)))
        return Mapping(self.span(node), tuple(entries))

    def _comprehension(self, node: "tree_sitter.Node") -> Expression:
        clauses: list[Clause] = []
        for child in named(node):
            if child.type == "for_in_clause":
                target = self.target_of(field(child, "left"), child)
                right = fields(child, "right")
                iterable = self._several(right, child)
                clauses.append(Clause(target, iterable))
            elif child.type == "if_clause" and clauses:
                inner = named(child)
                last = clauses[-1]
                test = self._needed(inner[0] if inner else None, child)
                clauses[-1] = Clause(last.target, last.iterable, (*last.conditions, test))
        body = field(node, "body")
        kind = _KINDS.get(node.type, "list")
        if body is not None and body.type == "pair":
            key = self._needed(field(body, "key"), body)
            value = self._needed(field(body, "value"), body)
            return Comprehension(self.span(node), kind, value, tuple(clauses), key)
        value = self._needed(body, node)
        return Comprehension(self.span(node), kind, value, tuple(clauses))

    def _several(self, nodes: "list[tree_sitter.Node]", around: "tree_sitter.Node") -> Expression:
        """One expression, or a tuple of those that commas part."""
        nodes = [node for node in nodes if node.is_named and node.type != "comment"]
        if len(nodes) == 1:
            return self.expression(nodes[0])
        items = tuple(self._item(each) for each in nodes)
        return Sequence(self.span(around), "tuple", items)

    def _of_binary_operator(self, node: "tree_sitter.Node") -> Expression:
        operator = field(node, "operator")
        return Binary(
            self.span(node),
            self.text(operator) if operator is not None else "",
            self._needed(field(node, "left"), node),
            self._needed(field(node, "right"), node),
        )

    _of_boolean_operator = _of_binary_operator

    def _of_not_operator(self, node: "tree_sitter.Node") -> Expression:
        return Unary(self.span(node), "not", self._needed(field(node, "argument"), node))

    def _of_unary_operator(self, node: "tree_sitter.Node") -> Expression:
        operator = field(node, "operator")
        argument = self._needed(field(node, "argument"), node)
        return Unary(self.span(node), self.text(operator) if operator is not None else "", argument)

    def _of_comparison_operator(self, node: "tree_sitter.Node") -> Expression:
        operators = [" ".join(self.text(each).split()) for each in fields(node, "operators")]
        operands = [self.expression(each) for each in named(node) if each.type not in operators]
        links: list[Expression] = [
            Binary(Span(left.span.start, right.span.end), operator, left, right)
            for operator, left, right in zip(operators, operands, operands[1:], strict=False)
        ]
        if not links:
            return self._opaque(node)
        made = links[0]
        for link in links[1:]:
            made = Binary(self.span(node), "and", made, link)
        return made

    def _of_lambda(self, node: "tree_sitter.Node") -> Expression:
        body = self._needed(field(node, "body"), node)
        returned: tuple[Statement, ...] = (Return(body.span, body),)
        return Function(self.span(node), "", self.parameters(field(node, "parameters")), returned)

    def _of_conditional_expression(self, node: "tree_sitter.Node") -> Expression:
        parts = named(node)
        if len(parts) != 3:
            return self._opaque(node)
        then, test, otherwise = (self.expression(each) for each in parts)
        return Conditional(self.span(node), test, then, otherwise)

    def _of_named_expression(self, node: "tree_sitter.Node") -> Expression:
        target = self.target_of(field(node, "name"), node)
        return Bind(self.span(node), target, self._needed(field(node, "value"), node))

    def _of_await(self, node: "tree_sitter.Node") -> Expression:
        inner = named(node)
        return Unary(self.span(node), "await", self._needed(inner[0] if inner else None, node))

    def _of_yield(self, node: "tree_sitter.Node") -> Expression:
        self.yields = True
        inner = named(node)
        value = self._several(inner, node) if inner else None
        return Yield(self.span(node), value, delegate=has_word(node, "from"))

    def _of_assignment(self, node: "tree_sitter.Node") -> Expression:
        target = self.target_of(field(node, "left"), node)
        return Bind(self.span(node), target, self._needed(field(node, "right"), node))

    def _of_as_pattern(self, node: "tree_sitter.Node") -> Expression:
        inner = named(node)
        return self._needed(inner[0] if inner else None, node)

    def _of_type(self, node: "tree_sitter.Node") -> Expression:
        return Opaque(self.span(node))

    def target_of(self, node: "tree_sitter.Node | None", around: "tree_sitter.Node") -> Target:
        """What is assigned to. Of broken text a name that nothing has."""
        if node is None:
            return Name(self.span(around), "")
        if node.type in (
            "pattern_list",
            "tuple_pattern",
            "list_pattern",
            "tuple",
            "list",
            "expression_list",
        ):
            return self._pattern(node)
        if node.type in ("parenthesized_expression", "as_pattern_target", "list_splat_pattern"):
            inner = named(node)
            return self.target_of(inner[0] if inner else None, node)
        made = self.expression(node)
        if isinstance(made, Name | Attribute | Subscript | SequencePattern | MappingPattern):
            return made
        return Name(self.span(node), "")

    def _pattern(self, node: "tree_sitter.Node") -> SequencePattern:
        inner = named(node)
        splats = ("list_splat_pattern", "list_splat")
        rest = next((at for at, each in enumerate(inner) if each.type in splats), None)
        items: list[Target | None] = []
        for each in inner:
            if each.type in splats:
                names = named(each)
                items.append(self.target_of(names[0] if names else None, each))
            else:
                items.append(self.target_of(each, node))
        return SequencePattern(self.span(node), tuple(items), rest)

    def parameters(self, node: "tree_sitter.Node | None") -> tuple[Parameter, ...]:
        """The parameters of a function or a lambda."""
        found: list[Parameter] = []
        only_named = False
        for each in node.named_children if node is not None else ():
            if each.type == "keyword_separator":
                only_named = True
            elif each.type not in ("positional_separator", "comment"):
                found.append(self._parameter(each, only_named=only_named))
                only_named = only_named or found[-1].takes is Takes.REST
        return tuple(found)

    def _parameter(self, node: "tree_sitter.Node", *, only_named: bool) -> Parameter:
        span, annotation = self.span(node), field(node, "type")
        written = self.text(annotation) if annotation is not None else ""
        inner = field(node, "name") or node
        if node.type == "typed_parameter":
            inner = next(iter(named(node)), node)
        takes = _PARAMETERS.get(inner.type, Takes.ONE)
        if takes is not Takes.ONE:
            inner = next(iter(named(inner)), inner)
        default = self._maybe(field(node, "value"))
        if inner.type == "tuple_pattern":
            return Parameter(span, "", default, takes, self._pattern(inner), written, only_named)
        return Parameter(span, self.text(inner), default, takes, None, written, only_named)


def _joined(parts: list[Expression], empty: str | bytes) -> str | bytes:
    values = [part.value for part in parts if isinstance(part, Constant)]
    if isinstance(empty, bytes):
        return b"".join(value for value in values if isinstance(value, bytes))
    return "".join(value for value in values if isinstance(value, str))
