"""One value against its key: the value that holds, or what is wrong with it."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mirador_lsp.core.clean import plain, stream_safe
from mirador_lsp.settings.keys import Key, Kind, Value

_MAX_ITEMS = 32
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True)
class Wrong:
    """Why a value cannot be used: a phrase that follows the key."""

    message: str


def check(key: Key, raw: object, base: Path | None) -> Value | Wrong:
    """`raw` as the type of `key`, within its limits. Never raises.

    A path that is relative is completed with `base`, the folder of the file that says it.
    """
    option = key.option
    match key.kind, raw:
        case Kind.SWITCH, bool():
            return raw
        case ((Kind.WHOLE | Kind.NUMBER), (int() | float())) if not isinstance(raw, bool):
            return _number(key, raw)
        case Kind.LIST, (list() | tuple() | Mapping()) if option.pairs or not _is_table(raw):
            return _items(key, _pairs(raw) if isinstance(raw, Mapping) else raw)
        case Kind.TEXT, str():
            wrong = _text(key, raw)
            if wrong is not None:
                return wrong
            return _complete(raw, base) if option.is_path else raw
        case _:
            return Wrong(f"must be {_expected(key)}, not {_shown(raw)}")


def from_text(key: Key, text: str) -> object:
    """What `text` of the environment or a flag says, as far as it can be read; else `text`."""
    word = text.strip()
    match key.kind:
        case Kind.SWITCH:
            if word.lower() in _TRUE | _FALSE:
                return word.lower() in _TRUE
        case Kind.WHOLE | Kind.NUMBER:
            return _parsed(key, word) if len(word) <= 40 else text
        case Kind.LIST:
            return [item.strip() for item in text.split(",") if item.strip()]
        case Kind.TEXT:
            pass
    return text


def _parsed(key: Key, word: str) -> object:
    try:
        return int(word) if key.kind is Kind.WHOLE else float(word)
    except ValueError:
        return word


def _number(key: Key, raw: int | float) -> Value | Wrong:  # noqa: PYI041 — the two differ here
    low, high = key.option.low, key.option.high
    # The comparison comes before any conversion: a file can hold a whole number no float can.
    finite = isinstance(raw, int) or math.isfinite(raw)
    if not finite or (low is not None and raw < low) or (high is not None and raw > high):
        return Wrong(f"must be {_expected(key)}, not {_shown(raw)}")
    if key.kind is Kind.NUMBER:
        return float(raw)
    if isinstance(raw, float) and not raw.is_integer():
        return Wrong(f"must be {_expected(key)}, not {_shown(raw)}")
    return int(raw)


def _items(key: Key, raw: list[object] | tuple[object, ...]) -> Value | Wrong:
    if not raw and not key.option.may_be_empty:
        return Wrong("must name at least one")
    if len(raw) > _MAX_ITEMS:
        return Wrong(f"may name {_MAX_ITEMS} at most")
    kept: list[str] = []
    for item in raw:
        if not isinstance(item, str):
            return Wrong(f"must be {_expected(key)}; {_shown(item)} is none")
        if not item.strip():
            return Wrong("holds an empty name")
        wrong = _text(key, item)
        if wrong is not None:
            return wrong
        if key.option.repeats or item not in kept:
            kept.append(item)
    return tuple(kept)


def _is_table(raw: object) -> bool:
    return isinstance(raw, Mapping)


def _pairs(table: Mapping[Any, object]) -> list[object]:
    said = table.items()
    return [f"{name}={value if isinstance(value, str) else _shown(value)}" for name, value in said]


def _text(key: Key, raw: str) -> Wrong | None:
    option = key.option
    if option.choices and raw not in option.choices:
        return Wrong(f"must be {_expected(key)}, not {_shown(raw)}")
    if len(raw) > option.max_length:
        return Wrong(f"is longer than {option.max_length} characters")
    # Invisible characters could say to a model what a person who checks the file cannot see.
    seen = stream_safe(raw.replace("\r\n", "\n").replace("\t", " "))
    if len(seen) != len(raw.replace("\r\n", "\n")) or (not option.many_lines and "\n" in raw):
        return Wrong("holds control or invisible characters")
    if option.form and re.fullmatch(option.form, raw) is None:
        return Wrong(f"must be of the form {option.form}, not {_shown(raw)}")
    return None


def _complete(raw: str, base: Path | None) -> str | Wrong:
    if not raw:
        return ""
    try:
        path = Path(raw).expanduser()
    except RuntimeError:
        return Wrong(f"names a home folder that does not exist: {_shown(raw)}")
    if path.is_absolute():
        return str(path)
    if base is None:
        return Wrong(f"must be an absolute path, not {_shown(raw)}")
    return str(base / path)


def _expected(key: Key) -> str:
    option = key.option
    if option.choices:
        several = "a list of " if key.kind is Kind.LIST else ""
        return several + " or ".join(f'"{choice}"' for choice in option.choices)
    words = {
        Kind.SWITCH: "true or false",
        Kind.WHOLE: "a whole number",
        Kind.NUMBER: "a number",
        Kind.TEXT: "text",
        Kind.LIST: "a list of text",
    }[key.kind]
    if option.low is None or option.high is None:
        return words
    return f"{words} from {option.low:.10g} to {option.high:.10g}"


def _shown(raw: object) -> str:
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, str):
        return f'"{plain(raw, 40)}"'
    if isinstance(raw, int | float):
        # Beyond 4,300 digits Python refuses to write a whole number out at all.
        return str(raw) if isinstance(raw, float) or abs(raw) < 10**20 else "a number that large"
    names = {dict: "a table", list: "a list", tuple: "a list", type(None): "nothing"}
    return names.get(type(raw), f"a value of type {type(raw).__name__}")
