"""Every source of settings laid over the defaults, weakest first.

The order is: defaults, the user's file, the workspace's file, the editor, the environment, flags.
Whatever cannot be used becomes a `Problem` and the weaker source's value stays: there is always a
usable `Settings`.
"""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import Enum, auto
from pathlib import Path
from typing import Any

from mirador_lsp.core.clean import plain
from mirador_lsp.settings.check import Wrong, check, from_text
from mirador_lsp.settings.keys import RULES, SERVERS, Key, Value, keys, tables
from mirador_lsp.settings.problems import Problem, problem
from mirador_lsp.settings.profiles import AUTO, Machine, defaults
from mirador_lsp.settings.settings import Settings
from mirador_lsp.settings.table_options import OWN_KINDS
from mirador_lsp.settings.tables import merged, read_tables

_MAX_PROBLEMS = 25
"""Problems told of one source; a hostile file could hold thousands."""
_PREFIX = "MIRADOR_"
_FOLDERS = frozenset(
    {
        "MIRADOR_CONFIG_DIR",
        "MIRADOR_CACHE_DIR",
        "MIRADOR_STATE_DIR",
        "MIRADOR_RUNTIME_DIR",
    }
)
"""Read by `paths`, which has to know them before there are settings."""


class Form(Enum):
    """How a source writes its values."""

    TOML = auto()
    """Names and types as in `options.py`."""
    EDITOR = auto()
    """JSON: camelCase is understood too and null means unset."""
    TEXT = auto()
    """Values may be text that has to be read, as in the environment; null means unset."""


@dataclass(frozen=True)
class Layer:
    """What one source says, not yet checked."""

    source: str
    """What a user calls it; every problem begins with it."""
    values: Mapping[str, object]
    """Nested as the settings are: {"review": {"gate": 0.5}}."""
    form: Form = Form.TOML
    base: Path | None = None
    """The folder its relative paths start from."""
    refusal: str = ""
    """Why its restricted settings are ignored and what to do about it; "" when they count."""
    trusted: bool = False
    """It is a workspace's file that the user has read and trusts."""
    foreign: bool = False
    """It is a workspace's file that the user has not said to trust: where it makes Mirador look at
    less, that is told."""
    problems: tuple[Problem, ...] = field(default=())
    """What was wrong with the source as a whole."""


def resolve(
    layers: Sequence[Layer], machine: Machine | None = None
) -> tuple[Settings, tuple[Problem, ...]]:
    """The settings that hold, and everything that was not used. `layers` go from weak to strong.

    The defaults are those of the profile that is named; of the one that suits `machine` where none
    is, and the usual ones without a machine.

    Never raises, whatever the layers hold.
    """
    settings = _profile(layers, machine)
    problems: list[Problem] = []
    named: set[str] = set()
    for layer in layers:
        reader = _Reader(layer)
        said = dict(reader.read(layer.values, ()))
        named |= {".".join(path) for path in said}
        before, settings = settings, _overlay(settings, said, ())
        if layer.foreign:
            ruled = [RULES] if reader.tables.get(RULES) else []
            reader.tell_narrowed([*(key.name for key in _narrowing(said, before)), *ruled])
        for name, found in reader.tables.items():
            settings = replace(
                settings, **{name: merged(tables()[name], getattr(settings, name), found)}
            )
        problems += [*layer.problems, *reader.told()]
    return replace(settings, said=frozenset(named)), tuple(problems)


def _profile(layers: Sequence[Layer], machine: Machine | None) -> Settings:
    """The defaults. A first look at the layers: a profile must be known before anything else."""
    named, servers = AUTO, False
    for layer in layers:
        reader = _Reader(layer)
        said = dict(reader.read(layer.values, ()))
        named = str(said.get(("profile",), named))
        servers = servers or bool(reader.tables.get("servers"))
    if named == AUTO:
        if machine is None:
            return Settings()
        named = machine.profile(servers=servers)
        # What was found is not what was said: `auto` stays what the settings say.
        return replace(defaults(named, machine), profile=AUTO)
    return defaults(named, machine or Machine())


def origins(layers: Sequence[Layer]) -> dict[str, str]:
    """By the name of each setting that is not at its default, the source that it was taken from."""
    found: dict[str, str] = {}
    for layer in layers:
        reader = _Reader(layer)
        found |= {".".join(path): layer.source for path, _ in reader.read(layer.values, ())}
        found |= dict.fromkeys(reader.tables, layer.source)
    return found


def environment(env: Mapping[str, str], base: Path | None) -> Layer:
    """The `MIRADOR_*` variables as a layer. An empty variable counts as unset."""
    source = "the environment"
    known = {key.variable: key for key in keys().values()}
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name in sorted(env):
        if not name.startswith(_PREFIX) or name in _FOLDERS or not env[name].strip():
            continue
        if (key := known.get(name)) is not None:
            section = values
            for part in key.path[:-1]:
                section = section.setdefault(part, {})
            section[key.path[-1]] = env[name]
        elif len(problems) < _MAX_PROBLEMS:
            near = _nearest(name, [*known, *_FOLDERS])
            problems.append(problem(source, name, "is not a setting", near))
    return Layer(source, values, Form.TEXT, base, problems=tuple(problems))


