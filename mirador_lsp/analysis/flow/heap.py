"""Objects and scopes, and how two courses of a program are joined.

An object is never changed in place: whoever writes makes another one under the same address. So a
state can be copied for a branch at the price of one dictionary.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from mirador_lsp.analysis.flow.values import (
    NOTHING,
    UNKNOWN,
    Known,
    Value,
    join,
    joined,
    same,
)

Key = str | Known
"""A text names an attribute or a variable, a constant an item."""
MOST_FIELDS = 400
"""Beyond that new fields of one object are not told apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Thing:
    """An object, a container, a class or a scope."""

    kind: str
    """"list", "tuple", "set", "dict", "instance", "class", "scope", "module", "generator"."""
    fields: Mapping[Key, Value] = field(default_factory=dict)
    rest: Value = NOTHING
    """What may be under any other key."""
    keys: Value = NOTHING
    """What unknown keys of a mapping may be."""
    length: int | None = None
    """Of a sequence whose items are all in `fields`, from 0 on."""
    cls: Value = NOTHING
    """What an instance is of; of a class its bases, as the items of a tuple."""
    bases: tuple[Value, ...] = ()
    name: str = ""
    several: bool = False
    """It stands for many objects, so that what is written may be in another one."""

    def items(self) -> Value:
        """Any of its items."""
        return join(joined(v for k, v in self.fields.items() if isinstance(k, Known)), self.rest)

    def everything(self) -> Value:
        """Any of its fields and items."""
        return join(joined(self.fields.values()), self.rest)


State = dict[int, Thing]
"""By address. Owned by who holds it; copy it before another one goes on from it."""


def read(thing: Thing, key: Key) -> Value:
    """What is under a key; `rest` where the key is not known to be there."""
    found = thing.fields.get(key)
    if found is None:
        return thing.rest
    return found if thing.rest.nothing else join(found, thing.rest)


def write(thing: Thing, key: Key | None, value: Value) -> Thing:
    """The object with a value under a key; None for a key that is not known."""
    if key is None or (key not in thing.fields and len(thing.fields) >= MOST_FIELDS):
        return replace(thing, rest=join(thing.rest, value))
    before = thing.fields.get(key)
    if thing.several and before is not None:
        value = join(before, value)
    elif thing.several:
        return replace(thing, rest=join(thing.rest, value))
    if before is value:
        return thing
    return replace(thing, fields={**thing.fields, key: value})


def remove(thing: Thing, key: Key) -> Thing:
    """The object without a key."""
    if thing.several or key not in thing.fields:
        return thing
    return replace(thing, fields={k: v for k, v in thing.fields.items() if k != key})


def sequence(kind: str, values: Iterable[Value]) -> Thing:
    """A list or tuple with these items."""
    items: dict[Key, Value] = {Known("int", at): value for at, value in enumerate(values)}
    return Thing(kind, items, length=len(items))


def in_order(thing: Thing) -> list[Value] | None:
    """The items of a sequence from the first to the last; None where they are not all known."""
    if thing.length is None or not thing.rest.nothing:
        return None
    found = [thing.fields.get(Known("int", at)) for at in range(thing.length)]
    return [value if value is not None else UNKNOWN for value in found]


def join_states(one: State | None, other: State | None) -> State | None:
    """What holds after either course; None for a course that has no end."""
    if one is None or one is other:
        return other
    if other is None:
        return one
    result = dict(one) if len(one) >= len(other) else dict(other)
    smaller = other if len(one) >= len(other) else one
    for address, thing in smaller.items():
        held = result.get(address)
        if held is None:
            result[address] = thing
        elif held is not thing:
            result[address] = join_things(held, thing)
    return result


def join_things(one: Thing, other: Thing) -> Thing:
    """An object that may be as either."""
    fields: dict[Key, Value] = {}
    rest = join(one.rest, other.rest)
    for key in {**one.fields, **other.fields}:
        left, right = one.fields.get(key), other.fields.get(key)
        if left is None or right is None:
            present = left if left is not None else right
            # Of a variable or attribute it may be that it is not there; of an item as well.
            fields[key] = present if present is not None else NOTHING
        else:
            fields[key] = left if left is right else join(left, right)
    length = one.length if one.length == other.length else None
    if length is None and (one.length is not None or other.length is not None):
        items = joined(v for k, v in fields.items() if isinstance(k, Known))
        rest = join(rest, items)
        fields = {k: v for k, v in fields.items() if not isinstance(k, Known)}
    return replace(
        one,
        fields=fields,
        rest=rest,
        keys=join(one.keys, other.keys),
        length=length,
        cls=join(one.cls, other.cls),
        several=one.several or other.several,
    )


def alike(one: State, other: State, addresses: Iterable[int]) -> bool:
    """Whether the objects at these addresses are the same in both."""
    for address in addresses:
        left, right = one.get(address), other.get(address)
        if left is right:
            continue
        if left is None or right is None or left.length != right.length:
            return False
        if left.fields.keys() != right.fields.keys() or not same(left.rest, right.rest):
            return False
        if any(not same(value, right.fields[key]) for key, value in left.fields.items()):
            return False
    return True
