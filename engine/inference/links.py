"""Links: how each gene goes with the activity of a pathway, given all other genes and all other activities.

An added pathway x is a regulator nobody measured: the genes are x z + e, with an activity z ~ N(0, F) and e ~ N(0, Σ₀)
as in the base. Genes and activities together have the precision

    [[Θ₀, −Θ₀X], [−XᵀΘ₀, F⁻¹ + XᵀΘ₀X]],        Θ₀ = Σ₀⁻¹ of the base alone,

so that ρ_iu = (Θ₀x_u)_i / √(Θ₀,ii (F⁻¹ + XᵀΘ₀X)_uu). That of one pathway depends on no other.

The sign of ρ is no direction of regulation. A gene that varies as the members do, but has no loading, is explained
away: given the members, the more of it there is, the less activity is needed. With Σ₀ for the samples' covariance,
the slope of the log likelihood in the loading of gene i is −(Θ₀x)_i times a positive number, so that −ρ has the sign of
the loading that the data would give to a gene which is no member.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..network.columns import columns_of
from ..network.operators import bounded
from ..network.pairs.strongest import rounding_steps
from ..threads import one_blas_thread

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from ..network.operators import SymmetricOperator
    from ..network.pathway import Pathway

COLUMNS_AT_ONCE = 64
"""Most columns that are multiplied together: fewer read the base more often."""

PRODUCTS_AT_ONCE = 1 << 22
"""About how many products of a gene and a column are in memory at once: 32 MB."""


@dataclass(frozen=True, slots=True)
class PathwayLinks:
    """The links of one pathway.

    Parameters
    ----------
    name : str
        Its name.
    rho : ndarray of float64, shape (p,)
        The correlation of each gene with the activity, given all other genes and activities.
    members : ndarray of bool, shape (p,)
        The genes that it loads on.
    directions : ndarray of int8, shape (p,)
        1 or −1: the sign of a member's loading, and of another gene that of the loading it would have, which is that
        of −ρ; 0 where ρ is 0.
    leverage : float
        The share of the activity's variance that the genes determine, 0 to 1; of one column xᵀΘ₀x / (1 + xᵀΘ₀x).
    """

    name: str
    rho: NDArray[np.float64]
    members: NDArray[np.bool_]
    directions: NDArray[np.int8]
    leverage: float


@dataclass(frozen=True, slots=True)
class Link:
    """A gene that goes with a pathway; `pathway` is its index among those asked for, `gene` that in the panel."""

    pathway: int
    gene: int
    rho: float
    member: bool
    direction: int


def pathway_links(
    base: SymmetricOperator, pathways: Iterable[Pathway], deviations: NDArray[np.float64]
) -> Iterator[PathwayLinks]:
    """Yield the links of each column of some pathways, in their order.

    Parameters
    ----------
    base : SymmetricOperator
        Θ₀, the precision of the base alone.
    pathways : iterable of Pathway
        Additions; they need not be in the network. Columns that share a pathway covariance come one by one, each given
        the activities of the others.
    deviations : ndarray of float64, shape (p,)
        The standard deviation of each gene under the base, for loadings in `sd` units.

    Notes
    -----
    O(pK²) once and O(pK) a column on a factor base with K factors, O(pm) a column on a dense one with m genes in the
    pathway: nothing p × p is formed, and of a dense base the rows of members are read alone. Partial correlations from
    a precision: Lauritzen, Graphical Models (1996), section 5.1.

    Examples
    --------
    >>> from ..network.anchor import anchor_of
    >>> from ..network.covariance import FactorCovariance
    >>> from ..network.panel import Panel
    >>> from ..network.pathway import Pathway
    >>> from ..network.snapshot import build_snapshot
    >>> panel, covariance = Panel(("TP53", "MDM2", "GAPDH")), FactorCovariance(np.ones(3), np.empty((3, 0)))
    >>> base = build_snapshot(panel, anchor_of(covariance), (), np.ones(3))
    >>> p53 = Pathway(("p53",), np.array([0, 1]), np.array([[1.0], [-1.0]]))
    >>> links = next(pathway_links(base.precision, [p53], np.ones(3)))
    >>> links.rho.round(3), round(links.leverage, 3)
    (array([ 0.577, -0.577,  0.   ]), 0.667)
    """
    everything = list(pathways)
    # Not X F^½, which is what a covariance is made of: its columns would be mixtures of activities.
    columns = columns_of([dataclasses.replace(pathway, covariance=None) for pathway in everything], deviations)
    priors = np.concatenate([np.empty(0), *map(_prior_precision, everything)])
    names = [name for pathway in everything for name in pathway.names]
    with one_blas_thread():
        roots = np.sqrt(base.diagonal())
    step = max(1, min(COLUMNS_AT_ONCE, PRODUCTS_AT_ONCE // len(deviations)))
    for start in range(0, len(names), step):
        block = columns.select(np.arange(start, min(start + step, len(names))))
        with one_blas_thread():
            products = base.times(block)
        for index, name in enumerate(names[start : start + step]):
            entries = slice(block.starts[index], block.starts[index + 1])
            genes, loadings = block.genes[entries], block.values[entries]
            genes, loadings = genes[loadings != 0], loadings[loadings != 0]
            data, prior = float(loadings @ products[genes, index]), float(priors[start + index])
            rho = bounded(products[:, index] / (roots * np.sqrt(prior + data)))
            members, directions = np.zeros(len(rho), dtype=np.bool_), -np.sign(rho)
            members[genes], directions[genes] = True, np.sign(loadings)
            yield PathwayLinks(name, rho, members, directions.astype(np.int8), data / (prior + data))


def strongest_links(
    links: Iterable[PathwayLinks],
    count: int | None,
    *,
    each: int | None = None,
    members: bool = True,
    gene: int | None = None,
) -> list[Link]:
    """Return the links with the largest |ρ| over all pathways, strongest first, ties by pathway and gene.

    Parameters
    ----------
    links : iterable of PathwayLinks
        Read once; never more than one of them, and the strongest links so far, are in memory.
    count : int, optional
        How many at the most; all when absent.
    each : int, optional
        How many of one pathway at the most, so that one does not hide the others: |ρ| is larger with some activities
        than with others, as a whole.
    members : bool
        Whether a pathway's own genes count.
    gene : int, optional
        Only links of this gene.
    """
    most = count if each is None else each if count is None else min(count, each)
    strongest: list[Link] = []
    for index, pathway in enumerate(links):
        candidates = np.arange(len(pathway.rho)) if gene is None else np.array([gene])
        if not members:
            candidates = candidates[~pathway.members[candidates]]
        genes = candidates[_largest_first(rounding_steps(np.abs(pathway.rho[candidates])), most)]
        columns = (genes, pathway.rho[genes], pathway.members[genes], pathway.directions[genes])
        strongest += [Link(index, *numbers) for numbers in zip(*(column.tolist() for column in columns), strict=True)]
        if count is not None and len(strongest) > count:
            strongest = _sorted(strongest)[:count]
    return _sorted(strongest)


def _largest_first(sizes: NDArray[np.float64], most: int | None) -> NDArray[np.intp]:
    """Return the indices of the largest sizes, so many of them, largest first and ties in their order."""
    if most is None or most >= len(sizes):
        return np.argsort(-sizes, kind="stable")
    large = np.flatnonzero(sizes >= np.partition(sizes, -most)[-most])
    return large[np.argsort(-sizes[large], kind="stable")][:most]


def _sorted(links: Sequence[Link]) -> list[Link]:
    """Return links, strongest first; those that tie but for rounding by pathway, then in panel order."""
    steps = rounding_steps(np.abs([link.rho for link in links])).tolist()
    keys = [(-step, link.pathway, link.gene) for step, link in zip(steps, links, strict=True)]
    return [links[index] for index in sorted(range(len(links)), key=keys.__getitem__)]


def _prior_precision(pathway: Pathway) -> NDArray[np.float64]:
    """Return the diagonal of F⁻¹, shape (D,)."""
    if pathway.covariance is None:
        return np.ones(pathway.rank)
    return np.array(np.diagonal(np.linalg.inv(pathway.covariance)), dtype=np.float64)
