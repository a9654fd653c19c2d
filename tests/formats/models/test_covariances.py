"""Covariances, factor models and matrices in files: what is written reads back to the same bits."""

from __future__ import annotations

import gzip
import io
import tracemalloc
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest
from grnledger.engine.errors import GrnError, InputError, NotFound, NotPositiveDefinite, ShapeError
from grnledger.engine.network.covariance import FactorCovariance
from grnledger.formats.models.covariances import read_covariance
from grnledger.formats.models.factor_models import read_factor_model, read_factor_tables, write_factor_model
from grnledger.formats.models.matrix_export import write_matrix, write_npz, write_rows

if TYPE_CHECKING:
    from pathlib import Path

GENES = ("TP53", "MDM2", 'H"LA, A', "7157")


def covariance(size: int = 4, seed: int = 0) -> np.ndarray:
    x = np.random.default_rng(seed).normal(size=(size, size + 3))
    product = x @ x.T / 3
    return (product + product.T) / 2


@pytest.mark.parametrize("ending", [".tsv", ".csv", ".npz", ".npy", ".TSV"])
@pytest.mark.parametrize("blocks", [True, False])
def test_a_matrix_reads_back_to_the_same_bits(tmp_path: Path, ending: str, blocks: bool):
    values, path = covariance(), tmp_path / f"theta{ending}"
    write_matrix(path, iter([values[:1], values[1:3], values[3:]]) if blocks else values, GENES, GENES)
    file = read_covariance(path)
    assert np.array_equal(file.values, values)
    assert file.genes == (None if ending == ".npy" else GENES)
    assert file.notes == ()
    assert list(tmp_path.iterdir()) == [path]


def test_numpy_itself_reads_what_is_written(tmp_path: Path):
    values = covariance()[:3]
    write_matrix(tmp_path / "a.npz", values, GENES[:3], GENES)
    with np.load(tmp_path / "a.npz") as archive:
        assert sorted(archive) == ["column_genes", "genes", "matrix"]
        assert np.array_equal(archive["matrix"], values)
        assert archive["column_genes"].tolist() == list(GENES)
    write_matrix(tmp_path / "a.npy", values, GENES[:3], GENES)
    assert np.array_equal(np.load(tmp_path / "a.npy"), values)


def test_text_has_a_header_of_genes_and_the_shortest_numbers_that_come_back():
    stream = io.StringIO()
    write_rows(stream, [np.array([[0.1, 1e-300], [3.0, -1 / 3]])], ["a", "b"], ["a", "b"])
    assert stream.getvalue() == "gene\ta\tb\na\t0.1\t1e-300\nb\t3.0\t-0.3333333333333333\n"


def test_what_cannot_be_written_leaves_the_old_file(tmp_path: Path):
    path = tmp_path / "a.tsv"
    path.write_text("old")
    for values in (np.eye(3), [np.eye(4), np.eye(4)], np.eye(4)[:, :2]):
        with pytest.raises(ShapeError):
            write_matrix(path, values, GENES, GENES)
    with pytest.raises(InputError, match=r"'\.xlsx'") as caught:
        write_matrix(tmp_path / "a.xlsx", np.eye(4), GENES, GENES)
    assert "*.tsv, *.csv, *.npy, *.npz" in caught.value.hint
    with pytest.raises(NotFound, match="no folder"):
        write_matrix(tmp_path / "absent" / "a.tsv", np.eye(4), GENES, GENES)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_covariance_reads_from_every_form(tmp_path: Path):
    values = covariance(3)
    numbers = [" ".join(map(repr, row)) for row in values.tolist()]
    forms: dict[str, str] = {
        "bare": "\n".join(numbers),
        "r": "a b c\n" + "\n".join(f"{gene} {row}" for gene, row in zip("abc", numbers, strict=True)),
        "entrez": "1 2 3\n" + "\n".join(f"{gene} {row}" for gene, row in zip("123", numbers, strict=True)),
    }
    expected = {"bare": None, "r": ("a", "b", "c"), "entrez": ("1", "2", "3")}
    for name, content in forms.items():
        (tmp_path / name).write_bytes(gzip.compress(content.encode()))
        file = read_covariance(tmp_path / name)
        assert np.array_equal(file.values, values)
        assert file.genes == expected[name]
    for name in ("covariance", "matrix"):
        with h5py.File(tmp_path / "c.h5", "w") as file:
            file[name] = values
            file["genes"] = ["a", "b", "c"]
        stored = read_covariance(tmp_path / "c.h5")
        assert np.array_equal(stored.values, values)
        assert stored.genes == ("a", "b", "c")


