"""Literals of things, comprehensions, and everything that binds names."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace

from mirador_lsp.analysis.flow.evaluate import MOST_TURNS, Evaluator
from mirador_lsp.analysis.flow.heap import (
    Key,
    State,
    Thing,
    in_order,
    join_states,
    remove,
    sequence,
)
from mirador_lsp.analysis.flow.loops import settled, widened
from mirador_lsp.analysis.flow.values import (
    NOTHING,
    UNKNOWN,
    Known,
    Value,
    both_harmless,
    constant,
    join,
    joined,
    reference,
    tainted,
    with_traces,
)
from mirador_lsp.core.text import Span
from mirador_lsp.syntax import expressions as ir

_SHORT_TEXT = 64


class Literals(Evaluator):
    """Things that are made, and targets that take them."""

    def _sequence(self, node: ir.Sequence) -> Value:
        values: list[Value] = []
        rest = NOTHING
        for item in node.items:
            value = self.evaluate(item.value)
            if item.spread is ir.Spread.NONE:
                values.append(value)
                continue
            inner = self.items_of(value)
            if inner is None:
                rest = join(rest, self.any_item(value))
            else:
                values += inner
        if node.kind == "set":
            return self.make(_set_of(values, rest), node.span)
        if not rest.nothing:
            return self.make(Thing(node.kind, rest=join(rest, joined(values))), node.span)
        return self.make(sequence(node.kind, values), node.span)

    def _mapping(self, node: ir.Mapping) -> Value:
        fields: dict[Key, Value] = {}
        rest = unknown_keys = NOTHING
        for entry in node.entries:
            value = self.evaluate(entry.value)
            if entry.key is None:
                for address in value.refs:
                    self.taken_from(address)
                    other = self.thing(address)
                    fields.update({k: v for k, v in other.fields.items() if isinstance(k, Known)})
                    rest = join(rest, other.rest)
                    unknown_keys = join(unknown_keys, other.other_keys)
                if value.open or value.targets:
                    whole = tainted(value.traces, value.harmless)
                    rest, unknown_keys = join(rest, whole), join(unknown_keys, whole)
                continue
            key = self.evaluate(entry.key)
            keys = self.keys_of(Thing("dict"), key)
            if keys is None or len(keys) != 1:
                rest, unknown_keys = join(rest, value), join(unknown_keys, key)
            else:
                fields[keys[0]] = value
        return self.make(Thing("dict", fields, rest, unknown_keys), node.span)

    def _comprehension(self, node: ir.Comprehension) -> Value:
        found: list[tuple[Value, Value]] = []
        exact = self._each_of(node, 0, found)
        values = [value for _, value in found]
        if node.kind == "dict":
            return self._dict_of(found, node.span)
        if node.kind == "set":
            return self.make(_set_of(values, NOTHING), node.span)
        kind = "generator" if node.kind == "generator" else "list"
        if exact:
            return self.make(sequence(kind, values), node.span)
        return self.make(Thing(kind, rest=joined(values)), node.span)

    def _each_of(
        self, node: ir.Comprehension, number: int, found: list[tuple[Value, Value]]
    ) -> bool:
        """Run the clauses from `number` on; whether every item is known to be there, in order."""
        if number == len(node.clauses):
            key = self.evaluate(node.key) if node.key is not None else NOTHING
            found.append((key, self.evaluate(node.value)))
            return True
        clause = node.clauses[number]
        iterable = self.evaluate(clause.iterable)
        items = self.items_of(iterable)
        exact = items is not None and len(items) <= MOST_TURNS
        turns = items if items is not None and exact else [self.any_item(iterable)]
        for item in turns:
            self.bind(clause.target, item, declares=True)
            holds: bool | None = True
            for condition in clause.conditions:
                truth = self.truth(self.evaluate(condition))
                self.assume(condition, holds=True)
                holds = False if truth is False else (None if truth is None else holds)
                if holds is False:
                    break
            if holds is not False:
                exact = self._each_of(node, number + 1, found) and exact and holds is True
        return exact

    def _dict_of(self, pairs: Sequence[tuple[Value, Value]], span: Span) -> Value:
        fields: dict[Key, Value] = {}
        rest = unknown_keys = NOTHING
        for key, value in pairs:
            only = key.constant
            if only is None:
                rest, unknown_keys = join(rest, value), join(unknown_keys, key)
            else:
                fields[only] = value
        return self.make(Thing("dict", fields, rest, unknown_keys), span)

    def items_of(self, value: Value) -> list[Value] | None:
        """What a value gives when it is gone through; None where that is not known."""
        only = value.constant
        if only is not None and isinstance(only.value, str) and len(only.value) <= _SHORT_TEXT:
            return [constant(char) for char in only.value]
        thing = self.thing(value.ref) if value.ref is not None else None
        if thing is None or value.ref is None or thing.several:
            return None
        self.taken_from(value.ref)
        if thing.kind in ("list", "tuple", "generator"):
            return in_order(thing)
        if thing.kind not in ("dict", "set") or not thing.rest.nothing:
            return None
        items = [(key, held) for key, held in thing.fields.items() if isinstance(key, Known)]
        return [constant(key.value) if thing.kind == "dict" else held for key, held in items]

    def any_item(self, value: Value) -> Value:
        """Any of what a value gives when it is gone through."""
        found = []
        for address in sorted(value.refs):
            self.taken_from(address)
            thing = self.thing(address)
            if thing.kind == "dict":
                keys = [constant(key.value) for key in thing.fields if isinstance(key, Known)]
                found += keys if thing.rest.nothing else [*keys, thing.other_keys]
            elif thing.kind == "instance":
                found.append(self._iterated(address))
            else:
                found.append(thing.items())
        if value.open or value.known or value.targets or not found:
            found.append(tainted(value.traces, value.surely_harmless))
        return joined(found)

    def any_key(self, _value: Value) -> Value:
        """Any name of a member of an object."""
        return UNKNOWN

    @abstractmethod
    def assume_one_of(self, node: ir.Expression, values: Sequence[ir.Expression]) -> None:
        """Go on where an expression is one of these; () says nothing."""

    def _iterated(self, address: int) -> Value:
        """What an object of the program gives: by `__iter__` and `__next__`."""
        span = Span(0, 0)
        maker = self.attribute(reference(address), "__iter__", span, quiet=True)
        if maker.nothing or maker.open:
            return self.thing(address).everything()
        made = self.call_value(maker, [], span)
        steps = self.attribute(made, "__next__", span, quiet=True)
        if steps.nothing or steps.open:
            return self.any_item(made) if address not in made.refs else UNKNOWN
        return self.call_value(steps, [], span)

    def _bind(self, node: ir.Bind) -> Value:
        value = self.evaluate(node.value)
        if node.operator:
            before = self.read_target(node.target)
            value = self.operation(node.operator, before, value, node.span)
        self.bind(node.target, value, declares=self.language == "python")
        return value

    def _yield(self, node: ir.Yield) -> Value:
        value = self.evaluate(node.value) if node.value is not None else constant(None)
        if node.delegate:
            inner = self.items_of(value)
            self.frame.yields += inner if inner is not None else [self.any_item(value)]
        else:
            self.frame.yields.append(value)
        return UNKNOWN

    def read_target(self, node: ir.Target) -> Value:
        """What is in a target now."""
        if isinstance(node, ir.Name | ir.Attribute | ir.Subscript):
            return self.evaluate(node)
        return UNKNOWN

    def bind(self, node: ir.Target, value: Value, *, declares: bool = False) -> None:
        """Put a value into a target."""
        match node:
            case ir.Name():
                if value.traces:
                    value = self.on(value, node.span, f"kept in `{node.name}`")
                self.set(self.scope_of(node.name, declares=declares), node.name, value)
            case ir.Attribute():
                self.set_attribute(self.evaluate(node.value), node.name, value, node)
            case ir.Subscript():
                self._set_item(node, value)
            case ir.SequencePattern():
                self._unpack(node, value, declares=declares)
            case ir.MappingPattern():
                self._pick(node, value, declares=declares)

    def _set_item(self, node: ir.Subscript, value: Value) -> None:
        holder = self.evaluate(node.value)
        index = self.evaluate(node.index) if not isinstance(node.index, ir.Slice) else UNKNOWN
        if isinstance(node.index, ir.Slice):
            value = self.any_item(value)
        for address in sorted(holder.refs):
            thing = self.thing(address)
            if thing.kind == "instance":
                method = self.attribute(reference(address), "__setitem__", node.span, quiet=True)
                if not method.nothing and not method.open:
                    self.call_pair(method, index, value, node.span)
                    continue
            keys = self.keys_of(thing, index)
            if keys is None:
                self.set(address, None, value, index)
            for key in keys or ():
                weak = len(keys or ()) > 1 or holder.ref is None
                self.set(
                    address, key, join(thing.fields.get(key, NOTHING), value) if weak else value
                )
        if not holder.refs:
            self.taint(node.value, value)

    @abstractmethod
    def call_pair(self, method: Value, index: Value, value: Value, span: Span) -> None:
        """Call a method with an index and a value."""

    def taint(self, node: ir.Expression, value: Value, *, within: bool = False) -> None:
        """Something that is no known object has taken in a value; `within` what `node` is."""
        traces = self.deep_traces(value)
        harmless = self.harmless_of(value)
        if not traces and "*" in harmless:
            return
        if isinstance(node, ir.Name):
            held = self.lookup(node.name)
            if held.refs and within:
                self.let_go(None)
            elif not held.refs and (traces or held.harmless):
                at = self.scope_of(node.name, declares=False)
                if node.name in self.thing(at).fields:
                    less = both_harmless(held.harmless, harmless)
                    self.set(at, node.name, with_traces(replace(held, harmless=less), traces))
        elif isinstance(node, ir.Attribute | ir.Subscript):
            self.taint(node.value, value, within=True)

    @abstractmethod
    def set_attribute(self, holder: Value, name: str, value: Value, node: ir.Attribute) -> None:
        """`holder.name = value`."""

    def _unpack(self, node: ir.SequencePattern, value: Value, *, declares: bool) -> None:
        items = self.items_of(value)
        rest, count = node.rest, len(node.items)
        defaults = node.defaults or (None,) * count
        for at, target in enumerate(node.items):
            if target is None:
                continue
            if items is None:
                taken = self.any_item(value)
                taken = self.make(Thing("list", rest=taken), node.span) if at == rest else taken
            elif rest is not None and at == rest:
                taken = self.make(sequence("list", items[at : len(items) - (count - at - 1)]))
            else:
                place = at if rest is None or at < rest else at - count
                inside = -len(items) <= place < len(items)
                taken = items[place] if inside else constant(None)
                default = defaults[at]
                if not inside and default is not None:
                    taken = self.evaluate(default)
            self.bind(target, taken, declares=declares)

    def _pick(self, node: ir.MappingPattern, value: Value, *, declares: bool) -> None:
        taken: set[Known] = set()
        for entry in node.entries:
            key = self.evaluate(entry.key)
            if key.constant is not None and isinstance(key.constant.value, str):
                found = self.attribute(value, key.constant.value, node.span)
                taken.add(key.constant)
            else:
                found = self.item(value, key, node.span)
            missing = found.constant is not None and found.constant.value is None
            if entry.default is not None and (missing or found.nothing or found.open):
                found = join(found, self.evaluate(entry.default))
            self.bind(entry.target, found, declares=declares)
        if node.rest is not None:
            parts = [self.thing(address) for address in sorted(value.refs)]
            fields = {k: v for part in parts for k, v in part.fields.items() if k not in taken}
            rest = joined(part.rest for part in parts)
            keys = joined(part.other_keys for part in parts)
            if value.open or value.targets:
                whole = tainted(value.traces, value.harmless)
                rest, keys = join(rest, whole), join(keys, whole)
            held = self.make(Thing("dict", fields, rest, keys), node.span)
            self.bind(node.rest, held, declares=declares)

    def delete(self, node: ir.Target) -> None:
        """`del target`."""
        if isinstance(node, ir.Name):
            at = self.scope_of(node.name, declares=False)
            self.put(at, remove(self.thing(at), node.name))
        elif isinstance(node, ir.Attribute):
            for address in self.evaluate(node.value).refs:
                self.put(address, remove(self.thing(address), f".{node.name}"))
        elif isinstance(node, ir.Subscript):
            holder = self.evaluate(node.value)
            if isinstance(node.index, ir.Slice):
                self._cut(holder, node.index)
                return
            index = self.evaluate(node.index)
            for address in sorted(holder.refs):
                self.drop(address, index)

    def _cut(self, holder: Value, cut: ir.Slice) -> None:
        """`del items[low:high]`."""
        parts = [self.evaluate(p) if p is not None else None for p in (cut.low, cut.high, cut.step)]
        ends = [part.constant.value if part and part.constant else None for part in parts]
        sure = all(p is None or p.constant is not None for p in parts)
        for address in sorted(holder.refs):
            thing = self.thing(address)
            items = in_order(thing)
            if items is not None and sure and all(e is None or isinstance(e, int) for e in ends):
                del items[slice(*ends)]  # type: ignore[arg-type] # numbers and None alone
                self.put(address, sequence("list", items))
            else:
                self.put(address, Thing("list", rest=thing.items()))

    def drop(self, address: int, index: Value) -> None:
        """Take an item out; what is behind it moves up in a sequence."""
        thing = self.thing(address)
        keys = self.keys_of(thing, index)
        items = in_order(thing)
        if items is not None and thing.kind == "list":
            if keys is not None and len(keys) == 1 and isinstance(keys[0], Known):
                at = keys[0].value
                if isinstance(at, int) and 0 <= at < len(items):
                    self.put(address, sequence("list", [*items[:at], *items[at + 1 :]]))
                    return
            self.put(address, Thing("list", rest=joined(items)))
        elif keys is not None and len(keys) == 1:
            self.put(address, remove(thing, keys[0]))

    def until_settled(self, head: State, turn: Callable[[], State | None]) -> State | None:
        """Run a turn of a loop again and again until nothing new comes of it.

        `head` holds before the first turn; what `turn` gives holds after one. Constants that change
        from turn to turn become unknown.
        """
        self.vague += 1
        try:
            current: State | None = head
            for number in range(4):
                before = current
                self.state = current.copy() if current is not None else None
                after = turn()
                current = join_states(before.copy() if before is not None else None, after)
                if current is None or before is None or settled(before, current):
                    break
                if number >= 1:
                    current = widened(before, current)
            return current
        finally:
            self.vague -= 1


def _set_of(values: Sequence[Value], rest: Value) -> Thing:
    fields: dict[Key, Value] = {}
    for value in values:
        only = value.constant
        if only is None:
            rest = join(rest, value)
        else:
            fields[only] = value
    return Thing("set", fields, rest)
