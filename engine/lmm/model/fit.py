"""Fitting a mixed model: y = Xβ + u + e, u ~ N(0, σg²K), e ~ N(0, σe²I), with h² the share of variance along K."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import numpy as np
from scipy.special import chdtrc

from ...choices import Method
from ...errors import EngineError, InputError, ShapeError, check_choice
from ...tabular import facts_html
from ...threads import one_blas_thread
from ...wording import counted, printable, some
from .design import Design, design, refuse_extreme
from .likelihood import profile
from .search import search
from .tails import chi2_tail, t_two_sided

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ..kernels.kernel import Kernel, RotatedColumns
    from .search import Optimum

CONSTANT = 1e-10
"""Least share of a trait's length that covariates must leave for a model of it."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A mixed model at its most likely parameters.

    Parameters
    ----------
    method : {"reml", "ml"}
        Which likelihood.
    size, rank : int
        n, and the rank r of the covariates.
    scale : float
        s = tr(SKS)/(n − r), the mean variance of K outside of the covariates.
    delta : float
        δ = σe²/σg²: 0 at h² = 1 and ∞ at h² = 0.
    h2, h2_se : float
        h² = s/(s + δ), and its standard error by the observed information; NaN at h² = 0 and 1, where there is none.
    variance_kernel, variance_noise : float
        σg² and σe², in squared units of y; σg² is for the unscaled K.
    log_likelihood, log_likelihood_h2_0, log_likelihood_h2_1 : float
        At the maximum, at h² = 0, and at h² = 1 (−∞ where that is impossible).
    p_h2_0 : float
        p of σg² = 0, by ½χ²₀ + ½χ²₁ on twice the difference; conservative for a kernel of few eigenvalues.
    log10_p_h2_0 : float
        Its logarithm, which is never −∞.
    maxima : int
        Number of local maxima of the likelihood.
    names, dropped : tuple of str
        Covariates in the model, and those that are linear combinations of the ones before them.
    effects, effects_se, effects_t : ndarray of float64, shape (r,)
        Effects of the covariates in the model, with standard errors and t.
    effects_log10_p : ndarray of float64, shape (r,)
        log₁₀ of the two-sided p, t with n − r degrees of freedom; standard errors use RSS/(n − r), for ML too.
    """

    method: Method
    size: int
    rank: int
    scale: float
    delta: float
    h2: float
    h2_se: float
    variance_kernel: float
    variance_noise: float
    log_likelihood: float
    log_likelihood_h2_0: float
    log_likelihood_h2_1: float
    p_h2_0: float
    log10_p_h2_0: float
    maxima: int
    names: tuple[str, ...]
    dropped: tuple[str, ...]
    effects: NDArray[np.float64]
    effects_se: NDArray[np.float64]
    effects_t: NDArray[np.float64]
    effects_log10_p: NDArray[np.float64]

    def __repr__(self) -> str:
        return f"<Fit by {self.method.upper()}: h² {self.h2:.4g} (SE {self.h2_se:.2g}), n {self.size:,}>"

    def _repr_html_(self) -> str:
        facts = [
            ("h², share along the kernel", self.h2),
            ("standard error", self.h2_se),
            ("variance along the kernel", self.variance_kernel * self.scale),
            ("variance of the noise", self.variance_noise),
            ("log likelihood", self.log_likelihood),
            ("log₁₀ p of h² = 0", self.log10_p_h2_0),
            ("n", self.size),
        ]
        return facts_html(repr(self), facts)

    @property
    def gamma(self) -> float:
        """γ = σg²/σe² = 1/δ."""
        return 0.0 if np.isinf(self.delta) else np.inf if self.delta == 0 else 1.0 / self.delta

    @property
    def freedom(self) -> int:
        """n − r."""
        return self.size - self.rank


@dataclass(frozen=True, slots=True)
class Model:
    """Traits and fixed effects under a kernel, checked and rotated once for all fits.

    Make one with `make_model`.

    Parameters
    ----------
    kernel : Kernel
        K.
    fixed : Design
        The covariates.
    traits : ndarray of float64, shape (n, m)
        The residuals of the signals on the covariates, by least squares.
    explained : ndarray of float64, shape (r, m)
        The effects in the basis of the covariates that were removed.
    scale : float
        s.
    rotated : RotatedColumns
        The basis of the covariates and the traits, ready for products under the kernel.
    """

    kernel: Kernel
    fixed: Design
    traits: NDArray[np.float64]
    explained: NDArray[np.float64]
    scale: float
    rotated: RotatedColumns

    @property
    def size(self) -> int:
        """The number of rows n."""
        return self.kernel.size


def make_model(
    kernel: Kernel, traits: NDArray[np.float64], fixed: Design | None = None, *, names: Sequence[str] = ()
) -> Model:
    """Return traits and fixed effects under a kernel.

    Parameters
    ----------
    kernel : Kernel
        K, n × n.
    traits : ndarray of float64, shape (n,) or (n, m)
        y; finite.
    fixed : Design, optional
        Covariates; an intercept alone when absent.
    names : sequence of str
        Names of the traits, for error messages; numbered from 1 when absent.

    Raises
    ------
    ShapeError
        The numbers of rows differ.
    InputError
        A value is not finite, or there are not more rows than covariates.
    EngineError
        A trait, or the kernel, is constant or wholly explained by the covariates; or the squares of a trait are beyond
        double precision.

    Notes
    -----
    O(nk(r + m)).
    """
    fixed = design(size=kernel.size) if fixed is None else fixed
    values = np.asarray(traits, dtype=np.float64)
    values = values[:, None] if values.ndim == 1 else values
    if values.ndim != 2 or len(values) != kernel.size or len(fixed.basis) != kernel.size:
        raise ShapeError(
            f"A kernel of {counted(kernel.size, 'row')} does not fit traits of shape {values.shape} and covariates of "
            f"{counted(len(fixed.basis), 'row')}."
        )
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        row, trait = (int(index) for index in bad[0])
        name = printable(names[trait]) if names else f"Trait {trait + 1}"
        raise InputError(f"{name} is {values[row, trait]} in row {row + 1}.", hint="Leave such rows out.")
    refuse_extreme(values, names or [f"Trait {index + 1}" for index in range(values.shape[1])])
    if kernel.size <= fixed.rank + 1:
        raise InputError(
            f"{counted(kernel.size, 'row')} with {counted(fixed.rank, 'covariate')} "
            f"({some(fixed.names)}) leave nothing to estimate variances from."
        )
    with one_blas_thread():
        residual = fixed.residual(values)
        _refuse_constant(values, residual, names)
        scale = scale_of(kernel, fixed)
        rotated = kernel.rotate(fixed.basis, residual)
    return Model(kernel, fixed, residual, fixed.basis.T @ values, scale, rotated)


def scale_of(kernel: Kernel, fixed: Design) -> float:
    """Return s = tr(SKS)/(n − r), the mean variance of a kernel outside of the covariates.

    Raises
    ------
    EngineError
        The covariates explain the whole kernel.
    """
    trace = kernel.trace()
    scale = (trace - float(np.sum(fixed.basis * kernel.times(fixed.basis)))) / (kernel.size - fixed.rank)
    if scale <= 1e-12 * trace / kernel.size:
        raise EngineError(
            f"The covariates ({some(fixed.names)}) explain the whole kernel: no signal can go along it alone."
        )
    return scale


def find_flat(values: NDArray[np.float64], fixed: Design, names: Sequence[str]) -> NDArray[np.bool_]:
    """Return which traits, shape (m,), are constant or wholly explained by the covariates.

    Raises
    ------
    EngineError
        The squares of a trait are beyond double precision.
    """
    refuse_extreme(values, names)
    with one_blas_thread():
        return _is_flat(values, fixed.residual(values))


def _is_flat(values: NDArray[np.float64], residual: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.linalg.norm(residual, axis=0) <= CONSTANT * np.linalg.norm(values, axis=0)


def _refuse_constant(values: NDArray[np.float64], residual: NDArray[np.float64], names: Sequence[str]) -> None:
    flat = np.flatnonzero(_is_flat(values, residual))
    if len(flat):
        trait = values[:, flat[0]]
        reason = f"constant ({trait[0]:g})" if np.ptp(trait) == 0 else "wholly explained by the covariates"
        name = printable(names[int(flat[0])]) if names else f"Trait {flat[0] + 1}"
        raise EngineError(
            f"{name} is {reason}: nothing is left to go along a network.",
            hint="A trait has values that differ, also beyond what the covariates say: leave such a one out.",
        )


def fit(kernel: Kernel, trait: NDArray[np.float64], fixed: Design | None = None, *, method: Method = "reml") -> Fit:
    """Return the most likely fit of one trait.

    Parameters
    ----------
    kernel : Kernel
        K; `of_matrix`, `of_factor` or `network_kernel` make one.
    trait : ndarray of float64, shape (n,)
        y.
    fixed : Design, optional
        Covariates; an intercept alone when absent.
    method : {"reml", "ml"}
        Restricted likelihood, which allows for the covariates' degrees of freedom, or the likelihood itself.

    Raises
    ------
    As `make_model` and `search`.

    Notes
    -----
    O(nkr + gk r²) for a decomposed kernel of rank k and a grid of g = 73 values of δ.

    Examples
    --------
    >>> from ..kernels.spectral import of_factor
    >>> rng = np.random.default_rng(1)
    >>> loadings = rng.normal(size=(400, 10))
    >>> signal = loadings @ rng.normal(size=10) + rng.normal(size=400)
    >>> model = fit(of_factor(loadings), signal)
    >>> bool(model.h2 > 0.8), model.maxima
    (True, 1)
    """
    return fit_many(make_model(kernel, trait, fixed), method=method)[0]


def fit_many(model: Model, *, method: Method = "reml") -> list[Fit]:
    """Return the most likely fit of every trait of a model; raises as `search`."""
    check_choice("method", method, get_args(Method))
    with one_blas_thread():
        optimum = search(model.rotated, model.size, model.scale, method)
        inside = np.flatnonzero(np.isfinite(optimum.deltas) & (optimum.deltas > 0))
        deltas = optimum.deltas[inside]
        moments = model.rotated.moments_by_trait(deltas, inside) if len(inside) else None
        profiles = None if moments is None else profile(moments, deltas, model.size, method)
    row_of = {trait: row for row, trait in enumerate(inside.tolist())}
    fits: list[Fit] = []
    for trait in range(len(optimum.deltas)):
        if profiles is not None and (row := row_of.get(trait)) is not None:
            residual, curvature = float(profiles.residual[row, 0]), float(profiles.curvature[row, 0])
            effects, inverse = profiles.effects[row, :, 0], profiles.inverse[row]
        else:
            end = optimum.h2_0 if np.isinf(optimum.deltas[trait]) else optimum.h2_1
            residual, curvature = float(end.residual[trait]), np.nan
            effects, inverse = end.effects[:, trait], end.inverse
        fits.append(_fit_of(model, optimum, method, trait, (residual, curvature, effects, inverse)))
    return fits


def _fit_of(
    model: Model,
    optimum: Optimum,
    method: Method,
    trait: int,
    solution: tuple[float, float, NDArray[np.float64], NDArray[np.float64]],
) -> Fit:
    residual, curvature, effects, inverse = solution
    fixed, size, delta = model.fixed, model.size, float(optimum.deltas[trait])
    variance = residual / (size - fixed.rank if method == "reml" else size)
    h2 = 0.0 if np.isinf(delta) else model.scale / (model.scale + delta)
    estimates = fixed.effects(effects + model.explained[:, trait])
    # X_kept = Q T: the covariance of β is T⁻¹ (QᵀH⁻¹Q)⁻¹ T⁻ᵀ σ²
    errors = np.sqrt(residual / (size - fixed.rank) * np.diagonal(fixed.effects(fixed.effects(inverse).T)).clip(0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        t = estimates / errors
    at_h2_0 = float(optimum.h2_0.log_likelihood[trait])
    p_h2_0, log10_p_h2_0 = boundary_p(max(0.0, 2.0 * (float(optimum.log_likelihood[trait]) - at_h2_0)))
    return Fit(
        method=method,
        size=size,
        rank=fixed.rank,
        scale=model.scale,
        delta=delta,
        h2=h2,
        h2_se=h2 * (1.0 - h2) / np.sqrt(-curvature) if curvature < 0 else np.nan,
        variance_kernel=0.0 if np.isinf(delta) else variance,
        variance_noise=variance if np.isinf(delta) else variance * delta,
        log_likelihood=float(optimum.log_likelihood[trait]),
        log_likelihood_h2_0=at_h2_0,
        log_likelihood_h2_1=float(optimum.h2_1.log_likelihood[trait]),
        p_h2_0=p_h2_0,
        log10_p_h2_0=log10_p_h2_0,
        maxima=int(optimum.maxima[trait]),
        names=fixed.names,
        dropped=fixed.dropped,
        effects=estimates,
        effects_se=errors,
        effects_t=t,
        effects_log10_p=t_two_sided(t, size - fixed.rank),
    )


def boundary_p(statistic: float) -> tuple[float, float]:
    """Return p and log₁₀ p of a variance at zero: half of χ²₁'s tail, and 1 where the statistic is zero."""
    if statistic <= 0.0:
        return 1.0, 0.0
    log10 = float(chi2_tail(np.array([statistic]), 1)[0]) - float(np.log10(2.0))
    return 0.5 * float(chdtrc(1, statistic)), log10
