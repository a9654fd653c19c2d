"""Covariances as R and NumPy write them: half a table, names above alone, lists of pairs, arrays under other names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest
from grnledger.cli.hints import hint_of
from grnledger.engine.errors import InputError, NotPositiveDefinite
from grnledger.formats.models.covariances import read_covariance
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


@pytest.mark.parametrize("titles", ["g1,g2,cov", "row,column,value", "TP53,TP53,2"])
def test_a_list_of_pairs_is_refused_as_one(tmp_path: Path, titles: str):
    path = tmp_path / "c.csv"
    path.write_text(f"{titles}\nTP53,MDM2,0.5\nMDM2,TP53,0.5\nMDM2,MDM2,1\n")
    with pytest.raises(InputError, match="list of pairs of genes"):
        read_covariance(path)


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
