"""Statements of JavaScript and TypeScript, with JSX."""

from typing import TYPE_CHECKING

from mirador_lsp.core.text import Span
from mirador_lsp.syntax.expressions import (
    Attribute,
    Class,
    Constant,
    Expression,
    Function,
    Name,
    Statement,
    Subscript,
    Target,
)
from mirador_lsp.syntax.lowering.javascript_modules import JavaScriptModules
from mirador_lsp.syntax.lowering.reading import TooDeepError, field, fields, has_word, named
from mirador_lsp.syntax.parser import Parsed
from mirador_lsp.syntax.program import (
    Assign,
    Block,
    Case,
    Define,
    Delete,
    Evaluate,
    For,
    Handler,
    If,
    Leave,
    Program,
    Raise,
    Return,
    Switch,
    Try,
    While,
)

if TYPE_CHECKING:
    import tree_sitter

Body = tuple[Statement, ...]
_TYPES = frozenset(
    {
        "ambient_declaration",
        "debugger_statement",
        "empty_statement",
        "function_signature",
        "interface_declaration",
        "type_alias_declaration",
    }
)
"""What does nothing when the program runs."""
_FUNCTIONS = frozenset({"function_declaration", "generator_function_declaration"})
_CLASSES = frozenset({"class_declaration", "abstract_class_declaration"})
_LEXICAL = frozenset({"lexical_declaration"}) | _FUNCTIONS | _CLASSES
"""What a block keeps to itself."""
_LONG_CHAIN = 40
"""Branches of an `if`."""


def lower_javascript(parsed: Parsed) -> Program:
    """The program of a parsed text. Never raises for what the text holds."""
    if parsed.tree is None:
        return Program(parsed.language, (), parsed.note)
    reader = _JavaScript(parsed)
    body = (*reader.body_of(parsed.tree.root_node), *reader.exports())
    note = f"{reader.cut} places nested too deeply are left out" if reader.cut else ""
    return Program(parsed.language, body, note)


