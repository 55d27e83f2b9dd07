"""Constants: what operators and tests make of them. Bounded, whatever the program computes."""

import operator
from collections.abc import Callable, Mapping
from typing import Any

from mirador_lsp.analysis.flow.values import MADE_HERE, NOTHING, Known, Value, constant

_LARGEST = 10**30
_LONGEST = 2000
_Operation = Callable[[Any, Any], Any]
_ARITHMETIC: Mapping[str, _Operation] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
}
_TESTS: Mapping[str, _Operation] = {
    "==": operator.eq,
    "===": operator.eq,
    "is": operator.eq,
    "!=": operator.ne,
    "!==": operator.ne,
    "is not": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

OVERLOADS: Mapping[str, str] = {
    "+": "__add__",
    "-": "__sub__",
    "*": "__mul__",
    "/": "__truediv__",
    "%": "__mod__",
    "|": "__or__",
    "&": "__and__",
}
"""Methods by which objects of Python take part in an operation."""


def computed(sign: str, left: Known, right: Known, language: str) -> Value | None:
    """What an operator makes of two constants; None where that is not worth knowing."""
    one, other = left.value, right.value
    if language != "python" and sign == "+" and (isinstance(one, str) or isinstance(other, str)):
        return constant(f"{_as_text(one)}{_as_text(other)}")
    operation = _ARITHMETIC.get(sign)
    if operation is None or not _small(sign, one, other):
        return None
    try:
        found = operation(one, other)
    except (TypeError, ValueError, ArithmeticError, KeyError):
        return None
    if isinstance(found, int | float) and not isinstance(found, bool) and abs(found) > _LARGEST:
        return None
    if isinstance(found, str | bytes | int | float | bool | None):
        return constant(found)
    return None


def compared(sign: str, left: Known, right: Known) -> bool | None:
    """What a comparison of two constants says; None where it fails."""
    one, other = left.value, right.value
    if sign in ("in", "not in"):
        if not isinstance(one, str) or not isinstance(other, str):
            return None
        return (one in other) is (sign == "in")
    if sign in ("===", "!==", "is", "is not") and left.kind != right.kind:
        return sign in ("!==", "is not")
    test = _TESTS.get(sign)
    if test is None:
        return None
    try:
        return bool(test(one, other))
    except TypeError:
        return None


def item_of(known: Known, index: Value) -> Value:
    """An item of a constant."""
    at = index.constant
    if isinstance(known.value, str) and at is not None and isinstance(at.value, int):
        if -len(known.value) <= at.value < len(known.value):
            return constant(known.value[at.value])
        return NOTHING
    return MADE_HERE


def truth_of(known: Known, language: str) -> bool:
    """Whether a constant counts as true."""
    if language != "python" and isinstance(known.value, float) and known.value != known.value:
        return False
    return bool(known.value)


def _small(sign: str, one: object, other: object) -> bool:
    if sign == "*":
        long = [each for each in (one, other) if isinstance(each, str | bytes)]
        times = [each for each in (one, other) if isinstance(each, int)]
        if long and times:
            return len(long[0]) * max(times[0], 0) <= _LONGEST
    if sign == "%" and isinstance(one, str | bytes):
        return len(one) <= _LONGEST and "*" not in str(one)
    return True


def _as_text(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
