"""Every setting as a row: its path, its type, its limits, its default."""

import functools
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum

from mirador_lsp.core.chains import Chain
from mirador_lsp.core.servers import ModelServer
from mirador_lsp.settings.chain_options import ChainOptions
from mirador_lsp.settings.option import OPTION, Option
from mirador_lsp.settings.options import Options
from mirador_lsp.settings.rule_options import RuleOptions
from mirador_lsp.settings.settings import ActionSettings, RuleSettings, Settings
from mirador_lsp.settings.table_options import ActionOptions, ModelServerOptions

ACTIONS = "actions"
SERVERS = "servers"
CHAINS = "chains"
RULES = "rules"


@dataclass(frozen=True)
class Table:
    """A setting that is a list of tables."""

    name: str
    options: type
    settings: type
    blank: object
    """Settings with "" for what must be said."""
    dropped: str
    """What comes of a table that cannot be used."""
    named: bool = True
    """Each has a `name` of its own; one of a stronger source replaces its namesake."""
    restricted: bool = True
    """Those of a workspace that the user does not trust are ignored."""


@functools.cache
def tables() -> Mapping[str, Table]:
    """The settings that are lists of tables, by name; `table_keys` has what stands in them."""
    blank_action = ActionSettings(name="", title="", prompt="")
    blank_server = ModelServer(name="", kind="", url="")
    return types.MappingProxyType(
        {
            ACTIONS: Table(
                ACTIONS,
                ActionOptions,
                ActionSettings,
                blank_action,
                "Correct it; until then this action is not offered.",
            ),
            SERVERS: Table(
                SERVERS,
                ModelServerOptions,
                ModelServer,
                blank_server,
                "Correct it; until then this server is not asked.",
            ),
            CHAINS: Table(
                CHAINS,
                ChainOptions,
                Chain,
                Chain(name=""),
                "Correct it; until then this chain cannot be run.",
            ),
            RULES: Table(
                RULES,
                RuleOptions,
                RuleSettings,
                RuleSettings(path=""),
                "Correct it; until then it changes nothing.",
                named=False,
                restricted=False,
            ),
        }
    )


Value = bool | int | float | str | tuple[str, ...]
"""What a setting can hold."""


class Kind(StrEnum):
    """The type of a setting, in the words users read."""

    SWITCH = "true or false"
    WHOLE = "whole number"
    NUMBER = "number"
    TEXT = "text"
    LIST = "list of text"


_KINDS: Mapping[object, Kind] = types.MappingProxyType(
    {
        bool: Kind.SWITCH,
        int: Kind.WHOLE,
        float: Kind.NUMBER,
        str: Kind.TEXT,
        tuple[str, ...]: Kind.LIST,
    }
)


@dataclass(frozen=True)
class Key:
    """One setting."""

    path: tuple[str, ...]
    """("stages", "quick", "models")."""
    kind: Kind
    option: Option
    default: Value

    @property
    def name(self) -> str:
        """As users write it: "stages.quick.models"."""
        return ".".join(self.path)

    @property
    def variable(self) -> str:
        """The environment variable that sets it: "MIRADOR_STAGES_QUICK_MODELS"."""
        return "MIRADOR_" + "_".join(self.path).upper()


@functools.cache
def keys() -> Mapping[tuple[str, ...], Key]:
    """Every setting by its path, in the order of `options.py`."""
    return types.MappingProxyType({key.path: key for key in _keys(Options, Settings(), ())})


@functools.cache
def table_keys(name: str) -> Mapping[str, Key]:
    """What one table of the list `name` can say, by name. Environment variables set none of it."""
    table = tables()[name]
    found = _keys(table.options, table.blank, (name,))
    return types.MappingProxyType({key.path[-1]: key for key in found})


def must_be_said(key: Key) -> bool:
    """Whether a table without this key cannot be used."""
    return key.default == "" and not key.option.may_be_empty


def _keys(options: type, defaults: object, above: tuple[str, ...]) -> Iterator[Key]:
    hints = typing.get_type_hints(options)
    for field in fields(options):
        if not above and field.name in tables():
            continue
        path = (*above, field.name)
        default = getattr(defaults, field.name)
        if is_dataclass(section := hints[field.name]) and isinstance(section, type):
            yield from _keys(section, default, path)
            continue
        said, _none = typing.get_args(hints[field.name])
        yield Key(path, _KINDS[said], field.metadata[OPTION], default)
