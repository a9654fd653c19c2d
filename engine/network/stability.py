"""How far numbers can be trusted: condition and error of an inversion, a version's probe, eigenvalues, refinement."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..errors import EngineError, NotConverged
from ..progress import unheard
from ..threads import one_blas_thread, one_blas_thread_unless_large
from .anchor import Dense
from .dense.lanczos import largest_eigenvalue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..progress import Progress
    from .covariance import DenseCovariance, MatrixSource
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

LARGEST_SINGLY = 2_000
"""Most genes of a dense version whose extreme eigenvalues are iterated with single vectors."""

SMALLEST_ITERATED = 32
"""Most genes whose eigenvalues come from the whole matrix: Lanczos iteration needs more dimensions than that has."""

VECTORS = 8
"""Vectors of a block."""

MOST_READINGS = 300
"""Most readings of a dense version for one eigenvalue."""

LARGEST_CONDITION = 1e-4 / np.finfo(np.float64).eps
"""Largest condition of correlations of which the inverse has four digits: 4.5e11."""

UNREMARKABLE_CONDITION = 1e8
"""Condition of correlations above which a note says how many digits are left."""

ITERATIONS = 50
"""About how many iterations each end of the eigenvalues takes."""

STEPS_TRIED, REACHED = 10, 1.25
"""Steps of an iteration by which remembered eigenvalues are judged, and how far beyond what it reaches they may be."""

COLUMNS_TRIED = 2
"""Columns of a precision by which its error is measured: the largest ones have nearly all of it."""


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


def correlation_condition(covariance: DenseCovariance) -> float:
    """Return ‖C‖₁ ‖C⁻¹‖₁ of the correlations C: how many times an inversion magnifies a relative error.

    Parameters
    ----------
    covariance : DenseCovariance
        Σ and Θ, of which C = V^-½ Σ V^-½ and V^½ Θ V^½ are formed block by block.

    Notes
    -----
    One pass over each matrix, O(p²). What LAPACK's `dpocon` estimates from the Cholesky factor, computed from the
    inverse that is there. Of correlations, since Cholesky factorization is as accurate for any units of the genes as
    for the best ones, and these have nearly the least condition (van der Sluis, Numerische Mathematik 14, 1969; Higham,
    Accuracy and Stability of Numerical Algorithms, theorem 10.6).
    """
    deviations = covariance.standard_deviations()
    norms = _largest_row(covariance.covariance, 1.0 / deviations), _largest_row(covariance.precision, deviations)
    return norms[0] * norms[1]


def _largest_row(source: MatrixSource, scale: NDArray[np.float64]) -> float:
    """Return the largest sum of a row's absolute values, of a matrix whose rows and columns are scaled."""
    return max(float((scale[rows] * (np.abs(values) @ scale)).max()) for rows, values in source.blocks())


def check_condition(covariance: DenseCovariance) -> tuple[str, ...]:
    """Return what there is to say of the digits of an inverse: a note where the condition is above 1e8.

    Raises
    ------
    EngineError
        Fewer than four digits remain.
    """
    condition = correlation_condition(covariance)
    if not condition <= LARGEST_CONDITION:
        raise ill_conditioned(covariance, condition)
    if condition <= UNREMARKABLE_CONDITION:
        return ()
    error = inversion_error(covariance)
    note = (
        f"The covariance is ill-conditioned: its correlations have a condition of {condition:.1e}. About "
        f"{digits_left(error)} digits of its inverse are right (relative error {error:.0e})."
    )
    return (note,)


def digits_left(error: float) -> int:
    """Return how many digits a relative error leaves; 15 at the most."""
    return int(np.clip(-np.log10(max(error, 1e-15)), 0, 15))


def ill_conditioned(covariance: DenseCovariance, condition: float) -> EngineError:
    """Return the error of an inverse with fewer than four digits; its facts have a ridge that is enough."""
    variances, size = covariance.covariance.diagonal(), covariance.size
    norm = _largest_row(covariance.covariance, 1.0 / np.sqrt(variances))
    ridge = np.sqrt(size) * norm / LARGEST_CONDITION * float(variances.max())
    return EngineError(
        f"The covariance is nearly singular: its correlations have a condition of {condition:.1e}, and above "
        f"{LARGEST_CONDITION:.1e} fewer than four digits of an inverse are right. Some genes may be sums or copies of "
        "others.",
        code="ill-conditioned-covariance",
        facts={"ridge": f"{1.1 * ridge:.2g}"},
    )


def inversion_error(covariance: DenseCovariance) -> float:
    """Return the relative error of Θ, in units in which variances are 1.

    Notes
    -----
    Θ(e − Σθ) is the error of a column θ of Θ, up to its square. It is computed for the largest columns, with twice the
    digits in e − Σθ (Ogita, Rump and Oishi, SIAM Journal on Scientific Computing 26, 2005, algorithm 5.3): in plain
    arithmetic the residual would be mostly its own rounding. Scaled by powers of two, which rounds nothing. O(p²).
    """
    scale = np.exp2(np.round(np.log2(covariance.standard_deviations())))
    largest = np.argsort(covariance.precision.diagonal() * scale**2)[-COLUMNS_TRIED:]
    columns = (covariance.precision.rows(largest) * scale * scale[largest, None]).T
    residual = np.zeros_like(columns)
    residual[largest, np.arange(len(largest))] = 1.0
    for rows, values in covariance.covariance.blocks():
        scaled = values / scale / scale[rows, None]
        for column in range(len(largest)):
            residual[rows, column] = _accurate_product(scaled, columns[:, column], residual[rows, column])
    error = np.empty_like(columns)
    for rows, values in covariance.precision.blocks():
        error[rows] = (values * scale * scale[rows, None]) @ residual
    return float(np.linalg.norm(error) / np.linalg.norm(columns))


