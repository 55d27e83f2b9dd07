"""Statements of Python."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mirador_lsp.syntax.expressions import (
    Argument,
    Class,
    Expression,
    Function,
    Name,
    Opaque,
    Statement,
    Target,
)
from mirador_lsp.syntax.lowering.python_expressions import PythonExpressions
from mirador_lsp.syntax.lowering.python_patterns import Matched, Patterns
from mirador_lsp.syntax.lowering.reading import field, fields, has_word, named
from mirador_lsp.syntax.parser import Parsed
from mirador_lsp.syntax.program import (
    Assert,
    Assign,
    Case,
    Define,
    Delete,
    Evaluate,
    For,
    Handler,
    If,
    Import,
    Leave,
    Outer,
    Program,
    Raise,
    Switch,
    Try,
    While,
    With,
)
from mirador_lsp.syntax.program import Return as Returned

if TYPE_CHECKING:
    import tree_sitter

Body = tuple[Statement, ...]


def lower_python(parsed: Parsed) -> Program:
    """The program of a parsed text. Never raises for what the text holds."""
    if parsed.tree is None:
        return Program("python", (), parsed.note)
    reader = _Python(parsed)
    body = reader.statements(parsed.tree.root_node)
    note = f"{reader.cut} places nested too deeply are left out" if reader.cut else ""
    return Program("python", body, note)


class _Python(PythonExpressions):
    """Makes statements."""

    def statement(self, node: "tree_sitter.Node") -> list[Statement]:
        make = getattr(self, f"_do_{node.type}", None)
        if make is not None:
            made: list[Statement] = make(node)
            return made
        # Broken text, and what has no meaning for flows: what it calls is not lost.
        if node.type in ("block", "ERROR"):
            return list(self.statements(node))
        if node.type in ("pass_statement", "type_alias_statement"):
            return []
        return [Evaluate(self.span(node), self.expression(node))]

    def _do_expression_statement(self, node: "tree_sitter.Node") -> list[Statement]:
        inner = named(node)
        if len(inner) != 1:
            return [Evaluate(self.span(node), self._several(inner, node))] if inner else []
        (one,) = inner
        if one.type == "assignment":
            return list(self._assigned(one))
        if one.type == "augmented_assignment":
            operator = field(one, "operator")
            target = self.target_of(field(one, "left"), one)
            value = self._needed(field(one, "right"), one)
            sign = self.text(operator).removesuffix("=") if operator is not None else ""
            return [Assign(self.span(one), target, value, sign)]
        return [Evaluate(self.span(one), self.expression(one))]

    def _assigned(self, node: "tree_sitter.Node") -> Iterator[Statement]:
        """`a = b = value` binds the last target first; the value is evaluated once."""
        targets: list[tuple[Target, str]] = []
        while node.type == "assignment":
            annotation = field(node, "type")
            target = self.target_of(field(node, "left"), node)
            targets.append((target, self.text(annotation) if annotation is not None else ""))
            value_node = field(node, "right")
            if value_node is None:
                return
            node = value_node
        value = self.expression(node)
        for number, (target, annotation_text) in enumerate(targets):
            yield Assign(target.span, target, value, annotation=annotation_text)
            if number == 0 and isinstance(target, Name):
                # Further targets take the very object, so they read the first one.
                value = target

    def _do_if_statement(self, node: "tree_sitter.Node") -> list[Statement]:
        otherwise: Body = ()
        for clause in reversed(fields(node, "alternative")):
            if clause.type == "elif_clause":
                test = self._needed(field(clause, "condition"), clause)
                body = self.statements(field(clause, "consequence"))
                otherwise = (If(self.span(clause), test, body, otherwise),)
            else:
                otherwise = self.statements(field(clause, "body"))
        test = self._needed(field(node, "condition"), node)
        body = self.statements(field(node, "consequence"))
        return [If(self.span(node), test, body, otherwise)]

    def _do_for_statement(self, node: "tree_sitter.Node") -> list[Statement]:
        return [
            For(
                self.span(node),
                self.target_of(field(node, "left"), node),
                self._needed(field(node, "right"), node),
                self.statements(field(node, "body")),
                self._else_of(node),
                is_async=has_word(node, "async"),
            )
        ]

    def _do_while_statement(self, node: "tree_sitter.Node") -> list[Statement]:
        test = self._needed(field(node, "condition"), node)
        body = self.statements(field(node, "body"))
        return [While(self.span(node), test, body, self._else_of(node))]

    def _else_of(self, node: "tree_sitter.Node") -> Body:
        clause = field(node, "alternative")
        return self.statements(field(clause, "body")) if clause is not None else ()

    def _do_try_statement(self, node: "tree_sitter.Node") -> list[Statement]:
        handlers: list[Handler] = []
        otherwise: Body = ()
        final: Body = ()
        for clause in named(node):
            if clause.type in ("except_clause", "except_group_clause"):
                handlers.append(self._handler(clause))
            elif clause.type == "else_clause":
                otherwise = self.statements(field(clause, "body"))
            elif clause.type == "finally_clause":
                final = self.statements(_block_of(clause))
        body = self.statements(field(node, "body"))
        return [Try(self.span(node), body, tuple(handlers), otherwise, final)]

    def _handler(self, node: "tree_sitter.Node") -> Handler:
        caught = [each for each in named(node) if each.type != "block"]
        target: Target | None = None
        types: tuple[Expression, ...] = ()
        if caught:
            first = caught[0]
            if first.type == "as_pattern":
                target = self.target_of(field(first, "alias"), first)
                first = next(iter(named(first)), first)
            elif len(caught) > 1:  # `except E, name` of Python 2
                target = self.target_of(caught[1], node)
            parts = named(first) if first.type == "tuple" else [first]
            types = tuple(self.expression(each) for each in parts)
        return Handler(self.span(node), types, target, self.statements(_block_of(node)))

    def _do_with_statement(self, node: "tree_sitter.Node") -> list[Statement]:
        clause = next((each for each in named(node) if each.type == "with_clause"), node)
        items = [each for each in named(clause) if each.type == "with_item"]
        body = self.statements(field(node, "body"))
        for item in reversed(items):
            value = field(item, "value")
            target: Target | None = None
            if value is not None and value.type == "as_pattern":
                target = self.target_of(field(value, "alias"), value)
            body = (With(self.span(node), self._needed(value, item), target, body),)
        return list(body)

    def _do_match_statement(self, node: "tree_sitter.Node") -> list[Statement]:
        subject = self._several(fields(node, "subject"), node)
        block = field(node, "body")
        clauses = fields(block, "alternative") if block is not None else []
        cases = tuple(self._case(clause) for clause in clauses)
        return [Switch(self.span(node), subject, cases)]

    def _case(self, node: "tree_sitter.Node") -> Case:
        patterns = [each for each in named(node) if each.type == "case_pattern"]
        several = len(patterns) > 1
        reader = Patterns(self)
        read = reader.of(patterns[0]) if len(patterns) == 1 else Matched()
        if several:
            inner = [reader.of(each) for each in patterns]
            read = Matched(captures=tuple(c for each in inner for c in each.captures))
        clause = field(node, "guard")
        guard = next(iter(named(clause)), None) if clause is not None else None
        return Case(
            self.span(node),
            read.values,
            self.statements(field(node, "consequence")),
            default=read.always and guard is None and not several,
            captures=read.captures,
            guard=self._maybe(guard),
        )

    def _do_return_statement(self, node: "tree_sitter.Node") -> list[Statement]:
        inner = named(node)
        value = self._several(inner, node) if inner else None
        return [Returned(self.span(node), value)]

    def _do_raise_statement(self, node: "tree_sitter.Node") -> list[Statement]:
        cause = field(node, "cause")
        raised = [each for each in named(node) if each != cause]
        return [Raise(self.span(node), self._several(raised, node) if raised else None)]

    def _do_break_statement(self, node: "tree_sitter.Node") -> list[Statement]:
        return [Leave(self.span(node))]

    def _do_continue_statement(self, node: "tree_sitter.Node") -> list[Statement]:
        return [Leave(self.span(node), again=True)]

    def _do_delete_statement(self, node: "tree_sitter.Node") -> list[Statement]:
        inner = named(node)
        if len(inner) == 1 and inner[0].type in ("expression_list", "tuple", "list"):
            inner = named(inner[0])
        return [Delete(self.span(each), self.target_of(each, node)) for each in inner]

    def _do_assert_statement(self, node: "tree_sitter.Node") -> list[Statement]:
        inner = named(node)
        return [Assert(self.span(node), self.expression(inner[0]))] if inner else []

    def _do_global_statement(self, node: "tree_sitter.Node") -> list[Statement]:
        names = tuple(self.text(each) for each in named(node))
        return [Outer(self.span(node), names, is_global=node.type == "global_statement")]

    _do_nonlocal_statement = _do_global_statement

    def _do_print_statement(self, node: "tree_sitter.Node") -> list[Statement]:
        parts = tuple(self.expression(each) for each in fields(node, "argument"))
        return [Evaluate(self.span(node), Opaque(self.span(node), parts))]

    def _do_import_statement(self, node: "tree_sitter.Node") -> list[Statement]:
        made: list[Statement] = []
        for each in fields(node, "name"):
            module, local = self._alias(each)
            made.append(Import(self.span(each), module, "", local))
        return made

    def _do_import_from_statement(self, node: "tree_sitter.Node") -> list[Statement]:
        source = field(node, "module_name")
        module = "".join(self.text(source).split()) if source is not None else ""
        if any(child.type == "wildcard_import" for child in node.named_children):
            return [Import(self.span(node), module, "*", "")]
        made: list[Statement] = []
        for each in fields(node, "name"):
            name, local = self._alias(each)
            made.append(Import(self.span(each), module, name, local or name))
        return made

    def _do_future_import_statement(self, _node: "tree_sitter.Node") -> list[Statement]:
        return []

    def _alias(self, node: "tree_sitter.Node") -> tuple[str, str]:
        """What is imported and what it is called here, "" where nothing says so."""
        if node.type == "aliased_import":
            name, alias = field(node, "name"), field(node, "alias")
            return (
                self.text(name) if name is not None else "",
                self.text(alias) if alias is not None else "",
            )
        return self.text(node), ""

    def _do_decorated_definition(self, node: "tree_sitter.Node") -> list[Statement]:
        inner = field(node, "definition")
        if inner is None:
            return []
        decorators = tuple(
            self.expression(next(iter(named(each)), each))
            for each in named(node)
            if each.type == "decorator"
        )
        return [Define(self.span(node), self._defined(inner, decorators))]

    def _do_function_definition(self, node: "tree_sitter.Node") -> list[Statement]:
        return [Define(self.span(node), self._defined(node, ()))]

    _do_class_definition = _do_function_definition

    def _defined(
        self, node: "tree_sitter.Node", decorators: tuple[Expression, ...]
    ) -> Function | Class:
        name = field(node, "name")
        called = self.text(name) if name is not None else ""
        around, self.yields = self.yields, False
        body = self.statements(field(node, "body"))
        generates, self.yields = self.yields, around
        if node.type == "class_definition":
            given = field(node, "superclasses")
            arguments = self._items(given) if given is not None else ()
            bases = tuple(each.value for each in arguments if not each.name)
            keywords: tuple[Argument, ...] = tuple(each for each in arguments if each.name)
            declared = tuple(self._declared(field(node, "body")))
            return Class(
                self.span(node),
                called,
                bases,
                body,
                decorators,
                keywords=keywords,
                declared=declared,
            )
        return Function(
            self.span(node),
            called,
            self.parameters(field(node, "parameters")),
            body,
            is_async=has_word(node, "async"),
            is_generator=generates,
            decorators=decorators,
        )

    def _declared(self, body: "tree_sitter.Node | None") -> Iterator[str]:
        for each in named(body) if body is not None else ():
            inner = named(each)
            if each.type != "expression_statement" or not inner or inner[0].type != "assignment":
                continue
            left, annotation = field(inner[0], "left"), field(inner[0], "type")
            if left is not None and annotation is not None and left.type == "identifier":
                yield self.text(left)


def _block_of(node: "tree_sitter.Node") -> "tree_sitter.Node | None":
    return next((each for each in named(node) if each.type == "block"), None)
