"""What JavaScript's own functions give."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from mirador_lsp.analysis.flow.evaluate import EITHER, Given
from mirador_lsp.analysis.flow.heap import Key, Thing, sequence
from mirador_lsp.analysis.flow.javascript_objects import JavaScriptObjects
from mirador_lsp.analysis.flow.values import (
    MADE_HERE,
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
    tainted,
    target,
    with_traces,
)
from mirador_lsp.core.text import Span
from mirador_lsp.syntax.lowering.javascript_literals import number_of

_SELF = ("globalThis.", "window.", "self.", "global.")


class JavaScriptBuiltins(JavaScriptObjects):
    """JavaScript's own functions."""

    _functions: ClassVar[dict[str, str]] = {
        "require": "_js_require",
        "import": "_js_require",
        "module.require": "_js_require",
        "Object.keys": "_js_members",
        "Object.values": "_js_members",
        "Object.entries": "_js_members",
        "Object.assign": "_js_assign",
        "Object.freeze": "_js_same",
        "Object.seal": "_js_same",
        "Object.create": "_js_create",
        "Object.defineProperty": "_js_define",
        "Object.fromEntries": "_js_from_entries",
        "Array.from": "_js_array_from",
        "Array.of": "_js_array",
        "Array": "_js_array",
        "Boolean": "_js_either",
        "isNaN": "_js_either",
        "isFinite": "_js_either",
        "Number.isInteger": "_js_either",
        "Array.isArray": "_js_either",
        "Promise.resolve": "_js_same",
        "Promise.all": "_js_same",
        "Promise.allSettled": "_js_same",
        "Promise.race": "_js_any",
        "Promise.any": "_js_any",
        "util.promisify": "_js_same",
        "Map": "_js_map",
        "WeakMap": "_js_map",
        "Set": "_js_set",
        "WeakSet": "_js_set",
        "String": "_js_string",
        "Number": "_js_number",
        "parseInt": "_js_number",
        "parseFloat": "_js_number",
        "process.exit": "_js_exit",
        "process.abort": "_js_exit",
    }

    def builtin(self, name: str, given: Sequence[Given], span: Span) -> Value | None:
        """See `Calling`."""
        for prefix in _SELF:
            name = name.removeprefix(prefix)
        handle = self._functions.get(name)
        if handle is None:
            return None
        made: Value | None = getattr(self, handle)(name, [each.value for each in given], span)
        return made

    def method(
        self, receiver: Value, name: str, given: Sequence[Given], span: Span
    ) -> Value | None:
        """See `Calling`."""
        if receiver.targets and name in ("call", "apply", "bind"):
            return self._call_with(receiver, name, given, span)
        return super().method(receiver, name, given, span)

    def _call_with(self, function: Value, name: str, given: Sequence[Given], span: Span) -> Value:
        """`f.call(this, …)`, `f.apply(this, […])`, `f.bind(this)`."""
        this = given[0].value if given else UNKNOWN
        bound = frozenset(
            Bound(this, each) if isinstance(each, Closure) and each.function.binds_this else each
            for each in function.targets
        )
        callee = Value(function.known, function.refs, bound, function.open, function.traces)
        if name == "bind":
            return callee
        rest = list(given[1:])
        if name == "apply" and rest:
            items = self.items_of(rest[0].value)
            many = [Given(self.any_item(rest[0].value), rest[0].span, many=True)]
            rest = [Given(each, rest[0].span) for each in items] if items is not None else many
        return self.call_value(callee, rest, span)

    @abstractmethod
    def module_named(self, name: str, span: Span) -> Value | None:
        """What a module of the workspace exports; None for a library."""

    def _js_require(self, _name: str, values: Sequence[Value], span: Span) -> Value | None:
        only = values[0].constant if values else None
        if only is None or not isinstance(only.value, str):
            return None
        found = self.module_named(only.value, span)
        return found if found is not None else target(External(only.value))

    def _js_same(self, _name: str, values: Sequence[Value], _span: Span) -> Value | None:
        return values[0] if values else constant(None)

    def _js_any(self, _name: str, values: Sequence[Value], _span: Span) -> Value | None:
        return self.any_item(values[0]) if values else UNKNOWN

    def _js_members(self, name: str, values: Sequence[Value], span: Span) -> Value | None:
        """`Object.keys(object)`."""
        value = values[0] if values else NOTHING
        kind = name.rpartition(".")[2]
        thing = self.thing(value.ref) if value.ref is not None else None
        if thing is None or value.ref is None:
            rest = self.made_of(self.deep_traces(value), value)
            return self.make(Thing("list", rest=rest), span)
        self.taken_from(value.ref)
        pairs = list(self.named_fields(value.ref))
        made = [self._member(kind, constant(key), held, span) for key, held in pairs]
        if thing.rest.nothing and not thing.several:
            return self.make(sequence("list", made), span)
        more = self._member(kind, thing.other_keys, thing.rest, span)
        return self.make(Thing("list", rest=joined([*made, more])), span)

    def _member(self, kind: str, name: Value, held: Value, span: Span) -> Value:
        if kind == "entries":
            return self.make(sequence("list", [name, held]), span)
        return name if kind == "keys" else held

    def _js_assign(self, _name: str, values: Sequence[Value], _span: Span) -> Value | None:
        """`Object.assign(to, from, …)`."""
        to = values[0] if values else NOTHING
        for value in values[1:]:
            for other in sorted(value.refs):
                self.taken_from(other)
                fields, thing = list(self.named_fields(other)), self.thing(other)
                for address in sorted(to.refs):
                    for key, held in fields:
                        self.set(address, self._key_in(address, key), held)
                    if not thing.rest.nothing:
                        self.set(address, None, thing.rest, thing.other_keys)
            for address in sorted(to.refs):
                if value.traces or value.open or value.targets:
                    whole = tainted(value.traces, value.surely_harmless)
                    self.set(address, None, whole, whole)
        return with_traces(to, [t for value in values[1:] for t in value.traces])

    def _key_in(self, address: int, name: str) -> Key:
        kind = self.thing(address).kind
        if kind == "class":
            return name
        return f".{name}" if kind == "instance" else Known("str", name)

    def _js_define(self, _name: str, values: Sequence[Value], _span: Span) -> Value | None:
        """`Object.defineProperty(object, "name", { value: … })`."""
        key = values[1].constant if len(values) > len(("object", "name")) else None
        if key is None:
            return None
        told = [dict(self.named_fields(each)).get("value") for each in sorted(values[2].refs)]
        held = joined(each for each in told if each is not None)
        for address in sorted(values[0].refs):
            self.set(address, self._key_in(address, str(key.value)), held)
        return values[0]

    def _js_create(self, _name: str, values: Sequence[Value], span: Span) -> Value | None:
        base = values[0] if values else NOTHING
        classes = [a for a in base.refs if self.thing(a).kind == "class"]
        if classes:
            return self.make(Thing("class", bases=(base,)), span)
        return self.make(Thing("dict"), span)

    def _js_from_entries(self, _name: str, values: Sequence[Value], span: Span) -> Value | None:
        """Pairs become an object."""
        fields: dict[Key, Value] = {}
        rest = keys = NOTHING
        pairs = self.items_of(values[0]) if values else []
        if pairs is None:
            pair = self.any_item(values[0])
            rest = join(self.any_item(pair), pair)
            return self.make(Thing("dict", rest=rest, keys=rest), span)
        for pair in pairs:
            both = self.items_of(pair)
            key = both[0].constant if both else None
            if both is None or len(both) != len(("key", "value")):
                rest, keys = join(rest, self.any_item(pair)), join(keys, self.any_item(pair))
            elif key is not None:
                fields[Known("str", str(key.value))] = both[1]
            else:
                rest, keys = join(rest, both[1]), join(keys, both[0])
        return self.make(Thing("dict", fields, rest, keys), span)

    def _js_array_from(self, _name: str, values: Sequence[Value], span: Span) -> Value | None:
        items = self.items_of(values[0]) if values else []
        made = Thing("list", rest=self.any_item(values[0])) if items is None else None
        held = self.make(made or sequence("list", items or []), span)
        if len(values) > 1 and held.ref is not None:
            return self._called_back(held.ref, "map", values[1:], span)
        return held

    def _js_array(self, name: str, values: Sequence[Value], span: Span) -> Value | None:
        if name == "Array" and len(values) == 1:
            # How many there are, or the only one.
            only = values[0].constant
            one = NOTHING if only is not None and only.kind == "int" else values[0]
            return self.make(Thing("list", rest=join(constant(None), one)), span)
        return self.make(sequence("list", values), span)

    def _js_map(self, _name: str, values: Sequence[Value], span: Span) -> Value | None:
        if values and not (values[0].constant and values[0].constant.value is None):
            return self._js_from_entries("", values, span)
        return self.make(Thing("dict"), span)

    def _js_set(self, _name: str, values: Sequence[Value], span: Span) -> Value | None:
        items = self.items_of(values[0]) if values else []
        if items is None:
            return self.make(Thing("set", rest=self.any_item(values[0])), span)
        fields: dict[Key, Value] = {}
        rest = NOTHING
        for item in items:
            if item.constant is not None:
                fields[item.constant] = item
            else:
                rest = join(rest, item)
        return self.make(Thing("set", fields, rest), span)

    def _js_string(self, _name: str, values: Sequence[Value], _span: Span) -> Value | None:
        only = values[0].constant if values else Known("str", "")
        if only is not None and isinstance(only.value, str):
            return constant(only.value)
        return self.made_of(self.deep_traces(values[0]), values[0]) if values else constant("")

    def _js_number(self, name: str, values: Sequence[Value], _span: Span) -> Value | None:
        only = values[0].constant if values else None
        if only is None or len(values) > 1 or not isinstance(only.value, str):
            return self.told_by(*values)
        number = number_of(only.value.strip())
        if number is None:
            return MADE_HERE
        return constant(int(number) if name == "parseInt" else number)

    def _js_either(self, _name: str, _values: Sequence[Value], _span: Span) -> Value | None:
        return EITHER

    def _js_exit(self, _name: str, _values: Sequence[Value], _span: Span) -> Value | None:
        self.state = None
        return NOTHING
