"""Eigenvalues of a version: the smallest and the largest, all of them, and those of the factors alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ...errors import NotConverged
from ...threads import one_blas_thread, one_blas_thread_unless_large
from ..anchor import Dense
from ..dense.lanczos import largest_eigenvalue
from ..stability import OPERATIONS_OF_A_READ
from .inertia import DiagonalPlusLowRank

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..operators import SymmetricOperator
    from ..snapshot import Snapshot

EIGENVALUE_TOLERANCE = 1e-9
"""Relative accuracy to which the extreme eigenvalues are computed."""

LARGEST_SINGLY = 2_000
"""Most genes of a dense version whose extreme eigenvalues are iterated with single vectors."""

REMEMBERED_TOLERANCE = 1e-6
"""Relative accuracy to which remembered eigenvalues are judged."""

STEPS_TRIED, REACHED = 10, 1.25
"""Steps of an iteration by which remembered eigenvalues are judged, and how far beyond what it reaches they may be."""

SMALLEST_ITERATED = 32
"""Most genes whose eigenvalues come from the whole matrix: Lanczos iteration needs more dimensions than that has."""

VECTORS = 8
"""Vectors of a block."""

MOST_READINGS = 300
"""Most readings of a dense version for one eigenvalue."""

SEED = 20_211
"""Of the first vectors of an iteration."""

ITERATIONS = 50
"""About how many iterations each end of the eigenvalues takes."""

MOST_COUNTED = 500
"""Most columns of a version on a factor base whose eigenvalues are counted; with more, vectors are iterated."""


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


def spectrum(snapshot: Snapshot) -> Spectrum:
    """Return the smallest and largest eigenvalue of Σ.

    Raises
    ------
    NotConverged
        An iteration did not reach its tolerance.

    Notes
    -----
    On a factor base of at most `MOST_COUNTED` columns eigenvalues are counted, see `inertia`: about 20 to 60 times
    O(p (K + r)²), however close to each other they lie. Otherwise by Lanczos iteration on Σ and on Θ, whose largest
    eigenvalue is 1 over the smallest of Σ: O(p (K + r)) an iteration for a factor base, O(p²) for a dense one. Of a
    dense one with more than `LARGEST_SINGLY` genes blocks of `VECTORS` vectors are iterated, since reading it takes
    longest.
    """
    size, columns = len(snapshot.panel), len(snapshot.capacitance.signature)
    find, check = _iterated, _can_be_extreme
    if isinstance(snapshot.precision.core, Dense):
        operations = ITERATIONS * OPERATIONS_OF_A_READ * size**2
    elif columns > MOST_COUNTED:
        operations = ITERATIONS * 8 * columns * size
    else:
        find, check, operations = _counted, _are_counted, ITERATIONS * 2 * columns**2 * size
    values = snapshot.recall(
        "extreme eigenvalues",
        lambda: np.array(find(snapshot)),
        shape=(2,),
        operations=float(operations),
        check=partial(check, snapshot),
    )
    return Spectrum(*values.tolist())


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


def _counted(snapshot: Snapshot) -> tuple[float, float]:
    matrix = _diagonal_plus_low_rank(snapshot)
    return matrix.smallest(EIGENVALUE_TOLERANCE / 4), matrix.largest(EIGENVALUE_TOLERANCE / 4)


def _are_counted(snapshot: Snapshot, values: NDArray[np.float64], stream: np.random.Generator) -> bool:  # noqa: ARG001
    """Return whether numbers are the extreme eigenvalues of Σ, by counting those beside them."""
    smallest, largest = values.tolist()
    return _diagonal_plus_low_rank(snapshot).has_extremes(smallest, largest, REMEMBERED_TOLERANCE)


def _diagonal_plus_low_rank(snapshot: Snapshot) -> DiagonalPlusLowRank:
    parts = snapshot.capacitance
    return DiagonalPlusLowRank(parts.anchor.covariance.diagonal(), parts.covariance_factor(), parts.signature)


def _can_be_extreme(snapshot: Snapshot, values: NDArray[np.float64], stream: np.random.Generator) -> bool:
    """Return whether numbers can be the extreme eigenvalues of Σ, by what a few steps of Lanczos iteration reach.

    That is never above the largest eigenvalue, and after `STEPS_TRIED` steps hardly ever below 1 / `REACHED` of it. Of
    a dense version with more than `LARGEST_SINGLY` genes, which takes long to read, the diagonal of Σ has to do.
    """
    smallest, largest = values.tolist()
    if not 0.0 < smallest <= largest < np.inf:
        return False
    covariance, precision = snapshot.covariance, snapshot.precision
    variances, slack = covariance.diagonal(), 1.0 + REMEMBERED_TOLERANCE
    if not smallest <= float(variances.min()) * slack <= float(variances.max()) * slack**2 <= largest * slack**3:
        return False
    size = len(variances)
    if size <= SMALLEST_ITERATED:
        return bool(np.allclose(values, np.linalg.eigvalsh(covariance.to_dense())[[0, -1]], rtol=REMEMBERED_TOLERANCE))
    if isinstance(precision.core, Dense) and size > LARGEST_SINGLY:
        return largest <= float(variances.sum()) * slack
    for operator, claimed in ((covariance, largest), (precision, 1.0 / smallest)):
        start = stream.standard_normal((size, 1))
        reached = largest_eigenvalue(operator.matmat, start, tolerance=EIGENVALUE_TOLERANCE, most=STEPS_TRIED).value
        if not reached <= claimed * slack <= reached * REACHED:
            return False
    return True


def _iterated(snapshot: Snapshot) -> tuple[float, float]:
    return 1.0 / _largest(snapshot.precision), _largest(snapshot.covariance)


def _largest(operator: SymmetricOperator) -> float:
    size = operator.shape[0]
    if size <= SMALLEST_ITERATED:
        return float(np.linalg.eigvalsh(operator.to_dense())[-1])
    if isinstance(operator.core, Dense) and size > LARGEST_SINGLY:
        block = np.random.RandomState(SEED).standard_normal((size, VECTORS))
        largest = largest_eigenvalue(operator.matmat, block, tolerance=EIGENVALUE_TOLERANCE, most=MOST_READINGS)
        if not largest.is_converged:
            raise NotConverged(
                f"The extreme eigenvalues were not found: after {MOST_READINGS} readings the largest is at least "
                f"{largest.value:.6g}."
            )
        return largest.value
    from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

    start = np.random.RandomState(SEED).standard_normal(size)
    try:
        linear = LinearOperator(operator.shape, matvec=operator.matvec, dtype=np.float64)
        values = eigsh(linear, k=1, which="LA", v0=start, tol=EIGENVALUE_TOLERANCE, return_eigenvectors=False)
    except ArpackNoConvergence as failure:
        raise NotConverged(f"The extreme eigenvalues were not found: {failure}.") from None
    return float(values[0])
