"""A mixture of two kernels, (1 − w)K₁ + wK₂ with a mean variance of one each, and its most likely weight w.

With K₁ = F₁F₁ᵀ and K₂ = F₂F₂ᵀ the search stays in the q columns of F = [F₁ | F₂]: the eigenvectors of the mixture are
FD times those of DFᵀFD, D = diag(√(1 − w) …, √w …), so that a weight costs O(q³) and not O(nq²). The kernel that is
returned is decomposed from its own factor.
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

    from ...choices import Method
    from ..kernels.kernel import Kernel
    from .design import Design
    from .fit import Fit, Model

GRID = (0.0, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97, 0.99, 0.997, 1.0)
"""Weights that are evaluated before the best is refined."""

ROUNDING = 1e-11
"""Share of the largest eigenvalue of the small matrix below which an eigenvalue is rounding."""


@dataclass(frozen=True, slots=True)
class MixtureFit:
    """A fit with the most likely mixture of two kernels.

    Parameters
    ----------
    weight : float
        Weight of the second kernel, 0 to 1, both with a mean variance of one outside of the covariates; NaN at h² = 0.
    fit : Fit
        The fit with that mixture. Its p of σg² = 0 is NaN: after a search for the weight, ½χ²₀ + ½χ²₁ does not apply.
    model : Model
        The model with that mixture.
    """

    weight: float
    fit: Fit
    model: Model


class Mixture:
    """Two kernels over the same rows, ready to be mixed for any trait.

    Parameters
    ----------
    first, second : Kernel
        K₁ and K₂.
    fixed : Design, optional
        Covariates; an intercept alone when absent.

    Raises
    ------
    ShapeError
        The kernels differ in their number of rows.
    EngineError
        The covariates explain one of them.

    Notes
    -----
    O(nq²) once; a trait O(q³) for each of about 40 weights. With a kernel that has a diagonal of its own, each weight
    costs a fit.
    """

    def __init__(self, first: Kernel, second: Kernel, fixed: Design | None = None) -> None:
        if first.size != second.size:
            raise ShapeError(f"Kernels of {first.size:,} and of {second.size:,} rows cannot be mixed.")
        self._fixed = design(size=first.size) if fixed is None else fixed
        self.scales = (scale_of(first, self._fixed), scale_of(second, self._fixed))
        self._kernels = tuple(
            _unit_kernel(kernel, scale) for kernel, scale in zip((first, second), self.scales, strict=True)
        )
        self._factor = np.hstack([kernel.factor for kernel in self._kernels])
        with one_blas_thread():
            self._gram = self._factor.T @ self._factor
            self._along = self._factor.T @ self._fixed.basis

    def best(self, trait: NDArray[np.float64], *, method: Method = "reml") -> MixtureFit:
        """Return the fit of a trait, shape (n,), with the most likely weight; raises as `fit`."""
        residual = self._fixed.residual(trait[:, None])

        def log_likelihood(weight: float) -> float:
            return self._likelihood(weight, trait, residual, method)

        with one_blas_thread():
            values = [log_likelihood(weight) for weight in GRID]
            greatest = int(np.argmax(values))
            low, high = GRID[max(greatest - 1, 0)], GRID[min(greatest + 1, len(GRID) - 1)]
            refined = minimize_scalar(lambda w: -log_likelihood(float(w)), bounds=(low, high), method="bounded")
        weight = float(refined.x) if -float(refined.fun) > values[greatest] else GRID[greatest]
        model = make_model(self._mixture(weight), trait, self._fixed)
        fit = replace(fit_many(model, method=method)[0], p_h2_0=np.nan, log10_p_h2_0=np.nan)
        return MixtureFit(weight if fit.h2 > 0.0 else np.nan, fit, model)

    def _likelihood(
        self, weight: float, trait: NDArray[np.float64], residual: NDArray[np.float64], method: Method
    ) -> float:
        size = len(self._factor)
        if not all(kernel.diagonal is None for kernel in self._kernels):
            return fit_many(make_model(self._mixture(weight), trait, self._fixed), method=method)[0].log_likelihood
        scales = self._scales(weight)
        values, vectors = eigh(self._gram * np.outer(scales, scales), check_finite=False)
        positive = values > ROUNDING * values[-1]
        rotation = (scales[:, None] * vectors[:, positive]) / np.sqrt(values[positive])
        fixed, trait_rows = rotation.T @ self._along, (self._factor.T @ residual).T @ rotation
        gram = self._fixed.basis.T @ self._fixed.basis
        rotated = Rotated(
            values=values[positive],
            fixed=fixed,
            trait_rows=np.ascontiguousarray(trait_rows),
            nullity=size - int(np.count_nonzero(positive)),
            outside_ff=gram - fixed.T @ fixed,
            outside_ft=self._fixed.basis.T @ residual - fixed.T @ trait_rows.T,
            outside_tt=np.einsum("ij,ij->j", residual, residual) - np.einsum("ij,ij->i", trait_rows, trait_rows),
            gram=gram,
            gram_ft=self._fixed.basis.T @ residual,
            gram_tt=np.einsum("ij,ij->j", residual, residual),
        )
        return float(search(rotated, size, 1.0, method).log_likelihood[0])

    def _scales(self, weight: float) -> NDArray[np.float64]:
        first, second = (kernel.factor.shape[1] for kernel in self._kernels)
        return np.concatenate([np.full(first, np.sqrt(1.0 - weight)), np.full(second, np.sqrt(weight))])

    def _mixture(self, weight: float) -> Kernel:
        scales = self._scales(weight)
        factor = (self._factor * scales)[:, scales > 0]
        diagonal = np.zeros(len(factor))
        for kernel, part in zip(self._kernels, (1.0 - weight, weight), strict=True):
            if kernel.diagonal is not None:
                diagonal = diagonal + part * kernel.diagonal
        if np.any(diagonal <= 0):  # all weight on kernels by their eigenvectors
            return of_factor(factor)
        signs = np.concatenate([kernel.signs for kernel in self._kernels])[scales > 0]
        return DiagonalAndFactor(diagonal, factor, signs)


@dataclass(frozen=True, slots=True)
class _UnitKernel:
    """A kernel of mean variance one outside of the covariates: a factor with signs, and perhaps a diagonal."""

    factor: NDArray[np.float64]
    signs: NDArray[np.float64]
    diagonal: NDArray[np.float64] | None


def _unit_kernel(kernel: Kernel, scale: float) -> _UnitKernel:
    if isinstance(kernel, Spectral):
        return _UnitKernel(kernel.vectors * np.sqrt(kernel.values / scale), np.ones(kernel.rank), None)
    return _UnitKernel(kernel.factor / np.sqrt(scale), kernel.signs, kernel.diagonal / scale)


def fit_mixture(
    first: Kernel,
    second: Kernel,
    trait: NDArray[np.float64],
    fixed: Design | None = None,
    *,
    method: Method = "reml",
) -> MixtureFit:
    """Return the fit of a trait with (1 − w)K₁ + wK₂ and the most likely w; see `Mixture`."""
    return Mixture(first, second, fixed).best(trait, method=method)
