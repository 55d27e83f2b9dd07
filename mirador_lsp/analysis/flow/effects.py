"""What calls of libraries do, as far as anybody has described them."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from mirador_lsp.analysis.flow.contract import Effect, Purity, Sink
from mirador_lsp.analysis.flow.evaluate import Given
from mirador_lsp.analysis.flow.heap import TOUCHED, Thing
from mirador_lsp.analysis.flow.origins import doubted
from mirador_lsp.analysis.flow.parameters import Parameters
from mirador_lsp.analysis.flow.values import (
    ALL_KINDS,
    NO_KIND,
    UNKNOWN,
    Bound,
    Closure,
    External,
    Trace,
    Value,
    join,
    joined,
    tainted,
    with_traces,
)
from mirador_lsp.core.text import Span

_FILLABLE = frozenset({"list", "set", "dict"})
_LONGEST_NAME = 160
_LEVELS = 3
"""Things within things that somebody has who has the outermost one."""


class Effects(Parameters):
    """Calls what is not of the program."""

    def affected(
        self,
        effect: Effect | None,
        name: str,
        receiver: Value | None,
        given: Sequence[Given],
        span: Span,
        made: Value | None,
    ) -> Value:
        """What a call does that is not of the program; `made` is its result where it is known."""
        for sink in effect.sinks if effect is not None else ():
            self._sunk(sink, name, receiver, given, span)
        if effect is not None:
            self._call_back(effect, receiver, given, span)
            self._write_into(effect, receiver, given)
        if made is None:
            made = self._guessed(effect, name, receiver, given)
            if effect is None:
                self._touched(given)
            elif effect.pure is Purity.THING and made.harmless and not made.traces:
                held = replace(made, targets=frozenset())
                kind = "list" if self.language == "python" else "dict"
                made = self.make(Thing(kind, rest=held, keys=held), span)
        if effect is None:
            return made
        if effect.cleans:
            made = _cleaned(made, effect.cleans)
        if effect.sources:
            sources = [self.source(span, s.what, weak=s.strength == "weak") for s in effect.sources]
            made = with_traces(replace(made, open=True, harmless=ALL_KINDS), sources)
        return made

    def _touched(self, given: Sequence[Given]) -> None:
        """Whoever is not known may put anything into what it is given, and call any function.
        Nobody says that it comes from outside; but what is in it is not known any more. What is
        compared with it still is: lists of what is allowed are handed to many, and nobody adds to
        them.
        """
        seen: set[int] = set()
        inner = [each.value for each in given if each.value.refs or each.value.targets]
        if not inner:
            return
        for _ in range(_LEVELS):
            around, inner = inner, []
            for value in around:
                for called in value.targets:
                    closure = called.function if isinstance(called, Bound) else called
                    if isinstance(closure, Closure):
                        self.let_go(closure.scope)
                inner += self._opened(value.refs - seen)
                seen |= value.refs
            if not inner:
                return
        self.let_go(None)

    def _opened(self, addresses: Collection[int]) -> list[Value]:
        """Things that may be filled from now on; what is in them."""
        inner: list[Value] = []
        for address in addresses:
            thing = self.thing(address)
            if thing.kind not in _FILLABLE and thing.kind != "tuple":
                self.let_go(None)
                self.put(address, doubted(thing))
                continue
            held = (*thing.fields.values(), thing.rest)
            inner += [value for value in held if value.refs or value.targets]
            if thing.kind in _FILLABLE and not thing.rest.open:
                keys = join(thing.other_keys, UNKNOWN)
                self.put(address, replace(thing, rest=join(thing.rest, TOUCHED), keys=keys))
        return inner

    def _guessed(
        self, effect: Effect | None, name: str, receiver: Value | None, given: Sequence[Given]
    ) -> Value:
        """The result of a call that is made of what it was given."""
        passes = effect.passes if effect is not None else None
        traces: list[Trace] = []
        if passes is None:
            traces = [t for each in given for t in self.deep_traces(each.value)]
            if receiver is not None:
                traces += self.deep_traces(receiver)
            traces = [trace.guessed for trace in traces]
        else:
            for wanted in passes:
                for value in self._wanted(wanted, receiver, given):
                    traces += self.deep_traces(value)
        harmless = NO_KIND
        if effect is not None and effect.pure is not Purity.NO:
            harmless = self._made_here([g.value for g in given], receiver, traced=bool(traces))
        made = tainted(traces, harmless)
        full = f"{name}()"
        if ("." in name or effect is not None) and len(full) < _LONGEST_NAME:
            return replace(made, targets=frozenset({External(full)}))
        return made

    def _made_here(
        self, values: Sequence[Value], receiver: Value | None, *, traced: bool
    ) -> frozenset[str]:
        """Kinds of harm that nothing can do that is made of these values alone. Where they hold
        data that is not in what is made of them (`traced`), nobody says so.
        """
        parts = values if receiver is None else [*values, receiver]
        harmless = self.harmless_of(*parts)
        lost = harmless and not traced and any(self.deep_traces(part) for part in parts)
        return NO_KIND if lost else harmless

    def own_result(self, made: Value, function: Value, given: Sequence[Given]) -> Value:
        """The result of a method of something that is made of what is known here."""
        if not function.harmless or made.harmless or not made.open or made.refs:
            return made
        receiver = tainted(function.traces, function.harmless)
        values = [each.value for each in given]
        harmless = self._made_here(values, receiver, traced=bool(made.traces))
        return replace(made, harmless=harmless) if harmless else made

    def _wanted(
        self, wanted: int | str, receiver: Value | None, given: Sequence[Given]
    ) -> list[Value]:
        """The arguments that a position, a name, "self" or "*" means."""
        if wanted == "self":
            return [receiver] if receiver is not None else []
        if wanted == "*":
            return [each.value for each in given]
        spread = [each.value for each in given if each.many]
        if isinstance(wanted, int):
            places = [each.value for each in given if not each.name and not each.many]
            return [*([places[wanted]] if wanted < len(places) else []), *spread]
        return [*[each.value for each in given if each.name == wanted], *spread]

    def _sunk(
        self,
        sink: Sink,
        name: str,
        receiver: Value | None,
        given: Sequence[Given],
        span: Span,
    ) -> None:
        named = {each.name: each.value for each in given if each.name}
        for key, wanted in sink.needs.items():
            only = named[key].constant if key in named else None
            if key not in named or (only is not None and only.value != wanted):
                return
        shell = named.get(sink.unless_shell_off) if sink.unless_shell_off else None
        by_shell = shell is not None and self.truth(shell) is not False
        for wanted in sink.arguments:
            for value in self._wanted(wanted, receiver, given):
                listed = sink.only_text or (sink.unless_shell_off and not by_shell)
                if listed and self._is_list(value):
                    continue
                reached = with_traces(value, self.deep_traces(value))
                self.met(span, sink, value, reached.traces)
                self.report(sink, reached, span, name.rpartition(".")[2].removesuffix("()"))

    def _is_list(self, value: Value) -> bool:
        """Whether a value is surely a list or tuple."""
        if value.open or value.known or value.targets or not value.refs:
            return False
        return all(self.thing(address).kind in ("list", "tuple") for address in value.refs)

    def _call_back(
        self, effect: Effect, receiver: Value | None, given: Sequence[Given], span: Span
    ) -> None:
        """Functions that are given are called with what is passed."""
        for wanted in effect.calls:
            functions = self._wanted(wanted, None, given)
            sources = [
                s
                for each in effect.passes or ("self", "*")
                for s in self._wanted(each, receiver, given)
            ]
            traces = [t for value in sources for t in self.deep_traces(value)]
            elements = joined(self.any_item(value) for value in sources if value.refs)
            handed = join(self.made_of(traces, *sources), elements)
            for function in functions:
                if function.targets:
                    self.call_value(function, [Given(handed, span), Given(UNKNOWN, span)], span)

    def _write_into(self, effect: Effect, receiver: Value | None, given: Sequence[Given]) -> None:
        """Arguments that take in what is passed."""
        for wanted in effect.fills:
            if wanted == "self":
                continue
            taken = [t for each in given for t in self.deep_traces(each.value)]
            for value in self._wanted(wanted, receiver, given):
                for address in value.refs:
                    self.set(address, None, tainted(taken))


def _cleaned(made: Value, kinds: frozenset[str]) -> Value:
    """A result that cannot do these kinds of harm. Of data that can do none at all nothing is told;
    that it was not from outside is not told either.
    """
    if "*" in kinds:
        return replace(made, traces=(), harmless=NO_KIND) if made.traces else made
    traces = tuple(replace(trace, clean=trace.clean | kinds) for trace in made.traces)
    is_known = "*" in made.harmless or not (made.open or made.targets)
    harmless = made.harmless if is_known else made.harmless | kinds
    return replace(made, traces=traces, harmless=harmless)
