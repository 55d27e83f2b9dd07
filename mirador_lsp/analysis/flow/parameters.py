"""What the parameters of a function get from the arguments of a call."""

from collections.abc import Sequence

from mirador_lsp.analysis.flow.evaluate import Given
from mirador_lsp.analysis.flow.heap import Key, Thing, sequence
from mirador_lsp.analysis.flow.narrowing import Narrowing
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
)
from mirador_lsp.syntax import expressions as ir


class Parameters(Narrowing):
    """Gives arguments to parameters."""

    def bind_parameters(
        self, closure: Closure, given: Sequence[Given], receiver: Value | None
    ) -> None:
        """Fill the scope of the call that begins."""
        parameters = list(closure.function.parameters)
        scope = self.frame.scope
        if receiver is not None and closure.how != "static":
            if self.language == "python":
                if parameters:
                    first = parameters.pop(0)
                    self.set(scope, first.name, receiver)
            elif closure.function.binds_this:
                self.set(scope, "this", receiver)
        if closure.owner is not None:
            self.set(scope, "@class", reference(closure.owner))
        places = [each for each in given if not each.name]
        names = {each.name: each for each in given if each.name}
        spill = joined(each.value for each in given if each.many)
        at = 0
        for parameter in parameters:
            value, at = self._argument(parameter, places, names, at, spill)
            if parameter.pattern is not None:
                self.bind(parameter.pattern, value, declares=True)
            else:
                self.set(scope, parameter.name, value)

    def _argument(
        self,
        parameter: ir.Parameter,
        places: Sequence[Given],
        names: dict[str, Given],
        at: int,
        spill: Value,
    ) -> tuple[Value, int]:
        """What a parameter gets, and the next position that is not taken."""
        if parameter.takes is ir.Takes.REST:
            return self._rest(places[at:], spill), len(places)
        if parameter.takes is ir.Takes.NAMED:
            fields: dict[Key, Value] = {
                Known("str", name): each.value for name, each in names.items() if name != "**"
            }
            return self.make(Thing("dict", fields, spill if "**" in names else NOTHING)), at
        named = names.pop(parameter.name, None)
        if named is not None:
            return named.value, at
        if not parameter.only_named and at < len(places) and not places[at].many:
            return self._or_default(places[at].value, parameter), at + 1
        missing = UNKNOWN if self.language == "python" else constant(None)
        if spill.nothing and parameter.default is not None:
            missing = self.evaluate(parameter.default)
        return (missing if spill.nothing else spill), at

    def _rest(self, places: Sequence[Given], spill: Value) -> Value:
        values = [each.value for each in places if not each.many]
        if any(each.many for each in places):
            return self.make(Thing("list", rest=join(joined(values), spill)))
        return self.make(sequence("tuple" if self.language == "python" else "list", values))

    def _or_default(self, value: Value, parameter: ir.Parameter) -> Value:
        """JavaScript takes the default for `undefined` as well."""
        nothing = value.constant is not None and value.constant.value is None
        if nothing and parameter.default is not None and self.language != "python":
            return join(value, self.evaluate(parameter.default))
        return value
