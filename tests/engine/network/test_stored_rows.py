"""Rows on demand: used like an array, with the bits of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from grnledger.engine.network import covariance as covariance_module
from grnledger.engine.network.anchor import anchor_of
from grnledger.engine.network.covariance import FactorCovariance, row_blocks
from grnledger.engine.network.pairs.partial_correlations import GeneRows
from grnledger.engine.network.panel import Panel
from grnledger.engine.network.pathway import Pathway
from grnledger.engine.network.snapshot import Snapshot, build_snapshot
from grnledger.engine.network.stored_rows import StoredRows, is_stored, stored_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

GENES, FACTORS = 60, 3


class Source:
    """Rows that count how often they are read."""

    def __init__(self, values: NDArray[np.float64]) -> None:
        self.values = values
        self.read = np.zeros(len(values), dtype=int)
        self.passes = 0

    @property
    def shape(self) -> tuple[int, int]:
        return (len(self.values), self.values.shape[1])

    def rows(self, indices: NDArray[np.intp]) -> NDArray[np.float64]:
        np.add.at(self.read, indices, 1)
        return self.values[indices]

    def blocks(self) -> Iterator[tuple[slice, NDArray[np.float64]]]:
        self.passes += 1
        for block in row_blocks(*self.shape):
            yield block, self.values[block]


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(covariance_module, "BLOCK_BYTES", 7 * 8 * FACTORS)


def values() -> NDArray[np.float64]:
    return np.random.default_rng(5).normal(size=(GENES, FACTORS))


@pytest.mark.parametrize(
    "key",
    [
        np.array([4, 0, 4]),
        np.array([-1, 59]),
        3,
        np.intp(3),
        slice(2, 9, 2),
        (np.array([4, 5]), slice(None)),
        (slice(None), np.newaxis),
        (np.array([1, 2]), np.newaxis),
        (np.array([1, 2]), 0),
        (3, 1),
        np.arange(GENES) % 2 == 0,
        np.array([], dtype=np.intp),
        Ellipsis,
    ],
    ids=str,
)
def test_rows_are_indexed_as_an_array_is(key: Any) -> None:
    array = values()
    np.testing.assert_array_equal(stored_rows(Source(array))[key], array[key])


@pytest.mark.usefixtures("small_blocks")
def test_rows_are_used_as_an_array_is() -> None:
    array = values()
    rows = stored_rows(Source(array))
    right, left = np.random.default_rng(6).normal(size=(FACTORS, 4)), np.random.default_rng(7).normal(size=(GENES, 2))
    assert (rows.shape, rows.ndim, rows.dtype, len(rows)) == (array.shape, 2, array.dtype, GENES)
    np.testing.assert_allclose(rows @ right, array @ right, rtol=1e-14)
    np.testing.assert_allclose(rows @ right[:, 0], array @ right[:, 0], rtol=1e-14)
    np.testing.assert_allclose(rows.T @ left, array.T @ left, rtol=1e-12)
    np.testing.assert_array_equal(np.asarray(rows), array)
    np.testing.assert_array_equal(rows.take(np.array([3, 1]), axis=0), array[[3, 1]])
    np.testing.assert_array_equal(np.square(rows), np.square(array))
    np.testing.assert_array_equal(np.hstack([rows, array]), np.hstack([array, array]))
    for axis in (1, -1, None):
        with pytest.raises(ValueError, match="first axis"):
            rows.take(np.array([0]), axis=axis)
    with pytest.raises(ValueError, match="without a copy"):
        np.asarray(rows, copy=False)


@pytest.mark.parametrize("axis", [0, None])
def test_a_column_on_demand_is_taken_from_as_an_array_is(axis: int | None) -> None:
    array = values()[:, 0]
    rows = StoredRows(array.shape, lambda indices: array[indices], lambda: iter(()))
    np.testing.assert_array_equal(rows.take(np.array([3, 1, 3]), axis=axis), array.take([3, 1, 3], axis=axis))


def covariance_of(loadings: NDArray[np.float64], *, tied: bool) -> FactorCovariance:
    middle = np.array([[2.0, 0.3, 0.0], [0.3, 1.0, 0.1], [0.0, 0.1, 1.5]]) if tied else None
    return FactorCovariance(np.random.default_rng(8).uniform(0.5, 1.5, GENES), loadings, middle)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("tied", [False, True])
def test_a_row_has_the_same_bits_whichever_others_are_asked_for(tied: bool) -> None:
    stored = covariance_of(stored_rows(Source(values())), tied=tied)
    whole = covariance_of(values(), tied=tied)
    for one, other in (
        (stored.columns(), whole.columns()),
        (stored.standard_deviations(), whole.standard_deviations()),
    ):
        everything = np.asarray(one)
        np.testing.assert_allclose(everything, other, rtol=1e-14)
        for indices in (np.array([17]), np.array([59, 3]), np.arange(30)):
            np.testing.assert_array_equal(one[indices], everything[indices])
    np.testing.assert_allclose(stored.penalised(0.3).noise, whole.penalised(0.3).noise, rtol=1e-14)


def versions(*, tied: bool, source: Source) -> tuple[Snapshot, Snapshot]:
    """Return one version with pathways of both signs, on rows on demand and on an array."""
    panel = Panel(tuple(f"G{number}" for number in range(GENES)))
    pathways = [
        Pathway(("a",), np.array([3, 11, 40]), np.array([[0.2], [-0.1], [0.3]])),
        Pathway(("b",), np.array([7, 11]), np.array([[0.1], [0.2]]), -1),
    ]
    made: list[Snapshot] = []
    for loadings in (stored_rows(source), source.values):
        base = covariance_of(loadings, tied=tied)
        made.append(build_snapshot(panel, anchor_of(base), pathways, base.standard_deviations()))
    return made[0], made[1]


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("tied", [False, True])
def test_a_version_on_rows_on_demand_is_that_on_an_array(tied: bool) -> None:
    stored, whole = versions(tied=tied, source=Source(values()))
    truth = np.linalg.inv(whole.covariance.to_dense())
    np.testing.assert_allclose(stored.precision.to_dense(), truth, atol=1e-12)
    np.testing.assert_allclose(stored.precision.diagonal(), np.diagonal(truth), rtol=1e-12)
    np.testing.assert_allclose(stored.precision.column(11), truth[11], atol=1e-12)
    roots = np.sqrt(np.diagonal(truth))
    rho = -truth[5] / roots / roots[5]
    rho[5] = 1.0
    np.testing.assert_allclose(GeneRows(stored.precision).row(5), rho, atol=1e-12)
    assert stored.log_det == pytest.approx(whole.log_det, abs=1e-11)
    columns = stored.capacitance.loadings
    np.testing.assert_allclose(stored.precision.times(columns), truth @ columns.rows(), atol=1e-12)


def test_a_version_and_a_pair_read_the_rows_that_they_touch() -> None:
    source = Source(values())
    base = covariance_of(stored_rows(source), tied=False)
    anchor = anchor_of(base)
    passes = source.passes
    panel = Panel(tuple(f"G{number}" for number in range(GENES)))
    pathway = Pathway(("a",), np.array([3, 11, 40]), np.array([[0.2], [-0.1], [0.3]]))
    version = build_snapshot(panel, anchor, [pathway], base.standard_deviations())
    assert set(np.flatnonzero(source.read).tolist()) == {3, 11, 40}
    version.partial_correlation("G5", "G9")
    assert set(np.flatnonzero(source.read).tolist()) == {3, 5, 9, 11, 40}
    assert source.passes == passes
    assert is_stored(anchor.columns)


def test_what_is_remembered_is_neither_computed_nor_read_again() -> None:
    memory: dict[str, NDArray[np.float64]] = {}

    def recall(
        what: str, compute: Any, *, shape: tuple[int, ...], operations: float, check: Any
    ) -> NDArray[np.float64]:
        assert operations > 0
        if what not in memory:
            memory[what] = compute()
            assert memory[what].shape == shape
            assert check(memory[what], np.random.default_rng(1))
        return memory[what]

    source = Source(values())
    base = covariance_of(stored_rows(source), tied=False)
    first = anchor_of(base, recall)
    diagonal = first.factor_precision_diagonal()
    assert set(memory) == {"products of factors", "diagonal"}
    passes = source.passes
    second = anchor_of(base, recall)
    np.testing.assert_array_equal(second.factor_precision_diagonal(), diagonal)
    np.testing.assert_array_equal(second.inner, first.inner)
    assert source.passes == passes
    np.testing.assert_allclose(diagonal, np.diagonal(np.linalg.inv(dense(base))), rtol=1e-12)


def dense(base: FactorCovariance) -> NDArray[np.float64]:
    return np.diag(base.noise) + np.asarray(base.loadings) @ np.asarray(base.loadings).T
