"""Expressions of JavaScript and TypeScript. Types are left out."""

import html
from abc import abstractmethod
from typing import TYPE_CHECKING

from mirador_lsp.core.text import Span
from mirador_lsp.syntax.expressions import (
    Argument,
    Attribute,
    Binary,
    Bind,
    Call,
    Conditional,
    Constant,
    Entry,
    Expression,
    Mapping,
    Name,
    Opaque,
    Sequence,
    Spread,
    Subscript,
    Target,
    Text,
    Unary,
    Yield,
)
from mirador_lsp.syntax.lowering.javascript_literals import number_of, unescaped, whole
from mirador_lsp.syntax.lowering.reading import Reader, field, has_word, named

if TYPE_CHECKING:
    import tree_sitter

OPERATORS = {"&&": "and", "||": "or", "!": "not"}
"""What is spelled differently in a program."""
LOGICAL = frozenset({"and", "or", "??"})
_LONG_SUM = 24
"""Operands of a sum of texts that are read as one text: nested, they would be too deep."""
_LONGEST_SUM = 100
"""Operands of a sum that can only be of texts."""


class JavaScriptExpressions(Reader):
    """Makes expressions. Patterns, functions and statements are made by who inherits from it."""

    def expression(self, node: "tree_sitter.Node") -> Expression:
        """Any expression; never raises for what it is."""
        return self.expression_or_cut(self._expression, node)

    @abstractmethod
    def target_of(self, node: "tree_sitter.Node | None", around: "tree_sitter.Node") -> Target:
        """What is assigned to. Of broken text a name that nothing has."""

    @abstractmethod
    def method(self, node: "tree_sitter.Node") -> Expression:
        """A method of an object or a class."""

    def _expression(self, node: "tree_sitter.Node") -> Expression:
        make = getattr(self, f"_of_{node.type}", None)
        if make is not None:
            made: Expression = make(node)
            return made
        return self.opaque(node)

    def opaque(self, node: "tree_sitter.Node") -> Expression:
        """What has no meaning for flows, or is broken: its parts."""
        return Opaque(self.span(node), tuple(self.expression(each) for each in named(node)))

    def maybe(self, node: "tree_sitter.Node | None") -> Expression | None:
        """The expression of a field that may be absent."""
        return None if node is None else self.expression(node)

    def needed(self, node: "tree_sitter.Node | None", around: "tree_sitter.Node") -> Expression:
        """The expression of a field; of broken text, which may lack it, an empty one."""
        return Opaque(self.span(around)) if node is None else self.expression(node)

    def named_here(self, node: "tree_sitter.Node | None") -> str:
        """The text of a name, "" where broken text has none."""
        return self.text(node) if node is not None else ""

    def _of_identifier(self, node: "tree_sitter.Node") -> Expression:
        return Name(self.span(node), self.text(node))

    _of_this = _of_identifier
    _of_super = _of_identifier
    _of_import = _of_identifier
    _of_shorthand_property_identifier = _of_identifier
    _of_type_identifier = _of_identifier

    def _of_meta_property(self, node: "tree_sitter.Node") -> Expression:
        return Name(self.span(node), "".join(self.text(node).split()))

    def _of_property_identifier(self, node: "tree_sitter.Node") -> Expression:
        return Constant(self.span(node), self.text(node))

    _of_private_property_identifier = _of_property_identifier

    def _of_number(self, node: "tree_sitter.Node") -> Expression:
        value = number_of(self.text(node))
        return Opaque(self.span(node)) if value is None else Constant(self.span(node), value)

    def _of_true(self, node: "tree_sitter.Node") -> Expression:
        return Constant(self.span(node), True)  # noqa: FBT003 — a literal

    def _of_false(self, node: "tree_sitter.Node") -> Expression:
        return Constant(self.span(node), False)  # noqa: FBT003

    def _of_null(self, node: "tree_sitter.Node") -> Expression:
        return Constant(self.span(node), None)

    _of_undefined = _of_null

    def _of_string(self, node: "tree_sitter.Node") -> Expression:
        pieces = [self.piece(each) for each in node.named_children]
        return Constant(self.span(node), whole("".join(pieces)))

    def piece(self, node: "tree_sitter.Node") -> str:
        """What a piece of a string stands for."""
        text = self.text(node)
        if node.type == "html_character_reference":
            return html.unescape(text)
        return unescaped(text) if node.type == "escape_sequence" else text

    def _of_regex(self, node: "tree_sitter.Node") -> Expression:
        """`/a/g` is `new RegExp("a", "g")`."""
        span = self.span(node)
        given = [
            Argument(Constant(self.span(each), self.text(each)))
            for each in (field(node, "pattern"), field(node, "flags"))
            if each is not None
        ]
        start = Span(span.start, min(span.start + 1, span.end))
        return Call(span, Name(start, "RegExp"), tuple(given), new=True)

    def _of_template_string(self, node: "tree_sitter.Node") -> Expression:
        parts = self._pieces(node)
        only = parts[0] if len(parts) == 1 else None
        if not parts or (isinstance(only, Constant) and isinstance(only.value, str)):
            return Constant(self.span(node), only.value if isinstance(only, Constant) else "")
        return Text(self.span(node), parts)

    def _pieces(self, node: "tree_sitter.Node") -> tuple[Expression, ...]:
        """The parts of a template; what is literal is one piece between those that are not."""
        parts: list[Expression] = []
        literal = False
        for child in node.named_children:
            if child.type in ("string_fragment", "escape_sequence"):
                text, span = self.piece(child), self.span(child)
                last = parts[-1] if literal else None
                if isinstance(last, Constant) and isinstance(last.value, str):
                    joined = whole(last.value + text)
                    parts[-1] = Constant(Span(last.span.start, span.end), joined)
                else:
                    parts.append(Constant(span, text))
                literal = True
            elif child.type == "template_substitution":
                inner = named(child)
                parts.append(self.needed(inner[0] if inner else None, child))
                literal = False
        return tuple(parts)

    def _of_parenthesized_expression(self, node: "tree_sitter.Node") -> Expression:
        inner = [each for each in named(node) if each.type != "type_annotation"]
        return self.expression(inner[0]) if len(inner) == 1 else self.opaque(node)

    def _of_sequence_expression(self, node: "tree_sitter.Node") -> Expression:
        """`a, b` is worth its last."""
        span, items = self.span(node), [self.expression(each) for each in self.flat(node)]
        every = Sequence(span, "tuple", tuple(Argument(each) for each in items))
        return Subscript(span, every, Constant(span, len(items) - 1)) if items else Opaque(span)

    def flat(self, node: "tree_sitter.Node") -> "list[tree_sitter.Node]":
        """What commas part. The parser nests them to the right."""
        found: list[tree_sitter.Node] = []
        while node.type == "sequence_expression":
            inner = named(node)
            if not inner:
                return found
            found += inner[:-1]
            node = inner[-1]
        return [*found, node]

    def _of_member_expression(self, node: "tree_sitter.Node") -> Expression:
        value = self.needed(field(node, "object"), node)
        name = self.named_here(field(node, "property"))
        return Attribute(self.span(node), value, name, optional=_is_optional(node))

    def _of_nested_identifier(self, node: "tree_sitter.Node") -> Expression:
        return self._of_member_expression(node)

    def _of_subscript_expression(self, node: "tree_sitter.Node") -> Expression:
        value = self.needed(field(node, "object"), node)
        return Subscript(self.span(node), value, self.needed(field(node, "index"), node))

    def _of_call_expression(self, node: "tree_sitter.Node") -> Expression:
        given = field(node, "arguments")
        function = self.needed(field(node, "function"), node)
        if given is not None and given.type == "template_string":
            return Text(self.span(node), self._pieces(given), function)
        return Call(self.span(node), function, self.items(given), optional=_is_optional(node))

    def _of_new_expression(self, node: "tree_sitter.Node") -> Expression:
        made = self.needed(field(node, "constructor"), node)
        return Call(self.span(node), made, self.items(field(node, "arguments")), new=True)

    def items(self, node: "tree_sitter.Node | None") -> tuple[Argument, ...]:
        """Arguments of a call, items of an array."""
        found: list[Argument] = []
        hole = node is not None and node.type == "array"
        for child in node.children if node is not None else ():
            if child.type == ",":
                if hole:
                    found.append(Argument(Constant(self.span(child), None)))
                hole = child.parent is not None and child.parent.type == "array"
            elif child.is_named and child.type != "comment":
                found.append(self._item(child))
                hole = False
        return tuple(found)

    def _item(self, node: "tree_sitter.Node") -> Argument:
        if node.type == "spread_element":
            inner = named(node)
            return Argument(self.needed(inner[0] if inner else None, node), spread=Spread.ITEMS)
        return Argument(self.expression(node))

    def _of_array(self, node: "tree_sitter.Node") -> Expression:
        return Sequence(self.span(node), "list", self.items(node))

    def _of_object(self, node: "tree_sitter.Node") -> Expression:
        entries: list[Entry] = []
        for each in named(node):
            if each.type == "pair":
                key = self.key(field(each, "key"), each)
                value_node = field(each, "value")
                entries.append(Entry(key, self.called(value_node, key, each)))
            elif each.type == "shorthand_property_identifier":
                key = Constant(self.span(each), self.text(each))
                entries.append(Entry(key, self.expression(each)))
            elif each.type == "spread_element":
                inner = named(each)
                entries.append(Entry(None, self.needed(inner[0] if inner else None, each)))
            elif each.type == "method_definition":
                entries.append(self._method_entry(each))
            else:
                entries.append(Entry(None, self.opaque(each)))
        return Mapping(self.span(node), tuple(entries), is_object=True)

    def _method_entry(self, node: "tree_sitter.Node") -> Entry:
        function = self.method(node)
        if has_word(node, "set"):
            return Entry(None, Opaque(self.span(node), (function,)))
        if has_word(node, "get"):
            # What it gives when the object is made; nobody knows when it will be read.
            function = Call(self.span(node), function, ())
        return Entry(self.key(field(node, "name"), node), function)

    def key(self, node: "tree_sitter.Node | None", around: "tree_sitter.Node") -> Expression:
        """The name of a member; all but computed ones are texts."""
        if node is not None and node.type == "computed_property_name":
            inner = named(node)
            return self.needed(inner[0] if inner else None, node)
        made = self.needed(node, around)
        if isinstance(made, Constant) and isinstance(made.value, int | float):
            return Constant(made.span, str(made.value))
        if isinstance(made, Name):
            return Constant(made.span, made.name)
        return made

    @abstractmethod
    def called(
        self, node: "tree_sitter.Node | None", name: Expression, around: "tree_sitter.Node"
    ) -> Expression:
        """A value; a function or class without a name has that of what it is assigned to."""

    def _of_binary_expression(self, node: "tree_sitter.Node") -> Expression:
        summed = self._sum(node)
        if summed is not None:
            return summed
        operator = self.named_here(field(node, "operator"))
        return Binary(
            self.span(node),
            OPERATORS.get(operator, operator),
            self.needed(field(node, "left"), node),
            self.needed(field(node, "right"), node),
        )

    def _sum(self, node: "tree_sitter.Node") -> Expression | None:
        """A long `"a" + b + …` as one text; None for anything else."""
        operands: list[tree_sitter.Node] = []
        at: tree_sitter.Node | None = node
        while at is not None and at.type == "binary_expression":
            right = field(at, "right")
            if self.named_here(field(at, "operator")) != "+" or right is None:
                break
            operands.append(right)
            at = field(at, "left")
        if at is None or len(operands) < _LONG_SUM:
            return None
        operands.append(at)
        operands.reverse()
        texts = any(each.type in ("string", "template_string") for each in operands[:2])
        if not texts and len(operands) < _LONGEST_SUM:
            return None
        return Text(self.span(node), tuple(self.expression(each) for each in operands))

    def _of_unary_expression(self, node: "tree_sitter.Node") -> Expression:
        operator = self.named_here(field(node, "operator"))
        operand = self.needed(field(node, "argument"), node)
        return Unary(self.span(node), OPERATORS.get(operator, operator), operand)

    def _of_await_expression(self, node: "tree_sitter.Node") -> Expression:
        inner = named(node)
        return Unary(self.span(node), "await", self.needed(inner[0] if inner else None, node))

    def _of_yield_expression(self, node: "tree_sitter.Node") -> Expression:
        inner = named(node)
        value = self.maybe(inner[0] if inner else None)
        return Yield(self.span(node), value, delegate=has_word(node, "*"))

    def _of_ternary_expression(self, node: "tree_sitter.Node") -> Expression:
        test, then, otherwise = (
            self.needed(field(node, name), node)
            for name in ("condition", "consequence", "alternative")
        )
        return Conditional(self.span(node), test, then, otherwise)

    def _of_assignment_expression(self, node: "tree_sitter.Node") -> Expression:
        target = self.target_of(field(node, "left"), node)
        return Bind(self.span(node), target, self.assigned(field(node, "right"), target, node))

    def assigned(
        self, node: "tree_sitter.Node | None", target: Target, around: "tree_sitter.Node"
    ) -> Expression:
        """A value that is put into a target."""
        name = target.name if isinstance(target, Name | Attribute) else ""
        return self.called(node, Constant(target.span, name), around)

    def _of_augmented_assignment_expression(self, node: "tree_sitter.Node") -> Expression:
        target, value, operator = self.augmented(node)
        return Bind(self.span(node), target, value, operator)

    def augmented(self, node: "tree_sitter.Node") -> tuple[Target, Expression, str]:
        """Target, value and operator of `+=`. `a ||= b` is `a = a || b`: b may not be evaluated."""
        target = self.target_of(field(node, "left"), node)
        value = self.assigned(field(node, "right"), target, node)
        sign = self.named_here(field(node, "operator")).removesuffix("=")
        operator = OPERATORS.get(sign, sign)
        if operator in LOGICAL and isinstance(target, Name | Attribute | Subscript):
            return target, Binary(self.span(node), operator, target, value), ""
        return target, value, operator

    def _of_update_expression(self, node: "tree_sitter.Node") -> Expression:
        """`++a` is `a += 1`; `a++` is that less one."""
        target, one, sign = self.updated(node)
        made = Bind(self.span(node), target, one, sign)
        if node.children and node.children[0].type in ("++", "--"):
            return made
        return Binary(self.span(node), "-" if sign == "+" else "+", made, one)

    def updated(self, node: "tree_sitter.Node") -> tuple[Target, Expression, str]:
        """Target, value and operator of `++` and `--`."""
        operator = field(node, "operator")
        target = self.target_of(field(node, "argument"), node)
        one = Constant(self.span(operator if operator is not None else node), 1)
        return target, one, self.named_here(operator)[:1] or "+"

    def _of_as_expression(self, node: "tree_sitter.Node") -> Expression:
        inner = named(node)
        return self.needed(inner[0] if inner else None, node)

    _of_satisfies_expression = _of_as_expression
    _of_non_null_expression = _of_as_expression
    _of_instantiation_expression = _of_as_expression

    def _of_type_assertion(self, node: "tree_sitter.Node") -> Expression:
        inner = named(node)
        return self.needed(inner[-1] if inner else None, node)

    def _of_type_arguments(self, node: "tree_sitter.Node") -> Expression:
        return Opaque(self.span(node))

    _of_type_annotation = _of_type_arguments


def _is_optional(node: "tree_sitter.Node") -> bool:
    return any(child.type in ("optional_chain", "?.") for child in node.children)
