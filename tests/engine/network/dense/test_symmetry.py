"""Square matrices checked, evened out and put in order in place, against the same with copies."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from grnledger.engine.network.dense import symmetry

pytestmark = pytest.mark.parametrize("size", [1, 2, 3, 8, 9, 10, 41])


@pytest.fixture(autouse=True)
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(symmetry, "SIDE", 9)


def matrix(size: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng([size, seed]).standard_normal((size, size))


def test_the_largest_gap_is_that_of_the_worst_pair(size: int) -> None:
    square = matrix(size) + 3 * np.eye(size)
    deviations = np.sqrt(np.abs(np.diagonal(square)))
    shares = np.abs(square - square.T) / np.outer(deviations, deviations)
    worst, i, j = symmetry.largest_gap(square)
    assert worst == shares.max()
    assert i <= j
    assert size == 1 or shares[i, j] == worst
    assert symmetry.largest_gap(square + square.T) == (0.0, 0, 0)


def test_a_gap_beside_no_variance_is_infinite(size: int) -> None:
    square = np.eye(size)
    square[-1, -1] = 0.0
    square[-1, 0] += 1e-300
    assert symmetry.largest_gap(square)[0] == (np.inf if size > 1 else 0.0)


def test_mirrored_entries_become_their_mean(size: int) -> None:
    square = matrix(size)
    expected = square / 2 + square.T / 2
    symmetry.even_out(square)
    np.testing.assert_array_equal(square, expected)
    np.testing.assert_array_equal(square, square.T)


@pytest.mark.parametrize("lower", [True, False])
def test_a_blank_half_is_filled(size: int, lower: bool) -> None:
    square = matrix(size) + matrix(size).T
    half = np.where((np.tri(size, k=-1, dtype=bool) if lower else ~np.tri(size, dtype=bool)), np.nan, square)
    symmetry.fill_by_mirror_image(half)
    np.testing.assert_array_equal(half, square)


def test_a_matrix_is_transposed(size: int) -> None:
    square = matrix(size)
    expected = square.T.copy()
    symmetry.transpose(square)
    np.testing.assert_array_equal(square, expected)


def test_rows_are_put_in_any_order(size: int) -> None:
    for seed in range(5):
        square, order = matrix(size), np.random.default_rng(seed).permutation(size)
        expected = square[order]
        symmetry.order_rows(square, order)
        np.testing.assert_array_equal(square, expected)


def test_some_genes_are_selected_in_their_order(size: int) -> None:
    for count in {1, size // 2 + 1, size}:
        square = matrix(size)
        indices = np.random.default_rng(count).permutation(size)[:count].astype(np.intp)
        expected = square[np.ix_(indices, indices)]
        selected = symmetry.select_genes(square, indices)
        np.testing.assert_array_equal(selected, expected)
        assert np.shares_memory(selected, square)


def test_nothing_of_this_makes_a_second_matrix(size: int) -> None:
    square = matrix(40 * size)
    order = np.random.default_rng(1).permutation(len(square))
    tracemalloc.start()
    try:
        for step in (symmetry.largest_gap, symmetry.even_out, symmetry.fill_by_mirror_image, symmetry.transpose):
            step(square)
        symmetry.select_genes(square, order)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 0.1 * square.nbytes + 50_000
