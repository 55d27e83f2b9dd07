"""Python's functions that make one value of another."""

import builtins
from collections.abc import Callable, Mapping

from mirador_lsp.analysis.flow.values import Literal

EXCEPTIONS: Mapping[str, frozenset[str]] = {
    name: frozenset(each.__name__ for each in kind.__mro__)
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and issubclass(kind, BaseException)
}
"""Python's own exceptions, each with the names of all that it is."""

PLAIN = frozenset(
    {
        "len",
        "hash",
        "id",
        "ord",
        "callable",
        "hasattr",
        "issubclass",
        "print",
        "any",
        "all",
        "abs",
        "divmod",
        "input",
        "help",
        "breakpoint",
        "delattr",
    }
)
"""Functions whose result is not made of what they are given."""
TELLING = frozenset({"len", "hash", "ord", "abs", "divmod"})
"""Of these, those that tell nothing but of what they are given."""
EITHER_WAY = frozenset({"any", "all", "callable", "hasattr"})
"""And those that are true or false."""
NAMED_TOO = frozenset({"max", "min", "sum", "enumerate"})
"""Functions whose result is made of what they are given by name, too."""
TYPES = frozenset({"str", "bytes", "bytearray", "repr", "ascii", "format", "memoryview"})
CHANGING = frozenset({"bytearray"})
"""Of these, those that can be changed."""
NUMBERS = frozenset({"int", "float", "complex", "bool", "round", "hex", "oct", "bin", "chr", "pow"})


def _as_text(value: Literal) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _as_number(value: Literal) -> int | None:
    try:
        return int(value)  # type: ignore[arg-type] # None raises TypeError
    except (TypeError, ValueError, OverflowError):
        return None


def _as_fraction(value: Literal) -> float | None:
    try:
        return float(value)  # type: ignore[arg-type] # the same
    except (TypeError, ValueError, OverflowError):
        return None


EMPTY: Mapping[str, Literal] = {"int": 0, "float": 0.0, "bool": False}
CONVERSIONS: Mapping[str, Callable[[Literal], Literal]] = {
    "str": _as_text,
    "int": _as_number,
    "float": _as_fraction,
    "bool": bool,
}
