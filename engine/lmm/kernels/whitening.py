"""H⁻¹ at one δ as a quadratic form: a triangular matrix for a dense K, a diagonal minus a few columns for others.

With a triangle the covariates cost no digits: P is the same for K + cQQᵀ whatever c is, and with a large c the part of
a test along the covariates all but vanishes before anything is squared. K may then be singular along them, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import cholesky, lapack

from ...errors import NotPositiveDefinite, ShapeError
from .block_sums import block_sums
from .spectral import Spectral

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from .kernel import Kernel

    Real = np.float32 | np.float64

COVARIATE_WEIGHT = 1e3
"""The constant c, in units of K's mean variance plus δ."""

ROWS = 256
"""Rows of the triangle in one product; the zeros above the diagonal of a block are multiplied in vain."""


@dataclass(frozen=True, slots=True)
class Triangle:
    """xᵀH⁻¹x = |Tx|² with T lower triangular: half the products that eigenvectors need.

    Parameters
    ----------
    values : ndarray of float32 or float64, shape (n, n)
        T.
    precision : ndarray of float64, shape (n, n), or None
        H⁻¹ = TᵀT, for sparse tests.
    """

    values: NDArray[Real]
    precision: NDArray[np.float64] | None = None

    def times(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return H⁻¹A, shape (n, c)."""
        return self.values.T @ (self.values @ columns)

    def squares(self, tests: NDArray[Real]) -> NDArray[np.float64]:
        """Return xᵀH⁻¹x of each test, tests of shape (m, n), in n²m products and a buffer of shape (m, 256)."""
        answer = np.zeros(len(tests))
        for start in range(0, len(self.values), ROWS):
            stop = min(start + ROWS, len(self.values))
            rotated = tests[:, :stop] @ self.values[start:stop, :stop].T
            answer += np.einsum("ij,ij->i", rotated, rotated)
        return answer

    def products(self, tests: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return XᵀH⁻¹X of a few tests, shape (m, m)."""
        rotated = tests @ self.values.T
        return rotated @ rotated.T

    def sparse_squares(self, tests: csr_array) -> NDArray[np.float64]:
        """Return xᵀH⁻¹x of sparse tests, from the s × s block of H⁻¹ of each."""
        if self.precision is None:
            raise ShapeError("This scan was not made for sparse tests.", hint="Make it with sparse=True.")
        return block_sums(self.precision, tests)

    def single(self) -> Triangle:
        """Return the same form in float32."""
        return Triangle(self.values.astype(np.float32), self.precision)


@dataclass(frozen=True, slots=True)
class Narrow:
    """xᵀH⁻¹x = Σ a_i x_i² − Σ_j s_j (F_jᵀx)², where F has few columns.

    Parameters
    ----------
    diagonal : ndarray, shape (n,)
        a.
    factor : ndarray, shape (n, q)
        F.
    signs : ndarray, shape (q,)
        s, each 1 or −1.
    wide : ndarray of float64, shape (n, q + t), or None
        F, a view of it, and behind it columns that tests are multiplied by besides; whoever asked for room fills them.
    """

    diagonal: NDArray[Real]
    factor: NDArray[Real]
    signs: NDArray[Real]
    wide: NDArray[np.float64] | None = None

    def times(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return H⁻¹A, shape (n, c)."""
        inner = self.factor.T @ columns
        return self.diagonal[:, None] * columns - self.factor @ (self.signs[:, None] * inner)

    def squares(
        self, tests: NDArray[Real], inner: NDArray[Real] | None = None, lengths: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        """Return xᵀH⁻¹x of each test, tests of shape (m, n), in 2nqm products and no copy of the tests.

        `inner` are the tests times F, and `lengths` their |x|², where these are known already.
        """
        inner = tests @ self.factor if inner is None else inner
        if np.ptp(self.diagonal):
            diagonal_part = np.einsum("ij,j,ij->i", tests, self.diagonal, tests)
        else:
            diagonal_part = (np.einsum("ij,ij->i", tests, tests) if lengths is None else lengths) * self.diagonal[0]
        return np.asarray(diagonal_part - np.square(inner) @ self.signs, dtype=np.float64)

    def products(self, tests: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return XᵀH⁻¹X of a few tests, shape (m, m)."""
        inner = tests @ self.factor
        return (tests * self.diagonal) @ tests.T - (inner * self.signs) @ inner.T

    def sparse_squares(self, tests: csr_array) -> NDArray[np.float64]:
        """Return xᵀH⁻¹x of sparse tests, in q products an entry."""
        inner = np.asarray(tests @ self.factor)
        diagonal_part = np.asarray(tests.multiply(tests) @ self.diagonal)
        return np.asarray(diagonal_part - np.square(inner) @ self.signs, dtype=np.float64)

    def single(self) -> Narrow:
        """Return the same form in float32."""
        kind = np.float32
        return Narrow(self.diagonal.astype(kind), self.factor.astype(kind), self.signs.astype(kind))


Form = Triangle | Narrow
"""H⁻¹ as a quadratic form."""


def whitening_of(
    kernel: Kernel, delta: float, frame: NDArray[np.float64], scale: float, *, sparse: bool = False, room: int = 0
) -> Form:
    """Return H⁻¹ at one δ: of K, or of K + cQQᵀ for the covariates' basis Q, which has the same P.

    Parameters
    ----------
    kernel : Kernel
        K.
    delta : float
        δ; ∞ for H = I.
    frame : ndarray of float64, shape (n, r)
        Q.
    scale : float
        s.
    sparse : bool
        Whether tests will be sparse: H⁻¹ is then formed where K is dense.
    room : int
        t, the columns behind F of a narrow form: a copy beside others would take as long as some hundred tests.

    Raises
    ------
    NotPositiveDefinite
        At δ = 0 kernel and covariates together do not span all rows.

    Notes
    -----
    A kernel of rank k < n/2 needs 2nk products a test, any other n² after (5/3) n³ once.
    """
    n = kernel.size
    if np.isinf(delta):
        return Narrow(np.ones(n), np.empty((n, 0)), np.ones(0), np.empty((n, room)) if room else None)
    if not isinstance(kernel, Spectral):
        return _narrow(kernel.diagonal + delta, kernel.factor, kernel.signs, room)
    if 2 * kernel.rank < n and delta > 0:  # (1/δ)(I − U diag(λ/(λ + δ)) Uᵀ)
        shrunk = kernel.values / (kernel.values + delta) / delta
        wide = np.empty((n, kernel.rank + room))
        factor = wide[:, : kernel.rank]
        np.multiply(kernel.vectors, np.sqrt(shrunk), out=factor)
        return Narrow(np.full(n, 1.0 / delta), factor, np.ones(kernel.rank), wide if room else None)
    beside = np.sqrt(COVARIATE_WEIGHT * (scale + delta)) * frame
    factor = np.hstack([kernel.vectors * np.sqrt(kernel.values), beside])
    whole = factor @ factor.T
    whole[np.diag_indices(n)] += delta
    try:  # in place: LAPACK has columns, and the transpose of a symmetric matrix is itself
        root = cholesky(whole.T, lower=True, overwrite_a=True, check_finite=False)
    except np.linalg.LinAlgError:
        raise NotPositiveDefinite(
            "At h² = 1 the kernel and the covariates do not span all rows: no test can be computed there."
        ) from None
    triangle, _ = lapack.dtrtri(root, lower=1, overwrite_c=1)
    return Triangle(triangle, triangle.T @ triangle if sparse else None)


def _narrow(
    diagonal: NDArray[np.float64], factor: NDArray[np.float64], signs: NDArray[np.float64], room: int
) -> Narrow:
    """Return (diag(d) + UJUᵀ)⁻¹ = D⁻¹ − D⁻¹U (J + UᵀD⁻¹U)⁻¹ UᵀD⁻¹, its small matrix as eigenvectors and signs."""
    scaled = factor / diagonal[:, None]
    inner = np.diag(signs) + factor.T @ scaled
    values, vectors = np.linalg.eigh((inner + inner.T) / 2)
    wide = np.empty((len(factor), len(values) + room))
    inside = wide[:, : len(values)]
    np.matmul(scaled, vectors / np.sqrt(np.abs(values)), out=inside)
    return Narrow(1.0 / diagonal, inside, np.sign(values), wide if room else None)
