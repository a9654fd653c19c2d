"""Two matrices in the triangles of one array, read as `MatrixSource`s."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.network import covariance
from grnledger.engine.network.dense.triangles import UpperTriangle


@pytest.mark.parametrize("size", [1, 2, 7, 40])
@pytest.mark.parametrize("rows_a_block", [1, 6, 1_000])
def test_each_triangle_reads_as_its_matrix(monkeypatch: pytest.MonkeyPatch, size: int, rows_a_block: int) -> None:
    monkeypatch.setattr(covariance, "BLOCK_BYTES", 8 * size * rows_a_block)
    stream = np.random.default_rng(size)
    above, below = (part + part.T for part in stream.standard_normal((2, size, size)))
    array = np.triu(above, 1) + np.tril(below)
    array[np.diag_indices(size)] = np.nan  # the diagonals stand apart
    indices = stream.integers(0, size, 9)
    right = stream.standard_normal((size, 3))
    for matrix, view in ((above, array.copy()), (below, array.copy().T)):
        source = UpperTriangle(view, np.diagonal(matrix).copy())
        assert source.shape == (size, size)
        np.testing.assert_array_equal(source.rows(indices), matrix[indices])
        np.testing.assert_array_equal(source.diagonal(), np.diagonal(matrix))
        blocks = [(block, rows.copy()) for block, rows in source.blocks()]
        np.testing.assert_array_equal(np.vstack([rows for _, rows in blocks]), matrix)
        assert [block.start for block, _ in blocks] == list(range(0, size, rows_a_block))
        np.testing.assert_allclose(source.matmat(right), matrix @ right, atol=1e-13)
        with pytest.raises(ValueError, match="read-only"):
            source.array[0, 0] = 1.0
