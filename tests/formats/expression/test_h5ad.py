"""h5ad files, new and old, sparse and dense, and the ways in which they can be wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest
from grnledger.engine.errors import InputError, NotFound
from grnledger.formats.expression.expression import read_expression
from scipy.sparse import csc_matrix, csr_matrix

if TYPE_CHECKING:
    from pathlib import Path

COUNTS = np.random.default_rng(8).poisson(0.8, size=(5, 4)).astype(np.float32)
CELLS, GENES = tuple(f"cell{i}" for i in range(5)), ("TP53", "MDM2", "CDKN1A", "IL6")


def put_sparse(file: h5py.Group, name: str, dense: np.ndarray, form: str = "csr") -> h5py.Group:
    matrix = csr_matrix(dense) if form == "csr" else csc_matrix(dense)
    group = file.create_group(name)
    group.attrs["encoding-type"] = f"{form}_matrix"
    group.attrs["shape"] = dense.shape
    for part in ("data", "indices", "indptr"):
        group[part] = getattr(matrix, part)
    return group


def put_names(file: h5py.Group, name: str, names: tuple[str, ...]) -> h5py.Group:
    group = file.create_group(name)
    group.attrs["_index"] = "ids"
    group.create_dataset("ids", data=list(names), dtype=h5py.string_dtype())
    return group


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with a CSR matrix, a dense and a CSC layer, and a raw matrix of more genes."""
    with h5py.File(tmp_path / "a.h5ad", "w") as file:
        put_sparse(file, "X", COUNTS)
        put_names(file, "obs", CELLS)
        put_names(file, "var", GENES)
        file.create_dataset("layers/dense", data=COUNTS + 1, compression="gzip")
        put_sparse(file["layers"], "columns", COUNTS * 2, "csc")
        put_sparse(file, "raw/X", np.hstack([COUNTS, COUNTS]))
        put_names(file["raw"], "var", (*GENES, *(f"{gene}B" for gene in GENES)))
    return tmp_path / "a.h5ad"


def test_x_layers_and_raw_are_genes_by_cells(path: Path):
    for options, expected in (
        ({}, COUNTS),
        ({"layer": "dense"}, COUNTS + 1),
        ({"layer": "columns"}, COUNTS * 2),
        ({"raw": True}, np.hstack([COUNTS, COUNTS])),
    ):
        expression = read_expression(path, **options).expression
        assert np.array_equal(expression.values, expected.T)
        assert expression.values.dtype == np.float64
        assert expression.genes[:4] == GENES
        assert expression.samples == CELLS


@pytest.mark.parametrize("how", [{"compression": "lzf"}, {"compression": "gzip", "shuffle": True}])
def test_arrays_are_read_however_hdf5_packs_them(path: Path, how: dict[str, Any]):
    with h5py.File(path, "a") as file:
        dense, names = file["layers/dense"][()], file["var/ids"][()]
        del file["layers/dense"], file["var/ids"]
        file.create_dataset("layers/dense", data=dense.astype(">f4"), chunks=(2, 3), fletcher32=True, **how)
        file.create_dataset("var/ids", data=names, chunks=(3,), dtype=h5py.string_dtype(), **how)
    expression = read_expression(path, layer="dense").expression
    assert np.array_equal(expression.values, (COUNTS + 1).T)
    assert expression.genes == GENES


def test_filters_in_any_order_are_read(path: Path):
    with h5py.File(path, "a") as file:
        del file["X"]
        plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plan.set_chunk((5, 4))
        plan.set_deflate(4)
        plan.set_shuffle()
        space = h5py.h5s.create_simple((5, 4))
        h5py.Dataset(h5py.h5d.create(file.id, b"X", h5py.h5t.NATIVE_DOUBLE, space, plan))[:] = COUNTS
    assert np.array_equal(read_expression(path).expression.values, COUNTS.T)


