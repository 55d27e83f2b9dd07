"""What Python's functions give that look at objects, and copy them."""

from collections.abc import Sequence
from dataclasses import replace

from mirador_lsp.analysis.flow.evaluate import EITHER
from mirador_lsp.analysis.flow.heap import Key, Thing
from mirador_lsp.analysis.flow.methods import Methods
from mirador_lsp.analysis.flow.values import (
    NOTHING,
    UNKNOWN,
    External,
    Known,
    Value,
    constant,
    join,
    joined,
    tainted,
)
from mirador_lsp.core.text import Span


class PythonReflection(Methods):
    """Python's own functions that ask what an object is and has."""

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
        whole = values[0] if values else UNKNOWN
        rest = joined(self.thing(address).rest for address in whole.refs)
        if whole.open or whole.targets:
            rest = join(rest, tainted(whole.traces))
        return self.make(Thing("dict", fields, rest), span)

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
            self.taken_from(address)
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
