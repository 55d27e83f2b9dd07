"""How JSON becomes values of LSP: as pygls does it, but strict about plain values.

Left alone, the converter takes a list for a token, which no table can hold, and makes the text
"None" of a null. Numbers in place of texts, and the reverse, are forgiven: clients do that.
"""

from collections.abc import Callable
from typing import Any, Optional, Union

from cattrs import Converter
from lsprotocol import types
from pygls.protocol import default_converter

_INT_OR_STR: Any = Union[int, str]  # noqa: UP007 — the form under which lsprotocol registers it
_TOKEN: Any = Optional[_INT_OR_STR]  # noqa: UP045 — as above
_LANGUAGE: Any = Union[types.LanguageKind, str]  # noqa: UP007 — as above
_ACTION_KIND: Any = Union[types.CodeActionKind, str]  # noqa: UP007 — as above


def converter() -> Converter:
    """A converter for one session. What does not fit raises, and the gate answers -32602."""
    made: Converter = default_converter()  # type: ignore[no-untyped-call]
    hooks: dict[Any, Callable[[Any, Any], Any]] = {
        # Hooks of a type serve its subclasses too: enumerations, and `bool` behind `int`.
        str: lambda value, kind: _text(value) if kind is str else kind(value),
        int: lambda value, kind: _whole(value) if kind is int else kind(value),
        _INT_OR_STR: lambda value, _: _plain(value),
        _TOKEN: lambda value, _: None if value is None else _plain(value),
        _LANGUAGE: lambda value, _: _text(value),
        _ACTION_KIND: lambda value, _: _text(value),
    }
    for kind, hook in hooks.items():
        made.register_structure_hook(kind, hook)
    return made


def _plain(value: Any) -> int | float | str:
    if isinstance(value, int | float | str):
        return value
    message = f"a {type(value).__name__} where a text or a number belongs"
    raise TypeError(message)


def _text(value: Any) -> str:
    return str(_plain(value))


def _whole(value: Any) -> int:
    plain = _plain(value)
    if isinstance(plain, float) and not plain.is_integer():
        message = "a fraction where a whole number belongs"
        raise ValueError(message)
    return int(plain)
