"""Modules of JavaScript: what they import and export, and who may call what is in them."""

from collections.abc import Iterator, Sequence

from mirador_lsp.analysis.flow.contract import Budget, Knowledge, Modules, Source
from mirador_lsp.analysis.flow.heap import Key, State, Thing
from mirador_lsp.analysis.flow.javascript_handing import ANSWERS
from mirador_lsp.analysis.flow.javascript_imports import JavaScriptImports
from mirador_lsp.analysis.flow.modules import fields_of
from mirador_lsp.analysis.flow.values import (
    UNKNOWN,
    Closure,
    External,
    Known,
    Value,
    target,
)
from mirador_lsp.syntax import expressions as ir
from mirador_lsp.syntax.expressions import Statement
from mirador_lsp.syntax.program import Program

_HARMLESS = frozenset({"number", "boolean", "bigint", "symbol"})
_DEEPEST = 4
_MOST_INNER = 200


class JavaScriptRunner(JavaScriptImports):
    """Runs modules of JavaScript."""

    def __init__(
        self, knowledge: Knowledge, budget: Budget, modules: Modules | None, language: str
    ) -> None:
        super().__init__(knowledge, budget, modules, language)
        self._inner: dict[int, tuple[Closure, State]] = {}
        """Functions that were made, by identity, with what held then."""

    def run_all(self, program: Program) -> None:
        """See `Runner`. Functions within functions that nobody called are entered as well."""
        super().run_all(program)
        for closure, state in list(self._inner.values()):
            if not self.runs[id(closure.function)] and not closure.file:
                self._enter(closure, None, state)

    def _function(self, node: ir.Function) -> Value:
        made = super()._function(node)
        known = id(node) in self._inner or self.frame.file
        if not known and len(self._inner) < _MOST_INNER:
            for each in made.targets:
                if isinstance(each, Closure) and each.function is node and each.owner is None:
                    self._inner[id(node)] = each, self.forked()
        return made

    def hoist(self, body: Sequence[Statement]) -> None:
        """See `Calling`. A module has `module` and `exports` from its beginning."""
        scope = self.frame.scope
        if self.thing(scope).kind == "module":
            exports = self.make(Thing("dict"))
            fields: dict[Key, Value] = {
                Known("str", "exports"): exports,
                Known("str", "require"): target(External("module.require")),
            }
            self.set(scope, "module", self.make(Thing("dict", fields)))
            self.set(scope, "exports", exports)
        super().hoist(body)

    def _entries(self, scope: int, after: State) -> Iterator[tuple[Closure, Value | None]]:
        """See `Runner`. Objects within objects are looked into: `module.exports = { … }`."""
        found: list[tuple[Closure, Value | None]] = []
        seen: set[int] = set()
        waiting = [(value, 0) for value in fields_of(after, scope).values()]
        while waiting:
            value, depth = waiting.pop(0)
            found += self._functions_of(value, after, seen)
            for address in value.refs:
                thing = after.get(address)
                if thing is not None and thing.kind in ("dict", "list") and depth < _DEEPEST:
                    waiting += [(held, depth + 1) for held in thing.fields.values()]
        found.sort(key=lambda each: each[0].function.span)
        yield from found

    def _outside(self, closure: Closure) -> Source | None:
        return super()._outside(closure) or self.handler_of(closure)

    def _fillable(self, closure: Closure, _receiver: Value | None) -> list[ir.Parameter]:
        return list(closure.function.parameters)

    def _anything(self, parameter: ir.Parameter, outside: Source | None) -> Value:
        if parameter.annotation in _HARMLESS or parameter.name in ANSWERS:
            return UNKNOWN
        return super()._anything(parameter, outside)
