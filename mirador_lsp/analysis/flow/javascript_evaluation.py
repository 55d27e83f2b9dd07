"""How JavaScript evaluates what other languages evaluate otherwise."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from mirador_lsp.analysis.flow.contract import Budget, Knowledge, Modules
from mirador_lsp.analysis.flow.evaluate import Given
from mirador_lsp.analysis.flow.heap import Thing, in_order, sequence
from mirador_lsp.analysis.flow.javascript_narrowing import JavaScriptNarrowing
from mirador_lsp.analysis.flow.nodes import nodes_in
from mirador_lsp.analysis.flow.values import (
    NO_KIND,
    UNKNOWN,
    Bound,
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
from mirador_lsp.syntax import expressions as ir
from mirador_lsp.syntax import program as st
from mirador_lsp.syntax.expressions import Statement

_NUMERIC: Final = frozenset({"-", "*", "/", "%", "**", "|", "&", "^", "<<", ">>", ">>>"})
_ONLY_WORDS: Final = re.compile(r"\[\^(?:[\w\s-]|\\[wds-])*\][+*]?")
"""What is none of these is replaced: letters, digits, blanks."""
_MARKUP: Final = re.compile(r"<|\[[^\]^]*<[^\]]*\]")


class JavaScriptEvaluation(JavaScriptNarrowing):
    """Operators, blocks and loops of JavaScript."""

    def __init__(
        self, knowledge: Knowledge, budget: Budget, modules: Modules | None, language: str
    ) -> None:
        super().__init__(knowledge, budget, modules, language)
        self._blocks: dict[tuple[int, Span], int | None] = {}
        """Scopes of blocks, by the scope and the place they stand in; None for what needs none."""
        self._lists: dict[int, bool] = {}
        """Whether a function speaks of its `arguments`, by identity."""

    def operation(self, operator: str, left: Value, right: Value, span: Span) -> Value:
        """See `Evaluator`. All but `+` make numbers."""
        made = super().operation(operator, left, right, span)
        counted = operator in _NUMERIC and made.constant is None
        return self.told_by(left, right) if counted else made

    def _unary(self, node: ir.Unary) -> Value:
        made = super()._unary(node)
        counted = node.operator in ("+", "-", "~") and made.constant is None
        return tainted((), NO_KIND if made.traces else made.harmless) if counted else made

    # Scopes

    def _block(self, node: st.Block) -> None:
        """A block has a scope of its own where a name of it hides one of the function."""
        around = self.frame.scope
        place = around, node.span
        if place not in self._blocks:
            fields = self.thing(around).fields
            hides = any(name in fields for name in _declared(node.body))
            self._blocks[place] = self.scope(around) if hides else None
        own = self._blocks[place]
        if own is None or self.state is None:
            super()._block(node)
            return
        self.put(own, Thing("scope"))
        self.frame.scope = own
        self.hoist(node.body)
        super()._block(node)
        self.frame.scope = around

    def bind_parameters(
        self, closure: Closure, given: Sequence[Given], receiver: Value | None
    ) -> None:
        """See `Parameters`."""
        super().bind_parameters(closure, given, receiver)
        function = closure.function
        if id(function) not in self._lists:
            named = (node for node in nodes_in(function.body) if isinstance(node, ir.Name))
            self._lists[id(function)] = any(node.name == "arguments" for node in named)
        if self._lists[id(function)] and function.binds_this:
            known = [each.value for each in given if not each.many]
            spill = joined(each.value for each in given if each.many)
            made = sequence("list", known) if spill.nothing else Thing("list", rest=joined(known))
            if not spill.nothing:
                made = Thing("list", rest=join(made.rest, spill))
            self.set(self.frame.scope, "arguments", self.make(made))

    # Going through things

    def items_of(self, value: Value) -> list[Value] | None:
        """See `Literals`. A `Map` gives pairs."""
        thing = self.thing(value.ref) if value.ref is not None else None
        if thing is None or thing.kind != "dict" or value.traces:
            return super().items_of(value)
        if thing.several or not thing.rest.nothing or value.ref is None:
            return None
        self.taken_from(value.ref)
        pairs = [(key, held) for key, held in thing.fields.items() if isinstance(key, Known)]
        return [self._pair(constant(key.value), held) for key, held in pairs]

    def any_item(self, value: Value) -> Value:
        """See `Literals`."""
        found = []
        for address in sorted(value.refs):
            self.taken_from(address)
            thing = self.thing(address)
            if thing.kind == "dict":
                keys = [constant(key.value) for key in thing.fields if isinstance(key, Known)]
                found.append(self._pair(joined([*keys, thing.other_keys]), thing.items()))
            else:
                found.append(super().any_item(reference(address)))
        if value.open or value.known or value.targets or not found:
            found.append(tainted(value.traces, value.surely_harmless))
        return joined(found)

    def _pair(self, key: Value, held: Value) -> Value:
        return self.make(sequence("list", [key, held]))

    def any_key(self, value: Value) -> Value:
        """See `Executor`. Who fills an object names its members too."""
        things = [self.thing(address) for address in value.refs]
        told = [constant(str(k.value)) for t in things for k in t.fields if isinstance(k, Known)]
        held = joined([*told, *(thing.other_keys for thing in things)])
        if not things or value.open or value.targets or value.known or value.traces:
            held = join(tainted(value.traces, value.surely_harmless), held)
        return held

    # Methods

    def method(
        self, receiver: Value, name: str, given: Sequence[Given], span: Span
    ) -> Value | None:
        """See `Calling`."""
        thing = self.thing(receiver.ref) if receiver.ref is not None else None
        if name == "splice" and thing is not None and thing.kind == "list":
            taken = [thing.items(), *(each.value for each in given[2:])]
            self.put(receiver.ref or 0, Thing("list", rest=joined(taken)))
            return self.make(Thing("list", rest=thing.items()), span)
        exact = self._piece_of(thing, name, given, span) if thing is not None else None
        if exact is not None:
            return exact
        if name == "set" and thing is not None and thing.kind == "dict" and given:
            if given[0].value.constant is None:
                self.keep_key(receiver.ref or 0, given[0].value)
        elif name in ("replace", "replaceAll"):
            cleaned = self._replaced(receiver, given)
            if cleaned is not None:
                return cleaned
        return super().method(receiver, name, given, span)

    def _piece_of(
        self, thing: Thing, name: str, given: Sequence[Given], span: Span
    ) -> Value | None:
        """`list.at(-1)`, `list.slice(1, 2)`, of what is known; None for any other."""
        items = None if thing.several or thing.kind != "list" else in_order(thing)
        known = [each.value.constant for each in given]
        ends = [each.value for each in known if each is not None and isinstance(each.value, int)]
        if items is None or not ends or len(ends) != len(known):
            return None
        if name == "slice":
            return self.make(
                sequence("list", items[slice(*ends[:2])] if len(ends) > 1 else items[ends[0] :]),
                span,
            )
        if name == "at":
            inside = -len(items) <= ends[0] < len(items)
            return items[ends[0]] if inside else constant(None)
        return None

    def keep_key(self, address: int, key: Value) -> None:
        """A mapping has that key now, whatever it is."""
        thing = self.thing(address)
        self.put(address, replace(thing, keys=join(thing.other_keys, key)))

    def _replaced(self, receiver: Value, given: Sequence[Given]) -> Value | None:
        """`name.replace(/[^a-z]/g, "")` leaves nothing that does harm; None for any other."""
        pattern, flags = _expression(given[0].node) if given else ("", "")
        if "g" not in flags or len(given) < len(("pattern", "by")):
            return None
        by = given[1].value.constant
        if by is not None and _ONLY_WORDS.fullmatch(pattern) and str(by.value) in ("", "_", "-"):
            return UNKNOWN
        if _MARKUP.fullmatch(pattern) and (by is None or "<" not in str(by.value)):
            return self.cleaned(receiver, "xss")
        return None

    def cleaned(self, value: Value, kind: str) -> Value:
        """The value, which cannot do that harm any more."""
        traces = [replace(t, clean=t.clean | {kind}) for t in self.deep_traces(value)]
        harmless = self.harmless_of(value)
        return tainted(traces, harmless if "*" in harmless else harmless | {kind})


def _expression(node: ir.Expression | None) -> tuple[str, str]:
    """Pattern and flags of a literal expression."""
    if not isinstance(node, ir.Call) or not node.new or not isinstance(node.function, ir.Name):
        return "", ""
    parts = [each.value for each in node.arguments]
    texts = [str(each.value) for each in parts if isinstance(each, ir.Constant)]
    if node.function.name != "RegExp" or len(texts) != len(("pattern", "flags")):
        return "", ""
    return texts[0], texts[1]


def _declared(body: Sequence[Statement]) -> list[str]:
    names: list[str] = []
    for each in body:
        if isinstance(each, st.Assign) and each.declares and isinstance(each.target, ir.Name):
            names.append(each.target.name)
        elif isinstance(each, st.Define):
            names.append(each.value.name)
    return names


def is_missing(value: Value) -> bool:
    """Whether nothing has that member, so that only a method could be meant."""
    methods = [e for e in value.targets if isinstance(e, Bound) and isinstance(e.function, str)]
    return len(methods) == len(value.targets) and not (value.open or value.known or value.refs)
