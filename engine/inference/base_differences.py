"""Which differences of ρ between two bases can be told from chance, by splitting their samples anew.

Two bases of one truth differ: each is shrunk by its own λ, from its own number of samples, and the pairs that are
listed are those that came out strongest. What all three do to a difference is seen where the truth is one: the samples
of both sides are pooled, whole groups are dealt out at random to two sides of the same numbers of groups, and all is
done again, the selection too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..adjustment.components import standardise
from ..errors import InputError
from ..mapping import Sequential, one_at_a_time
from ..network.pairs.edge_rule import EdgeRule
from ..network.pairs.strongest_pairs import strongest_pairs
from ..network.pathway import Pathway
from .false_discovery import shrunk_correlations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from ..mapping import Mapper
    from ..network.pairs.partial_correlations import PartialCorrelations
    from ..network.panel import Panel

    Sides = tuple[NDArray[np.float64], NDArray[np.float64]]
    """The samples of both sides, each of shape (p, n)."""

SPLITS = 19
"""Splits of the pooled samples: what exceeds all of them has 95 % confidence."""

SEED = 0
"""Seed of the splits."""

LEAST_GROUPS = 5
"""Fewest groups of a side: with fewer, splits are too few and too much alike."""

MOST_PAIRS = 20_000
"""Most pairs that are judged of either side."""

RATE = 0.05
"""Share of false ones among differences that are called, by default."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One side of a comparison of two bases.

    Parameters
    ----------
    samples : ndarray of float64, shape (p, n)
        What the base was estimated from, after the removal of effects.
    groups : ndarray of intp, shape (n,)
        The group of each sample, numbered from 0.
    intensity : float
        λ, above 0.
    pathways : tuple of Pathway
        Those of the version, in units of standard deviations; see `in_deviations`.
    """

    samples: NDArray[np.float64]
    groups: NDArray[np.intp]
    intensity: float
    pathways: tuple[Pathway, ...] = ()


@dataclass(frozen=True, slots=True)
class BaseDifferences:
    """The strongest pairs of two versions on different bases, and what their differences are worth.

    Parameters
    ----------
    pairs : ndarray of intp, shape (E, 2)
        Indices of two genes, the first before the second: those that can be told from chance best come first.
    rho : ndarray of float64, shape (E, 2)
        ρ before and after.
    expected : ndarray of float64, shape (E,)
        The difference of ρ, after less before, that two such bases of one truth would have.
    z : ndarray of float64, shape (E,)
        By how many standard deviations of splits the difference departs from that.
    q : ndarray of float64, shape (E,)
        The least share of false ones, with 95 % confidence, among differences as clear as this one.
    """

    pairs: NDArray[np.intp]
    rho: NDArray[np.float64]
    expected: NDArray[np.float64]
    z: NDArray[np.float64]
    q: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.q)

    def called(self, rate: float = RATE) -> NDArray[np.bool_]:
        """Return which differences can be told from chance, shape (E,)."""
        return self.q <= rate


def in_deviations(pathways: Sequence[Pathway], deviations: NDArray[np.float64]) -> tuple[Pathway, ...]:
    """Return pathways with loadings in units of `sd`, where a base has these standard deviations, shape (p,)."""
    return tuple(
        pathway
        if pathway.units == "sd"
        else Pathway(
            pathway.names,
            pathway.genes,
            pathway.loadings / deviations[pathway.genes, np.newaxis],
            pathway.sign,
            "sd",
            pathway.covariance,
        )
        for pathway in pathways
    )


def judge_differences(
    panel: Panel,
    before: Condition,
    after: Condition,
    most: int,
    *,
    splits: int = SPLITS,
    seed: int = SEED,
    mapper: Mapper | None = None,
    progress: Callable[[float], None] | None = None,
) -> BaseDifferences:
    """Return the strongest pairs of either side, and which of their differences can be told from chance.

    Parameters
    ----------
    panel : Panel
        p genes.
    before, after : Condition
        The sides; their λ stays as it is in all splits.
    most : int
        How many pairs of either side; at most `MOST_PAIRS` are.
    splits, seed : int
        Number of splits, and the seed of the legacy generator, which always gives the same (NEP 19).
    mapper : Mapper, optional
        What runs the splits; one after the other by default, each on all cores.
    progress : callable, optional
        Called now and then with the share that is done, 0 to 1.

    Raises
    ------
    InputError
        A side has fewer than `LEAST_GROUPS` groups.
    NotPositiveDefinite
        Subtracted pathways exceed the covariance of a split.

    Notes
    -----
    A permutation test of whole groups (Pitman, Supplement to the Journal of the Royal Statistical Society 4 (1937)).
    Each side is centred and standardised by itself before it is pooled. Of d, the difference of ρ of a pair, each split
    and the data in turn have t = (d − m)/s, where m and s² are mean and variance of d over all the others, s² halfway
    to its median over pairs. q of a pair is the largest number over splits of pairs with |t| as large, each split with
    its own strongest pairs, over the number in the data. Pairs that are among the strongest of the pooled samples,
    which no split changes, are judged apart from those that are strong on one side alone: selection has hardly raised
    the former. O(B p² n) for B splits: nothing p × p is formed on factor bases.
    """
    if (fewest := min(len(np.unique(side.groups)) for side in (before, after))) < LEAST_GROUPS:
        raise InputError(
            f"One side has {fewest} groups of samples, fewer than {LEAST_GROUPS}.", code="too-few-groups-to-split"
        )
    pooled = np.hstack([_standardised(side.samples) for side in (before, after)])
    judging = _Judging(panel, before, after, pooled, min(most, MOST_PAIRS))
    masks, mapper = list(judging.masks(splits, seed)), one_at_a_time(mapper or Sequential())
    steps = splits + 2

    def done(step: int) -> None:
        if progress is not None:
            progress(step / steps)

    selected: list[NDArray[np.int64]] = []
    for numbers in mapper(_strongest_of_either, masks, shared=judging):
        selected.append(numbers)
        done(len(selected))
    pairs = np.unique(np.concatenate(selected))
    differences = np.stack(list(mapper(_difference, masks, shared=(judging, pairs))))
    of_pool = judging.strongest_of_pool()
    done(steps)
    return _judged(judging, selected, pairs, differences, of_pool)


@dataclass(frozen=True, slots=True)
class _Judging:
    """Two sides of p genes, and the number of pairs of either that are judged. A pair (i, j) has the number i p + j.

    `pooled` has the samples of both sides, each centred and standardised by itself.
    """

    panel: Panel
    before: Condition
    after: Condition
    pooled: NDArray[np.float64]
    most: int

    def masks(self, splits: int, seed: int) -> Iterator[NDArray[np.bool_] | None]:
        """Yield none for the samples of both sides as they are, and then how each split deals them out."""
        yield None
        stream = np.random.RandomState(seed)
        first = np.unique(self.before.groups, return_inverse=True)[1]
        second = np.unique(self.after.groups, return_inverse=True)[1]
        number = int(first.max()) + 1
        groups = np.concatenate([first, second + number])
        for _ in range(splits):
            goes_first = stream.permutation(int(groups.max()) + 1) < number
            yield goes_first[groups]

    def sides(self, mask: NDArray[np.bool_] | None) -> Sides:
        """Return the samples of both sides."""
        if mask is None:
            return self.before.samples, self.after.samples
        return self.pooled[:, mask], self.pooled[:, ~mask]

    def correlations(self, sides: Sides) -> tuple[PartialCorrelations, PartialCorrelations]:
        """Return ρ of both sides, each at its λ and with its pathways."""
        first, second = (
            shrunk_correlations(self.panel, samples, side.intensity, side.pathways)
            for samples, side in zip(sides, (self.before, self.after), strict=True)
        )
        return first, second

    def strongest(self, rho: PartialCorrelations) -> NDArray[np.int64]:
        pairs = strongest_pairs(rho, len(self.panel), EdgeRule("top", self.most))[0].pairs[: self.most]
        return pairs[:, 0].astype(np.int64) * len(self.panel) + pairs[:, 1]

    def strongest_of_either(self, sides: Sides) -> NDArray[np.int64]:
        """Return the numbers of the strongest pairs of either side, ascending."""
        return np.union1d(*map(self.strongest, self.correlations(sides)))

    def strongest_of_pool(self) -> NDArray[np.int64]:
        """Return the numbers of the strongest pairs of all samples together, at the smaller λ."""
        least = min(self.before, self.after, key=lambda side: side.intensity)
        return self.strongest(shrunk_correlations(self.panel, self.pooled, least.intensity, least.pathways))

    def rho(self, sides: Sides, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return ρ of pairs on both sides, shape (E, 2)."""
        pairs = self.pairs(numbers)
        return np.column_stack([rho.pairs(pairs) for rho in self.correlations(sides)])

    def difference(self, sides: Sides, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the difference of ρ of pairs, after less before, shape (E,)."""
        rho = self.rho(sides, numbers)
        return rho[:, 1] - rho[:, 0]

    def pairs(self, numbers: NDArray[np.int64]) -> NDArray[np.intp]:
        return np.column_stack(np.divmod(numbers, len(self.panel))).astype(np.intp)


def _strongest_of_either(judging: _Judging, mask: NDArray[np.bool_] | None) -> NDArray[np.int64]:
    return judging.strongest_of_either(judging.sides(mask))


def _difference(shared: tuple[_Judging, NDArray[np.int64]], mask: NDArray[np.bool_] | None) -> NDArray[np.float64]:
    judging, pairs = shared
    return judging.difference(judging.sides(mask), pairs)


def _standardised(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return rows of mean 0 and variance 1, so that samples of both sides weigh the same."""
    return np.sqrt(samples.shape[1] - 1) * standardise(samples - samples.mean(axis=1, keepdims=True))


def _judged(
    judging: _Judging,
    selected: Sequence[NDArray[np.int64]],
    numbers: NDArray[np.int64],
    differences: NDArray[np.float64],
    pooled: NDArray[np.int64],
) -> BaseDifferences:
    """Return what is to be said of the pairs of the data, the first of those selected."""
    others = len(differences) - 1
    total, squares = differences.sum(axis=0), (differences**2).sum(axis=0)
    strengths: list[NDArray[np.float64]] = []
    expected = np.empty(0)
    for turn, chosen in enumerate(selected):
        mean = (total - differences[turn]) / others
        variance = np.maximum((squares - differences[turn] ** 2) / others - mean**2, 0.0) * others / (others - 1)
        at = np.searchsorted(numbers, chosen)
        deviation = np.sqrt((variance[at] + np.median(variance)) / 2)
        departure = differences[turn, at] - mean[at]
        strengths.append(np.divide(departure, deviation, out=np.zeros(len(at)), where=deviation > 0))
        if turn == 0:
            expected = mean[at]
    q = np.ones(len(selected[0]))
    is_pooled = [np.isin(chosen, pooled) for chosen in selected]
    for where in (True, False):
        parts = [np.abs(strength[mask == where]) for strength, mask in zip(strengths, is_pooled, strict=True)]
        q[is_pooled[0] == where] = confident_q(parts[0], parts[1:])
    order = np.lexsort((selected[0], -np.abs(strengths[0]), q))
    rho = judging.rho((judging.before.samples, judging.after.samples), selected[0])
    return BaseDifferences(
        pairs=judging.pairs(selected[0])[order],
        rho=rho[order],
        expected=expected[order],
        z=strengths[0][order],
        q=q[order],
    )


def confident_q(observed: NDArray[np.float64], null: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return of each strength the least share of false ones among all that are as strong, shape (E,).

    Parameters
    ----------
    observed : ndarray of float64, shape (E,)
        Strengths, without signs.
    null : sequence of ndarray of float64
        Strengths of B repetitions under the null, of any number each.

    Notes
    -----
    Number of false ones at a strength: the largest of the B numbers, or a Bth more than their mean where that is more.
    With B = 19 a further repetition exceeds all with probability .05, whatever the dependence of pairs (Korn et al.,
    Journal of Statistical Planning and Inference 124 (2004), bound such numbers likewise). A mean alone would be right
    on average, but pairs depend on each other, and false calls come in bursts.

    Examples
    --------
    >>> confident_q(np.array([4.0, 3.0, 1.0]), [np.array([2.0, 0.5]), np.array([1.5])]).tolist()
    [0.25, 0.25, 0.5]
    """
    order = np.argsort(-observed, kind="stable")
    cuts = observed[order]
    reached = np.stack([len(part) - np.searchsorted(np.sort(part), cuts, side="left") for part in null])
    false = np.maximum(reached.max(axis=0), reached.mean(axis=0) + 1 / len(null))
    as_strong = np.searchsorted(-cuts, -cuts, side="right")  # ties are called together
    shares = np.minimum(1.0, false / np.maximum(as_strong, 1))
    q = np.empty(len(observed))
    q[order] = np.minimum.accumulate(shares[::-1])[::-1]
    return q
