"""Values that stand for many: what may be in a variable, and where it may come from."""

from collections.abc import Iterable
from dataclasses import dataclass

from mirador_lsp.analysis.flow.contract import Place
from mirador_lsp.syntax.expressions import Function

MOST_CONSTANTS = 8
"""Beyond that a value is merely unknown."""
MOST_TRACES = 4
MOST_STEPS = 10
MOST_TARGETS = 12
"""Functions or objects that one value may be."""
_LONGEST_CONSTANT = 4000

NO_KIND: frozenset[str] = frozenset()
ALL_KINDS = frozenset({"*"})
"""All kinds of harm."""

Literal = str | bytes | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Known:
    """A constant. 1, 1.0 and True are three."""

    kind: str
    value: Literal


@dataclass(slots=True, eq=False)
class Trace:
    """Data from one source, and its way so far. As a `Value`, never changed once it is made."""

    source: Place
    what: str
    weak: bool
    steps: tuple[Place, ...] = ()
    clean: frozenset[str] = frozenset()
    """Kinds of harm that it cannot do any more."""
    certain: bool = True
    composed: bool = False
    """It is a piece of a larger text."""

    @property
    def key(self) -> tuple[str, int, int, frozenset[str], bool]:
        """Two traces with the same key differ in their way alone."""
        span = self.source.span
        return self.source.file, span.start, span.end, self.clean, self.composed

    def via(self, place: Place) -> "Trace":
        """One step on. Steps in the middle of a long way are left out."""
        last = self.steps[-1] if self.steps else None
        if last is not None and last.span == place.span and last.file == place.file:
            return self
        # Of pieces that are joined one after the other the whole is told, once.
        same = last is not None and (last.span.start, last.says, last.file) == (
            place.span.start,
            place.says,
            place.file,
        )
        steps = (*self.steps[: -1 if same else None], place)
        if len(steps) > MOST_STEPS:
            steps = (*steps[: MOST_STEPS // 2], *steps[-(MOST_STEPS - MOST_STEPS // 2) :])
        return Trace(
            self.source, self.what, self.weak, steps, self.clean, self.certain, self.composed
        )

    @property
    def guessed(self) -> "Trace":
        """The same, where something on the way had to be guessed."""
        if not self.certain:
            return self
        return Trace(
            self.source,
            self.what,
            self.weak,
            self.steps,
            self.clean,
            certain=False,
            composed=self.composed,
        )

    @property
    def as_piece(self) -> "Trace":
        """The same, of what is now a piece of a larger text."""
        if self.composed:
            return self
        return Trace(
            self.source, self.what, self.weak, self.steps, self.clean, self.certain, composed=True
        )


@dataclass(frozen=True, slots=True, eq=False)
class Closure:
    """A function of the program, with the scope that it was made in."""

    function: Function
    scope: int
    file: str
    owner: int | None = None
    """Address of the class that it is a method of."""
    how: str = ""
    """"static", "class" or "property"; "" for a usual one."""


@dataclass(frozen=True, slots=True)
class External:
    """Something that is not in the program, by its full dotted name."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Bound:
    """A function with its receiver."""

    receiver: "Value"
    function: "Closure | External | str"
    """A text is the name of a method that nobody defines."""


Target = Closure | External | Bound


@dataclass(slots=True, eq=False)
class Value:
    """What may be in a variable: any of these, and anything where it is `open`.

    Never changed once it is made; that it could be makes it three times as quick to make.
    """

    known: frozenset[Known] = frozenset()
    refs: frozenset[int] = frozenset()
    """Addresses of objects."""
    targets: frozenset[Target] = frozenset()
    """What may be called."""
    open: bool = False
    traces: tuple[Trace, ...] = ()
    harmless: frozenset[str] = frozenset()
    """Kinds of harm that nothing in it can do but the data of its traces: "*" for all, for then it
    is made of that data and of what is known here, and of nothing else. Said of what is open or can
    be called; of constants it goes without saying, and objects are asked themselves.
    """

    @property
    def surely_harmless(self) -> frozenset[str]:
        """The same, said of constants as well."""
        return self.harmless if self.open or self.targets else ALL_KINDS

    @property
    def constant(self) -> Known | None:
        """The only thing that it can be, where that is a constant."""
        if self.open or self.refs or self.targets or len(self.known) != 1:
            return None
        return next(iter(self.known))

    @property
    def ref(self) -> int | None:
        """The only thing that it can be, where that is an object."""
        if self.open or self.known or self.targets or len(self.refs) != 1:
            return None
        return next(iter(self.refs))

    def having(self, traces: tuple[Trace, ...]) -> "Value":
        """The value with these traces; quicker than `replace`."""
        return Value(self.known, self.refs, self.targets, self.open, traces, self.harmless)

    @property
    def nothing(self) -> bool:
        """Whether no value is possible at all."""
        return not (self.open or self.known or self.refs or self.targets or self.traces)


@dataclass(slots=True, eq=False)
class Pending(Value):
    """What is imported from a file that nobody has looked into yet. Whoever reads a variable looks
    (`Machine.lookup`); for all others it is what a library gives.
    """

    module: str = ""
    """As the import has it."""
    importer: str = ""
    """The file that imports."""
    name: str = ""
    """What of the module; "" for all of it."""


NOTHING = Value()
UNKNOWN = Value(open=True)
MADE_HERE = Value(open=True, harmless=ALL_KINDS)
"""It is not known, but it is made only of what is."""


def constant(value: Literal) -> Value:
    """A value that is known. Of a very long text only where it comes from is."""
    if isinstance(value, str | bytes) and len(value) > _LONGEST_CONSTANT:
        return MADE_HERE
    return Value(known=frozenset({Known(type(value).__name__, value)}))


def reference(address: int) -> Value:
    """A value that is one object."""
    return Value(refs=frozenset({address}))


def target(what: Target) -> Value:
    """A value that can be called."""
    return Value(targets=frozenset({what}))


def tainted(traces: Iterable[Trace], harmless: frozenset[str] = NO_KIND) -> Value:
    """An unknown value with these traces; `harmless` as in `Value`."""
    kept = merged(traces)
    return Value(open=True, traces=kept, harmless=_as_told(harmless, kept))


def with_traces(value: Value, traces: Iterable[Trace]) -> Value:
    """The value with more traces."""
    more = tuple(traces)
    if not more:
        return value
    kept = merged((*value.traces, *more))
    harmless = _as_told(value.harmless, kept)
    return Value(value.known, value.refs, value.targets, value.open, kept, harmless)


def _as_told(harmless: frozenset[str], traces: tuple[Trace, ...]) -> frozenset[str]:
    """Where there are many traces, some may have been left out."""
    return harmless if len(traces) < MOST_TRACES else NO_KIND


def both_harmless(one: frozenset[str], other: frozenset[str]) -> frozenset[str]:
    """Kinds of harm that neither of two things can do."""
    if one is other or "*" in other:
        return one
    return other if "*" in one else one & other


def merged(traces: Iterable[Trace]) -> tuple[Trace, ...]:
    """The traces without doubles, those with the shortest way, the strong before the weak."""
    best: dict[object, Trace] = {}
    for trace in traces:
        held = best.get(trace.key)
        if held is None or (len(trace.steps), not trace.certain) < (
            len(held.steps),
            not held.certain,
        ):
            best[trace.key] = trace
    if len(best) <= 1:
        return tuple(best.values())
    return tuple(sorted(best.values(), key=_standing)[:MOST_TRACES])


def _standing(trace: Trace) -> tuple[object, ...]:
    span = trace.source.span
    return (
        trace.weak,
        len(trace.clean),
        trace.source.file,
        span.start,
        span.end,
        trace.composed,
        sorted(trace.clean),
    )


def join(one: Value, other: Value) -> Value:
    """A value that may be either."""
    if one is other or other.nothing:
        return one
    if one.nothing:
        return other
    if _holds(one, other):
        return one
    known, refs, targets = one.known, one.refs, one.targets
    is_open = one.open or other.open
    harmless = both_harmless(one.surely_harmless, other.surely_harmless)
    if other.known is not known:
        known = known | other.known
    if other.refs is not refs:
        refs = refs | other.refs
    if other.targets is not targets:
        targets = targets | other.targets
    if len(known) > MOST_CONSTANTS or len(refs) > MOST_TARGETS or len(targets) > MOST_TARGETS:
        harmless = NO_KIND if max(len(refs), len(targets)) > MOST_TARGETS else harmless
        known, refs, targets = _cut(known, refs, targets)
        is_open = True
    traces = one.traces
    if other.traces:
        traces = merged((*one.traces, *other.traces))
        harmless = _as_told(harmless, traces)
    if not is_open and not targets:
        harmless = NO_KIND
    return Value(known, refs, targets, is_open, traces, harmless)


def _cut(
    known: frozenset[Known], refs: frozenset[int], targets: frozenset[Target]
) -> tuple[frozenset[Known], frozenset[int], frozenset[Target]]:
    """What is left of too many things that a value may be."""
    return (
        known if len(known) <= MOST_CONSTANTS else frozenset(),
        refs if len(refs) <= MOST_TARGETS else frozenset(sorted(refs)[:MOST_TARGETS]),
        targets if len(targets) <= MOST_TARGETS else frozenset(),
    )


def _holds(one: Value, other: Value) -> bool:
    """Whether the other one brings nothing new."""
    return (
        one.open >= other.open
        and other.known <= one.known
        and other.refs <= one.refs
        and other.targets <= one.targets
        and (not other.traces or one.traces == other.traces)
        and (not one.harmless or both_harmless(one.harmless, other.surely_harmless) == one.harmless)
    )


def joined(values: Iterable[Value]) -> Value:
    """A value that may be any of them."""
    result = NOTHING
    for value in values:
        result = join(result, value)
    return result


def same(one: Value, other: Value) -> bool:
    """Whether two values stand for the same."""
    return one is other or (
        one.open == other.open
        and one.known == other.known
        and one.refs == other.refs
        and one.targets == other.targets
        and one.harmless == other.harmless
        and [t.key for t in one.traces] == [t.key for t in other.traces]
    )
