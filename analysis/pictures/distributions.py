"""Distributions of a version's numbers: the eigenvalues of its covariance, and ρ of all pairs, counted in bins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from ...engine.errors import ShapeError
from ...engine.network.comparison.versions import compare
from ...engine.network.covariance import FactorCovariance
from ...engine.network.eigenvalues.spectrum import Spectrum, all_eigenvalues, factor_eigenvalues, spectrum
from ...engine.network.pairs.blocks import scan_blocks
from ...engine.network.pairs.edge_rule import EdgeRule
from ...engine.network.pairs.partial_correlations import partial_correlations
from ...engine.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ...engine.network.pairs.blocks import Block
    from ...engine.network.snapshot import Snapshot
    from ...storage.repository import Repository

MOST_FORMED = 2_000
"""Most genes of a factor base whose covariance is formed to have all its eigenvalues."""

BINS = (21, 121)
"""Fewest and most bins of ρ, odd: one lies around zero."""


@dataclass(frozen=True, slots=True)
class Eigenvalues:
    """The eigenvalues of a version's covariance, or of what factors and pathways add to its noise.

    Parameters
    ----------
    values : ndarray of float64, shape (k,)
        Largest first, in squared units of the expression.
    of : {"covariance", "factors"}
        All p of Σ; or those of U J Uᵀ, whose others are zero.
    extremes : Spectrum
        The smallest and the largest eigenvalue of Σ.
    genes : int
        p.
    title, remark : str
        Of which version, and of how many samples.
    """

    values: NDArray[np.float64]
    of: Literal["covariance", "factors"]
    extremes: Spectrum
    genes: int
    title: str = ""
    remark: str = ""


def eigenvalues(repo: Repository, rev: str) -> Eigenvalues:
    """Return the eigenvalues of a version.

    Notes
    -----
    All of Σ for a dense base, O(p³), and for a factor base of up to `MOST_FORMED` genes. For a larger one nothing p × p
    is formed: those that factors and pathways add to the noise, O(p (K + r)²), and both ends of Σ by Lanczos iteration.
    """
    rev = repo.version(rev).name
    base, genes = repo.base(rev), len(repo.panel)
    samples = "" if base.record.samples is None else f"estimated from {counted(base.record.samples, 'sample')}"
    if isinstance(base.covariance, FactorCovariance) and genes > MOST_FORMED:
        snapshot = repo.snapshot(rev, from_base=True)
        values, ends = factor_eigenvalues(snapshot), spectrum(snapshot)
        title = f"{rev}: eigenvalues that factors and pathways add to the noise of {genes:,} genes"
        remark = f"Σ itself has eigenvalues from {ends.smallest:.4g} to {ends.largest:.4g}"
        return Eigenvalues(values, "factors", ends, genes, title, "; ".join(filter(None, (remark, samples))))
    values = all_eigenvalues(repo.snapshot(rev))
    ends = Spectrum(float(values[-1]), float(values[0]))
    sign = "all positive" if ends.smallest > 0 else "not all positive"
    remark = f"{sign}, from {ends.smallest:.4g} to {ends.largest:.4g}"
    title = f"{rev}: eigenvalues of Σ of {counted(genes, 'gene')}"
    return Eigenvalues(values, "covariance", ends, genes, title, "; ".join(filter(None, (remark, samples))))


@dataclass(frozen=True, slots=True)
class RhoHistogram:
    """How many pairs of genes have which partial correlation, in two versions.

    Parameters
    ----------
    bins : ndarray of float64, shape (B + 1,)
        The ends of the bins, symmetric around zero.
    counts : ndarray of int64, shape (2, B)
        Of all pairs, before and after.
    names : (str, str)
        The names of the versions.
    cut : float
        A |ρ|.
    edges : (int, int)
        How many pairs have at least that.
    genes : int
        p.
    rule : str
        How the cut was chosen, in words.
    """

    bins: NDArray[np.float64]
    counts: NDArray[np.int64]
    names: tuple[str, str]
    cut: float
    edges: tuple[int, int]
    genes: int
    rule: str = ""

    def __post_init__(self) -> None:
        if self.counts.shape != (2, len(self.bins) - 1):
            raise ShapeError(f"Counts of shape {self.counts.shape} do not fit {len(self.bins) - 1} bins.")

    @property
    def pairs(self) -> int:
        """How many pairs of genes there are."""
        return self.genes * (self.genes - 1) // 2


def rho_histogram(
    repo: Repository,
    before: str,
    after: str,
    *,
    threshold: float | None = None,
    edges: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> RhoHistogram:
    """Return the distribution of ρ in two versions, and how many pairs are beyond a cut.

    These are the edges where pairs are ranked by ρ. By the score, which is another order, other pairs are edges.

    Parameters
    ----------
    repo : Repository
        The store.
    before, after : str
        Two versions.
    threshold : float, optional
        The cut.
    edges : int, optional
        Or it is the |ρ| that as many pairs of the first version have at least; p when both are absent.
    progress : callable, optional
        Called now and then with the share of the comparison that is done, 0 to 1.

    Notes
    -----
    Every pair is counted, in bands: O(p² (K + r)), three times.
    """
    rule = EdgeRule.of(threshold, edges, len(repo.panel))
    before, after = (repo.version(name).name for name in (before, after))
    sides = repo.snapshot(before), repo.snapshot(after)
    difference = compare(*sides, rule, changes=1, progress=progress)
    largest = max(difference.before.max_abs, difference.after.max_abs)
    pairs = len(repo.panel) * (len(repo.panel) - 1) // 2
    number = int(np.clip(2 * np.ceil(np.sqrt(pairs)) + 1, *BINS)) | 1
    bins = np.linspace(-1.0, 1.0, number + 1) * (largest if largest > 0 else 1.0) * (1 + 1e-9)
    words = f"|ρ| ≥ {threshold or difference.threshold:.{4 if threshold is None else 6}g}"
    if threshold is None:
        words += f", that of the {min(int(rule.value), pairs):,} largest of {before}"
    summaries = difference.before, difference.after
    return RhoHistogram(
        bins,
        np.stack([_count(side, bins) for side in sides]),
        (before, after),
        difference.threshold,
        (summaries[0].edges, summaries[1].edges),
        len(repo.panel),
        words,
    )


def _count(snapshot: Snapshot, bins: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return how many pairs of a version have ρ in each bin, shape (B,)."""
    rho = partial_correlations(snapshot.precision)
    ends = float(bins[0]), float(bins[-1])

    def step(block: Block) -> NDArray[np.int64]:
        values = rho.block(block)
        counts, _ = np.histogram(values, bins=len(bins) - 1, range=ends)
        counts[len(counts) // 2] -= values.size - block.pairs  # on and below the diagonal, zeros stand for no pair
        return counts.astype(np.int64)

    return np.sum(list(scan_blocks(len(snapshot.panel), step, whole_rows=rho.whole_rows)), axis=0)
