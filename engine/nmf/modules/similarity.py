"""The matrix to factor of a version: its positive correlations, all of them or of each gene's nearest neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array, vstack

from ...network.covariance import row_blocks
from ...threads import one_blas_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ...network.snapshot import Snapshot

DENSE_UP_TO = 3_000
"""Most genes of which all pairs are factored; of more, only each gene's nearest neighbours."""

NEIGHBORS = 50
"""Neighbours of each gene by default."""


def positive_correlations(
    snapshot: Snapshot, *, neighbors: int | None = None, progress: Callable[[float], object] = lambda _: None
) -> Any:
    """Return max(correlation, 0) of all pairs of a version's genes, symmetric, with a diagonal of 0.

    Parameters
    ----------
    snapshot : Snapshot
        The version.
    neighbors : int, optional
        Keep this many of each gene's strongest partners alone, and the pair where either has the other among them. By
        default all pairs of up to `DENSE_UP_TO` genes, and `NEIGHBORS` of more.
    progress : callable
        Called with the share that is done.

    Returns
    -------
    ndarray of float32 or csr_array of float64, shape (p, p)
        In O(p² (K + r)), a band of rows at a time.

    Notes
    -----
    Of negative correlations the absolute value would bring genes together that are never active together, and partial
    correlations single out pairs rather than modules: with both, planted modules were recovered less well.
    """
    size = len(snapshot.panel)
    if neighbors is None and size > DENSE_UP_TO:
        neighbors = NEIGHBORS
    deviations = np.sqrt(snapshot.covariance.diagonal())
    covariance = snapshot.covariance
    bands: list[Any] = []
    with one_blas_thread():
        for block in row_blocks(size, size):
            indices = np.arange(block.start, block.stop, dtype=np.intp)
            band = np.maximum(covariance.rows(indices) / np.outer(deviations[indices], deviations), 0.0)
            band[np.arange(len(indices)), indices] = 0.0
            bands.append(band.astype(np.float32) if neighbors is None else _nearest(band, min(neighbors, size - 1)))
            progress(block.stop / size)
    if neighbors is None:
        whole = np.vstack(bands)
        return np.maximum(whole, whole.T)  # the same but for the last bits
    stacked = csr_array(vstack(bands, format="csr"))
    return csr_array(stacked.maximum(stacked.T))


def _nearest(band: NDArray[np.float64], number: int) -> csr_array:
    """Return the largest entries of each row."""
    columns = np.argpartition(band, band.shape[1] - number, axis=1)[:, -number:]
    rows = np.repeat(np.arange(len(band)), number)
    values = np.take_along_axis(band, columns, axis=1).ravel()
    return csr_array((values, (rows, columns.ravel())), shape=band.shape)
