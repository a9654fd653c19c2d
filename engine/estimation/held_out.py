"""Shrinkage intensities that other samples bear out: the likelihood of samples held out, whole groups at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..threads import one_blas_thread
from .folds import Samples, drawn_samples, folds_of, mean_over_groups, varying_genes

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ..adjustment.adjustment import Adjustment

_STEPS = 1_000
"""Intensities are multiples of one in so many, so that rounding on another machine does not change the base."""

_COARSE, _FINER = 40, 8
"""The likelihood is computed at every so many steps, then around the best so much finer; it has one maximum."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Intensities chosen by held-out likelihood.

    Parameters
    ----------
    intensity : float
        λ of the correlations, a multiple of .001 from .001 to 1.
    variance_intensity : float
        λ_var of the variances, a multiple of .001 from 0 to 1.
    gain : float
        Nats a sample by which held-out samples are predicted better than at the other intensities given.
    error : float
        Its standard error, over groups.
    samples, groups, folds : int
        Of how many samples, in how many groups, in how many parts.
    """

    intensity: float
    variance_intensity: float
    gain: float
    error: float
    samples: int
    groups: int
    folds: int


def hold_out(
    values: NDArray[np.float64],
    groups: NDArray[np.intp],
    other: tuple[float, float],
    *,
    adjustment: Adjustment | None = None,
) -> HeldOut | None:
    """Return the intensities at which held-out samples are most likely under a Gaussian model of the others.

    Parameters
    ----------
    values : ndarray of float64, shape (p, n)
        Genes by samples, in the units of the base.
    groups : ndarray of intp, shape (n,)
        The group of each sample, numbered from 0: replicates of one culture, say. A group is held out as a whole.
    other : tuple of float and float
        λ and λ_var with which the choice is compared, such as the analytic ones.
    adjustment : Adjustment, optional
        What is removed first; coefficients and components are those of the samples that are not held out, see
        `hold_out_contrasts`. The gain is then one a contrast, and its error over the parts.

    Returns
    -------
    HeldOut, optional
        `None` where more than half of the genes are constant in what a part leaves to learn from. Genes that are
        constant in all samples, of which nothing is to be predicted, do not count.

    Notes
    -----
    λ_var is that at which variances alone, shrunk to their median, predict best; then λ, given λ_var. On leukemia and
    on E. coli (PRECISE) both together give less than a nat a sample more. A fold costs one decomposition of its n × n
    Gram matrix: O(pn² + n³) in all, and nothing genes × genes.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> values = rng.standard_normal((50, 1)) @ rng.standard_normal((1, 40)) + rng.standard_normal((50, 40))
    >>> choice = hold_out(values, np.arange(40), (1.0, 1.0))
    >>> choice.intensity < 1, choice.gain > 3 * choice.error > 0
    (True, True)
    """
    drawn = drawn_samples(groups)
    samples = Samples.of(values[varying_genes(values, adjustment)], adjustment).select(drawn)
    groups = np.unique(groups[drawn], return_inverse=True)[1].astype(np.intp)
    with one_blas_thread():  # as many cores as there are, the same intensities
        folds = folds_of(samples, groups)
        if not all(np.median(fold.spread) > 0 for fold in folds):
            return None
        variance_intensity = _best(lambda share: sum(fold.diagonal(share) for fold in folds), least=0)
        held = [fold.model(samples, variance_intensity).held_out() for fold in folds]
        intensity = _best(lambda share: sum(float(fold.density(share).sum()) for fold in held), least=1)
        best = [fold.density(intensity) for fold in held]
        others = [fold.model(samples, other[1]).held_out().density(other[0]) for fold in folds]
    if adjustment is None:
        units = groups[np.concatenate([np.flatnonzero(fold.held) for fold in folds])]
    else:
        units = np.repeat(np.arange(len(folds)), [len(densities) for densities in best])
    gain, error = mean_over_groups(np.concatenate(best) - np.concatenate(others), units)
    return HeldOut(intensity, variance_intensity, gain, error, len(groups), len(np.unique(groups)), len(folds))


def _best(likelihood: Callable[[float], float], *, least: int) -> float:
    """Return the intensity of greatest likelihood among multiples of one step, from `least` steps up to 1."""
    stride = _COARSE
    steps = [*range(least, _STEPS, stride), _STEPS]
    while True:
        best = max(steps, key=lambda step: likelihood(step / _STEPS))
        if stride == 1:
            return best / _STEPS
        reach, stride = stride, max(1, stride // _FINER)
        steps = [*range(max(least, best - reach), min(_STEPS, best + reach) + 1, stride)]
