"""The small matrix of a version, factored once: everything a version answers is read through it.

With Σ = A + U J Uᵀ, where U = [U₀ | X₊ | X₋] and J = diag(1, …, 1, −1, …, −1), the capacitance factors as

    J + UᵀA⁻¹U = L J Lᵀ        L lower triangular, [[L₁, 0], [Yᵀ, L₂]]

    L₁ = chol(I + U₊ᵀA⁻¹U₊)    Y = L₁⁻¹ U₊ᵀA⁻¹U₋    L₂ = chol(I − U₋ᵀΘ₊U₋) = chol(I − U₋ᵀA⁻¹U₋ + YᵀY)

so that Σ⁻¹ = A⁻¹ − W J Wᵀ with W = A⁻¹U L⁻ᵀ, and log |Σ| = log |A| + 2 Σ log diag L. That is the Woodbury identity
written once for additions and subtractions together. L₂ is the guard: it exists exactly when Σ is positive definite.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from ..errors import EngineError, NotPositiveDefinite
from ..threads import one_blas_thread
from ..triangular import solve_lower
from .anchor import Anchor, KnownProducts, stack_rows
from .columns import Columns, columns_of
from .covariance import blocks_of, row_blocks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from .pathway import Pathway

REFUSE_BELOW = 1e-10
"""Smallest guard eigenvalue of a version; below it, a version is positive definite by rounding at most."""

ROUNDING = 16 * float(np.finfo(np.float64).eps)
"""Rounding of the guard relative to the largest xᵀA⁻¹x: the guard is 1 less terms of that size."""

LARGEST_TRACE = 1e15
"""Largest trace of XᵀA⁻¹X: beside it, the 1 that is added to it keeps no digit."""

MOST_STORED_COLUMNS = 2_000
"""Most pathway columns of a version whose products are stored with it; those of more take over 32 MB."""

MOST_COLUMNS = 20_000
"""Most columns of a version, factors and pathways: the small matrix and its factor take 6.4 GB then."""

LARGEST_SMALL = 256
"""Largest small matrix that NumPy factors; for a larger one, SciPy is loaded, which factors it in place."""

WARN_BELOW = 1e-6
"""Guard eigenvalue below which about half of the digits are lost."""


@dataclass(frozen=True, slots=True)
class Capacitance:
    """A version's columns over its anchor, and the triangular factor of its small matrix.

    Parameters
    ----------
    anchor : Anchor
        A, A⁻¹ and U₀.
    loadings : Columns
        X, shape (p, r): the added columns, then the subtracted ones, in units of the expression.
    products : ndarray of float64, shape (r, K + r), or None
        The last rows of J + UᵀA⁻¹U, its lower triangle, for reuse by other versions on the same anchor; None where
        there can be no reuse, and for more than `MOST_STORED_COLUMNS` columns.
    signature : ndarray of float64, shape (K + r,)
        The diagonal of J.
    triangle : ndarray of float64, shape (K + r, K + r)
        L.
    guard : float
        Smallest eigenvalue of I − U₋ᵀΘ₊U₋; 1 when nothing is subtracted.
    """

    anchor: Anchor
    loadings: Columns
    products: NDArray[np.float64] | None
    signature: NDArray[np.float64]
    triangle: NDArray[np.float64]
    guard: float

    @property
    def log_det(self) -> float:
        """log |Σ|."""
        return self.anchor.log_det + 2.0 * float(np.sum(np.log(np.diagonal(self.triangle))))

    def covariance_factor(self, indices: NDArray[np.intp] | None = None) -> NDArray[np.float64]:
        """Return rows of U, shape (m, K + r); every row when `indices` is None."""
        return stack_rows(indices, self.anchor.columns, self.loadings)

    def precision_factor(self, indices: NDArray[np.intp] | None = None) -> NDArray[np.float64]:
        """Return rows of W, shape (m, K + r), in O(m (K + r)²); every row when `indices` is None."""
        return solve_lower(self.triangle, self.projected(indices).T).T

    def projected(self, indices: NDArray[np.intp] | None = None) -> NDArray[np.float64]:
        """Return rows of A⁻¹U, shape (m, K + r); every row when `indices` is None."""
        return self.anchor.precision.rows_times(indices, self.anchor.columns, self.loadings)

    def precision_diagonal(self) -> NDArray[np.float64]:
        """Return the diagonal of Θ on a diagonal anchor, shape (p,), in O(p r (K + r)) beside that of the base.

        Notes
        -----
        The first K columns of W are those of the base, so that Θ_ii = Θ₀,ii − Σ_k J_k w_ik² over the other r, which are
        A⁻¹(U₀M + XN) with [M; N] the last r columns of L⁻ᵀ.
        """
        factors, rank = self.anchor.columns.shape[1], self.loadings.shape[1]
        diagonal = self.anchor.factor_precision_diagonal()
        if not rank:
            return diagonal
        values, weights, signs = diagonal.copy(), self.anchor.precision.diagonal(), self.signature[factors:]
        with one_blas_thread():
            last = solve_lower(self.triangle, np.eye(factors + rank)[:, factors:], transposed=True)
            touched = self.loadings.touched()
            own = self.loadings.rows(touched) @ last[factors:]
            for rows, block in blocks_of(self.anchor.columns):
                for part in row_blocks(len(block), rank):
                    genes = slice(rows.start + part.start, rows.start + part.stop)
                    there = slice(*np.searchsorted(touched, [genes.start, genes.stop]))
                    root = block[part] @ last[:factors]
                    root[touched[there] - genes.start] += own[there]
                    root *= weights[genes, np.newaxis]
                    values[genes] -= np.einsum("ik,k,ik->i", root, signs, root)
        return values

    def covariance_times(self, right: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return Σ Y, shape (p, k), without forming U: O((pK + m) k) beside the product with A."""
        low_rank = self._times(self.signature[:, None] * self._transposed_times(right))
        return self.anchor.covariance.matmat(right) + low_rank

    def precision_times(self, right: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return Θ Y = A⁻¹(Y − U (J + UᵀA⁻¹U)⁻¹ UᵀA⁻¹Y), shape (p, k), without forming W; cost as for Σ, twice."""
        inner = solve_lower(self.triangle, self._transposed_times(self.anchor.precision.matmat(right)))
        solved = solve_lower(self.triangle, self.signature[:, None] * inner, transposed=True)
        return self.anchor.precision.matmat(right - self._times(solved))

    def covariance_factor_times(self, right: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return U Y, shape (p, k), without forming U."""
        return self._times(right)

    def precision_factor_times(self, right: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return W Y = A⁻¹(U L⁻ᵀY), shape (p, k), without forming W."""
        return self.anchor.precision.matmat(self._times(solve_lower(self.triangle, right, transposed=True)))

    def inverse(self) -> NDArray[np.float64]:
        """Return (J + UᵀA⁻¹U)⁻¹ = L⁻ᵀ J L⁻¹, shape (K + r, K + r)."""
        root = solve_lower(self.triangle, np.eye(len(self.triangle)))
        return (root.T * self.signature) @ root

    def _times(self, right: NDArray[np.float64]) -> NDArray[np.float64]:
        factors = self.anchor.columns.shape[1]
        return self.anchor.columns @ right[:factors] + self.loadings.times(right[factors:])

    def _transposed_times(self, right: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.vstack([self.anchor.columns.T @ right, self.loadings.transposed_times(right)])


def factor(
    anchor: Anchor, pathways: Sequence[Pathway], deviations: NDArray[np.float64], known: KnownProducts | None = None
) -> Capacitance:
    """Return the capacitance of a base's anchor and pathways.

    Parameters
    ----------
    anchor : Anchor
        What the pathways are added to.
    pathways : sequence of Pathway
        In the order of their columns; additions before subtractions.
    deviations : ndarray of float64, shape (p,)
        The standard deviation of each gene under the base, for loadings in `sd` units.
    known : KnownProducts, optional
        Products of some of the columns, computed before on this anchor; the answer is the same to the last bit.

    Returns
    -------
    Capacitance
        In O(m (K + r)) for a factor base, where m counts the loadings, O(m (K + n)) if all but n columns are known, and
        O(M² r) for a dense anchor, where M counts the genes touched; then O((K + r)³).

    Raises
    ------
    NotPositiveDefinite
        A subtraction leaves no positive definite covariance; the message names the eigenvalue and the pathway.
    EngineError
        The loadings are so large that nothing of the noise is left beside them; or there are more than `MOST_COLUMNS`.
    """
    check_rank(len(anchor.inner), sum([len(pathway.names) for pathway in pathways]))
    removed = sum([len(pathway.names) for pathway in pathways if pathway.sign < 0])
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is refused below
        loadings = columns_of(pathways, deviations)
        signature = np.ones(len(anchor.inner) + loadings.shape[1])
        added = len(signature) - removed
        signature[added:] = -1.0
        keeping = anchor.has_products(len(signature)) and loadings.shape[1] <= MOST_STORED_COLUMNS
        room = _room(len(signature)) if keeping else None
        small = anchor.small_matrix(loadings, signature, known, None if room is None else room[0])
    diagonal = small.diagonal()
    size = sum(diagonal[:added].tolist())
    if not size < LARGEST_TRACE or (removed and not np.all(np.isfinite(diagonal[added:]))):
        raise _too_large(size)
    try:
        if removed:
            triangle, guard = _guarded(small, pathways, added)
        else:
            triangle, guard = _cholesky(small, small if room is None else room[1]), 1.0
    except np.linalg.LinAlgError:
        raise _too_large(size) from None
    return Capacitance(anchor, loadings, small[len(anchor.inner) :] if keeping else None, signature, triangle, guard)


def check_rank(factors: int, rank: int) -> None:
    """Refuse what has more columns than a small matrix is made of.

    Raises
    ------
    EngineError
        There are more than `MOST_COLUMNS`.
    """
    if factors + rank > MOST_COLUMNS:
        within = f"{rank:,} columns of pathways" + (f" beside {factors:,} factors" if factors else "")
        raise EngineError(
            f"A version is read from at most {MOST_COLUMNS:,} columns, and this one has {within}.",
            hint="Commit fewer pathways, or begin a new store from the covariance that has them taken in.",
        )


def _room(size: int) -> NDArray[np.float64] | None:
    """Return room for a large small matrix and its factor, shape (2, q, q).

    It is one block of memory: of two, the system would take each back, and clear it again for the next version.
    """
    return np.empty((2, size, size)) if size > LARGEST_SMALL else None


def _guarded(small: NDArray[np.float64], pathways: Sequence[Pathway], added: int) -> tuple[NDArray[np.float64], float]:
    """Return L and the guard's eigenvalue from J + UᵀA⁻¹U, whose first `added` columns are additions."""
    triangle = np.zeros_like(small)
    triangle[:added, :added] = _cholesky(small[:added, :added])
    mixed = solve_lower(triangle[:added, :added], small[added:, :added].T)
    remaining = mixed.T @ mixed - small[added:, added:]  # its lower triangle
    guard = float(np.linalg.eigvalsh(remaining)[0])
    least = max(REFUSE_BELOW, ROUNDING * float(1.0 + np.max(small.diagonal()[added:])))
    if guard < least:
        names = [name for pathway in pathways for name in pathway.names if pathway.sign < 0]
        direction = np.linalg.eigh(remaining)[1][:, 0]
        raise _too_little_left(guard, least, names[int(np.argmax(np.abs(direction)))])
    triangle[added:, :added] = mixed.T
    triangle[added:, added:] = _cholesky(remaining)
    return triangle, guard


def _cholesky(matrix: NDArray[np.float64], out: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """Return the lower triangular factor of a matrix that has its lower triangle, in one call of LAPACK.

    Parameters
    ----------
    matrix : ndarray of float64, shape (q, q)
        What is above its diagonal is not read.
    out : ndarray of float64, shape (q, q), optional
        Where the factor of a large one is put; it may be the matrix.

    Raises
    ------
    LinAlgError
        It is not positive definite.
    """
    if len(matrix) <= LARGEST_SMALL:
        return cast("NDArray[np.float64]", np.linalg.cholesky(matrix))
    room = matrix.copy() if out is None else out
    if room is not matrix:
        room[:] = matrix
    with one_blas_thread(scipy=True):
        from scipy.linalg import lapack

        upper, failed = lapack.dpotrf(room.T, lower=0, clean=1, overwrite_a=1)
    if failed:
        raise np.linalg.LinAlgError("The matrix is not positive definite.")
    return cast("NDArray[np.float64]", upper.T)


def _too_large(size: float) -> EngineError:
    return EngineError(
        f"The loadings are too large: the trace of XᵀA⁻¹X is {size:.3g}, and from {LARGEST_TRACE:g} on no digit is "
        "left of what they are added to.",
        hint="Check the units of the loadings.",
    )


def _too_little_left(guard: float, least: float, name: str) -> NotPositiveDefinite:
    within = f" of less than {1.0 / np.sqrt(1.0 - guard):.2g} times the size" if guard < 0 else ""
    return NotPositiveDefinite(
        f"Subtracting {name} would not leave a covariance: the smallest eigenvalue of I − XᵀΘX is {guard:.3g}, "
        f"and must be at least {least:.3g}.",
        hint=f"Subtract with loadings{within}, or not at all." if within else "Subtract with smaller loadings.",
        eigenvalue=guard,
    )
