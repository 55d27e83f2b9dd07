"""Methods of the types that a language brings: texts, lists, mappings, sets."""

from collections.abc import Sequence
from dataclasses import replace

from mirador_lsp.analysis.flow.evaluate import EITHER, Given
from mirador_lsp.analysis.flow.heap import Thing, in_order, sequence
from mirador_lsp.analysis.flow.mappings import Mappings
from mirador_lsp.analysis.flow.texts import FOLDED, MIXED, PIECES, SAME_TEXT, STARTING, TELLING
from mirador_lsp.analysis.flow.values import (
    NOTHING,
    UNKNOWN,
    Closure,
    Known,
    Value,
    constant,
    join,
    joined,
    reference,
    tainted,
)
from mirador_lsp.core.text import Span

_MOST_CALLS = 24
"""Items that a function is called with one by one."""


class Methods(Mappings):
    """Calls methods of built-in types."""

    def method(
        self, receiver: Value, name: str, given: Sequence[Given], span: Span
    ) -> Value | None:
        """See `Calling`."""
        found: list[Value] = []
        for address in sorted(receiver.refs):
            made = self._of_container(address, name, given, span)
            if made is None:
                return None
            found.append(made)
        if receiver.refs and not (receiver.known or receiver.open):
            return joined(found)
        made = self.of_text(receiver, name, given, span)
        if made is None:
            return None
        return joined([*found, made])

    def of_text(
        self, receiver: Value, name: str, given: Sequence[Given], span: Span
    ) -> Value | None:
        """A method of a text, or of what may be one; None where no text has it."""
        folded = self._folded(receiver, name, given)
        if folded is not None:
            return folded
        values = [each.value for each in given]
        if name in TELLING:
            either = name.startswith("is") or name in STARTING
            return EITHER if either else self.told_by(receiver, *values)
        own = self.deep_traces(receiver)
        parts = [t for value in values for t in self.deep_traces(value)]
        if name in MIXED:
            made = self.made_of(self.composed([*own, *parts]), receiver, *values)
            return self.on(made, span, "joined into a text")
        if name not in SAME_TEXT and name not in PIECES:
            return None
        # Of what else it was given there may be something in it all the same: `text.center(9, by)`.
        made = tainted(own) if parts else self.made_of(own, receiver, *values)
        return made if name in SAME_TEXT else self.make(Thing("list", rest=made), span)

    def _folded(self, receiver: Value, name: str, given: Sequence[Given]) -> Value | None:
        only = receiver.constant
        known = [each.value.constant for each in given]
        if only is None or name not in FOLDED or None in known or any(g.name for g in given):
            return None
        if not isinstance(only.value, str | bytes):
            return None
        try:
            made = getattr(only.value, name)(*(each.value for each in known if each is not None))
        except (TypeError, ValueError, AttributeError, LookupError):
            return None
        if isinstance(made, str | bytes | int | bool):
            return constant(made)
        return None

    def _of_container(
        self, address: int, name: str, given: Sequence[Given], span: Span
    ) -> Value | None:
        self.taken_from(address)
        thing = self.thing(address)
        values = [each.value for each in given]
        handle = {
            "list": self._of_list,
            "tuple": self._of_list,
            "generator": self._of_list,
            "dict": self._of_dict,
            "set": self._of_set,
        }.get(thing.kind)
        if handle is None:
            return None
        made = handle(address, thing, name, values, span)
        if made is not None:
            return made
        if name in TELLING:
            return self.told_by(reference(address), *values)
        if name == "copy":
            return self.make(replace(thing, several=False), span)
        return None

    def _of_list(  # noqa: C901, PLR0911, PLR0912 — one line for each method
        self, address: int, thing: Thing, name: str, values: Sequence[Value], span: Span
    ) -> Value | None:
        items = None if thing.several else in_order(thing)
        match name:
            case "append" | "push" | "add":
                self._grow(address, thing, items, values)
                return constant(None)
            case "extend":
                self._extend(address, thing, items, values)
                return constant(None)
            case "insert" | "unshift":
                taken = values[1:] if name == "insert" else values
                at = values[0].constant if name == "insert" and values else Known("int", 0)
                if items is not None and at is not None and isinstance(at.value, int):
                    grown = [*items[: at.value], *taken, *items[at.value :]]
                    self.put(address, sequence("list", grown))
                else:
                    self.put(address, Thing("list", rest=joined([thing.items(), *taken])))
                return constant(None)
            case "pop" | "shift" | "popleft":
                return self._pop(address, thing, items, name, values)
            case "remove" | "clear":
                if name == "clear":
                    self.put(address, sequence("list", []))
                elif items is not None and values:
                    self._remove(address, items, values[0])
                return constant(None)
            case "sort" | "reverse":
                if name == "reverse" and items is not None:
                    self.put(address, sequence("list", items[::-1]))
                elif items is not None and len(items) > 1:
                    self.put(address, Thing("list", rest=joined(items)))
                return reference(address) if self.language != "python" else constant(None)
            case "join":
                return self._text_of(address, values, span)
            case "__next__" | "next" | "send":
                return thing.items()
            case "map" | "filter" | "forEach" | "find" | "flatMap" | "some" | "every" | "reduce":
                return self._called_back(address, name, values, span)
            case "slice" | "concat" | "flat" | "reversed" | "values" | "entries" | "toSorted":
                others = joined(self.any_item(v) for v in values if v.refs or name == "concat")
                if name == "slice" and items is not None and not values:
                    return self.make(sequence("list", items), span)
                return self.make(Thing("list", rest=join(thing.items(), others)), span)
            case _:
                return None

    def _text_of(self, address: int, values: Sequence[Value], span: Span) -> Value:
        """`list.join(by)`."""
        traces = self.composed(self.deep_traces(reference(address)))
        lost = any(self.deep_traces(value) for value in values)
        made = tainted(traces) if lost else self.made_of(traces, reference(address), *values)
        return self.on(made, span, "joined into a text")

    def _extend(
        self, address: int, thing: Thing, items: list[Value] | None, values: Sequence[Value]
    ) -> None:
        more = self.items_of(values[0]) if values else []
        if more is None:
            any_more = self.any_item(values[0])
            self.put(address, Thing("list", rest=join(thing.items(), any_more)))
        else:
            self._grow(address, thing, items, more)

    def _grow(
        self, address: int, thing: Thing, items: list[Value] | None, more: Sequence[Value]
    ) -> None:
        if items is not None and len(items) + len(more) <= 200:
            self.put(address, sequence(thing.kind, [*items, *more]))
            return
        self.put(
            address,
            replace(thing, fields={}, length=None, rest=joined([thing.items(), *more])),
        )

    def _pop(
        self,
        address: int,
        thing: Thing,
        items: list[Value] | None,
        name: str,
        values: Sequence[Value],
    ) -> Value:
        default = Known("int", -1 if name == "pop" else 0)
        at = values[0].constant if values else default
        if items and at is not None and isinstance(at.value, int):
            place = at.value if at.value >= 0 else at.value + len(items)
            if 0 <= place < len(items):
                left = [*items[:place], *items[place + 1 :]]
                self.put(address, sequence("list", left))
                return items[place]
        return thing.items()

    def _remove(self, address: int, items: list[Value], wanted: Value) -> None:
        only = wanted.constant
        for at, item in enumerate(items):
            if only is not None and item.constant == only:
                self.put(address, sequence("list", [*items[:at], *items[at + 1 :]]))
                return
            if item.constant is None and not (item.traces and only is not None):
                break
        if only is None and any(not item.traces for item in items) and wanted.traces:
            kept = [item for item in items if not item.traces]
            self.put(address, sequence("list", kept))

    def _called_back(self, address: int, name: str, values: Sequence[Value], span: Span) -> Value:
        """A function is called with each item."""
        function = values[0] if values else NOTHING
        thing = self.thing(address)
        items = None if thing.several else in_order(thing)
        known = any(isinstance(each, Closure) for each in function.targets)
        if not known or items is None or len(items) > _MOST_CALLS:
            return self._called_with_any(thing.items(), name, values, span)
        if name == "reduce":
            total = values[1] if len(values) > 1 else (items.pop(0) if items else UNKNOWN)
            for item in items:
                total = self.call_value(function, [Given(total, span), Given(item, span)], span)
            return total
        made = [
            self.call_value(function, [Given(item, span), Given(constant(at), span)], span)
            for at, item in enumerate(items)
        ]
        return self._of_calls(name, items, made, span)

    def _called_with_any(
        self, item: Value, name: str, values: Sequence[Value], span: Span
    ) -> Value:
        function = values[0] if values else NOTHING
        self.vague += 1
        start = values[1] if name == "reduce" and len(values) > 1 else NOTHING
        first = [Given(join(start, item), span)] if name == "reduce" else []
        made = self.call_value(function, [*first, Given(item, span)], span)
        self.vague -= 1
        kept = item if name in ("filter", "find") else made
        single = name in ("reduce", "find", "some", "every")
        return kept if single else self.make(Thing("list", rest=kept), span)

    def _of_calls(
        self, name: str, items: Sequence[Value], made: Sequence[Value], span: Span
    ) -> Value:
        """The result, of what the function gave for each item."""
        if name == "map":
            return self.make(sequence("list", made), span)
        if name == "flatMap":
            return self.make(Thing("list", rest=joined(self.any_item(m) for m in made)), span)
        if name not in ("filter", "find"):
            return EITHER if name in ("some", "every") else constant(None)
        truths = [self.truth(each) for each in made]
        kept = [item for item, truth in zip(items, truths, strict=False) if truth is not False]
        sure = None not in truths
        if name == "find":
            return kept[0] if sure and kept else joined(kept)
        thing = sequence("list", kept) if sure else Thing("list", rest=joined(kept))
        return self.make(thing, span)

    def grown(self, operator: str, before: Value, more: Value) -> Value | None:
        """See `Executor`."""
        if operator != "+" or before.ref is None:
            return None
        thing = self.thing(before.ref)
        if thing.kind != "list" or self.language != "python":
            return None
        items = self.items_of(more)
        own = None if thing.several else in_order(thing)
        if items is None:
            self.put(before.ref, Thing("list", rest=join(thing.items(), self.any_item(more))))
        else:
            self._grow(before.ref, thing, own, items)
        return before

    def call_pair(self, method: Value, index: Value, value: Value, span: Span) -> None:
        """See `Literals`."""
        self.call_value(method, [Given(index, span), Given(value, span)], span)
