"""The four matrices of a version, in blocks of rows, so that a file can be written without a whole one in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .covariance import row_blocks

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
        yield block
