"""A program as data-flow analysis sees it: the same for every language.

`lowering` makes it from a tree. See `expressions` for what stands in it.
"""

from dataclasses import dataclass, field

from mirador_lsp.core.text import Span
from mirador_lsp.syntax.expressions import Class, Expression, Function, Statement, Target


@dataclass(frozen=True, slots=True)
class Assign(Statement):
    """`target = value`; a declaration without a value assigns nothing and is left out."""

    span: Span
    target: Target
    value: Expression
    operator: str = ""
    """"+" for `+=`; "" for a plain one."""
    annotation: str = ""
    """As written."""
    declares: bool = False
    """It makes the variable, in this scope: JavaScript's `let x = …`. In Python every assignment in
    a function does, unless an `Outer` says otherwise, so nothing is said there."""


@dataclass(frozen=True, slots=True)
class Evaluate(Statement):
    """An expression by itself."""

    span: Span
    value: Expression


@dataclass(frozen=True, slots=True)
class If(Statement):
    """`if test: body else: otherwise`."""

    span: Span
    test: Expression
    body: tuple[Statement, ...]
    otherwise: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True)
class While(Statement):
    """A loop with a test. A `for (a; b; c)` has `a` before it and `c` as `step`."""

    span: Span
    test: Expression | None
    body: tuple[Statement, ...]
    otherwise: tuple[Statement, ...] = ()
    step: tuple[Statement, ...] = ()
    """Runs after each turn, after a `continue` too."""
    runs_first: bool = False
    """`do … while`."""
    label: str = ""


@dataclass(frozen=True, slots=True)
class For(Statement):
    """`for target in iterable`."""

    span: Span
    target: Target
    iterable: Expression
    body: tuple[Statement, ...]
    otherwise: tuple[Statement, ...] = ()
    keys: bool = False
    """JavaScript's `for … in`: the target takes keys."""
    declares: bool = False
    """As for `Assign`."""
    is_async: bool = False
    label: str = ""


@dataclass(frozen=True, slots=True)
class Handler:
    """`except types as target: body`."""

    span: Span
    types: tuple[Expression, ...]
    """() for any."""
    target: Target | None
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Try(Statement):
    """`try: body`."""

    span: Span
    body: tuple[Statement, ...]
    handlers: tuple[Handler, ...] = ()
    otherwise: tuple[Statement, ...] = ()
    final: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True)
class With(Statement):
    """`with value as target: body`."""

    span: Span
    value: Expression
    target: Target | None
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One branch of a `Switch`."""

    span: Span
    values: tuple[Expression, ...]
    """What the subject is compared with, any of them; () where that is not a plain value."""
    body: tuple[Statement, ...]
    default: bool = False
    """It is taken where no other is."""
    captures: tuple[Target, ...] = ()
    """Take the subject, or parts of it."""
    guard: Expression | None = None


@dataclass(frozen=True, slots=True)
class Switch(Statement):
    """`match` and `switch`. Where `falls_through`, a body goes on into the next one."""

    span: Span
    subject: Expression
    cases: tuple[Case, ...]
    falls_through: bool = False


@dataclass(frozen=True, slots=True)
class Return(Statement):
    """`return value`."""

    span: Span
    value: Expression | None = None


@dataclass(frozen=True, slots=True)
class Raise(Statement):
    """`raise value`, `throw value`."""

    span: Span
    value: Expression | None = None


@dataclass(frozen=True, slots=True)
class Leave(Statement):
    """`break` and, where `again`, `continue`."""

    span: Span
    again: bool = False
    label: str = ""


@dataclass(frozen=True, slots=True)
class Define(Statement):
    """A function or a class that is bound to its name."""

    span: Span
    value: Function | Class


@dataclass(frozen=True, slots=True)
class Import(Statement):
    """`from module import name as local`; `name` is "" for the module itself and "*" for all.

    `local` is "" for an import that binds nothing. The "default" of JavaScript is a name.
    """

    span: Span
    module: str
    """As written, leading dots included."""
    name: str
    local: str


@dataclass(frozen=True, slots=True)
class Export(Statement):
    """`export { local as name }`; Python exports all at module level without saying so."""

    span: Span
    name: str
    value: Expression


@dataclass(frozen=True, slots=True)
class Delete(Statement):
    """`del target`."""

    span: Span
    target: Target


@dataclass(frozen=True, slots=True)
class Outer(Statement):
    """`global` and `nonlocal`."""

    span: Span
    names: tuple[str, ...]
    is_global: bool


@dataclass(frozen=True, slots=True)
class Assert(Statement):
    """`assert test`."""

    span: Span
    test: Expression


@dataclass(frozen=True, slots=True)
class Block(Statement):
    """Statements in a scope of their own where the language has such, or under a label."""

    span: Span
    body: tuple[Statement, ...]
    label: str = ""


@dataclass(frozen=True, slots=True)
class Program:
    """A file."""

    language: str
    body: tuple[Statement, ...] = field(repr=False)
    note: str = ""
    """What was left out, one plain sentence: "too large", "too deep"; "" for nothing."""
