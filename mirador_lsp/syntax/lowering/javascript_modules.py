"""Imports and exports of JavaScript, namespaces and enums of TypeScript."""

from abc import abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mirador_lsp.core.text import Span
from mirador_lsp.syntax.expressions import (
    Attribute,
    Call,
    Constant,
    Entry,
    Expression,
    Function,
    Mapping,
    MappingPattern,
    Name,
    SequencePattern,
    Statement,
    Target,
)
from mirador_lsp.syntax.lowering.javascript_classes import JavaScriptClasses
from mirador_lsp.syntax.lowering.reading import field, has_word, named
from mirador_lsp.syntax.parser import Parsed
from mirador_lsp.syntax.program import Assign, Define, Export, Import, Return

if TYPE_CHECKING:
    import tree_sitter

Told = tuple[Span, str, Name]
"""Where a name is exported, as what, and which."""


class JavaScriptModules(JavaScriptClasses):
    """Makes statements that have to do with other modules."""

    def __init__(self, parsed: Parsed) -> None:
        super().__init__(parsed)
        self.exported: list[Told] = []
        """Exports of names. They follow what the names become, so the module ends with them."""

    def exports(self) -> tuple[Statement, ...]:
        """What a module ends with."""
        return tuple(Export(*each) for each in self.exported)

    def _do_import_statement(self, node: "tree_sitter.Node") -> list[Statement]:
        made: list[Statement] = []
        source = field(node, "source")
        if has_word(node, "type") or has_word(node, "typeof"):
            return made
        for clause in named(node):
            if clause.type == "import_require_clause":
                inner = named(clause)
                module = self._string(field(clause, "source"))
                local = self.text(inner[0]) if inner else ""
                made.append(Import(self.span(node), module, "", local))
            elif clause.type == "import_clause":
                made += self._imported(clause, self._string(source))
        if source is not None and not made:
            made.append(Import(self.span(node), self._string(source), "", ""))
        return made

    def _imported(self, clause: "tree_sitter.Node", module: str) -> Iterator[Statement]:
        for each in named(clause):
            if each.type == "identifier":
                yield Import(self.span(each), module, "default", self.text(each))
            elif each.type == "namespace_import":
                inner = named(each)
                local = self.text(inner[0]) if inner else ""
                yield Import(self.span(each), module, "", local)
            for one in named(each) if each.type == "named_imports" else ():
                if not has_word(one, "type") and not has_word(one, "typeof"):
                    name, local = self._renamed(one)
                    yield Import(self.span(one), module, name, local)

    def _renamed(self, node: "tree_sitter.Node") -> tuple[str, str]:
        """Both names of `a as b`."""
        name, alias = field(node, "name"), field(node, "alias")
        first = self._string(name)
        return first, self._string(alias) if alias is not None else first

    def _string(self, node: "tree_sitter.Node | None") -> str:
        """The value of a string, or a name as it is."""
        made = self.maybe(node) if node is not None and node.type == "string" else None
        if isinstance(made, Constant) and isinstance(made.value, str):
            return made.value
        return self.named_here(node)

    def _do_import_alias(self, node: "tree_sitter.Node") -> list[Statement]:
        inner = named(node)
        target = self.target_of(inner[0] if inner else None, node)
        value = self.needed(inner[1] if len(inner) > 1 else None, node)
        return [Assign(self.span(node), target, value, declares=True)]

    def _do_export_statement(self, node: "tree_sitter.Node") -> list[Statement]:
        span, source = self.span(node), field(node, "source")
        if has_word(node, "type") or (
            has_word(node, "as") and has_word(node, "namespace") and source is None
        ):
            return []
        declared, value = field(node, "declaration"), field(node, "value")
        if declared is not None:
            return self._declared(node, declared)
        if value is not None:
            return [Export(span, "default", self.called(value, Constant(span, ""), node))]
        clauses = named(node)
        if source is not None:
            return list(self._passed_on(node, self._string(source)))
        for clause in clauses:
            if clause.type == "export_clause":
                for each in named(clause):
                    name, told = self._renamed(each)
                    self.exported.append((self.span(each), told, Name(self.span(each), name)))
            elif has_word(node, "="):
                whole = Attribute(span, Name(span, "module"), "exports")
                return [Assign(span, whole, self.expression(clause))]
        return []

    def _declared(self, node: "tree_sitter.Node", declared: "tree_sitter.Node") -> list[Statement]:
        decorators = tuple(self.decorator(each) for each in named(node) if each.type == "decorator")
        made = list(self.declaration(declared, decorators))
        is_default = has_word(node, "default")
        for each in made:
            for name in self._names_in(each):
                self.exported.append((name.span, "default" if is_default else name.name, name))
        return made

    @abstractmethod
    def declaration(
        self, node: "tree_sitter.Node", decorators: tuple[Expression, ...]
    ) -> list[Statement]:
        """A statement that declares something."""

    def _passed_on(self, node: "tree_sitter.Node", module: str) -> Iterator[Statement]:
        """`export … from`: what is passed on has a name here that no program can have."""
        span = self.span(node)
        found = False
        for clause in named(node):
            if clause.type == "namespace_export":
                found = True
                inner = named(clause)
                local = f"* of {module}"
                yield Import(span, module, "", local)
                yield Export(span, self._string(inner[0] if inner else None), Name(span, local))
            elif clause.type == "export_clause":
                found = True
                for each in named(clause):
                    if has_word(each, "type"):
                        continue
                    name, told = self._renamed(each)
                    local = f"{name} of {module}"
                    yield Import(self.span(each), module, name, local)
                    yield Export(self.span(each), told, Name(self.span(each), local))
        if not found:
            local = f"* of {module}"
            yield Import(span, module, "", local)
            yield Export(span, "*", Name(span, local))

    def _do_internal_module(self, node: "tree_sitter.Node") -> list[Statement]:
        """`namespace X { export … }` is `X = (() => { …; return { … }; })()`."""
        span, body = self.span(node), field(node, "body")
        if body is None:
            return []
        around, self.exported = self.exported, []
        inside = self.body_of(body)
        told, self.exported = self.exported, around
        here = self.span(body)
        entries = tuple(Entry(Constant(at, name), value) for at, name, value in told)
        members = Return(here, Mapping(here, entries, is_object=True))
        made: Expression = Function(here, "", (), (*inside, members), binds_this=False)
        made = Call(here, made, ())
        parts = self.text(field(node, "name") or node).split(".")
        for name in reversed(parts[1:]):
            made = Mapping(here, (Entry(Constant(here, name.strip()), made),), is_object=True)
        name_node = field(node, "name")
        at = self.span(name_node if name_node is not None else node)
        return [Assign(span, Name(at, parts[0].strip()), made, declares=True)]

    _do_module = _do_internal_module

    def _do_enum_declaration(self, node: "tree_sitter.Node") -> list[Statement]:
        """An object whose values count up where nothing else is said."""
        body, entries = field(node, "body"), []
        following: int | None = 0
        for each in named(body) if body is not None else ():
            is_pair = each.type == "enum_assignment"
            key = self.key(field(each, "name") if is_pair else each, each)
            value: Expression = Constant(self.span(each), following)
            if is_pair:
                value = self.needed(field(each, "value"), each)
            number = value.value if isinstance(value, Constant) else None
            following = number + 1 if isinstance(number, int) else None
            entries.append(Entry(key, value))
        target = self.target_of(field(node, "name"), node)
        made = Mapping(self.span(body or node), tuple(entries), is_object=True)
        return [Assign(self.span(node), target, made, declares=True)]

    def _names_in(self, statement: Statement) -> Iterator[Name]:
        if isinstance(statement, Define):
            yield Name(statement.value.span, statement.value.name)
        elif isinstance(statement, Assign):
            yield from self.names_of(statement.target)

    def names_of(self, target: Target) -> Iterator[Name]:
        """The variables in a target."""
        waiting: list[Target | None] = [target]
        while waiting:
            each = waiting.pop()
            if isinstance(each, Name):
                yield each
            elif isinstance(each, SequencePattern):
                waiting += reversed(each.items)
            elif isinstance(each, MappingPattern):
                waiting += [each.rest, *(entry.target for entry in reversed(each.entries))]
