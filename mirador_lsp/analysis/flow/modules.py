"""Runs a whole program: the module, and every function that somebody may call."""

from collections.abc import Iterator, Mapping, Sequence

from mirador_lsp.analysis.flow.contract import (
    Budget,
    Knowledge,
    Modules,
    Sink,
    Source,
    Strength,
)
from mirador_lsp.analysis.flow.evaluate import Given
from mirador_lsp.analysis.flow.heap import Key, State, Thing, in_order
from mirador_lsp.analysis.flow.imports import Imports
from mirador_lsp.analysis.flow.machine import Frame, SpentError
from mirador_lsp.analysis.flow.nodes import named_inside
from mirador_lsp.analysis.flow.origins import Interludes
from mirador_lsp.analysis.flow.values import (
    ALL_KINDS,
    UNKNOWN,
    Closure,
    External,
    Value,
    join,
    reference,
    tainted,
    target,
)
from mirador_lsp.core.text import Span
from mirador_lsp.syntax import expressions as ir
from mirador_lsp.syntax import program as st
from mirador_lsp.syntax.expressions import Statement
from mirador_lsp.syntax.program import Program

_NOWHERE = Span(0, 0)
_LONG = 8_000
"""Steps of a function that has to wait."""
_OWN = frozenset({"self", "cls"})
_HARMLESS = frozenset({"int", "float", "bool"})
"""Types of parameters that hold no text."""


