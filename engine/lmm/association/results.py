"""Results of many tests, and how they follow from xᵀPx, xᵀPy and yᵀPy.

β = xᵀPy / xᵀPx        RSS = yᵀPy − (xᵀPy)²/xᵀPx        se² = RSS / ((n − r − 1) xᵀPx)
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from scipy.sparse import csr_array

from ...errors import ShapeError
from ..model.likelihood import LOG_2PI
from ..model.tails import chi2_tail, f_tail

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ...choices import Method, Statistic

    Tests = NDArray[np.float64] | NDArray[np.float32] | csr_array

COLLINEAR = 1e-10
"""Share of a test's squared length outside of the covariates up to which it has no estimate."""

ROUNDING, ROUNDING_SINGLE = 1e-13, 1e-6
"""Share of the null model's residual below which a residual is rounding, in double and in single precision."""

BLOCK = 1024
"""Number of tests in one matrix product."""


@dataclass(frozen=True, slots=True)
class ScanResult:
    """Estimates and tests of m columns; NaN where a test is collinear with the covariates.

    Parameters
    ----------
    beta, se : ndarray of float64, shape (m,)
        Effect and standard error, in units of y per unit of x.
    statistic : ndarray of float64, shape (m,)
        F for `wald`, χ² otherwise.
    log10_p : ndarray of float64, shape (m,)
        Never −∞ where the statistic is finite.
    h2 : ndarray of float64, shape (m,)
        h² of the model with the test.
    log_likelihood : ndarray of float64, shape (m,)
        Log likelihood of the model with the test.
    between, within : float
        Degrees of freedom; `within` is ∞ for χ².
    """

    beta: NDArray[np.float64]
    se: NDArray[np.float64]
    statistic: NDArray[np.float64]
    log10_p: NDArray[np.float64]
    h2: NDArray[np.float64]
    log_likelihood: NDArray[np.float64]
    between: float
    within: float

    def __len__(self) -> int:
        """Return the number m of tests."""
        return len(self.beta)

    @property
    def p(self) -> NDArray[np.float64]:
        """p, which may be zero where its logarithm is finite."""
        return 10.0**self.log10_p


def dense_tests(tests: Any, size: int, *, single: bool = False) -> NDArray[np.float64] | NDArray[np.float32]:
    """Return tests as an array of shape (m, n), a test a row, in double or single precision.

    Raises
    ------
    ShapeError
        They do not have n columns.
    """
    dense = cast("NDArray[Any]", tests.toarray() if isinstance(tests, csr_array) else np.asarray(tests))
    if dense.ndim != 2 or dense.shape[1] != size:
        raise ShapeError(f"Tests are m × {size:,}, a test a row, and not an array of shape {dense.shape}.")
    return dense.astype(np.float32, copy=False) if single else dense.astype(np.float64, copy=False)


def scan_blocks(tests: NDArray[Any], scan_block: Callable[[NDArray[Any]], ScanResult]) -> ScanResult:
    """Return the results of dense tests, computed block by block."""
    parts = [scan_block(tests[at : at + BLOCK]) for at in range(0, max(len(tests), 1), BLOCK)]
    names = [column.name for column in fields(ScanResult) if column.name not in ("between", "within")]
    arrays = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return ScanResult(**arrays, between=parts[0].between, within=parts[0].within)


def statistic_and_p(
    statistic: Statistic,
    xpx: NDArray[np.float64],
    xpy: NDArray[np.float64],
    residual: NDArray[np.float64],
    null_residual: NDArray[np.float64] | float,
    freedom: int,
    size: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return statistic and log₁₀ p from xᵀPx, xᵀPy, and yᵀPy with x (`residual`) and without (`null_residual`)."""
    explained = xpy**2 / xpx
    if statistic == "wald":
        f = explained * freedom / residual
        return f, f_tail(f, 1.0, freedom)
    score = statistic == "score"
    chi2 = explained * (freedom + 1) / null_residual if score else size * np.log(null_residual / residual)
    return chi2, chi2_tail(chi2, 1)


def residual_beside(
    null_residual: NDArray[np.float64] | float,
    xpx: NDArray[np.float64],
    xpy: NDArray[np.float64],
    *,
    single: bool = False,
) -> NDArray[np.float64]:
    """Return yᵀPy of the model with x; where x explains all of it, the size of rounding, so that it is positive."""
    least = ROUNDING_SINGLE if single else ROUNDING
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.maximum(null_residual - xpy**2 / xpx, least * null_residual)


def likelihood_beside(
    method: Method,
    residual: NDArray[np.float64],
    log_det: NDArray[np.float64] | float,
    xpx: NDArray[np.float64],
    outside: NDArray[np.float64],
    *,
    freedom: int,
    size: int,
) -> NDArray[np.float64]:
    """Return the log likelihood with x as a fixed effect, which adds log xᵀPx/|Sx|² to log|QᵀH⁻¹Q| of REML.

    Parameters
    ----------
    residual, xpx, outside : ndarray of float64
        yᵀPy of the model with x, xᵀPx, and |Sx|², the squared length of x outside of the covariates.
    log_det : ndarray of float64, or float
        log|H| + log|QᵀH⁻¹Q| of the model without x for REML, log|H| for ML.
    freedom, size : int
        n − r − 1, and n.
    """
    nu = freedom if method == "reml" else size
    with np.errstate(divide="ignore", invalid="ignore"):
        value = nu * (LOG_2PI + np.log(residual / nu) + 1.0) + log_det
        return -0.5 * (value + np.log(xpx / outside) if method == "reml" else value)
