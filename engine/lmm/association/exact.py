"""Tests of many columns, each with its own δ: what fitting the model beside each gives, at nearly the price of p3d.

xᵀPx and xᵀPy are smooth in t = log δ: each term of their sums has its nearest singularity πi away from the line. So
for all tests at once they are evaluated at Chebyshev nodes, by two products with small matrices, and each test's own
likelihood is greatest where its interpolant is. Windows of half-width 1 with 16 nodes leave 6.4⁻¹⁶ ≈ 1e-13.

Beside the window around the null model's δ, a coarse grid looks whether a test's likelihood is greater elsewhere; for
those, and those at the window's edge, windows over all of t are gone through, and h² = 0 and 1 are evaluated exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...errors import EngineError, InputError, ShapeError, check_choice
from ...threads import one_blas_thread
from ..kernels.spectral import Rotated, Spectral
from ..kernels.stacks import roots, solutions, stacked_inverse, transposed
from ..model.boundary import at_all, covered
from ..model.likelihood import LOG_2PI, profile
from ..model.tails import chi2_tail
from .chebyshev import coefficients, evaluated, greatest, nodes
from .scan import BLOCK, COLLINEAR, ScanResult, join_results, left_over, likelihood_beside, statistics_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..model.fit import Fit, Model
    from ..model.likelihood import Method
    from .scan import Statistic

HALF = 1.0
"""Half the width of a window in t."""

NODES = 16
"""In a window."""

CENTRES = np.arange(-17.0, 17.1, 2.0)
"""Of the windows over all of t, from log s: h² from 1.5e-8 to as near to 1."""

COARSE = 3.0
"""Of the grid on which is looked whether a likelihood is greater elsewhere; its peaks are wider."""

FEW = 16
"""Of so few directions that a kernel leaves out a basis is formed: lengths outside of U lose digits at small δ."""

BETTER = 1e-9
"""A likelihood elsewhere counts as greater by this."""


@dataclass(frozen=True, slots=True)
class Points:
    """Some values of δ, and what of xᵀPx and xᵀPy does not depend on x there.

    Parameters
    ----------
    deltas : ndarray of float64, shape (g,)
        δ.
    weights : ndarray of float64, shape (k, g)
        1/(λ + δ).
    inside : ndarray of float64, shape (k, g(1 + r))
        U-coordinates of Py, and of E with EEᵀ = H⁻¹Q(QᵀH⁻¹Q)⁻¹QᵀH⁻¹.
    outside : ndarray of float64, shape (1 + r, g(1 + r))
        How they are made of y and Q outside of U.
    spare : ndarray of float64, shape (g,)
        1/δ, or zero where U is all there is.
    residual, log_det : ndarray of float64, shape (g,)
        yᵀPy; log|H| + log|QᵀH⁻¹Q| for REML, log|H| for ML.
    """

    deltas: NDArray[np.float64]
    weights: NDArray[np.float64]
    inside: NDArray[np.float64]
    outside: NDArray[np.float64]
    spare: NDArray[np.float64]
    residual: NDArray[np.float64]
    log_det: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RotatedBlock:
    """A block of b tests in the kernel's axes.

    Parameters
    ----------
    inside, squares : ndarray of float64, shape (b, k)
        x̃ = Uᵀx, and its squares.
    spare : ndarray of float64, shape (b, 1 + r)
        xᵀ times y and Q outside of U.
    left : ndarray of float64, shape (b,)
        |x|² outside of U.
    outside, lengths : ndarray of float64, shape (b,)
        |Sx|² and |x|².
    """

    inside: NDArray[np.float64]
    squares: NDArray[np.float64]
    spare: NDArray[np.float64]
    left: NDArray[np.float64]
    outside: NDArray[np.float64]
    lengths: NDArray[np.float64]

    def some(self, which: NDArray[np.intp]) -> RotatedBlock:
        """Return some of the tests."""
        return RotatedBlock(
            self.inside[which],
            self.squares[which],
            self.spare[which],
            self.left[which],
            self.outside[which],
            self.lengths[which],
        )


@dataclass(frozen=True, slots=True)
class Best:
    """The greatest likelihood of each of b tests, and what stands there: arrays of shape (b,)."""

    log_likelihood: NDArray[np.float64]
    delta: NDArray[np.float64]
    own: NDArray[np.float64]
    crossed: NDArray[np.float64]
    before: NDArray[np.float64]

    def improved(self, other: Best, which: NDArray[np.intp]) -> Best:
        """Return the better of both, for the tests that `other` is of."""
        gained = other.log_likelihood > self.log_likelihood[which] + 1e-12
        answer = Best(*(getattr(self, name).copy() for name in Best.__slots__))
        for name in Best.__slots__:
            getattr(answer, name)[which[gained]] = getattr(other, name)[gained]
        return answer


class ExactScanner:
    """A model whose δ is found anew beside every test.

    Parameters
    ----------
    given : Model
        The kernel, which must be decomposed, the covariates and the trait.
    null : Fit
        The same, fitted without a test.
    statistic : {"wald", "lrt"}
        Wald's F at the REML estimate, or the likelihood ratio of two ML fits: `null` is of that method.
    trait : int
        Which of several.

    Raises
    ------
    InputError
        The kernel keeps its own diagonal: it has no eigenvectors that serve every δ.
    EngineError
        ML has no maximum: the kernel leaves out what the covariates span.
    """

    def __init__(self, given: Model, null: Fit, *, statistic: Statistic = "wald", trait: int = 0) -> None:
        check_choice("statistic of an exact scan", statistic, ("wald", "lrt"))
        if not isinstance(given.kernel, Spectral) or not isinstance(given.rotated, Rotated):
            raise InputError(
                "An exact scan needs a kernel by its eigenvectors, and this one keeps its own diagonal.",
                hint="Take --mode p3d, or the shared part of the version.",
            )
        if null.method == "ml" and given.rotated.rest <= covered(given.rotated) + 1 and given.rotated.rest:
            raise EngineError(
                "The kernel leaves out what the covariates and a test span (a centred kernel and an intercept): its "
                "likelihood has no bound at h² = 1, and a ratio of two such maxima says nothing.",
                hint="Take --statistic wald, or --mode p3d.",
            )
        self.statistic: Statistic = statistic
        self.method: Method = null.method
        self._given, self._null, self._trait = given, null, trait
        self._kernel, self._rotated = given.kernel, given.rotated
        left = given.traits[:, trait : trait + 1]
        columns = np.hstack([left, given.fixed.basis])
        with one_blas_thread():
            outside = columns - self._kernel.vectors @ (self._kernel.vectors.T @ columns)
            self._outside = outside - self._kernel.vectors @ (self._kernel.vectors.T @ outside)
            self._beyond = _null_space(self._kernel) if 0 < given.rotated.rest <= FEW else None
            middle = np.log(null.delta / given.scale) if 0.0 < null.delta < np.inf else np.nan
            if middle <= CENTRES[0]:
                raise EngineError(
                    f"h² of the null model is 1 less {np.exp(middle):.1g}: nearer to 1 than an exact scan looks.",
                    hint="Take --mode p3d. Was the signal made from the samples that the kernel was made from?",
                )
            self._home = None if not abs(middle) < CENTRES[-1] else float(middle)
            self._windows: dict[float, Points] = {}
            coarse = np.log(given.scale) + np.arange(CENTRES[0], CENTRES[-1] + 1.0, COARSE)
            self._coarse = self._points(np.exp(coarse))
            self._ends = self._end_points()

    @property
    def freedom(self) -> int:
        """n − r − 1."""
        return self._given.size - self._given.fixed.rank - 1

    def scan(self, tests: NDArray[np.float64]) -> ScanResult:
        """Return what each test comes to; tests of shape (m, n), a test a row."""
        dense = np.asarray(tests, dtype=np.float64)
        if dense.ndim != 2 or dense.shape[1] != self._given.size:
            raise ShapeError(f"Tests are m × {self._given.size:,}, a test a row, not an array of shape {dense.shape}.")
        with one_blas_thread(), np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            return join_results([self._block(dense[at : at + BLOCK]) for at in range(0, max(len(dense), 1), BLOCK)])

    def _block(self, tests: NDArray[np.float64]) -> ScanResult:
        turned = self._turn(tests)
        every = np.arange(len(tests), dtype=np.intp)
        best = Best(*(np.full(len(tests), value) for value in (-np.inf, np.nan, np.nan, np.nan, np.nan)))
        again = every
        if self._home is not None:
            found, at_edge = self._window(turned, self._home)
            best = best.improved(found, every)
            elsewhere = np.nanmax(self._likelihoods(turned, self._coarse)[0], axis=1, initial=-np.inf)
            again = np.flatnonzero(at_edge | (elsewhere > best.log_likelihood + BETTER))
        if len(again):
            some = turned.some(again)
            for centre in CENTRES:
                best = best.improved(self._window(some, float(centre))[0], again)
        for end in self._ends:
            best = best.improved(self._at_end(turned, end), every)
        return self._told(turned, best)

    def _turn(self, tests: NDArray[np.float64]) -> RotatedBlock:
        frame = self._given.fixed.basis
        along = tests @ frame
        lengths = np.einsum("ij,ij->i", tests, tests)
        outside = lengths - np.einsum("ij,ij->i", along, along)
        if self._beyond is not None:  # P is the same for x − QQᵀx, which has next to nothing where K has nothing
            tests = tests - along @ frame.T
        inside = tests @ self._kernel.vectors
        squares = np.square(inside)
        if self._beyond is not None:
            beyond = tests @ self._beyond
            left, spare = np.einsum("ij,ij->i", beyond, beyond), beyond @ (self._beyond.T @ self._outside)
        elif self._rotated.rest:
            left = (lengths - squares.sum(axis=1)).clip(0.0)
            spare = tests @ self._outside
        else:
            left, spare = np.zeros(len(tests)), np.zeros((len(tests), self._outside.shape[1]))
        return RotatedBlock(inside, squares, spare, left, outside, lengths)

    def _points(self, deltas: NDArray[np.float64]) -> Points:
        """Return what does not depend on the test, at some δ."""
        rotated, r = self._rotated, self._given.fixed.rank
        trait = np.array([self._trait])
        many = rotated.grid(deltas, 1)  # of all traits: only this one's are used
        ft = many.ft[0][:, :, self._trait]
        root = roots(many.ff[0])
        half = solutions(root, ft[:, :, None])[:, :, 0]
        effects = solutions(transposed(root), half[:, :, None])[:, :, 0]
        to_frame = stacked_inverse(root)  # rows: Eᵀ = L⁻¹QᵀH⁻¹
        weights = 1.0 / (rotated.values[:, None] + deltas)
        spare = 1.0 / deltas if rotated.rest else np.zeros(len(deltas))
        g = len(deltas)
        mix = np.zeros((1 + r, g, 1 + r))  # of [y, Q]: how Py and E are made of them
        mix[0, :, 0] = 1.0
        mix[1:, :, 0] = -effects.T
        mix[1:, :, 1:] = to_frame.transpose(2, 0, 1)
        base = np.vstack([rotated.turned[trait], rotated.fixed.T])  # (1 + r, k)
        inside = np.einsum("ak,agb->kgb", base, mix) * weights[:, :, None]
        outside = mix * spare[None, :, None]
        found = profile(many, deltas, self._given.size, self.method)
        log_det = many.log_det + (np.linalg.slogdet(many.ff[0])[1] if self.method == "reml" else 0.0)
        residual = found.residual[:, self._trait]
        return Points(
            deltas, weights, inside.reshape(-1, g * (1 + r)), outside.reshape(1 + r, -1), spare, residual, log_det
        )

    def _end_points(self) -> list[Points]:
        """Return the ends that are possible: h² = 0 as δ far beyond any eigenvalue, and h² = 1."""
        rotated = self._rotated
        ends = [self._points(np.array([self._given.scale * 1e14]))]
        if not rotated.rest and float(rotated.values.min()) > 1e-12 * float(rotated.values.max()):
            ends.append(self._points(np.zeros(1)))
        elif 0 < rotated.rest <= FEW and covered(rotated) == rotated.rest and self.method == "reml":
            ends.append(self._points_at_all())
        return ends

    def _points_at_all(self) -> Points:
        """Return what does not depend on the test at h² = 1 of a kernel that leaves out what the covariates span."""
        rotated, r = self._rotated, self._given.fixed.rank
        end = at_all(rotated, self._given.size, "reml")
        inverse, axes = np.linalg.eigh(end.inverse)
        free = axes * np.sqrt(inverse.clip(0.0))  # E = H⁻¹Q(QᵀH⁻¹Q)^(−½); directions that are pinned have none
        weights = 1.0 / rotated.values
        along = weights[:, None] * (rotated.fixed @ free)
        projected = weights * (rotated.turned[self._trait] - rotated.fixed @ end.effects[:, self._trait])
        residual, freedom = end.residual[self._trait], self._given.size - r
        log_det = -2.0 * end.log_likelihood[self._trait] - freedom * (LOG_2PI + np.log(residual / freedom) + 1.0)
        return Points(
            np.zeros(1),
            weights[:, None],
            np.column_stack([projected, along]),
            np.zeros((1 + r, 1 + r)),
            np.zeros(1),
            np.array([residual]),
            np.array([log_det]),
        )

    def _products(self, turned: RotatedBlock, points: Points) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return xᵀPx and xᵀPy, each of shape (b, g)."""
        b, g = len(turned.inside), len(points.deltas)
        linear = (turned.inside @ points.inside + turned.spare @ points.outside).reshape(b, g, -1)
        own = turned.squares @ points.weights + turned.left[:, None] * points.spare
        return own - np.einsum("bgr,bgr->bg", linear[:, :, 1:], linear[:, :, 1:]), linear[:, :, 0]

    def _likelihoods(
        self, turned: RotatedBlock, points: Points
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        own, crossed = self._products(turned, points)
        with np.errstate(invalid="ignore", divide="ignore"):
            residual = left_over(points.residual, own, crossed)
            value = likelihood_beside(
                self.method,
                residual,
                points.log_det,
                own,
                turned.outside[:, None],
                freedom=self.freedom,
                size=self._given.size,
            )
        return value, own, crossed

    def _window(self, turned: RotatedBlock, centre: float) -> tuple[Best, NDArray[np.bool_]]:
        if centre not in self._windows:
            at = np.log(self._given.scale) + nodes(centre - HALF, centre + HALF, NODES)
            self._windows[centre] = self._points(np.exp(at))
        points = self._windows[centre]
        value, own, crossed = self._likelihoods(turned, points)
        hopeless: NDArray[np.bool_] = np.asarray(
            ~np.isfinite(value).all(axis=1)
        )  # nothing of the test is left beside the covariates
        series = coefficients(np.where(hopeless[:, None], 0.0, value))
        place, at_edge = greatest(series)
        logs = np.log(self._given.scale) + centre + HALF * place
        before = evaluated(np.broadcast_to(coefficients(points.residual[None]), series.shape), place)
        best = Best(
            log_likelihood=np.where(hopeless, -np.inf, evaluated(series, place)),
            delta=np.exp(logs),
            own=evaluated(coefficients(own), place),
            crossed=evaluated(coefficients(crossed), place),
            before=before,
        )
        return best, at_edge

    def _at_end(self, turned: RotatedBlock, points: Points) -> Best:
        value, own, crossed = self._likelihoods(turned, points)
        delta = np.inf if points.deltas[0] > 1.0e12 * self._given.scale else 0.0
        size = len(turned.inside)
        return Best(
            log_likelihood=np.where(np.isfinite(value[:, 0]), value[:, 0], -np.inf),
            delta=np.full(size, delta),
            own=own[:, 0],
            crossed=crossed[:, 0],
            before=np.full(size, points.residual[0]),
        )

    def _told(self, turned: RotatedBlock, best: Best) -> ScanResult:
        possible = turned.outside > COLLINEAR * turned.lengths
        own = np.where(possible, best.own, np.nan)
        residual = left_over(best.before, own, best.crossed)
        freedom, scale = self.freedom, self._given.scale
        statistic, log10_p = statistics_of("wald", own, best.crossed, residual, best.before, freedom, self._given.size)
        if self.statistic == "lrt":
            statistic = np.maximum(2.0 * (best.log_likelihood - self._null.log_likelihood), 0.0)
            statistic = np.where(possible, statistic, np.nan)
            log10_p = chi2_tail(statistic, 1)
        with np.errstate(invalid="ignore"):
            h2 = np.where(np.isinf(best.delta), 0.0, scale / (scale + best.delta))
        # at h² = 0 everything stands for H = δI with δ beyond all: β and RSS/xᵀPx do not depend on it
        return ScanResult(
            beta=best.crossed / own,
            se=np.sqrt(residual / (freedom * own)),
            statistic=statistic,
            log10_p=log10_p,
            h2=np.where(possible, h2, np.nan),
            log_likelihood=np.where(possible, best.log_likelihood, np.nan),
            between=1.0,
            within=freedom if self.statistic == "wald" else np.inf,
        )


def _null_space(kernel: Spectral) -> NDArray[np.float64]:
    """Return an orthonormal basis of what a kernel leaves out, shape (n, n − k)."""
    frame, _ = np.linalg.qr(kernel.vectors, mode="complete")
    return np.ascontiguousarray(frame[:, kernel.rank :])