DTYPES = ["<f8", ">f8", "<f4", "<i4", "u1", "?"]


def written_as(tmp_path: Path, form: str, values: np.ndarray) -> Path:
    """Write a matrix as one of the forms that are read by rows."""
    path = tmp_path / f"c.{form.split(maxsplit=1)[0]}"
    if path.suffix == ".npy":
        np.save(path, np.asfortranarray(values) if "Fortran" in form else values)
    elif path.suffix == ".npz":
        (np.savez_compressed if "packed" in form else np.savez)(path, covariance=values)
    else:
        chunks = {"rows": (3, len(values)), "columns": (len(values), 2), "tiles": (5, 4)}.get(
            form.rsplit(maxsplit=1)[-1]
        )
        with h5py.File(path, "w") as file:
            file.create_dataset("covariance", data=values, chunks=chunks)
    return path


FORMS = ["npy", "npy in Fortran order", "npz", "npz packed", "h5", "h5 by rows", "h5 by columns", "h5 by tiles"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_matrix_of_any_numbers_is_read_some_rows_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, dtype: str
) -> None:
    size, shares = 11, list[float]()
    monkeypatch.setattr("grnledger.engine.network.covariance.BLOCK_BYTES", 8 * size * 4)
    monkeypatch.setattr("grnledger.formats.files.hdf5_members.SLAB", 8 * size * 4)
    values = (100 * covariance(size)).astype(dtype)
    file = read_covariance(written_as(tmp_path, form, values), shares.append)
    assert file.values.dtype == np.float64
    assert np.array_equal(file.values, values.astype(np.float64))
    assert file.values.flags.c_contiguous
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(shares) > 1 or values.nbytes <= 8 * size * 4  # all of it is one block


@pytest.mark.parametrize("form", FORMS)
def test_a_matrix_that_is_not_symmetric_is_refused_by_the_pair_as_it_stands_in_the_file(
    tmp_path: Path, form: str
) -> None:
    values = covariance(12)
    values[2, 7] = 40.0
    with pytest.raises(InputError, match=r"not symmetric: row 3 with row 8 is 40, row 8 with row 3 is "):
        read_covariance(written_as(tmp_path, form, values))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("i", "j"), [(0, 0), (0, 11), (5, 3), (11, 10)])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_none_is_named_wherever_it_stands(
    tmp_path: Path, form: str, i: int, j: int, value: float
) -> None:
    values = covariance(12)
    values[i, j] = value
    with pytest.raises(InputError, match=rf"row {i + 1} with row {j + 1} is {value}, not a finite number"):
        read_covariance(written_as(tmp_path, form, values))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("share", [0.3, 0.9, 0.999])
def test_a_truncated_file_is_refused(tmp_path: Path, form: str, share: float) -> None:
    path = written_as(tmp_path, form, covariance(40))
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(InputError):
        read_covariance(path)


