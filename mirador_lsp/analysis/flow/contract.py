"""What the analysis tells, and what it has to be told of libraries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Protocol

from mirador_lsp.core.text import Span
from mirador_lsp.syntax.program import Program


@dataclass(frozen=True, slots=True)
class Place:
    """A place on the way of data."""

    span: Span
    says: str
    """What happens there, a plain phrase: "joined into a text", "given to `run`"."""
    file: str = ""
    """The module's file, relative to the workspace; "" for the analysed one."""


@dataclass(frozen=True)
class Flow:
    """Data that reaches where it does harm."""

    kind: str
    """The topic: "command-injection"."""
    cwe: str
    """"CWE-78"."""
    source: Place
    steps: tuple[Place, ...]
    sink: Place
    weak: bool
    """It comes from a parameter that anybody may fill, not from outside for sure."""
    certain: bool
    """Nothing on the way had to be guessed."""
    what: str = ""
    """The source in a few words: "the request's query", "the parameter `name`"."""
    into: str = ""
    """The sink in a few words: "a shell command"."""
    call: Place | None = None
    """Of a sink in another file: the call in the analysed one that leads there."""


@dataclass(frozen=True)
class Flows:
    """What was found in one program."""

    flows: tuple[Flow, ...]
    """In the order of their sinks."""
    notes: tuple[str, ...] = ()
    """What was left out of the file, one plain sentence each."""
    abroad: tuple[str, ...] = ()
    """What was left out of other files, in the same way: those parts count as libraries."""
    cleared: tuple[tuple[Span, str], ...] = ()
    """Calls that can do harm and here cannot, with the harm's CWE: whatever they are given was
    followed to where it comes from, in every call of them."""


class Strength(StrEnum):
    """How sure it is that a source is somebody else's to fill."""

    STRONG = "strong"
    """A request, the command line, standard input."""
    WEAK = "weak"
    """A file, a table, an answer of a server: it depends."""


@dataclass(frozen=True)
class Sink:
    """Where data does harm."""

    kind: str
    cwe: str
    into: str
    """"a shell command"."""
    arguments: tuple[int | str, ...] = (0,)
    """Positions and names of the arguments that count; the receiver of a method is "self", any
    argument is "*"."""
    only_text: bool = False
    """A list or tuple as the argument is harmless: `subprocess.run(["ls", name])`."""
    unless_shell_off: str = ""
    """Name of an argument that has to be true for a list to be harmful and for a text to be run by
    a shell: "shell". A list without it is harmless; a text without it is harmful all the same."""
    needs: Mapping[str, object] = field(default_factory=dict)
    """Arguments by name that must have that very value, as far as it is known."""
    composed: bool = False
    """Only a text that was put together from pieces does harm, as queries do: data that is the
    whole argument, or is given as parameters beside it, does not count."""
    surely: bool = False
    """Only data that surely comes from outside does harm; a parameter does not count."""


@dataclass(frozen=True)
class Source:
    """What brings data from outside."""

    what: str
    """"the request's query"."""
    strength: Strength = Strength.STRONG
    answers: Sink | None = None
    """Of a function that somebody from outside calls: where the text goes that it returns."""
    answer: int | None = None
    """Of such a function: the position of the parameter that takes its answer."""


class Purity(IntEnum):
    """Whether what a function gives is made of what it is given, and of nothing else: not of files,
    the environment, the state of the program. The same is true of all that the result's own methods
    and attributes give.
    """

    NO = 0
    """Or nobody has said."""
    VALUE = 1
    """It is, and it does not change any more."""
    THING = 2
    """It is, until somebody changes it."""


@dataclass(frozen=True)
class Effect:
    """What a function does with what it is given."""

    sources: tuple[Source, ...] = ()
    """Its result is from outside."""
    sinks: tuple[Sink, ...] = ()
    cleans: frozenset[str] = frozenset()
    """Kinds of harm that its result cannot do any more; "*" for all."""
    passes: tuple[int | str, ...] | None = None
    """The arguments that its result is made of: positions, names, "self", "*". None where nobody
    has said: the result is made of all."""
    fills: tuple[int | str, ...] = ()
    """Arguments that it writes what it passes into: "self" for `list.append`."""
    calls: tuple[int | str, ...] = ()
    """Arguments that are functions, called with what it passes: the key of a sort, a callback."""
    guards: frozenset[str] = frozenset()
    """Where its result is true, its argument (or receiver) cannot do these kinds of harm: "*" for
    all. `name.isalnum()`."""
    is_class: bool = False
    """It makes an object, whose methods are known by "NAME.method"."""
    pure: Purity = Purity.NO


class Knowledge(Protocol):
    """What is known of libraries."""

    def of(self, name: str) -> Effect | None:
        """Of a function, class or attribute by its full dotted name, as imports lead to it:
        "os.system", "flask.request.args.get", "child_process.exec". None for an unknown one.
        """
        ...

    def of_method(self, name: str) -> Effect | None:
        """Of a method by its name alone, on an object nobody knows: "execute"."""
        ...

    def speaks_of(self, name: str) -> bool:
        """Whether anything is known of a module or of what is in it: then an import of that name
        means the library, even where the workspace has a file that is called so.
        """
        ...

    def entry(self, decorators: Sequence[str], bases: Sequence[str]) -> Source | None:
        """Whether somebody from outside calls a function with these decorators, or a method of a
        class with these bases: what its parameters are then. Full dotted names, without arguments.
        """
        ...


class Modules(Protocol):
    """The other files of the workspace. Files are named relative to it; "" is the analysed one."""

    def find(self, module: str, importer: str) -> str | None:
        """The file that an import in `importer` means; None for a library or what is not there."""
        ...

    def program(self, file: str) -> Program | None:
        """The program of a file that was found; None where it cannot be read, or where that would
        be too much: then `notes` tell.
        """
        ...

    def line(self, file: str, offset: int) -> tuple[int, str]:
        """Number, from 0, and text of a line of a file whose program was given."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out by now, one plain sentence each."""
        ...


@dataclass(frozen=True)
class Budget:
    """How much a run may do."""

    steps: int = 150_000
    """Expressions that are evaluated."""
    seconds: float = 0.5
    """Of processor time."""
    depth: int = 16
    """Calls within calls."""
    module: int = 4_000
    """Of the steps, those that an imported file may take to be there."""
    call: int = 4_000
    """Of the steps, those that a call into an imported file may take."""
    abroad: float = 0.12
    """The share of the steps that may go to imported files."""
