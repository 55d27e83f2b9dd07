"""What models in the cloud cost: the user's own table, or the one that Mirador brings."""

from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import ServiceError, UserError
from mirador_lsp.core.metrics import Price
from mirador_lsp.settings.files import Unreadable, parse_toml, read_own

FILE_NAME = "prices.toml"
"""Beside the user's own settings."""
_MOST_MODELS = 50
_Dollars = Annotated[float, Meta(ge=0, le=1_000_000)]
_LONGEST = 200


class _Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=100)]
    prompt: _Dollars
    completion: _Dollars
    cached: _Dollars | None = None
    source: Annotated[str, Meta(max_length=_LONGEST)] = ""
    seen: date | None = None


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    model: Annotated[list[_Model], Meta(max_length=_MOST_MODELS)] = []


@dataclass(frozen=True)
class Prices:
    """A table of prices."""

    file: Path
    """The user's own, whether it is there or not."""
    own: bool
    """It is there, and holds."""
    table: tuple[Price, ...]


def read_prices(folder: Path) -> Prices:
    """The prices in the user's configuration folder, else the ones that Mirador brings.

    Raises `UserError` for a file that cannot be used.
    """
    file = folder / FILE_NAME
    content = read_own(file)
    if content is None:
        return Prices(file, own=False, table=_parse(_shipped(), f"Mirador's {FILE_NAME}"))
    return Prices(file, own=True, table=_parse(content, str(file)))


def write_prices(folder: Path) -> Path:
    """Write the table that Mirador brings where the user can change it; gives the path.

    Raises `UserError` where there is one, `ServiceError` where it cannot be written.
    """
    file = folder / FILE_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with file.open("xb") as opened:
            opened.write(_shipped())
    except OSError as error:
        if folder.is_dir() and isinstance(error, FileExistsError):
            message = f"{file} is there already."
            remedy = "Change it in your editor, or remove it first."
            raise UserError(message, remedy=remedy) from error
        message = f"{file} cannot be written: {error.strerror}."
        raise ServiceError(message, remedy="Check who owns the folder.") from error
    return file


def _shipped() -> bytes:
    return (resources.files("mirador_lsp.settings") / FILE_NAME).read_bytes()


def _parse(content: bytes, name: str) -> tuple[Price, ...]:
    tables = parse_toml(content)
    if isinstance(tables, Unreadable):
        message = f"{name} {tables.message}."
        raise UserError(message, remedy=tables.remedy)
    try:
        table = msgspec.convert(tables, type=_Table)
    except msgspec.ValidationError as error:
        message = f"{name} cannot be used: {plain(str(error), 200)}."
        remedy = "Correct it, or remove it: `mirador metrics prices --write` makes a fresh one."
        raise UserError(message, remedy=remedy) from error
    return tuple(
        Price(
            name=plain(each.name, 60),
            prompt=each.prompt,
            # A provider that names no price for them asks the full one.
            cached=each.prompt if each.cached is None else each.cached,
            completion=each.completion,
            source=plain(each.source, _LONGEST),
            seen=each.seen.isoformat() if each.seen is not None else "",
        )
        for each in table.model
    )
