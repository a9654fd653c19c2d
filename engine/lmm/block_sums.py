"""What is compiled: sums over small blocks of a large matrix, as sparse tests read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numba
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def block_sums(
    matrix: NDArray[np.float64], starts: NDArray[np.int64], places: NDArray[np.int64], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return xᵀMx for sparse x, shape (m,): the block of M of the places of each, once for every pair.

    Parameters
    ----------
    matrix : ndarray of float64, shape (n, n)
        M, symmetric.
    starts, places, values : ndarray
        The x, one after the other, as CSR has them.
    """
    return cast("NDArray[np.float64]", _block_sums(matrix, starts, places, values))


@numba.njit(cache=True, nogil=True, fastmath=True)
def _block_sums(matrix: Any, starts: Any, places: Any, values: Any) -> Any:
    answer = np.zeros(len(starts) - 1)
    for test in range(len(starts) - 1):
        total = 0.0
        for i in range(starts[test], starts[test + 1]):
            row = places[i]
            inner = 0.5 * matrix[row, row] * values[i]
            for j in range(starts[test], i):
                inner += matrix[row, places[j]] * values[j]
            total += 2.0 * inner * values[i]
        answer[test] = total
    return answer