class _Reader:
    """Reads one layer and remembers what was wrong with it."""

    def __init__(self, layer: Layer) -> None:
        self._layer = layer
        self.tables: dict[str, tuple[Any, ...]] = {}
        self._problems: list[Problem] = []
        self._untold = 0

    def read(
        self, values: Mapping[str, object], above: tuple[str, ...]
    ) -> Iterator[tuple[tuple[str, ...], Value]]:
        """The usable values of one section, by path. Goes only as deep as settings do."""
        for raw_name, raw in values.items():
            path = (*above, self._spelled(raw_name))
            if raw is None and self._layer.form is not Form.TOML:
                continue
            if len(path) == 1 and path[0] in tables():
                self._read_tables(path[0], raw)
            elif (key := keys().get(path)) is not None:
                value = self._value(key, raw)
                if value is not None:
                    yield path, value
            elif not any(known[: len(path)] == path for known in keys()):
                self._unknown((*above, str(raw_name)))
            elif isinstance(raw, Mapping):
                yield from self.read(raw, path)
            else:
                self._tell(".".join(path), "must be a section", "Write it as a table of settings.")

    def told(self) -> list[Problem]:
        """The problems met, the last of them a count when there were too many to tell."""
        if not self._untold:
            return self._problems
        message = f"holds {self._untold} more settings that cannot be used"
        return [
            *self._problems,
            problem(self._layer.source, "", message, "Correct the first ones."),
        ]

    def tell_narrowed(self, names: Sequence[str]) -> None:
        """Code from elsewhere may bring settings that keep a reviewer from looking at it."""
        if names:
            message = f"makes this review look at less: {', '.join(names)}"
            source = self._layer.source
            self._problems.append(problem(source, "", message, self._layer.refusal, used=True))

    def _read_tables(self, name: str, raw: object) -> None:
        table = tables()[name]
        if self._layer.refusal and table.restricted:
            self._tell(name, "is ignored", self._layer.refusal)
        else:
            found = read_tables(table, raw, self._layer.base, self._tell)
            if name == RULES:
                found = tuple(replace(one, trusted=not self._layer.refusal) for one in found)
            self.tables[name] = tuple(one for one in found if self._may_name(name, one))

    def _may_name(self, name: str, one: Any) -> bool:
        """A workspace never sends code to somebody else's service, however far it is trusted; and
        an editor does not say whether it is the workspace's settings that it passes on.
        """
        layer = self._layer
        shared = layer.trusted or layer.foreign or layer.form is Form.EDITOR
        if name != SERVERS or not shared or one.kind not in OWN_KINDS:
            return True
        self._tell(f"{name}.{one.name}", f'is of kind "{one.kind}" and is ignored', _OWN_FILE)
        return False

    def _value(self, key: Key, raw: object) -> Value | None:
        if key.option.restricted and self._layer.refusal:
            self._tell(key.name, "is ignored", self._layer.refusal)
            return None
        if key.option.own and (self._layer.trusted or self._layer.foreign):
            self._tell(key.name, "is ignored", _OWN_FILE)
            return None
        if self._layer.form is Form.TEXT and isinstance(raw, str):
            raw = from_text(key, raw)
        value = check(key, raw, self._layer.base)
        if isinstance(value, Wrong):
            self._tell(key.name, value.message, _CORRECT)
            return None
        return value

    def _unknown(self, path: tuple[str, ...]) -> None:
        if len(self._problems) >= _MAX_PROBLEMS:
            self._untold += 1
            return
        name = ".".join(plain(part, 60) for part in path)
        self._tell(
            name,
            "is not a setting",
            _nearest(name, [*tables(), *(key.name for key in keys().values())]),
        )

    def _tell(self, key: str, message: str, remedy: str) -> None:
        if len(self._problems) >= _MAX_PROBLEMS:
            self._untold += 1
            return
        self._problems.append(problem(self._layer.source, key, message, remedy))

    def _spelled(self, name: object) -> str:
        text = str(name)
        if self._layer.form is not Form.EDITOR or len(text) > 100:
            return text
        return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", text).lower()


_DOCS = "`mirador schema --json`"
_OWN_FILE = "Name it in your own settings file."
_CORRECT = "Correct or remove it; until then the value from before it is used."


def _nearest(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if not close:
        # A setting is often written without its section.
        last = name.rpartition(".")[2]
        close = [other for other in known if other.rpartition(".")[2] == last][:1]
    return f"Did you mean {close[0]}?" if close else f"All settings: {_DOCS}."


def _narrowing(said: Mapping[tuple[str, ...], Value], before: Settings) -> Iterator[Key]:
    """The settings in `said` that make a review look at less, or show less, than `before`."""
    for path, value in said.items():
        key = keys()[path]
        held: Any = before
        for name in path:
            held = getattr(held, name)
        match key.option.narrows:
            case "smaller":
                narrower = value < held
            case "larger":
                narrower = value > held
            case "fewer":
                # An empty list stands for all there is.
                every = key.option.choices
                narrower = not set(held or every) <= set(value or every)  # type: ignore[arg-type] # lists only
            case _:
                narrower = False
        if narrower:
            yield key


def _overlay(settings: Any, said: Mapping[tuple[str, ...], Value], above: tuple[str, ...]) -> Any:
    changed: dict[str, Any] = {}
    for one in fields(settings):
        path = (*above, one.name)
        held = getattr(settings, one.name)
        if is_dataclass(held):
            changed[one.name] = _overlay(held, said, path)
        elif path in said:
            changed[one.name] = said[path]
    return replace(settings, **changed)
