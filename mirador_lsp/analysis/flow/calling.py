"""Calls: into functions of the program, and to what is known of libraries."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from mirador_lsp.analysis.flow.contract import Budget, Effect, Knowledge, Modules, Sink
from mirador_lsp.analysis.flow.evaluate import Given
from mirador_lsp.analysis.flow.heap import TOUCHED, State, Thing, join_states, sequence
from mirador_lsp.analysis.flow.machine import Frame
from mirador_lsp.analysis.flow.nodes import makes_functions
from mirador_lsp.analysis.flow.parameters import Parameters
from mirador_lsp.analysis.flow.values import (
    NOTHING,
    UNKNOWN,
    Bound,
    Closure,
    External,
    Known,
    Trace,
    Value,
    constant,
    join,
    joined,
    reference,
    tainted,
    with_traces,
)
from mirador_lsp.core.text import Span
from mirador_lsp.syntax import expressions as ir

_MOST_CANDIDATES = 6
_FILLING = frozenset(
    {"append", "add", "extend", "insert", "push", "unshift", "update", "appendleft", "writelines"}
)
"""Methods by which a thing takes in what it is given, whoever defines them."""
_FILLABLE = frozenset({"list", "set", "dict"})
_SELF_CALLS = 2
"""How often a function may be in its own way before its result is only guessed."""


class Calling(Parameters):
    """Calls things."""

    def __init__(
        self, knowledge: Knowledge, budget: Budget, modules: Modules | None, language: str
    ) -> None:
        super().__init__(knowledge, budget, modules, language)
        self._keepers: dict[int, bool] = {}

    def _call(self, node: ir.Call) -> Value:
        function = self.evaluate(node.function)
        given = self._given(node)
        if self.state is None:
            return NOTHING
        value = self.call_value(function, given, node.span)
        if isinstance(node.function, ir.Attribute) and not function.refs:
            self._filled(node.function, given)
        return value

    def _filled(self, function: ir.Attribute, given: Sequence[Given]) -> None:
        """A method of something unknown may keep what it is given: `lines.append(data)`."""
        effect = self.knowledge.of_method(function.name)
        fills = effect is not None and "self" in effect.fills
        if fills or function.name in _FILLING:
            taken = [trace for each in given for trace in self.deep_traces(each.value)]
            self.taint(function.value, tainted(taken))

    def _given(self, node: ir.Call) -> list[Given]:
        given: list[Given] = []
        for argument in node.arguments:
            value = self.evaluate(argument.value)
            span = argument.value.span
            if argument.spread is ir.Spread.NONE:
                given.append(Given(value, span, argument.name, node=argument.value))
            elif argument.spread is ir.Spread.ITEMS:
                items = self.items_of(value)
                many = [Given(self.any_item(value), span, many=True)]
                given += [Given(each, span) for each in items] if items is not None else many
            else:
                given += self._named_of(value, span)
        return given

    def _named_of(self, value: Value, span: Span) -> list[Given]:
        found: list[Given] = []
        for address in sorted(value.refs):
            thing = self.thing(address)
            for key, held in thing.fields.items():
                if isinstance(key, Known) and isinstance(key.value, str):
                    found.append(Given(held, span, key.value))
            if not thing.rest.nothing:
                found.append(Given(thing.rest, span, "**", many=True))
        if value.traces:
            found.append(Given(tainted(value.traces), span, "**", many=True))
        return found

    def call_value(self, function: Value, given: Sequence[Given], span: Span) -> Value:
        """See `Evaluator`."""
        self.step()
        if self.state is None:
            return NOTHING
        ways: list[Callable[[], Value]] = [
            partial(self._call_target, each, given, span, function.traces)
            for each in sorted(function.targets, key=_order)
        ]
        ways += [partial(self._call_thing, each, given, span) for each in sorted(function.refs)]
        if not ways:
            self.may_raise()
            traces = [*function.traces, *(t for g in given for t in self.deep_traces(g.value))]
            return tainted(trace.guessed for trace in traces)
        return self._any_way(ways[:_MOST_CANDIDATES])

    def _any_way(self, ways: Sequence[Callable[[], Value]]) -> Value:
        """Whichever of them is taken."""
        if len(ways) == 1:
            return ways[0]()
        before = self.forked()
        after: State | None = None
        results: list[Value] = []
        for way in ways:
            self.state = before.copy()
            results.append(way())
            after = join_states(after, self.state)
        self.state = after
        return joined(results)

    def _call_target(
        self,
        what: Closure | External | Bound,
        given: Sequence[Given],
        span: Span,
        held: Sequence[Trace],
    ) -> Value:
        if isinstance(what, Closure):
            return self.inline(what, given, None, span)
        if isinstance(what, External):
            # A method of something outside that holds data: `request.args.get("name").strip()`.
            receiver = replace(tainted(held), open=True) if held else None
            return self.external_call(what.name, receiver, given, span)
        if isinstance(what.function, Closure):
            return self.inline(what.function, given, what.receiver, span)
        if isinstance(what.function, External):
            return self.external_call(what.function.name, what.receiver, given, span)
        return self.method_call(what.receiver, what.function, given, span)

    def _call_thing(self, address: int, given: Sequence[Given], span: Span) -> Value:
        thing = self.thing(address)
        if thing.kind == "class":
            return self.instantiate(address, given, span)
        method = self.attribute(reference(address), "__call__", span, quiet=True)
        if method.targets:
            return self.call_value(method, given, span)
        traces = [t for each in given for t in self.deep_traces(each.value)]
        return tainted(trace.guessed for trace in traces)

    def inline(
        self, closure: Closure, given: Sequence[Given], receiver: Value | None, span: Span
    ) -> Value:
        """Run a function of the program with these arguments."""
        function = closure.function
        self.reached.add(id(function))
        own = sum(1 for f in self.frames if f.closure and f.closure.function is function)
        if own >= _SELF_CALLS or len(self.frames) > self.budget.depth:
            return self.guessed_call(given, receiver)
        name = function.name or "a function"
        passed = list(given)
        if span.end:  # else nobody calls it in the program
            passed = [
                replace(each, value=self.on(each.value, each.span, f"given to `{name}`"))
                if each.value.traces
                else each
                for each in given
            ]
        scope = self.scope(closure.scope)
        frame = Frame(scope, closure.file, closure, called=span if span.end else None)
        with self.in_frame(frame):
            self.bind_parameters(closure, passed, receiver)
            self.hoist(function.body)
            self.run(function.body)
            if self.state is not None:
                frame.returned = join(frame.returned, constant(None))
            self.state = join_states(self.state, frame.after)
        if not self._keeps_scope(function):
            self.forget(scope)
        if function.is_generator and self.state is not None:
            return self._generated(frame, span)
        return frame.returned

    def guessed_call(self, given: Sequence[Given], receiver: Value | None) -> Value:
        """The result of a function that is not looked into: anything of what it is given."""
        self.may_raise()
        traces = [t for each in given for t in self.deep_traces(each.value)]
        traces += list(self.deep_traces(receiver)) if receiver is not None else []
        return tainted(trace.guessed for trace in traces)

    def _keeps_scope(self, function: ir.Function) -> bool:
        """Whether something that is made in a function may outlive its call and see its names."""
        known = self._keepers.get(id(function))
        if known is None:
            known = self._keepers[id(function)] = makes_functions(function.body)
        return known

    def hoist(self, body: Sequence[ir.Statement]) -> None:
        """Functions that are there before the first statement runs, as in JavaScript."""

    def _generated(self, frame: Frame, span: Span) -> Value:
        if self.vague or len(frame.yields) > 32:
            return self.make(Thing("generator", rest=joined(frame.yields)), span)
        return self.make(sequence("generator", frame.yields), span)

    def external_call(
        self, name: str, receiver: Value | None, given: Sequence[Given], span: Span
    ) -> Value:
        """Call something outside of the program by its full name."""
        effect = self.knowledge.of(name)
        if effect is None and "." in name:
            effect = self.knowledge.of_method(name.rpartition(".")[2])
        made = self.builtin(name, given, span)
        if made is None and receiver is not None and self.knowledge.of(name) is None:
            made = self.method(receiver, name.rpartition(".")[2], given, span)
        if made is None:
            self.may_raise()
        return self.affected(effect, name, receiver, given, span, made)

    @abstractmethod
    def builtin(self, name: str, given: Sequence[Given], span: Span) -> Value | None:
        """What the language's own functions give; None for any other."""

    def method_call(self, receiver: Value, name: str, given: Sequence[Given], span: Span) -> Value:
        """Call a method that nobody defines in the program."""
        effect = self.knowledge.of_method(name)
        made = self.method(receiver, name, given, span)
        if made is None:
            self.may_raise()
        return self.affected(effect, name, receiver, given, span, made)

    @abstractmethod
    def method(
        self, receiver: Value, name: str, given: Sequence[Given], span: Span
    ) -> Value | None:
        """What methods of the language's own types give; None for any other."""

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
        if effect is None:
            return made
        if effect.cleans:
            kinds = effect.cleans
            kept = () if "*" in kinds else made.traces
            traces = tuple(replace(trace, clean=trace.clean | kinds) for trace in kept)
            made = replace(made, traces=traces)
        if effect.sources:
            sources = [self.source(span, s.what, weak=s.strength == "weak") for s in effect.sources]
            made = replace(with_traces(made, sources), open=True)
        return made

    def _touched(self, given: Sequence[Given]) -> None:
        """Whoever is not known may put anything into what it is given. Nobody says that it comes
        from outside; but what is in it is not known any more. What is compared with it still is:
        lists of what is allowed are handed to many, and nobody adds to them.
        """
        for each in given:
            for address in each.value.refs:
                thing = self.thing(address)
                if thing.kind in _FILLABLE and not thing.rest.open:
                    self.put(address, replace(thing, rest=join(thing.rest, TOUCHED)))

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
        made = Value(open=True, traces=with_traces(NOTHING, traces).traces)
        full = f"{name}()"
        if "." in name or effect is not None:
            return replace(made, targets=frozenset({External(full)})) if len(full) < 160 else made
        return made

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
                self.met(span, sink, reached)
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
            handed = join(tainted(traces), elements)
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


def _order(what: Closure | External | Bound) -> tuple[str, int, str]:
    if isinstance(what, External):
        return "external", 0, what.name
    if isinstance(what, Closure):
        return "closure", what.function.span.start, what.file
    inner = what.function
    if isinstance(inner, Closure):
        return "method", inner.function.span.start, inner.file
    return "method", 0, inner.name if isinstance(inner, External) else inner
