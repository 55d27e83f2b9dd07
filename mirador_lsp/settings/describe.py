"""The settings described: the page users read and the schema editors check against."""

import json
import typing
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from importlib import resources
from typing import Any

from mirador_lsp.settings.keys import (
    Key,
    Kind,
    Table,
    Value,
    keys,
    must_be_said,
    table_keys,
    tables,
)
from mirador_lsp.settings.options import Options
from mirador_lsp.settings.tables import MOST_TABLES

_RESTRICTED = " Restricted: ignored in an untrusted workspace."
_SHIELDED = (
    "Without a variable. Those of a workspace that you do not trust are told of and cannot make "
    "findings about security disappear: they stay as information."
)
_OWN = " Your own only: ignored in every workspace."


def settings_page() -> str:
    """`docs/settings.md`: the guide, then one table for each section."""
    lists = "".join(_table(table) for table in tables().values())
    guide = resources.files("mirador_lsp.settings").joinpath("guide.md").read_text("utf-8")
    return guide.rstrip("\n") + "\n" + "".join(_sections(Options, ())) + lists


def settings_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a settings file."""
    schema = _object(Options, ())
    for name, table in tables().items():
        schema["properties"][name] = _table_schema(table)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Mirador settings",
        **schema,
    }


def _sections(options: type, above: tuple[str, ...]) -> Iterator[str]:
    here = [key for path, key in keys().items() if path[:-1] == above]
    if above:
        yield f"\n### `[{'.'.join(above)}]`\n\n{_meaning(options)}\n"
    if here:
        yield "\n| Setting | Type | Default | Variable | What it does |\n|---|---|---|---|---|\n"
        yield from map(_row, here)
    for name, section in _children(options):
        yield from _sections(section, (*above, name))


def _table(table: Table) -> str:
    rows = "".join(
        _cells(
            f"`{name}`",
            _type(key),
            "must be said" if must_be_said(key) else f"`{_toml(key.default)}`",
            key.option.doc,
        )
        for name, key in table_keys(table.name).items()
    )
    head = "| Setting | Type | Default | What it does |\n|---|---|---|---|\n"
    fence = "**Restricted** as a whole; without a variable." if table.restricted else _SHIELDED
    meaning = f"{_meaning(table.options)} {fence}"
    return f"\n### `[[{table.name}]]`\n\n{meaning}\n\n{head}{rows}"


def _table_schema(table: Table) -> dict[str, Any]:
    known = table_keys(table.name)
    return {
        "type": "array",
        "maxItems": MOST_TABLES,
        "description": _meaning(table.options) + (_RESTRICTED if table.restricted else ""),
        "items": {
            "type": "object",
            "properties": {name: _property(key) for name, key in known.items()},
            "required": [name for name, key in known.items() if must_be_said(key)],
            "additionalProperties": False,
        },
    }


def _row(key: Key) -> str:
    marks = "**Restricted.** " if key.option.restricted else ""
    if key.option.own:
        marks = "**Your own only.** "
    return _cells(
        f"`{key.path[-1]}`",
        _type(key),
        f"`{_toml(key.default)}`",
        f"`{key.variable}`",
        marks + key.option.doc,
    )


def _cells(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def _type(key: Key) -> str:
    option = key.option
    if option.choices:
        several = "list of " if key.kind is Kind.LIST else ""
        return several + ", ".join(f"`{choice}`" for choice in option.choices)
    words = "path" if option.is_path else str(key.kind)
    if option.pairs:
        return "table of text"
    if option.form:
        words += f" of the form `{option.form}`"
    if option.low is not None and option.high is not None:
        words += f", {_number(option.low)} to {_number(option.high)}"
    return f"{words} {option.unit}".strip()


def _number(value: float) -> str:
    return _toml(int(value)) if value == int(value) else f"{value:g}"


def _toml(value: Value) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:_}" if value >= 10_000 else str(value)
    return json.dumps(value, ensure_ascii=False)


def _object(options: type, above: tuple[str, ...]) -> dict[str, Any]:
    properties: dict[str, Any] = {
        path[-1]: _property(key) for path, key in keys().items() if path[:-1] == above
    }
    for name, section in _children(options):
        properties[name] = _object(section, (*above, name))
    return {
        "type": "object",
        "description": _meaning(options),
        "properties": properties,
        "additionalProperties": False,
    }


def _property(key: Key) -> dict[str, Any]:
    option = key.option
    choices: dict[str, Any] = {"enum": list(option.choices)} if option.choices else {}
    limits: dict[str, Any] = {}
    if option.low is not None and option.high is not None:
        limits = {"minimum": option.low, "maximum": option.high}
    text: dict[str, Any] = choices or {"maxLength": option.max_length}
    if option.form:
        text["pattern"] = f"^(?:{option.form})$"
    items = {"type": "string", **text}
    forms: dict[Kind, dict[str, Any]] = {
        Kind.SWITCH: {"type": "boolean"},
        Kind.WHOLE: {"type": "integer", **limits},
        Kind.NUMBER: {"type": "number", **limits},
        Kind.TEXT: {"type": "string", **text},
        Kind.LIST: {
            "type": "array",
            "minItems": 0 if option.may_be_empty else 1,
            "items": items,
        },
    }
    if option.pairs:
        forms[Kind.LIST] = {
            "anyOf": [
                forms[Kind.LIST],
                {"type": "object", "additionalProperties": {"type": "string"}},
            ]
        }
    default = list(key.default) if isinstance(key.default, tuple) else key.default
    note = _RESTRICTED if option.restricted else ""
    note = _OWN if option.own else note
    held = {} if key.path[0] in tables() and must_be_said(key) else {"default": default}
    return {**forms[key.kind], **held, "description": option.doc + note}


def _children(options: type) -> Iterator[tuple[str, type]]:
    hints = typing.get_type_hints(options)
    for field in fields(options):
        section = hints[field.name]
        if isinstance(section, type) and is_dataclass(section):
            yield field.name, section


def _meaning(options: type) -> str:
    return (options.__doc__ or "").strip().partition("\n")[0]
