"""Rows kept in memory: the bits of the whole matrix, no more bytes than the bound, each read once while kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.engine.errors import FormatError
from grnledger.engine.network.columns import Columns
from grnledger.engine.network.covariance import ArraySource
from grnledger.engine.network.dense import touched_rows
from grnledger.storage.networks import kept_rows
from grnledger.storage.networks.kept_rows import KeptRows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

SIZE = 90


class Counted:
    """A matrix that notes which rows are read, and may fail."""

    def __init__(self, matrix: NDArray[np.float64]) -> None:
        self.matrix, self.read, self.damaged = matrix, list[int](), set[int]()

    @property
    def shape(self) -> tuple[int, int]:
        return (len(self.matrix), len(self.matrix))

    def rows(self, indices: NDArray[np.intp]) -> NDArray[np.float64]:
        if self.damaged.intersection(indices.tolist()):
            raise FormatError("A row is damaged.")
        self.read += indices.tolist()
        return self.matrix[indices]

    def blocks(self) -> Iterator[tuple[slice, NDArray[np.float64]]]:
        yield slice(0, len(self.matrix)), self.matrix

    def diagonal(self) -> NDArray[np.float64]:
        return np.diagonal(self.matrix)


@pytest.fixture
def source() -> Counted:
    half = np.random.default_rng(1).standard_normal((SIZE, SIZE))
    return Counted(half + half.T)


def columns_on(genes: list[list[int]], seed: int = 0) -> Columns:
    stream = np.random.default_rng(seed)
    lengths = [len(column) for column in genes]
    return Columns(
        (SIZE, len(genes)),
        np.array(sum(genes, list[int]()), dtype=np.intp),
        np.cumsum([0, *lengths]).astype(np.intp),
        stream.standard_normal(sum(lengths)),
    )


def room_for(rows: int) -> int:
    return 8 * SIZE * rows + 8 * rows * rows


def assert_same(kept: KeptRows, source: Counted, columns: Columns) -> None:
    array = ArraySource(source.matrix)
    np.testing.assert_array_equal(kept.gram(columns), touched_rows.gram(array, columns))
    np.testing.assert_array_equal(kept.times(columns), touched_rows.times(array, columns))


def test_a_row_is_read_once_while_there_is_room(source: Counted) -> None:
    kept = KeptRows(source, room_for(8))
    for columns in (columns_on([[1, 5, 7], [5, 20]]), columns_on([[5], [1, 20]], 1), columns_on([[7, 20, 30]], 2)):
        assert_same(kept, source, columns)
    assert sorted(source.read) == [1, 5, 7, 20, 30]


def test_rows_not_used_for_longest_go_first(source: Counted) -> None:
    kept = KeptRows(source, room_for(4))
    for genes in ([0, 1], [2, 3], [0, 1], [4]):
        assert_same(kept, source, columns_on([genes]))
    source.read.clear()
    assert_same(kept, source, columns_on([[0, 1, 4]]))
    assert source.read == []
    assert_same(kept, source, columns_on([[2, 3]]))
    assert source.read == [2]  # 3 was used as long ago, and is in its place


def test_more_rows_than_there_is_room_for_are_read_a_block_at_a_time_and_not_kept(source: Counted) -> None:
    kept = KeptRows(source, room_for(4))
    wide = columns_on([[1, 2, 3], [40, 50, 60]])
    for _ in range(2):
        source.read.clear()
        assert_same(kept, source, wide)
        assert sorted(source.read) == sorted([1, 2, 3, 40, 50, 60] * 2)  # for the products, and for the rows


@pytest.mark.parametrize("rows", [1, 3, 20, SIZE, 10 * SIZE])
@pytest.mark.parametrize("width", [7, 30, 1_024])
def test_any_order_of_questions_has_the_bits_of_the_whole_matrix(
    monkeypatch: pytest.MonkeyPatch, source: Counted, rows: int, width: int
) -> None:
    monkeypatch.setattr(kept_rows, "WIDTH", width)
    kept, stream = KeptRows(source, room_for(rows)), np.random.default_rng(rows)
    for seed in range(40):
        genes = [sorted(stream.choice(SIZE, stream.integers(1, 9), replace=False).tolist()) for _ in range(3)]
        assert_same(kept, source, columns_on(genes, seed))


def test_what_is_kept_takes_no_more_than_the_bound(monkeypatch: pytest.MonkeyPatch, source: Counted) -> None:
    monkeypatch.setattr(kept_rows, "WIDTH", 7)  # parts of 7 columns, the last of which are not of the matrix
    for most in (room_for(5), room_for(5) + 100, room_for(30)):
        kept = KeptRows(source, most)
        for gene in range(SIZE):
            kept.gram(columns_on([[gene]]))
        assert kept.bytes_kept <= most
        assert kept.bytes_kept > 0.7 * most


def test_a_damaged_row_is_reported_each_time_and_spoils_no_other(source: Counted) -> None:
    kept = KeptRows(source, room_for(6))
    assert_same(kept, source, columns_on([[0, 1, 2, 3, 4, 5]]))
    source.damaged = {11}
    for _ in range(2):
        with pytest.raises(FormatError, match="damaged"):
            kept.gram(columns_on([[3, 10, 11]]))
    for genes in ([0, 1, 2], [3, 4, 5], [10, 12]):
        assert_same(kept, source, columns_on([genes]))
    source.damaged = set()
    assert_same(kept, source, columns_on([[3, 10, 11]]))


def test_threads_share_what_is_kept(source: Counted) -> None:
    kept, stream = KeptRows(source, room_for(12)), np.random.default_rng(4)
    asked = [columns_on([sorted(stream.choice(SIZE, 6, replace=False).tolist())], seed) for seed in range(200)]
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(kept.times, asked))
    for columns, answer in zip(asked, answers, strict=True):
        np.testing.assert_array_equal(answer, touched_rows.times(ArraySource(source.matrix), columns))


def test_all_else_is_that_of_the_matrix(source: Counted) -> None:
    kept = KeptRows(source)
    indices = np.array([3, 1])
    assert kept.shape == source.shape
    np.testing.assert_array_equal(kept.rows(indices), source.matrix[indices])
    np.testing.assert_array_equal(kept.diagonal(), np.diagonal(source.matrix))
    np.testing.assert_array_equal(np.vstack([rows for _, rows in kept.blocks()]), source.matrix)
