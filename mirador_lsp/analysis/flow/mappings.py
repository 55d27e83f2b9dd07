"""Methods of mappings and sets."""

from collections.abc import Sequence
from dataclasses import replace

from mirador_lsp.analysis.flow.calling import Calling
from mirador_lsp.analysis.flow.evaluate import EITHER, Given
from mirador_lsp.analysis.flow.heap import Key, Thing, read, remove, sequence
from mirador_lsp.analysis.flow.values import (
    NOTHING,
    UNKNOWN,
    Known,
    Value,
    constant,
    join,
    joined,
    reference,
    same,
    tainted,
)
from mirador_lsp.core.text import Span


class Mappings(Calling):
    """Calls methods of mappings and sets."""

    def _of_dict(  # noqa: PLR0911, PLR0912, C901 — one line for each method
        self, address: int, thing: Thing, name: str, values: Sequence[Value], span: Span
    ) -> Value | None:
        entries = [(k, v) for k, v in thing.fields.items() if isinstance(k, Known)]
        whole = thing.rest.nothing and not thing.several
        match name:
            case "get" | "pop" | "setdefault" | "__getitem__":
                return self._got(address, thing, name, values)
            case "keys":
                keys = [constant(key.value) for key, _ in entries]
                some = Thing("list", rest=joined([*keys, thing.other_keys]))
                return self.make(sequence("list", keys) if whole else some, span)
            case "values":
                held = [value for _, value in entries]
                made = sequence("list", held) if whole else Thing("list", rest=thing.items())
                return self.make(made, span)
            case "items" | "entries":
                pairs = [
                    self.make(sequence("tuple", [constant(key.value), value]), span)
                    for key, value in entries
                ]
                if whole:
                    return self.make(sequence("list", pairs), span)
                return self.make(Thing("list", rest=self._some_pair(thing, span)), span)
            case "update":
                self._update(address, values)
                return constant(None)
            case "clear":
                self.put(address, Thing("dict"))
                return constant(None)
            case "popitem":
                return self._some_pair(thing, span)
            case "set":
                keys_there = self.keys_of(thing, values[0]) if values else None
                value = values[1] if len(values) > 1 else NOTHING
                exact = keys_there is not None and len(keys_there) == 1
                there = keys_there[0] if exact and keys_there else None
                self.set(address, there, value, values[0] if values else UNKNOWN)
                return reference(address)
            case "delete":
                keys_gone = self.keys_of(thing, values[0]) if values else None
                if keys_gone is not None and len(keys_gone) == 1:
                    self.put(address, remove(thing, keys_gone[0]))
                return EITHER
            case "forEach":
                item = [Given(thing.items(), span), Given(UNKNOWN, span)]
                return self.call_value(values[0], item, span) if values else UNKNOWN
            case _:
                return None

    def _some_pair(self, thing: Thing, span: Span) -> Value:
        """A key of a mapping with what is there, any of them."""
        keys = [constant(key.value) for key in thing.fields if isinstance(key, Known)]
        key = joined([*keys, thing.other_keys])
        return self.make(sequence("tuple", [key, thing.items()]), span)

    def _update(self, address: int, values: Sequence[Value]) -> None:
        for value in values:
            for other in value.refs:
                self.taken_from(other)
                source = self.thing(other)
                for key, held in source.fields.items():
                    if isinstance(key, Known):
                        self.set(address, key, held)
                if not source.rest.nothing:
                    self.set(address, None, source.rest, source.other_keys)
            if value.open or value.targets or value.traces or value.known:
                whole = tainted(value.traces, value.surely_harmless)
                self.set(address, None, whole, whole)

    def _got(self, address: int, thing: Thing, name: str, values: Sequence[Value]) -> Value:
        default = values[1] if len(values) > 1 else constant(None)
        keys = self.keys_of(thing, values[0]) if values else None
        if keys is None:
            if name == "setdefault":
                self.set(address, None, default, values[0] if values else UNKNOWN)
            return join(thing.items(), default)
        found = NOTHING
        for key in keys:
            held = read(thing, key)
            if held.nothing or (key not in thing.fields):
                held = join(held, default)
                if name == "setdefault":
                    self.set(address, key, held)
            found = join(found, held)
            if name == "pop" and len(keys) == 1:
                self.put(address, remove(thing, key))
        return found

    def _of_set(  # noqa: PLR0911 — one for each method
        self, address: int, thing: Thing, name: str, values: Sequence[Value], span: Span
    ) -> Value | None:
        match name:
            case "add":
                only = values[0].constant if values else None
                self.set(address, only, values[0] if values else UNKNOWN)
                return reference(address)
            case "discard" | "remove" | "delete":
                only = values[0].constant if values else None
                if only is not None:
                    self.put(address, remove(thing, only))
                elif values and _is_all_of(thing.rest, values[0]) and not thing.several:
                    # What was put in under the same unknown is what goes.
                    self.put(address, replace(thing, rest=NOTHING))
                return constant(None)
            case "clear":
                self.put(address, Thing("set"))
                return constant(None)
            case "update" | "union" | "intersection" | "difference" | "symmetric_difference":
                others = joined(self.any_item(value) for value in values)
                if name == "update":
                    self.set(address, None, others)
                    return constant(None)
                fields: dict[Key, Value] = dict(thing.fields)
                return self.make(Thing("set", fields, join(thing.rest, others)), span)
            case "pop" | "values" | "keys":
                held = thing.items()
                return held if name == "pop" else self.make(Thing("list", rest=held), span)
            case _:
                return None


def _is_all_of(rest: Value, one: Value) -> bool:
    """Whether nothing may be there but that one."""
    told = "*" in rest.harmless and not (rest.known or rest.refs or rest.targets)
    return told and bool(one.traces) and same(rest, one)
