"""Settings that are lists of tables: `[[actions]]`, `[[servers]]` and their like."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mirador_lsp.core.clean import plain
from mirador_lsp.settings.check import Wrong, check
from mirador_lsp.settings.keys import Table, must_be_said, table_keys

MOST_TABLES = 32
"""Of one source."""

Tell = Callable[[str, str, str], None]
"""Takes a key, what is wrong with it and what to do about it."""


def read_tables(table: Table, raw: object, base: Path | None, tell: Tell) -> tuple[Any, ...]:
    """The usable tables of one source, as `table.settings`. Never raises; whatever is left out is
    told.
    """
    if not isinstance(raw, Sequence) or isinstance(raw, str | bytes):
        tell(table.name, "must be a list of tables", f"Write each one under [[{table.name}]].")
        return ()
    if len(raw) > MOST_TABLES:
        tell(table.name, f"may hold {MOST_TABLES} at most", "The rest is not used.")
    found: dict[str, Any] = {}
    for number, said in enumerate(raw[:MOST_TABLES], 1):
        key = f"{table.name}[{number}]"
        one = _one(table, said, key, base, tell)
        if one is None:
            continue
        name = one.name if table.named else key
        if name in found:
            tell(f"{key}.name", f'says "{name}", as another one does', table.dropped)
            continue
        found[name] = one
    return tuple(found.values())


def merged(table: Table, weaker: Sequence[Any], stronger: Sequence[Any]) -> tuple[Any, ...]:
    """The tables of two sources; one of the stronger takes the place of its namesake."""
    if not table.named:
        return (*weaker, *stronger)
    by_name = {one.name: one for one in weaker}
    by_name.update({one.name: one for one in stronger})
    return tuple(by_name.values())


def _one(table: Table, said: object, key: str, base: Path | None, tell: Tell) -> Any:
    if not isinstance(said, Mapping):
        tell(key, "must be a table", table.dropped)
        return None
    values: dict[str, Any] = {}
    # In an editor's JSON null stands for what is not set.
    present = {name: value for name, value in said.items() if value is not None}
    wrongs = list(_mistakes(table, present, base, values))
    for name, message in wrongs:
        tell(f"{key}.{plain(name, 60)}", message, table.dropped)
    return table.settings(**values) if not wrongs else None


def _mistakes(
    table: Table, said: Mapping[Any, object], base: Path | None, values: dict[str, Any]
) -> Iterator[tuple[str, str]]:
    """What is wrong with a table, as name and phrase; what is right goes into `values`."""
    known = table_keys(table.name)
    for name, raw in said.items():
        if name not in known:
            yield str(name), f"is not one of {', '.join(known)}"
            return
        value = check(known[name], raw, base)
        if isinstance(value, Wrong):
            yield name, value.message
        elif isinstance(value, str) and not value.strip() and must_be_said(known[name]):
            yield name, "must not be empty"
        else:
            values[name] = value
    for name, key in known.items():
        if must_be_said(key) and name not in said:
            yield name, "is missing"
