"""Every setting as a row: its path, its type, its limits, its default."""

import functools
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum

from mirador_lsp.settings.options import OPTION, ActionOptions, Option, Options
from mirador_lsp.settings.settings import ActionSettings, Settings

ACTIONS = "actions"
"""The one setting that is a list of tables; `action_keys` has what stands in them."""

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
def action_keys() -> Mapping[str, Key]:
    """What an action can say, by name: the keys of one table of `[[actions]]`.

    An empty default of a text stands for "must be said"; environment variables set none of them.
    """
    blank = ActionSettings(name="", title="", prompt="")
    found = _keys(ActionOptions, blank, (ACTIONS,))
    return types.MappingProxyType({key.path[-1]: key for key in found})


def _keys(options: type, defaults: object, above: tuple[str, ...]) -> Iterator[Key]:
    hints = typing.get_type_hints(options)
    for field in fields(options):
        if (*above, field.name) == (ACTIONS,):
            continue
        path = (*above, field.name)
        default = getattr(defaults, field.name)
        if is_dataclass(section := hints[field.name]) and isinstance(section, type):
            yield from _keys(section, default, path)
            continue
        said, _none = typing.get_args(hints[field.name])
        yield Key(path, _KINDS[said], field.metadata[OPTION], default)
