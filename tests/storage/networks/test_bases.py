"""Bases on disk: what goes in comes out, row by row, and a damaged row is named."""

from __future__ import annotations

import gc
import hashlib
import os
import sys
from typing import TYPE_CHECKING, Any

import grnledger
import h5py
import numpy as np
import pytest
from grnledger.engine.errors import FormatError
from grnledger.engine.estimation.expression import Expression
from grnledger.engine.network.covariance import ArraySource, DenseCovariance, FactorCovariance
from grnledger.engine.network.inversion import invert
from grnledger.engine.network.panel import Panel
from grnledger.storage.files import durable, hdf5, layout
from grnledger.storage.history.records import BaseRecord, SourceRecord
from grnledger.storage.networks import bases
from grnledger.storage.networks.bases import NewBase
from grnledger.storage.transfer import creation

if TYPE_CHECKING:
    from pathlib import Path

    from grnledger.storage.files.bulk_rows import BulkRows
    from numpy.typing import NDArray

SIZE = 30
GENES = (*(f"GENE{number}" for number in range(SIZE - 2)), "Αα", "HLA-DRA;x")
SAMPLES = ("ALL_1", "ALL 2", "AML-ü")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    (tmp_path / layout.BASES).mkdir()
    return tmp_path


def factor_model(*, tied: bool = False) -> FactorCovariance:
    rng = np.random.default_rng(11)
    middle = np.array([[2.0, 0.3], [0.3, 1.0]]) if tied else None
    return FactorCovariance(rng.uniform(0.5, 1.5, SIZE), rng.normal(size=(SIZE, 2)), middle)


def dense_model() -> DenseCovariance:
    model = factor_model()
    return invert(np.diag(model.noise) + model.loadings @ model.loadings.T)


def new_base(covariance: FactorCovariance | DenseCovariance, expression: NDArray[Any] | None = None) -> NewBase:
    dense = isinstance(covariance, DenseCovariance)
    record = BaseRecord(
        form="dense" if dense else "factor",
        genes=SIZE,
        factors=0 if dense else 2,
        samples=3,
        estimator="by hand",
        parameters={"lambda": 0.25, "ridge": 1e-3, "said": "so", "kept": True, "nothing": None},
        preparation={"floor": 20.0},
        source=SourceRecord(file="leukemia.tsv", sha256="a" * 64, parameters={"layer": "counts"}),
        constant_genes=1,
        log_det=covariance.log_det if isinstance(covariance, DenseCovariance) else None,
        keeps_expression=expression is not None,
        notes=("a note", "another — with ρ"),
        software={"numpy": "2.0"},
    )
    return NewBase(Panel(GENES), covariance, record, SAMPLES, expression)


def path_of(store: Path, base: str) -> Path:
    return store / layout.BASES / f"{base}.h5"


def read(path: Path) -> bases.StoredBase:
    return bases.read_base(hdf5.Location(path), path.stem)


def round_trip(store: Path, base: NewBase) -> bases.StoredBase:
    return read(path_of(store, creation.add_base(store, base)))


@pytest.mark.parametrize("tied", [False, True])
def test_a_factor_base_comes_back_bit_for_bit(store: Path, tied: bool) -> None:
    model = factor_model(tied=tied)
    base = new_base(model)
    stored = round_trip(store, base)
    assert isinstance(stored.covariance, FactorCovariance)
    np.testing.assert_array_equal(stored.covariance.noise, model.noise)
    np.testing.assert_array_equal(stored.covariance.loadings, model.loadings)
    if model.factor_covariance is None:
        assert stored.covariance.factor_covariance is None
    else:
        np.testing.assert_array_equal(stored.covariance.factor_covariance, model.factor_covariance)
    middle = np.eye(2) if model.factor_covariance is None else model.factor_covariance
    expected = np.sqrt(np.diag(np.diag(model.noise) + model.loadings @ middle @ model.loadings.T))
    np.testing.assert_allclose(stored.deviations, expected, rtol=1e-14)
    assert stored.panel == Panel(GENES)
    assert stored.samples == SAMPLES
    assert stored.record == base.record


@pytest.mark.parametrize("factors", [0, 1])
def test_a_base_without_factors_or_with_one_comes_back(store: Path, factors: int) -> None:
    model = FactorCovariance(np.linspace(1.0, 2.0, SIZE), np.ones((SIZE, factors)))
    record = BaseRecord(form="factor", genes=SIZE, factors=factors, estimator="by hand")
    stored = round_trip(store, NewBase(Panel(GENES), model, record))
    assert isinstance(stored.covariance, FactorCovariance)
    np.testing.assert_array_equal(stored.covariance.loadings, model.loadings)
    assert stored.samples == ()
    assert stored.expression is None


