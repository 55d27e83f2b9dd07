"""What stands in a program, looked at without running it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from operator import attrgetter
from typing import Any, cast

from mirador_lsp.core.text import Span
from mirador_lsp.syntax import expressions as ir
from mirador_lsp.syntax.expressions import Statement


def makes_functions(body: Sequence[Statement]) -> bool:
    """Whether functions or classes are made in it, or values are handed out one by one."""
    return any(isinstance(node, ir.Function | ir.Class | ir.Yield) for node in nodes_in(body))


def named_inside(body: Sequence[Statement]) -> dict[str, set[int]]:
    """Names that functions and methods mention, with the functions that do: what those call is
    entered through them.
    """
    names: dict[str, set[int]] = {}
    for function in functions_in(body):
        for node in nodes_in(function.body):
            name = ""
            if isinstance(node, ir.Name | ir.Attribute):
                name = node.name
            if name and name != function.name:
                names.setdefault(name, set()).add(id(function))
    return names


def functions_in(body: object) -> Iterator[ir.Function]:
    """The outermost functions."""
    waiting: list[object] = [body]
    while waiting:
        node = waiting.pop()
        kind: type = node.__class__
        if kind is ir.Function:
            yield cast("ir.Function", node)
        elif kind is tuple or kind is list:
            waiting += cast("Sequence[object]", node)
        elif read := _parts(kind):
            waiting += read(node)


def nodes_in(body: object) -> Iterator[object]:
    """Every expression and statement in it, functions within it included."""
    waiting: list[object] = [body]
    while waiting:
        node = waiting.pop()
        kind: type = node.__class__
        if kind is tuple or kind is list:
            waiting += cast("Sequence[object]", node)
        elif read := _parts(kind):
            yield node
            waiting += read(node)


_Parts = Callable[[Any], Sequence[object]]
_ASIDE = frozenset(
    {
        *("span", "operator", "optional", "kind", "label", "annotation", "declares", "name"),
        *("spread", "takes", "only_named", "new", "is_async", "is_generator", "binds_this"),
        *("module", "local", "is_object", "delegate", "static", "declared", "runs_first", "again"),
    }
)
"""Fields in which no node can be."""


@cache
def _parts(kind: Any) -> _Parts | None:
    """How to read the parts of nodes of a class; None for what is no node."""
    if not is_dataclass(kind) or kind is Span:
        return None
    names = [each.name for each in fields(kind) if each.name not in _ASIDE]
    if len(names) > 1:
        return attrgetter(*names)
    return lambda node: [getattr(node, name) for name in names]
