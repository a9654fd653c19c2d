"""Tests of many columns, one at a time, beside a kernel's random effect, with δ of the null model for all (p3d).

(Kang et al. 2010, Nature Genetics 42:348; Zhang et al. 2010, ibid. 355: "population parameters previously
determined"). Only xᵀPx is costly: one product with a triangle, or with a few columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from scipy.sparse import csr_array, issparse

from ...choices import Statistic
from ...errors import EngineError, check_choice
from ...threads import one_blas_thread
from ..kernels.stacks import solutions
from ..kernels.whitening import Narrow, whitening_of
from ..model.likelihood import LOG_2PI
from ..model.tails import f_tail
from .results import (
    COLLINEAR,
    ROUNDING,
    ScanResult,
    dense_tests,
    likelihood_beside,
    residual_beside,
    scan_blocks,
    statistic_and_p,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ...choices import Method
    from ..kernels.whitening import Form
    from ..model.fit import Fit, Model
    from .results import Tests

DEPENDENT = 1e-9
"""Share of the largest eigenvalue of several columns of one length below which a direction depends on the others."""


@dataclass(frozen=True, slots=True)
class Scanner:
    """A null model, ready for tests.

    Make one with `make_scanner`.

    Parameters
    ----------
    form : Triangle or Narrow
        H⁻¹ of the kernel, with the covariates in it.
    thin : ndarray of float64, shape (n, 1 + 2r)
        Py, then E with EEᵀ = H⁻¹Q(QᵀH⁻¹Q)⁻¹QᵀH⁻¹, then Q.
    residual : float
        yᵀPy.
    size, rank : int
        n and r.
    h2, log_det : float
        h² of the null model, and log|H| + log|QᵀH⁻¹Q| for REML, log|H| for ML.
    method : {"reml", "ml"}
        The likelihood of the fit, which is also reported.
    statistic : {"wald", "lrt", "score"}
        Which test.
    single : bool
        Whether the form is in single precision.
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

    @property
    def _frame(self) -> NDArray[np.float64]:
        """Q, shape (n, r)."""
        return self.thin[:, 1 + self.rank :]

    def scan(self, tests: Tests) -> ScanResult:
        """Return the result of each test.

        Parameters
        ----------
        tests : ndarray of float32 or float64, or csr_array, shape (m, n)
            A test a row.

        Raises
        ------
        ShapeError
            They do not have n columns.
        """
        with one_blas_thread(), np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            if issparse(tests):
                return self._scan_sparse(csr_array(tests))
            return scan_blocks(dense_tests(tests, self.size, single=self.single), self._scan_dense)

    def _scan_sparse(self, tests: csr_array) -> ScanResult:
        lengths = np.asarray(tests.multiply(tests).sum(axis=1), dtype=np.float64)
        return self._result(self.form.sparse_squares(tests), lengths, np.asarray(tests @ self.thin))

    def _scan_dense(self, tests: NDArray[Any]) -> ScanResult:
        if isinstance(self.form, Narrow) and not self.single:  # all products in one: the tests are read once
            wide = self.form.wide
            if wide is None:
                wide = np.hstack([self.form.factor, self.thin]).astype(np.float64, copy=False)
            products = tests @ wide
            inner, thin = np.split(products, [self.form.factor.shape[1]], axis=1)
            lengths = np.einsum("ij,ij->i", tests, tests)
            return self._result(self.form.squares(tests, inner, lengths), lengths, thin)
        double = np.asarray(tests, dtype=np.float64)
        thin, lengths = double @ self.thin, np.einsum("ij,ij->i", double, double)
        along = thin[:, 1 + self.rank :]
        # single precision would be lost on the part of a test along the covariates
        centred = self.single and (
            isinstance(self.form, Narrow) or bool(np.any(np.einsum("ij,ij->i", along, along) > 0.95 * lengths))
        )
        if centred:
            tests = (double - along @ self._frame.T).astype(np.float32)
        return self._result(self.form.squares(tests), lengths, thin, centred=centred)

    def _result(
        self,
        squares: NDArray[np.float64],
        lengths: NDArray[np.float64],
        thin: NDArray[np.float64],
        *,
        centred: bool = False,
    ) -> ScanResult:
        """Return the results from xᵀH⁻¹x, |x|² and x times `thin`; `squares` are of Sx where `centred`."""
        r = self.rank
        along, frame = thin[:, 1 : 1 + r], thin[:, 1 + r :]
        if centred:  # Eᵀ(x − QQᵀx)
            along = along - frame @ (self._frame.T @ self.thin[:, 1 : 1 + r])
        outside = lengths - np.einsum("ij,ij->i", frame, frame)
        xpx = np.where(outside > COLLINEAR * lengths, squares - np.einsum("ij,ij->i", along, along), np.nan)
        xpy, freedom = thin[:, 0], self.size - r - 1
        residual = residual_beside(self.residual, xpx, xpy, single=self.single)
        statistic, log10_p = statistic_and_p(self.statistic, xpx, xpy, residual, self.residual, freedom, self.size)
        return ScanResult(
            beta=xpy / xpx,
            se=np.sqrt(residual / (freedom * xpx)),
            statistic=statistic,
            log10_p=log10_p,
            h2=np.where(np.isnan(xpx), np.nan, self.h2),
            log_likelihood=likelihood_beside(
                self.method, residual, self.log_det, xpx, outside, freedom=freedom, size=self.size
            ),
            between=1.0,
            within=freedom if self.statistic == "wald" else np.inf,
        )

    def joint_test(self, tests: NDArray[np.float64]) -> tuple[float, int, float]:
        """Return F, its degrees of freedom and log₁₀ p of several columns at once, tests of shape (q, n).

        The degrees of freedom are the rank of the columns beside the covariates.

        Raises
        ------
        EngineError
            The rank is zero, or as large as the rows allow.
        """
        with one_blas_thread():
            thin = tests @ self.thin
            along = thin[:, 1 : 1 + self.rank]
            frame = thin[:, 1 + self.rank :]
            lengths = np.einsum("ij,ij->i", tests, tests)
            outside = lengths - np.einsum("ij,ij->i", frame, frame)
            new = np.flatnonzero(outside > COLLINEAR * lengths)
            scales = 1.0 / np.sqrt(outside[new])
            residuals = (tests[new] - frame[new] @ self._frame.T) * scales[:, None]
            values, axes = np.linalg.eigh(residuals @ residuals.T) if len(new) else (np.zeros(0), np.zeros((0, 0)))
            independent = values > DEPENDENT * values.max(initial=0.0)
            # linearly independent combinations of the columns
            free: NDArray[np.float64] = axes[:, independent] * scales[:, None]
            gram = free.T @ (self.form.products(tests[new]) - along[new] @ along[new].T) @ free
        rank = int(np.count_nonzero(independent))
        freedom = self.size - self.rank - rank
        if rank == 0 or freedom < 1:
            raise EngineError(
                f"Of {len(tests)} columns {rank} are left, with {freedom} degrees of freedom beside them."
            )
        sizes = np.sqrt(np.diagonal(gram))
        target = free.T @ thin[new, 0] / sizes
        explained = float(target @ solutions(gram / np.outer(sizes, sizes), target[:, None])[:, 0])
        residual = max(self.residual - explained, ROUNDING * self.residual)
        f = (explained / rank) / (residual / freedom)
        return f, rank, float(f_tail(np.array([f]), rank, freedom)[0])


