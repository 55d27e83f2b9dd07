"""Objects and scopes, and how two courses of a program are joined.

An object is never changed in place: whoever writes makes another one under the same address. A
state is what many courses share and what this one changed, so that a copy for a branch, and joining
it again, cost what was changed and not what is there.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from mirador_lsp.analysis.flow.values import (
    NOTHING,
    UNKNOWN,
    Known,
    Value,
    constant,
    join,
    joined,
)

Key = str | Known
"""A text names an attribute or a variable, a constant an item."""
MOST_FIELDS = 400
"""Beyond that new fields of one object are not told apart."""
TOUCHED = Value(open=True)
"""What else may be in a container that somebody had who is not known."""
_MOST_CHANGED = 64
"""Objects of a state that are copied one by one; what is more becomes shared."""


@dataclass(slots=True, eq=False)
class Thing:
    """An object, a container, a class or a scope. Never changed once it is made; that it could be
    makes it three times as quick to make.
    """

    kind: str
    """"list", "tuple", "set", "dict", "instance", "class", "scope", "module", "generator"."""
    fields: Mapping[Key, Value] = field(default_factory=dict)
    rest: Value = NOTHING
    """What may be under any other key."""
    keys: Value = NOTHING
    """What unknown keys of a mapping may be, as far as anybody said."""
    length: int | None = None
    """Of a sequence whose items are all in `fields`, from 0 on."""
    cls: Value = NOTHING
    """What an instance is of; of a class its bases, as the items of a tuple."""
    bases: tuple[Value, ...] = ()
    name: str = ""
    several: bool = False
    """It stands for many objects, so that what is written may be in another one."""

    @property
    def other_keys(self) -> Value:
        """What the keys of `rest` may be."""
        return UNKNOWN if self.keys.nothing and not self.rest.nothing else self.keys

    def items(self) -> Value:
        """Any of its items."""
        return join(joined(v for k, v in self.fields.items() if isinstance(k, Known)), self.rest)

    def everything(self) -> Value:
        """Any of its fields and items."""
        return join(joined(self.fields.values()), self.rest)


class State:
    """Objects by address. Owned by who holds it; copy it before another one goes on from it."""

    __slots__ = ("base", "everywhere", "own")

    def __init__(
        self, base: dict[int, Thing], own: dict[int, Thing], everywhere: Mapping[int, Thing]
    ) -> None:
        self.everywhere = everywhere
        """What is the same in every course, and becomes more while others run."""
        self.base = base
        """Shared by copies and never changed."""
        self.own = own
        """What differs from it."""

    @classmethod
    def of(cls, things: Mapping[int, Thing]) -> "State":
        """A state with these objects."""
        return cls({}, dict(things), {})

    def copy(self) -> "State":
        """Another one with the same objects."""
        if len(self.own) > _MOST_CHANGED:
            self.base, self.own = {**self.base, **self.own}, {}
        return State(self.base, self.own.copy(), self.everywhere)

    def get(self, address: int) -> Thing | None:
        """The object there, if any."""
        found = self.own.get(address)
        return self.shared(address) if found is None else found

    def with_own(self, own: dict[int, Thing]) -> "State":
        """What differs is that."""
        return State(self.base, own, self.everywhere)

    def shared(self, address: int) -> Thing | None:
        """What this course has there until it changes it, if anything."""
        found = self.base.get(address)
        return self.everywhere.get(address) if found is None else found

    def __len__(self) -> int:
        return len(self.base) + len(self.own)

    def all_own(self) -> Iterator[tuple[int, Thing]]:
        """Objects that are not everywhere, or are otherwise there."""
        return iter({**self.base, **self.own}.items())

    def forget(self, address: int) -> None:
        """Drop an object that nobody can reach. What is shared stays, for others have it too."""
        self.own.pop(address, None)

    def changed(self, since: "State") -> Iterator[tuple[int, Thing, Thing | None]]:
        """Objects that are not the same in both, with what they are in the other one."""
        if self.base is since.base:
            addresses: Iterable[int] = {**since.own, **self.own}
        else:
            addresses = {**self.base, **self.own}
        for address in addresses:
            thing, held = self.get(address), since.get(address)
            if held is not thing and thing is not None:
                yield address, thing, held

    def joined(self, other: "State") -> "State":
        """What holds after either course."""
        shared = self.base is other.base
        larger, smaller = (self, other) if len(self) >= len(other) else (other, self)
        if not shared:
            result = larger.with_own(larger.own.copy())
            for address, thing, held in smaller.changed(larger):
                result.own[address] = thing if held is None else join_things(held, thing)
            return result
        own = larger.own.copy()
        for address, thing in smaller.own.items():
            held = own.get(address)
            if held is None:
                held = larger.shared(address)
            if held is not thing:
                own[address] = thing if held is None else join_things(held, thing)
        for address, thing in larger.own.items():
            if address not in smaller.own:
                held = larger.shared(address)
                if held is not None and held is not thing:
                    own[address] = join_things(thing, held)
        return larger.with_own(own)


def read(thing: Thing, key: Key) -> Value:
    """What is under a key; `rest` where the key is not known to be there."""
    found = thing.fields.get(key)
    if found is None:
        return thing.rest
    return found if thing.rest.nothing else join(found, thing.rest)


def write(thing: Thing, key: Key | None, value: Value, unknown: Value = UNKNOWN) -> Thing:
    """The object with a value under a key; None for a key that is not known, but `unknown`."""
    before = thing.fields.get(key) if key is not None else None
    full = before is None and (thing.several or len(thing.fields) >= MOST_FIELDS)
    if key is None or full:
        named = unknown if key is None or isinstance(key, str) else constant(key.value)
        keys = join(thing.other_keys, named)
        return replace(thing, rest=join(thing.rest, value), keys=keys)
    if thing.several and before is not None:
        value = join(before, value)
    if before is value:
        return thing
    return _with_fields(thing, {**thing.fields, key: value})


def _with_fields(thing: Thing, fields: Mapping[Key, Value]) -> Thing:
    """The object with other fields; quicker than `replace`, for writing is most of the work."""
    return Thing(
        thing.kind,
        fields,
        thing.rest,
        thing.keys,
        thing.length,
        thing.cls,
        thing.bases,
        thing.name,
        thing.several,
    )


def remove(thing: Thing, key: Key) -> Thing:
    """The object without a key."""
    if thing.several or key not in thing.fields:
        return thing
    return _with_fields(thing, {k: v for k, v in thing.fields.items() if k != key})


def sequence(kind: str, values: Iterable[Value]) -> Thing:
    """A list or tuple with these items."""
    items: dict[Key, Value] = {Known("int", at): value for at, value in enumerate(values)}
    return Thing(kind, items, length=len(items))


def in_order(thing: Thing) -> list[Value] | None:
    """The items of a sequence from the first to the last; None where they are not all known."""
    if thing.length is None or not thing.rest.nothing:
        return None
    return as_written(thing)


def as_written(thing: Thing) -> list[Value] | None:
    """The same, as the program itself made it."""
    if thing.length is None:
        return None
    found = [thing.fields.get(Known("int", at)) for at in range(thing.length)]
    return [value if value is not None else UNKNOWN for value in found]


def join_states(one: State | None, other: State | None) -> State | None:
    """What holds after either course; None for a course that has no end."""
    if one is None or one is other:
        return other
    if other is None:
        return one
    return one.joined(other)


def join_things(one: Thing, other: Thing) -> Thing:
    """An object that may be as either; `one` itself where the other brings nothing new."""
    fields = one.fields
    rest = join(one.rest, other.rest)
    new: dict[Key, Value] = {}
    if fields is not other.fields:
        for key, right in other.fields.items():
            left = fields.get(key)
            # Of a variable or attribute it may be that it is not there; of an item as well.
            if left is None:
                new[key] = right
            elif left is not right:
                both = join(left, right)
                if both is not left:
                    new[key] = both
    if new:
        fields = {**fields, **new}
    length = one.length if one.length == other.length else None
    if length is None and (one.length is not None or other.length is not None):
        items = joined(v for k, v in fields.items() if isinstance(k, Known))
        rest = join(rest, items)
        fields = {k: v for k, v in fields.items() if not isinstance(k, Known)}
    keys, cls = one.keys, join(one.cls, other.cls)
    if keys is not other.keys or (one.rest is not other.rest and one.kind == "dict"):
        keys = join(one.other_keys, other.other_keys)
    parts = rest is one.rest and keys is one.keys and cls is one.cls and length == one.length
    if parts and fields is one.fields and one.several >= other.several:
        return one
    return Thing(
        one.kind,
        fields,
        rest,
        keys,
        length,
        cls,
        one.bases,
        one.name,
        one.several or other.several,
    )