def test_a_dense_base_comes_back_bit_for_bit_with_its_inverse(store: Path) -> None:
    model = dense_model()
    base = new_base(model)
    stored = round_trip(store, base)
    assert isinstance(stored.covariance, DenseCovariance)
    assert stored.covariance.log_det == model.log_det
    everything = np.arange(SIZE)
    for name in ("covariance", "precision"):
        written, read = getattr(model, name), getattr(stored.covariance, name)
        np.testing.assert_array_equal(read.rows(everything), written.values)
        np.testing.assert_array_equal(read.diagonal(), np.diag(written.values))
        assert read.shape == (SIZE, SIZE)
        for block, rows in read.blocks():
            np.testing.assert_array_equal(rows, written.values[block])
    np.testing.assert_allclose(stored.deviations, np.sqrt(np.diag(model.covariance.rows(everything))), rtol=1e-15)
    assert stored.record == base.record


def test_the_same_base_is_written_once_and_any_change_makes_another(store: Path) -> None:
    base = new_base(factor_model())
    identity = creation.add_base(store, base)
    assert creation.add_base(store, new_base(factor_model())) == identity
    others = [
        NewBase(Panel((*GENES[1:], GENES[0])), base.covariance, base.record, base.samples),
        NewBase(base.panel, base.covariance, base.record, SAMPLES[::-1]),
        NewBase(base.panel, base.covariance, base.record.model_copy(update={"notes": ()}), base.samples),
        new_base(factor_model(tied=True)),
        new_base(factor_model(), np.zeros((SIZE, 3))),
    ]
    ids = {identity, *(creation.add_base(store, other) for other in others)}
    assert len(ids) == 6
    assert sorted(path.stem for path in (store / layout.BASES).iterdir()) == sorted(ids)


