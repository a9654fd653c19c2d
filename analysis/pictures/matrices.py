"""Matrices of a version for heatmaps: a block of named genes, in the order in which it is drawn, never p × p."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError, ShapeError
from ...engine.network.columns import columns_of
from ...engine.network.covariance import FactorCovariance
from ...engine.wording import counted
from .genes import choose_genes, gene_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ...engine.network.covariance import Covariance
    from ...storage.repository import Repository
    from .genes import GeneChoice


@dataclass(frozen=True, slots=True)
class NamedMatrix:
    """A matrix with the names of its rows and columns, as a heatmap shows it.

    Parameters
    ----------
    values : ndarray of float64, shape (m, k)
        The numbers.
    rows, columns : tuple of str
        m and k names.
    quantity : str
        What the numbers are, with their unit.
    title : str
        What is shown, of which version.
    remark : str
        Which genes these are of how many, and how they are ordered.
    divided : int
        Before which column a second group begins; 0 where there is one group.
    is_of_loadings : bool
        Whether the columns are factors and pathways, which may be called as the genes are: a regulon has the name of
        its regulator.

    Raises
    ------
    ShapeError
        The names do not fit.
    """

    values: NDArray[np.float64]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    quantity: str = ""
    title: str = ""
    remark: str = ""
    divided: int = 0
    is_of_loadings: bool = False

    def __post_init__(self) -> None:
        if self.values.shape != (len(self.rows), len(self.columns)):
            raise ShapeError(
                f"A matrix of shape {self.values.shape} does not fit {len(self.rows)} and {len(self.columns)} names."
            )

    @property
    def is_of_pairs(self) -> bool:
        """Whether rows and columns are the same genes, so that the diagonal is each gene with itself."""
        return not self.is_of_loadings and self.rows == self.columns


@dataclass(frozen=True, slots=True)
class Decomposition:
    """A covariance as the sum of its parts.

    Parameters
    ----------
    parts : tuple of NamedMatrix
        Over the same genes, in the same order.
    symbols : tuple of str
        Of each part.
    total : NamedMatrix
        Their sum.
    """

    parts: tuple[NamedMatrix, ...]
    symbols: tuple[str, ...]
    total: NamedMatrix


def covariance(
    repo: Repository,
    rev: str,
    *,
    genes: Sequence[str] | None = None,
    pathway: str | None = None,
    most: int | None = None,
) -> NamedMatrix:
    """Return covariances of a version among some genes, in squared units of the expression; see `choose_genes`."""
    rev = repo.version(rev).name
    choice = choose_genes(repo, rev, genes=genes, pathway=pathway, most=most)
    values = repo.snapshot(rev).covariance.block(choice.indices, choice.indices)
    return _of_pairs(repo, values, choice, "covariance (squared units of the expression)", f"{rev}: covariances Σ")


def correlation(
    repo: Repository,
    rev: str,
    *,
    genes: Sequence[str] | None = None,
    pathway: str | None = None,
    most: int | None = None,
) -> NamedMatrix:
    """Return correlations of a version among some genes; see `choose_genes`."""
    rev = repo.version(rev).name
    choice = choose_genes(repo, rev, genes=genes, pathway=pathway, most=most)
    values = np.asarray(repo.snapshot(rev).correlation(choice.indices))
    return _of_pairs(repo, values, choice, "correlation", f"{rev}: correlations")


def partial_correlation(
    repo: Repository,
    rev: str,
    *,
    genes: Sequence[str] | None = None,
    pathway: str | None = None,
    most: int | None = None,
) -> NamedMatrix:
    """Return partial correlations of a version among some genes, each given the whole panel; see `choose_genes`."""
    rev = repo.version(rev).name
    choice = choose_genes(repo, rev, genes=genes, pathway=pathway, most=most)
    values = np.asarray(repo.snapshot(rev).partial_correlation(choice.indices))
    return _of_pairs(repo, values, choice, "partial correlation ρ", f"{rev}: partial correlations ρ")


def common_covariance(
    repo: Repository,
    rev: str,
    *,
    genes: Sequence[str] | None = None,
    pathway: str | None = None,
    most: int | None = None,
) -> NamedMatrix:
    """Return B F Bᵀ of a version's base among some genes: the covariance that its factors make.

    Raises
    ------
    InputError
        The base is dense, and has no factors. Otherwise as `choose_genes`.
    """
    rev = repo.version(rev).name
    base = factors_of(repo.base(rev).covariance)
    choice = choose_genes(repo, rev, genes=genes, pathway=pathway, most=most)
    columns = base.columns()[choice.indices]
    title = f"{rev}: B F Bᵀ of {counted(columns.shape[1], 'factor')} of the base"
    return _of_pairs(repo, columns @ columns.T, choice, "covariance (squared units of the expression)", title)


def decomposition(
    repo: Repository,
    rev: str,
    *,
    genes: Sequence[str] | None = None,
    pathway: str | None = None,
    most: int | None = None,
) -> Decomposition:
    """Return Σ of a version among some genes as the sum of its factors, its active pathways and its noise.

    Raises
    ------
    InputError
        The base is dense, and has no factors. Otherwise as `choose_genes`.
    """
    rev = repo.version(rev).name
    base = repo.base(rev)
    model, pathways = factors_of(base.covariance), repo.pathways(rev)
    choice = choose_genes(repo, rev, genes=genes, pathway=pathway, most=most)
    columns = model.columns()[choice.indices]
    parts, symbols = [columns @ columns.T], ["B F Bᵀ"]
    if pathways:
        loadings = columns_of(pathways, base.deviations).rows(choice.indices)
        signs = np.repeat([float(pathway.sign) for pathway in pathways], [pathway.rank for pathway in pathways])
        parts.append((loadings * signs) @ loadings.T)
        symbols.append("X J Xᵀ" if np.any(signs < 0) else "X Xᵀ")
    parts.append(np.diag(model.noise[choice.indices]))
    symbols.append("D")
    total = np.sum(parts, axis=0)
    deviations = np.sqrt(np.diagonal(total))
    order, how = gene_order(choice.indices, total / np.outer(deviations, deviations))
    names = tuple(repo.panel.names(choice.indices[order]))
    quantity = "covariance (squared units of the expression)"
    title = f"{rev}: {' + '.join(symbols)} = Σ"
    meaning = _meaning(symbols, columns.shape[1], sum(one.rank for one in pathways))
    remark = "; ".join(filter(None, (meaning, choice.rule, how)))
    drawn = [NamedMatrix(part[np.ix_(order, order)], names, names, quantity) for part in parts]
    whole = NamedMatrix(total[np.ix_(order, order)], names, names, quantity, title, remark)
    return Decomposition(tuple(drawn), tuple(symbols), whole)


def factors_of(covariance: Covariance) -> FactorCovariance:
    """Return a base that has factors, or refuse it.

    Raises
    ------
    InputError
        It is dense.
    """
    if not isinstance(covariance, FactorCovariance):
        raise InputError("The base of this version is dense: it has no factors to draw.", code="no-factors-to-draw")
    return covariance


def _meaning(symbols: Sequence[str], factors: int, pathways: int) -> str:
    """Return what the parts are in words."""
    words = [f"B: {counted(factors, 'factor')} of the base"]
    if len(symbols) > 2:
        words.append(f"X: {counted(pathways, 'pathway')}")
    return ", ".join([*words, "D: noise"])


def _of_pairs(
    repo: Repository, values: NDArray[np.float64], choice: GeneChoice, quantity: str, title: str
) -> NamedMatrix:
    """Return a symmetric matrix of genes, in the order in which it is drawn."""
    scale = np.sqrt(np.diagonal(values))
    scale = np.where(scale > 0, scale, 1.0)  # a gene without loadings has no common variance
    order, how = gene_order(choice.indices, values / np.outer(scale, scale))
    names = tuple(repo.panel.names(choice.indices[order]))
    remark = "; ".join(filter(None, (choice.rule, how)))
    return NamedMatrix(values[np.ix_(order, order)], names, names, quantity, title, remark)
