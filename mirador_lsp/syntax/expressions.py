"""Expressions of a program as data-flow analysis sees it: the same for every language.

`syntax.lowering` makes it from a tree; `analysis.flow` runs it on values that stand for many.
Nothing is resolved: a name is a name. What a language has and this has not becomes `Opaque`, whose
parts are still evaluated, so that no call in it is lost. Spans are code points of the document.
Statements are in `program`.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from mirador_lsp.core.text import Span


class Statement:
    """What `program` has of statements; here only for the bodies of functions and classes."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal. The value of an undefined or null one is None."""

    span: Span
    value: str | bytes | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Name:
    """A variable; "this" and "super" of JavaScript are names as well."""

    span: Span
    name: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """`value.name`."""

    span: Span
    value: "Expression"
    name: str
    optional: bool = False
    """`value?.name`."""


@dataclass(frozen=True, slots=True)
class Subscript:
    """`value[index]`."""

    span: Span
    value: "Expression"
    index: "Expression"


@dataclass(frozen=True, slots=True)
class Slice:
    """`low:high:step`, the index of a `Subscript`."""

    span: Span
    low: "Expression | None" = None
    high: "Expression | None" = None
    step: "Expression | None" = None


class Spread(StrEnum):
    """How an argument or item stands for many."""

    NONE = ""
    ITEMS = "*"
    """`*value`, `...value` among positions."""
    ENTRIES = "**"
    """`**value`, `...value` among names."""


@dataclass(frozen=True, slots=True)
class Argument:
    """What is given to a call, or an item of a literal."""

    value: "Expression"
    name: str = ""
    """"" for one by position."""
    spread: Spread = Spread.NONE


@dataclass(frozen=True, slots=True)
class Call:
    """`function(arguments)`."""

    span: Span
    function: "Expression"
    arguments: tuple[Argument, ...]
    new: bool = False
    """`new function(...)`."""
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """An f-string or a template literal: its literal pieces are `Constant`s."""

    span: Span
    parts: tuple["Expression", ...]
    tag: "Expression | None" = None
    """The function of a tagged template."""


@dataclass(frozen=True, slots=True)
class Binary:
    """`left operator right`, comparisons and the short-circuiting `and`, `or`, `??` included.

    Operators are spelled as in Python where it has them ("and", "or", "not in", "is", "//", "**"),
    else as in the language ("===", "??", ">>>", "instanceof"). A chain of comparisons is the "and"
    of them.
    """

    span: Span
    operator: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Unary:
    """`operator operand`: "not", "-", "+", "~", "await", "typeof", "void", "delete"."""

    span: Span
    operator: str
    operand: "Expression"


@dataclass(frozen=True, slots=True)
class Conditional:
    """`then if test else otherwise`."""

    span: Span
    test: "Expression"
    then: "Expression"
    otherwise: "Expression"


@dataclass(frozen=True, slots=True)
class Sequence:
    """A literal of items: "list", "tuple" or "set". An array's hole is a `Constant` of None."""

    span: Span
    kind: str
    items: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """`key: value` of a mapping; without a key `**value`."""

    key: "Expression | None"
    value: "Expression"


@dataclass(frozen=True, slots=True)
class Mapping:
    """A literal of entries: a dict, or an object, whose names are `Constant`s."""

    span: Span
    entries: tuple[Entry, ...]
    is_object: bool = False
    """Its entries are attributes too, as in JavaScript."""


@dataclass(frozen=True, slots=True)
class Clause:
    """`for target in iterable if conditions`."""

    target: "Target"
    iterable: "Expression"
    conditions: tuple["Expression", ...] = ()


@dataclass(frozen=True, slots=True)
class Comprehension:
    """A "list", "set", "dict" or "generator" made of others."""

    span: Span
    kind: str
    value: "Expression"
    clauses: tuple[Clause, ...]
    key: "Expression | None" = None
    """Of a dict."""


@dataclass(frozen=True, slots=True)
class Bind:
    """An assignment that is an expression: `name := value`, and JavaScript's `=`."""

    span: Span
    target: "Target"
    value: "Expression"
    operator: str = ""
    """"+" for `+=`, "??" for `??=`; "" for a plain one."""


@dataclass(frozen=True, slots=True)
class Yield:
    """`yield value`; with `delegate`, `yield from value`."""

    span: Span
    value: "Expression | None"
    delegate: bool = False


@dataclass(frozen=True, slots=True)
class Opaque:
    """Anything else. Its parts are evaluated in their order."""

    span: Span
    parts: tuple["Expression", ...] = ()


class Takes(StrEnum):
    """What a parameter takes."""

    ONE = ""
    REST = "*"
    """All further positions."""
    NAMED = "**"
    """All further names."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter; a pattern has no name of its own."""

    span: Span
    name: str
    default: "Expression | None" = None
    takes: Takes = Takes.ONE
    pattern: "Target | None" = None
    annotation: str = ""
    """As written."""
    only_named: bool = False
    decorators: tuple["Expression", ...] = ()
    """TypeScript's: `@Query("q") q: string`."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function as a value. A lambda's body returns its expression."""

    span: Span
    name: str
    """"" for one without."""
    parameters: tuple[Parameter, ...]
    body: tuple[Statement, ...] = field(repr=False)
    is_async: bool = False
    is_generator: bool = False
    binds_this: bool = True
    """False for an arrow function, which has the `this` around it."""
    decorators: tuple["Expression", ...] = ()


@dataclass(frozen=True, slots=True)
class Class:
    """A class as a value. Methods are `Define`s in its body, fields `Assign`s to `Name`s."""

    span: Span
    name: str
    bases: tuple["Expression", ...]
    body: tuple[Statement, ...] = field(repr=False)
    decorators: tuple["Expression", ...] = ()
    static: frozenset[str] = frozenset()
    """Names of static members, as JavaScript says them; Python's decorators say it there."""
    keywords: tuple[Argument, ...] = ()
    """`metaclass=…`."""
    declared: tuple[str, ...] = ()
    """Names of fields that are declared with a type, in their order: what a dataclass takes."""


@dataclass(frozen=True, slots=True)
class SequencePattern:
    """`a, *b, c` and `[a, ...b]` as a target. None stands for an item that is not taken."""

    span: Span
    items: tuple["Target | None", ...]
    rest: int | None = None
    """Which of them takes all that the others do not."""
    defaults: tuple["Expression | None", ...] = ()
    """One for each item, or ()."""


@dataclass(frozen=True, slots=True)
class Picked:
    """One entry of a `MappingPattern`."""

    key: "Expression"
    target: "Target"
    default: "Expression | None" = None


@dataclass(frozen=True, slots=True)
class MappingPattern:
    """`{a, b: c, ...rest}` as a target."""

    span: Span
    entries: tuple[Picked, ...]
    rest: "Target | None" = None


Target = Name | Attribute | Subscript | SequencePattern | MappingPattern
Expression = (
    Constant
    | Name
    | Attribute
    | Subscript
    | Slice
    | Call
    | Text
    | Binary
    | Unary
    | Conditional
    | Sequence
    | Mapping
    | Comprehension
    | Bind
    | Yield
    | Opaque
    | Function
    | Class
)
