"""Covariances as R and NumPy write them: half a table, names above alone, lists of pairs, arrays under other names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest
from grnledger.cli.hints import hint_of
from grnledger.engine.errors import InputError, NotPositiveDefinite
from grnledger.formats.models.covariances import read_covariance, refuse_distances
from grnledger.formats.models.matrix_export import write_npz

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

GENES = ("TP53", "MDM2", "MYC", "EGFR")
VALUES = np.array([[2, 0.5, 0.25, 1], [0.5, 3, -0.5, 0.125], [0.25, -0.5, 1, 0.75], [1, 0.125, 0.75, 4]])


def text(values: NDArray[np.float64], names: tuple[str, ...], *, mark: str, blank: str = "", rows: bool = True) -> str:
    lines = [mark.join(([""] if rows else []) + [f'"{name}"' for name in names])]
    for name, row in zip(names, values, strict=True):
        fields = [blank if np.isnan(value) else f"{value:.6g}" for value in row]
        lines.append(mark.join(([f'"{name}"'] if rows else []) + fields))
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("mark", [",", "\t", " "])
@pytest.mark.parametrize("names", [GENES, ("TP53", "4193", "4609", "1956")])
def test_names_above_the_columns_are_enough(tmp_path: Path, mark: str, names: tuple[str, ...]):
    path = tmp_path / "c.csv"
    path.write_text(text(VALUES, names, mark=mark, rows=False))
    file = read_covariance(path)
    assert file.genes == names
    np.testing.assert_array_equal(file.values, VALUES)


def test_names_above_the_columns_are_not_those_of_other_rows(tmp_path: Path):
    path = tmp_path / "c.csv"
    path.write_text("id,1,2\n1,2,0.5\n2,0.5,1\n")
    assert read_covariance(path).genes == ("1", "2")
    path.write_text("A,B,C\n2,0.5,0.1\n0.5,1,0.2\n0.1,0.2,1\n0.1,0.2,1\n")
    with pytest.raises(InputError):
        read_covariance(path)


@pytest.mark.parametrize("half", ["above", "below"])
@pytest.mark.parametrize("blank", ["", "NA"])
def test_a_triangle_with_a_blank_half_is_mirrored(tmp_path: Path, half: str, blank: str):
    values = VALUES.copy()
    values[np.triu_indices(4, 1) if half == "above" else np.tril_indices(4, -1)] = np.nan
    path = tmp_path / "c.csv"
    path.write_text(text(values, GENES, mark=",", blank=blank))
    file = read_covariance(path)
    np.testing.assert_array_equal(file.values, VALUES)
    assert file.notes == (f"the half {half} the diagonal is blank: it is the mirror image of the other",)
    values[3, 3] = np.nan
    path.write_text(text(values, GENES, mark=",", blank=blank))
    with pytest.raises(InputError, match="not a finite number"):
        read_covariance(path)


@pytest.mark.parametrize("half", ["above", "below"])
def test_a_triangle_of_zeros_is_refused_as_one(tmp_path: Path, half: str):
    values = VALUES.copy()
    values[np.triu_indices(4, 1) if half == "above" else np.tril_indices(4, -1)] = 0
    path = tmp_path / "c.csv"
    path.write_text(text(values, GENES, mark=","))
    with pytest.raises(InputError, match=f"is a triangle: all entries {half}"):
        read_covariance(path)


@pytest.mark.parametrize("titles", ["g1,g2,cov\n", "row,column,value\n", ""])
@pytest.mark.parametrize("are_both", [True, False])
def test_a_list_of_all_pairs_is_read(tmp_path: Path, titles: str, are_both: bool):
    path = tmp_path / "c.csv"
    pairs = [(i, j) for i in range(4) for j in range(4) if are_both or i <= j]
    path.write_text(titles + "".join(f"{GENES[i]},{GENES[j]},{float(VALUES[i, j])!r}\n" for i, j in pairs))
    file = read_covariance(path)
    np.testing.assert_array_equal(file.values, VALUES)
    assert file.genes == GENES
    assert file.notes == ("read as a list of pairs, 10 pairs of 4 genes",)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ("TP53,MDM2,0.5\nMDM2,TP53,0.5\nMDM2,MDM2,1\n", "lacks 1 pair of 2 genes: TP53 with itself"),
        ("TP53,TP53,1\nBAX,BAX,1\nMDM2,MDM2,1\nTP53,BAX,.2\n", "lacks 2 pairs of 3 genes: TP53 with MDM2"),
        ("TP53,TP53,1\nTP53,MDM2,.5\nMDM2,TP53,.4\nMDM2,MDM2,1\n", "line 4: MDM2 with TP53 is .4 here, and 0.5"),
    ],
)
def test_a_list_of_pairs_that_is_no_covariance_is_refused(tmp_path: Path, rows: str, sentence: str):
    path = tmp_path / "c.csv"
    path.write_text("g1,g2,cov\n" + rows)
    with pytest.raises(InputError, match=sentence):
        read_covariance(path)


def test_titles_as_r_makes_names_are_those_of_the_rows(tmp_path: Path):
    genes = ("HLA-A", "NKX2-1", "7SK", "TP53")
    rows = "".join(f"{gene},{','.join(map(repr, row.tolist()))}\n" for gene, row in zip(genes, VALUES, strict=True))
    path = tmp_path / "c.csv"
    path.write_text(",HLA.A,NKX2.1,X7SK,TP53\n" + rows)
    file = read_covariance(path)
    assert file.genes == genes
    assert "HLA.A is HLA-A" in file.notes[0]


def test_other_columns_of_text_are_skipped(tmp_path: Path):
    rows = "".join(
        f"ENSG{i},{gene},chr{i},{','.join(map(repr, row.tolist()))}\n"
        for i, (gene, row) in enumerate(zip(GENES, VALUES, strict=True))
    )
    path = tmp_path / "c.csv"
    path.write_text(f"id,symbol,chrom,{','.join(GENES)}\n" + rows)
    file = read_covariance(path)
    np.testing.assert_array_equal(file.values, VALUES)
    assert file.genes == GENES
    assert file.notes == ("columns of text skipped: 'id', 'chrom'",)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ("_TYPE_,_NAME_,A,B\nMEAN,,8.1,9.2\nCORR,A,1,.2\nCORR,B,.2,1\n", "line 2: 1 row without a name"),
        (
            '"","row","column","cor","p"\n"1",A,B,.5,.01\n"2",A,C,.2,.3\n',
            "pairs of genes with several numbers each: 'cor'",
        ),
        ("row,column,cor,p\nA,B,.5,.01\nA,C,.2,.3\n", "pairs of genes with several numbers each: 'cor', 'p'"),
        (",A,B,C\nA,1,,.1\nB,,,\nC,.1,,1\n", "has no number for B with any gene"),
    ],
)
def test_what_programs_write_beside_correlations_is_named(tmp_path: Path, rows: str, sentence: str):
    path = tmp_path / "c.csv"
    path.write_text(rows)
    with pytest.raises(InputError, match=sentence):
        read_covariance(path)


@pytest.mark.parametrize("rounding", [0.0, 2e-16, -2e-16])
def test_distances_are_no_covariance(tmp_path: Path, rounding: float):
    values = 1 - VALUES / np.sqrt(np.outer(VALUES.diagonal(), VALUES.diagonal()))
    values[np.diag_indices(4)] = rounding
    path = tmp_path / "c.csv"
    values[0, 1] += rounding
    path.write_text(text(values, GENES, mark=","))
    with pytest.raises(InputError, match="is 0 throughout: this is a matrix of distances"):
        refuse_distances(read_covariance(path), path)


def test_no_variance_is_negative(tmp_path: Path):
    values = VALUES.copy()
    values[2, 2] = -1
    path = tmp_path / "c.csv"
    path.write_text(text(values, GENES, mark=","))
    with pytest.raises(InputError, match=f"the variance of {GENES[2]} is -1"):
        refuse_distances(read_covariance(path), path)


@pytest.mark.parametrize("name", ["covariance", "matrix", "cov", "sigma", "Sigma", "arr_0"])
@pytest.mark.parametrize("genes", ["genes", "gene_names", "names", None])
@pytest.mark.parametrize("ending", ["npz", "h5"])
def test_the_only_square_array_is_the_covariance(tmp_path: Path, name: str, genes: str | None, ending: str):
    path = tmp_path / f"c.{ending}"
    arrays = {name: VALUES, "x": np.ones((2, 3))} | ({genes: np.array(GENES)} if genes else {})
    if ending == "npz":
        write_npz(path, arrays)
    else:
        with h5py.File(path, "w") as file:
            for key, array in arrays.items():
                file[key] = array.astype("S") if array.dtype.kind == "U" else array
    file = read_covariance(path)
    np.testing.assert_array_equal(file.values, VALUES)
    assert file.genes == (GENES if genes else None)


@pytest.mark.parametrize("arrays", [{"cov": VALUES, "sigma": VALUES}, {"cov": VALUES[:2]}, {"loadings": VALUES}])
def test_arrays_that_may_be_something_else_are_named(tmp_path: Path, arrays: dict[str, NDArray[np.float64]]):
    write_npz(tmp_path / "c.npz", arrays)
    with pytest.raises(InputError, match=f"it holds {', '.join(arrays)}"):
        read_covariance(tmp_path / "c.npz")


@pytest.mark.parametrize(("fact", "ridge"), [("-0", "larger than 0."), ("7.46", "larger than 7.46.")])
def test_a_ridge_is_not_minus_nought(fact: str, ridge: str):
    error = NotPositiveDefinite("It is singular.", code="singular-covariance", facts={"ridge": fact}, eigenvalue=0.0)
    assert hint_of(error).endswith(ridge)
