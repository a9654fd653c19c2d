"""Which pairs can be told from chance: p, q and local false discovery rates against a simulated null."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..estimation.shrinkage import shrinkage
from ..mapping import Sequential, one_at_a_time
from ..network.anchor import anchor_of
from ..network.pairs.partial_correlations import partial_correlations
from ..network.snapshot import build_snapshot
from .strength_counts import STEPS, StrengthCounts, count_strengths, steps_of, strengths_of_steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from ..mapping import Mapper
    from ..network.pairs.partial_correlations import PartialCorrelations
    from ..network.panel import Panel
    from ..network.pathway import Pathway

SCANS = 3
"""Fewest panels of independent genes that the null is simulated from."""

MOST_SCANS, ENOUGH_PAIRS = 20, 40_000_000
"""Most panels, where a panel has few pairs, and the pairs of the null that are enough."""

SEED = 0
"""Seed of the null."""

SKIPPED = 1 << 20
"""Random numbers that are drawn at a time where those of a scan are passed over."""


@dataclass(frozen=True, slots=True)
class Chance:
    """What each strength of a pair is worth against chance.

    Parameters
    ----------
    p : ndarray of float64, shape (STEPS,)
        Of each step of strength, the share of the null's pairs that are as strong, (1 + number) / (1 + all).
    q : ndarray of float64, shape (STEPS,)
        The smallest false discovery rate at which a pair of that strength is called.
    lfdr : ndarray of float64, shape (STEPS,)
        The probability that a pair of just that strength is chance.
    spread : float
        Median strength of the observed pairs over that of the null's: the scale of an empirical null.
    q_empirical : ndarray of float64, shape (STEPS,)
        q against the null scaled by `spread`.
    """

    p: NDArray[np.float64]
    q: NDArray[np.float64]
    lfdr: NDArray[np.float64]
    spread: float
    q_empirical: NDArray[np.float64]

    def cutoff(self, rate: float) -> float | None:
        """Return the least strength that is called at a false discovery rate, or `None` where no strength is."""
        called = np.flatnonzero(self.q <= rate)
        return float(strengths_of_steps()[called[0]]) if len(called) else None


def number_of_scans(genes: int) -> int:
    """Return how many panels of so many genes the null takes: 3, and up to 20 where pairs are few.

    A pair that is stronger than all others can be called at a rate q only where the null has 1/q times as many pairs.
    """
    pairs = max(1, genes * (genes - 1) // 2)
    return int(np.clip(ENOUGH_PAIRS // pairs, SCANS, MOST_SCANS))


def intraclass_correlation(scores: NDArray[np.float64], groups: NDArray[np.intp]) -> float:
    """Return how alike samples of one group are, over all genes: 0 for chance, 1 for copies.

    Parameters
    ----------
    scores : ndarray of float64, shape (p, n)
        Genes by samples.
    groups : ndarray of intp, shape (n,)
        The group of each sample, numbered from 0.

    Notes
    -----
    (B − W) / (B + (m − 1) W), with B and W the mean squares between and within groups, summed over genes, and m the
    mean size of a group: Fisher, Statistical Methods for Research Workers (1925).

    Examples
    --------
    >>> scores = np.array([[1.0, 1.0, -1.0, -1.0]])
    >>> intraclass_correlation(scores, np.array([0, 0, 1, 1]))
    1.0
    """
    sizes = np.bincount(groups)
    samples, number = len(groups), len(sizes)
    if not 1 < number < samples:
        return 0.0
    is_in = (groups[:, np.newaxis] == np.arange(number)).astype(np.float64)
    means = scores @ is_in / sizes
    within = float(np.square(scores - means[:, groups]).sum()) / (samples - number)
    overall = scores.mean(axis=1, keepdims=True)
    between = float((np.square(means - overall) * sizes).sum()) / (number - 1)
    size = (samples - float(np.square(sizes).sum()) / samples) / (number - 1)
    whole = between + (size - 1.0) * within
    return float(np.clip((between - within) / whole, 0.0, 1.0)) if whole > 0 else 0.0


def independent_counts(
    panel: Panel,
    samples: int,
    intensity: float,
    *,
    groups: NDArray[np.intp] | None = None,
    alike: float = 0.0,
    scans: int = SCANS,
    seed: int = SEED,
    mapper: Mapper | None = None,
    progress: Callable[[float], None] | None = None,
) -> StrengthCounts:
    """Return the strengths of pairs of independent genes, of which ρ is estimated as of the observed ones.

    Parameters
    ----------
    panel : Panel
        p genes.
    samples : int
        As many as the data has: λ is one for a number of samples.
    intensity : float
        λ.
    groups : ndarray of intp, shape (samples,), optional
        The group of each sample, numbered from 0.
    alike : float
        The intraclass correlation of samples of one group, 0 to 1.
    scans : int
        How many times.
    seed : int
        Seed of the legacy generator, which always gives the same (NEP 19).
    mapper : Mapper, optional
        What runs the scans; one after the other by default, each on all cores.
    progress : callable, optional
        Called now and then with the share that is done, 0 to 1.

    Notes
    -----
    O(p²n) a scan. Under the null all pairs have one distribution, so that their number makes up for few scans. Scans
    take up one stream of random numbers where the one before leaves off: each is told the state there.
    """
    null = _Null(panel, samples, intensity, groups if alike > 0 else None, alike)
    total, mapper = np.zeros(STEPS, dtype=np.int64), one_at_a_time(mapper or Sequential())
    for done, at_least in enumerate(mapper(_count_scan, null.states(seed, scans), shared=null), start=1):
        total += at_least
        if progress is not None:
            progress(done / scans)
    return StrengthCounts(total)


@dataclass(frozen=True, slots=True)
class _Null:
    """What all scans of independent genes have in common."""

    panel: Panel
    samples: int
    intensity: float
    groups: NDArray[np.intp] | None
    alike: float

    def states(self, seed: int, scans: int) -> Iterator[Any]:
        """Yield the state of the random numbers at the beginning of each scan."""
        stream = np.random.RandomState(seed)
        numbers = self.samples if self.groups is None else self.samples + int(self.groups.max()) + 1
        for scan in range(scans):
            yield stream.get_state()
            left = len(self.panel) * numbers if scan < scans - 1 else 0
            while left:
                left -= len(stream.standard_normal(min(left, SKIPPED)))

    def scores(self, state: Any) -> NDArray[np.float64]:
        """Return the normal scores of a scan, shape (p, samples)."""
        stream = np.random.RandomState()
        stream.set_state(state)
        scores = stream.standard_normal((len(self.panel), self.samples))
        if self.groups is None:
            return scores
        shared = stream.standard_normal((len(self.panel), int(self.groups.max()) + 1))
        return np.sqrt(self.alike) * shared[:, self.groups] + np.sqrt(1.0 - self.alike) * scores


def _count_scan(null: _Null, state: Any) -> NDArray[np.int64]:
    """Return the numbers of pairs by strength of one scan."""
    rho = shrunk_correlations(null.panel, null.scores(state), null.intensity)
    return count_strengths(rho, len(null.panel)).at_least


def shrunk_correlations(
    panel: Panel, scores: NDArray[np.float64], intensity: float, pathways: Sequence[Pathway] = ()
) -> PartialCorrelations:
    """Return ρ of all pairs where correlations of samples are shrunk to zero by λ.

    Parameters
    ----------
    panel : Panel
        p genes.
    scores : ndarray of float64, shape (p, n)
        Genes by samples.
    intensity : float
        λ, above 0.
    pathways : sequence of Pathway
        What is added to their covariance, in units of standard deviations.
    """
    covariance = shrinkage(scores, intensity=(intensity, 1.0)).base
    snapshot = build_snapshot(panel, anchor_of(covariance), pathways, covariance.standard_deviations())
    return partial_correlations(snapshot.precision)


def against_chance(observed: StrengthCounts, null: StrengthCounts) -> Chance:
    """Return what each strength is worth, from the observed strengths and those of independent genes.

    Parameters
    ----------
    observed, null : StrengthCounts
        Of all pairs of the data; of all pairs of all scans of the null.

    Notes
    -----
    q by Benjamini and Hochberg, Journal of the Royal Statistical Society B 57 (1995), over all pairs; all may be null.
    lfdr from the slope of the least concave majorant of the distribution of p (Grenander's estimate; Strimmer, BMC
    Bioinformatics 9 (2008), article 303), with all pairs null at p = 1. The empirical null is the simulated one scaled
    to the median of the observed strengths (Efron, Journal of the American Statistical Association 99 (2004)).
    """
    p = _tail(null.at_least, null.pairs)
    strengths = strengths_of_steps()
    middles = strengths[_median(observed)], strengths[_median(null)]
    spread = float(middles[0] / middles[1]) if middles[1] > 0 else 1.0
    narrowed = steps_of(strengths / spread) if spread > 0 else np.zeros(len(strengths), dtype=np.int32)
    return Chance(
        p=p,
        q=_q_values(p, observed),
        lfdr=_local_rates(p, observed),
        spread=spread,
        q_empirical=_q_values(p[narrowed], observed),
    )


def _tail(at_least: NDArray[np.int64], pairs: int) -> NDArray[np.float64]:
    return (1.0 + at_least.astype(np.float64)) / (1.0 + pairs)


def _median(counts: StrengthCounts) -> int:
    """Return the step that half of all pairs reach."""
    return int(np.flatnonzero(2 * counts.at_least >= counts.pairs)[-1])


def _q_values(p: NDArray[np.float64], observed: StrengthCounts) -> NDArray[np.float64]:
    """Return q of each step: the least rate of all cuts that call a pair of that strength."""
    rates = np.minimum(1.0, observed.pairs * p / np.maximum(observed.at_least, 1))
    rates[observed.at_least == 0] = 1.0  # beyond the strongest pair
    return np.minimum.accumulate(rates)


def _local_rates(p: NDArray[np.float64], observed: StrengthCounts) -> NDArray[np.float64]:
    """Return lfdr of each step: 1 over the density of p, the slope of the least concave majorant."""
    order = np.arange(len(p))[::-1]  # from the smallest p on
    x = np.concatenate([[0.0], p[order]])
    y = np.concatenate([[0.0], observed.at_least[order] / observed.pairs])
    hull = [0]
    for point in range(1, len(x)):
        if x[point] == x[point - 1] and point - 1 != hull[-1]:
            continue
        while len(hull) > 1 and _is_below(x, y, hull[-2], hull[-1], point):
            hull.pop()
        hull.append(point)
    slopes = np.diff(y[hull]) / np.maximum(np.diff(x[hull]), np.finfo(float).tiny)
    segment = np.clip(np.searchsorted(x[hull], p, side="left") - 1, 0, len(slopes) - 1)
    return np.minimum(1.0, 1.0 / np.maximum(slopes[segment], np.finfo(float).tiny))


def _is_below(x: NDArray[np.float64], y: NDArray[np.float64], first: int, middle: int, last: int) -> bool:
    """Return whether the middle one of three points lies on or below the line through the others."""
    return bool((y[middle] - y[first]) * (x[last] - x[first]) <= (y[last] - y[first]) * (x[middle] - x[first]))
