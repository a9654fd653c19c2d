"""A mixed model fitted: y = Xβ + u + e, u ~ N(0, σg²K), e ~ N(0, σe²I), with h² the share of variance along K."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import chdtrc

from ...errors import EngineError, InputError, ShapeError, check_choice
from ...threads import one_blas_thread
from ...wording import counted, printable, some
from .design import Design, design
from .likelihood import profile
from .search import search
from .tails import chi2_tail, t_two_sided

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ..kernels.kernel import Kernel, RotatedColumns
    from .likelihood import Method
    from .search import Optimum

CONSTANT = 1e-10
"""A trait has nothing left to explain where the covariates leave less than this share of its length."""


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
        h² = s/(s + δ), and its standard error by the observed information; NaN at an end, where there is none.
    variance_kernel, variance_noise : float
        σg² and σe², in squared units of y; σg² is for K as it was given.
    log_likelihood, log_likelihood_h2_0, log_likelihood_h2_1 : float
        At the maximum, at h² = 0, and at h² = 1 (−∞ where that is impossible).
    p_h2_0 : float
        Of σg² = 0, by ½χ²₀ + ½χ²₁ on twice the difference; conservative for a kernel of few eigenvalues.
    log10_p_h2_0 : float
        Its logarithm, which is never −∞.
    maxima : int
        Local maxima of the likelihood; more than one is worth a look.
    names, dropped : tuple of str
        Covariates kept, and those that add nothing to the ones before them.
    effects, effects_se, effects_t : ndarray of float64, shape (r,)
        Of the covariates kept.
    effects_log10_p : ndarray of float64, shape (r,)
        Two-sided, t with n − r degrees of freedom; standard errors are with RSS/(n − r), by ML too.
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

    @property
    def gamma(self) -> float:
        """γ = σg²/σe² = 1/δ, the ratio the other way round."""
        return 0.0 if np.isinf(self.delta) else np.inf if self.delta == 0 else 1.0 / self.delta

    @property
    def freedom(self) -> int:
        """n − r."""
        return self.size - self.rank


@dataclass(frozen=True, slots=True)
class Model:
    """Traits and fixed effects under a kernel: what is to be fitted, checked and turned once.

    Make one with `model`.

    Parameters
    ----------
    kernel : Kernel
        K.
    fixed : Design
        The covariates.
    traits : ndarray of float64, shape (n, m)
        The signals less what the covariates explain by least squares.
    explained : ndarray of float64, shape (r, m)
        That, in the basis of the covariates.
    scale : float
        s.
    rotated : Seen
        Both under the kernel.
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
        y; finite. Many share the turning of the covariates.
    fixed : Design, optional
        Covariates; an intercept alone when absent.
    names : sequence of str
        Of the traits, for what is refused; counted from 1 when absent.

    Raises
    ------
    ShapeError
        Rows do not fit.
    InputError
        A value is not finite, or there are not more rows than covariates.
    EngineError
        A trait is constant, or wholly explained by the covariates; or the kernel is.

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
        row, trait = (int(place) for place in bad[0])
        name = printable(names[trait]) if names else f"Trait {trait + 1}"
        raise InputError(f"{name} is {values[row, trait]} in row {row + 1}.", hint="Leave such rows out.")
    if kernel.size <= fixed.rank + 1:
        raise InputError(
            f"{counted(kernel.size, 'row')} with {counted(fixed.rank, 'covariate')} "
            f"({some(fixed.names)}) leave nothing to estimate variances from."
        )
    with one_blas_thread():
        left = fixed.residual(values)
        _refuse_constant(values, left, names)
        scale = scale_of(kernel, fixed)
        rotated = kernel.rotate(fixed.basis, left)
    return Model(kernel, fixed, left, fixed.basis.T @ values, scale, rotated)


def scale_of(kernel: Kernel, fixed: Design) -> float:
    """Return s = tr(SKS)/(n − r), the mean variance of a kernel outside of the covariates.

    Raises
    ------
    EngineError
        There is none: the covariates explain the kernel.
    """
    trace = kernel.trace()
    scale = (trace - float(np.sum(fixed.basis * kernel.times(fixed.basis)))) / (kernel.size - fixed.rank)
    if scale <= 1e-12 * trace / kernel.size:
        raise EngineError(
            f"The covariates ({some(fixed.names)}) explain the whole kernel: no signal can go along it alone."
        )
    return scale


def _refuse_constant(values: NDArray[np.float64], left: NDArray[np.float64], names: Sequence[str]) -> None:
    lengths = np.linalg.norm(values, axis=0)
    flat = np.flatnonzero(np.linalg.norm(left, axis=0) <= CONSTANT * lengths)
    if len(flat):
        one = values[:, flat[0]]
        what = f"constant ({one[0]:g})" if np.ptp(one) == 0 else "wholly explained by the covariates"
        name = printable(names[int(flat[0])]) if names else f"Trait {flat[0] + 1}"
        raise EngineError(f"{name} is {what}: nothing is left to go along a network.")


