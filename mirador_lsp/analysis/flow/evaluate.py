"""Expressions: what they may be worth."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from mirador_lsp.analysis.flow.folding import OVERLOADS, compared, computed, item_of, truth_of
from mirador_lsp.analysis.flow.heap import Key, Thing, in_order, join_states, read, sequence
from mirador_lsp.analysis.flow.origins import Origins
from mirador_lsp.analysis.flow.values import (
    MADE_HERE,
    NO_KIND,
    NOTHING,
    UNKNOWN,
    Closure,
    Known,
    Trace,
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

MOST_TURNS = 24
"""Turns of a loop that are told apart."""
_COMPARISONS = frozenset(
    {"==", "!=", "<", ">", "<=", ">=", "in", "not in", "is", "is not", "===", "!==", "instanceof"}
)


@dataclass(frozen=True)
class Given:
    """An argument of a call."""

    value: Value
    span: Span
    name: str = ""
    many: bool = False
    """It stands for any number of arguments."""
    node: ir.Expression | None = None


class Evaluator(Origins):
    """Evaluates expressions. Calls and attributes are in the classes that inherit from it."""

    _evaluations: ClassVar[dict[type, str]] = {
        ir.Constant: "_constant",
        ir.Name: "_name",
        ir.Attribute: "_attribute",
        ir.Subscript: "_subscript",
        ir.Slice: "_slice",
        ir.Call: "_call",
        ir.Text: "_text",
        ir.Binary: "_binary",
        ir.Unary: "_unary",
        ir.Conditional: "_conditional",
        ir.Sequence: "_sequence",
        ir.Mapping: "_mapping",
        ir.Comprehension: "_comprehension",
        ir.Bind: "_bind",
        ir.Yield: "_yield",
        ir.Opaque: "_opaque",
        ir.Function: "_function",
        ir.Class: "_class",
    }

    def evaluate(self, node: ir.Expression) -> Value:
        """What an expression may be worth."""
        self.step()
        if self.state is None:
            return NOTHING
        handle: Callable[[ir.Expression], Value] = getattr(self, self._evaluations[type(node)])
        return handle(node)

    def _constant(self, node: ir.Constant) -> Value:
        return constant(node.value)

    def _name(self, node: ir.Name) -> Value:
        return self.lookup(node.name)

    def _attribute(self, node: ir.Attribute) -> Value:
        value = self.evaluate(node.value)
        return self.attribute(value, node.name, node.span)

    def _subscript(self, node: ir.Subscript) -> Value:
        value = self.evaluate(node.value)
        if isinstance(node.index, ir.Slice):
            return self._sliced(value, node.index, node.span)
        index = self.evaluate(node.index)
        return self.item(value, index, node.span)

    def _slice(self, node: ir.Slice) -> Value:
        for part in (node.low, node.high, node.step):
            _ = self.evaluate(part) if part is not None else None
        return UNKNOWN

    def item(self, value: Value, index: Value, span: Span) -> Value:
        """`value[index]`."""
        self.may_raise()
        found = [self._item_of(address, index, span) for address in sorted(value.refs)]
        found += [item_of(each, index) for each in value.known]
        if value.open or value.targets or not found:
            found.append(tainted(value.traces, value.harmless))
        return joined(found)

    def _item_of(self, address: int, index: Value, span: Span) -> Value:
        thing = self.thing(address)
        if thing.kind in ("instance", "class"):
            method = self.attribute(reference(address), "__getitem__", span, quiet=True)
            if not method.nothing and not method.open:
                return self.call_value(method, [Given(index, span)], span)
        keys = self.keys_of(thing, index)
        if keys is None:
            return thing.items() if thing.kind != "instance" else thing.everything()
        return joined(read(thing, key) for key in keys) if keys else thing.items()

    def keys_of(self, thing: Thing, index: Value) -> list[Key] | None:
        """The keys that an index may mean; None where nobody knows."""
        if index.open or index.refs or index.targets or not index.known:
            return None
        keys: list[Key] = []
        for each in sorted(index.known, key=repr):
            at = each.value
            if isinstance(at, bool) and each.kind == "bool":
                at = int(at)
            if isinstance(at, int) and thing.length is not None:
                at = at + thing.length if at < 0 else at
                keys.append(Known("int", at))
            elif self.language != "python" and isinstance(at, int) and thing.kind == "dict":
                keys.append(Known("str", str(at)))
            else:
                keys.append(Known(type(at).__name__, at))
        return keys

    def _sliced(self, value: Value, cut: ir.Slice, span: Span) -> Value:
        parts = [self.evaluate(p) if p is not None else None for p in (cut.low, cut.high, cut.step)]
        ends = [p.constant.value if p is not None and p.constant else None for p in parts]
        plain = all(p is None or (p.constant and _is_index(p.constant)) for p in parts)
        found: list[Value] = []
        for address in sorted(value.refs):
            self.taken_from(address)
            thing = self.thing(address)
            items = in_order(thing)
            if items is not None and plain and ends[2] != 0:
                cut_items = items[slice(*ends)]  # type: ignore[arg-type] # only numbers and None
                found.append(self.make(sequence(thing.kind, cut_items), span))
            else:
                found.append(self.make(Thing("list", rest=thing.items()), span))
        for each in value.known:
            text = each.value
            if isinstance(text, str | bytes) and plain and ends[2] != 0:
                found.append(constant(text[slice(*ends)]))  # type: ignore[arg-type]
            else:
                found.append(MADE_HERE)
        if value.open or value.targets or not found:
            found.append(tainted(value.traces, value.harmless))
        return with_traces(joined(found), value.traces if not value.refs else ())

    def _text(self, node: ir.Text) -> Value:
        values = [self.evaluate(part) for part in node.parts]
        if node.tag is not None:
            given = [Given(v, p.span, node=p) for v, p in zip(values, node.parts, strict=True)]
            return self.call_value(self.evaluate(node.tag), given, node.span)
        known = [value.constant for value in values]
        if all(each is not None for each in known):
            return constant("".join(_shown(each) for each in known if each is not None))
        traces = self.composed([t for value in values for t in self.deep_traces(value)])
        return self.on(self.made_of(traces, *values), node.span, "joined into a text")

    def composed(self, traces: Sequence[Trace]) -> list[Trace]:
        """Traces of what is now a piece of a larger text."""
        return [trace.as_piece for trace in traces]

    def _binary(self, node: ir.Binary) -> Value:
        if node.operator in ("and", "or", "??"):
            return self._short(node)
        left = self.evaluate(node.left)
        right = self.evaluate(node.right)
        if node.operator in _COMPARISONS:
            return self._comparison(node.operator, left, right)
        return self.operation(node.operator, left, right, node.span)

    def operation(self, operator: str, left: Value, right: Value, span: Span) -> Value:
        """`left operator right` of anything but comparisons."""
        if left.constant is not None and right.constant is not None:
            folded = computed(operator, left.constant, right.constant, self.language)
            if folded is not None:
                return folded
        together = self._concatenated(operator, left, right, span)
        if together is not None:
            return together
        method = self._overloaded(operator, left, right, span)
        if method is not None:
            return method
        traces = [*self.deep_traces(left), *self.deep_traces(right)]
        if operator in ("+", "%"):
            is_text = any(_is_text(side) for side in (left, right))
            traces = self.composed(traces) if is_text or operator == "%" else traces
            return self.on(self.made_of(traces, left, right), span, "joined into a text")
        return self.made_of(traces, left, right)

    def _concatenated(self, operator: str, left: Value, right: Value, span: Span) -> Value | None:
        """Two sequences, one after the other; one several times."""
        one = self.thing(left.ref) if left.ref is not None else None
        if one is None or one.kind not in ("list", "tuple", "set", "dict"):
            return None
        other = self.thing(right.ref) if right.ref is not None else None
        for address in (*left.refs, *right.refs):
            self.taken_from(address)
        made: Thing | None = None
        if operator == "|" and other is not None:
            fields, keys = {**one.fields, **other.fields}, join(one.other_keys, other.other_keys)
            made = Thing(one.kind, fields, join(one.rest, other.rest), keys)
        elif operator == "+" and other is not None:
            items, more = in_order(one), in_order(other)
            made = Thing(one.kind, rest=join(one.items(), other.items()))
            if items is not None and more is not None:
                made = sequence(one.kind, [*items, *more])
        elif operator in ("*", "-", "&") or (operator == "^" and other is not None):
            more_items = other.items() if operator == "^" and other is not None else NOTHING
            made = Thing(one.kind, rest=join(one.items(), more_items))
        return self.make(made, span) if made is not None else None

    def _overloaded(self, operator: str, left: Value, right: Value, span: Span) -> Value | None:
        name = OVERLOADS.get(operator)
        if name is None or left.ref is None or self.thing(left.ref).kind != "instance":
            return None
        method = self.attribute(left, name, span, quiet=True)
        if method.nothing or method.open:
            return None
        return self.call_value(method, [Given(right, span)], span)

    def _comparison(self, operator: str, left: Value, right: Value) -> Value:
        one, other = left.constant, right.constant
        if one is not None and other is not None:
            found = compared(operator, one, other)
            if found is not None:
                return constant(found)
        if operator in ("in", "not in") and one is not None and right.ref is not None:
            found = self._contains(self.thing(right.ref), one)
            if found is not None:
                return constant(found is (operator == "in"))
        if operator in ("is", "is not", "===", "!==", "==", "!="):
            different = self._surely_different(left, right)
            if different:
                return constant(operator in ("is not", "!==", "!="))
        return EITHER

    def _contains(self, thing: Thing, wanted: Known) -> bool | None:
        if thing.kind == "dict":
            if wanted in thing.fields:
                return True
            return None if not thing.rest.nothing or thing.several else False
        values = [v for k, v in thing.fields.items() if isinstance(k, Known)]
        known = [value.constant for value in values]
        if wanted in known:
            return True
        exact = thing.rest.nothing and all(each is not None for each in known)
        return False if exact and not thing.several else None

    @staticmethod
    def _surely_different(left: Value, right: Value) -> bool:
        """An object is no constant."""
        if left.open or right.open or left.traces or right.traces:
            return False
        if left.targets or right.targets:
            return False
        pure = (left.refs and not left.known, right.refs and not right.known)
        return bool((pure[0] and not right.refs) or (pure[1] and not left.refs))

    def _short(self, node: ir.Binary) -> Value:
        left = self.evaluate(node.left)
        truth = self.truth(left)
        if node.operator == "??":
            only = left.constant
            truth = None if only is None else only.value is not None
        goes_on = {"and": True, "or": False, "??": False}[node.operator]
        if truth is not None and truth is not goes_on:
            return left
        before = self.forked()
        if node.operator != "??":
            self.assume(node.left, holds=goes_on)
        right = self.evaluate(node.right)
        if truth is goes_on:
            return right
        self.state = join_states(self.state, before)
        return join(left, right)

    @abstractmethod
    def assume(self, test: ir.Expression, *, holds: bool) -> None:
        """Go on where a test holds, or does not."""

    def truth(self, value: Value) -> bool | None:
        """Whether a value counts as true; None where it may be either."""
        if value.open or value.traces:
            return None
        found: set[bool | None] = {truth_of(each, self.language) for each in value.known}
        found |= {self._truth_of_thing(address) for address in value.refs}
        found |= {True} if value.targets else set()
        return found.pop() if len(found) == 1 else None

    def _truth_of_thing(self, address: int) -> bool | None:
        thing = self.thing(address)
        if self.language != "python" or thing.kind in ("class", "module"):
            return True
        if thing.kind in ("list", "tuple") and thing.length is not None:
            return thing.length > 0
        if thing.kind in ("dict", "set") and not thing.several:
            if any(isinstance(key, Known) for key in thing.fields):
                return True
            return False if thing.rest.nothing else None
        return None

    def _unary(self, node: ir.Unary) -> Value:
        value = self.evaluate(node.operand)
        if node.operator == "await":
            return self.settled(value)
        if node.operator == "not":
            truth = self.truth(value)
            if truth is None:
                return EITHER
            return constant(not truth)
        only = value.constant
        if only is not None and node.operator == "-" and isinstance(only.value, int | float):
            return constant(-only.value)
        if node.operator in ("typeof", "void", "delete"):
            return UNKNOWN
        harmless = NO_KIND if value.refs else value.surely_harmless
        return tainted(value.traces, harmless)

    def settled(self, value: Value) -> Value:
        """What is awaited. A promise is what it will be."""
        return value

    def _conditional(self, node: ir.Conditional) -> Value:
        truth = self.truth(self.evaluate(node.test))
        if truth is not None:
            return self.evaluate(node.then if truth else node.otherwise)
        before = self.forked()
        self.assume(node.test, holds=True)
        then = self.evaluate(node.then)
        after, self.state = self.state, before
        self.assume(node.test, holds=False)
        otherwise = self.evaluate(node.otherwise)
        self.state = join_states(self.state, after)
        return join(then, otherwise)

    def _opaque(self, node: ir.Opaque) -> Value:
        values = [self.evaluate(part) for part in node.parts]
        return tainted([trace for value in values for trace in value.traces])

    def _function(self, node: ir.Function) -> Value:
        here = self.frame.scope
        owner, around = None, here
        if self.thing(here).kind == "class":
            # Names of a class body are not seen by its methods.
            owner, around = here, self.parents.get(here) or here
        made = target(Closure(node, around, self.frame.file, owner))
        return self.decorated(made, node, node.decorators)

    @abstractmethod
    def attribute(self, value: Value, name: str, span: Span, *, quiet: bool = False) -> Value:
        """`value.name`; with `quiet` nothing for what nobody defines."""

    @abstractmethod
    def call_value(self, function: Value, given: Sequence[Given], span: Span) -> Value:
        """Call whatever a value may be."""

    @abstractmethod
    def decorated(
        self,
        value: Value,
        node: ir.Function | ir.Class,
        decorators: Sequence[ir.Expression],
    ) -> Value:
        """What decorators make of a function or class."""


EITHER = Value(known=frozenset({Known("bool", value) for value in (True, False)}))
"""True or false."""


def _is_index(known: Known) -> bool:
    return known.value is None or isinstance(known.value, int)


def _is_text(value: Value) -> bool:
    return any(isinstance(each.value, str | bytes) and each.value for each in value.known)


def _shown(known: Known) -> str:
    return known.value if isinstance(known.value, str) else str(known.value)
