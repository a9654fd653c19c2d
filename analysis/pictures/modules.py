"""Values of figures of modules, of an NMF analysis that the store keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..nmf import kept
from .memberships import kept_analysis

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ...engine.nmf.modules.rank import RankSurvey
    from ...storage.repository import Repository
    from ..nmf.kept import NamedAnalysis

MOST_ROWS = 300
"""Most genes of a heatmap of shares."""

MOST_SECOND = 50
"""Most genes of two modules that are drawn."""

LEAST_SHARE = 0.1
"""Least share of a second module that is drawn."""


@dataclass(frozen=True, slots=True)
class ModuleShares:
    """Shares of modules in genes: the row-normalised W, in the order of a heatmap.

    Parameters
    ----------
    genes : tuple of str
        Genes by their main module, in it the largest share first.
    shares : ndarray of float64, shape (g, R)
        Rows that sum to one.
    main : ndarray of intp, shape (g,)
        The main module of each gene.
    sizes : ndarray of intp, shape (R,)
        How many genes have each module for their main one, drawn or not.
    count : int
        How many genes have a module, drawn or not.
    description : str
        What was factored.
    """

    genes: tuple[str, ...]
    shares: NDArray[np.float64]
    main: NDArray[np.intp]
    sizes: NDArray[np.intp]
    count: int
    description: str


@dataclass(frozen=True, slots=True)
class SecondModules:
    """Genes of two modules, the largest share of the second one first.

    Parameters
    ----------
    genes : tuple of str
        The genes.
    main, second : ndarray of intp, shape (g,)
        Both modules of each.
    share, low, high : ndarray of float64, shape (g,)
        The share of the second one, and its 95 % interval; NaN where it is not tested.
    count, total : int
        How many genes are in two modules, drawn or not, and how many there are.
    is_tested : bool
        Whether a test has them in two modules; else they only have a share of `LEAST_SHARE`.
    description : str
        What was factored.
    """

    genes: tuple[str, ...]
    main: NDArray[np.intp]
    second: NDArray[np.intp]
    share: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    count: int
    total: int
    is_tested: bool
    description: str


def ranks(repo: Repository, rev: str, *, analysis: str | None = None) -> RankSurvey:
    """Return the survey of ranks of an analysis of a version: the newest of several ranks, or one by its id.

    Raises
    ------
    NotFound
        There is no analysis.
    """
    return kept.read(kept_analysis(repo, rev, analysis, prefers_surveys=True)).analysis.survey


def modules(repo: Repository, rev: str, *, analysis: str | None = None) -> ModuleShares:
    """Return the shares of modules in genes, of the newest analysis of a version or of one by its id."""
    return module_shares(kept.read(kept_analysis(repo, rev, analysis)))


def moonlighting(repo: Repository, rev: str, *, analysis: str | None = None) -> SecondModules:
    """Return the genes of two modules, of the newest analysis of a version or of one by its id."""
    return second_modules(kept.read(kept_analysis(repo, rev, analysis)))


def module_shares(named: NamedAnalysis, most: int = MOST_ROWS) -> ModuleShares:
    """Return the shares of modules in genes, in the order of a heatmap; of many genes, some in equal steps of it.

    Parameters
    ----------
    named : NamedAnalysis
        The analysis.
    most : int
        Most genes.
    """
    memberships = named.analysis.memberships
    main, shares = memberships.main, memberships.shares
    has_module = np.flatnonzero(main >= 0)
    sizes = np.bincount(main[has_module], minlength=shares.shape[1])
    order = has_module[np.lexsort((has_module, -shares[has_module, main[has_module]], main[has_module]))]
    if len(order) > most:
        order = order[np.linspace(0, len(order) - 1, most).round().astype(np.intp)]
    return ModuleShares(
        _names(named, order),
        shares[order],
        main[order],
        sizes.astype(np.intp),
        len(has_module),
        named.description,
    )


def second_modules(named: NamedAnalysis, most: int = MOST_SECOND) -> SecondModules:
    """Return the genes of two modules, at most so many.

    Parameters
    ----------
    named : NamedAnalysis
        The analysis.
    most : int
        Most genes.
    """
    analysis = named.analysis
    genes = analysis.also_in(LEAST_SHARE)
    (second, share), (low, high) = analysis.second, analysis.second_interval
    drawn = genes[:most]
    return SecondModules(
        _names(named, drawn),
        analysis.memberships.main[drawn],
        second[drawn],
        share[drawn],
        low[drawn],
        high[drawn],
        len(genes),
        len(named.genes),
        analysis.moonlighting is not None,
        named.description,
    )


def _names(named: NamedAnalysis, genes: NDArray[np.intp]) -> tuple[str, ...]:
    indices: list[int] = genes.tolist()
    return tuple(named.genes[gene] for gene in indices)
