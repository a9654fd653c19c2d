"""Two symmetric matrices in the triangles of one array: a covariance and its inverse take the room of one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..covariance import row_blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class UpperTriangle:
    """A `MatrixSource` whose entries stand above the diagonal of an array, and its diagonal apart.

    Of the lower triangle of an array the transpose of the array is given.

    Parameters
    ----------
    array : ndarray of float64, shape (p, p)
        Made read-only. What stands on its diagonal and below is something else.
    on_diagonal : ndarray of float64, shape (p,)
        The diagonal.
    """

    array: NDArray[np.float64]
    on_diagonal: NDArray[np.float64]

    def __post_init__(self) -> None:
        self.array.setflags(write=False)
        self.on_diagonal.setflags(write=False)

    @property
    def shape(self) -> tuple[int, int]:
        """(p, p)."""
        return (len(self.array), len(self.array))

    def rows(self, indices: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return rows in the order of the indices, shape (m, p)."""
        answer = np.empty((len(indices), len(self.array)))
        for row, index in zip(answer, indices.tolist(), strict=True):
            row[:index] = self.array[:index, index]
            row[index] = self.on_diagonal[index]
            row[index + 1 :] = self.array[index, index + 1 :]
        return answer

    def blocks(self) -> Iterator[tuple[slice, NDArray[np.float64]]]:
        """Yield runs of rows from first to last, each valid until the next one."""
        buffer: NDArray[np.float64] | None = None
        for block in row_blocks(*self.shape):
            if buffer is None:
                buffer = np.empty((block.stop, len(self.array)))
            rows = buffer[: block.stop - block.start]
            rows[:, : block.start] = self.array[: block.start, block].T
            rows[:, block] = self.array[block, block]
            mirror_upper(rows[:, block])
            np.fill_diagonal(rows[:, block], self.on_diagonal[block])
            rows[:, block.stop :] = self.array[block, block.stop :]
            yield block, rows

    def diagonal(self) -> NDArray[np.float64]:
        """Return the diagonal, shape (p,)."""
        return self.on_diagonal

    def matmat(self, right: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return M Y, shape (p, k), each entry of the array read once."""
        answer = self.on_diagonal[:, None] * right
        for block in row_blocks(*self.shape):
            above = np.triu(self.array[block, block], 1)
            beyond = self.array[block, block.stop :]
            answer[block] += above @ right[block] + above.T @ right[block] + beyond @ right[block.stop :]
            answer[block.stop :] += beyond.T @ right[block]
        return answer


def mirror_upper(matrix: NDArray[np.float64]) -> None:
    """Copy what stands above the diagonal of a small square matrix to below it, bit for bit, in place."""
    np.copyto(matrix, matrix.T.copy(), where=np.tri(len(matrix), k=-1, dtype=np.bool_))
