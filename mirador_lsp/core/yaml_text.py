"""YAML that anybody may have written: read as plain data, in time and room that its size bounds."""

from collections.abc import Iterable


def parse_yaml(text: str, *, deepest: int) -> object:
    """What the text says. Raises ValueError, with the mistake, for anything else than one document
    of plain values nested no deeper than `deepest` and without references.
    """
    import yaml  # noqa: PLC0415 — takes a while, and starting must not

    try:
        _refuse_tricks(yaml.parse(text, Loader=yaml.SafeLoader), deepest)
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(str(error)) from error


def _refuse_tricks(events: Iterable[object], deepest: int) -> None:
    """References make a small text large, and depth a parser fail; nobody needs either here."""
    import yaml  # noqa: PLC0415

    depth = 0
    for event in events:
        if isinstance(event, yaml.AliasEvent):
            message = "references (`*name`) are not allowed"
            raise ValueError(message)  # noqa: TRY004 — the file is wrong, not a type
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > deepest:
            message = "nested too deeply"
            raise ValueError(message)
