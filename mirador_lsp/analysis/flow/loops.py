"""When a loop need not be run again."""

from dataclasses import replace

from mirador_lsp.analysis.flow.heap import State
from mirador_lsp.analysis.flow.values import Value, same


def settled(before: State, after: State) -> bool:
    """Whether the last turn of a loop brought nothing new."""
    for _, thing, held in after.changed(before):
        if held is None or held.length != thing.length or not same(held.rest, thing.rest):
            return False
        if held.keys is not thing.keys and not same(held.keys, thing.keys):
            return False
        if held.fields.keys() != thing.fields.keys():
            return False
        if any(not same(value, held.fields[key]) for key, value in thing.fields.items()):
            return False
    return True


def _no_constant(value: Value) -> Value:
    """The value where its constants are unknown: some that are made as those were."""
    return Value(
        refs=value.refs,
        targets=value.targets,
        open=True,
        traces=value.traces,
        harmless=value.surely_harmless,
    )


def widened(before: State, after: State) -> State:
    """Constants that came with the last turn are unknown from now on."""
    result = after.copy()
    for address, thing, held in list(after.changed(before)):
        if held is None:
            continue
        fields = {
            key: value
            if key not in held.fields or value.known == held.fields[key].known
            else _no_constant(value)
            for key, value in thing.fields.items()
        }
        result.own[address] = replace(thing, fields=fields)
    return result
