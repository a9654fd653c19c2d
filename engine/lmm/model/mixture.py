"""Two kernels at once, (1 − w)K₁ + wK₂ of one mean variance each, the weight w found by the likelihood.

With K₁ = F₁F₁ᵀ and K₂ = F₂F₂ᵀ the search never leaves the q columns of F = [F₁ | F₂]: the eigenvectors of the mixture
are FD times those of DFᵀFD, D = diag(√(1 − w) …, √w …), so that a weight costs O(q³) and not O(nq²). The kernel that is
returned is decomposed from its factor itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import eigh
from scipy.optimize import minimize_scalar

from ...errors import ShapeError
from ...threads import one_blas_thread
from ..kernels.diagonal_kernel import DiagonalAndFactor
from ..kernels.spectral import Rotated, Spectral, of_factor
from .design import design
from .fit import fit_many, make_model, scale_of
from .search import search

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..kernels.kernel import Kernel
    from .design import Design
    from .fit import Fit, Model
    from .likelihood import Method

GRID = (0.0, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97, 0.99, 0.997, 1.0)
"""Weights that are tried before the best is refined."""

NOTHING = 1e-11
"""An eigenvalue of the small matrix below this share of the largest is rounding."""


@dataclass(frozen=True, slots=True)
class MixtureFit:
    """A model with the mixture of two kernels that is most likely.

    Parameters
    ----------
    weight : float
        Of the second kernel, 0 to 1, both scaled to a mean variance of one outside of the covariates; NaN at h² = 0.
    fit : Fit
        The model with that mixture. It has no p of σg² = 0: with a weight searched, ½χ²₀ + ½χ²₁ is none.
    given : Model
        What was fitted.
    """

    weight: float
    fit: Fit
    given: Model


class Mixture:
    """Two kernels of the same rows, ready to be mixed for any trait.

    Parameters
    ----------
    first, second : Kernel
        K₁ and K₂.
    fixed : Design, optional
        Covariates; an intercept alone when absent.

    Raises
    ------
    ShapeError
        The kernels have not the same rows.
    EngineError
        The covariates explain one of them.

    Notes
    -----
    O(nq²) once; a trait O(q³) for each of about 40 weights. With a kernel that keeps its own diagonal, each weight
    costs a fit.
    """

    def __init__(self, first: Kernel, second: Kernel, fixed: Design | None = None) -> None:
        if first.size != second.size:
            raise ShapeError(f"Kernels of {first.size:,} and of {second.size:,} rows do not mix.")
        self._fixed = design(size=first.size) if fixed is None else fixed
        self.scales = (scale_of(first, self._fixed), scale_of(second, self._fixed))
        self._halves = tuple(_unit(one, scale) for one, scale in zip((first, second), self.scales, strict=True))
        self._factor = np.hstack([half.factor for half in self._halves])
        with one_blas_thread():
            self._gram = self._factor.T @ self._factor
            self._along = self._factor.T @ self._fixed.basis

    def best(self, trait: NDArray[np.float64], *, method: Method = "reml") -> MixtureFit:
        """Return the model of a trait, shape (n,), with the weight that is most likely; raises as `fit`."""
        left = self._fixed.residual(trait[:, None])

        def worth(weight: float) -> float:
            return self._likelihood(weight, trait, left, method)

        with one_blas_thread():
            tried = [worth(weight) for weight in GRID]
            at = int(np.argmax(tried))
            low, high = GRID[max(at - 1, 0)], GRID[min(at + 1, len(GRID) - 1)]
            refined = minimize_scalar(lambda w: -worth(float(w)), bounds=(low, high), method="bounded")
        weight = float(refined.x) if -float(refined.fun) > tried[at] else GRID[at]
        given = make_model(self._mixed(weight), trait, self._fixed)
        found = replace(fit_many(given, method=method)[0], p_h2_0=np.nan, log10_p_h2_0=np.nan)
        return MixtureFit(weight if found.h2 > 0.0 else np.nan, found, given)

    def _likelihood(
        self, weight: float, trait: NDArray[np.float64], left: NDArray[np.float64], method: Method
    ) -> float:
        size = len(self._factor)
        if not all(half.diagonal is None for half in self._halves):
            return fit_many(make_model(self._mixed(weight), trait, self._fixed), method=method)[0].log_likelihood
        scales = self._scales(weight)
        values, vectors = eigh(self._gram * np.outer(scales, scales), check_finite=False)
        kept = values > NOTHING * values[-1]
        turn = (scales[:, None] * vectors[:, kept]) / np.sqrt(values[kept])
        fixed, turned = turn.T @ self._along, (self._factor.T @ left).T @ turn
        gram = self._fixed.basis.T @ self._fixed.basis
        rotated = Rotated(
            values=values[kept],
            fixed=fixed,
            turned=np.ascontiguousarray(turned),
            rest=size - int(np.count_nonzero(kept)),
            spare_ff=gram - fixed.T @ fixed,
            spare_ft=self._fixed.basis.T @ left - fixed.T @ turned.T,
            spare_tt=np.einsum("ij,ij->j", left, left) - np.einsum("ij,ij->i", turned, turned),
            gram=gram,
            gram_ft=self._fixed.basis.T @ left,
            gram_tt=np.einsum("ij,ij->j", left, left),
        )
        return float(search(rotated, size, 1.0, method).log_likelihood[0])

    def _scales(self, weight: float) -> NDArray[np.float64]:
        first, second = (half.factor.shape[1] for half in self._halves)
        return np.concatenate([np.full(first, np.sqrt(1.0 - weight)), np.full(second, np.sqrt(weight))])

    def _mixed(self, weight: float) -> Kernel:
        scales = self._scales(weight)
        factor = (self._factor * scales)[:, scales > 0]
        if all(half.diagonal is None for half in self._halves):
            return of_factor(factor)
        diagonal = np.zeros(len(factor))
        for half, part in zip(self._halves, (1.0 - weight, weight), strict=True):
            if half.diagonal is not None:
                diagonal = diagonal + part * half.diagonal
        signs = np.concatenate([half.signs for half in self._halves])[scales > 0]
        if np.any(diagonal <= 0):  # all weight on a kernel by its eigenvectors
            return of_factor(factor)
        return DiagonalAndFactor(diagonal, factor, signs)


@dataclass(frozen=True, slots=True)
class _Half:
    """A kernel of mean variance one outside of the covariates: a factor with signs, and perhaps a diagonal."""

    factor: NDArray[np.float64]
    signs: NDArray[np.float64]
    diagonal: NDArray[np.float64] | None


def _unit(kernel: Kernel, scale: float) -> _Half:
    if isinstance(kernel, Spectral):
        return _Half(kernel.vectors * np.sqrt(kernel.values / scale), np.ones(kernel.rank), None)
    return _Half(kernel.factor / np.sqrt(scale), kernel.signs, kernel.diagonal / scale)


def fit_mixture(
    first: Kernel,
    second: Kernel,
    trait: NDArray[np.float64],
    fixed: Design | None = None,
    *,
    method: Method = "reml",
) -> MixtureFit:
    """Return the model of a trait with (1 − w)K₁ + wK₂, w by the likelihood; see `Mixture`."""
    return Mixture(first, second, fixed).best(trait, method=method)