def _accurate_product(
    matrix: NDArray[np.float64], vector: NDArray[np.float64], start: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return b − A x, rounded once or nearly so: products and sums carry what they round off."""
    product = matrix * -vector
    high, low = _halves(matrix), _halves(-vector)
    lost = high[1] * low[1] - (((product - high[0] * low[0]) - high[1] * low[0]) - high[0] * low[1])
    terms = np.column_stack([start, product])
    rounded_off = lost.sum(axis=1)
    while terms.shape[1] > 1:
        if terms.shape[1] % 2:
            terms = np.column_stack([terms, np.zeros(len(terms))])
        left, right = terms[:, ::2], terms[:, 1::2]
        terms = left + right
        virtual = terms - left
        rounded_off += ((left - (terms - virtual)) + (right - virtual)).sum(axis=1)
    return terms[:, 0] + rounded_off


def _halves(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return numbers of 26 bits each whose sum the values are (Veltkamp)."""
    spread = values * (2.0**27 + 1.0)
    high = spread - (spread - values)
    return high, values - high


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
    iteration converges fastest. O(p (K + r)) an iteration for a factor base, O(p²) for a dense one. Of a dense one with
    more than `LARGEST_SINGLY` genes blocks of `VECTORS` vectors are iterated, since reading it takes longest.
    """

    def both() -> NDArray[np.float64]:
        return np.array([1.0 / _largest(snapshot.precision), _largest(snapshot.covariance)])

    size, columns = len(snapshot.panel), len(snapshot.capacitance.signature)
    cost = OPERATIONS_OF_A_READ * size if isinstance(snapshot.precision.core, Dense) else 8 * columns
    operations = float(ITERATIONS * cost * size)
    values = snapshot.recall(
        "extreme eigenvalues", both, shape=(2,), operations=operations, check=partial(_can_be_extreme, snapshot)
    )
    return Spectrum(*values.tolist())


def _can_be_extreme(snapshot: Snapshot, values: NDArray[np.float64], stream: np.random.Generator) -> bool:
    """Return whether numbers can be the extreme eigenvalues of Σ, by what a few steps of Lanczos iteration reach.

    That is never above the largest eigenvalue, and after `STEPS_TRIED` steps hardly ever below 1 / `REACHED` of it. Of
    a dense version with more than `LARGEST_SINGLY` genes, which takes long to read, the diagonal of Σ has to do.
    """
    smallest, largest = values.tolist()
    if not 0.0 < smallest <= largest < np.inf:
        return False
    covariance, precision = snapshot.covariance, snapshot.precision
    variances, slack = covariance.diagonal(), 1.0 + 1e-6
    if not smallest <= float(variances.min()) * slack <= float(variances.max()) * slack**2 <= largest * slack**3:
        return False
    size = len(variances)
    if size <= SMALLEST_ITERATED:
        return bool(np.allclose(values, np.linalg.eigvalsh(covariance.to_dense())[[0, -1]], rtol=1e-6))
    if isinstance(precision.core, Dense) and size > LARGEST_SINGLY:
        return largest <= float(variances.sum()) * slack
    for operator, claimed in ((covariance, largest), (precision, 1.0 / smallest)):
        start = stream.standard_normal((size, 1))
        reached = largest_eigenvalue(operator.matmat, start, tolerance=EIGENVALUE_TOLERANCE, most=STEPS_TRIED).value
        if not reached <= claimed * slack <= reached * REACHED:
            return False
    return True


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


def reinvert_snapshot(snapshot: Snapshot, progress: Progress = unheard) -> DenseCovariance:
    """Return the full inversion of a version, formed as one dense matrix and inverted in place: O(p³), 8p² bytes."""
    from .inversion import invert_in_place  # with SciPy, which no other step here but `spectrum` needs

    return invert_in_place(snapshot.covariance.to_dense(), progress)


def _largest(operator: SymmetricOperator) -> float:
    size = operator.shape[0]
    if size <= SMALLEST_ITERATED:
        return float(np.linalg.eigvalsh(operator.to_dense())[-1])
    if isinstance(operator.core, Dense) and size > LARGEST_SINGLY:
        block = np.random.RandomState(PROBE_SEED).standard_normal((size, VECTORS))
        largest = largest_eigenvalue(operator.matmat, block, tolerance=EIGENVALUE_TOLERANCE, most=MOST_READINGS)
        if not largest.is_converged:
            raise NotConverged(
                f"The extreme eigenvalues were not found: after {MOST_READINGS} readings the largest is at least "
                f"{largest.value:.6g}."
            )
        return largest.value
    from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

    start = np.random.RandomState(PROBE_SEED).standard_normal(size)
    try:
        linear = LinearOperator(operator.shape, matvec=operator.matvec, dtype=np.float64)
        values = eigsh(linear, k=1, which="LA", v0=start, tol=EIGENVALUE_TOLERANCE, return_eigenvectors=False)
    except ArpackNoConvergence as failure:
        raise NotConverged(f"The extreme eigenvalues were not found: {failure}.") from None
    return float(values[0])
