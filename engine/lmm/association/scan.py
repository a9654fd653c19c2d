"""Tests of many columns, one at a time, beside a kernel's random effect: δ of the null model for all (p3d).

With P at the null model's δ, for a test x

    β = xᵀPy / xᵀPx        RSS = yᵀPy − (xᵀPy)²/xᵀPx        se² = RSS / ((n − r − 1) xᵀPx)

(Kang et al. 2010, Nature Genetics 42:348; Zhang et al. 2010, ibid. 355: "population parameters previously
determined"). Only xᵀPx costs anything: one product with a triangle, or with a few columns.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy.sparse import csr_array, issparse

from ...errors import EngineError, ShapeError, check_choice
from ...threads import one_blas_thread
from ..kernels.stacks import solutions
from ..kernels.whitening import Narrow, whitening_of
from ..model.likelihood import LOG_2PI
from ..model.tails import chi2_tail, f_tail

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ..kernels.whitening import Form
    from ..model.fit import Fit, Model
    from ..model.likelihood import Method

    Tests = NDArray[np.float64] | NDArray[np.float32] | csr_array

Statistic = Literal["wald", "lrt", "score"]

COLLINEAR = 1e-10
"""A test whose squared length outside of the covariates is at most this share of the whole has no estimate."""

ROUNDING, ROUNDING_SINGLE = 1e-13, 1e-6
"""A residual that is this share of what it was before is rounding, in double and in single precision."""

BLOCK_RANK = 1e-9
"""Of several columns of one length, directions with less than this share of the largest are made up by the others."""

BLOCK = 1024
"""Tests in one product."""


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What m tests came to; NaN where a test is collinear with the covariates.

    Parameters
    ----------
    beta, se : ndarray of float64, shape (m,)
        Effect and standard error, in units of y per unit of x.
    statistic : ndarray of float64, shape (m,)
        F for `wald`, χ² otherwise.
    log10_p : ndarray of float64, shape (m,)
        Never −∞ where the statistic is finite.
    h2 : ndarray of float64, shape (m,)
        Along the kernel, beside the test.
    log_likelihood : ndarray of float64, shape (m,)
        Of the model with the test.
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
        """p, which may be zero where its logarithm is not."""
        return 10.0**self.log10_p


def join_results(parts: Sequence[ScanResult]) -> ScanResult:
    """Return what several blocks of tests came to as one."""
    arrays = {
        one.name: np.concatenate([getattr(part, one.name) for part in parts])
        for one in fields(ScanResult)
        if one.name not in ("between", "within")
    }
    return ScanResult(**arrays, between=parts[0].between, within=parts[0].within)


@dataclass(frozen=True, slots=True)
class Scanner:
    """A null model, ready for tests.

    Make one with `scanner`.

    Parameters
    ----------
    form : Triangle or Narrow
        H⁻¹ of the kernel with the covariates in it.
    thin : ndarray of float64, shape (n, 1 + 2r)
        Py, then E with EEᵀ what H⁻¹ has of the covariates, then Q.
    residual : float
        yᵀPy.
    size, rank : int
        n and r.
    h2, log_det : float
        h² of the null model, and log|H| + log|QᵀH⁻¹Q| for REML, log|H| for ML.
    method : {"reml", "ml"}
        Which likelihood was fitted, and is told.
    statistic : {"wald", "lrt", "score"}
        Which test.
    single : bool
        Whether the form is in single precision.
    wide : ndarray of float64, shape (n, q + 1 + 2r)
        F of a narrow form beside `thin`.
    """

    form: Form
    thin: NDArray[np.float64]
    residual: float
    size: int
    rank: int
    h2: float
    log_det: float
    method: Method
    statistic: Statistic
    single: bool = False
    wide: NDArray[np.float64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        parts = [self.form.factor, self.thin] if isinstance(self.form, Narrow) else [self.thin]
        object.__setattr__(self, "wide", np.hstack(parts))

    @property
    def _frame_along(self) -> NDArray[np.float64]:
        """QᵀE, shape (r, r)."""
        return self.thin[:, 1 + self.rank :].T @ self.thin[:, 1 : 1 + self.rank]

    def scan(self, tests: Tests) -> ScanResult:
        """Return what each test comes to.

        Parameters
        ----------
        tests : ndarray of float32 or float64, or csr_array, shape (m, n)
            A test a row.

        Raises
        ------
        ShapeError
            They do not fit.
        """
        with one_blas_thread(), np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            if issparse(tests):
                return self._judged(*self._sparse(csr_array(tests)))
            dense = self._checked(tests)
            parts = [self._judged(*self._dense(dense[at : at + BLOCK])) for at in range(0, max(len(dense), 1), BLOCK)]
        return join_results(parts)

    def _checked(self, tests: Any) -> NDArray[np.float64] | NDArray[np.float32]:
        """Return tests in the precision of the form."""
        dense = np.asarray(tests)
        if dense.ndim != 2 or dense.shape[1] != self.size:
            raise ShapeError(f"Tests are m × {self.size:,}, a test a row, and not an array of shape {dense.shape}.")
        if self.single:
            return dense.astype(np.float32, copy=False)
        return dense.astype(np.float64, copy=False)

    def _sparse(self, tests: csr_array) -> tuple[NDArray[np.float64], ...]:
        squares = self.form.sparse_squares(tests)
        lengths = np.asarray(tests.multiply(tests).sum(axis=1), dtype=np.float64)
        return self._projected(squares, lengths, np.asarray(tests @ self.thin))

    def _dense(self, tests: NDArray[np.float64] | NDArray[np.float32]) -> tuple[NDArray[np.float64], ...]:
        if isinstance(self.form, Narrow) and not self.single:  # all products in one: the tests are read once
            every = tests @ self.wide
            inner, thin = every[:, : self.form.factor.shape[1]], every[:, self.form.factor.shape[1] :]
            lengths = np.einsum("ij,ij->i", tests, tests)
            return self._projected(self.form.squares(tests, inner, lengths), lengths, thin)
        whole = np.asarray(tests, dtype=np.float64)
        thin, lengths = whole @ self.thin, np.einsum("ij,ij->i", whole, whole)
        frame = self.thin[:, 1 + self.rank :]
        if tests.dtype == np.float32 and (isinstance(self.form, Narrow) or self._mostly_along(thin, lengths)):
            # single precision would be lost on what lies along the covariates
            tests = (whole - thin[:, 1 + self.rank :] @ frame.T).astype(np.float32)
            return self._projected(self.form.squares(tests), lengths, thin, taken=True)
        return self._projected(self.form.squares(tests), lengths, thin)

    def _mostly_along(self, thin: NDArray[np.float64], lengths: NDArray[np.float64]) -> bool:
        """Whether some test has less than a twentieth of its squared length outside of the covariates."""
        along = np.einsum("ij,ij->i", thin[:, 1 + self.rank :], thin[:, 1 + self.rank :])
        return bool(np.any(along > 0.95 * lengths))

    def _projected(
        self,
        squares: NDArray[np.float64],
        lengths: NDArray[np.float64],
        thin: NDArray[np.float64],
        *,
        taken: bool = False,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return xᵀPx, NaN for what is collinear with the covariates, xᵀPy and |Sx|²; `squares` of Sx where taken."""
        r = self.rank
        along, frame = thin[:, 1 : 1 + r], thin[:, 1 + r :]
        if taken:  # Eᵀ(x − QQᵀx)
            along = along - frame @ self._frame_along
        own = squares - np.einsum("ij,ij->i", along, along)
        outside = lengths - np.einsum("ij,ij->i", frame, frame)
        return np.where(outside > COLLINEAR * lengths, own, np.nan), thin[:, 0], outside

    def _judged(
        self, own: NDArray[np.float64], crossed: NDArray[np.float64], outside: NDArray[np.float64]
    ) -> ScanResult:
        freedom = self.size - self.rank - 1
        residual = left_over(self.residual, own, crossed, single=self.single)
        statistic, log10_p = statistics_of(self.statistic, own, crossed, residual, self.residual, freedom, self.size)
        return ScanResult(
            beta=crossed / own,
            se=np.sqrt(residual / (freedom * own)),
            statistic=statistic,
            log10_p=log10_p,
            h2=np.where(np.isnan(own), np.nan, self.h2),
            log_likelihood=likelihood_beside(
                self.method, residual, self.log_det, own, outside, freedom=freedom, size=self.size
            ),
            between=1.0,
            within=freedom if self.statistic == "wald" else np.inf,
        )

    def block(self, tests: NDArray[np.float64]) -> tuple[float, int, float]:
        """Return F, its degrees of freedom and log₁₀ p of several columns at once, tests of shape (q, n).

        Columns that the others or the covariates make up count once: the degrees of freedom say how many are left.

        Raises
        ------
        EngineError
            None is left, or more than the rows allow.
        """
        with one_blas_thread():
            thin = tests @ self.thin
            along = thin[:, 1 : 1 + self.rank]
            frame = thin[:, 1 + self.rank :]
            lengths = np.einsum("ij,ij->i", tests, tests)
            outside = lengths - np.einsum("ij,ij->i", frame, frame)
            new = np.flatnonzero(outside > COLLINEAR * lengths)
            scales = 1.0 / np.sqrt(outside[new])
            left = (tests[new] - frame[new] @ self.thin[:, 1 + self.rank :].T) * scales[:, None]
            values, axes = np.linalg.eigh(left @ left.T) if len(new) else (np.zeros(0), np.zeros((0, 0)))
            kept = values > BLOCK_RANK * values.max(initial=0.0)
            # mixtures of the columns that are no mixture of others
            free: NDArray[np.float64] = axes[:, kept] * scales[:, None]
            gram = free.T @ (self.form.products(tests[new]) - along[new] @ along[new].T) @ free
        rank = int(np.count_nonzero(kept))
        freedom = self.size - self.rank - rank
        if rank == 0 or freedom < 1:
            raise EngineError(
                f"Of {len(tests)} columns {rank} are left, with {freedom} degrees of freedom beside them."
            )
        sizes = np.sqrt(np.diagonal(gram))
        aim = free.T @ thin[new, 0] / sizes
        explained = float(aim @ solutions(gram / np.outer(sizes, sizes), aim[:, None])[:, 0])
        left_beside = max(self.residual - explained, ROUNDING * self.residual)
        f = (explained / rank) / (left_beside / freedom)
        return f, rank, float(f_tail(np.array([f]), rank, freedom)[0])


