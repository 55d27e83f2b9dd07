"""Attributes, classes and what they make."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mirador_lsp.analysis.flow.contract import Purity
from mirador_lsp.analysis.flow.evaluate import Given
from mirador_lsp.analysis.flow.execute import Executor
from mirador_lsp.analysis.flow.heap import Thing, read
from mirador_lsp.analysis.flow.values import (
    ALL_KINDS,
    NOTHING,
    Bound,
    Closure,
    External,
    Known,
    Pending,
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

_LONGEST_NAME = 160
_DATACLASS = "@dataclass"
_DECORATORS = {
    "staticmethod": "static",
    "classmethod": "class",
    "property": "property",
    "functools.cached_property": "property",
    "abc.abstractproperty": "property",
}
_RECORDS = frozenset(
    {"dataclasses.dataclass", "dataclass", "attr.s", "attr.define", "attrs.define"}
)
_RECORD_BASES = frozenset({"typing.NamedTuple", "pydantic.BaseModel", "NamedTuple"})


class Objects(Executor):
    """What things have."""

    def attribute(self, value: Value, name: str, span: Span, *, quiet: bool = False) -> Value:
        """See `Evaluator`."""
        found = [self._of_thing(address, name, span, quiet=quiet) for address in sorted(value.refs)]
        outside = [each for each in value.targets if isinstance(each, External)]
        found += [self.attribute_of_external(each, name, value, span) for each in outside]
        if quiet:
            return joined(found)
        if value.known or len(outside) < len(value.targets):
            found.append(target(Bound(value, name)))
        if value.open and not outside:
            some = Value(open=True, traces=value.traces, harmless=value.harmless)
            bound = frozenset({Bound(some, name)})
            found.append(Value(frozenset(), frozenset(), bound, True, value.traces, value.harmless))  # noqa: FBT003 — open
        return joined(found)

    def attribute_of_external(self, what: External, name: str, value: Value, span: Span) -> Value:
        """An attribute of something outside of the program."""
        full = f"{what.name}.{name}"
        if len(full) > _LONGEST_NAME:
            return tainted(value.traces, value.harmless)
        made = Value(
            targets=frozenset({External(full)}),
            open=bool(value.traces),
            traces=value.traces,
            harmless=value.harmless,
        )
        effect = self.knowledge.of(full)
        if effect is not None and effect.sources:
            traces = [self.source(span, s.what, weak=s.strength == "weak") for s in effect.sources]
            return with_traces(replace(made, open=True, harmless=ALL_KINDS), traces)
        if effect is not None and effect.pure is not Purity.NO:
            return replace(made, harmless=ALL_KINDS)
        return made

    def _of_thing(self, address: int, name: str, span: Span, *, quiet: bool) -> Value:
        thing = self.thing(address)
        me = reference(address)
        method = NOTHING if quiet else target(Bound(me, name))
        if thing.kind == "instance":
            return self._of_instance(address, thing, name, span, quiet=quiet)
        if thing.kind == "class":
            found = self.find(address, name)
            return method if found is None else self._bound_to_class(found, me)
        if thing.kind in ("module", "scope"):
            return thing.fields.get(name, NOTHING if quiet else tainted(thing.rest.traces))
        if self.language != "python" and thing.kind == "dict":
            held = thing.fields.get(Known("str", name), NOTHING)
            if not held.nothing and thing.rest.nothing:
                return self._method_of(held, me)
            return join(join(held, thing.rest), method if held.nothing else NOTHING)
        length = name == "length" and thing.length is not None
        return constant(thing.length) if length else method

    def _of_instance(
        self, address: int, thing: Thing, name: str, span: Span, *, quiet: bool
    ) -> Value:
        key = f".{name}"
        if key in thing.fields:
            return read(thing, key)
        me = reference(address)
        for each in sorted(thing.cls.refs):
            found = self.find(each, name)
            if found is not None:
                return self._bound_to(found, me, reference(each), span)
        if quiet:
            return NOTHING
        for each in sorted(thing.cls.refs):
            found = self.find(each, "__getattr__")
            if found is not None and not name.startswith("__"):
                method = self._bound_to(found, me, reference(each), span)
                return self.call_value(method, [Given(constant(name), span)], span)
        made = target(Bound(me, name))
        return made if thing.rest.nothing else join(made, thing.rest)

    def _bound_to(self, found: Value, me: Value, cls: Value, span: Span) -> Value:
        """A member of a class as its object has it."""
        results = [Value(found.known, found.refs, open=found.open, traces=found.traces)]
        for each in found.targets:
            if not isinstance(each, Closure):
                results.append(target(each))
            elif each.how == "property":
                results.append(self.call_value(target(Bound(me, each)), [], span))
            elif each.how == "static":
                results.append(target(each))
            else:
                results.append(target(Bound(cls if each.how == "class" else me, each)))
        return joined(results)

    def _bound_to_class(self, found: Value, cls: Value) -> Value:
        results = [Value(found.known, found.refs, open=found.open, traces=found.traces)]
        for each in found.targets:
            takes_class = isinstance(each, Closure) and each.how == "class"
            results.append(target(Bound(cls, each)) if takes_class else target(each))  # type: ignore[arg-type] # a closure
        return joined(results)

    def _method_of(self, held: Value, me: Value) -> Value:
        """A function of an object is called with it as `this`."""
        bound = frozenset(
            Bound(me, each) if isinstance(each, Closure) and each.function.binds_this else each
            for each in held.targets
        )
        return replace(held, targets=bound) if held.targets else held

    def find(self, address: int, name: str) -> Value | None:
        """A member of a class or of those that it is made from; None where nobody has it."""
        for each in self.lineage_of(address):
            found = self.thing(each).fields.get(name)
            if found is not None:
                return found
        return None

    def lineage_of(self, address: int) -> Iterator[int]:
        """A class and those that it is made from, each once."""
        seen: set[int] = set()
        waiting = [address]
        while waiting and len(seen) < 50:
            here = waiting.pop(0)
            if here in seen:
                continue
            seen.add(here)
            yield here
            above = (self.base(each) for each in self.thing(here).bases)
            waiting = [r for base in above for r in sorted(base.refs)] + waiting

    def quiet(self, node: ir.Expression) -> Value:
        """What an expression is worth, of imports only that they are some."""
        return self.held(node.name) if isinstance(node, ir.Name) else self.evaluate(node)

    def base(self, value: Value) -> Value:
        """What a class is made from, now that it is needed."""
        return self.arrived(value) if isinstance(value, Pending) else value

    def names_of_class(self, what: Thing | Value) -> set[str]:
        """See `Executor`."""
        if isinstance(what, Value):
            found = {
                each.name.rpartition(".")[2] for each in what.targets if isinstance(each, External)
            }
            for address in what.refs:
                found |= self.names_of_class(self.thing(address))
            return found
        found = {what.name}
        for base in what.bases:
            found |= self.names_of_class(base) if base.refs or base.targets else {"?"}
        return found

    def _class(self, node: ir.Class) -> Value:
        bases = tuple(self.quiet(base) for base in node.bases)
        for keyword in node.keywords:
            self.evaluate(keyword.value)
        thing = Thing("class", bases=bases, name=node.name)
        around = self.frame.scope
        here = self.parents.get(around) if self.thing(around).kind == "class" else around
        made = self.make(thing)
        (address,) = made.refs
        self.parents[address] = here
        self.frame.scope = address
        try:
            self.run(node.body)
        finally:
            self.frame.scope = around
        outside = {e.name for base in bases for e in base.targets if isinstance(e, External)}
        if node.declared and outside & _RECORD_BASES:
            self._record(address, node)
        for name in node.static:
            held = self.thing(address).fields.get(name)
            if held is not None:
                self.set(address, name, _how(held, "static"))
        return self.decorated(made, node, node.decorators)

    def _record(self, address: int, node: ir.Class) -> None:
        """A class whose constructor takes its declared fields."""
        names = " ".join(node.declared)
        self.set(address, _DATACLASS, constant(names))

    def decorated(
        self,
        value: Value,
        node: ir.Function | ir.Class,
        decorators: Sequence[ir.Expression],
    ) -> Value:
        """See `Evaluator`."""
        for each in reversed(decorators):
            if isinstance(each, ir.Attribute) and each.name in ("setter", "deleter"):
                self.set(self.frame.scope, f"{each.name[:3]} {node.name}", value)
                return self.lookup(node.name)
            called = each.function if isinstance(each, ir.Call) else each
            made = self.quiet(called) if self.frame.file else self.evaluate(called)
            names = {e.name for e in made.targets if isinstance(e, External)}
            how = next((_DECORATORS[name] for name in sorted(names) if name in _DECORATORS), "")
            if how:
                value = _how(value, how)
            elif names & _RECORDS and isinstance(node, ir.Class) and value.ref is not None:
                self._record(value.ref, node)
            elif names:
                continue
            else:
                if isinstance(each, ir.Call):
                    made = self.evaluate(each)
                wrapped = self.call_value(made, [Given(value, each.span)], each.span)
                value = wrapped if wrapped.targets or wrapped.refs else value
        return value

    def instantiate(self, address: int, given: Sequence[Given], span: Span) -> Value:
        """Call a class of the program."""
        maker = self.find(address, "__new__")
        made = NOTHING
        if maker is not None:
            first = Given(reference(address), span)
            made = self.call_value(_how(maker, "static"), [first, *given], span)
        if made.ref is None:
            made = self.make(Thing("instance", cls=reference(address)), span)
        starter = self.find(address, "__init__") or self.find(address, "constructor")
        if starter is not None:
            bound = joined(
                target(Bound(made, e)) for e in starter.targets if isinstance(e, Closure)
            )
            self.call_value(bound, given, span)
            return made
        names = self._declared_names(address)
        at = made.ref
        if at is None:
            return made
        if names:
            self._fill(at, names, given)
        elif given and maker is None:
            # Whoever it is made from keeps what it is given: an exception its message.
            taken = joined(with_traces(each.value, self.deep_traces(each.value)) for each in given)
            self.put(at, replace(self.thing(at), rest=taken))
        return made

    def _declared_names(self, address: int) -> list[str]:
        names: list[str] = []
        for each in reversed(list(self.lineage_of(address))):
            said = self.thing(each).fields.get(_DATACLASS)
            if said is not None and said.constant is not None:
                names += str(said.constant.value).split()
        return list(dict.fromkeys(names))

    def _fill(self, address: int, names: Sequence[str], given: Sequence[Given]) -> None:
        places = [each for each in given if not each.name]
        for name, each in zip(names, places, strict=False):
            self.set(address, f".{name}", each.value)
        for each in given:
            if each.name:
                self.set(address, f".{each.name}", each.value)

    def set_attribute(self, holder: Value, name: str, value: Value, node: ir.Attribute) -> None:
        """See `Literals`."""
        for address in sorted(holder.refs):
            thing = self.thing(address)
            setter = None
            if thing.kind == "instance":
                found = [self.find(each, f"set {name}") for each in sorted(thing.cls.refs)]
                setter = next((each for each in found if each is not None), None)
            if setter is not None:
                bound = joined(
                    target(Bound(reference(address), e))
                    for e in setter.targets
                    if isinstance(e, Closure)
                )
                self.call_value(bound, [Given(value, node.span)], node.span)
                continue
            key = f".{name}" if thing.kind == "instance" else name
            held = value if holder.ref is not None else join(thing.fields.get(key, NOTHING), value)
            if self.language != "python" and thing.kind == "dict":
                self.set(address, Known("str", name), held)
            else:
                self.set(address, key, held)
        if not holder.refs or holder.open:
            self.assigned_outside(holder, name, value, node)

    def assigned_outside(self, holder: Value, name: str, value: Value, node: ir.Attribute) -> None:
        """An attribute of something outside is set: `element.innerHTML = …`."""
        names = [f"{e.name}.{name}=" for e in holder.targets if isinstance(e, External)]
        effect = next((e for n in names if (e := self.knowledge.of(n)) is not None), None)
        effect = effect or self.knowledge.of_method(f"{name}=")
        for sink in effect.sinks if effect is not None else ():
            reached = with_traces(value, self.deep_traces(value))
            self.report(sink, reached, node.span, name)
        self.taint(node.value, value)

    def entered(self, value: Value, node: st.With) -> Value:
        """See `Executor`."""
        method = self.attribute(value, "__enter__", node.span, quiet=True)
        if any(isinstance(each, Bound) for each in method.targets):
            return self.call_value(method, [], node.span)
        generated = self.items_of(value) if value.refs else None
        if generated:
            return generated[0]
        return value

    def left(self, value: Value, node: st.With) -> None:
        """See `Executor`."""
        method = self.attribute(value, "__exit__", node.span, quiet=True)
        if any(isinstance(each, Bound) for each in method.targets):
            nothing = [Given(constant(None), node.span)] * 3
            self.call_value(method, nothing, node.span)


def _how(value: Value, how: str) -> Value:
    """The functions of a value as methods of that sort."""
    changed = frozenset(
        replace(each, how=how) if isinstance(each, Closure) else each for each in value.targets
    )
    return replace(value, targets=changed)
