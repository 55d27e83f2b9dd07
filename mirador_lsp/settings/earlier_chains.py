"""Chains of the second version, which were JSON files of model names, read as chains of today.

A chain there passed text from one model to the next. Here models work in stages: the first becomes
the quick stage's, the next three the deep stage's, the rest the synthesis stage's. Within a stage
the first model that is there runs and the next ones stand in for it.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mirador_lsp.core.chains import STEPS, Chain
from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import UserError

MOST_BYTES = 1_000_000
_MOST_CHAINS = 32
_MOST_MODELS = 20
_DEEP = 3
"""Models of the deep stage."""
_MODEL = re.compile(r"[^\s\x00-\x1f\x7f\"'`]{1,120}")
_CONTAINERS = ("chains", "chain_templates", "specialized_chains")
_KNOWN = frozenset({"name", "models", "description", "title"})
_REMEDY = 'A chain file holds {"name": "…", "models": ["…", …]}, or several under "chains".'


@dataclass(frozen=True)
class Read:
    """One chain of a file."""

    chain: Chain
    models: tuple[str, ...]
    """As the file names them, in their order."""
    dropped: tuple[str, ...]
    """What the file says of it and has no place here, in plain phrases."""


@dataclass(frozen=True)
class ReadFile:
    """What a file holds."""

    chains: tuple[Read, ...]
    refused: tuple[str, ...]
    """Chains that cannot be used and why, one plain sentence each."""


def read_chains(content: bytes, name: str, server: str = "") -> ReadFile:
    """The chains of a file called `name`. Models get `server` and a "/" put before their names.

    Raises `UserError` for what is no chain file.
    """
    said = _parsed(content, name)
    personas = _personas(said)
    found: dict[str, Read] = {}
    refused: list[str] = []
    for title, raw in _chains(said, name):
        label = plain(title, 80) or "a chain without a name"
        if len(found) >= _MOST_CHAINS:
            refused.append(f"{label}: a file may hold {_MOST_CHAINS} chains at most.")
            continue
        one = _one(title, raw, personas, server, taken=found)
        if isinstance(one, str):
            refused.append(f"{label}: {one}.")
        else:
            found[one.chain.name] = one
    if not found and not refused:
        message = f"{plain(name, 200)} holds no chain."
        raise UserError(message, remedy=_REMEDY)
    return ReadFile(tuple(found.values()), tuple(refused))


def _parsed(content: bytes, name: str) -> object:
    shown = plain(name, 200)
    if len(content) > MOST_BYTES:
        message = f"{shown} is larger than {MOST_BYTES // 1000} kB."
        raise UserError(message, remedy="A chain file is small: name another one.")
    try:
        return json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        message = f"{shown} is not UTF-8."
        raise UserError(message, remedy="Save it as UTF-8.") from None
    except json.JSONDecodeError as error:
        message = f"{shown} is not JSON (line {error.lineno}: {error.msg})."
        raise UserError(message, remedy=_REMEDY) from None
    except (RecursionError, ValueError):
        message = f"{shown} is not JSON that can be read."
        raise UserError(message, remedy=_REMEDY) from None


def _chains(said: object, name: str) -> Iterator[tuple[str, object]]:
    """Every chain of a file with its title."""
    if isinstance(said, list):
        yield from _inside(said)
    if not isinstance(said, Mapping):
        return
    if "models" in said:
        yield _title(said) or _stem(name), said
    for container in _CONTAINERS:
        yield from _inside(said.get(container))
    if isinstance(said.get("chain_order"), list):
        yield _stem(name), {"models": said["chain_order"]}


def _inside(container: object) -> Iterator[tuple[str, object]]:
    if isinstance(container, Mapping):
        yield from ((str(title), raw) for title, raw in container.items())
    elif isinstance(container, list):
        yield from ((_title(raw), raw) for raw in container)


def _title(raw: object) -> str:
    return str(raw.get("name") or "") if isinstance(raw, Mapping) else ""


def _stem(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2].partition(".")[0]


def _personas(said: object) -> Mapping[str, str]:
    """By the name of a persona, the model that plays it."""
    personas = said.get("personas") if isinstance(said, Mapping) else None
    if not isinstance(personas, Mapping):
        return {}
    return {
        str(name): str(facts["model"])
        for name, facts in personas.items()
        if isinstance(facts, Mapping) and isinstance(facts.get("model"), str)
    }


def _one(
    title: str,
    raw: object,
    personas: Mapping[str, str],
    server: str,
    taken: Mapping[str, object],
) -> Read | str:
    """A chain, or why it cannot be used, as a phrase."""
    facts: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {"models": raw}
    listed = facts.get("models")
    if not isinstance(listed, list):
        return "it names no list of models"
    names = [_model_name(entry, personas) for entry in listed]
    models = tuple(dict.fromkeys(name for name in names if name))
    if not models:
        return "it names no model"
    if len(models) > _MOST_MODELS:
        return f"it names more than {_MOST_MODELS} models"
    dropped = list(_dropped(facts, names))
    placed = [f"{server}/{model}" if server else model for model in models]
    chain = Chain(
        name=_free(_slug(title), taken),
        title=plain(str(facts.get("description") or facts.get("title") or title), 120),
        steps=(STEPS[0],),
        quick=tuple(placed[:1]),
        deep=tuple(placed[1 : 1 + _DEEP]),
        synthesis=tuple(placed[1 + _DEEP :]),
    )
    return Read(chain, models, tuple(dropped))


def _model_name(entry: object, personas: Mapping[str, str]) -> str:
    """The model that an entry names; "" for one that cannot be a model."""
    if isinstance(entry, Mapping):
        entry = entry.get("model") or entry.get("name") or ""
    if not isinstance(entry, str):
        return ""
    name = personas.get(entry, entry).strip()
    return name if _MODEL.fullmatch(name) else ""


def _dropped(facts: Mapping[str, Any], names: Sequence[str]) -> Iterator[str]:
    unusable = sum(not name for name in names)
    if unusable:
        yield f"{unusable} entries that name no model"
    if len(names) - unusable > len({name for name in names if name}):
        yield "models that are named again"
    inside = {str(key) for entry in facts["models"] if isinstance(entry, Mapping) for key in entry}
    inside -= {"model", "name"}
    others = {str(key) for key in facts} - _KNOWN
    for key in sorted(inside | others)[:8]:
        yield f'"{plain(key, 40)}"'


def _slug(title: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", plain(title, 200).lower()).strip("-")
    return words[:36].strip("-") or "chain"


def _free(name: str, taken: Mapping[str, object]) -> str:
    number, found = 2, name
    while found in taken:
        found, number = f"{name}-{number}", number + 1
    return found
