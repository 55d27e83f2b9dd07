"""The capability matrix as a file: Mirador's own, and the user's, which goes before it."""

import functools
from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.policy import DEEP, QUICK, SYNTHESIS
from mirador_lsp.core.routing import TASKS, Calibration, Candidate, Fitness, Matrix
from mirador_lsp.core.yaml_text import parse_yaml

FILE_NAME = "capabilities.yaml"
_MOST_BYTES = 64 * 1024
_DEEPEST = 6
_MOST_ROWS = 200

_Model = Annotated[str, Meta(pattern=r"^[\w.:/*?+-]{1,120}\Z")]
_Size = Annotated[float, Meta(ge=0, le=1e6)]
_Term = Annotated[float, Meta(ge=-50, le=50)]
_Slope = Annotated[float, Meta(ge=0, le=50)]


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    model: _Model
    confidence: Annotated[float, Meta(ge=0, le=1)]
    reason: Annotated[str, Meta(min_length=1, max_length=200)]
    billions: tuple[_Size, _Size] = (0.0, 1e6)
    infill: tuple[_Term, _Slope] | None = None
    judge: dict[Candidate, tuple[_Term, _Slope]] | None = None
    passes: tuple[Literal["ask", "blanked", "infill"], ...] = ()


_Rows = dict[str, Annotated[tuple[_Row, ...], Meta(max_length=_MOST_ROWS)]]
_NEXT = ("", QUICK, DEEP, SYNTHESIS)


@functools.cache
def shipped_matrix() -> Matrix:
    """What Mirador believes of models. The first call reads a file of the package."""
    content = resources.files("mirador_lsp.engine").joinpath(FILE_NAME).read_bytes()
    return Matrix(MappingProxyType(_read(content, "the built-in matrix")))


def read_matrix(content: bytes | None, origin: str) -> Matrix:
    """The shipped matrix with the rows of the user's file `content` looked through first; the
    shipped one alone where there is no such file.

    Raises `UserError` that names `origin` and the mistake, whatever the file holds.
    """
    if content is None:
        return shipped_matrix()
    own = _read(content, origin)
    shipped = shipped_matrix().rows
    tasks = {**shipped, **own}
    joined = {task: (*own.get(task, ()), *shipped.get(task, ())) for task in tasks}
    return Matrix(MappingProxyType(joined))


def _read(content: bytes, origin: str) -> Mapping[str, tuple[Fitness, ...]]:
    try:
        rows = msgspec.convert(_parsed(content), _Rows | None) or {}
        for task in rows:
            _check_task(task)
    except (ValueError, RecursionError) as error:  # msgspec's and YAML's errors are among them
        message = f"The capability matrix {origin} is not valid: {plain(str(error), 200)}."
        raise UserError(message, remedy="Correct it; until then Mirador's own holds.") from error
    return {task: tuple(_fitness(row) for row in found) for task, found in rows.items()}


def _parsed(content: bytes) -> object:
    if len(content) > _MOST_BYTES:
        message = f"larger than {_MOST_BYTES // 1024} KiB"
        raise ValueError(message)
    return parse_yaml(content.decode("utf-8-sig"), deepest=_DEEPEST)


def _check_task(task: str) -> None:
    first, _, rest = task.partition(".")
    if first not in TASKS or rest.partition(".")[0] not in _NEXT or task.count(".") > 2:
        message = f'"{task}" is no task; they begin with {", ".join(TASKS)}'
        raise ValueError(message)


def _fitness(row: _Row) -> Fitness:
    least, most = row.billions
    return Fitness(
        row.model,
        row.confidence,
        plain(row.reason, 200),
        least,
        most,
        Calibration(*row.infill) if row.infill is not None else None,
        MappingProxyType({kind: Calibration(*curve) for kind, curve in (row.judge or {}).items()}),
        row.passes,
    )
