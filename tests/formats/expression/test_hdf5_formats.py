"""10x and loom files, and what may be chosen in HDF5 files: the column of names, cells, and the matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grnledger
import h5py
import numpy as np
import pytest
from grnledger.engine.errors import InputError, NotFound
from grnledger.formats.expression.expression import read_expression
from scipy.sparse import csc_matrix, csr_matrix

if TYPE_CHECKING:
    from pathlib import Path

GENES = ("TP53", "MDM2", "CDKN1A", "MYC", "BAX", "ACTB", "GAPDH", "EGFR", "KRAS", "PTEN")
IDS = tuple(f"ENSG0000000000{i}" for i in range(10))
CELLS = tuple(f"c{i}" for i in range(12))
VALUES = np.array(
    [
        [3, 3, 4, 5, 7, 3, 9, 4, 1, 6, 6, 8],
        [7, 5, 8, 6, 3, 6, 4, 4, 9, 5, 5, 5],
        [3, 11, 6, 6, 11, 5, 0, 4, 3, 8, 5, 11],
        [4, 8, 3, 3, 7, 7, 7, 4, 7, 2, 4, 4],
        [8, 5, 3, 7, 3, 7, 10, 6, 6, 7, 4, 6],
        [5, 9, 4, 4, 8, 2, 5, 6, 5, 3, 5, 8],
        [7, 4, 6, 6, 8, 4, 8, 7, 5, 5, 1, 3],
        [4, 3, 8, 7, 5, 5, 7, 3, 3, 6, 5, 5],
        [5, 3, 8, 7, 5, 3, 4, 9, 2, 6, 3, 7],
        [4, 5, 5, 6, 5, 6, 7, 6, 3, 5, 6, 7],
    ],
    dtype=float,
)
STRONGEST = {
    ("MYC", "KRAS"): -0.12095993174235929,
    ("TP53", "PTEN"): 0.1123018960908153,
    ("TP53", "MDM2"): -0.1091790675899447,
}
"""The three strongest partial correlations of these values."""

TEXT = h5py.string_dtype()


def put_compressed(group: h5py.Group, matrix: Any) -> h5py.Group:
    for part in ("data", "indices", "indptr"):
        group[part] = getattr(matrix, part)
    return group


def write_tenx(path: Path, *, kinds: tuple[str, ...] | None = None, group: str = "matrix") -> Path:
    """As cellranger 3 writes it; by another name of the group as cellranger 2."""
    with h5py.File(path, "w") as file:
        matrix = put_compressed(file.create_group(group), csc_matrix(VALUES.astype(np.int32)))
        matrix["barcodes"], matrix["shape"] = np.array(CELLS, dtype="S"), np.array(VALUES.shape)
        if group != "matrix":
            matrix["genes"], matrix["gene_names"] = np.array(IDS, dtype="S"), np.array(GENES, dtype="S")
            return path
        features = {"id": IDS, "name": GENES, "feature_type": kinds or ("Gene Expression",) * 10, "genome": ("x",) * 10}
        for name, column in features.items():
            matrix[f"features/{name}"] = np.array(column, dtype="S")
        matrix["features/_all_tag_keys"] = np.array([b"genome"])
    return path


def write_loom(path: Path, rows: dict[str, Any], columns: dict[str, Any], **layers: np.ndarray) -> Path:
    with h5py.File(path, "w") as file:
        file.create_dataset("matrix", data=VALUES, chunks=(4, 4), compression="gzip")
        for axis, attributes in (("row_attrs", rows), ("col_attrs", columns)):
            file.create_group(axis)
            for name, column in attributes.items():
                file[axis].create_dataset(name, data=column, dtype=TEXT if isinstance(column[0], str) else None)
        for name in ("layers", "row_graphs", "col_graphs", "attrs"):
            file.create_group(name)
        for name, values in layers.items():
            file["layers"][name] = values
    return path


def write_h5ad(path: Path, x: np.ndarray | None = None, **layers: np.ndarray) -> Path:
    """Cells × genes, with Ensembl ids as names and symbols beside them; `raw` among the layers is the raw matrix."""
    with h5py.File(path, "w") as file:
        file["X"] = VALUES.T if x is None else x
        for axis, names in (("obs", CELLS), ("var", IDS)):
            file.create_group(axis).attrs["_index"] = "_index"
            file[axis].create_dataset("_index", data=list(names), dtype=TEXT)
        file["var"].create_dataset("feature_name/categories", data=sorted(GENES), dtype=TEXT)
        file["var/feature_name/codes"] = np.array([sorted(GENES).index(gene) for gene in GENES], dtype=np.int8)
        file["obs"].create_dataset("cell_type/categories", data=["B", "T"], dtype=TEXT)
        file["obs/cell_type/codes"] = np.array([1] * 7 + [0] * 4 + [-1], dtype=np.int8)
        file["obs"].create_dataset("donor", data=["d1", "d2", "d3"] * 4, dtype=TEXT)
        file["obs/cluster"], file["obs/passed"] = np.arange(12) % 4, np.arange(12) % 2 == 0
        file["obs/maybe/values"], file["obs/maybe/mask"] = np.arange(12) % 3, np.arange(12) > 8
        for name, values in layers.items():
            if name == "raw":
                file["raw/X"] = values
                file.copy("var", file["raw"])
            else:
                file[f"layers/{name}"] = values
    return path


def check_strongest(path: Path, store: Path) -> None:
    snapshot = grnledger.init(store, expression=path, intensity="analytic").snapshot("v0")
    for pair, rho in STRONGEST.items():
        assert np.isclose(snapshot.partial_correlation(*pair), rho, rtol=1e-12)


def test_10x_files_of_both_versions_are_read(tmp_path: Path):
    for name, group in (("v3.h5", "matrix"), ("v2.h5", "GRCh38")):
        path = write_tenx(tmp_path / name, group=group)
        expression = read_expression(path).expression
        assert np.array_equal(expression.values, VALUES)
        assert (expression.genes, expression.samples) == (GENES, CELLS)
        assert read_expression(path, gene_column="id").expression.genes == IDS
        check_strongest(path, tmp_path / f"{name}.grn")


def test_other_features_of_10x_are_left_out_and_counted(tmp_path: Path):
    kinds = ("Gene Expression", "Antibody Capture", *("Gene Expression",) * 6, "CRISPR Guide Capture", "Custom")
    file = read_expression(write_tenx(tmp_path / "a.h5", kinds=kinds))
    chosen = [i for i, kind in enumerate(kinds) if kind == "Gene Expression"]
    assert np.array_equal(file.expression.values, VALUES[chosen])
    assert file.expression.genes == tuple(GENES[i] for i in chosen)
    assert any("3 features that are no gene expression are left out: Antibody" in note for note in file.notes)
    with pytest.raises(InputError, match="no gene expression, but Peaks"):
        read_expression(write_tenx(tmp_path / "b.h5", kinds=("Peaks",) * 10))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"layer": "counts"}, "has one matrix"),
        ({"raw": True}, "has one matrix"),
        ({"where": ["a=b"]}, "nothing that describes its cells"),
        ({"genes_in": "columns"}, "genes are the rows"),
        ({"gene_column": "symbol"}, "no column 'symbol'; it has "),
    ],
)
def test_what_a_10x_file_has_not_is_refused(tmp_path: Path, options: dict[str, Any], sentence: str):
    with pytest.raises((InputError, NotFound), match=sentence):
        read_expression(write_tenx(tmp_path / "a.h5"), **options)


def test_several_genomes_and_sizes_that_do_not_fit_are_refused(tmp_path: Path):
    path = write_tenx(tmp_path / "a.h5", group="GRCh38")
    with h5py.File(path, "a") as file:
        file.copy("GRCh38", "mm10")
    with pytest.raises(InputError, match="2 genomes: GRCh38, mm10"):
        read_expression(path)
    path = write_tenx(tmp_path / "b.h5")
    with h5py.File(path, "a") as file:
        file["matrix/shape"][:] = (12, 10)
    with pytest.raises(InputError, match=r"has shape \(12, 10\), and there are names for 10 × 12"):
        read_expression(path)


def test_loom_files_are_read_with_their_layers(tmp_path: Path):
    path = write_loom(tmp_path / "a.loom", {"Accession": IDS, "Gene": GENES}, {"CellID": CELLS}, spliced=VALUES + 1)
    file = read_expression(path)
    assert np.array_equal(file.expression.values, VALUES)
    assert (file.expression.genes, file.expression.samples) == (GENES, CELLS)
    assert any("'Gene' of row_attrs; it also has Accession" in note for note in file.notes)
    assert read_expression(path, gene_column="Accession").expression.genes == IDS
    assert np.array_equal(read_expression(path, layer="spliced").expression.values, VALUES + 1)
    with pytest.raises(NotFound, match="no layer named 'ambiguous'; it has matrix, spliced"):
        read_expression(path, layer="ambiguous")
    with pytest.raises(InputError, match="genes are the rows"):
        read_expression(path, genes_in="columns")
    check_strongest(path, tmp_path / "a.grn")


@pytest.mark.parametrize(
    ("rows", "columns"),
    [
        ({"var_names": GENES}, {"obs_names": CELLS}),  # scanpy
        ({"Gene": np.array(GENES, dtype="S")}, {"CellID": np.array(CELLS, dtype="S")}),  # loompy 2
        ({"gene_names": GENES, "Length": np.arange(10)}, {"cell_names": CELLS}),  # SeuratDisk
        ({"Gene": GENES}, {"CellID": CELLS, "n": np.arange(12.0)}),
        ({"gene_symbol": GENES}, {"barcode": CELLS}),
    ],
)
def test_loom_files_of_other_writers_are_read(tmp_path: Path, rows: dict[str, Any], columns: dict[str, Any]):
    expression = read_expression(write_loom(tmp_path / "a.loom", rows, columns)).expression
    assert (expression.genes, expression.samples) == (GENES, CELLS)


def test_a_loom_file_without_known_names(tmp_path: Path):
    path = write_loom(tmp_path / "a.loom", {"Feature": GENES}, {"cluster": CELLS})
    with pytest.raises(InputError, match="there are Feature") as refusal:
        read_expression(path)
    assert refusal.value.code == "gene-column-unknown"
    file = read_expression(path, gene_column="Feature", where=["cluster=c0", "cluster=c3", "cluster=c7"])
    assert file.expression.genes == GENES
    assert np.array_equal(file.expression.values, VALUES[:, [0, 3, 7]])
    assert file.expression.samples == ("s1", "s4", "s8")


def test_genes_are_named_by_another_column(tmp_path: Path):
    path = write_h5ad(tmp_path / "a.h5ad", raw=VALUES.T)
    assert any("apparently Ensembl gene ids; var also has feature_name" in n for n in read_expression(path).notes)
    for options in ({}, {"raw": True}):
        assert read_expression(path, gene_column="feature_name", **options).expression.genes == GENES
    with pytest.raises(NotFound, match="var has no column 'symbol'; it has _index, feature_name"):
        read_expression(path, gene_column="symbol")
    with h5py.File(path, "a") as file:
        file["var/feature_name/codes"][3] = -1
    with pytest.raises(InputError, match="feature_name number 4 has an empty name"):
        read_expression(path, gene_column="feature_name")


@pytest.mark.parametrize(
    ("where", "chosen"),
    [
        (["cell_type=T"], range(7)),
        (["cell_type=T", "cell_type=B"], range(11)),
        (["cell_type=T", "donor=d1"], (0, 3, 6)),
        (["cluster=3"], (3, 7, 11)),
        (["cluster=3.0"], (3, 7, 11)),
        (["passed=True"], range(0, 12, 2)),
        (["maybe=2"], (2, 5, 8)),
    ],
)
def test_samples_are_chosen_by_what_describes_them(tmp_path: Path, where: list[str], chosen: Any):
    file = read_expression(write_h5ad(tmp_path / "a.h5ad"), where=where)
    assert np.array_equal(file.expression.values, VALUES[:, list(chosen)])
    assert file.expression.samples == tuple(CELLS[i] for i in chosen)
    assert any(note.startswith(f"{len(chosen)} of 12 samples have ") for note in file.notes)


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        (["cell_type=NK"], "no sample has cell_type = 'NK'; there are B, T"),
        (["celltype=T"], "obs has no column 'celltype'; it has "),
        (["cell_type"], "is COLUMN=VALUE"),
        (["cluster=x"], "no sample has cluster = 'x'; there are 0, 1, 2, 3"),
        (["cell_type=B", "maybe=0", "cluster=1"], "No sample has cell_type = B and"),
    ],
)
def test_conditions_that_no_sample_meets_are_refused(tmp_path: Path, where: list[str], sentence: str):
    with pytest.raises((InputError, NotFound), match=sentence):
        read_expression(write_h5ad(tmp_path / "a.h5ad"), where=where)


SCALED = ((VALUES - VALUES.mean(axis=1, keepdims=True)) / VALUES.std(axis=1, ddof=1, keepdims=True)).T
LOGS = np.log1p(VALUES).T


@pytest.mark.parametrize(
    ("x", "beside", "options", "sentence"),
    [
        (SCALED, {"raw": LOGS}, {}, "X is standardised: .*and raw/X stands beside it"),
        (SCALED, {"counts": VALUES.T}, {}, "X is standardised: .*and layers/counts stands beside it"),
        (np.clip(SCALED, None, 1.5), {"raw": LOGS, "counts": VALUES.T}, {}, "raw/X, layers/counts stand beside it"),
        (SCALED.astype(np.float32), {"lognorm": LOGS}, {}, "X is standardised"),
        (SCALED + 0.3, {"counts": VALUES.T}, {}, "X holds negative values, down to"),
        (LOGS - 1, {"raw": LOGS}, {"counts": True}, "X holds negative values"),
        (LOGS, {"counts": VALUES.T}, {"counts": True}, "X holds decimals up to 2.48.*no counts, and layers/counts"),
        (LOGS, {"raw": VALUES.T}, {"counts": True}, "no counts, and raw/X stands beside it"),
    ],
)
def test_x_that_cannot_be_meant_is_refused_where_another_matrix_can(
    tmp_path: Path, x: np.ndarray, beside: dict[str, np.ndarray], options: dict[str, Any], sentence: str
):
    path = write_h5ad(tmp_path / "a.h5ad", x, **beside)
    with pytest.raises(InputError, match=sentence) as refusal:
        read_expression(path, **options)
    assert refusal.value.code == ("matrix-beside-raw" if "raw" in beside else "matrix-beside-layers")
    assert np.array_equal(read_expression(path, layer="X", **options).expression.values, x.T.astype(float))
    for name, values in beside.items():
        choice: dict[str, Any] = {"raw": True} if name == "raw" else {"layer": name}
        assert np.array_equal(read_expression(path, **choice, **options).expression.values, values.T)


@pytest.mark.parametrize(
    ("x", "beside", "options"),
    [
        (SCALED, {}, {}),
        (LOGS, {"raw": LOGS}, {}),
        (LOGS, {"counts": VALUES.T}, {}),
        (VALUES.T, {"scaled": SCALED}, {"counts": True}),
        (VALUES.T, {"raw": VALUES.T}, {"counts": True}),
    ],
)
def test_x_that_can_be_meant_is_read(tmp_path: Path, x: np.ndarray, beside: Any, options: dict[str, Any]):
    file = read_expression(write_h5ad(tmp_path / "a.h5ad", x, **beside), **options)
    assert np.array_equal(file.expression.values, x.T)
    assert any("the values are standardised" in note for note in file.notes) == (x is SCALED)


def test_a_loom_matrix_with_a_second_reading_is_refused(tmp_path: Path):
    path = write_loom(tmp_path / "a.loom", {"Gene": GENES}, {"CellID": CELLS}, counts=VALUES)
    with h5py.File(path, "a") as file:
        file["matrix"][...] = SCALED.T
    with pytest.raises(InputError, match=r"matrix is standardised.*layers/counts stands beside it"):
        read_expression(path)
    assert np.array_equal(read_expression(path, layer="matrix").expression.values, SCALED.T)
    assert np.array_equal(read_expression(path, layer="counts").expression.values, VALUES)


def test_categories_of_old_files_describe_cells(tmp_path: Path):
    path = write_h5ad(tmp_path / "a.h5ad")
    with h5py.File(path, "a") as file:
        del file["obs/cell_type"]
        file["obs/cell_type"] = np.array([0, 1] * 6, dtype=np.int8)
        file["obs"].create_dataset("__categories/cell_type", data=["B", "T"], dtype=TEXT)
    expression = read_expression(path, where=["cell_type=T"]).expression
    assert expression.samples == CELLS[1::2]
    with h5py.File(path, "a") as file:
        file["obs/cell_type"][0] = 7
    with pytest.raises(InputError, match="codes outside"):
        read_expression(path, where=["cell_type=T"])


def test_sparse_cells_are_chosen_before_they_are_dense(tmp_path: Path):
    for name, maker in (("csr", csr_matrix), ("csc", csc_matrix)):
        path = write_h5ad(tmp_path / f"{name}.h5ad")
        with h5py.File(path, "a") as file:
            del file["X"]
            group = put_compressed(file.create_group("X"), maker(VALUES.T))
            group.attrs["encoding-type"], group.attrs["shape"] = f"{name}_matrix", VALUES.T.shape
        expression = read_expression(path, where=["donor=d2"]).expression
        assert np.array_equal(expression.values, VALUES[:, 1::3])


def test_a_filter_that_is_not_there_is_named(tmp_path: Path):
    path = write_h5ad(tmp_path / "a.h5ad")
    with h5py.File(path, "a") as file:
        del file["X"]
        plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plan.set_chunk((12, 10))
        plan.set_filter(32019, h5py.h5z.FLAG_OPTIONAL, ())  # JPEG, which no package brings
        space = h5py.h5s.create_simple((12, 10))
        h5py.h5d.create(file.id, b"X", h5py.h5t.NATIVE_DOUBLE, space, plan)
    with pytest.raises(InputError, match="X is packed by the filter 32019, which is not installed here") as refusal:
        read_expression(path)
    assert "hdf5plugin" in refusal.value.hint


@pytest.mark.parametrize(
    ("members", "sentence", "way"),
    [
        (("mod", "obs", "var"), "a MuData file", "mudata.read_h5mu"),
        (("assays", "meta.data", "cell.names"), "a Seurat file", "SeuratDisk::Convert"),
    ],
)
def test_other_hdf5_files_are_named_with_what_converts_them(
    tmp_path: Path, members: tuple[str, ...], sentence: str, way: str
):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for name in members:
            file.create_group(name)
    with pytest.raises(InputError, match=sentence) as refusal:
        read_expression(tmp_path / "a.h5")
    assert way in refusal.value.hint


def test_numbers_in_tables_of_old_files_describe_no_cells(tmp_path: Path):
    path = write_h5ad(tmp_path / "a.h5ad")
    with h5py.File(path, "a") as file:
        del file["obs"]
        records = [
            (cell.encode(), kind, number) for cell, kind, number in zip(CELLS, [b"T", b"B"] * 6, range(12), strict=True)
        ]
        file["obs"] = np.array(records, dtype=[("index", "S4"), ("kind", "S1"), ("louvain", "i4")])
    assert read_expression(path, where=["kind=B"]).expression.samples == CELLS[1::2]
    with pytest.raises(InputError, match="'louvain' holds numbers, which in old files may stand for texts"):
        read_expression(path, where=["louvain=3"])