def statistics_of(
    statistic: Statistic,
    own: NDArray[np.float64],
    crossed: NDArray[np.float64],
    residual: NDArray[np.float64],
    before: NDArray[np.float64] | float,
    freedom: int,
    size: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return statistic and log₁₀ p: `own` is xᵀPx, `crossed` xᵀPy, `before` and `residual` yᵀPy without and with x."""
    explained = crossed**2 / own
    if statistic == "wald":
        found = explained * freedom / residual
        return found, f_tail(found, 1.0, freedom)
    found = explained * (freedom + 1) / before if statistic == "score" else size * np.log(before / residual)
    return found, chi2_tail(found, 1)


def make_scanner(
    given: Model,
    null: Fit,
    *,
    statistic: Statistic = "wald",
    single: bool = False,
    sparse: bool = False,
    trait: int = 0,
) -> Scanner:
    """Return a null model ready for tests at its own δ.

    Parameters
    ----------
    given : Model
        The kernel, the covariates and the trait.
    null : Fit
        The same, fitted.
    statistic : {"wald", "lrt", "score"}
        Wald's F with n − r − 1 degrees of freedom; the likelihood ratio, χ²₁; or the score test, χ²₁.
    single : bool
        Whether tests are float32: half the time, log₁₀ p good to 1e-4.
    sparse : bool
        Whether tests are sparse.
    trait : int
        Which of several.

    Notes
    -----
    O(n³) once for a dense kernel, O(nk²) for one of rank k < n/2.
    """
    check_choice("statistic", statistic, ("wald", "lrt", "score"))
    frame, left = given.fixed.basis, given.traits[:, trait]
    with one_blas_thread():
        form = whitening_of(given.kernel, null.delta, frame, given.scale, sparse=sparse)
        of_frame, of_trait = form.times(frame), form.times(left[:, None])[:, 0]
        root = np.linalg.cholesky(frame.T @ of_frame)
        along = np.linalg.solve(root, of_frame.T).T
        projected = given.fixed.residual((of_trait - along @ (along.T @ left))[:, None])[:, 0]
        residual = float(left @ projected)
        # what the likelihood of the null model has beside its residual: exact at h² = 1 of a singular kernel too
        nu = given.size - given.fixed.rank if null.method == "reml" else given.size
        log_det = -2.0 * null.log_likelihood - nu * (LOG_2PI + float(np.log(residual / nu)) + 1.0)
    return Scanner(
        form=form.single() if single else form,
        thin=np.column_stack([projected, along, frame]).astype(np.float64),
        residual=residual,
        size=given.size,
        rank=given.fixed.rank,
        h2=null.h2,
        log_det=log_det,
        method=null.method,
        statistic=statistic,
        single=single,
    )


def left_over(
    before: NDArray[np.float64] | float,
    own: NDArray[np.float64],
    crossed: NDArray[np.float64],
    *,
    single: bool = False,
) -> NDArray[np.float64]:
    """Return yᵀPy beside x; where x explains all of it, what rounding would leave: never zero, and never below."""
    least = ROUNDING_SINGLE if single else ROUNDING
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.maximum(before - crossed**2 / own, least * before)


def likelihood_beside(
    method: Method,
    residual: NDArray[np.float64],
    log_det: NDArray[np.float64] | float,
    own: NDArray[np.float64],
    outside: NDArray[np.float64],
    *,
    freedom: int,
    size: int,
) -> NDArray[np.float64]:
    """Return the likelihood of a model with one more fixed effect: for REML log|QᵀH⁻¹Q| has grown by log xᵀPx/|Sx|²."""
    nu = freedom if method == "reml" else size
    with np.errstate(divide="ignore", invalid="ignore"):
        value = nu * (LOG_2PI + np.log(residual / nu) + 1.0) + log_det
        return -0.5 * (value + np.log(own / outside) if method == "reml" else value)
