"""Tests of many columns, each with its own δ: the fit of the model with each test, at nearly the price of p3d.

xᵀPx and xᵀPy are smooth in t = log δ: each term of their sums has its nearest singularity πi away from the line. So
for all tests at once they are evaluated at Chebyshev nodes, by two products with small matrices, and each test's own
likelihood is maximised by its interpolant. Windows of half-width 1 with 16 nodes leave an error of 6.4⁻¹⁶ ≈ 1e-13.

Besides the window around the null model's δ, a coarse grid shows whether a test's likelihood is greater elsewhere; for
such tests, and those at the window's edge, windows cover all of t. h² = 0 and 1 are evaluated exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...errors import EngineError, InputError, check_choice
from ...threads import one_blas_thread
from ..kernels.spectral import Rotated, Spectral
from ..model.boundary import nullity_spanned
from ..model.tails import chi2_tail
from .chebyshev import coefficients, evaluate, maximise, nodes
from .exact_points import LARGEST_NULLITY, RotatedTests, end_points, points_at
from .results import (
    COLLINEAR,
    ScanResult,
    dense_tests,
    likelihood_beside,
    residual_beside,
    scan_blocks,
    statistic_and_p,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ...choices import Method, Statistic
    from ..model.fit import Fit, Model
    from .exact_points import Points
    from .results import Tests

HALF = 1.0
"""Half the width of a window in t."""

NODES = 16
"""Number of Chebyshev nodes in a window."""

CENTRES = np.arange(-17.0, 17.1, 2.0)
"""Centres of the windows over all of t, relative to log s: h² from 1.5e-8 to 1 − 1.5e-8."""

COARSE = 3.0
"""Step in t of the grid that shows whether a likelihood is greater elsewhere; its peaks are wider."""

LEAST_GAIN = 1e-9
"""Least gain of log likelihood for which all windows are evaluated."""


@dataclass(frozen=True, slots=True)
class Best:
    """The greatest likelihood of each of b tests, and δ, xᵀPx, xᵀPy and yᵀPy there: arrays of shape (b,)."""

    log_likelihood: NDArray[np.float64]
    delta: NDArray[np.float64]
    xpx: NDArray[np.float64]
    xpy: NDArray[np.float64]
    null_residual: NDArray[np.float64]

    def merge(self, other: Best, tests: NDArray[np.intp]) -> Best:
        """Return the better of both for `tests`, of which `other` is."""
        better = other.log_likelihood > self.log_likelihood[tests] + 1e-12
        merged = Best(*(getattr(self, name).copy() for name in Best.__slots__))
        for name in Best.__slots__:
            getattr(merged, name)[tests[better]] = getattr(other, name)[better]
        return merged


class ExactScanner:
    """A model, ready for tests that each have a δ of their own.

    Parameters
    ----------
    model : Model
        The kernel, by its eigenvectors, the covariates and the trait.
    null : Fit
        The fit of the same model without a test.
    statistic : {"wald", "lrt"}
        Wald's F at the REML estimate, or the likelihood ratio of two ML fits: `null` is of that method.
    trait : int
        Which of several.

    Raises
    ------
    InputError
        The kernel has a diagonal of its own, and no eigenvectors.
    EngineError
        ML has no maximum: the covariates span the null space of the kernel. Or h² of `null` is too near to 1.
    """

    def __init__(self, model: Model, null: Fit, *, statistic: Statistic = "wald", trait: int = 0) -> None:
        check_choice("statistic of an exact scan", statistic, ("wald", "lrt"))
        if not isinstance(model.kernel, Spectral) or not isinstance(model.rotated, Rotated):
            raise InputError(
                "An exact scan needs the eigenvectors of the kernel, and this one has its own diagonal instead.",
                code="exact-scan-without-eigenvectors",
            )
        rotated = model.rotated
        if null.method == "ml" and rotated.nullity and rotated.nullity <= nullity_spanned(rotated) + 1:
            raise EngineError(
                "The kernel leaves out what the covariates and a test span (a centred kernel and an intercept): its "
                "likelihood has no bound at h² = 1, and a ratio of two such maxima has no meaning.",
                code="exact-scan-without-maximum",
            )
        self.statistic: Statistic = statistic
        self.method: Method = null.method
        self._model, self._null, self._trait = model, null, trait
        self._kernel, self._rotated = model.kernel, rotated
        vectors, columns = model.kernel.vectors, np.hstack([model.traits[:, trait : trait + 1], model.fixed.basis])
        with one_blas_thread():
            outside = columns - vectors @ (vectors.T @ columns)
            self._outside = outside - vectors @ (vectors.T @ outside)
            self._null_basis = _null_basis(self._kernel) if 0 < rotated.nullity <= LARGEST_NULLITY else None
            centre = np.log(null.delta / model.scale) if 0.0 < null.delta < np.inf else np.nan
            if centre <= CENTRES[0]:
                raise EngineError(
                    f"h² of the null model is 1 less {np.exp(centre):.1g}: closer to 1 than an exact scan searches.",
                    code="exact-scan-near-one",
                )
            self._null_centre = None if not abs(centre) < CENTRES[-1] else float(centre)
            self._windows: dict[float, Points] = {}
            coarse = np.log(model.scale) + np.arange(CENTRES[0], CENTRES[-1] + 1.0, COARSE)
            self._coarse = points_at(np.exp(coarse), rotated, trait, model.size, self.method)
            self._ends = end_points(rotated, model.scale, trait, model.size, self.method)

    @property
    def freedom(self) -> int:
        """n − r − 1."""
        return self._model.size - self._model.fixed.rank - 1

    def scan(self, tests: Tests) -> ScanResult:
        """Return the result of each test; tests of shape (m, n), a test a row."""
        with one_blas_thread(), np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            return scan_blocks(dense_tests(tests, self._model.size), self._scan_block)

    def _scan_block(self, block: NDArray[np.float64]) -> ScanResult:
        tests = self._rotate(block)
        every = np.arange(len(block), dtype=np.intp)
        best = Best(*(np.full(len(block), start) for start in (-np.inf, np.nan, np.nan, np.nan, np.nan)))
        uncertain = every
        if self._null_centre is not None:
            in_window, at_edge = self._window(tests, self._null_centre)
            best = best.merge(in_window, every)
            coarse = np.nanmax(self._likelihoods(tests, self._coarse)[0], axis=1, initial=-np.inf)
            uncertain = np.flatnonzero(at_edge | (coarse > best.log_likelihood + LEAST_GAIN))
        if len(uncertain):
            uncertain_tests = tests.select(uncertain)
            for centre in CENTRES:
                best = best.merge(self._window(uncertain_tests, float(centre))[0], uncertain)
        for end in self._ends:
            best = best.merge(self._at_end(tests, end), every)
        return self._result(tests, best)

    def _rotate(self, tests: NDArray[np.float64]) -> RotatedTests:
        frame = self._model.fixed.basis
        along, squares = tests @ frame, np.einsum("ij,ij->i", tests, tests)
        residual_squares = squares - np.einsum("ij,ij->i", along, along)
        if self._null_basis is not None:  # P is the same for x − QQᵀx, which nearly vanishes in the null space
            tests = tests - along @ frame.T
        inside = tests @ self._kernel.vectors
        inside_squares = np.square(inside)
        if self._null_basis is not None:
            null = tests @ self._null_basis
            outside_squares, outside = np.einsum("ij,ij->i", null, null), null @ (self._null_basis.T @ self._outside)
        elif self._rotated.nullity:
            outside_squares, outside = (squares - inside_squares.sum(axis=1)).clip(0.0), tests @ self._outside
        else:
            outside_squares, outside = np.zeros(len(tests)), np.zeros((len(tests), self._outside.shape[1]))
        return RotatedTests(inside, inside_squares, outside, outside_squares, residual_squares, squares)

    def _likelihoods(
        self, tests: RotatedTests, points: Points
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return the log likelihood with each test, xᵀPx and xᵀPy, each of shape (b, g)."""
        xpx, xpy = points.products(tests)
        with np.errstate(invalid="ignore", divide="ignore"):
            log_likelihood = likelihood_beside(
                self.method,
                residual_beside(points.residual, xpx, xpy),
                points.log_det,
                xpx,
                tests.residual_squares[:, None],
                freedom=self.freedom,
                size=self._model.size,
            )
        return log_likelihood, xpx, xpy

    def _window(self, tests: RotatedTests, centre: float) -> tuple[Best, NDArray[np.bool_]]:
        """Return the maximum of each test within a window, and whether it is at the window's edge."""
        model = self._model
        if centre not in self._windows:
            deltas = np.exp(np.log(model.scale) + nodes(centre - HALF, centre + HALF, NODES))
            self._windows[centre] = points_at(deltas, self._rotated, self._trait, model.size, self.method)
        points = self._windows[centre]
        log_likelihood, xpx, xpy = self._likelihoods(tests, points)
        # nothing of such a test is left beside the covariates
        undefined: NDArray[np.bool_] = np.asarray(~np.isfinite(log_likelihood).all(axis=1))
        series = coefficients(np.where(undefined[:, None], 0.0, log_likelihood))
        at, at_edge = maximise(series)
        best = Best(
            log_likelihood=np.where(undefined, -np.inf, evaluate(series, at)),
            delta=np.exp(np.log(model.scale) + centre + HALF * at),
            xpx=evaluate(coefficients(xpx), at),
            xpy=evaluate(coefficients(xpy), at),
            null_residual=evaluate(np.broadcast_to(coefficients(points.residual[None]), series.shape), at),
        )
        return best, at_edge

    def _at_end(self, tests: RotatedTests, points: Points) -> Best:
        log_likelihood, xpx, xpy = (columns[:, 0] for columns in self._likelihoods(tests, points))
        return Best(
            log_likelihood=np.where(np.isfinite(log_likelihood), log_likelihood, -np.inf),
            delta=np.full(len(xpx), np.inf if points.deltas[0] > 1.0e12 * self._model.scale else 0.0),
            xpx=xpx,
            xpy=xpy,
            null_residual=np.full(len(xpx), points.residual[0]),
        )

    def _result(self, tests: RotatedTests, best: Best) -> ScanResult:
        estimable = tests.residual_squares > COLLINEAR * tests.squares
        xpx, xpy = np.where(estimable, best.xpx, np.nan), best.xpy
        residual = residual_beside(best.null_residual, xpx, xpy)
        freedom, scale = self.freedom, self._model.scale
        statistic, log10_p = statistic_and_p("wald", xpx, xpy, residual, best.null_residual, freedom, self._model.size)
        if self.statistic == "lrt":
            statistic = np.maximum(2.0 * (best.log_likelihood - self._null.log_likelihood), 0.0)
            statistic = np.where(estimable, statistic, np.nan)
            log10_p = chi2_tail(statistic, 1)
        with np.errstate(invalid="ignore"):
            h2 = np.where(np.isinf(best.delta), 0.0, scale / (scale + best.delta))
        # at h² = 0 the numbers are those of H = δI with a huge δ, on which β and RSS/xᵀPx do not depend
        return ScanResult(
            beta=xpy / xpx,
            se=np.sqrt(residual / (freedom * xpx)),
            statistic=statistic,
            log10_p=log10_p,
            h2=np.where(estimable, h2, np.nan),
            log_likelihood=np.where(estimable, best.log_likelihood, np.nan),
            between=1.0,
            within=freedom if self.statistic == "wald" else np.inf,
        )


def _null_basis(kernel: Spectral) -> NDArray[np.float64]:
    """Return an orthonormal basis of a kernel's null space, shape (n, n − k)."""
    frame, _ = np.linalg.qr(kernel.vectors, mode="complete")
    return np.ascontiguousarray(frame[:, kernel.rank :])
