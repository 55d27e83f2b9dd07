"""The state of a run: where it is, what is in the variables, what was found."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from mirador_lsp.analysis.flow.contract import Budget, Flow, Knowledge, Modules, Place, Sink
from mirador_lsp.analysis.flow.heap import Key, State, Thing, join_states, join_things, read, write
from mirador_lsp.analysis.flow.values import (
    NOTHING,
    UNKNOWN,
    Closure,
    External,
    Pending,
    Trace,
    Value,
    join,
    reference,
    target,
    with_traces,
)
from mirador_lsp.core.text import Span

_LOOK_AT_CLOCK = 128
"""Steps between two looks at the clock."""
_OBJECTS_A_STEP = 20
MOST_FLOWS = 100
_MOST_OBJECTS = 20_000


class SpentError(Exception):
    """The budget is used up."""


@dataclass
class Loop:
    """A loop, or a labelled block, that runs."""

    label: str = ""
    breaks: State | None = None
    again: State | None = None


@dataclass
class Catcher:
    """A `try` whose body runs."""

    raised: list[tuple[Value, State]] = field(default_factory=list)
    """What was raised for sure, with the state then."""
    maybe: State | None = None
    """Where anything may have been raised."""
    seen: tuple[int, int] = (-1, -1)
    """What was written by the last time when something might have been."""


@dataclass
class Frame:
    """A call that runs."""

    scope: int
    file: str
    closure: Closure | None = None
    returned: Value = NOTHING
    after: State | None = None
    loops: list[Loop] = field(default_factory=list)
    yields: list[Value] = field(default_factory=list)
    outer: dict[str, bool] = field(default_factory=dict)
    """Names that `global` (True) and `nonlocal` (False) speak of."""
    catchers: list[Catcher] = field(default_factory=list)
    called: Span | None = None
    """Where, in the file of the call that runs around it; None for what nobody calls."""


class Machine(ABC):
    """Runs one program. Statements and expressions are in the classes that inherit from it."""

    def __init__(
        self, knowledge: Knowledge, budget: Budget, modules: Modules | None, language: str
    ) -> None:
        self.knowledge = knowledge
        self.budget = budget
        self.modules = modules
        self.language = language
        self.everywhere: dict[int, Thing] = {}
        """Objects of other files."""
        self.state: State | None = State({}, {}, self.everywhere)
        self.parents: dict[int, int | None] = {}
        """Of scopes, by address."""
        self.frames: list[Frame] = []
        self.vague = 0
        """How many loops run whose turns are not told apart."""
        self.reached: set[int] = set()
        """Functions that were run because another one called them, by identity."""
        self._flows: dict[tuple[object, ...], Flow] = {}
        self._visits: dict[tuple[Span, str], bool] = {}
        """Sinks of the analysed file, and whether all that they were given was known."""
        self._written = 0
        """How often anything was written."""
        self._steps = 0
        self._limit = budget.steps
        """Steps beyond which what runs now is left."""
        self._next = 0
        self._end = time.thread_time() + budget.seconds
        self._sites: dict[tuple[str, Span, str], int] = {}

    @property
    def frame(self) -> Frame:
        """The call that runs now."""
        return self.frames[-1]

    @property
    def flows(self) -> tuple[Flow, ...]:
        """What was found by now."""
        found = sorted(
            self._flows.values(),
            key=lambda f: (f.sink.file, f.sink.span, f.kind, f.weak, f.source.span),
        )
        return tuple(found)

    @property
    def cleared(self) -> tuple[tuple[Span, str], ...]:
        """Sinks that were met and can do no harm."""
        return tuple(sorted(visit for visit, clear in self._visits.items() if clear))

    def step(self, cost: int = 1) -> None:
        """Count. Raises `SpentError` when there is nothing left."""
        before = self._steps // _LOOK_AT_CLOCK
        self._steps += cost
        if self._steps > self._limit:
            raise SpentError
        if self._steps // _LOOK_AT_CLOCK != before and time.thread_time() > self._end:
            raise SpentError

    @property
    def spent(self) -> bool:
        """Whether there is nothing left at all."""
        return self._steps > self.budget.steps or time.thread_time() > self._end

    @contextmanager
    def limited(self, steps: int) -> Iterator[None]:
        """Run something that may take so many steps. Raises `SpentError` where it takes more."""
        around = self._limit
        self._limit = min(around, self._steps + steps)
        try:
            yield
        finally:
            self._limit = around

    @contextmanager
    def apart(self, steps: int) -> Iterator[None]:
        """The same, of steps that are not those of what runs around it."""
        around, began = self._limit, self._steps
        self._limit = min(self.budget.steps, began + steps)
        try:
            yield
        finally:
            self._limit = min(self.budget.steps, around + self._steps - began)

    def forked(self) -> State:
        """A copy of the state for another course. It costs, the more there is to copy."""
        state = self.live.copy()
        self.step(1 + len(state) // _OBJECTS_A_STEP)
        return state

    @contextmanager
    def in_frame(self, frame: Frame) -> Iterator[Frame]:
        """Run something as a call."""
        self.frames.append(frame)
        try:
            yield frame
        finally:
            self.frames.pop()

    def make(self, thing: Thing, span: Span | None = None) -> Value:
        """A new object. One that is made again and again at the same place stands for many."""
        state = self.live
        if span is not None and self.vague:
            site = (self.frame.file, span, thing.kind)
            known = self._sites.get(site)
            before = state.get(known) if known is not None else None
            if known is not None and before is not None:
                state.own[known] = replace(join_things(before, thing), several=True)
                return reference(known)
            self._sites[site] = self._next + 1
        self._next += 1
        self._written += 1
        if len(state) > _MOST_OBJECTS:
            raise SpentError
        state.own[self._next] = thing
        return reference(self._next)

    def scope(self, parent: int | None, kind: str = "scope") -> int:
        """The address of a new scope."""
        (address,) = self.make(Thing(kind)).refs
        self.parents[address] = parent
        return address

    @property
    def live(self) -> State:
        """The state where the program goes on. Of a course that has ended, one that is lost."""
        return State({}, {}, self.everywhere) if self.state is None else self.state

    def thing(self, address: int) -> Thing:
        """The object there; an empty one for an address of another course."""
        return self.live.get(address) or Thing("instance", rest=UNKNOWN)

    def put(self, address: int, thing: Thing) -> None:
        """Replace an object."""
        if self.state is not None:
            self._written += 1
            self.state.own[address] = thing

    def forget(self, address: int) -> None:
        """Drop an object that nobody can reach any more."""
        if self.state is not None:
            self.state.forget(address)

    def set(self, address: int, key: Key | None, value: Value, unknown: Value = UNKNOWN) -> None:
        """Write into an object, under `unknown` where the key is not known (None)."""
        held = self.state.get(address) if self.state is not None else None
        if self.state is not None and held is not None:
            self._written += 1
            self.state.own[address] = write(held, key, value, unknown)

    def lookup(self, name: str) -> Value:
        """What a name means here."""
        found = self.held(name)
        return self.arrived(found) if isinstance(found, Pending) else found

    def held(self, name: str) -> Value:
        """The same, of imports only that they are some."""
        address: int | None = self.frame.scope
        while address is not None:
            thing = self.live.get(address)
            if thing is not None:
                found = thing.fields.get(name)
                if found is not None:
                    return found
                if not thing.rest.nothing:
                    return read(thing, name)
            address = self.parents.get(address)
        return target(External(name))

    @abstractmethod
    def arrived(self, value: Pending) -> Value:
        """What an import brings, now that it is needed."""

    def scope_of(self, name: str, *, declares: bool) -> int:
        """Where an assignment to a name goes."""
        here = self.frame.scope
        said = self.frame.outer.get(name)
        if said is None and (declares or self.language == "python"):
            return here
        address: int | None = self.parents.get(here) if said is False else here
        last = here
        while address is not None:
            thing = self.live.get(address)
            if said is not True and thing is not None and name in thing.fields:
                return address
            last = address
            address = self.parents.get(address)
        return last

    def may_raise(self) -> None:
        """Anything may be raised here: what holds now may hold in a handler."""
        if self.state is None:
            return
        now = (id(self.state), self._written)
        for frame in reversed(self.frames):
            if frame.catchers:
                catcher = frame.catchers[-1]
                if catcher.seen != now:
                    catcher.seen = now
                    catcher.maybe = join_states(catcher.maybe, self.forked())
                return

    def place(self, span: Span, says: str) -> Place:
        """A place in the file that runs."""
        return Place(span, says, self.frame.file)

    def on(self, value: Value, span: Span, says: str) -> Value:
        """The value one step on, where it comes from somewhere."""
        if not value.traces:
            return value
        place = self.place(span, says)
        return value.having(tuple(trace.via(place) for trace in value.traces))

    def source(self, span: Span, what: str, *, weak: bool) -> Trace:
        """Data that comes in here."""
        return Trace(self.place(span, f"{what} comes in"), what, weak)

    def report(self, sink: Sink, value: Value, span: Span, name: str) -> None:
        """A value gets to where it may do harm."""
        for trace in value.traces:
            if sink.kind in trace.clean or "*" in trace.clean:
                continue
            if (sink.composed and not trace.composed) or (sink.surely and trace.weak):
                continue
            place = self.place(span, f"given to `{name}`" if name else "used here")
            call = self._call_abroad() if place.file else None
            if place.file and call is None:
                continue
            flow = Flow(
                kind=sink.kind,
                cwe=sink.cwe,
                source=trace.source,
                steps=tuple(s for s in trace.steps if (s.file, s.span) != (place.file, span)),
                sink=place,
                weak=trace.weak,
                certain=trace.certain,
                what=trace.what,
                into=sink.into,
                call=call,
            )
            where = place.file, span, call.span if call is not None else None
            key = (*where, sink.kind, trace.source.file, trace.source.span)
            held = self._flows.get(key)
            if held is None and len(self._flows) >= MOST_FLOWS:
                continue
            if held is None or (not flow.certain, len(flow.steps)) < (
                not held.certain,
                len(held.steps),
            ):
                self._flows[key] = flow

    def _call_abroad(self) -> Place | None:
        """The call in the analysed file that leads to where the program is, in another one."""
        for at in range(len(self.frames) - 1, 0, -1):
            around, inner = self.frames[at - 1], self.frames[at]
            if not around.file and inner.file:
                named = inner.closure.function.name if inner.closure is not None else ""
                says = f"given to `{named or 'a function'}`"
                return Place(inner.called, says) if inner.called else None
        return None

    def deep_traces(self, value: Value, levels: int = 3) -> tuple[Trace, ...]:
        """The traces of a value and of all that is in it: what its text would show."""
        if not value.refs:
            return value.traces
        found = list(value.traces)
        seen: set[int] = set()
        refs = list(value.refs)
        for _ in range(levels):
            inner: list[int] = []
            for address in refs:
                if address in seen:
                    continue
                seen.add(address)
                thing = self.thing(address)
                if thing.kind in ("class", "scope", "module"):
                    continue
                for each in (*thing.fields.values(), thing.rest, thing.keys):
                    found += each.traces
                    inner += each.refs
            refs = inner
        return with_traces(NOTHING, found).traces

    def either(self, one: Value, other: Value) -> Value:
        """A value that may be either."""
        return join(one, other)