def test_an_array_larger_than_a_block_is_read_whole(path: Path):
    values = np.arange(3_000_000.0).reshape(5, -1)
    genes = tuple(f"G{i}" for i in range(values.shape[1]))
    with h5py.File(path, "a") as file:
        del file["X"], file["var"]
        file.create_dataset("X", data=values, chunks=(2, 50_000))
        put_names(file, "var", genes)
    expression = read_expression(path).expression
    assert np.array_equal(expression.values, values.T)
    assert expression.genes == genes


def test_a_missing_array_is_not_found_and_the_others_are_listed(path: Path):
    with pytest.raises(NotFound, match="no layer named 'counts'; it has X, columns, dense"):
        read_expression(path, layer="counts")
    with h5py.File(path, "a") as file:
        del file["raw"]
        del file["X"]
    with pytest.raises(NotFound, match="no raw matrix"):
        read_expression(path, raw=True)
    with pytest.raises(NotFound, match="no matrix X"):
        read_expression(path)


def test_options_that_make_no_sense_are_refused(path: Path):
    with pytest.raises(InputError, match="not both"):
        read_expression(path, raw=True, layer="dense")
    with pytest.raises(InputError, match="genes are the columns"):
        read_expression(path, genes_in="rows")


def test_ensembl_ids_are_pointed_out_with_the_column_of_symbols(path: Path):
    with h5py.File(path, "a") as file:
        del file["var"]
        put_names(file, "var", tuple(f"ENSG0000000000{i}" for i in range(4)))
        file["var"].create_dataset("feature_name", data=list(GENES), dtype=h5py.string_dtype())
    notes = read_expression(path).notes
    assert any("apparently Ensembl gene ids; var also has feature_name" in note for note in notes)


def test_an_index_may_be_categorical_nullable_or_whole_numbers(path: Path):
    with h5py.File(path, "a") as file:
        del file["var/ids"]
        file.create_dataset("var/ids/codes", data=np.array([3, 2, 1, 0], dtype=np.int8))
        file.create_dataset("var/ids/categories", data=list(GENES), dtype=h5py.string_dtype())
        del file["obs/ids"]
        file["obs/ids"] = np.arange(5)
    expression = read_expression(path).expression
    assert expression.genes == GENES[::-1]
    assert expression.samples == tuple("01234")
    with h5py.File(path, "a") as file:
        file["var"].attrs["_index"] = ["ids"]  # as R writes a single value
    assert read_expression(path).expression.genes == GENES[::-1]
    with h5py.File(path, "a") as file:
        file["var"].attrs["_index"] = ["ids", "ids"]
    with pytest.raises(InputError, match="var has a list for the name of its index"):
        read_expression(path)
    with h5py.File(path, "a") as file:
        file["var"].attrs["_index"] = "ids"
        file["var/ids/codes"][0] = 9
    with pytest.raises(InputError, match="codes outside"):
        read_expression(path)


def test_tables_of_old_files_are_read(tmp_path: Path):
    with h5py.File(tmp_path / "old.h5ad", "w") as file:
        file["obs"] = np.array([(name.encode(), 1) for name in CELLS], dtype=[("index", "S8"), ("n", "i4")])
        file["var"] = np.array([(name.encode(),) for name in GENES], dtype=[("index", "S8")])
        group = put_sparse(file, "X", COUNTS)
        del group.attrs["encoding-type"], group.attrs["shape"]
        group.attrs["h5sparse_format"], group.attrs["h5sparse_shape"] = b"csr", COUNTS.shape
    expression = read_expression(tmp_path / "old.h5ad").expression
    assert np.array_equal(expression.values, COUNTS.T)
    assert (expression.genes, expression.samples) == (GENES, CELLS)


