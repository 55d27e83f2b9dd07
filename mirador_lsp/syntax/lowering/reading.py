"""What lowering needs of a tree, whatever the language: spans, texts and an end to depth."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from mirador_lsp.core.text import Span
from mirador_lsp.syntax.expressions import Expression, Opaque, Statement
from mirador_lsp.syntax.parser import Parsed

if TYPE_CHECKING:
    import tree_sitter

DEEPEST = 120
"""Levels of expressions and statements within each other that are read. Each takes a few calls, and
Python has about a thousand."""
_Made = TypeVar("_Made")


class TooDeepError(Exception):
    """The rest of a branch is left out."""


class Reader(ABC):
    """One text on its way from a tree to a program."""

    def __init__(self, parsed: Parsed) -> None:
        self._parsed = parsed
        self._places = parsed.places
        self._depth = 0
        self.cut = 0
        """Branches that were too deep."""

    def span(self, node: "tree_sitter.Node") -> Span:
        """Where a node stands."""
        return self._places.span(node.start_byte, node.end_byte)

    def text(self, node: "tree_sitter.Node") -> str:
        """What stands there."""
        span = self.span(node)
        return self._parsed.text[span.start : span.end]

    def deeper(
        self, make: "Callable[[tree_sitter.Node], _Made]", node: "tree_sitter.Node"
    ) -> _Made:
        """What `make` makes of `node`, one level down. Raises `TooDeepError` where that is one too
        many.
        """
        if self._depth >= DEEPEST:
            raise TooDeepError
        self._depth += 1
        try:
            return make(node)
        finally:
            self._depth -= 1

    @abstractmethod
    def statement(self, node: "tree_sitter.Node") -> Sequence[Statement]:
        """What a node of a block becomes. Raises `TooDeepError`."""

    def statements(self, node: "tree_sitter.Node | None") -> tuple[Statement, ...]:
        """Everything in a block or a module."""
        return self.statements_of(named(node)) if node is not None else ()

    def statements_of(self, nodes: "Iterable[tree_sitter.Node]") -> tuple[Statement, ...]:
        """What these become, those left out that are too deep."""
        made: list[Statement] = []
        for node in nodes:
            try:
                made += self.deeper(self.statement, node)
            except TooDeepError:
                self.cut += 1
        return tuple(made)

    def expression_or_cut(
        self, make: "Callable[[tree_sitter.Node], Expression]", node: "tree_sitter.Node"
    ) -> Expression:
        """An expression; an empty `Opaque` for one that is too deep."""
        try:
            return self.deeper(make, node)
        except TooDeepError:
            self.cut += 1
            return Opaque(self.span(node))


def field(node: "tree_sitter.Node", name: str) -> "tree_sitter.Node | None":
    """The child of that field."""
    return node.child_by_field_name(name)


def fields(node: "tree_sitter.Node", name: str) -> "list[tree_sitter.Node]":
    """All children of that field, in their order."""
    return node.children_by_field_name(name)


def named(node: "tree_sitter.Node") -> "list[tree_sitter.Node]":
    """The children that are no punctuation and no comment."""
    return [child for child in node.named_children if child.type not in _ASIDE]


def has_word(node: "tree_sitter.Node", word: str) -> bool:
    """Whether a keyword or a mark stands among the children."""
    return any(child.type == word for child in node.children if not child.is_named)


_ASIDE = frozenset({"comment", "line_continuation", "html_comment", "hash_bang_line"})
