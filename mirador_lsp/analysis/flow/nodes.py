"""What stands in a program, looked at without running it."""

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

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
        if isinstance(node, ir.Function):
            yield node
        elif isinstance(node, tuple | list):
            waiting += node
        elif is_dataclass(node) and not isinstance(node, Span):
            waiting += [getattr(node, name) for name in _fields(node.__class__)]


def nodes_in(body: object) -> Iterator[object]:
    """Every expression and statement in it, functions within it included."""
    waiting: list[object] = [body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, tuple | list):
            waiting += node
        elif is_dataclass(node) and not isinstance(node, Span):
            yield node
            waiting += [getattr(node, name) for name in _fields(node.__class__)]


@cache
def _fields(kind: Any) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind))
