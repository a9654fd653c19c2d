"""The loadings of genes on the factors of a base and on the active pathways of a version."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import numpy as np

from ...engine.choices import LoadingPart
from ...engine.errors import InputError, check_choice
from ...engine.network.covariance import FactorCovariance
from ...engine.wording import counted
from .genes import FEW_GENES, GeneChoice, choose_named, cluster, limit_of
from .matrices import NamedMatrix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ...engine.network.pathway import Pathway
    from ...storage.networks.bases import StoredBase
    from ...storage.repository import Repository

USUAL_GENES = 40
"""Number of genes whose numbers can be written in the cells."""

MOST_COLUMNS = 60
"""Most factors and pathways of a figure."""


def loadings(
    repo: Repository,
    rev: str,
    *,
    part: LoadingPart = "all",
    genes: Sequence[str] | None = None,
    pathway: str | None = None,
    most: int | None = None,
) -> NamedMatrix:
    """Return loadings of a version, in units of the expression.

    Parameters
    ----------
    repo : Repository
        The store.
    rev : str
        Which version.
    part : {"all", "factors", "pathways"}
        Columns: the factors of the base, the active pathways (−X where one is subtracted), or both.
    genes, pathway, most
        As for `choose_genes`; where there are more and none are named, those with the largest loadings.

    Raises
    ------
    InputError
        There are no such columns. Otherwise as `choose_genes`.
    """
    check_choice("part of the loadings", part, get_args(LoadingPart))
    rev = repo.version(rev).name
    values, names, factors = _columns(repo, rev, part)
    if not len(names):
        raise InputError(f"{rev} has no loadings to draw ({part}).", code="no-loadings-to-draw")
    choice = choose_named(repo, rev, genes=genes, pathway=pathway, most=most) or _with_largest(
        values, limit_of(USUAL_GENES if most is None else most)
    )
    block, columns = values[choice.indices], list(range(len(names)))
    remarks = [choice.rule]
    if len(names) > MOST_COLUMNS:
        largest = np.argsort(-np.square(block).sum(axis=0), kind="stable")[:MOST_COLUMNS]
        columns = np.sort(largest).tolist()
        remarks.append(f"{MOST_COLUMNS} of {len(names):,} columns: those with the largest loadings on these genes")
    block = block[:, columns]
    order = np.arange(len(block)) if len(block) <= FEW_GENES else cluster(_cosines(block))
    if len(block) > FEW_GENES:
        remarks.append("genes clustered")
    divided = sum(column < factors for column in columns)
    return NamedMatrix(
        block[order],
        tuple(repo.panel.names(choice.indices[order])),
        tuple(names[column] for column in columns),
        "loading (units of the expression)",
        f"{rev}: loadings {_described(factors, len(names) - factors)}",
        "; ".join(remarks),
        divided if 0 < divided < len(columns) else 0,
        is_of_loadings=True,
    )


def _columns(repo: Repository, rev: str, part: LoadingPart) -> tuple[NDArray[np.float64], list[str], int]:
    """Return loadings, shape (p, k), the names of their columns, and how many of these are factors."""
    base = repo.base(rev)
    blocks, names, factors = [np.empty((len(repo.panel), 0))], list[str](), 0
    if part != "pathways" and isinstance(base.covariance, FactorCovariance):
        blocks.append(base.covariance.loadings)
        names.extend(_factor_names(base, base.covariance.loadings.shape[1]))
        factors = len(names)
    if part != "factors" and (pathways := repo.pathways(rev)):
        blocks.extend(_columns_of(one, base.deviations) for one in pathways)
        names.extend(f"{'−' if one.sign < 0 else ''}{name}" for one in pathways for name in one.names)
    return np.concatenate(blocks, axis=1), names, factors


def _columns_of(pathway: Pathway, deviations: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the loadings of a pathway in units of the expression with its sign, shape (p, D)."""
    values = np.zeros((len(deviations), pathway.rank))
    scale = deviations[pathway.genes, np.newaxis] if pathway.units == "sd" else 1.0
    values[pathway.genes] = pathway.sign * pathway.loadings * scale
    return values


def _factor_names(base: StoredBase, number: int) -> Sequence[str]:
    """Return the names of factors: samples, where each sample is one, as in an estimate by shrinkage."""
    if number == len(base.samples) and base.shrinkage is not None:
        return base.samples
    return [f"factor {index}" for index in range(1, number + 1)]


def _with_largest(values: NDArray[np.float64], number: int) -> GeneChoice:
    """Return the genes with loadings, and where these are too many, those with the largest sum of squares."""
    panel, squares = len(values), np.square(values).sum(axis=1)
    loaded = np.flatnonzero(squares > 0)
    if panel <= number:
        return GeneChoice(np.arange(panel, dtype=np.intp), f"all {counted(panel, 'gene')}")
    if len(loaded) <= number:
        return GeneChoice(loaded, f"the {counted(len(loaded), 'gene')} with loadings, of {panel:,}")
    largest = np.argsort(-squares, kind="stable")[:number]
    return GeneChoice(np.sort(largest), f"{number:,} of {panel:,} genes: those with the largest loadings")


def _cosines(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the cosine of each two rows, 0 for a row of zeros."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    unit = rows / np.where(length > 0, length, 1.0)
    return unit @ unit.T


def _described(factors: int, pathways: int) -> str:
    of = [counted(factors, "factor") + " of the base"] if factors else []
    return "on " + " and ".join([*of, *([counted(pathways, "active pathway")] if pathways else [])])
