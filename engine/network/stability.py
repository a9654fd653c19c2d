"""How far the numbers of a version can be trusted: its probe, its eigenvalues, and one step of refinement."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse.linalg import ArpackNoConvergence, eigsh

from ..errors import NotConverged
from ..threads import one_blas_thread, one_blas_thread_unless_large
from .anchor import Dense
from .inversion import invert

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .covariance import DenseCovariance
    from .operators import SymmetricOperator
    from .panel import GeneSelection
    from .snapshot import Snapshot

PROBE_SEED = 20_211
"""The seed of the probe's random vector: one for every version, so that their residuals can be compared."""

MOST_OPERATIONS = 5e8
"""Most floating-point operations that a commit spends on its probe."""

OPERATIONS_OF_A_READ = 100
"""Cost of reading a number of a dense anchor three times and checking it, in floating-point operations."""

EIGENVALUE_TOLERANCE = 1e-9
"""Relative accuracy to which the extreme eigenvalues are computed."""


@dataclass(frozen=True, slots=True)
class Spectrum:
    """The extreme eigenvalues of a covariance.

    Parameters
    ----------
    smallest, largest : float
        In squared units of the expression.
    """

    smallest: float
    largest: float

    @property
    def condition(self) -> float:
        """Largest over smallest: an inversion loses about its log₁₀ in digits."""
        return self.largest / self.smallest


def probe(snapshot: Snapshot, truth: Snapshot | None = None) -> float:
    """Return ‖Σ(Θg) − g‖₂ / √p for one random vector g of ±1: the relative error of solving with Θ.

    Parameters
    ----------
    snapshot : Snapshot
        The snapshot whose Θ is used.
    truth : Snapshot, optional
        The snapshot whose Σ is used: the same version read in another way. By default the first one.

    Notes
    -----
    Its logarithm tracks the true residual ‖ΣΘ − I‖ (r = .95 to .99 in prototypes); the condition of the small matrix
    does not. O(pK + m) for a factor base, m counting the loadings; one pass over A and two over A⁻¹ for a dense one.
    """
    vector = _signs(len(snapshot.panel))
    with one_blas_thread():
        solved = snapshot.capacitance.precision_times(vector)
        residual = (truth or snapshot).capacitance.covariance_times(solved) - vector
    return float(np.linalg.norm(residual) / np.sqrt(len(vector)))


@functools.lru_cache(maxsize=4)
def _signs(size: int) -> NDArray[np.float64]:
    """Return the probe's vector, ±1, shape (p, 1)."""
    signs = np.where(np.random.RandomState(PROBE_SEED).randint(0, 2, size=(size, 1)), 1.0, -1.0)
    signs.setflags(write=False)
    return signs


def affordable(snapshot: Snapshot) -> bool:
    """Return whether a probe of this snapshot takes less than about 50 ms."""
    size, columns = len(snapshot.panel), len(snapshot.capacitance.signature)
    dense = isinstance(snapshot.precision.core, Dense)
    return 8 * size * columns + (OPERATIONS_OF_A_READ * size**2 if dense else 0) < MOST_OPERATIONS


def spectrum(snapshot: Snapshot) -> Spectrum:
    """Return the smallest and largest eigenvalue of Σ, by Lanczos iteration on Σ and on Θ.

    Raises
    ------
    NotConverged
        The iteration did not reach its tolerance.

    Notes
    -----
    The largest eigenvalue of Θ is 1 over the smallest of Σ, so both ends are computed where Lanczos
    iteration converges fastest. O(p (K + r)) an iteration for a factor base, O(p²) for a dense one.
    """
    return Spectrum(1.0 / _largest(snapshot.precision), _largest(snapshot.covariance))


def all_eigenvalues(snapshot: Snapshot) -> NDArray[np.float64]:
    """Return every eigenvalue of Σ, largest first, shape (p,): O(p³), and two arrays of 8p² bytes."""
    with one_blas_thread_unless_large(len(snapshot.panel)):
        return np.linalg.eigvalsh(snapshot.covariance.to_dense())[::-1].astype(np.float64, copy=False)


def factor_eigenvalues(snapshot: Snapshot) -> NDArray[np.float64]:
    """Return the eigenvalues that factors and pathways add to the noise: those of U J Uᵀ, largest first.

    Parameters
    ----------
    snapshot : Snapshot
        A version on a factor base, read from the base's own anchor, which is the noise.

    Returns
    -------
    ndarray of float64, shape (min(p, K + r),)
        In squared units of the expression; a subtracted pathway can make some of them negative. All others are zero.

    Notes
    -----
    With U = QR they are the eigenvalues of R J Rᵀ: O(p (K + r)²), nothing p × p.
    """
    covariance = snapshot.covariance
    with one_blas_thread():
        upper = np.linalg.qr(covariance.factor).R
        return np.linalg.eigvalsh((upper * covariance.weights) @ upper.T)[::-1].astype(np.float64, copy=False)


def refined_columns(snapshot: Snapshot, genes: GeneSelection) -> NDArray[np.float64]:
    """Return columns of Θ after one correction, Θ + Θ(I − ΣΘ), shape (p, m).

    Parameters
    ----------
    snapshot : Snapshot
        The version.
    genes : gene or genes
        The columns to return.

    Returns
    -------
    ndarray of float64, shape (p, m)
        With residuals like those of a direct inversion, where the anchor is ill-conditioned.
    """
    precision = snapshot.precision
    indices = snapshot.panel.locate(genes)
    columns = precision.rows(indices).T
    unit = np.zeros_like(columns)
    unit[indices, np.arange(len(indices))] = 1.0
    return columns + precision.matmat(unit - snapshot.covariance.matmat(columns))


def reinvert_snapshot(snapshot: Snapshot) -> DenseCovariance:
    """Return the full inversion of a version, formed and inverted as one dense matrix: O(p³), 24p² bytes."""
    return invert(snapshot.covariance.to_dense())


def _largest(operator: SymmetricOperator) -> float:
    size = operator.shape[0]
    if size <= 32:  # Lanczos iteration needs more dimensions than so small a matrix has
        return float(np.linalg.eigvalsh(operator.to_dense())[-1])
    start = np.random.RandomState(PROBE_SEED).standard_normal(size)
    try:
        values = eigsh(operator, k=1, which="LA", v0=start, tol=EIGENVALUE_TOLERANCE, return_eigenvectors=False)
    except ArpackNoConvergence as failure:
        raise NotConverged(f"The extreme eigenvalues were not found: {failure}.") from None
    return float(values[0])
