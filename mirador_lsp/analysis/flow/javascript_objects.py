"""What JavaScript does with objects: `new`, prototypes, `super`, promises, functions handed on."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from mirador_lsp.analysis.flow.contract import Budget, Knowledge, Modules, Sink, Source, Strength
from mirador_lsp.analysis.flow.evaluate import Given
from mirador_lsp.analysis.flow.heap import Key, Thing, join_states, remove
from mirador_lsp.analysis.flow.javascript_evaluation import JavaScriptEvaluation, is_missing
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
    target,
    with_traces,
)
from mirador_lsp.core.text import Span
from mirador_lsp.syntax import expressions as ir
from mirador_lsp.syntax import program as st

_WAITING = frozenset({"then", "catch", "finally"})
ANSWERS = frozenset(
    {
        *("res", "response", "reply", "resp", "next", "err", "error", "done", "callback", "cb"),
        *("resolve", "reject", "_", "__", "_res", "_next", "e"),
    }
)
"""Parameters by whose names a framework gives what is not from outside."""
_LISTENING = frozenset({"on", "once", "addListener", "addEventListener", "subscribe"})
_SENDING = frozenset({"send", "write", "end"})
_STREAMS = frozenset(
    {
        *("process", "stdout", "stderr", "stdin", "socket", "sock", "stream", "fs", "file", "ws"),
        *("conn", "connection", "client", "child", "proc", "worker", "port", "hash", "logger"),
        *("log", "writer", "out", "output", "parser", "pipe", "tty", "terminal", "encoder", "zip"),
    }
)
REQUESTS = frozenset({"req", "request", "_req"})


class JavaScriptObjects(JavaScriptEvaluation):
    """Calls and members of JavaScript."""

    def __init__(
        self, knowledge: Knowledge, budget: Budget, modules: Modules | None, language: str
    ) -> None:
        super().__init__(knowledge, budget, modules, language)
        self.runs: Counter[int] = Counter()
        """How often each function was run, by identity."""
        self._listeners: dict[str, list[tuple[Closure, Value | None]]] = {}
        """What waits for an event, by its name."""
        self._called: ir.Expression | None = None
        """What is called now, as it is written."""

    def inline(
        self, closure: Closure, given: Sequence[Given], receiver: Value | None, span: Span
    ) -> Value:
        """See `Calling`."""
        self.runs[id(closure.function)] += 1
        return super().inline(closure, given, receiver, span)

    def _call(self, node: ir.Call) -> Value:
        called = node.function
        if isinstance(called, ir.Name) and called.name == "super":
            return self._call_base(self._given(node), node.span)
        if isinstance(called, ir.Attribute) and called.name in _WAITING and not node.new:
            return self._wait(node, called)
        function = self.evaluate(called)
        given = self._given(node)
        if self.state is None:
            return NOTHING
        before = self.runs.copy() if any(each.value.targets for each in given) else self.runs
        self._called = called
        if node.new:
            value = self._construct(function, given, node.span)
        else:
            value = self.call_value(function, given, node.span)
        if isinstance(called, ir.Attribute) and not function.refs:
            self._filled(called, given)
        self._emit(called, given)
        if before is not self.runs:
            self._hand(called, function, given, value, before)
        return value

    def external_call(
        self, name: str, receiver: Value | None, given: Sequence[Given], span: Span
    ) -> Value:
        """See `Calling`. What a library gives is known by who gave it."""
        made = super().external_call(name, receiver, given, span)
        if made.open and not made.targets and not made.refs and not made.known:
            return replace(made, targets=frozenset({External(f"{name}()")}))
        return made

    def call_value(self, function: Value, given: Sequence[Given], span: Span) -> Value:
        """See `Evaluator`. A method of what a library gave has that in its hands."""
        names = [each.name for each in function.targets if isinstance(each, External)]
        alone = len(names) == len(function.targets) == 1 and not function.refs
        if alone and function.traces and self.knowledge.of(names[0]) is None and "." in names[0]:
            receiver = tainted(function.traces)
            return self.method_call(receiver, names[0].rpartition(".")[2], given, span)
        return super().call_value(function, given, span)

    def _sunk(
        self,
        sink: Sink,
        name: str,
        receiver: Value | None,
        given: Sequence[Given],
        span: Span,
    ) -> None:
        last = name.rpartition(".")[2]
        # Sockets and streams are written to as well, but no browser shows that as a page.
        if sink.kind != "xss" or last not in _SENDING or not _is_stream(self._called):
            super()._sunk(sink, name, receiver, given, span)

    # Functions that are handed on

    def _hand(
        self,
        called: ir.Expression,
        function: Value,
        given: Sequence[Given],
        value: Value,
        before: "Counter[int]",
    ) -> None:
        """Whoever takes a function and did not call it may do so later."""
        names = sorted({e.name for e in function.targets if isinstance(e, External)})
        names.append(self._dotted(called))
        outside = self.knowledge.entry([name for name in names if name], [])
        brought = with_traces(value, function.traces).traces
        for each in given:
            for closure, receiver in _handed_on(each.value):
                self._listen(called, given, closure, receiver)
                if self.runs[id(closure.function)] == before[id(closure.function)]:
                    source = outside or self.handler_of(closure)
                    self._maybe_call(closure, self._handed(closure, source, brought), receiver)

    def _listen(
        self,
        called: ir.Expression,
        given: Sequence[Given],
        closure: Closure,
        receiver: Value | None,
    ) -> None:
        event = given[0].value.constant
        if event is not None and isinstance(called, ir.Attribute) and called.name in _LISTENING:
            waiting = self._listeners.setdefault(str(event.value), [])
            if all(each.function is not closure.function for each, _ in waiting):
                waiting.append((closure, receiver))

    def _emit(self, called: ir.Expression, given: Sequence[Given]) -> None:
        """`emitter.emit("event", data)`: whoever listens gets the data."""
        event = given[0].value.constant if given else None
        if event is None or not isinstance(called, ir.Attribute) or called.name != "emit":
            return
        for closure, receiver in self._listeners.get(str(event.value), ()):
            self._maybe_call(closure, given[1:], receiver)

    def _maybe_call(
        self, closure: Closure, given: Sequence[Given], receiver: Value | None
    ) -> Value:
        before = self.forked()
        made = self.inline(closure, given, receiver, closure.function.span)
        self.state = join_states(before, self.state)
        return made

    def _handed(
        self, closure: Closure, outside: Source | None, brought: Sequence[Trace]
    ) -> list[Given]:
        given: list[Given] = []
        for parameter in closure.function.parameters:
            value = UNKNOWN
            alone = outside is not None and len(closure.function.parameters) == 1
            if alone or parameter.name not in ANSWERS:
                if outside is not None:
                    what = (
                        f"{outside.what} (`{parameter.name}`)" if parameter.name else outside.what
                    )
                    weak = outside.strength is Strength.WEAK
                    value = tainted([self.source(parameter.span, what, weak=weak)])
                elif brought:
                    value = tainted(replace(t, certain=False) for t in brought)
            given.append(Given(value, parameter.span))
        return given

    def handler_of(self, closure: Closure) -> Source | None:
        """`(req, res) => …` is called by a server."""
        names = [parameter.name for parameter in closure.function.parameters[:2]]
        is_one = len(names) > 1 and names[0] in REQUESTS and names[1] in ANSWERS
        return Source("the request") if is_one else None

    # Promises

    def _wait(self, node: ir.Call, called: ir.Attribute) -> Value:
        """`promise.then(f)`: f is called with what the promise will be."""
        base = self.evaluate(called.value)
        given = self._given(node)
        own = self.attribute(base, called.name, called.span, quiet=True)
        if any(isinstance(e, Bound | Closure) for e in own.targets) or self.state is None:
            return self.call_value(own, given, node.span)
        handed = [each.value for each in given if each.value.targets or each.value.refs]
        if called.name == "then":
            made = (
                self.call_value(handed[0], [Given(base, called.span)], node.span)
                if handed
                else base
            )
            failed = handed[1:2]
        else:
            made, failed = base, handed[:1]
        for each in failed:
            before = self.forked()
            arguments = [] if called.name == "finally" else [Given(UNKNOWN, called.span)]
            other = self.call_value(each, arguments, node.span)
            self.state = join_states(before, self.state)
            made = made if called.name == "finally" else join(made, other)
        return made

    def promised(self, given: Sequence[Given], span: Span) -> Value:
        """`new Promise((resolve, reject) => …)` is what is resolved."""
        box = self.make(Thing("list", length=0), span)
        resolve = Given(target(Bound(box, "push")), span)
        for each in given[:1]:
            if each.value.targets:
                before = self.forked()
                self.call_value(each.value, [resolve, Given(UNKNOWN, span)], span)
                self.state = join_states(self.state, before) if self.state is None else self.state
        return self.any_item(box)

    # Classes and prototypes

    def _construct(self, function: Value, given: Sequence[Given], span: Span) -> Value:
        if any(isinstance(e, External) and e.name == "Promise" for e in function.targets):
            return self.promised(given, span)
        makers = [each for each in _closures(function) if each.function.binds_this]
        if not makers:
            return self.call_value(function, given, span)
        made = [self.instantiate(self.prototype_of(each), given, span) for each in makers]
        rest = replace(function, targets=function.targets - frozenset(makers))
        if rest.targets or rest.refs:
            made.append(self.call_value(rest, given, span))
        return joined(made)

    def prototype_of(self, closure: Closure) -> int:
        """The class that a function is, where it is used as one."""
        name = f"prototype of {closure.function.span.start}"
        held = self.thing(closure.scope).fields.get(name)
        if held is not None and held.ref is not None:
            return held.ref
        fields: dict[Key, Value] = {"constructor": target(closure)}
        (address,) = self.make(Thing("class", fields, name=closure.function.name)).refs
        self.set(closure.scope, name, reference(address))
        return address

    def attribute(self, value: Value, name: str, span: Span, *, quiet: bool = False) -> Value:
        """See `Evaluator`."""
        makers = [each for each in _closures(value) if each.function.binds_this]
        if name == "prototype":
            classes = [a for a in value.refs if self.thing(a).kind == "class"]
            classes += [self.prototype_of(each) for each in makers]
            if classes:
                return joined(reference(each) for each in classes)
        for each in makers:
            known = self.thing(each.scope).fields.get(f"prototype of {each.function.span.start}")
            if known is not None and known.ref is not None:
                found = self.thing(known.ref).fields.get(name)
                if found is not None:
                    return found
        if name in ("call", "apply", "bind") and not quiet and _callable(value):
            return target(Bound(value, name))
        return super().attribute(value, name, span, quiet=quiet)

    def set_attribute(self, holder: Value, name: str, value: Value, node: ir.Attribute) -> None:
        """See `Literals`."""
        makers = [each for each in _closures(holder) if each.function.binds_this]
        for each in makers:
            address = self.prototype_of(each)
            if name != "prototype":
                self.set(address, name, value)
                continue
            for other in value.refs:
                for key, held in self.named_fields(other):
                    self.set(address, key, held)
        if not makers or holder.refs or holder.open or len(makers) < len(holder.targets):
            super().set_attribute(holder, name, value, node)

    def named_fields(self, address: int) -> Iterator[tuple[str, Value]]:
        """The members of an object, whatever it is."""
        thing = self.thing(address)
        for key, held in list(thing.fields.items()):
            if isinstance(key, Known):
                yield str(key.value), held
            elif thing.kind in ("instance", "class"):
                yield key.removeprefix("."), held

    def _pick(self, node: ir.MappingPattern, value: Value, *, declares: bool) -> None:
        super()._pick(node, value, declares=declares)
        for entry in node.entries:
            if entry.default is None or not isinstance(entry.key, ir.Constant):
                continue
            name = str(entry.key.value)
            if value.refs and is_missing(self.attribute(value, name, node.span)):
                self.bind(entry.target, self.evaluate(entry.default), declares=declares)

    def delete(self, node: ir.Target) -> None:
        """See `Literals`."""
        if isinstance(node, ir.Attribute):
            for address in self.evaluate(node.value).refs:
                thing = remove(self.thing(address), f".{node.name}")
                self.put(address, remove(thing, Known("str", node.name)))
            return
        super().delete(node)

    def _attribute(self, node: ir.Attribute) -> Value:
        if isinstance(node.value, ir.Name) and node.value.name == "super":
            this = self.lookup("this")
            for base in self._bases():
                found = self.find(base, node.name)
                if found is not None:
                    return self._bound_to(found, this, reference(base), node.span)
        return super()._attribute(node)

    def _bases(self) -> Iterator[int]:
        for address in sorted(self.lookup("@class").refs):
            for base in map(self.base, self.thing(address).bases):
                yield from sorted(base.refs)
                yield from (self.prototype_of(each) for each in _closures(base))

    def _call_base(self, given: Sequence[Given], span: Span) -> Value:
        """`super(…)`."""
        this = self.lookup("this")
        for base in self._bases():
            maker = self.find(base, "constructor")
            if maker is not None:
                bound = joined(target(Bound(this, each)) for each in _closures(maker))
                self.call_value(bound, given, span)
                return constant(None)
        taken = [t for each in given for t in self.deep_traces(each.value)]
        for address in this.refs:
            if taken:
                self.set(address, None, tainted(replace(t, certain=False) for t in taken))
        return constant(None)

    def _assign(self, node: st.Assign) -> None:
        super()._assign(node)
        name = node.target.name if isinstance(node.target, ir.Name) else ""
        effect = self.knowledge.of(f"{name}=") if name and not node.declares else None
        if effect is not None:
            value = self.lookup(name)
            for sink in effect.sinks:
                self.report(sink, value, node.target.span, name)


def _closures(value: Value) -> list[Closure]:
    return [each for each in value.targets if isinstance(each, Closure)]


def _callable(value: Value) -> bool:
    """Whether it is a function for all that is known."""
    named = all("()" not in each.name for each in value.targets if isinstance(each, External))
    return bool(value.targets) and named and not value.traces


def _is_stream(called: ir.Expression | None) -> bool:
    """`process.stdout.write`: whether what is written to is no page, by its name."""
    at = called
    while isinstance(at, ir.Attribute | ir.Call | ir.Subscript):
        if isinstance(at, ir.Attribute) and at.name.lower() in _STREAMS:
            return True
        at = at.function if isinstance(at, ir.Call) else at.value
    return isinstance(at, ir.Name) and at.name.lower() in _STREAMS


def _handed_on(value: Value) -> list[tuple[Closure, Value | None]]:
    """Functions of the program in a value, methods with whose they are."""
    found: list[tuple[Closure, Value | None]] = [(each, None) for each in _closures(value)]
    found += [
        (each.function, each.receiver)
        for each in value.targets
        if isinstance(each, Bound) and isinstance(each.function, Closure)
    ]
    return sorted(found, key=lambda pair: pair[0].function.span)
