"""Classes of JavaScript and TypeScript."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mirador_lsp.core.text import Span
from mirador_lsp.syntax.expressions import (
    Argument,
    Attribute,
    Call,
    Class,
    Constant,
    Expression,
    Function,
    Name,
    Opaque,
    Parameter,
    Spread,
    Statement,
    Subscript,
    Takes,
    Target,
)
from mirador_lsp.syntax.lowering.javascript_functions import JavaScriptFunctions
from mirador_lsp.syntax.lowering.reading import TooDeepError, fields, has_word, named
from mirador_lsp.syntax.lowering.reading import field as child_of
from mirador_lsp.syntax.program import Assign, Block, Define, Evaluate

if TYPE_CHECKING:
    import tree_sitter

_FIELDS = ("field_definition", "public_field_definition")
_CONSTRUCTOR = "constructor"


@dataclass
class _Members:
    """What a class has, while it is read."""

    body: list[Statement] = field(default_factory=list)
    static: set[str] = field(default_factory=set)
    starts: list[Statement] = field(default_factory=list)
    """Fields that are made anew for each object, by its constructor."""
    waiting: list[Expression] = field(default_factory=list)
    """Decorators of what comes next."""


class JavaScriptClasses(JavaScriptFunctions):
    """Makes classes."""

    def _of_class(self, node: "tree_sitter.Node") -> Expression:
        return self.class_of(node, ())

    _of_class_declaration = _of_class
    _of_abstract_class_declaration = _of_class

    def class_of(self, node: "tree_sitter.Node", decorators: tuple[Expression, ...]) -> Class:
        """A class, with those decorators that stand before an `export` too."""
        own = tuple(self.decorator(each) for each in named(node) if each.type == "decorator")
        body = child_of(node, "body")
        bases = tuple(self._bases(node))
        members = _Members()
        for each in named(body) if body is not None else ():
            try:
                self.deeper(lambda at: self._member(at, members), each)
            except TooDeepError:
                self.cut += 1
        if members.starts:
            inside = self.span(body if body is not None else node)
            _construct(members, inside, derived=bool(bases))
        return Class(
            self.span(node),
            self.named_here(child_of(node, "name")),
            bases,
            tuple(members.body),
            (*decorators, *own),
            frozenset(members.static),
        )

    def _bases(self, node: "tree_sitter.Node") -> list[Expression]:
        found: list[Expression] = []
        for heritage in named(node):
            if heritage.type != "class_heritage":
                continue
            for each in named(heritage):
                if each.type == "extends_clause":
                    found += [self.expression(value) for value in fields(each, "value")]
                elif each.type != "implements_clause":
                    found.append(self.expression(each))
        return found

    def _member(self, node: "tree_sitter.Node", members: _Members) -> None:
        if node.type == "decorator":
            members.waiting.append(self.decorator(node))
            return
        before, members.waiting = members.waiting, []
        decorators = (*before, *(self.decorator(each) for each in fields(node, "decorator")))
        if node.type == "method_definition":
            self._method(node, members, decorators)
        elif node.type in _FIELDS:
            self._field(node, members, decorators)
        elif node.type == "class_static_block":
            body = self.body_of(child_of(node, "body"))
            members.body.append(Block(self.span(node), body))
        elif node.type == "ERROR":
            members.body += self.statements(node)

    def _method(
        self,
        node: "tree_sitter.Node",
        members: _Members,
        decorators: tuple[Expression, ...],
    ) -> None:
        span, made = self.span(node), self.method(node)
        if not made.name:
            key = self.key(child_of(node, "name"), node)
            members.body.append(Evaluate(span, Opaque(span, (key, *decorators, made))))
            return
        # Spelled as in Python, which has the same.
        here = self.span(child_of(node, "name") or node)
        if has_word(node, "get"):
            decorators = (*decorators, Name(here, "property"))
        elif has_word(node, "set"):
            decorators = (*decorators, Attribute(here, Name(here, made.name), "setter"))
        elif has_word(node, "static"):
            members.static.add(made.name)
        members.body.append(Define(span, replace(made, decorators=decorators)))

    def _field(
        self,
        node: "tree_sitter.Node",
        members: _Members,
        decorators: tuple[Expression, ...],
    ) -> None:
        span, name = self.span(node), child_of(node, "name") or child_of(node, "property")
        key, given = self.key(name, node), child_of(node, "value")
        if decorators:
            members.body.append(Evaluate(span, Opaque(span, decorators)))
        if given is None:
            return
        value, called, here = self.called(given, key, node), self.name_of(key), key.span
        is_static = has_word(node, "static")
        if called and (is_static or isinstance(value, Constant)):
            if is_static:
                members.static.add(called)
            members.body.append(Assign(span, Name(here, called), value, declares=True))
            return
        this = Name(here, "this")
        target: Target = Attribute(here, this, called) if called else Subscript(span, this, key)
        if is_static:
            members.body.append(Evaluate(span, Opaque(span, (key, value))))
        else:
            members.starts.append(Assign(span, target, value))


def _construct(members: _Members, inside: Span, *, derived: bool) -> None:
    """Let the constructor make the fields; where a class has none, one that does only that."""
    for at, each in enumerate(members.body):
        if isinstance(each, Define) and each.value.name == _CONSTRUCTOR:
            if isinstance(each.value, Function):
                own = each.value.body
                after = next((n + 1 for n, one in enumerate(own) if _makes_base(one)), 0)
                body = (*own[:after], *members.starts, *own[after:])
                members.body[at] = replace(each, value=replace(each.value, body=body))
            return
    parameters: tuple[Parameter, ...] = ()
    body = tuple(members.starts)
    if derived:
        name = "args"
        parameters = (Parameter(inside, name, takes=Takes.REST),)
        given = Argument(Name(inside, name), spread=Spread.ITEMS)
        base = Call(inside, Name(inside, "super"), (given,))
        body = (Evaluate(inside, base), *body)
    made = Function(inside, _CONSTRUCTOR, parameters, body)
    members.body.append(Define(inside, made))


def _makes_base(statement: Statement) -> bool:
    """Whether it is `super(…)`, after which the fields are made."""
    called = statement.value if isinstance(statement, Evaluate) else None
    function = called.function if isinstance(called, Call) else None
    return isinstance(function, Name) and function.name == "super"
