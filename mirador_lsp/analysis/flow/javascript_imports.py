"""What files of JavaScript export and require."""

from collections.abc import Sequence

from mirador_lsp.analysis.flow.evaluate import Given
from mirador_lsp.analysis.flow.heap import Key, Thing
from mirador_lsp.analysis.flow.javascript_builtins import JavaScriptBuiltins
from mirador_lsp.analysis.flow.javascript_evaluation import is_missing
from mirador_lsp.analysis.flow.values import NOTHING, Known, Pending, Value
from mirador_lsp.core.text import Span
from mirador_lsp.syntax import expressions as ir
from mirador_lsp.syntax import program as st

_EXPORT = "export "
_ALL = "export *"
_NOWHERE = Span(0, 0)
_EXPORTED = Known("str", "exports")
_DEFAULT = Known("str", "default")
_LONGEST_CHAIN = 8


class JavaScriptImports(JavaScriptBuiltins):
    """Binds what is imported, and tells what is exported."""

    def imported(self, node: st.Import) -> None:
        """See `Executor`."""
        if node.local:
            full = f"{node.module}.{node.name}" if node.name else node.module
            self.set(self.frame.scope, node.local, self.coming(node.module, node.name, full))

    def _export(self, node: st.Export) -> None:
        """See `Executor`. What is only passed on is not needed here; `export * from` may be there
        several times.
        """
        if isinstance(node.value, ir.Name):
            name = f"{_ALL} {node.span.start}" if node.name == "*" else f"{_EXPORT}{node.name}"
            self.set(self.frame.scope, name, self.held(node.value.name))
        else:
            super()._export(node)

    def _assign(self, node: st.Assign) -> None:
        """See `Executor`. `const x = require("./x")` needs nothing of it yet."""
        required = self._required(node.value) if self.modules is not None else None
        if required is None or node.operator:
            super()._assign(node)
        else:
            self.bind(node.target, required, declares=node.declares)

    def _required(self, node: ir.Expression) -> Value | None:
        """`require("./x")` and members of it; None for any other."""
        if isinstance(node, ir.Attribute):
            above = self._required(node.value)
            return self.attribute(above, node.name, node.span) if above is not None else None
        if not isinstance(node, ir.Call) or not isinstance(node.function, ir.Name) or node.new:
            return None
        first = node.arguments[0].value if len(node.arguments) == 1 else None
        if node.function.name != "require" or not isinstance(first, ir.Constant):
            return None
        return self.module_named(first.value, node.span) if isinstance(first.value, str) else None

    def module_named(self, name: str, _span: Span) -> Value | None:
        """See `JavaScriptBuiltins`."""
        made = self.coming(name, "", name)
        return made if isinstance(made, Pending) else None

    def _call(self, node: ir.Call) -> Value:
        made = super()._call(node)
        return self.arrived(made) if isinstance(made, Pending) else made

    def call_value(self, function: Value, given: Sequence[Given], span: Span) -> Value:
        """See `Evaluator`."""
        if isinstance(function, Pending):
            function = self.arrived(function)
        return super().call_value(function, given, span)

    def attribute(self, value: Value, name: str, span: Span, *, quiet: bool = False) -> Value:
        """See `Evaluator`. Of a file that nobody has looked into it is taken later."""
        if isinstance(value, Pending) and not value.name:
            return self.part(value, name)
        if isinstance(value, Pending):
            value = self.arrived(value)
        return super().attribute(value, name, span, quiet=quiet)

    def _of_thing(self, address: int, name: str, span: Span, *, quiet: bool) -> Value:
        """See `Objects`. An object of exports may hold what nobody has looked into."""
        held = super()._of_thing(address, name, span, quiet=quiet)
        return self.arrived(held) if isinstance(held, Pending) else held

    # What a file exports

    def whole(self, file: str) -> Value | None:
        """See `Imports`."""
        address = self._load(file)
        if address is None:
            return None
        told = self._exports_of(address)
        common = self._common(address)
        if not told and not common.nothing:
            return common
        with self._elsewhere():
            return self.make(Thing("dict", told))

    def member(self, file: str, name: str) -> Value | None:
        """See `Imports`."""
        address = self._load(file)
        if address is None:
            return None
        found = self._exports_of(address).get(Known("str", name))
        if found is None:
            common = self._common(address)
            found = common if name == "default" else self._member_of(common, name)
        if isinstance(found, Pending):
            return self.arrived(found)
        return found if found is not None and not found.nothing else None

    def _member_of(self, common: Value, name: str) -> Value | None:
        """What `module.exports` has under a name."""
        if not common.refs and not common.targets:
            return None
        with self._elsewhere():
            found = self.attribute(common, name, _NOWHERE)
        return None if is_missing(found) else found

    def _common(self, address: int) -> Value:
        """What `module.exports` is."""
        module = self.thing(address).fields.get("module", NOTHING)
        held = [self.thing(each).fields.get(_EXPORTED) for each in module.refs]
        found = next((each for each in held if each is not None), NOTHING)
        return self.arrived(found) if isinstance(found, Pending) else found

    def _exports_of(self, address: int, seen: frozenset[int] = frozenset()) -> dict[Key, Value]:
        """Exports by their names, those of files that are passed on as a whole included."""
        own: dict[Key, Value] = {}
        passed: dict[Key, Value] = {}
        for key, value in self.thing(address).fields.items():
            if not isinstance(key, str) or not key.startswith(_EXPORT):
                continue
            if key.startswith(_ALL):
                passed |= self._passed_on(value, seen | {address})
            else:
                own[Known("str", key.removeprefix(_EXPORT))] = value
        return {**passed, **own}

    def _passed_on(self, value: Value, seen: frozenset[int]) -> dict[Key, Value]:
        """What `export * from` adds. Files may pass each other on."""
        if not isinstance(value, Pending) or self.modules is None:
            return {}
        file = self.modules.find(value.module, value.importer)
        address = self._load(file) if file is not None else None
        if address is None or address in seen or len(seen) > _LONGEST_CHAIN:
            return {}
        told = self._exports_of(address, seen)
        return {key: each for key, each in told.items() if key != _DEFAULT}
