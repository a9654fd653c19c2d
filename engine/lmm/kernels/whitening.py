"""H⁻¹ at one δ as a quadratic form: a triangle where K is dense, a diagonal less a few columns where it is not.

In a triangle covariates lose no digits: P is the same for K + cQQᵀ whatever c is, and with a large c the part of a test
that lies along them is all but gone before anything is squared. And with it K may be singular along them.
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

ALONG = 1e3
"""c, in units of K's mean variance and δ together."""

ROWS = 256
"""Rows of the triangle in one product: what lies above the diagonal of a block is multiplied in vain."""


@dataclass(frozen=True, slots=True)
class Triangle:
    """xᵀH⁻¹x = |Tx|² with T lower triangular: half the products that U would take.

    Parameters
    ----------
    values : ndarray of float32 or float64, shape (n, n)
        T.
    precision : ndarray of float64, shape (n, n), or None
        H⁻¹ = TᵀT, where sparse tests will be asked.
    """

    values: NDArray[Real]
    precision: NDArray[np.float64] | None = None

    def times(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return H⁻¹A, shape (n, c)."""
        return self.values.T @ (self.values @ columns)

    def squares(self, tests: NDArray[Real]) -> NDArray[np.float64]:
        """Return xᵀH⁻¹x of each test, tests of shape (m, n): n²m products, and a block of (m, 256) beside."""
        answer = np.zeros(len(tests))
        for start in range(0, len(self.values), ROWS):
            stop = min(start + ROWS, len(self.values))
            turned = tests[:, :stop] @ self.values[start:stop, :stop].T
            answer += np.einsum("ij,ij->i", turned, turned)
        return answer

    def products(self, tests: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return XᵀH⁻¹X of a few tests, shape (m, m)."""
        turned = tests @ self.values.T
        return turned @ turned.T

    def sparse_squares(self, tests: csr_array) -> NDArray[np.float64]:
        """Return xᵀH⁻¹x of sparse tests, from the s × s block of H⁻¹ of each."""
        if self.precision is None:
            raise ShapeError("This scan was not made for sparse tests.", hint="Make it with sparse=True.")
        return block_sums(self.precision, tests)

    def single(self) -> Triangle:
        """Return it in float32."""
        return Triangle(self.values.astype(np.float32), self.precision)


@dataclass(frozen=True, slots=True)
class Narrow:
    """xᵀH⁻¹x = Σ a_i x_i² − Σ_j s_j (F_jᵀx)², F of few columns.

    Parameters
    ----------
    diagonal : ndarray, shape (n,)
        a.
    factor : ndarray, shape (n, q)
        F.
    signs : ndarray, shape (q,)
        s, each 1 or −1.
    """

    diagonal: NDArray[Real]
    factor: NDArray[Real]
    signs: NDArray[Real]

    def times(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return H⁻¹A, shape (n, c)."""
        inner = self.factor.T @ columns
        return self.diagonal[:, None] * columns - self.factor @ (self.signs[:, None] * inner)

    def squares(
        self, tests: NDArray[Real], inner: NDArray[Real] | None = None, lengths: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        """Return xᵀH⁻¹x of each test, tests of shape (m, n): 2nqm products, nothing of the size of the tests beside.

        `inner` are the tests times F and `lengths` their |x|², where whoever asks has them already.
        """
        inner = tests @ self.factor if inner is None else inner
        if np.ptp(self.diagonal):
            own = np.einsum("ij,j,ij->i", tests, self.diagonal, tests)
        else:
            own = (np.einsum("ij,ij->i", tests, tests) if lengths is None else lengths) * self.diagonal[0]
        return np.asarray(own - np.square(inner) @ self.signs, dtype=np.float64)

    def products(self, tests: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return XᵀH⁻¹X of a few tests, shape (m, m)."""
        inner = tests @ self.factor
        return (tests * self.diagonal) @ tests.T - (inner * self.signs) @ inner.T

    def sparse_squares(self, tests: csr_array) -> NDArray[np.float64]:
        """Return xᵀH⁻¹x of sparse tests: their entries times q."""
        inner = np.asarray(tests @ self.factor)
        own = np.asarray(tests.multiply(tests) @ self.diagonal)
        return np.asarray(own - np.square(inner) @ self.signs, dtype=np.float64)

    def single(self) -> Narrow:
        """Return it in float32."""
        kind = np.float32
        return Narrow(self.diagonal.astype(kind), self.factor.astype(kind), self.signs.astype(kind))


Form = Triangle | Narrow
"""H⁻¹ as a quadratic form."""


def whitening_of(
    kernel: Kernel, delta: float, frame: NDArray[np.float64], scale: float, *, sparse: bool = False
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
        Whether sparse tests will be asked: H⁻¹ is then kept whole where K is dense.

    Raises
    ------
    NotPositiveDefinite
        At δ = 0 the kernel and the covariates leave something out.

    Notes
    -----
    A kernel of rank k < n/2 takes 2nk products a test, any other n² after (5/3) n³ once.
    """
    n = kernel.size
    if np.isinf(delta):
        return Narrow(np.ones(n), np.empty((n, 0)), np.ones(0))
    if not isinstance(kernel, Spectral):
        return _narrow(kernel.diagonal + delta, kernel.factor, kernel.signs)
    if 2 * kernel.rank < n and delta > 0:  # (1/δ)(I − U diag(λ/(λ + δ)) Uᵀ)
        shrunk = kernel.values / (kernel.values + delta) / delta
        return Narrow(np.full(n, 1.0 / delta), kernel.vectors * np.sqrt(shrunk), np.ones(kernel.rank))
    beside = np.sqrt(ALONG * (scale + delta)) * frame
    factor = np.hstack([kernel.vectors * np.sqrt(kernel.values), beside])
    whole = factor @ factor.T
    whole[np.diag_indices(n)] += delta
    try:  # in place: LAPACK has columns, and the transpose of a symmetric matrix is itself
        root = cholesky(whole.T, lower=True, overwrite_a=True, check_finite=False)
    except np.linalg.LinAlgError:
        raise NotPositiveDefinite(
            "At h² = 1 the kernel and the covariates leave out some direction: no test can be weighed there."
        ) from None
    triangle, _ = lapack.dtrtri(root, lower=1, overwrite_c=1)
    return Triangle(triangle, triangle.T @ triangle if sparse else None)


def _narrow(diagonal: NDArray[np.float64], factor: NDArray[np.float64], signs: NDArray[np.float64]) -> Narrow:
    """Return (diag(d) + UJUᵀ)⁻¹ = D⁻¹ − D⁻¹U (J + UᵀD⁻¹U)⁻¹ UᵀD⁻¹, its small matrix as eigenvectors and signs."""
    scaled = factor / diagonal[:, None]
    inner = np.diag(signs) + factor.T @ scaled
    values, vectors = np.linalg.eigh((inner + inner.T) / 2)
    inside = scaled @ (vectors / np.sqrt(np.abs(values)))
    return Narrow(1.0 / diagonal, np.ascontiguousarray(inside), np.sign(values))
