"""What JavaScript does with objects: `new`, prototypes, `super`, promises, functions handed on."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mirador_lsp.analysis.flow.evaluate import Given
from mirador_lsp.analysis.flow.heap import Key, Thing, join_states, remove
from mirador_lsp.analysis.flow.javascript_evaluation import is_missing
from mirador_lsp.analysis.flow.javascript_handing import JavaScriptHanding, closures_of
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
    target,
)
from mirador_lsp.core.text import Span
from mirador_lsp.syntax import expressions as ir
from mirador_lsp.syntax import program as st

_WAITING = frozenset({"then", "catch", "finally"})


class JavaScriptObjects(JavaScriptHanding):
    """Calls and members of JavaScript."""

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
            around, self.known_as = self.known_as, names[0]
            try:
                return self.method_call(receiver, names[0].rpartition(".")[2], given, span)
            finally:
                self.known_as = around
        return super().call_value(function, given, span)

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
        makers = [each for each in closures_of(function) if each.function.binds_this]
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
        makers = [each for each in closures_of(value) if each.function.binds_this]
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
        makers = [each for each in closures_of(holder) if each.function.binds_this]
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
                yield from (self.prototype_of(each) for each in closures_of(base))

    def _call_base(self, given: Sequence[Given], span: Span) -> Value:
        """`super(…)`."""
        this = self.lookup("this")
        for base in self._bases():
            maker = self.find(base, "constructor")
            if maker is not None:
                bound = joined(target(Bound(this, each)) for each in closures_of(maker))
                self.call_value(bound, given, span)
                return constant(None)
        taken = [t for each in given for t in self.deep_traces(each.value)]
        for address in this.refs:
            if taken:
                self.set(address, None, tainted(t.guessed for t in taken))
        return constant(None)

    def _assign(self, node: st.Assign) -> None:
        super()._assign(node)
        name = node.target.name if isinstance(node.target, ir.Name) else ""
        effect = self.knowledge.of(f"{name}=") if name and not node.declares else None
        if effect is not None:
            value = self.lookup(name)
            for sink in effect.sinks:
                self.report(sink, value, node.target.span, name)


def _callable(value: Value) -> bool:
    """Whether it is a function for all that is known."""
    named = all("()" not in each.name for each in value.targets if isinstance(each, External))
    return bool(value.targets) and named and not value.traces
