"""Vectors in memory, compared one by one: never wrong, and quickest while there are few."""

from collections.abc import Collection as Group
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_FIRST_ROWS = 1024


class ExactVectors:
    """See `vectors.VectorStore`. Never raises; takes four bytes for each dimension of a vector."""

    def __init__(self, dimensions: int) -> None:
        import numpy as np

        self._rows: npt.NDArray[np.float32] = np.empty((_FIRST_ROWS, dimensions), np.float32)
        self._ids: list[str] = []
        self._at: dict[str, int] = {}

    def ids(self) -> Group[str]:
        """See the protocol."""
        return self._at.keys()

    def add(self, rows: Mapping[str, Sequence[float]]) -> None:
        """See the protocol; an id that is in it already gets the new vector."""
        for chunk, vector in rows.items():
            self._row_of(chunk)[:] = vector

    def add_matrix(self, ids: Sequence[str], matrix: "npt.NDArray[np.float32]") -> None:
        """The same for many."""
        for chunk, row in zip(ids, matrix, strict=True):
            self._row_of(chunk)[:] = row

    def delete(self, ids: Sequence[str]) -> None:
        """See the protocol."""
        for chunk in ids:
            at = self._at.pop(chunk, None)
            if at is None:
                continue
            last = self._ids.pop()
            if last != chunk:
                self._rows[at] = self._rows[len(self._ids)]
                self._ids[at] = last
                self._at[last] = at

    def nearest(self, vector: Sequence[float], most: int) -> Sequence[tuple[str, float]]:
        """See the protocol."""
        return nearest_rows(self._ids, self._rows[: len(self._ids)], vector, most)

    def close(self) -> None:
        """See the protocol."""
        self.delete(list(self._ids))

    def _row_of(self, chunk: str) -> "npt.NDArray[np.float32]":
        import numpy as np

        at = self._at.get(chunk)
        if at is None:
            at = len(self._ids)
            if at == len(self._rows):
                grown = np.empty((2 * at, self._rows.shape[1]), np.float32)
                grown[:at] = self._rows
                self._rows = grown
            self._ids.append(chunk)
            self._at[chunk] = at
        row: npt.NDArray[np.float32] = self._rows[at]
        return row


def nearest_rows(
    ids: Sequence[str],
    matrix: "npt.NDArray[np.float32]",
    vector: Sequence[float],
    most: int,
) -> list[tuple[str, float]]:
    """The ids of the rows nearest to `vector`, with their cosines, nearest first."""
    import numpy as np

    if not len(ids) or most < 1:
        return []
    asked = np.asarray(vector, dtype=np.float32)
    length = float(np.linalg.norm(asked))
    # Not `@`, which sets all cores to work and waits for them where others work, too.
    cosines = np.einsum("ij,j->i", matrix, asked / length if length else asked)
    most = min(most, len(ids))
    first = np.argpartition(-cosines, most - 1)[:most]
    ordered = first[np.argsort(-cosines[first], kind="stable")]
    return [(ids[at], float(cosines[at])) for at in ordered]
