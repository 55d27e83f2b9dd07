"""What Python's own functions give."""

from collections.abc import Sequence
from dataclasses import replace

from mirador_lsp.analysis.flow.conversions import (
    CONVERSIONS,
    EMPTY,
    EXCEPTIONS,
    NUMBERS,
    PLAIN,
    TYPES,
)
from mirador_lsp.analysis.flow.evaluate import EITHER, Given
from mirador_lsp.analysis.flow.heap import Key, Thing, in_order, sequence
from mirador_lsp.analysis.flow.methods import Methods
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
    tainted,
    target,
)
from mirador_lsp.core.text import Span

_LONGEST_RANGE = 64


class PythonBuiltins(Methods):
    """Python's own functions."""

    def builtin(self, name: str, given: Sequence[Given], span: Span) -> Value | None:
        """See `Calling`."""
        if self.language != "python":
            return None
        if name in EXCEPTIONS:
            traces = [t for each in given for t in self.deep_traces(each.value)]
            made_of = tainted(traces).traces
            return Value(targets=frozenset({External(f"{name}()")}), traces=made_of)
        if name in PLAIN:
            return UNKNOWN if name not in ("any", "all", "callable", "hasattr") else EITHER
        values = [each.value for each in given if not each.name]
        if name in TYPES or name in NUMBERS:
            return self._converted(name, values, span)
        handle = getattr(self, f"_py_{name.replace('.', '_')}", None)
        if handle is None:
            return None
        made: Value = handle(values, span)
        return made

    def _converted(self, name: str, values: Sequence[Value], span: Span) -> Value:
        only = values[0].constant if values else None
        if not values:
            return constant(EMPTY.get(name, ""))
        if only is not None and len(values) == 1 and name in CONVERSIONS:
            made = CONVERSIONS[name](only.value)
            if made is None:
                self.may_raise()
            return UNKNOWN if made is None else constant(made)
        if name in ("str", "repr", "format"):
            shown = [self._shown(value, span) for value in values]
            traces = [t for value in shown for t in self.deep_traces(value)]
            written = self._written_out(name, shown[0]) if len(shown) == 1 and not traces else None
            return tainted(traces) if written is None else written
        self.may_raise()
        return tainted([t for value in values for t in self.deep_traces(value)])

    def _shown(self, value: Value, span: Span) -> Value:
        """What `str` makes of an object of the program."""
        if value.ref is None or self.thing(value.ref).kind != "instance":
            return value
        for name in ("__str__", "__repr__"):
            method = self.attribute(value, name, span, quiet=True)
            if method.targets:
                return self.call_value(method, [], span)
        return value

    def _written_out(self, name: str, value: Value) -> Value | None:
        """Constants, or a list or tuple of them, as a text; None for whatever is not known."""
        if value.open or value.targets:
            return None
        text = repr if name == "repr" else str
        if not value.refs:
            return Value(known=frozenset(Known("str", text(each.value)) for each in value.known))
        thing = self.thing(value.ref) if value.ref is not None else None
        items = in_order(thing) if thing is not None and thing.kind in ("list", "tuple") else None
        constants = [each.constant for each in items or ()]
        if thing is None or items is None or thing.several or None in constants:
            return None
        held = [each.value for each in constants if each is not None]
        return constant(text(held if thing.kind == "list" else tuple(held)))

    def _py_list(self, values: Sequence[Value], span: Span) -> Value:
        return self._gathered("list", values, span)

    def _py_tuple(self, values: Sequence[Value], span: Span) -> Value:
        return self._gathered("tuple", values, span)

    def _gathered(self, kind: str, values: Sequence[Value], span: Span) -> Value:
        if not values:
            return self.make(sequence(kind, []), span)
        items = self.items_of(values[0])
        if items is None:
            return self.make(Thing(kind, rest=self.any_item(values[0])), span)
        return self.make(sequence(kind, items), span)

    def _py_set(self, values: Sequence[Value], span: Span) -> Value:
        fields: dict[Key, Value] = {}
        rest = NOTHING
        items = self.items_of(values[0]) if values else []
        for each in items if items is not None else [self.any_item(values[0])]:
            if each.constant is not None:
                fields[each.constant] = each
            else:
                rest = join(rest, each)
        return self.make(Thing("set", fields, rest), span)

    _py_frozenset = _py_set

    def _py_dict(self, values: Sequence[Value], span: Span) -> Value:
        made = self.make(Thing("dict"), span)
        address = made.ref
        if values and address is not None:
            pairs = self.items_of(values[0])
            is_dict = values[0].ref is not None and self.thing(values[0].ref).kind == "dict"
            if is_dict or pairs is None:
                self.method(made, "update", [Given(values[0], span)], span)
                if pairs is None and not is_dict:
                    self.set(address, None, self.any_item(self.any_item(values[0])))
                return made
            for pair in pairs:
                parts = self.items_of(pair) or [UNKNOWN, self.any_item(pair)]
                self.set(address, parts[0].constant, parts[-1])
        return made

    def _py_range(self, values: Sequence[Value], span: Span) -> Value:
        known = [value.constant.value if value.constant else None for value in values]
        if known and all(isinstance(each, int) for each in known):
            try:
                numbers = range(*known)  # type: ignore[arg-type] # numbers, as was just seen
            except (TypeError, ValueError):
                return UNKNOWN
            if len(numbers) <= _LONGEST_RANGE:
                return self.make(sequence("tuple", [constant(n) for n in numbers]), span)
        return self.make(Thing("list", rest=UNKNOWN), span)

    def _py_enumerate(self, values: Sequence[Value], span: Span) -> Value:
        items = self.items_of(values[0]) if values else []
        if items is None:
            pair = self.make(sequence("tuple", [UNKNOWN, self.any_item(values[0])]), span)
            return self.make(Thing("list", rest=pair), span)
        pairs = [
            self.make(sequence("tuple", [constant(at), item]), span)
            for at, item in enumerate(items)
        ]
        return self.make(sequence("list", pairs), span)

    def _py_zip(self, values: Sequence[Value], span: Span) -> Value:
        lists = [self.items_of(value) for value in values]
        if all(each is not None for each in lists):
            rows = zip(*(each or [] for each in lists), strict=False)
            pairs = [self.make(sequence("tuple", list(row)), span) for row in rows]
            return self.make(sequence("list", pairs), span)
        row = self.make(sequence("tuple", [self.any_item(value) for value in values]), span)
        return self.make(Thing("list", rest=row), span)

    def _py_map(self, values: Sequence[Value], span: Span) -> Value:
        if len(values) != 2:
            return tainted([t for value in values for t in self.deep_traces(value)])
        return self._mapped(values[0], values[1], span)

    def _mapped(self, function: Value, holder: Value, span: Span) -> Value:
        items = self.items_of(holder)
        if items is not None and len(items) <= 24:
            made = [self.call_value(function, [Given(item, span)], span) for item in items]
            return self.make(sequence("list", made), span)
        one = self.call_value(function, [Given(self.any_item(holder), span)], span)
        return self.make(Thing("list", rest=one), span)

    def _py_filter(self, values: Sequence[Value], span: Span) -> Value:
        if len(values) != 2:
            return UNKNOWN
        items = self.items_of(values[1])
        if items is None or len(items) > 24:
            item = self.any_item(values[1])
            self.call_value(values[0], [Given(item, span)], span)
            return self.make(Thing("list", rest=item), span)
        kept: list[Value] = []
        sure = True
        for item in items:
            made = self.call_value(values[0], [Given(item, span)], span)
            truth = self.truth(made if values[0].targets else item)
            sure = sure and truth is not None
            kept += [item] if truth is not False else []
        return self.make(sequence("list", kept) if sure else Thing("list", rest=joined(kept)), span)

    def _py_functools_reduce(self, values: Sequence[Value], span: Span) -> Value:
        if len(values) < 2:
            return UNKNOWN
        items = self.items_of(values[1])
        if items is None or len(items) > 24:
            item = self.any_item(values[1])
            start = join(item, values[2]) if len(values) > 2 else item
            return self.call_value(values[0], [Given(start, span), Given(item, span)], span)
        total = values[2] if len(values) > 2 else (items.pop(0) if items else UNKNOWN)
        for item in items:
            total = self.call_value(values[0], [Given(total, span), Given(item, span)], span)
        return total

    def _py_functools_partial(self, values: Sequence[Value], span: Span) -> Value:
        del span
        return values[0] if values else UNKNOWN

    def _py_sorted(self, values: Sequence[Value], span: Span) -> Value:
        item = self.any_item(values[0]) if values else NOTHING
        items = self.items_of(values[0]) if values else []
        if items is not None and len(items) <= 1:
            return self.make(sequence("list", items), span)
        return self.make(Thing("list", rest=item), span)

    def _py_reversed(self, values: Sequence[Value], span: Span) -> Value:
        items = self.items_of(values[0]) if values else []
        if items is not None:
            return self.make(sequence("list", items[::-1]), span)
        return self.make(Thing("list", rest=self.any_item(values[0])), span)

    def _py_iter(self, values: Sequence[Value], span: Span) -> Value:
        del span
        return values[0] if values else UNKNOWN

    def _py_next(self, values: Sequence[Value], span: Span) -> Value:
        if not values:
            return UNKNOWN
        value = values[0]
        if value.ref is not None and self.thing(value.ref).kind == "generator":
            items = in_order(self.thing(value.ref))
            if items:
                self.put(value.ref, sequence("generator", items[1:]))
                return items[0]
        method = self.attribute(value, "__next__", span, quiet=True)
        if any(isinstance(each, Bound) for each in method.targets):
            return self.call_value(method, [], span)
        return self.any_item(value)

    def _py_sum(self, values: Sequence[Value], span: Span) -> Value:
        del span
        return tainted([t for value in values for t in self.deep_traces(value)])

    _py_max = _py_sum
    _py_min = _py_sum
    _py_math_sqrt = _py_sum

    def _py_isinstance(self, values: Sequence[Value], span: Span) -> Value:
        del span
        if len(values) == 2 and values[0].ref is not None and values[1].ref is not None:
            thing = self.thing(values[0].ref)
            lineage = {r for c in thing.cls.refs for r in self.lineage_of(c)}
            if thing.kind == "instance" and thing.cls.ref is not None:
                return constant(values[1].ref in lineage)
        only = values[0].constant if len(values) == 2 else None
        names = {e.name for e in values[1].targets if isinstance(e, External)} if only else set()
        if only is not None and len(names) == 1 and not values[1].refs:
            (name,) = names
            kinds = {only.kind, "int"} if only.kind == "bool" else {only.kind}
            if name in ("str", "int", "float", "bool", "bytes", "list", "dict"):
                return constant(name in kinds)
        return EITHER

    def _py_getattr(self, values: Sequence[Value], span: Span) -> Value:
        only = values[1].constant if len(values) > 1 else None
        if only is None or not isinstance(only.value, str):
            everything = joined(self.thing(a).everything() for a in values[0].refs)
            return join(everything, tainted(self.deep_traces(values[0])))
        found = self.attribute(values[0], only.value, span)
        return join(found, values[2]) if len(values) > 2 and found.open else found

    def _py_setattr(self, values: Sequence[Value], span: Span) -> Value:
        del span
        if len(values) == 3:
            only = values[1].constant
            for address in values[0].refs:
                is_text = only is not None and isinstance(only.value, str)
                name = str(only.value) if is_text and only is not None else ""
                self.set(address, f".{name}" if name else None, values[2])
        return constant(None)

    def _py_vars(self, values: Sequence[Value], span: Span) -> Value:
        fields: dict[Key, Value] = {}
        for address in values[0].refs if values else ():
            for key, held in self.thing(address).fields.items():
                if isinstance(key, str) and key.startswith("."):
                    fields[Known("str", key[1:])] = held
        return self.make(Thing("dict", fields), span)

    def _py_type(self, values: Sequence[Value], span: Span) -> Value:
        del span
        if len(values) == 1 and values[0].ref is not None:
            return self.thing(values[0].ref).cls
        return UNKNOWN

    def _py_super(self, values: Sequence[Value], span: Span) -> Value:
        """The next class, with the object that the method has."""
        del values, span
        owner = self.lookup("@class")
        closure = self.frame.closure
        first = (
            closure.function.parameters[0].name if closure and closure.function.parameters else ""
        )
        me = self.lookup(first) if first else UNKNOWN
        bases = [base for address in owner.refs for base in self.thing(address).bases]
        made = self.make(Thing("instance", cls=joined(bases)))
        held = [self.thing(address) for address in me.refs]
        if made.ref is not None and held:
            self.put(made.ref, Thing("super", cls=joined(bases), rest=me))
        return made

    def _py_copy_copy(self, values: Sequence[Value], span: Span) -> Value:
        return self._copied(values, span, levels=1)

    def _py_copy_deepcopy(self, values: Sequence[Value], span: Span) -> Value:
        return self._copied(values, span, levels=4)

    def _copied(self, values: Sequence[Value], span: Span, levels: int) -> Value:
        if not values or levels == 0 or not values[0].refs:
            return values[0] if values else UNKNOWN
        made: list[Value] = []
        for address in sorted(values[0].refs):
            thing = self.thing(address)
            fields = {k: self._copied([v], span, levels - 1) for k, v in thing.fields.items()}
            copy = replace(thing, fields=fields, several=False)
            made.append(self.make(copy, span))
        return joined(made)

    def _py_object(self, values: Sequence[Value], span: Span) -> Value:
        del values
        return self.make(Thing("instance"), span)

    def _py_object___new__(self, values: Sequence[Value], span: Span) -> Value:
        cls = values[0] if values else NOTHING
        return self.make(Thing("instance", cls=cls), span)

    def _py_collections_defaultdict(self, values: Sequence[Value], span: Span) -> Value:
        default = self.call_value(values[0], [], span) if values and values[0].targets else NOTHING
        del default
        return self.make(Thing("dict"), span)

    def _py_collections_deque(self, values: Sequence[Value], span: Span) -> Value:
        return self._gathered("list", values, span)

    def method(
        self, receiver: Value, name: str, given: Sequence[Given], span: Span
    ) -> Value | None:
        """`super().method(…)` runs with the object, other methods as usual."""
        if receiver.ref is not None and self.thing(receiver.ref).kind == "super":
            holder = self.thing(receiver.ref)
            found = [self.find(a, name) for a in sorted(holder.cls.refs)]
            function = next((each for each in found if each is not None), None)
            if function is None:
                if name == "__new__":
                    return self.make(Thing("instance", cls=given[0].value if given else NOTHING))
                if name == "__init__":
                    for address in holder.rest.refs:
                        taken = [t for g in given for t in self.deep_traces(g.value)]
                        if taken:
                            self.set(address, None, tainted(taken))
                return constant(None)
            bound = joined(
                target(
                    each if each.how == "static" or name == "__new__" else Bound(holder.rest, each)
                )
                for each in function.targets
                if isinstance(each, Closure)
            )
            return self.call_value(bound, given, span)
        return super().method(receiver, name, given, span)
