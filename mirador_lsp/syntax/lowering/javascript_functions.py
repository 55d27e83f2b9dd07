"""Functions of JavaScript and TypeScript."""

from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING

from mirador_lsp.syntax.expressions import (
    Attribute,
    Class,
    Constant,
    Expression,
    Function,
    Name,
    Parameter,
    Statement,
    Takes,
    Target,
)
from mirador_lsp.syntax.lowering.javascript_elements import JavaScriptElements
from mirador_lsp.syntax.lowering.reading import field, fields, has_word, named
from mirador_lsp.syntax.program import Assign, Return

if TYPE_CHECKING:
    import tree_sitter

_PARAMETERS = ("required_parameter", "optional_parameter")
_PROPERTIES = frozenset({"accessibility_modifier", "override_modifier"})


class JavaScriptFunctions(JavaScriptElements):
    """Makes functions. What stands in them is made by who inherits from it."""

    @abstractmethod
    def body_of(self, node: "tree_sitter.Node | None") -> tuple[Statement, ...]:
        """The body of a function, with the `var`s of its inner blocks before it."""

    def called(
        self, node: "tree_sitter.Node | None", name: Expression, around: "tree_sitter.Node"
    ) -> Expression:
        """See `JavaScriptExpressions`."""
        made = self.needed(node, around)
        if not isinstance(made, Function | Class) or made.name:
            return made
        known = isinstance(name, Constant) and isinstance(name.value, str)
        return replace(made, name=str(name.value)) if known else made  # type: ignore[union-attr] # a constant

    def method(self, node: "tree_sitter.Node") -> Function:
        """See `JavaScriptExpressions`."""
        key = self.key(field(node, "name"), node)
        return self._function(node, self.name_of(key))

    def name_of(self, key: Expression) -> str:
        """What a member is called; "" where it has to be computed."""
        if isinstance(key, Constant) and isinstance(key.value, str):
            return key.value
        if isinstance(key, Attribute) and isinstance(key.value, Name):
            return f"[{key.value.name}.{key.name}]"
        return ""

    def _of_function_expression(self, node: "tree_sitter.Node") -> Expression:
        return self._function(node, self.named_here(field(node, "name")))

    _of_function = _of_function_expression
    _of_generator_function = _of_function_expression
    _of_function_declaration = _of_function_expression
    _of_generator_function_declaration = _of_function_expression

    def _of_arrow_function(self, node: "tree_sitter.Node") -> Expression:
        return replace(self._function(node, ""), binds_this=False)

    def _function(self, node: "tree_sitter.Node", name: str) -> Function:
        only = field(node, "parameter")
        parameters = field(node, "parameters")
        taken = (self._parameter(only),) if only is not None else self.parameters_of(parameters)
        body = field(node, "body")
        if body is not None and body.type != "statement_block":
            value = self.expression(body)
            inside: tuple[Statement, ...] = (Return(value.span, value),)
        else:
            inside = self.body_of(body)
        return Function(
            self.span(node),
            name,
            taken,
            (*self._kept(parameters), *inside),
            is_async=has_word(node, "async"),
            is_generator=node.type.startswith("generator") or has_word(node, "*"),
        )

    def parameters_of(self, node: "tree_sitter.Node | None") -> tuple[Parameter, ...]:
        """The parameters of a function; `this`, which only has a type, is none."""
        given = named(node) if node is not None else []
        found = [self._parameter(each) for each in given if each.type != "decorator"]
        return tuple(each for each in found if each.name != "this")

    def _parameter(self, node: "tree_sitter.Node") -> Parameter:
        span, inner, default, written = self.span(node), node, None, ""
        decorators: tuple[Expression, ...] = ()
        if node.type in _PARAMETERS:
            inner = field(node, "pattern") or node
            default = self.maybe(field(node, "value"))
            annotation = field(node, "type")
            written = self.named_here(annotation).removeprefix(":").strip()
            decorators = tuple(self.decorator(each) for each in fields(node, "decorator"))
        takes = Takes.REST if inner.type == "rest_pattern" else Takes.ONE
        target: Target
        if inner.type in _PARAMETERS:
            target = Name(span, "")
        else:
            target, other = self.with_default(inner, node)
            default = default if default is not None else other
        name = target.name if isinstance(target, Name) else ""
        pattern = None if isinstance(target, Name) else target
        return Parameter(span, name, default, takes, pattern, written, decorators=decorators)

    def _kept(self, node: "tree_sitter.Node | None") -> list[Statement]:
        """TypeScript's `constructor(private x)` begins with `this.x = x`."""
        made: list[Statement] = []
        for each in named(node) if node is not None else ():
            pattern = field(each, "pattern") if each.type in _PARAMETERS else None
            if pattern is None or pattern.type != "identifier":
                continue
            words = any(child.type in _PROPERTIES for child in each.named_children)
            if words or has_word(each, "readonly"):
                span, name = self.span(pattern), self.text(pattern)
                target = Attribute(span, Name(span, "this"), name)
                made.append(Assign(span, target, Name(span, name)))
        return made

    def decorator(self, node: "tree_sitter.Node") -> Expression:
        """What stands behind an `@`."""
        inner = named(node)
        return self.needed(inner[0] if inner else None, node)