def make_scanner(
    model: Model,
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
    model : Model
        The kernel, the covariates and the trait.
    null : Fit
        The fit of the same model.
    statistic : {"wald", "lrt", "score"}
        Wald's F with n − r − 1 degrees of freedom; the likelihood ratio, χ²₁; or the score test, χ²₁.
    single : bool
        Whether tests are float32: half the time, log₁₀ p within 1e-4.
    sparse : bool
        Whether tests are sparse.
    trait : int
        Which of several.

    Notes
    -----
    O(n³) once for a dense kernel, O(nk²) for one of rank k < n/2.
    """
    check_choice("statistic", statistic, get_args(Statistic))
    frame, residuals = model.fixed.basis, model.traits[:, trait]
    with one_blas_thread():
        room = 0 if sparse or single else 1 + 2 * model.fixed.rank
        form = whitening_of(model.kernel, null.delta, frame, model.scale, sparse=sparse, room=room)
        of_frame, of_trait = form.times(frame), form.times(residuals[:, None])[:, 0]
        root = np.linalg.cholesky(frame.T @ of_frame)
        along = np.linalg.solve(root, of_frame.T).T
        p_y = model.fixed.residual((of_trait - along @ (along.T @ residuals))[:, None])[:, 0]
        residual = float(residuals @ p_y)
        # from the likelihood of the null model, which is exact at h² = 1 of a singular kernel too
        nu = model.size - model.fixed.rank if null.method == "reml" else model.size
        log_det = -2.0 * null.log_likelihood - nu * (LOG_2PI + float(np.log(residual / nu)) + 1.0)
    thin = np.column_stack([p_y, along, frame]).astype(np.float64, copy=False)
    if isinstance(form, Narrow) and form.wide is not None:
        form.wide[:, form.factor.shape[1] :] = thin
    return Scanner(
        form=form.single() if single else form,
        thin=thin,
        residual=residual,
        size=model.size,
        rank=model.fixed.rank,
        h2=null.h2,
        log_det=log_det,
        method=null.method,
        statistic=statistic,
        single=single,
    )
