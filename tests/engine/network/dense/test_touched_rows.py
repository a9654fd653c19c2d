"""Products of a dense matrix with sparse columns: the numbers of dense algebra, and one set of bits for all sources."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.network import covariance
from grnledger.engine.network.columns import Columns
from grnledger.engine.network.covariance import ArraySource
from grnledger.engine.network.dense import touched_rows
from grnledger.engine.network.dense.triangles import UpperTriangle


def symmetric(size: int) -> np.ndarray:
    half = np.random.default_rng(size).standard_normal((size, size))
    return half + half.T


def columns_of(size: int, lengths: list[int], seed: int = 0) -> Columns:
    stream = np.random.default_rng([size, seed])
    genes = [np.sort(stream.choice(size, length, replace=False)) for length in lengths]
    return Columns(
        (size, len(lengths)),
        np.concatenate([np.empty(0, dtype=np.intp), *genes]).astype(np.intp),
        np.cumsum([0, *lengths]).astype(np.intp),
        stream.standard_normal(sum(lengths)),
    )


@pytest.mark.parametrize("size", [3, 60])
@pytest.mark.parametrize("lengths", [[], [1], [3, 2, 1, 3], [2] * 9])
@pytest.mark.parametrize("rows_a_block", [1, 4, 1_000])
def test_products_are_those_of_dense_algebra_with_the_same_bits_from_any_source(
    monkeypatch: pytest.MonkeyPatch, size: int, lengths: list[int], rows_a_block: int
) -> None:
    matrix, columns = symmetric(size), columns_of(size, lengths)
    array, dense = ArraySource(matrix), columns.rows()
    gram, times = touched_rows.gram(array, columns), touched_rows.times(array, columns)
    np.testing.assert_allclose(gram, dense.T @ matrix @ dense, atol=1e-12)
    np.testing.assert_allclose(times, matrix @ dense, atol=1e-12)
    np.testing.assert_array_equal(gram, gram.T)
    monkeypatch.setattr(covariance, "BLOCK_BYTES", 8 * size * rows_a_block)
    for source in (array, UpperTriangle(matrix.copy(), np.diagonal(matrix).copy())):
        assert touched_rows.gram(source, columns).tobytes() == gram.tobytes()
        np.testing.assert_array_equal(touched_rows.times(source, columns), times)
        indices = np.random.default_rng(1).integers(0, size, 11)
        np.testing.assert_array_equal(touched_rows.rows_times(source, indices, columns), times[indices])
        np.testing.assert_array_equal(touched_rows.block(source, indices, indices[:4]), matrix[indices][:, indices[:4]])


def test_products_of_a_column_do_not_depend_on_the_others() -> None:
    source, columns = ArraySource(symmetric(50)), columns_of(50, [7, 9, 20, 3])
    gram, times = touched_rows.gram(source, columns), touched_rows.times(source, columns)
    for which in ([0], [1, 3], [0, 2, 3]):
        some = columns.select(np.array(which))
        np.testing.assert_array_equal(touched_rows.gram(source, some), gram[np.ix_(which, which)])
        np.testing.assert_array_equal(touched_rows.times(source, some), times[:, which])
