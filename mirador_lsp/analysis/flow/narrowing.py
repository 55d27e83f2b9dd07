"""What is known where a test holds: `if name in ALLOWED`, `if not name.isalnum(): return`."""

from collections.abc import Sequence
from dataclasses import replace

from mirador_lsp.analysis.flow.heap import TOUCHED, as_written
from mirador_lsp.analysis.flow.objects import Objects
from mirador_lsp.analysis.flow.values import External, Known, Value, constant, joined
from mirador_lsp.syntax import expressions as ir

_NUMBERS = frozenset({"int", "float", "bool", "complex", "decimal.Decimal", "uuid.UUID"})
_ALL = frozenset({"*"})


class Narrowing(Objects):
    """Goes on where a test holds, or does not."""

    def assume(self, test: ir.Expression, *, holds: bool) -> None:
        """See `Evaluator`."""
        if self.state is None:
            return
        match test:
            case ir.Unary(operator="not"):
                self.assume(test.operand, holds=not holds)
            case ir.Binary(operator="and") if holds:
                self.assume(test.left, holds=True)
                self.assume(test.right, holds=True)
            case ir.Binary(operator="or") if not holds:
                self.assume(test.left, holds=False)
                self.assume(test.right, holds=False)
            case ir.Binary():
                self._compared(test, holds=holds)
            case ir.Call():
                self._guarded(test, holds=holds)
            case ir.Bind():
                pass
            case ir.Name():
                self._true(test, holds=holds)
            case _:
                pass

    def _true(self, node: ir.Name, *, holds: bool) -> None:
        value = self.lookup(node.name)
        kept = frozenset(each for each in value.known if bool(each.value) is holds)
        if value.known and kept != value.known and (kept or value.open or value.refs):
            self._narrow(node, replace(value, known=kept))

    def _compared(self, test: ir.Binary, *, holds: bool) -> None:
        equal = {"==": True, "===": True, "is": True, "in": True}
        unequal = {"!=": False, "!==": False, "is not": False, "not in": False}
        wanted = equal.get(test.operator, unequal.get(test.operator))
        if wanted is None or wanted is not holds:
            return
        if test.operator in ("in", "not in"):
            allowed = self._constants_in(test.right)
            if allowed is not None:
                self._narrow(test.left, joined(constant(each.value) for each in allowed))
            return
        for one, other in ((test.left, test.right), (test.right, test.left)):
            only = self._quietly(other).constant
            if only is not None and only.value is not None:
                self._narrow(one, constant(only.value))

    def assume_one_of(self, node: ir.Expression, values: Sequence[ir.Expression]) -> None:
        """See `Executor`."""
        only = [self._quietly(each).constant for each in values]
        known = [each for each in only if each is not None]
        if self.state is not None and known and len(known) == len(only):
            self._narrow(node, joined(constant(each.value) for each in known))

    def _quietly(self, node: ir.Expression) -> Value:
        """What an expression is worth that does nothing."""
        if isinstance(node, ir.Constant):
            return constant(node.value)
        if isinstance(node, ir.Name):
            return self.lookup(node.name)
        return Value(open=True)

    def _constants_in(self, node: ir.Expression) -> list[Known] | None:
        """The constants of a list, set or dict; None where there is anything else in it."""
        if isinstance(node, ir.Sequence | ir.Mapping):
            value = self.evaluate(node)
        else:
            value = self._quietly(node)
        if value.ref is None:
            return None
        thing = self.thing(value.ref)
        if not (thing.rest.nothing or thing.rest is TOUCHED) or thing.several:
            return None
        if thing.kind == "dict":
            return [key for key in thing.fields if isinstance(key, Known)]
        items = as_written(thing)
        if items is None and thing.kind == "set":
            items = [held for key, held in thing.fields.items() if isinstance(key, Known)]
        known = [each.constant for each in items or ()]
        return None if items is None or None in known else [each for each in known if each]

    def _guarded(self, test: ir.Call, *, holds: bool) -> None:
        """`isinstance(x, int)`, `x.isalnum()`, `re.fullmatch(pattern, x)`."""
        function = self._quiet_function(test.function)
        if not holds or function is None:
            return
        places = [each.value for each in test.arguments]
        if function == "isinstance" and len(places) == 2:
            if self._only_numbers(places[1]):
                self._clean(places[0], _ALL)
            return
        effect = self.knowledge.of(function)
        if effect is None and isinstance(test.function, ir.Attribute):
            effect = self.knowledge.of_method(test.function.name)
        if effect is None or not effect.guards:
            return
        if isinstance(test.function, ir.Attribute):
            self._clean(test.function.value, effect.guards)
        for each in places:
            self._clean(each, effect.guards)

    def _quiet_function(self, node: ir.Expression) -> str | None:
        """The full name of what is called, where it is not of the program."""
        if isinstance(node, ir.Name):
            names = [e.name for e in self.lookup(node.name).targets if isinstance(e, External)]
            return names[0] if len(names) == 1 else None
        if isinstance(node, ir.Attribute):
            above = self._quiet_function(node.value)
            return f"{above or '?'}.{node.name}"
        return None

    def _only_numbers(self, node: ir.Expression) -> bool:
        parts = [each.value for each in node.items] if isinstance(node, ir.Sequence) else [node]
        names = [self._quiet_function(part) for part in parts]
        return bool(names) and all(name in _NUMBERS for name in names)

    def _clean(self, node: ir.Expression, kinds: frozenset[str]) -> None:
        value = self._read(node)
        if value is not None and value.traces:
            traces = tuple(replace(t, clean=t.clean | kinds) for t in value.traces)
            if "*" in kinds:
                traces = ()
            self._narrow(node, replace(value, traces=traces))

    def _read(self, node: ir.Expression) -> Value | None:
        if isinstance(node, ir.Name):
            return self.lookup(node.name)
        if isinstance(node, ir.Attribute) and isinstance(node.value, ir.Name):
            holder = self.lookup(node.value.name)
            if holder.ref is not None:
                return self.thing(holder.ref).fields.get(f".{node.name}")
        return None

    def _narrow(self, node: ir.Expression, value: Value) -> None:
        """From here on a variable or attribute is that."""
        if isinstance(node, ir.Bind):
            node = node.target  # type: ignore[assignment] # a name, or it is left alone
        if isinstance(node, ir.Name):
            at: int | None = self.frame.scope
            while at is not None:
                thing = self.live.get(at)
                if thing is not None and node.name in thing.fields:
                    self.set(at, node.name, value)
                    return
                at = self.parents.get(at)
        elif isinstance(node, ir.Attribute) and isinstance(node.value, ir.Name):
            holder = self.lookup(node.value.name)
            if holder.ref is not None and self.thing(holder.ref).kind == "instance":
                self.set(holder.ref, f".{node.name}", value)
