"""Which genes a figure shows, and in which order: a few hundred at the most, chosen by a rule that it states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from ...engine.errors import InputError, NotFound, check_count
from ...engine.network.pairs.edge_rule import EdgeRule
from ...engine.network.pairs.edges import edges
from ...engine.network.panel import names_of
from ...engine.wording import counted, some
from ..ranking import ranking_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ...engine.network.pathway import Pathway
    from ...storage.repository import Repository

USUAL_GENES = 60
"""Number of genes that are shown where none is asked for: their names can be read."""

MOST_GENES = 400
"""Most genes of a figure."""

FEW_GENES = 12
"""Most genes whose numbers are written in the cells, and which stay in the order of the panel."""

DIGITS = 9
"""Decimals of a correlation that decide on the order of genes: so that it does not depend on rounding."""


@dataclass(frozen=True, slots=True)
class GeneChoice:
    """Genes of a panel, and the rule that they were chosen by.

    Parameters
    ----------
    indices : ndarray of intp, shape (m,)
        The genes, in the order in which they are named or ranked.
    rule : str
        How they were chosen, in words, with the number of genes on the panel.
    """

    indices: NDArray[np.intp]
    rule: str


def choose_genes(
    repo: Repository,
    rev: str,
    *,
    genes: Sequence[str] | None = None,
    pathway: str | None = None,
    most: int | None = None,
) -> GeneChoice:
    """Return the genes of a version that a figure shows.

    Parameters
    ----------
    repo : Repository
        The store.
    rev : str
        Which version.
    genes : sequence of str, optional
        These genes.
    pathway : str, optional
        Those of an active pathway.
    most : int, optional
        How many at the most, unless they are named; `USUAL_GENES` by default.

    Raises
    ------
    NotFound
        A gene is not on the panel, or no such pathway is active.
    InputError
        There are more than `MOST_GENES`, or they are chosen in two ways.

    Notes
    -----
    Where there are more and none are named: those of the strongest edges, in the order of `grn edges`. O(p² (K + r)),
    in bands.
    """
    named = choose_named(repo, rev, genes=genes, pathway=pathway, most=most)
    if named is not None:
        return named
    number = limit_of(most)
    panel = len(repo.panel)
    if panel <= number:
        return GeneChoice(np.arange(panel, dtype=np.intp), f"all {counted(panel, 'gene')}")
    chosen = _of_strongest_edges(repo, rev, number)
    return GeneChoice(chosen, f"{len(chosen):,} of {panel:,} genes: those of the strongest edges")


def choose_named(
    repo: Repository, rev: str, *, genes: Sequence[str] | None, pathway: str | None, most: int | None
) -> GeneChoice | None:
    """Return the genes that are named, or those of an active pathway; none where neither is; as `choose_genes`."""
    if genes is not None and pathway is not None:
        raise InputError("Genes are chosen by their names or by a pathway, not by both.")
    panel = len(repo.panel)
    if genes is not None:
        indices = repo.panel.locate(list(dict.fromkeys(names_of(genes))))
        _check_number(len(indices))
        return GeneChoice(indices, f"{counted(len(indices), 'gene')} of {panel:,}")
    if pathway is None:
        return None
    members, loadings = _members_of(repo.pathways(rev), pathway, rev)
    number = limit_of(most)
    if len(members) <= number:
        return GeneChoice(members, f"the {counted(len(members), 'gene')} of {pathway}, of {panel:,}")
    largest = np.sort(np.argsort(-loadings, kind="stable")[:number])
    return GeneChoice(members[largest], f"{number:,} of the {len(members):,} genes of {pathway}: the largest loadings")


def limit_of(most: int | None) -> int:
    """Return how many genes a figure shows at the most; raises as `choose_genes`."""
    number = USUAL_GENES if most is None else most
    _check_number(number)
    return number


def _check_number(number: int) -> None:
    check_count("genes", number, 1)
    if number > MOST_GENES:
        raise InputError(
            f"A figure shows at most {MOST_GENES} genes, and {number:,} are asked for.",
            code="too-many-genes-to-draw",
            facts={"most": MOST_GENES},
        )


def _members_of(pathways: Sequence[Pathway], name: str, rev: str) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the genes of an active pathway, and the magnitude of their loadings."""
    for pathway in pathways:
        if name in pathway.names:
            loadings = np.abs(pathway.loadings[:, pathway.names.index(name)])
            return pathway.genes[loadings > 0], loadings[loadings > 0]
    names = [name for pathway in pathways for name in pathway.names]
    active = f"active are {some(names)}" if names else "none is active"
    raise NotFound(f"No pathway {name!r} is active in {rev}: {active}.", code="pathway-not-active")


def _of_strongest_edges(repo: Repository, rev: str, number: int) -> NDArray[np.intp]:
    """Return as many genes as that, in the order in which the strongest edges name them."""
    ranking = ranking_of(repo.base(rev), None, threshold=None)
    measure = ranking.measure(lambda penalty: repo.snapshot(rev, penalty=penalty))
    enough = EdgeRule("top", number * (number - 1) // 2 + 1)  # that many pairs have more genes than that
    pairs = edges(repo.snapshot(rev).precision, enough, ranked_by=measure).pairs.ravel()
    genes, first = np.unique(pairs, return_index=True)
    chosen = genes[np.argsort(first, kind="stable")][:number]
    if len(chosen) == number:
        return chosen
    others = np.setdiff1d(np.arange(len(repo.panel), dtype=np.intp), chosen)  # pairs of strength 0 are no edges
    return np.concatenate([chosen, others[: number - len(chosen)]])


def cluster(similarity: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the order of genes in which those that go together stand beside each other, shape (m,).

    Parameters
    ----------
    similarity : ndarray of float64, shape (m, m)
        Symmetric: correlations, say, marginal or partial. Its diagonal is not used.

    Notes
    -----
    Average linkage on 1 − similarity, leaves in the optimal order (Bar-Joseph et al., Bioinformatics 17, 2001). O(m³).

    Examples
    --------
    >>> cluster(np.array([[1.0, 0.0, 0.9], [0.0, 1.0, 0.1], [0.9, 0.1, 1.0]])).tolist()
    [1, 2, 0]
    """
    if len(similarity) < 3:
        return np.arange(len(similarity), dtype=np.intp)
    distance = 1.0 - np.round(0.5 * (similarity + similarity.T), DIGITS)
    np.fill_diagonal(distance, 0.0)
    tree = linkage(squareform(distance, checks=False), "average", optimal_ordering=True)
    return leaves_list(tree).astype(np.intp)


def gene_order(indices: NDArray[np.intp], similarity: NDArray[np.float64]) -> tuple[NDArray[np.intp], str]:
    """Return the order in which genes are drawn, and what it is in words: clustered where there are many."""
    if len(indices) <= FEW_GENES:
        return np.arange(len(indices), dtype=np.intp), ""
    return cluster(similarity), "clustered"