@pytest.mark.parametrize("form", [form for form in FORMS if form != "npy in Fortran order"])
@pytest.mark.parametrize("dtype", ["<f8", "<f4"])
def test_a_large_matrix_takes_one_array(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, dtype: str) -> None:
    size = 600
    monkeypatch.setattr("grnledger.engine.network.covariance.BLOCK_BYTES", 1 << 17)
    monkeypatch.setattr("grnledger.engine.network.dense.symmetry.SIDE", 64)
    half = np.random.default_rng(1).standard_normal((size, size))
    path = written_as(tmp_path, form, (half + half.T + 60 * np.eye(size)).astype(dtype))
    del half
    tracemalloc.start()
    try:
        read_covariance(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1.4 * 8 * size**2


def test_rows_of_text_are_put_in_order_without_a_second_array(tmp_path: Path) -> None:
    size = 300
    values = covariance(size)
    genes = [f"G{number}" for number in range(size)]
    order = np.random.default_rng(2).permutation(size)
    lines = ["\t".join(["gene", *genes])]
    lines += ["\t".join([genes[row], *map(repr, values[row].tolist())]) for row in order.tolist()]
    (tmp_path / "c.tsv").write_text("\n".join(lines) + "\n")
    file = read_covariance(tmp_path / "c.tsv")
    assert np.array_equal(file.values, values)
    assert file.genes == tuple(genes)


def test_asymmetry_by_rounding_is_averaged_with_a_note_and_more_is_refused_by_its_worst_pair(tmp_path: Path):
    values = covariance()
    values[0, 2] += 1e-12
    values[3, 1] += 1e-11
    write_matrix(tmp_path / "c.npz", values, GENES, GENES)
    file = read_covariance(tmp_path / "c.npz")
    assert np.array_equal(file.values, file.values.T)
    assert np.allclose(file.values, (values + values.T) / 2, rtol=0, atol=1e-16)
    assert "mean is taken" in file.notes[0]
    values[3, 1] += 1e-3
    write_matrix(tmp_path / "c.npz", values, GENES, GENES)
    with pytest.raises(InputError, match=r"not symmetric: (MDM2 with 7157|7157 with MDM2)"):
        read_covariance(tmp_path / "c.npz")


def test_small_genes_count_in_symmetry_as_large_ones_do(tmp_path: Path):
    values = np.diag([1e6, 1e-6, 1e-6])
    values[1, 2] = 1e-9
    write_matrix(tmp_path / "c.npy", values, "abc", "abc")
    with pytest.raises(InputError, match="not symmetric: row 2 with row 3"):
        read_covariance(tmp_path / "c.npy")


def test_a_large_matrix_is_compared_block_by_block(tmp_path: Path):
    values = covariance(1600, seed=4)
    write_matrix(tmp_path / "c.npy", values, range(1600), range(1600))  # type: ignore[arg-type]
    assert np.array_equal(read_covariance(tmp_path / "c.npy").values, values)
    values[1500, 40] += 1e-10 * np.sqrt(values[40, 40] * values[1500, 1500])
    write_matrix(tmp_path / "c.npy", values, range(1600), range(1600))  # type: ignore[arg-type]
    evened = read_covariance(tmp_path / "c.npy").values
    assert np.array_equal(evened, evened.T)
    assert np.array_equal(evened, (values / 2 + values.T / 2))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("gene\ta\tb\na\t1\t0\n", "square"),
        ("gene\ta\tb\na\t1\t0\nb\t0\t1\nc\t0\t0\n", "line 4: there is one row too many"),
        ("gene\ta\tb\nc\t1\t0\na\t0\t1\n", "row c is where column a should be"),
        ("gene\ta\tb\na\t1\tNA\nb\t0\t1\n", "a with b is nan"),
        ("gene\ta\tb\na\t1\tx\nb\t0\t1\n", "line 2, column b: 'x'"),
        ("gene\ta\t\tb\na\t1\t0\t0\n", "column number 2 has an empty name"),
        ("gene\ta\tb\n", "no rows of numbers"),
        ("gene\n", "no rows of numbers|fields"),
        ("", "is empty"),
    ],
)
def test_a_covariance_that_cannot_be_used_is_refused_by_name(tmp_path: Path, content: str, sentence: str):
    (tmp_path / "c.tsv").write_text(content)
    with pytest.raises(InputError, match=sentence):
        read_covariance(tmp_path / "c.tsv")