def fit(kernel: Kernel, trait: NDArray[np.float64], fixed: Design | None = None, *, method: Method = "reml") -> Fit:
    """Return the model of one trait at its most likely parameters.

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
    As `model` and `search`.

    Notes
    -----
    O(nkr + gk r²) for a decomposed kernel of rank k and a grid of g = 73 values of δ.

    Examples
    --------
    >>> from ..kernels.spectral import of_factor
    >>> rng = np.random.default_rng(1)
    >>> loadings = rng.normal(size=(400, 10))
    >>> signal = loadings @ rng.normal(size=10) + rng.normal(size=400)
    >>> found = fit(of_factor(loadings), signal)
    >>> bool(found.h2 > 0.8), found.maxima
    (True, 1)
    """
    return fit_many(make_model(kernel, trait, fixed), method=method)[0]


def fit_many(given: Model, *, method: Method = "reml") -> list[Fit]:
    """Return the model of every trait at its most likely parameters; raises as `search`."""
    check_choice("method", method, ("reml", "ml"))
    with one_blas_thread():
        found = search(given.rotated, given.size, given.scale, method)
        return _told(given, found, method)


def _told(given: Model, found: Optimum, method: Method) -> list[Fit]:
    inside = np.flatnonzero(np.isfinite(found.deltas) & (found.deltas > 0))
    deltas = found.deltas[inside]
    within = profile(given.rotated.paired(deltas, inside), deltas, given.size, method) if len(inside) else None
    at = {trait: place for place, trait in enumerate(inside.tolist())}
    answers: list[Fit] = []
    for trait in range(len(found.deltas)):
        if within is not None and (place := at.get(trait)) is not None:
            residual, curvature = float(within.residual[place, 0]), float(within.curvature[place, 0])
            effects, inverse = within.effects[place, :, 0], within.inverse[place]
        else:
            end = found.none if np.isinf(found.deltas[trait]) else found.all
            residual, curvature = float(end.residual[trait]), np.nan
            effects, inverse = end.effects[:, trait], end.inverse
        answers.append(_one(given, found, method, trait, (residual, curvature, effects, inverse)))
    return answers


def _one(
    given: Model,
    found: Optimum,
    method: Method,
    trait: int,
    at: tuple[float, float, NDArray[np.float64], NDArray[np.float64]],
) -> Fit:
    residual, curvature, effects, inverse = at
    fixed, size, delta = given.fixed, given.size, float(found.deltas[trait])
    variance = residual / (size - fixed.rank if method == "reml" else size)
    h2 = 0.0 if np.isinf(delta) else given.scale / (given.scale + delta)
    none, all_ = float(found.none.log_likelihood[trait]), float(found.all.log_likelihood[trait])
    own = fixed.effects(effects + given.explained[:, trait])
    # X_kept = Q T: the covariance of β is T⁻¹ (QᵀH⁻¹Q)⁻¹ T⁻ᵀ σ²
    errors = np.sqrt(residual / (size - fixed.rank) * np.diagonal(fixed.effects(fixed.effects(inverse).T)).clip(0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        ts = own / errors
    statistic = max(0.0, 2.0 * (float(found.log_likelihood[trait]) - none))
    return Fit(
        method=method,
        size=size,
        rank=fixed.rank,
        scale=given.scale,
        delta=delta,
        h2=h2,
        h2_se=h2 * (1.0 - h2) / np.sqrt(-curvature) if curvature < 0 else np.nan,
        variance_kernel=0.0 if np.isinf(delta) else variance,
        variance_noise=variance if np.isinf(delta) else variance * delta,
        log_likelihood=float(found.log_likelihood[trait]),
        log_likelihood_h2_0=none,
        log_likelihood_h2_1=all_,
        **mixture_p(statistic),
        maxima=int(found.maxima[trait]),
        names=fixed.names,
        dropped=fixed.dropped,
        effects=own,
        effects_se=errors,
        effects_t=ts,
        effects_log10_p=t_two_sided(ts, size - fixed.rank),
    )


def mixture_p(statistic: float) -> dict[str, float]:
    """Return p and its logarithm of a variance at its edge: half of χ²₁'s tail, and 1 where the statistic is zero."""
    if statistic <= 0.0:
        return {"p_h2_0": 1.0, "log10_p_h2_0": 0.0}
    log10 = float(chi2_tail(np.array([statistic]), 1)[0]) - float(np.log10(2.0))
    return {"p_h2_0": 0.5 * float(chdtrc(1, statistic)), "log10_p_h2_0": log10}
