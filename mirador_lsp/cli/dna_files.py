"""Preferences as a file: written for people to read and to carry to another machine."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.preferences import LISTS, Preference, checked

_FORMAT = 1
_MOST_BYTES = 64 * 1024
_TABLE = "preferences"


def written(kept: Sequence[Preference], form: str) -> str:
    """The text of a file with these preferences; `form` is "toml" or "json"."""
    values = {each.name: _plainly(each) for each in kept}
    origins = {each.name: each.source.kind.value for each in kept}
    if form == "json":
        whole = {"format": _FORMAT, _TABLE: values, "origins": origins}
        return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
    lines = [
        "# How Mirador is to help; take it over elsewhere with: mirador dna import FILE",
        f"format = {_FORMAT}",
        "",
        f"[{_TABLE}]",
    ]
    # What may stand in a name is written in TOML as in JSON.
    lines += [
        f"{n} = {json.dumps(v, ensure_ascii=False)}  # {origins[n]}" for n, v in values.items()
    ]
    return "\n".join(lines) + "\n"


def read(file: Path) -> dict[str, tuple[str, ...]]:
    """The preferences of a file, checked. Raises `UserError` for one that cannot be used."""
    said = _parsed(file, _text(file))
    if said.get("format") != _FORMAT:
        message = f"{file} is no file of preferences that this Mirador understands."
        raise UserError(message, remedy="Make one with: mirador dna export FILE")
    table = said.get(_TABLE, {})
    if not isinstance(table, Mapping):
        message = f"{file} has no table [{_TABLE}]."
        raise UserError(message, remedy="Make one with: mirador dna export FILE")
    return {str(name): checked(str(name), _words(value)) for name, value in table.items()}


def _text(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(_MOST_BYTES + 1)
    except OSError as error:
        message = f"{file} cannot be read: {error.strerror}."
        raise UserError(message, remedy="Name a file of `mirador dna export`.") from error
    if len(content) > _MOST_BYTES:
        message = f"{file} is too large to be a file of preferences."
        raise UserError(message, remedy="Name a file of `mirador dna export`.")
    return content.decode("utf-8", "replace")


def _parsed(file: Path, text: str) -> Mapping[str, Any]:
    try:
        said: object = json.loads(text) if file.suffix == ".json" else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        message = f"{file} cannot be read: {plain(str(error), 120)}."
        raise UserError(message, remedy="Name a file of `mirador dna export`.") from error
    return said if isinstance(said, Mapping) else {}


def _plainly(each: Preference) -> str | list[str]:
    return list(each.values) if each.name in LISTS else each.values[0]


def _words(value: object) -> list[str]:
    if isinstance(value, list):
        return [str(each) for each in value]
    return [str(value)]
