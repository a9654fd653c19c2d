"""What is compiled: sums over small blocks of a large matrix, as sparse tests read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numba
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array


def block_sums(matrix: NDArray[np.float64], tests: csr_array) -> NDArray[np.float64]:
    """Return xᵀMx for sparse x, shape (m,): the block of M of the places of each, once for every pair.

    Row after row of M, for all tests that have an entry there: a row stays near the processor, where the blocks of one
    test after the other would be read from far away.

    Parameters
    ----------
    matrix : ndarray of float64, shape (n, n)
        M, symmetric.
    tests : csr_array, shape (m, n)
        The x.

    Notes
    -----
    O(Σ s²) for tests of s entries.
    """
    starts, places = tests.indptr.astype(np.int64), tests.indices.astype(np.int64)
    values = np.asarray(tests.data, dtype=np.float64)
    order = np.argsort(places, kind="stable")  # the entries, by the row of M that each reads
    owners = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    return cast("NDArray[np.float64]", _block_sums(matrix, starts, places, values, order, owners))


@numba.njit(cache=True, nogil=True, fastmath=True)
def _block_sums(matrix: Any, starts: Any, places: Any, values: Any, order: Any, owners: Any) -> Any:
    answer = np.zeros(len(starts) - 1)
    for entry in order:
        test, row = owners[entry], places[entry]
        inner = 0.5 * matrix[row, row] * values[entry]
        for other in range(starts[test], entry):
            inner += matrix[row, places[other]] * values[other]
        answer[test] += 2.0 * inner * values[entry]
    return answer
