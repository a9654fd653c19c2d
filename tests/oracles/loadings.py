"""Loadings to test the algebra of versions with: sparse columns of a dense matrix, and pathways at random."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from grnledger.engine.network.columns import Columns
from grnledger.engine.network.pathway import Pathway

if TYPE_CHECKING:
    from typing import Literal

    from numpy.typing import NDArray


def sparse_of(dense: NDArray[np.float64]) -> Columns:
    """Return the columns with the entries of a dense matrix that are not zero."""
    owners, genes = np.nonzero(dense.T)
    starts = np.searchsorted(owners, np.arange(dense.shape[1] + 1))
    return Columns((dense.shape[0], dense.shape[1]), genes, starts, dense[genes, owners])


def drawn_pathways(
    count: int,
    genes: int,
    length: int,
    *,
    seed: int,
    size: float = 0.3,
    sign: Literal[1, -1] = 1,
    among: NDArray[np.intp] | None = None,
) -> list[Pathway]:
    """Return pathways on genes at random, every third of two columns, every fifth raw, of lengths around one."""
    rng = np.random.default_rng([seed, count, genes])
    pool = np.arange(genes) if among is None else among
    pathways: list[Pathway] = []
    for number in range(count):
        members = np.sort(rng.choice(pool, min(len(pool), max(1, length + number % 3 - 1)), replace=False))
        rank = 1 + (number % 3 == 2)
        together = np.array([[1.0, 0.4], [0.4, 2.0]]) if number % 6 == 5 else None
        names = tuple(f"{'+' if sign > 0 else '-'}{seed}.{number}.{column}" for column in range(rank))
        loadings = size * rng.standard_normal((len(members), rank))
        pathways.append(Pathway(names, members, loadings, sign, "raw" if number % 5 == 4 else "sd", together))
    return pathways