def test_a_base_larger_than_what_is_built_in_memory_has_the_same_id_and_rows(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = new_base(dense_model())
    sealed = bases.base_content(base).seal()
    monkeypatch.setattr(hdf5, "IN_MEMORY", 100)
    durable.replace(path_of(store, sealed.id), sealed.write)
    stored = read(path_of(store, sealed.id))
    assert isinstance(base.covariance, DenseCovariance)
    assert isinstance(stored.covariance, DenseCovariance)
    indices = np.arange(SIZE)
    np.testing.assert_array_equal(stored.covariance.precision.rows(indices), base.covariance.precision.rows(indices))


# Rows


def stored_rows(store: Path, values: NDArray[Any]) -> tuple[BulkRows, Path]:
    sealed = hdf5.Content(layout.BASE, "{}", {}, {"values": values}).seal()
    path = store / "rows.h5"
    durable.replace(path, sealed.write)
    return hdf5.read(hdf5.Location(path), layout.BASE).bulk["values"], path


@pytest.mark.parametrize("dtype", ["<f8", "<f4", ">f8"])
def test_rows_are_read_in_any_order(store: Path, dtype: str) -> None:
    values = np.random.default_rng(12).normal(size=(40, 7)).astype(dtype)
    rows, _ = stored_rows(store, values)
    assert rows.shape == (40, 7)
    for indices in ([0], [39], [], [3, 4, 5], [5, 4, 3], [7, 7, 8, 8], [0, 39, 1, 38], list(range(40)), [9, 10, 3, 4]):
        got = rows.rows(np.array(indices, dtype=np.intp))
        assert got.shape == (len(indices), 7)
        np.testing.assert_array_equal(got, values[indices])
    np.testing.assert_array_equal(rows.all(), values)
    np.testing.assert_array_equal(rows.run(slice(5, 9)), values[5:9])


@pytest.mark.parametrize("has_preadv", [True, False])
def test_a_large_read_that_the_system_gives_in_parts_is_put_together(
    store: Path, monkeypatch: pytest.MonkeyPatch, has_preadv: bool
) -> None:
    values = np.random.default_rng(13).normal(size=(40, 7))
    rows, _ = stored_rows(store, values)
    real, calls = os.pread, []

    def into(descriptor: int, buffers: list[memoryview], start: int) -> int:
        content = real(descriptor, min(len(buffers[0]), 100), start)
        buffers[0][: len(content)] = content
        calls.append(start)
        return len(content)

    def some(descriptor: int, count: int, start: int) -> bytes:
        calls.append(start)
        return real(descriptor, min(count, 100), start)

    if has_preadv:
        monkeypatch.setattr(os, "preadv", into, raising=False)
    else:
        monkeypatch.delattr(os, "preadv", raising=False)
        monkeypatch.setattr(os, "pread", some)
    np.testing.assert_array_equal(rows.all(), values)
    assert len(calls) == -(-values.nbytes // 100)


def test_blocks_go_through_all_rows_once_and_in_order(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grnledger.engine.network.covariance.BLOCK_BYTES", 8 * 7 * 6)
    values = np.random.default_rng(14).normal(size=(40, 7))
    rows, _ = stored_rows(store, values)
    blocks = [(block.start, part.copy()) for block, part in rows.blocks()]  # a block lasts until the next one
    assert [start for start, _ in blocks] == [0, 6, 12, 18, 24, 30, 36]
    np.testing.assert_array_equal(np.vstack([part for _, part in blocks]), values)


def test_rows_that_are_read_cannot_be_written_to(store: Path) -> None:
    rows, _ = stored_rows(store, np.ones((4, 3)))
    with pytest.raises(ValueError, match="read-only"):
        rows.all()[0, 0] = 2.0


def damage(path: Path, name: str, row: int) -> None:
    """Turn one bit of a row over, where it lies in the file."""
    with h5py.File(path) as file:
        dataset = file[name]
        index = dataset.id.get_offset() + row * dataset.shape[1] * dataset.dtype.itemsize + 3
    content = bytearray(path.read_bytes())
    content[index] ^= 16
    path.write_bytes(content)


def test_a_damaged_row_is_named_and_the_others_are_read(store: Path) -> None:
    base = new_base(dense_model())
    identity = creation.add_base(store, base)
    path = path_of(store, identity)
    damage(path, "precision", 17)
    stored = read(path)
    assert isinstance(stored.covariance, DenseCovariance)
    assert isinstance(base.covariance, DenseCovariance)
    sound = np.array([0, 16, 18, 29])
    np.testing.assert_array_equal(stored.covariance.precision.rows(sound), base.covariance.precision.rows(sound))
    stored.covariance.covariance.rows(np.array([17]))
    for indices in ([17], [3, 17], [16, 17, 18]):
        with pytest.raises(FormatError) as caught:
            stored.covariance.precision.rows(np.array(indices))
        assert caught.value.message.startswith(f"Row 17 of 'precision' in {path} is damaged.")
    with pytest.raises(FormatError, match="Row 17 of 'precision'"):
        list(stored.covariance.precision.blocks())


def test_two_exchanged_rows_are_reported(store: Path) -> None:
    values = np.random.default_rng(15).normal(size=(10, 4))
    rows, path = stored_rows(store, values)
    content = bytearray(path.read_bytes())
    content[rows.offset : rows.offset + values.nbytes] = values[[0, 1, 7, 3, 4, 5, 6, 2, 8, 9]].tobytes()
    path.write_bytes(content)
    with pytest.raises(FormatError, match="Row 2 of 'values'"):
        hdf5.read(hdf5.Location(path), layout.BASE).bulk["values"].all()
    np.testing.assert_array_equal(rows.rows(np.array([3])), values[[3]])


def test_a_damaged_row_of_the_factors_or_the_expression_is_named(store: Path) -> None:
    path = path_of(store, creation.add_base(store, new_base(factor_model(), np.ones((SIZE, 3)))))
    damage(path, "expression", 4)
    stored = read(path)
    assert stored.expression is not None
    with pytest.raises(FormatError, match="Row 4 of 'expression'"):
        stored.expression.all()
    damage(path, "loadings", 5)
    with pytest.raises(FormatError, match="Row 5 of 'loadings'") as caught:
        read(path)
    assert str(path) in caught.value.message


def test_a_file_truncated_within_its_rows_is_reported(store: Path) -> None:
    rows, path = stored_rows(store, np.ones((4, 3)))
    rows.all()
    os.truncate(path, rows.offset + 2 * 3 * 8 + 1)
    with pytest.raises(FormatError, match=r"ends within rows 0 to 4 of 'values'"):
        rows.all()


def test_checksums_that_do_not_fit_their_array_are_refused(store: Path) -> None:
    _, path = stored_rows(store, np.ones((4, 3)))
    with h5py.File(path, "r+", libver="latest") as file:
        del file["values_crc32"]
        file["values_crc32"] = np.zeros(3, dtype=np.uint32)
    with pytest.raises(FormatError, match="'values' does not fit its checksums"):
        hdf5.read(hdf5.Location(path), layout.BASE)


def test_rows_that_are_let_go_close_their_file(store: Path) -> None:
    rows, path = stored_rows(store, np.ones((4, 3)))
    rows.all()
    descriptor = rows._descriptor
    assert os.fstat(descriptor).st_ino == path.stat().st_ino
    del rows
    gc.collect()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


# Content that no writer makes


@pytest.mark.parametrize("what", ["noise", "genes", "panel", "record", "log_det", "loadings"])
def test_a_base_whose_parts_make_no_sense_is_damaged_and_no_bad_input(store: Path, what: str) -> None:
    content = bases.base_content(new_base(dense_model() if what == "log_det" else factor_model()))
    arrays, bulk, record = dict(content.arrays), dict(content.bulk), content.record
    if what == "noise":
        arrays["noise"] = -arrays["noise"]
    elif what == "genes":
        arrays["genes"] = bases.encode_names(["same"] * SIZE)
    elif what == "panel":
        arrays["genes"] = arrays["genes"][:-1]
    elif what == "record":
        record = record.replace('"genes":30', '"genes":31')
    elif what == "log_det":
        record = record.replace(f'"log_det":{dense_model().log_det}', '"log_det":null')
    else:
        del bulk["loadings"]
    assert (record, len(bulk)) != (content.record, len(content.bulk)) or what in ("noise", "genes", "panel")
    sealed = hdf5.Content(content.kind, record, arrays, bulk).seal()
    durable.replace(path_of(store, sealed.id), sealed.write)
    with pytest.raises(FormatError) as caught:
        read(path_of(store, sealed.id))
    assert str(path_of(store, sealed.id)) in caught.value.message


# Expression


def expression(values: NDArray[np.float64]) -> Expression:
    genes = tuple(f"GENE{index}" for index in range(len(values)))
    return Expression(values, genes, tuple(f"s{index}" for index in range(values.shape[1])))


@pytest.mark.parametrize(("exact", "dtype"), [(True, "<f4"), (False, "<f8")])
def test_expression_is_kept_in_half_the_space_where_that_loses_nothing(tmp_path: Path, exact: bool, dtype: str) -> None:
    rng = np.random.default_rng(16)
    values = rng.integers(0, 1000, size=(20, 6)).astype(np.float64) if exact else rng.normal(size=(20, 6))
    repo = grnledger.init(tmp_path / "tumor.grn", expression=expression(values))
    base = grnledger.open(tmp_path / "tumor.grn").base()
    assert base.record.keeps_expression
    assert base.expression is not None
    assert base.expression.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(base.expression.all().astype(np.float64), values)
    assert base.samples == ("s0", "s1", "s2", "s3", "s4", "s5")
    assert repo.base().id == base.id


def test_values_too_large_for_half_the_space_are_kept_whole(tmp_path: Path) -> None:
    values = np.random.default_rng(17).uniform(1.0, 2.0, size=(20, 6)) * 1e60
    grnledger.init(tmp_path / "tumor.grn", expression=expression(values))
    rows = grnledger.open(tmp_path / "tumor.grn").base().expression
    assert rows is not None
    np.testing.assert_array_equal(rows.all(), values)


def test_expression_that_is_not_kept_is_not_in_the_file_but_its_samples_are(tmp_path: Path) -> None:
    values = np.random.default_rng(18).normal(size=(20, 6))
    repo = grnledger.init(tmp_path / "tumor.grn", expression=expression(values), keep_expression=False)
    base = repo.base()
    assert base.expression is None
    assert not base.record.keeps_expression
    assert len(base.samples) == 6
    with h5py.File(path_of(tmp_path / "tumor.grn", base.id)) as file:
        assert "expression" not in file


def test_what_is_kept_is_what_was_read_and_not_what_was_made_of_it(tmp_path: Path) -> None:
    values = np.random.default_rng(19).uniform(1.0, 100.0, size=(20, 6))
    repo = grnledger.init(tmp_path / "tumor.grn", expression=expression(values), floor=20.0, transform="log2")
    rows = repo.base().expression
    assert rows is not None
    np.testing.assert_array_equal(rows.all(), values)
    assert dict(repo.base().record.preparation) == {"floor": 20.0, "transform": "log2"}


def test_the_source_is_known_by_its_name_and_the_hash_of_its_bytes(tmp_path: Path) -> None:
    rng = np.random.default_rng(20)
    file = tmp_path / "values.tsv"
    rows = ["\t".join([f"G{index}", *(f"{value:.6f}" for value in rng.normal(size=5))]) for index in range(12)]
    file.write_text("\n".join(["gene\ta\tb\tc\td\te", *rows]) + "\n")
    repo = grnledger.init(tmp_path / "tumor.grn", expression=file)
    source = repo.base().record.source
    assert source is not None
    assert source.file == "values.tsv"
    assert source.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert set(repo.base().record.software) == {"grnledger", "numpy", "scipy"}


def test_a_matrix_in_memory_is_a_source_like_one_on_disk(store: Path) -> None:
    model = dense_model()
    stored = round_trip(store, new_base(model))
    assert isinstance(stored.covariance, DenseCovariance)
    assert isinstance(model.precision, ArraySource)
    for source in (model.precision, stored.covariance.precision):
        np.testing.assert_array_equal(source.rows(np.array([3, 1])), model.precision.values[[3, 1]])


def test_a_file_that_was_read_is_let_go_without_a_word_where_closing_it_fails(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unraisable: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", unraisable.append)
    rows, _ = stored_rows(store, np.ones((2, 3)))
    rows.all()
    os.close(rows._descriptor)
    del rows
    gc.collect()
    assert unraisable == []
