"""What a file of knowledge may say, read strictly.

A file is TOML. Its keys are the fields of `LibraryFile` and of the entries below; a key that it
does not know, a topic that nobody has described or a name that is no name is an error.
"""

import re
import tomllib
from collections.abc import Collection
from typing import Final

import msgspec

from mirador_lsp.analysis.flow.contract import Strength
from mirador_lsp.core.errors import MiradorError

Wanted = int | str
"""An argument: its position, its name, "self" for the receiver, "*" for any."""

_PART: Final = r"(?:[A-Za-z_$@][\w$@/-]*(?:\(\))?|<[a-z]+>)"
_NAME: Final = re.compile(rf"{_PART}(?:\.{_PART})*(?:\.\*|=)?")
_METHOD: Final = re.compile(r"[A-Za-z_$][\w$]*=?")
_DECORATOR: Final = re.compile(rf"(?:\*\.)?{_PART}(?:\.{_PART})*")


class BadKnowledgeError(MiradorError):
    """A file of knowledge is wrong; the message names the file and what is wrong with it."""


class _Named(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What an entry is about. One of the two has to be said."""

    names: tuple[str, ...] = ()
    """Full dotted names, as imports lead to them; "a.b.*" for every attribute of `a.b` and theirs,
    "a.b()" for what `a.b` gives, "a.b=" for setting the attribute `b`."""
    methods: tuple[str, ...] = ()
    """Names of methods of objects that nobody knows."""


class SourceEntry(_Named, frozen=True, kw_only=True):
    """Brings data from outside."""

    what: str
    strength: Strength = Strength.STRONG


class SinkEntry(_Named, frozen=True, kw_only=True):
    """Where data does harm. See `contract.Sink`."""

    topic: str
    arguments: tuple[Wanted, ...] = (0,)
    into: str = ""
    """In place of what the topic says."""
    only_text: bool = False
    unless_shell_off: str = ""
    needs: dict[str, bool | int | str] = {}
    composed: bool = False
    surely: bool = False
    passes: tuple[Wanted, ...] = ()


class CleanEntry(_Named, frozen=True, kw_only=True):
    """Makes harmless what it gives back."""

    topics: tuple[str, ...]
    """"*" for all."""
    passes: tuple[Wanted, ...] = ("*",)


class GuardEntry(_Named, frozen=True, kw_only=True):
    """A test: where it holds, what was tested is harmless."""

    topics: tuple[str, ...]


class PassEntry(_Named, frozen=True, kw_only=True):
    """Hands on what it is given, and nothing else."""

    passes: tuple[Wanted, ...]
    fills: tuple[Wanted, ...] = ()
    calls: tuple[Wanted, ...] = ()
    is_class: bool = False


class PureEntry(_Named, frozen=True, kw_only=True):
    """What it gives, and what the methods and attributes of that give, is made of what they are
    given and of nothing else: no file, no environment, nothing that somebody else may have set.
    Clocks and random numbers count as nothing. Of an attribute it is said of the attribute itself.
    """

    changes: bool = False
    """What it gives can be changed later, as a list can."""


Entry = SourceEntry | SinkEntry | CleanEntry | GuardEntry | PassEntry | PureEntry


class EntryEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Functions that somebody from outside calls."""

    what: str
    decorators: tuple[str, ...] = ()
    """Full dotted names; "*.route" for `route` of anything."""
    bases: tuple[str, ...] = ()
    """Of the class whose methods they are."""
    answers: str = ""
    """The topic of the harm that data does in the text they return; "" where that is none."""
    answer: int | None = None
    """The position of the parameter that takes their answer, as `res` of Express."""
    strength: Strength = Strength.STRONG


class LibraryFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The content of one file."""

    library: str
    """Its name, as its makers write it."""
    docs: str
    """Where its makers say so: the pages of its documentation, by their titles."""
    language: str = ""
    """"python" or "javascript"; packaged files say it by the folder that they are in."""
    starred: tuple[str, ...] = ()
    """Modules that programs often import everything from: their names are known bare, too."""
    source: tuple[SourceEntry, ...] = ()
    sink: tuple[SinkEntry, ...] = ()
    clean: tuple[CleanEntry, ...] = ()
    guard: tuple[GuardEntry, ...] = ()
    hands_on: tuple[PassEntry, ...] = ()
    pure: tuple[PureEntry, ...] = ()
    entry: tuple[EntryEntry, ...] = ()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What it says of names and methods."""
        return (*self.source, *self.sink, *self.clean, *self.guard, *self.hands_on, *self.pure)


def read_library(name: str, text: str, topics: Collection[str]) -> LibraryFile:
    """The file `name` with this text. Raises `BadKnowledgeError`.

    `topics` are the ids of the topics that it may speak of.
    """
    try:
        file = msgspec.convert(tomllib.loads(text), LibraryFile)
        _validate(file, topics)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, ValueError) as error:
        message = f"The file of knowledge {name} is wrong: {error}"
        raise BadKnowledgeError(message) from error
    return file


def _validate(file: LibraryFile, topics: Collection[str]) -> None:
    for each in file.entries:
        _require(bool(each.names or each.methods), "an entry has neither names nor methods")
        for name in each.names:
            _require(_NAME.fullmatch(name) is not None, f"{name!r} is no dotted name")
        for name in each.methods:
            _require(_METHOD.fullmatch(name) is not None, f"{name!r} is no name of a method")
    for sink in file.sink:
        _require(sink.topic in topics, f"nobody has described the topic {sink.topic!r}")
        _require(bool(sink.arguments), f"a sink of {sink.topic} names no argument")
    cleaning: tuple[CleanEntry | GuardEntry, ...] = (*file.clean, *file.guard)
    for made in cleaning:
        for topic in made.topics:
            _require(topic == "*" or topic in topics, f"nobody has described {topic!r}")
    for door in file.entry:
        _require(door.answers in ("", *topics), f"nobody has described {door.answers!r}")
        _require(bool(door.decorators or door.bases), "an entry has neither decorators nor bases")
        for name in door.decorators:
            _require(_DECORATOR.fullmatch(name) is not None, f"{name!r} is no decorator")


def _require(holds: bool, otherwise: str) -> None:  # noqa: FBT001 — what must hold
    if not holds:
        raise ValueError(otherwise)
