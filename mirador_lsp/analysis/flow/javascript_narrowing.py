"""What is known in JavaScript where a test holds: `if (ALLOWED.includes(req.query.name))`."""

from mirador_lsp.analysis.flow.contract import Budget, Knowledge, Modules
from mirador_lsp.analysis.flow.heap import remove
from mirador_lsp.analysis.flow.modules import Runner
from mirador_lsp.analysis.flow.values import Value, constant, joined
from mirador_lsp.syntax import expressions as ir

_HOLDS = frozenset({"includes", "has", "hasOwnProperty"})
_HARMLESS = frozenset({"number", "boolean", "bigint", "undefined"})
_NOT_FOUND = -1
_ALL = frozenset({"*"})
_LONGEST_PATH = 6


class JavaScriptNarrowing(Runner):
    """Goes on where a test holds. What a test says of `a.b.c` holds until `a` or it is assigned."""

    def __init__(
        self, knowledge: Knowledge, budget: Budget, modules: Modules | None, language: str
    ) -> None:
        super().__init__(knowledge, budget, modules, language)
        self._narrowed: set[str] = set()
        """Members that a test has told of, anywhere: `path a.b.c`."""

    def assume(self, test: ir.Expression, *, holds: bool) -> None:
        """See `Evaluator`."""
        if self.state is None:
            return
        if isinstance(test, ir.Call):
            self._called_with(test, holds=holds)
        elif isinstance(test, ir.Binary):
            self._found(test, holds=holds)
            self._typed(test, holds=holds)
        super().assume(test, holds=holds)

    def _called_with(self, test: ir.Call, *, holds: bool) -> None:
        function = test.function
        if not test.arguments:
            return
        if isinstance(function, ir.Attribute) and function.name in _HOLDS and holds:
            self._one_of(function.value, test.arguments[0].value)
        elif isinstance(function, ir.Attribute) and function.name == "match" and holds:
            if _is_whole(test.arguments[0].value):
                self._clean(function.value, _ALL)
        elif isinstance(function, ir.Name) and function.name == "isNaN" and not holds:
            self._clean(test.arguments[0].value, _ALL)

    def _one_of(self, where: ir.Expression, what: ir.Expression) -> None:
        allowed = self._constants_in(where)
        if allowed is not None:
            self._narrow(what, joined(constant(each.value) for each in allowed))

    def _found(self, test: ir.Binary, *, holds: bool) -> None:
        """`list.indexOf(x) !== -1`, `list.indexOf(x) >= 0`."""
        call, other = test.left, self._number(test.right)
        if not isinstance(call, ir.Call) or not isinstance(call.function, ir.Attribute):
            return
        if call.function.name != "indexOf" or not call.arguments:
            return
        equal = test.operator in ("==", "===") and other == _NOT_FOUND
        unequal = test.operator in ("!=", "!==", ">") and other == _NOT_FOUND
        least = test.operator == ">=" and other == 0
        below = test.operator == "<" and other == 0
        if ((unequal or least) and holds) or ((equal or below) and not holds):
            self._one_of(call.function.value, call.arguments[0].value)

    def _number(self, node: ir.Expression) -> object:
        if isinstance(node, ir.Unary) and node.operator == "-":
            inner = node.operand.value if isinstance(node.operand, ir.Constant) else None
            return -inner if isinstance(inner, int) else None
        return node.value if isinstance(node, ir.Constant) else None

    def _typed(self, test: ir.Binary, *, holds: bool) -> None:
        """`typeof x === "number"`."""
        left, kind = test.left, self._number(test.right)
        if not isinstance(left, ir.Unary) or left.operator != "typeof" or kind not in _HARMLESS:
            return
        if (test.operator in ("==", "===")) is holds:
            self._clean(left.operand, _ALL)

    # Members of what is no object of the program

    def _attribute(self, node: ir.Attribute) -> Value:
        path = _path_of(node) if self._narrowed else ""
        if path in self._narrowed:
            told = self._told(path)
            if told is not None:
                return told
        return super()._attribute(node)

    def _subscript(self, node: ir.Subscript) -> Value:
        path = _path_of(node) if self._narrowed else ""
        if path in self._narrowed:
            told = self._told(path)
            if told is not None:
                return told
        return super()._subscript(node)

    def _told(self, path: str) -> Value | None:
        address: int | None = self.frame.scope
        root = path.removeprefix("path ").partition(".")[0]
        while address is not None:
            fields = self.thing(address).fields
            if path in fields:
                return fields[path]
            if root in fields:
                return None
            address = self.parents.get(address)
        return None

    def _read(self, node: ir.Expression) -> Value | None:
        found = super()._read(node)
        if found is None and _path_of(node):
            return self.evaluate(node)
        return found

    def _narrow(self, node: ir.Expression, value: Value) -> None:
        path = _path_of(node)
        if path:
            self._narrowed.add(path)
            self.set(self.frame.scope, path, value)
        super()._narrow(node, value)

    def bind(self, node: ir.Target, value: Value, *, declares: bool = False) -> None:
        """See `Literals`. What was told of the members of what is assigned holds no longer."""
        if self._narrowed and not isinstance(node, ir.SequencePattern | ir.MappingPattern):
            path = _path_of(node) or (f"path {node.name}" if isinstance(node, ir.Name) else "")
            address: int | None = self.frame.scope
            while path and address is not None:
                thing = self.thing(address)
                for key in self._narrowed & thing.fields.keys():
                    if f"{key}.".startswith(f"{path}."):
                        self.put(address, remove(self.thing(address), key))
                address = self.parents.get(address)
        super().bind(node, value, declares=declares)


def _is_whole(node: ir.Expression) -> bool:
    """Whether an expression has to match a text from its beginning to its end."""
    first = node.arguments[0].value if isinstance(node, ir.Call) and node.arguments else None
    pattern = str(first.value) if isinstance(first, ir.Constant) else ""
    return pattern.startswith("^") and pattern.endswith("$")


def _path_of(node: object) -> str:
    """`a.b.c` and `a["b"]` as a key; "" for anything else."""
    parts: list[str] = []
    at = node
    while not isinstance(at, ir.Name):
        if isinstance(at, ir.Attribute):
            parts.append(at.name)
        elif isinstance(at, ir.Subscript) and isinstance(at.index, ir.Constant):
            parts.append(str(at.index.value))
        else:
            return ""
        at = at.value
        if len(parts) > _LONGEST_PATH:
            return ""
    return f"path {'.'.join([at.name, *reversed(parts)])}" if parts else ""