@pytest.mark.parametrize(
    ("part", "value", "sentence"),
    [
        ("X/indptr", np.array([0, 3, 2, 4, 5, 6]), "indptr"),
        ("X/indptr", np.array([0, 1, 2]), "indptr of length 3"),
        ("X/indptr", np.zeros(6), "must be lists, the last two whole"),
        ("X/indices", np.full(np.count_nonzero(COUNTS), 4), "indices run from 4 to 4, beyond 4"),
        ("X/indices", np.full(np.count_nonzero(COUNTS), -1), "indices run from -1"),
        ("X/data", np.ones(3), "does not divide 3 values"),
        ("X/data", np.array([b"x"] * 3), "not real numbers"),
        ("obs/ids", np.array([b"a", b"b"]), "obs and var name 2 × 4"),
        ("obs/ids", np.array([[1, 2]]), "not a list of names"),
        ("obs/ids", np.array([1.5] * 5), "1.5, which is not a name"),
        ("obs/ids", np.array([b"\xff"] * 5), "not UTF-8"),
        ("X", np.ones((4, 5)), r"shape \(4, 5\), and obs and var name 5 × 4"),
        ("X", np.full((5, 4), np.nan), "not finite"),
        ("obs", None, "no obs and var"),
        ("X/data", None, "holds no X/data"),
        ("var/ids", None, "holds no var/ids"),
    ],
)
def test_a_file_whose_parts_do_not_fit_is_refused(path: Path, part: str, value: np.ndarray | None, sentence: str):
    with h5py.File(path, "a") as file:
        del file[part]
        if value is not None:
            file[part] = value
    with pytest.raises(InputError, match=sentence):
        read_expression(path)


def test_claims_larger_than_the_file_are_refused_before_room_is_made(path: Path):
    with h5py.File(path, "a") as file:
        del file["X"]
        file.create_dataset("X", shape=(5, 4_000_000_000_000), dtype="f8", chunks=(1, 1024))
        del file["var/ids"]
        file.create_dataset("var/ids", shape=(4_000_000_000_000,), dtype="S1", chunks=(1024,))
    with pytest.raises(InputError, match="more than the file holds"):
        read_expression(path)


def test_links_out_of_the_file_are_refused(path: Path, tmp_path: Path):
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["X"] = COUNTS
    with h5py.File(path, "a") as file:
        del file["X"]
        file["X"] = h5py.ExternalLink("other.h5", "X")
    with pytest.raises(InputError, match="link to another file"):
        read_expression(path)
    with h5py.File(path, "a") as file:
        del file["X"]
        file.create_dataset("X", shape=(5, 4), dtype="f4", external=[("other.h5", 0, h5py.h5f.UNLIMITED)])
    with pytest.raises(InputError, match="lies in another file"):
        read_expression(path)


def test_other_hdf5_and_cut_files_are_refused(path: Path, tmp_path: Path):
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["matrix"] = np.eye(3)
    with pytest.raises(InputError, match="not an h5ad file: it has no obs and var, but matrix"):
        read_expression(tmp_path / "b.h5")
    (tmp_path / "cut.h5ad").write_bytes(path.read_bytes()[:3000])
    with pytest.raises(InputError, match="cannot be read as HDF5"):
        read_expression(tmp_path / "cut.h5ad")


def test_single_cells_read_as_their_readme_says(shared_data: Path):
    expression = read_expression(shared_data / "pbmc68k_reduced.h5ad").expression
    assert expression.values.shape == (765, 700)
    assert np.array_equal(expression.values, np.rint(expression.values))
    with h5py.File(shared_data / "pbmc68k_reduced.h5ad", locking=False) as file:
        start, end = file["X/indptr"][9:11]
        cell = np.zeros(765)
        cell[file["X/indices"][start:end]] = file["X/data"][start:end]
        assert np.array_equal(expression.values[:, 9], cell)
        assert expression.samples[9] == file["obs/index"].asstr()[9]
    scaled = read_expression(shared_data / "pbmc68k_reduced.h5ad", layer="scaled").expression
    assert scaled.values.min() < 0