class _JavaScript(JavaScriptModules):
    """Makes statements."""

    _inner = 0
    """How many statements of the function that is being read are around this one."""

    def __init__(self, parsed: Parsed) -> None:
        super().__init__(parsed)
        self._vars: dict[str, Name] = {}
        """Declared by `var` somewhere in the function that is being read, not at its top."""

    def body_of(self, node: "tree_sitter.Node | None") -> Body:
        """See `JavaScriptFunctions`."""
        around, self._vars, level, self._inner = self._vars, {}, self._inner, 0
        made = self.statements(node)
        early = tuple(
            Assign(name.span, name, Constant(name.span, None), declares=True)
            for name in self._vars.values()
        )
        self._vars, self._inner = around, level
        return early + made

    def statement(self, node: "tree_sitter.Node") -> list[Statement]:
        make = getattr(self, f"_do_{node.type}", None)
        if make is not None:
            made: list[Statement] = make(node)
            return made
        if node.type in _TYPES:
            return []
        if node.type in _FUNCTIONS or node.type in _CLASSES:
            return self.declaration(node, ())
        if node.type == "ERROR":
            return list(self.statements(node))
        return self._effects(node)

    def _inside(self, node: "tree_sitter.Node | None") -> Body:
        """A branch or the body of a loop: a block, or one statement."""
        if node is None:
            return ()
        self._inner += 1
        try:
            if node.type == "statement_block":
                return tuple(self._do_statement_block(node))
            return tuple(self.deeper(self.statement, node))
        except TooDeepError:
            self.cut += 1
            return ()
        finally:
            self._inner -= 1

    def _do_statement_block(self, node: "tree_sitter.Node") -> list[Statement]:
        self._inner += 1
        body = self.statements(node)
        self._inner -= 1
        if any(child.type in _LEXICAL for child in node.named_children):
            return [Block(self.span(node), body)]
        return list(body)

    def declaration(
        self, node: "tree_sitter.Node", decorators: tuple[Expression, ...]
    ) -> list[Statement]:
        """See `JavaScriptModules`."""
        span = self.span(node)
        if node.type in _CLASSES:
            return [Define(span, self.class_of(node, decorators))]
        if node.type in _FUNCTIONS:
            made = self.expression(node)
            return [Define(span, made)] if isinstance(made, Function | Class) else []
        return self.statement(node)

    def _do_expression_statement(self, node: "tree_sitter.Node") -> list[Statement]:
        made: list[Statement] = []
        for each in named(node):
            if each.type == "internal_module":
                made += self.statement(each)
            else:
                made += self._effects(each)
        return made

    def _effects(self, node: "tree_sitter.Node") -> list[Statement]:
        """An expression by itself, as the statements that it amounts to."""
        if node.type == "parenthesized_expression":
            inner = named(node)
            return self._effects(inner[0]) if len(inner) == 1 else []
        if node.type == "sequence_expression":
            return [made for each in self.flat(node) for made in self._effects(each)]
        changed = self._changed(node)
        return [
            changed if changed is not None else Evaluate(self.span(node), self.expression(node))
        ]

    def _changed(self, node: "tree_sitter.Node") -> Statement | None:
        """An expression that assigns or deletes; None for any other."""
        span, made = self.span(node), None
        if node.type == "assignment_expression":
            target = self.target_of(field(node, "left"), node)
            value = self.assigned(field(node, "right"), target, node)
            made = Assign(span, target, value, declares=has_word(node, "using"))
        elif node.type == "augmented_assignment_expression":
            made = Assign(span, *self.augmented(node))
        elif node.type == "update_expression":
            made = Assign(span, *self.updated(node))
        elif node.type == "unary_expression" and has_word(node, "delete"):
            operand = self.needed(field(node, "argument"), node)
            if isinstance(operand, Attribute | Subscript):
                return Delete(span, operand)
        return made

    def _do_lexical_declaration(self, node: "tree_sitter.Node") -> list[Statement]:
        made: list[Statement] = []
        is_var = node.type == "variable_declaration"
        for each in named(node):
            if each.type != "variable_declarator":
                made += self._effects(each)
                continue
            span, name, given = self.span(each), field(each, "name"), field(each, "value")
            target = self.target_of(name, each)
            declares = self._declares(target, is_var=is_var)
            annotation = field(each, "type")
            written = self.named_here(annotation).removeprefix(":").strip()
            if given is not None:
                value = self.assigned(given, target, each)
                made.append(Assign(span, target, value, "", written, declares))
            elif not is_var:
                nothing = Constant(span, None)
                made.append(Assign(span, target, nothing, "", written, declares))
            elif isinstance(target, Name):
                self._vars.setdefault(target.name, target)
        return made

    _do_variable_declaration = _do_lexical_declaration

    def _declares(self, target: Target, *, is_var: bool) -> bool:
        """Whether a declaration makes its variables where it stands. A `var` in a block does not:
        it makes them in the function.
        """
        if not is_var or not self._inner:
            return True
        for each in self.names_of(target):
            self._vars.setdefault(each.name, each)
        return False

    def _do_if_statement(self, node: "tree_sitter.Node") -> list[Statement]:
        chain: list[tree_sitter.Node] = []
        at: tree_sitter.Node | None = node
        while at is not None and at.type == "if_statement":
            chain.append(at)
            clause = field(at, "alternative")
            inner = named(clause) if clause is not None else []
            at = inner[0] if inner else None
        otherwise = self._inside(at)
        if len(chain) > _LONG_CHAIN:
            return [self._choice(chain, otherwise)]
        for each in reversed(chain):
            test = self.needed(field(each, "condition"), each)
            body = self._inside(field(each, "consequence"))
            otherwise = (If(self.span(each), test, body, otherwise),)
        return list(otherwise)

    def _choice(self, chain: "list[tree_sitter.Node]", otherwise: Body) -> Statement:
        """`if … else if …`, so many that they would be too deep within each other."""
        cases: list[Case] = []
        for each in chain:
            test = self.needed(field(each, "condition"), each)
            body = self._inside(field(each, "consequence"))
            cases.append(Case(self.span(each), (), body, guard=test))
        span = self.span(chain[0])
        cases.append(Case(span, (), otherwise, default=True))
        subject = Constant(Span(span.start, span.start), True)  # noqa: FBT003 — a literal
        return Switch(span, subject, tuple(cases))

    def _do_for_statement(self, node: "tree_sitter.Node", label: str = "") -> list[Statement]:
        span, first = self.span(node), field(node, "initializer")
        self._inner += 1
        before = self.statement(first) if first is not None else []
        self._inner -= 1
        tests = [each for each in fields(node, "condition") if each.is_named]
        if tests and tests[0].type == "expression_statement":
            tests = named(tests[0])
        test = self.expression(tests[0]) if tests and tests[0].type != "empty_statement" else None
        increment = field(node, "increment")
        step = tuple(self._effects(increment)) if increment is not None else ()
        loop = While(span, test, self._inside(field(node, "body")), step=step, label=label)
        if first is not None and first.type == "lexical_declaration":
            return [Block(span, (*before, loop))]
        return [*before, loop]

    def _do_for_in_statement(self, node: "tree_sitter.Node", label: str = "") -> list[Statement]:
        kind = self.named_here(field(node, "kind"))
        target = self.target_of(field(node, "left"), node)
        self._inner += 1
        declares = bool(kind) and self._declares(target, is_var=kind == "var")
        self._inner -= 1
        return [
            For(
                self.span(node),
                target,
                self.needed(field(node, "right"), node),
                self._inside(field(node, "body")),
                keys=self.named_here(field(node, "operator")) == "in",
                declares=declares,
                is_async=has_word(node, "await"),
                label=label,
            )
        ]

    def _do_while_statement(self, node: "tree_sitter.Node", label: str = "") -> list[Statement]:
        test = self.needed(field(node, "condition"), node)
        body = self._inside(field(node, "body"))
        first = node.type == "do_statement"
        return [While(self.span(node), test, body, runs_first=first, label=label)]

    _do_do_statement = _do_while_statement

    def _do_labeled_statement(self, node: "tree_sitter.Node") -> list[Statement]:
        label, body = self.named_here(field(node, "label")), field(node, "body")
        if body is None:
            return []
        if body.type in ("for_statement", "for_in_statement", "while_statement", "do_statement"):
            loop = getattr(self, f"_do_{body.type}")
            made: list[Statement] = self.deeper(lambda at: loop(at, label), body)
            return made
        return [Block(self.span(node), self._inside(body), label)]

    def _do_with_statement(self, node: "tree_sitter.Node") -> list[Statement]:
        value = self.needed(field(node, "object"), node)
        return [Evaluate(value.span, value), *self._inside(field(node, "body"))]

    def _do_switch_statement(self, node: "tree_sitter.Node") -> list[Statement]:
        subject = self.needed(field(node, "value"), node)
        body = field(node, "body")
        self._inner += 1
        cases = [self._case(each) for each in named(body)] if body is not None else []
        self._inner -= 1
        made = Switch(self.span(node), subject, tuple(cases), falls_through=True)
        parts = [part for each in named(body) for part in named(each)] if body is not None else []
        if any(part.type in _LEXICAL for part in parts):
            return [Block(made.span, (made,))]
        return [made]

    def _case(self, node: "tree_sitter.Node") -> Case:
        value = field(node, "value")
        parts = [each for each in fields(node, "body") if each.is_named and each.type != "comment"]
        made = self.statements_of(parts)
        values = (self.expression(value),) if value is not None else ()
        return Case(self.span(node), values, made, default=node.type == "switch_default")

    def _do_try_statement(self, node: "tree_sitter.Node") -> list[Statement]:
        caught, final = field(node, "handler"), field(node, "finalizer")
        handlers: tuple[Handler, ...] = ()
        if caught is not None:
            parameter = field(caught, "parameter")
            target = self.target_of(parameter, caught) if parameter is not None else None
            body = self._inside(field(caught, "body"))
            handlers = (Handler(self.span(caught), (), target, body),)
        last = self._inside(field(final, "body")) if final is not None else ()
        return [
            Try(self.span(node), self._inside(field(node, "body")), handlers, final=last),
        ]

    def _do_return_statement(self, node: "tree_sitter.Node") -> list[Statement]:
        inner = named(node)
        return [Return(self.span(node), self.expression(inner[0]) if inner else None)]

    def _do_throw_statement(self, node: "tree_sitter.Node") -> list[Statement]:
        inner = named(node)
        return [Raise(self.span(node), self.expression(inner[0]) if inner else None)]

    def _do_break_statement(self, node: "tree_sitter.Node") -> list[Statement]:
        again = node.type == "continue_statement"
        return [Leave(self.span(node), again, self.named_here(field(node, "label")))]

    _do_continue_statement = _do_break_statement
