"""Compiled quadratic forms of sparse tests: sums over small blocks of a large matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numba
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array


def block_sums(matrix: NDArray[np.float64], tests: csr_array) -> NDArray[np.float64]:
    """Return xᵀMx of each sparse x, shape (m,), from the block of M at its entries.

    M is read row after row, for all tests with an entry there, so that a row stays in the processor's cache; reading
    the block of one test after the other would not.

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
    starts, columns = tests.indptr.astype(np.int64), tests.indices.astype(np.int64)
    values = np.asarray(tests.data, dtype=np.float64)
    order = np.argsort(columns, kind="stable")  # the entries, by the row of M that each reads
    owners = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    return cast("NDArray[np.float64]", _block_sums(matrix, starts, columns, values, order, owners))


@numba.njit(cache=True, nogil=True, fastmath=True)
def _block_sums(matrix: Any, starts: Any, columns: Any, values: Any, order: Any, owners: Any) -> Any:
    sums = np.zeros(len(starts) - 1)
    for entry in order:
        test, row = owners[entry], columns[entry]
        inner = 0.5 * matrix[row, row] * values[entry]
        for other in range(starts[test], entry):
            inner += matrix[row, columns[other]] * values[other]
        sums[test] += 2.0 * inner * values[entry]
    return sums
