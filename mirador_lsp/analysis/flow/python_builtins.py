"""What Python's own functions give."""

from collections.abc import Sequence
from dataclasses import replace

from mirador_lsp.analysis.flow.conversions import (
    CHANGING,
    CONVERSIONS,
    EITHER_WAY,
    EMPTY,
    EXCEPTIONS,
    NAMED_TOO,
    NUMBERS,
    PLAIN,
    TELLING,
    TYPES,
)
from mirador_lsp.analysis.flow.evaluate import EITHER, Given
from mirador_lsp.analysis.flow.heap import Key, Thing, in_order, sequence
from mirador_lsp.analysis.flow.python_reflection import PythonReflection
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
)
from mirador_lsp.core.text import Span

_LONGEST_RANGE = 64


class PythonBuiltins(PythonReflection):
    """Python's own functions."""

    def builtin(self, name: str, given: Sequence[Given], span: Span) -> Value | None:
        """See `Calling`."""
        if self.language != "python":
            return None
        if name in EXCEPTIONS:
            traces = [t for each in given for t in self.deep_traces(each.value)]
            error = self.made_of(traces, *(each.value for each in given))
            return replace(error, open=False, targets=frozenset({External(f"{name}()")}))
        everything = [each.value for each in given]
        if name in PLAIN:
            return self._of_plain(name, everything)
        values = [each.value for each in given if not each.name]
        if name in NAMED_TOO:
            values = [each.value for each in given if each.name != "key"]
        if name in TYPES or name in NUMBERS:
            return self._converted(name, values, everything, span)
        if name == "dict" and len(values) < len(given):
            values.append(self._of_names(given, span))
        handle = getattr(self, f"_py_{name.replace('.', '_')}", None)
        if handle is None:
            return None
        made: Value = handle(values, span)
        return made

    def _of_plain(self, name: str, values: Sequence[Value]) -> Value:
        """What a function gives that tells of its arguments, or of nothing here."""
        if name in EITHER_WAY:
            return EITHER
        return self.told_by(*values) if name in TELLING else UNKNOWN

    def _of_names(self, given: Sequence[Given], span: Span) -> Value:
        """What is given by name, as a mapping."""
        fields: dict[Key, Value] = {
            Known("str", g.name): g.value for g in given if g.name and not g.many
        }
        return self.make(Thing("dict", fields, joined(g.value for g in given if g.many)), span)

    def _converted(
        self, name: str, values: Sequence[Value], everything: Sequence[Value], span: Span
    ) -> Value:
        only = values[0].constant if values else None
        if not everything:
            return constant(EMPTY.get(name, ""))
        if only is not None and len(everything) == 1 and name in CONVERSIONS:
            made = CONVERSIONS[name](only.value)
            if made is None:
                self.may_raise()
            return MADE_HERE if made is None else constant(made)
        if name in ("str", "repr", "format"):
            shown = [self._shown(value, span) for value in everything]
            traces = [t for value in shown for t in self.deep_traces(value)]
            written = self._written_out(name, shown[0]) if len(shown) == 1 and not traces else None
            return self.made_of(traces, *shown) if written is None else written
        self.may_raise()
        traces = [t for value in everything for t in self.deep_traces(value)]
        converted = self.made_of(traces, *everything)
        if name in CHANGING and converted.harmless and not traces:
            return self.make(Thing("list", rest=converted), span)
        return converted

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
        if "*" not in self.harmless_of(value):
            return None  # others may have changed it
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
        for value in values:
            for address in made.refs:
                self._fill_dict(made, address, value, span)
        return made

    def _fill_dict(self, made: Value, address: int, value: Value, span: Span) -> None:
        pairs = self.items_of(value)
        is_dict = value.ref is not None and self.thing(value.ref).kind == "dict"
        if is_dict or pairs is None:
            self.method(made, "update", [Given(value, span)], span)
            if pairs is None and not is_dict:
                self.set(address, None, self.any_item(self.any_item(value)))
            return
        for pair in pairs:
            parts = self.items_of(pair) or [UNKNOWN, self.any_item(pair)]
            self.set(address, parts[0].constant, parts[-1], parts[0])

    def _py_range(self, values: Sequence[Value], span: Span) -> Value:
        known = [value.constant.value if value.constant else None for value in values]
        if known and all(isinstance(each, int) for each in known):
            try:
                numbers = range(*known)  # type: ignore[arg-type] # numbers, as was just seen
            except (TypeError, ValueError):
                return UNKNOWN
            if len(numbers) <= _LONGEST_RANGE:
                return self.make(sequence("tuple", [constant(n) for n in numbers]), span)
        return self.make(Thing("list", rest=self.told_by(*values)), span)

    def _py_enumerate(self, values: Sequence[Value], span: Span) -> Value:
        items = self.items_of(values[0]) if values else []
        if items is None or len(values) > 1:
            number = self.told_by(*values[1:])
            pair = self.make(sequence("tuple", [number, self.any_item(values[0])]), span)
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
            return self._py_sum(values, span)
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
        if not values:
            return UNKNOWN
        # What it was given is not handed on to the function, so that may get anything.
        return join(values[0], UNKNOWN) if len(values) > 1 else values[0]

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
        return joined([self.any_item(value), *values[1:]])

    def _py_sum(self, values: Sequence[Value], span: Span) -> Value:
        del span
        traces = [t for value in values for t in self.deep_traces(value)]
        return self.made_of(traces, *values)

    def _py_array_array(self, values: Sequence[Value], span: Span) -> Value:
        return self._gathered("list", values[1:], span)

    _py_max = _py_sum
    _py_min = _py_sum
    _py_math_sqrt = _py_sum

    def _py_collections_defaultdict(self, values: Sequence[Value], span: Span) -> Value:
        if values and values[0].targets:
            self.call_value(values[0], [], span)
        return self._py_dict(values[1:], span)

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
