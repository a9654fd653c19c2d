"""Systems with a triangle, in blocks over numpy's own BLAS: SciPy has a routine for it, and takes long to load."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK = 64
"""Rows of a triangle that are eliminated at once, for few right-hand sides."""

INVERTED = 32
"""Rows of a triangle whose inverse is formed, for many right-hand sides."""


def solve_lower(
    triangle: NDArray[np.float64], right: NDArray[np.float64], *, transposed: bool = False
) -> NDArray[np.float64]:
    """Return L⁻¹ Y or L⁻ᵀ Y for a lower triangle L.

    Parameters
    ----------
    triangle : ndarray of float64, shape (n, n)
        L; what is above its diagonal must be 0.
    right : ndarray of float64, shape (n,) or (n, k)
        Y.
    transposed : bool
        Whether to solve with Lᵀ.

    Returns
    -------
    ndarray of float64, shape as Y
        In O(n²k), nearly all of it in products of matrices.

    Notes
    -----
    Forward substitution by blocks of rows. The triangles on the diagonal are eliminated for few right-hand sides. For
    more of them than L has rows they are inverted, which loses nothing that matters in so small blocks (Higham,
    Accuracy and Stability of Numerical Algorithms, 2002, section 14.2).

    Examples
    --------
    >>> solve_lower(np.array([[2.0, 0.0], [1.0, 4.0]]), np.array([2.0, 9.0]))
    array([1., 2.])
    """
    if not len(triangle):
        return right
    size, columns = len(triangle), right.reshape(len(right), -1)
    many = columns.shape[1] > size
    step = INVERTED if many else BLOCK
    answer = np.empty_like(columns)
    starts = range(0, size, step)
    for start in reversed(starts) if transposed else starts:
        rows = slice(start, min(start + step, size))
        solved = slice(rows.stop, size) if transposed else slice(0, start)
        beside = triangle[solved, rows].T if transposed else triangle[rows, solved]
        corner = triangle[rows, rows].T if transposed else triangle[rows, rows]
        rest = columns[rows] - beside @ answer[solved] if beside.size else columns[rows]
        if many:
            np.matmul(np.linalg.solve(corner, np.eye(len(corner))), rest, out=answer[rows])
        else:
            answer[rows] = np.linalg.solve(corner, rest)
    return answer.reshape(right.shape)
