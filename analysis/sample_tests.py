"""Which links and which targets of regulators can be told from chance, by the samples of a version's base."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..engine.errors import NotFound
from ..engine.inference.sample_tests import (
    correlation_p_values,
    link_correlations,
    regulator_sample_correlations,
)
from ..engine.multiple_tests import benjamini_hochberg
from ..engine.network.columns import columns_of
from .chance import intensity_of, tested_samples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ..engine.network.pathway import Pathway
    from ..storage.repository import Repository

MOST_COLUMNS = 1_000
"""Most pathways whose links are tested in one question: 140 MB with 9,000 genes."""


def link_tests(
    repo: Repository, rev: str, pathways: Sequence[Pathway], members: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return p of each link, and q, the least false discovery rate at which it is called, shapes (p, k).

    Genes that are no members, and members, are two families: that members go with their pathway is expected, and is
    not to make others look better.

    Parameters
    ----------
    repo : Repository
        The store.
    rev : str
        The version whose base has the samples.
    pathways : sequence of Pathway
        k columns in all.
    members : ndarray of bool, shape (p, k)
        The genes of each column.

    Returns
    -------
    two ndarrays of float64, shape (p, k), optional
        `None` where the base has no samples, or the columns are too many.
    """
    base = repo.base(rev)
    if not 0 < members.shape[1] <= MOST_COLUMNS:
        return None
    try:
        samples, degrees = tested_samples(base, rev)
    except NotFound:
        return None
    columns = columns_of(pathways, base.deviations)
    loadings = columns.rows(np.arange(len(base.panel), dtype=np.intp)) / base.deviations[:, np.newaxis]
    intensity = base.shrinkage or intensity_of(samples, base)
    p = correlation_p_values(link_correlations(samples.columns, loadings, intensity), degrees)
    q = np.empty_like(p)
    for family in (members, ~members):
        q[family] = benjamini_hochberg(p[family])
    return p, q


def regulator_q_values(repo: Repository, rev: str, regulators: NDArray[np.intp]) -> NDArray[np.float64] | None:
    """Return the least false discovery rate at which each pair of regulator and target is called, shape (|T|, p).

    Parameters
    ----------
    repo : Repository
        The store.
    rev : str
        The version whose base has the samples.
    regulators : ndarray of intp, shape (|T|,)
        Genes, each once.

    Returns
    -------
    ndarray of float64, shape (|T|, p), optional
        1 of a regulator with itself; `None` where the base has no samples.
    """
    try:
        samples, degrees = tested_samples(repo.base(rev), rev)
    except NotFound:
        return None
    ridge = len(regulators) / max(degrees, 1)
    correlations = regulator_sample_correlations(samples.columns, regulators, ridge)
    is_pair = np.ones(correlations.shape, dtype=bool)
    is_pair[np.arange(len(regulators)), regulators] = False
    q = np.ones(correlations.shape)
    q[is_pair] = benjamini_hochberg(correlation_p_values(correlations[is_pair], degrees))
    return q
