"""Calls: into functions of the program, and to what is known of libraries."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from mirador_lsp.analysis.flow.contract import Budget, Knowledge, Modules
from mirador_lsp.analysis.flow.effects import Effects
from mirador_lsp.analysis.flow.evaluate import Given
from mirador_lsp.analysis.flow.heap import State, Thing, join_states, sequence
from mirador_lsp.analysis.flow.machine import Frame
from mirador_lsp.analysis.flow.nodes import makes_functions
from mirador_lsp.analysis.flow.values import (
    NOTHING,
    UNKNOWN,
    Bound,
    Closure,
    External,
    Known,
    Value,
    constant,
    join,
    joined,
    reference,
    tainted,
)
from mirador_lsp.core.text import Span
from mirador_lsp.syntax import expressions as ir

_MOST_CANDIDATES = 6
_FILLING = frozenset(
    {"append", "add", "extend", "insert", "push", "unshift", "update", "appendleft", "writelines"}
)
"""Methods by which a thing takes in what it is given, whoever defines them."""
_OWN_TYPES = frozenset({"list", "tuple", "set", "dict"})
_SELF_CALLS = 2
"""How often a function may be in its own way before its result is only guessed."""


class Calling(Effects):
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
            values = [each.value for each in given]
            taken = [trace for value in values for trace in self.deep_traces(value)]
            self.taint(function.value, self.made_of(taken, *values))

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
            partial(self._call_target, each, given, span, function)
            for each in sorted(function.targets, key=_order)
        ]
        ways += [partial(self._call_thing, each, given, span) for each in sorted(function.refs)]
        if not ways:
            self.may_raise()
            traces = [*function.traces, *(t for g in given for t in self.deep_traces(g.value))]
            self._touched(given)
            return tainted(trace.guessed for trace in traces)
        made = self._any_way(ways[:_MOST_CANDIDATES])
        others = len(ways) > _MOST_CANDIDATES or (function.open and not function.harmless)
        return join(made, UNKNOWN) if others and _may_be_own(function) else made

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
        function: Value,
    ) -> Value:
        if isinstance(what, Closure):
            return self.inline(what, given, None, span)
        if isinstance(what, External):
            # A method of something outside that holds data: `request.args.get("name").strip()`.
            held = function.traces
            receiver = tainted(held, function.harmless) if held else None
            made = self.external_call(what.name, receiver, given, span)
            return self.own_result(made, function, given)
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
            made = self._of_own_type(receiver, given) if effect is None else None
        return self.affected(effect, name, receiver, given, span, made)

    def _of_own_type(self, receiver: Value, given: Sequence[Given]) -> Value | None:
        """What some method of the language's own types gives, whatever it does; None of others."""
        kinds = {self.thing(address).kind for address in receiver.refs}
        if kinds - _OWN_TYPES or "*" not in receiver.surely_harmless or receiver.nothing:
            return None
        values = [each.value for each in given]
        traces = [t for value in (receiver, *values) for t in self.deep_traces(value)]
        made = self.made_of((trace.guessed for trace in traces), receiver, *values)
        self._touched(given)
        if kinds and (made.traces or "*" not in self.harmless_of(*values)):
            # It may have taken them in.
            self.let_go(None)
        return made

    @abstractmethod
    def method(
        self, receiver: Value, name: str, given: Sequence[Given], span: Span
    ) -> Value | None:
        """What methods of the language's own types give; None for any other."""


def _may_be_own(function: Value) -> bool:
    """Whether it may be a function of the program."""
    called = (e.function if isinstance(e, Bound) else e for e in function.targets)
    return bool(function.refs) or any(isinstance(each, Closure) for each in called)


def _order(what: Closure | External | Bound) -> tuple[str, int, str]:
    if isinstance(what, External):
        return "external", 0, what.name
    if isinstance(what, Closure):
        return "closure", what.function.span.start, what.file
    inner = what.function
    if isinstance(inner, Closure):
        return "method", inner.function.span.start, inner.file
    return "method", 0, inner.name if isinstance(inner, External) else inner