def test_arrays_that_are_no_covariance_are_refused(tmp_path: Path):
    path = tmp_path / "c.npy"
    for array in (np.ones((2, 3)), np.ones(3), np.eye(2, dtype=complex), np.array([["a"]]), np.zeros((0, 0))):
        np.save(path, array)
        with pytest.raises(InputError):
            read_covariance(path)
    np.save(path, np.array([[{}]], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match="never unpickled"):
        read_covariance(path)
    write_npz(tmp_path / "c.npz", {"matrix": np.eye(2), "genes": ["a"]})
    with pytest.raises(InputError, match="names 1 genes"):
        read_covariance(tmp_path / "c.npz")
    write_npz(tmp_path / "c.npz", {"loadings": np.eye(2)})
    with pytest.raises(InputError, match="it holds loadings"):
        read_covariance(tmp_path / "c.npz")
    with h5py.File(tmp_path / "c.h5", "w") as file:
        file["loadings"] = np.eye(2)
    with pytest.raises(InputError, match="it holds loadings"):
        read_covariance(tmp_path / "c.h5")


def test_a_header_that_claims_more_than_the_file_is_refused_before_room_is_made(tmp_path: Path):
    buffer = io.BytesIO()
    header = {"descr": "<f8", "fortran_order": False, "shape": (10**7, 10**7)}
    np.lib.format.write_array_header_1_0(buffer, header)
    (tmp_path / "c.npy").write_bytes(buffer.getvalue() + b"\0" * 800)
    with pytest.raises(InputError, match="more than the file holds"):
        read_covariance(tmp_path / "c.npy")


# Factor models


def model(*, correlated: bool) -> FactorCovariance:
    rng = np.random.default_rng(6)
    factor = np.array([[2.0, 0.3], [0.3, 1.0]]) if correlated else None
    return FactorCovariance(rng.uniform(0.1, 1, 4), rng.normal(size=(4, 2)), factor)


@pytest.mark.parametrize("correlated", [True, False])
def test_a_factor_model_reads_back_to_the_same_bits(tmp_path: Path, correlated: bool):
    written = model(correlated=correlated)
    write_factor_model(tmp_path / "m.npz", written, GENES)
    file = read_factor_model(tmp_path / "m.npz")
    assert np.array_equal(file.model.loadings, written.loadings)
    assert np.array_equal(file.model.noise, written.noise)
    assert (file.model.factor_covariance is None) == (not correlated)
    assert np.array_equal(file.model.columns(), written.columns())
    assert (file.genes, file.factors) == (GENES, ("factor1", "factor2"))


def test_a_model_without_factors_reads_back(tmp_path: Path):
    write_factor_model(tmp_path / "m.npz", FactorCovariance(np.ones(2), np.zeros((2, 0))), ["a", "b"])
    file = read_factor_model(tmp_path / "m.npz")
    assert (file.model.loadings.shape, file.factors) == ((2, 0), ())


def test_equal_factor_models_are_equal_files(tmp_path: Path):
    for name in ("a.npz", "b.npz"):
        write_factor_model(tmp_path / name, model(correlated=True), GENES)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_a_factor_model_reads_from_tables_matched_by_name(tmp_path: Path):
    (tmp_path / "b.tsv").write_text("gene\tf1\tf2\nTP53\t.8\t\nBRCA1\t.7\t0\nIL6\t.1\t.9\nTNF\t.1\t.8\n")
    (tmp_path / "f.tsv").write_text("x\tf2\tf1\nf2\t1\t.2\nf1\t.2\t4\n")
    for title in ("", "gene\tnoise\n"):
        (tmp_path / "d.tsv").write_text(f"{title}TNF\t.06\nTP53\t.04\nIL6\t.05\nBRCA1\t.03\n")
        file = read_factor_tables(tmp_path / "b.tsv", tmp_path / "d.tsv", factor_covariance=tmp_path / "f.tsv")
        assert file.genes == ("TP53", "BRCA1", "IL6", "TNF")
        assert file.model.noise.tolist() == [0.04, 0.03, 0.05, 0.06]
        assert file.model.loadings.tolist() == [[0.8, 0], [0.7, 0], [0.1, 0.9], [0.1, 0.8]]
        assert file.model.factor_covariance is not None
        assert file.model.factor_covariance.tolist() == [[4, 0.2], [0.2, 1]]
        assert any("d.tsv has the SHA-256" in note for note in file.notes)
    plain = read_factor_tables(tmp_path / "b.tsv", tmp_path / "d.tsv").model
    b, d = plain.loadings, plain.noise
    expected = [
        [0.68, 0.56, 0.08, 0.08],
        [0.56, 0.52, 0.07, 0.07],
        [0.08, 0.07, 0.87, 0.73],
        [0.08, 0.07, 0.73, 0.71],
    ]
    assert np.allclose(b @ b.T + np.diag(d), expected, rtol=0, atol=1e-15)


@pytest.mark.parametrize(
    ("noise", "factor", "sentence"),
    [
        ("a\t1\n", None, "no noise for 1 gene"),
        ("a\t1\nb\t1\nc\t1\n", None, "no loadings for 1 gene"),
        ("a\t1\nb\t-1\n", None, "must be positive"),
        ("a\t1\nb\t\n", None, "not finite"),
        ("a\t1\nb\t1\na\t2\n", None, "gene a occurs more than once"),
        ("a\t1\nb\t1\n", "x\tg\ng\t1\n", "does not name f1, f2; it names g"),
        ("a\t1\nb\t1\n", "1\n", "2 columns"),
        ("a\t1\nb\t1\n", "1 2\n2 1\n", "not positive definite"),
    ],
)
def test_factor_tables_that_do_not_fit_are_refused(tmp_path: Path, noise: str, factor: str | None, sentence: str):
    (tmp_path / "b.tsv").write_text("gene\tf1\tf2\na\t1\t2\nb\t2\t1\n")
    (tmp_path / "d.tsv").write_text(noise)
    (tmp_path / "f.tsv").write_text(factor or "")
    with pytest.raises((InputError, NotPositiveDefinite), match=sentence):
        read_factor_tables(
            tmp_path / "b.tsv", tmp_path / "d.tsv", factor_covariance=tmp_path / "f.tsv" if factor else None
        )


@pytest.mark.parametrize(
    "change", [{"noise": np.ones(3)}, {"genes": ["a"]}, {"factors": ["x"]}, {"factor_covariance": np.eye(3)}]
)
def test_an_archive_that_makes_no_factor_model_is_refused(tmp_path: Path, change: dict[str, object]):
    arrays = {"loadings": np.ones((2, 2)), "noise": np.ones(2), "genes": ["a", "b"], **change}
    write_npz(tmp_path / "m.npz", arrays)  # type: ignore[arg-type]
    with pytest.raises(GrnError):
        read_factor_model(tmp_path / "m.npz")
    write_npz(tmp_path / "m.npz", {"loadings": np.ones((2, 2)), "genes": ["a", "b"]})
    with pytest.raises(InputError, match="no array named 'noise'; it holds genes, loadings"):
        read_factor_model(tmp_path / "m.npz")
    with pytest.raises(NotFound):
        read_factor_model(tmp_path / "absent.npz")


def test_rows_in_another_order_are_known_by_their_names(tmp_path: Path) -> None:
    (tmp_path / "c.tsv").write_text("\ta\tb\tc\nb\t0.5\t2\t0.1\na\t1\t0.5\t0.2\nc\t0.2\t0.1\t3\n")
    read = read_covariance(tmp_path / "c.tsv")
    assert read.genes == ("a", "b", "c")
    assert np.array_equal(read.values, [[1, 0.5, 0.2], [0.5, 2, 0.1], [0.2, 0.1, 3]])


@pytest.mark.parametrize("comment", ["# precision matrix (glasso)", "# inverse covariance", "# partial correlations"])
def test_a_matrix_that_says_it_is_no_covariance_is_refused(tmp_path: Path, comment: str) -> None:
    (tmp_path / "c.tsv").write_text(f"{comment}\n\ta\tb\na\t1\t0.5\nb\t0.5\t2\n")
    with pytest.raises(InputError, match="says in its first lines"):
        read_covariance(tmp_path / "c.tsv")


def test_columns_beside_a_covariance_are_named(tmp_path: Path) -> None:
    (tmp_path / "c.tsv").write_text("\ta\tb\tMean\tN\na\t1\t0.5\t7\t8\nb\t0.5\t2\t6\t8\n")
    with pytest.raises(InputError, match="no row is named as Mean, N"):
        read_covariance(tmp_path / "c.tsv")


def test_correlations_are_said(tmp_path: Path) -> None:
    (tmp_path / "c.tsv").write_text("\ta\tb\tc\na\t1\t0.5\t0\nb\t0.5\t1\t0\nc\t0\t0\t1\n")
    assert any("seem to be correlations" in note for note in read_covariance(tmp_path / "c.tsv").notes)
