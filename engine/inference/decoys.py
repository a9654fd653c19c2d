"""Decoys of a pathway: genes drawn at random that vary as much, and on average go together as much, as its own do.

Each gene of a decoy takes the place of one of the pathway's, with its loadings, is none of them where there are enough
others, and has a variance of the same decile.
From a random choice, genes are exchanged for others of their decile as long as that brings the mean correlation nearer
to the pathway's. So little more is asked of a decoy than that mean. A set that is grown around a gene would be a module
of co-expression, which is true biology as often as not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..estimation.expression import centred
from ..mapping import Sequential

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ..mapping import Mapper
    from ..network.pathway import Pathway

DECOYS = 20
"""Decoys of a pathway."""

SEED = 0
"""Seed of the decoys."""

STRATA = 10
"""Parts of equal size that genes are divided into by variance."""

PROPOSALS = 4
"""Genes that are proposed at a time for the place of another: the best of them is taken, if it is better."""

STEPS, BLOCK = 4_096, 64
"""Exchanges that are tried at the most, and how many have their random numbers drawn together."""

NEAR, NEAREST = 0.02, 0.001
"""By which share of the pathway's mean correlation a decoy's may differ, and by which number where that is more."""


@dataclass(frozen=True, slots=True)
class Strata:
    """Genes as decoys are drawn from them.

    Parameters
    ----------
    scores : ndarray of float64, shape (p, n)
        Rows of mean 0 and length 1.
    stratum : ndarray of intp, shape (p,)
        The part of each gene by its variance, from 0 on.
    order : ndarray of intp, shape (p,)
        The genes that may be drawn, stratum after stratum.
    starts : ndarray of intp, shape (parts + 1,)
        Where each stratum begins.
    """

    scores: NDArray[np.float64]
    stratum: NDArray[np.intp]
    order: NDArray[np.intp]
    starts: NDArray[np.intp]

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> Strata:
        """Return the strata of genes by samples, shape (p, n), of which no gene is constant."""
        scores = centred(values)
        lengths = np.linalg.norm(scores, axis=1)
        order = np.argsort(lengths, kind="stable")
        parts = min(STRATA, len(values))
        starts = np.arange(parts + 1) * len(values) // parts
        stratum = np.empty(len(values), dtype=np.intp)
        stratum[order] = np.repeat(np.arange(parts), np.diff(starts))
        return cls(scores / lengths[:, np.newaxis], stratum, order, starts)

    def without(self, genes: NDArray[np.intp]) -> Strata:
        """Return strata from which these genes are not drawn, unless a stratum has not as many others."""
        drawn = np.ones(len(self.stratum), dtype=np.bool_)
        drawn[genes] = False
        parts = len(self.starts) - 1
        others, own = (np.bincount(self.stratum[mask], minlength=parts) for mask in (drawn, ~drawn))
        drawn |= (others < own)[self.stratum]
        sizes = np.bincount(self.stratum[drawn], minlength=parts)
        return replace(self, order=self.order[drawn[self.order]], starts=np.concatenate([[0], np.cumsum(sizes)]))

    def draw(self, stratum: NDArray[np.intp], uniform: NDArray[np.float64]) -> NDArray[np.intp]:
        """Return a gene of each stratum by a number from 0 to 1."""
        first = self.starts[stratum]
        return self.order[first + (uniform * (self.starts[stratum + 1] - first)).astype(np.intp)]


def mean_correlation(strata: Strata, pathway: Pathway) -> float:
    """Return the mean correlation of two genes of a pathway, weighted by loadings: Σ x_i x_j r_ij / Σ |x_i x_j|, i ≠ j.

    Of several columns, their sum counts. It is 0 for one gene.
    """
    loadings = _loadings(pathway)
    pairs = _pairs(loadings)
    excess = _excess(loadings @ strata.scores[pathway.genes], loadings)
    return float(excess) / pairs if pairs > 0 else 0.0


def matched_decoys(
    strata: Strata,
    pathways: Sequence[Pathway],
    count: int = DECOYS,
    *,
    seed: int = SEED,
    mapper: Mapper | None = None,
) -> list[list[Pathway]]:
    """Return decoys of each pathway.

    Parameters
    ----------
    strata : Strata
        The genes.
    pathways : sequence of Pathway
        Their decoys have the same sign, units and loadings, on other genes. Those of one depend on no other.
    count : int
        How many of each.
    seed : int
        Of the random numbers, beside the genes of the pathway: the legacy generator, which always gives the same (NEP
        19).
    mapper : Mapper, optional
        What draws the decoys, a pathway at a time; one after the other by default.

    Notes
    -----
    O(n) a proposal, of which a decoy takes some hundred as a rule; `STEPS` at the most, where the mean correlation
    cannot be reached.

    Examples
    --------
    >>> from ..network.pathway import Pathway
    >>> rng = np.random.default_rng(0)
    >>> values = rng.standard_normal((300, 40))
    >>> values[:150] += rng.standard_normal(40)
    >>> strata = Strata.of(values)
    >>> pathway = Pathway(("half",), np.arange(130, 170), np.full((40, 1), 0.1))
    >>> decoys = matched_decoys(strata, [pathway])[0]
    >>> means = [mean_correlation(strata, decoy) for decoy in decoys]
    >>> len(decoys), bool(np.ptp([*means, mean_correlation(strata, pathway)]) < 0.01)
    (20, True)
    """
    if not count:
        return [[] for _ in pathways]
    return list((mapper or Sequential())(_decoys_of, pathways, shared=(strata, count, seed)))


def _decoys_of(shared: tuple[Strata, int, int], pathway: Pathway) -> list[Pathway]:
    strata, count, seed = shared
    stream = np.random.RandomState(np.concatenate([[seed], pathway.genes]))
    loadings, strata = _loadings(pathway), strata.without(pathway.genes)
    genes = np.stack([_drawn(strata, pathway.genes, stream) for _ in range(count)])
    sums = np.einsum("m,cmn->cn", loadings, strata.scores[genes])
    target = float(_excess(loadings @ strata.scores[pathway.genes], loadings))
    near = max(NEAR * abs(target), NEAREST * _pairs(loadings))
    for _ in range(STEPS // BLOCK):
        if np.all(np.abs(_excess(sums, loadings) - target) <= near):
            break
        for uniform in stream.random_sample((BLOCK, count, 1 + PROPOSALS)):
            distance = np.abs(_excess(sums, loadings) - target)
            far = np.flatnonzero(distance > near)
            _exchange(strata, (genes, sums), far, uniform[far], loadings, target, distance[far])
    return [_decoy(pathway, chosen) for chosen in genes]


def _exchange(
    strata: Strata,
    decoys: tuple[NDArray[np.intp], NDArray[np.float64]],
    far: NDArray[np.intp],
    uniform: NDArray[np.float64],
    loadings: NDArray[np.float64],
    target: float,
    distance: NDArray[np.float64],
) -> None:
    """Exchange one gene of each decoy that is too far for the best of some others, unless none brings it nearer."""
    genes, sums = decoys
    place = (uniform[:, 0] * genes.shape[1]).astype(np.intp)
    old = genes[far, place]
    proposed = strata.draw(strata.stratum[old][:, np.newaxis], uniform[:, 1:])
    moves = loadings[place, np.newaxis, np.newaxis] * (strata.scores[proposed] - strata.scores[old][:, np.newaxis])
    after = sums[far, np.newaxis] + moves
    distances = np.abs(_excess(after, loadings) - target)
    row, best = np.arange(len(far)), distances.argmin(axis=1)
    new = proposed[row, best]
    is_nearer = (distances[row, best] < distance) & ~(genes[far] == new[:, np.newaxis]).any(axis=1)
    row, chosen = row[is_nearer], far[is_nearer]
    genes[chosen, place[row]] = new[row]
    sums[chosen] = after[row, best[row]]


def _drawn(strata: Strata, genes: NDArray[np.intp], stream: np.random.RandomState) -> NDArray[np.intp]:
    """Return genes of the same strata, shape (m,), each once."""
    drawn = np.empty(len(genes), dtype=np.intp)
    for stratum in np.unique(strata.stratum[genes]):
        places = np.flatnonzero(strata.stratum[genes] == stratum)
        candidates = strata.order[strata.starts[stratum] : strata.starts[stratum + 1]]
        drawn[places] = stream.permutation(candidates)[: len(places)]
    return drawn


def _decoy(pathway: Pathway, genes: NDArray[np.intp]) -> Pathway:
    order = np.argsort(genes)
    return replace(pathway, genes=genes[order], loadings=pathway.loadings[order])


def _loadings(pathway: Pathway) -> NDArray[np.float64]:
    return pathway.columns().sum(axis=1)


def _excess(sums: NDArray[np.float64], loadings: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Σ x_i x_j r_ij over i ≠ j from Σ x_i z_i along the last axis."""
    return np.square(sums).sum(axis=-1) - np.square(loadings).sum()


def _pairs(loadings: NDArray[np.float64]) -> float:
    """Return Σ |x_i x_j| over i ≠ j."""
    return float(np.abs(loadings).sum() ** 2 - np.square(loadings).sum())
