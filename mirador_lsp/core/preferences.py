"""How a user likes to be helped, whichever model helps: the values, and the port that keeps them.

They are the user's alone. Nothing in a workspace can set them.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.events import Notice

_ITEM = re.compile(r"[^\W_][\w.+#/ -]{0,39}")
_MOST_ITEMS = 12


class Verbosity(StrEnum):
    """How much is said."""

    TERSE = "terse"
    NORMAL = "normal"
    DETAILED = "detailed"


class Depth(StrEnum):
    """How far a review goes."""

    SHALLOW = "shallow"
    """The instant and the quick stage."""
    NORMAL = "normal"
    DEEP = "deep"
    """Every stage, also where little was changed, and more findings about one place."""


class Pace(StrEnum):
    """How long things may take."""

    FAST = "fast"
    BALANCED = "balanced"
    THOROUGH = "thorough"


class Evidence(StrEnum):
    """How much proof is wanted before something is shown."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


@dataclass(frozen=True)
class Preferences:
    """What holds. `Preferences()` changes nothing."""

    verbosity: Verbosity = Verbosity.NORMAL
    depth: Depth = Depth.NORMAL
    pace: Pace = Pace.BALANCED
    evidence: Evidence = Evidence.NORMAL
    frameworks: tuple[str, ...] = ()
    """What the user's code is built on, by name."""
    expertise: tuple[str, ...] = ()
    """What the user knows well; explanations leave its basics out."""

    def values(self, name: str) -> tuple[str, ...]:
        """The value of a preference as words; one word for a scale. Raises KeyError."""
        if name not in NAMES:
            raise KeyError(name)
        held: str | tuple[str, ...] = getattr(self, name)
        return held if isinstance(held, tuple) else (str(held),)


SCALES: Mapping[str, type[StrEnum]] = MappingProxyType(
    {"verbosity": Verbosity, "depth": Depth, "pace": Pace, "evidence": Evidence}
)
"""Preferences of which one value holds, in the order of their values."""
LISTS = ("frameworks", "expertise")
"""Preferences that are lists of names."""
NAMES = (*SCALES, *LISTS)


class SourceKind(StrEnum):
    """Where a preference comes from."""

    DEFAULT = "default"
    INFERRED = "inferred"
    HAND = "by hand"


@dataclass(frozen=True)
class Source:
    """Where the value of a preference comes from."""

    kind: SourceKind = SourceKind.DEFAULT
    decisions: int = 0
    """How many decisions of the user it was inferred from."""
    sureness: float = 0.0
    """How sure the inference is, 0…1."""
    time: float = 0.0
    """When it was set, seconds since the epoch."""


@dataclass(frozen=True)
class Preference:
    """One preference as it is kept."""

    name: str
    values: tuple[str, ...]
    """One of its words for a scale; any number of names for a list."""
    source: Source = Source()


def checked(name: str, values: Sequence[str]) -> tuple[str, ...]:
    """The values in the form in which they are kept.

    Raises `UserError` for a name that is none, and for values that cannot be its own.
    """
    if name not in NAMES:
        message = f'There is no preference "{plain(name, 40)}".'
        raise UserError(message, remedy=f"Choose from {', '.join(NAMES)}.")
    if name in SCALES:
        return (_step(name, values),)
    items = tuple(dict.fromkeys(" ".join(each.split()) for each in values if each.strip()))
    if len(items) > _MOST_ITEMS:
        message = f"{name} can name {_MOST_ITEMS} at most, and {len(items)} are named."
        raise UserError(message, remedy="Name those that matter most.")
    for item in items:
        if not _ITEM.fullmatch(item):
            message = f'"{plain(item, 60)}" cannot be one of {name}.'
            remedy = "Name it in 40 letters, digits, spaces and . + # / - at most."
            raise UserError(message, remedy=remedy)
    return items


def _step(name: str, values: Sequence[str]) -> str:
    known = [each.value for each in SCALES[name]]
    if len(values) == 1 and values[0].strip().lower() in known:
        return values[0].strip().lower()
    said = plain(" ".join(values), 40)
    message = f'{name} cannot be "{said}".' if said else f"{name} needs a value."
    raise UserError(message, remedy=f"Choose from {', '.join(known)}.")


def preferences_of(kept: Iterable[Preference]) -> Preferences:
    """What holds where these are kept. What cannot be understood, as of a newer Mirador, is as if
    it were not there.
    """
    said: dict[str, StrEnum | tuple[str, ...]] = {}
    for each in kept:
        try:
            values = checked(each.name, each.values)
        except UserError:
            continue
        scale = SCALES.get(each.name)
        said[each.name] = values if scale is None else scale(values[0])
    return Preferences(**said)  # type: ignore[arg-type] # each of its own scale


class PreferenceBook(Protocol):
    """Keeps the user's preferences. Safe against a kill at any time.

    Raises `ServiceError` where it cannot be read or written, and after `close`.
    """

    async def all(self) -> tuple[Preference, ...]:
        """Everything that was set or inferred, in the order of `NAMES`."""
        ...

    async def keep(self, preferences: Sequence[Preference]) -> None:
        """Keep preferences, each in place of the one of its name. On disk when it returns."""
        ...

    async def forget(self, names: Sequence[str]) -> None:
        """Go back to the defaults of these, for good."""
        ...

    def notices(self) -> tuple[Notice, ...]:
        """What went wrong with what was kept and was worked around; each is told once."""
        ...

    async def close(self) -> None:
        """Let go of the file. Everything kept is on disk."""
        ...