class Runner(Imports):
    """Enters functions."""

    def __init__(
        self, knowledge: Knowledge, budget: Budget, modules: Modules | None, language: str
    ) -> None:
        super().__init__(knowledge, budget, modules, language)
        self._objects: dict[tuple[int, int], tuple[Value, State]] = {}
        """An object of each class that methods are run on, with what holds once it is made: by the
        state it is made in and its class.
        """
        self._interludes = Interludes()
        self._long: list[tuple[Closure, Value | None]] = []
        """Functions that took too long to be run before the others."""

    def run_all(self, program: Program) -> None:
        """Run the module, then every function that nobody in it calls."""
        scope = self.module(program, "")
        after = self.live.copy()
        # What the module itself calls, as a `main` does, somebody else may call as well.
        self.reached = set()
        named = named_inside(program.body)
        entered: set[int] = set()
        entries = list(self._entries(scope, after))
        waiting: list[tuple[Closure, Value | None]] = []
        for closure, receiver in entries:
            with self.in_frame(Frame(closure.scope, closure.file)):
                outside = self._outside(closure)
            if closure.function.name in named and outside is None:
                waiting.append((closure, receiver))
            else:
                entered.add(id(closure.function))
                self._begin(closure, receiver, after)
        for closure, receiver in self._long:
            self._enter(closure, receiver, after)
        for closure, receiver in waiting:
            # Whoever mentions it was run: then it is called as it should be, or never.
            callers = named[closure.function.name]
            if id(closure.function) not in self.reached and not callers & (entered | self.reached):
                entered.add(id(closure.function))
                self._enter(closure, receiver, after)

    def _begin(self, closure: Closure, receiver: Value | None, after: State) -> None:
        """Run a function as `_enter` does, as long as that is not long: one that is waits until the
        others were run, so that it does not take the steps of all.
        """
        try:
            with self.limited(_LONG):
                self._enter(closure, receiver, after)
        except SpentError:
            if self.spent:
                raise
            self._long.append((closure, receiver))

    def hoist(self, body: Sequence[Statement]) -> None:
        """See `Calling`."""
        if self.language == "python":
            return
        for statement in body:
            inner = statement.value if isinstance(statement, st.Define) else None
            if isinstance(inner, ir.Function):
                made = target(Closure(inner, self.frame.scope, self.frame.file))
                self.set(self.frame.scope, inner.name, made)

    def _entries(self, scope: int, after: State) -> Iterator[tuple[Closure, Value | None]]:
        """The functions of a module and the methods of its classes, in the order of the text."""
        found: list[tuple[Closure, Value | None]] = []
        seen: set[int] = set()
        for value in fields_of(after, scope).values():
            found += self._functions_of(value, after, seen)
        found.sort(key=lambda each: each[0].function.span)
        yield from found

    def _functions_of(
        self, value: Value, after: State, seen: set[int]
    ) -> Iterator[tuple[Closure, Value | None]]:
        for each in value.targets:
            if isinstance(each, Closure) and not each.file and id(each.function) not in seen:
                seen.add(id(each.function))
                yield each, None
        for address in value.refs:
            thing = after.get(address)
            if thing is None or thing.kind not in ("class", "dict") or address in seen:
                continue
            seen.add(address)
            for member in thing.fields.values():
                for each in member.targets:
                    if not isinstance(each, Closure) or each.file or id(each.function) in seen:
                        continue
                    seen.add(id(each.function))
                    yield each, reference(address) if thing.kind == "class" else None

    def _outside(self, closure: Closure) -> Source | None:
        """Whether somebody from outside calls a function: a route, a handler."""
        decorators = [self._dotted(each) for each in closure.function.decorators]
        bases: list[str] = []
        if closure.owner is not None:
            bases = sorted(
                each.name
                for address in self.lineage_of(closure.owner)
                for base in self.thing(address).bases
                for each in base.targets
                if isinstance(each, External)
            )
        return self.knowledge.entry([name for name in decorators if name], bases)

    def _dotted(self, node: ir.Expression) -> str:
        """The full name of what decorates, without its arguments."""
        if isinstance(node, ir.Call):
            return self._dotted(node.function)
        if isinstance(node, ir.Attribute):
            above = self._dotted(node.value)
            return f"{above}.{node.name}" if above else node.name
        if isinstance(node, ir.Name):
            names = [e.name for e in self.lookup(node.name).targets if isinstance(e, External)]
            return names[0] if names else node.name
        return ""

    def _enter(self, closure: Closure, owner: Value | None, after: State) -> None:
        """Run a function as somebody would who may give it anything."""
        self.state = self._interludes.after(after)
        outer = Frame(closure.scope, closure.file)
        with self.in_frame(outer):
            outside = self._outside(closure)
            receiver: Value | None = None
            if owner is not None and closure.how not in ("static", "class"):
                receiver = self._some_object(owner, after)
            elif owner is not None and closure.how == "class":
                receiver = owner
            given = [
                Given(self._anything(parameter, outside), parameter.span, parameter.name)
                for parameter in self._fillable(closure, receiver)
            ]
            self._others_had = self._next
            answer = self.inline(closure, given, receiver, _NOWHERE)
            if outside is not None and outside.answers is not None:
                self._answered(outside.answers, answer)

    def _answered(self, sink: Sink, answer: Value) -> None:
        """What a handler returns goes out, where its last step was: text, or one with a status."""
        values = [answer]
        for address in sorted(answer.refs):
            items = in_order(self.thing(address))
            values += items[:1] if items and self.thing(address).kind == "tuple" else []
        for value in values:
            for trace in value.traces:
                # What an unknown call makes of data may be anything but a page.
                if trace.certain and not value.refs:
                    last = trace.steps[-1] if trace.steps else trace.source
                    self.report(sink, tainted([trace]), last.span, "")

    def _some_object(self, cls: Value, after: State) -> Value:
        """An object of a class, made with nothing that comes from outside."""
        address = cls.ref
        if address is None:
            return UNKNOWN
        kept = self._objects.get((id(after), address))
        if kept is not None:
            self.state = kept[1].copy()
            return kept[0]
        made = self._new_object(address, cls, after)
        held = self._interludes.after(self.live)
        self._objects[id(after), address] = made, held
        self.state = held.copy()
        return made

    def _new_object(self, address: int, cls: Value, after: State) -> Value:
        starter = self.find(address, "__init__") or self.find(address, "constructor")
        closures = [e for e in starter.targets if isinstance(e, Closure)] if starter else []
        given: list[Given] = []
        for each in closures[:1]:
            names = [p for p in each.function.parameters[1:] if p.takes is ir.Takes.ONE]
            given = [Given(UNKNOWN, _NOWHERE, p.name) for p in names if p.name]
        before = set(self.reached)
        made = self.instantiate(address, given, _NOWHERE)
        self.reached = before
        if self.state is None:
            self.state = after.copy()
            return self.make(Thing("instance", cls=cls))
        return made

    def _fillable(self, closure: Closure, receiver: Value | None) -> list[ir.Parameter]:
        parameters = list(closure.function.parameters)
        if receiver is not None and self.language == "python" and closure.how != "static":
            parameters = parameters[1:]
        return [each for each in parameters if each.name and each.name not in _OWN]

    def _anything(self, parameter: ir.Parameter, outside: Source | None) -> Value:
        """What a parameter may be when anybody calls."""
        kind = parameter.annotation.strip().strip("'\"")
        if kind in _HARMLESS:
            return UNKNOWN  # nobody says that it is from outside, or that it is not
        what = f"the parameter `{parameter.name}`"
        weak = outside is None or outside.strength is Strength.WEAK
        if outside is not None:
            what = f"{outside.what} (`{parameter.name}`)"
        value = tainted([self.source(parameter.span, what, weak=weak)], ALL_KINDS)
        if parameter.takes is ir.Takes.ONE and parameter.default is not None:
            value = join(value, self.evaluate(parameter.default))
        return value


def fields_of(state: State, scope: int) -> Mapping[Key, Value]:
    """What is in a scope then; nothing where it is not there."""
    held = state.get(scope)
    return held.fields if held is not None else {}
