"""The matrices of a version and of its samples, in blocks of rows: a file is written without a whole one in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .covariance import row_blocks
from .operators import bounded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from ..choices import MatrixKind
    from .panel import GeneSelection
    from .snapshot import Snapshot


def matrix_blocks(
    snapshot: Snapshot, kind: MatrixKind, genes: GeneSelection | None = None
) -> Iterator[NDArray[np.float64]]:
    """Yield a matrix of a version in blocks of consecutive rows, each of shape (b, m).

    Parameters
    ----------
    snapshot : Snapshot
        The version.
    kind : {"covariance", "correlation", "precision", "partial-correlation"}
        Which matrix. Covariance and precision are in units of the expression; the others have 1 on the diagonal.
    genes : genes, optional
        Rows and columns, by name or index; the whole panel when absent.
    """
    operator = snapshot.covariance if kind in ("covariance", "correlation") else snapshot.precision
    indices = snapshot.panel.locate(range(len(snapshot.panel)) if genes is None else genes)
    scale = None if kind in ("covariance", "precision") else 1.0 / np.sqrt(operator.diagonal(indices))
    sign = -1.0 if kind == "partial-correlation" else 1.0
    for rows in row_blocks(len(indices), len(snapshot.panel)):
        block = operator.rows(indices[rows]) if genes is None else operator.block(indices[rows], indices)
        if scale is not None:
            block = sign * scale[rows, np.newaxis] * block * scale
            block[indices[rows, np.newaxis] == indices] = 1.0
            block = bounded(block)
        yield block


def sample_blocks(
    snapshot: Snapshot,
    shrinkage: float,
    genes: GeneSelection | None = None,
    *,
    variances: NDArray[np.float64] | None = None,
) -> Iterator[NDArray[np.float64]]:
    """Yield the correlations or covariances of the samples themselves, in blocks of consecutive rows of shape (b, m).

    Parameters
    ----------
    snapshot : Snapshot
        A version without pathways, on a base whose correlations were shrunk to zero.
    shrinkage : float
        λ, 0 to less than 1: by which they were.
    genes : genes, optional
        Rows and columns, by name or index; the whole panel when absent.
    variances : ndarray of float64, shape (p,), optional
        Variances of the samples, for covariances; correlations when absent.

    Raises
    ------
    EngineError
        A correlation is above 1 by more than rounding: the base was not shrunk by that much.

    Notes
    -----
    Of Σ = V^½ [λI + (1−λ)R] V^½, correlations beside the diagonal are those of R times 1 − λ. R has the precision of Σ
    divided by 1 − λ, and is singular where genes are not fewer than degrees of freedom.
    """
    indices = snapshot.panel.locate(range(len(snapshot.panel)) if genes is None else genes)
    deviations = None if variances is None else np.sqrt(variances[indices])
    start = 0
    for block in matrix_blocks(snapshot, "correlation", genes):
        rows = slice(start, start + len(block))
        block /= 1.0 - shrinkage
        block[indices[rows, np.newaxis] == indices] = 1.0
        block = bounded(block)
        yield block if deviations is None else deviations[rows, np.newaxis] * block * deviations
        start = rows.stop


def unshrunk_variances(variances: NDArray[np.float64], shrinkage: float) -> NDArray[np.float64]:
    """Return variances before they were shrunk to their median, shape (p,), zero where that is rounding.

    Parameters
    ----------
    variances : ndarray of float64, shape (p,)
        λ_var · median + (1−λ_var) v, whose median is that of v.
    shrinkage : float
        λ_var, 0 to less than 1.

    Examples
    --------
    >>> unshrunk_variances(np.array([1.5, 2.0, 4.0]), 0.5)
    array([1., 2., 6.])
    """
    median = float(np.median(variances))
    unshrunk = (variances - shrinkage * median) / (1.0 - shrinkage)
    rounding = 16.0 * np.finfo(np.float64).eps * np.maximum(variances, median) / (1.0 - shrinkage)
    return np.where(np.abs(unshrunk) <= rounding, 0.0, unshrunk)
