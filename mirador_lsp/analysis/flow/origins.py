"""What values are made of that are not known: of what is known here alone, or of anything."""

from collections.abc import Iterable
from dataclasses import replace

from mirador_lsp.analysis.flow.contract import Budget, Knowledge, Modules, Sink
from mirador_lsp.analysis.flow.heap import State, Thing
from mirador_lsp.analysis.flow.machine import Machine
from mirador_lsp.analysis.flow.values import (
    ALL_KINDS,
    NO_KIND,
    Trace,
    Value,
    both_harmless,
    tainted,
)
from mirador_lsp.core.text import Span

_LEVELS = 3
"""Things within things, as far as their data is looked for."""
_ALL_THINGS = 1 << 60
"""More than the address of any."""
_CHANGED = frozenset({"list", "set", "dict", "generator"})
_LOOKED_INTO = _CHANGED | {"tuple"}


class Origins(Machine):
    """Knows what things are made of."""

    def __init__(
        self, knowledge: Knowledge, budget: Budget, modules: Modules | None, language: str
    ) -> None:
        super().__init__(knowledge, budget, modules, language)
        self._others_had = 0
        """Things up to this address were there before what runs now began, or are in the hands of
        others: they may have been filled since."""

    def met(self, span: Span, sink: Sink, value: Value, traces: Iterable[Trace]) -> None:
        """A sink was given a value, with these traces in it."""
        if self.frame.file:
            return
        key = (span, sink.cwe)
        if not self._visits.get(key, True):
            return
        harmless = self.harmless_of(value)
        clear = "*" in harmless or sink.kind in harmless
        clean = all(sink.kind in t.clean or "*" in t.clean for t in traces)
        self._visits[key] = clear and clean and not value.nothing

    def harmless_of(self, *values: Value) -> frozenset[str]:
        """Kinds of harm that nothing in these values can do but the data that `deep_traces` tells
        of; "*" for all. See `Value`.
        """
        found, inner = _of_all(values, ALL_KINDS)
        for value in values:
            if value.nothing:
                return NO_KIND  # what nobody has put there is not known
        seen: set[int] = set()
        for _ in range(_LEVELS):
            if not found or not inner:
                return found
            around, inner = inner, []
            for address in around:
                if address not in seen:
                    seen.add(address)
                    found, more = _of_all(self._held_by(address), found)
                    inner += more
        return found if seen.issuperset(inner) else NO_KIND

    def _held_by(self, address: int) -> tuple[Value, ...]:
        """What is in a thing; anything, where others may have put it there."""
        thing = self.thing(address)
        shared = address <= self._others_had or address in self.everywhere
        if thing.kind not in _LOOKED_INTO or (shared and thing.kind in _CHANGED):
            return (_ANYTHING,)
        keys = thing.other_keys if thing.kind == "dict" else _NONE
        return (*thing.fields.values(), thing.rest, keys)

    def made_of(self, traces: Iterable[Trace], *values: Value) -> Value:
        """What is not known, but made of these values; `traces` are of the data in them."""
        return tainted(traces, self.harmless_of(*values))

    def told_by(self, *values: Value) -> Value:
        """What is not known and tells of these values, but none of their data is in it. Of data
        from outside nobody says that it is harmless.
        """
        if any(self.deep_traces(value) for value in values):
            return _ANYTHING
        return tainted((), self.harmless_of(*values))

    def taken_from(self, address: int) -> None:
        """Something is made of what is in a thing. Where others may have put more there, of nothing
        that holds anything is it known any more what: it may be in there.
        """
        if address <= self._others_had < _ALL_THINGS or address in self.everywhere:
            thing = self.thing(address)
            if thing.kind in _CHANGED:
                self._others_had = _ALL_THINGS

    def let_go(self, scope: int | None) -> None:
        """Others have what is here by now, and a function that sees a scope: they may change all
        that it sees, whenever they like.
        """
        self._others_had = max(self._others_had, self._next)
        while scope is not None:
            if self.state is not None and (thing := self.state.get(scope)) is not None:
                self.put(scope, doubted(thing))
            scope = self.parents.get(scope)


def _of_all(values: Iterable[Value], found: frozenset[str]) -> tuple[frozenset[str], list[int]]:
    """Those of the kinds that none of the values can do, and the things that they may be."""
    inner: list[int] = []
    for value in values:
        if value.open or value.targets:
            found = both_harmless(found, value.harmless)
        inner += value.refs
    return found, inner


_ANYTHING = Value(open=True)
_NONE = Value()


def doubted(thing: Thing) -> Thing:
    """An object of which others may have changed what is not constant."""
    fields = [(key, value) for key, value in thing.fields.items() if value.harmless]
    if not fields and not thing.rest.harmless and not thing.keys.harmless:
        return thing
    less = {key: _doubted(value) for key, value in fields}
    rest, keys = _doubted(thing.rest), _doubted(thing.keys)
    return replace(thing, fields={**thing.fields, **less}, rest=rest, keys=keys)


def _doubted(value: Value) -> Value:
    if not value.harmless:
        return value
    return Value(value.known, value.refs, value.targets, value.open, value.traces)


class Interludes:
    """What holds where others ran in between. States share most of what they hold, and that is
    looked at once.
    """

    def __init__(self) -> None:
        self._shared: dict[int, tuple[object, dict[int, Thing]]] = {}
        self._known: tuple[State | None, State] = None, State({}, {}, {})

    def after(self, state: State) -> State:
        """That state, where others may have changed what is not constant."""
        if self._known[0] is state:
            return self._known[1].copy()
        kept = self._shared.get(id(state.base))
        if kept is None:
            kept = state.base, {at: doubted(thing) for at, thing in state.base.items()}
            self._shared[id(state.base)] = kept
        own = {at: doubted(thing) for at, thing in state.own.items()}
        self._known = state, State(kept[1], own, state.everywhere)
        return self._known[1].copy()
