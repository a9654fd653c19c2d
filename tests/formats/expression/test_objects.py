"""Objects in memory: AnnData, DataFrames, and matrices with names."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import grnledger
import numpy as np
import pytest
from grnledger.engine.errors import InputError, NotFound
from grnledger.formats.expression.expression import read_expression
from grnledger.formats.expression.hdf5_request import Request
from grnledger.formats.expression.objects import read_expression_object
from scipy.sparse import csc_matrix, csr_matrix

if TYPE_CHECKING:
    from pathlib import Path

GENES, CELLS = ("TP53", "MDM2", "MYC", "EGFR"), ("c1", "c2", "c3", "c4", "c5")
VALUES = np.random.default_rng(5).poisson(4, size=(4, 5)).astype(float)
SCALED = (VALUES - VALUES.mean(axis=1, keepdims=True)) / VALUES.std(axis=1, ddof=1, keepdims=True)


def check(expression: Any, values: np.ndarray = VALUES, genes: tuple[str, ...] = GENES) -> None:
    assert np.array_equal(expression.values, values)
    assert (expression.genes, expression.samples) == (genes, CELLS)


@pytest.mark.parametrize("maker", [np.asarray, csr_matrix, csc_matrix, lambda a: a.astype(np.float32)])
def test_a_matrix_with_names_is_genes_by_samples(maker: Any):
    check(read_expression_object((maker(VALUES), GENES, CELLS), Request())[0])
    check(read_expression_object((maker(VALUES.T), list(GENES), list(CELLS)), Request("columns"))[0])
    with pytest.raises(InputError, match=r"shape \(5, 4\), and there are names for 4 genes and 5") as refusal:
        read_expression_object((maker(VALUES.T), GENES, CELLS), Request())
    assert "genes_in='columns'" in refusal.value.hint


@pytest.mark.parametrize(
    ("source", "request_", "sentence"),
    [
        ([1, 2], Request(), "object of type list"),
        ((VALUES, GENES), Request(), "object of type tuple"),
        ((VALUES, GENES, CELLS), Request(raw=True), "Only an AnnData object has layers"),
        ((VALUES, GENES, CELLS), Request(where=("a=b",)), "Only an AnnData object or a DataFrame"),
        ((np.ones(3), GENES, CELLS), Request(), "two axes and real numbers"),
        ((VALUES.astype(complex), GENES, CELLS), Request(), "two axes and real numbers"),
        ((VALUES, ("", *GENES[1:]), CELLS), Request(), "gene number 1 has an empty name"),
    ],
)
def test_objects_that_are_no_expression_are_refused(source: Any, request_: Request, sentence: str):
    with pytest.raises(InputError, match=sentence):
        read_expression_object(source, request_)


class Column(list[Any]):
    """A column as pandas has it, as far as it is asked."""

    dtype = SimpleNamespace(kind="O")

    def tolist(self) -> list[Any]:
        return list(self)


class Columns:
    """A table of columns as pandas has it, as far as it is asked."""

    def __init__(self, index: tuple[str, ...], **columns: list[Any]) -> None:
        self.index, self.columns = index, list(columns)
        self.iloc = self
        self._columns = list(columns.values())

    def __getitem__(self, key: tuple[slice, int]) -> Column:
        return Column(self._columns[key[1]])


def annotated(x: Any, raw: Any = None, **layers: Any) -> Any:
    """An object that has what AnnData has: cells × genes."""
    ids = tuple(f"ENSG0000000000{i}" for i in range(4))
    variables = Columns(ids, feature_name=list(GENES))
    return SimpleNamespace(
        X=x,
        layers=layers,
        raw=None if raw is None else SimpleNamespace(X=raw, var=variables),
        obs=Columns(CELLS, cell_type=["T", "T", "T", "B", None]),
        var=variables,
        obs_names=CELLS,
        var_names=ids,
    )


def test_anndata_is_cells_by_genes():
    data = annotated(csr_matrix(VALUES.T), raw=VALUES.T + 2, counts=csc_matrix(VALUES.T + 1))
    for options, values in (({}, VALUES), ({"layer": "counts"}, VALUES + 1), ({"raw": True}, VALUES + 2)):
        check(read_expression_object(data, Request(gene_column="feature_name", **options))[0], values)
    expression, notes = read_expression_object(data, Request(where=("cell_type=T",)))
    assert np.array_equal(expression.values, VALUES[:, :3])
    assert expression.genes[0] == "ENSG00000000000"
    assert notes == (
        "cells × genes from X of an AnnData object",
        "gene names are the index of var, apparently Ensembl gene ids; var also has feature_name",
        "3 of 5 samples have cell_type = T",
    )


@pytest.mark.parametrize(
    ("data", "options", "sentence"),
    [
        (annotated(SCALED.T, raw=VALUES.T), {}, "X is standardised.* raw/X stands beside it"),
        (annotated(SCALED.T, counts=VALUES.T), {}, "X is standardised.* layers/counts stands beside it"),
        (annotated(np.log1p(VALUES.T), counts=VALUES.T), {"counts": True}, "X holds decimals"),
        (annotated(VALUES.T), {"raw": True}, "no raw matrix"),
        (annotated(VALUES.T), {"layer": "counts"}, "no layer named 'counts'"),
        (annotated(None, counts=VALUES.T), {}, "no matrix X; it has counts"),
        (annotated(VALUES.T), {"gene_column": "x"}, "var has no column 'x'; it has feature_name"),
        (annotated(VALUES.T), {"where": ("x=1",)}, "obs has no column 'x'; it has cell_type"),
        (annotated(VALUES.T), {"genes_in": "rows"}, "genes are the columns"),
    ],
)
def test_what_anndata_has_not_or_cannot_mean_is_refused(data: Any, options: dict[str, Any], sentence: str):
    with pytest.raises((InputError, NotFound), match=sentence):
        read_expression_object(data, Request(**options))
    if "standardised" in sentence:
        check(read_expression_object(data, Request(layer="X"))[0], SCALED, data.var_names)


def test_a_store_begins_with_an_object(tmp_path: Path):
    repo = grnledger.init(tmp_path / "a.grn", expression=(csr_matrix(VALUES), GENES, CELLS))
    assert repo.snapshot("v0").panel.genes == GENES
    assert repo.base().record.source is None
    data = annotated(VALUES.T)
    repo = grnledger.init(tmp_path / "b.grn", expression=data, gene_column="feature_name", where=["cell_type=T"])
    assert repo.base().record.samples == 3
    with pytest.raises(InputError, match="sheet cannot go with an object in memory, only with a file"):
        grnledger.init(tmp_path / "c.grn", expression=data, sheet="a")


def test_a_dataframe_is_read_by_the_rules_of_tables():
    pandas = pytest.importorskip("pandas")
    values = np.random.default_rng(2).normal(size=(4, 5))
    frame = pandas.DataFrame(values, index=GENES, columns=CELLS)
    for table, options in (
        (frame, {}),
        (frame.T, {}),
        (frame.T, {"genes_in": "columns"}),
        (frame.rename_axis("gene"), {}),
        (frame.rename_axis("gene").reset_index(), {}),
        (frame.astype("Float64"), {}),
    ):
        expression, notes = read_expression_object(table, Request(**options))
        check(expression, values)
        assert notes[0] == "read from a DataFrame"
    check(read_expression_object(frame.astype("float32"), Request())[0], values.astype(np.float32).astype(float))


def test_a_dataframe_without_names_or_numbers_is_refused():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(VALUES, index=GENES, columns=CELLS)
    for table, sentence in (
        (pandas.DataFrame(VALUES), "no names for its rows"),
        (pandas.concat({"a": frame}), "its rows by 2 levels"),
        (pandas.concat({"a": frame}, axis=1), "its columns by 2 levels"),
        (
            frame.astype(object).assign(c5=["x", 1, 2, 3][: len(frame)]),
            "The DataFrame, line 2, column c5: 'x' is not a number",
        ),
        (frame.iloc[:0], "shape 0 × 5"),
    ):
        with pytest.raises(InputError, match=sentence):
            read_expression_object(table, Request())


@pytest.mark.parametrize(
    ("genes", "samples", "sentence"),
    [
        (range(4), CELLS, "these are numbers of rows or columns, not of genes"),
        (["1", "2", "3", "4"], CELLS, "these are numbers of rows or columns"),
        (np.arange(4.0), CELLS, "these are numbers of rows or columns"),
        (["TP53", None, "MYC", "EGFR"], CELLS, "gene number 2 has an empty name"),
        (GENES, ["c1", "", "c3", "c4", "c5"], "sample number 2 has an empty name"),
        (GENES, ["c1", float("nan"), "c3", "c4", "c5"], "sample number 2 has an empty name"),
    ],
)
def test_names_beside_a_matrix_must_be_names(genes: Any, samples: Any, sentence: str):
    with pytest.raises(InputError, match=sentence):
        read_expression_object((VALUES, genes, samples), Request())


IDS = ("7157", "4193", "4609", "1956")


@pytest.mark.parametrize("genes", [[7157.0, 4193.0, 4609.0, 1956.0], ["7157.0", "4193", "4609.0", "1956"]])
def test_ids_that_became_decimals_are_whole_in_whatever_object(genes: list[Any]):
    expression, notes = read_expression_object((VALUES, genes, CELLS), Request())
    check(expression, genes=IDS)
    assert any("ids read as whole numbers, such as 7157.0 as 7157" in note for note in notes)
    data = annotated(VALUES.T)
    data.var.index = data.var_names = tuple(genes)
    expression, notes = read_expression_object(data, Request())
    check(expression, genes=IDS)
    assert any("ids read as whole numbers, such as 7157.0" in note for note in notes)
    assert any("apparently Entrez ids; var also has feature_name" in note for note in notes)
    data.var.index = data.var_names = ("0", "1", "2", "3")
    with pytest.raises(InputError, match="these are numbers of rows or columns") as refusal:
        read_expression_object(data, Request())
    assert refusal.value.code == "genes-are-row-numbers"
    check(read_expression_object(data, Request(gene_column="feature_name"))[0])


def frame_of_kinds() -> Any:
    """A table with text, whole numbers, decimals, missing values and numbers as text, of more rows than are peeked."""
    pandas = pytest.importorskip("pandas")
    stream = np.random.default_rng(11)
    frame = pandas.DataFrame(stream.normal(7, 2, size=(70, 6)), columns=[f"s{i}" for i in range(6)])
    frame["s1"] = stream.integers(0, 9, 70)
    frame["s2"] = frame["s2"].map("{:.3f}".format)
    frame["s3"] = frame["s3"].astype("float32")
    frame["s4"] = frame["s4"].astype("Float64")
    frame.insert(0, "length", stream.integers(200, 9000, 70))
    frame.insert(0, "gene", [f"GENE{i}" for i in range(70)])
    frame["chr"] = ["chr1"] * 70
    return frame


FRAME_OPTIONS = [
    {},
    {"columns": ("s[0-4]",)},
    {"skip_columns": ("s5",)},
    {"gene_column": "gene"},
    {"sample_table": "samples.tsv", "where": ("cell=T",)},
]


@pytest.mark.parametrize("options", FRAME_OPTIONS, ids=str)
@pytest.mark.parametrize("index", [False, True])
def test_a_dataframe_is_read_as_the_file_that_it_is_written_to(tmp_path: Path, options: dict[str, Any], *, index: bool):
    frame = frame_of_kinds()
    if index and "gene_column" not in options:
        frame = frame.set_index("gene")
    in_full = frame.astype({"s3": "float64"})  # pandas writes the fewest digits of a float32
    in_full.to_csv(tmp_path / "f.tsv", sep="\t", index=index and "gene_column" not in options)
    (tmp_path / "samples.tsv").write_text("sample\tcell\n" + "".join(f"s{i}\t{'TTTTBB'[i]}\n" for i in range(6)))
    if "sample_table" in options:
        options = options | {"sample_table": tmp_path / "samples.tsv"}
    file = read_expression(tmp_path / "f.tsv", **options)
    expression, notes = read_expression_object(frame, Request(**options))
    assert (expression.genes, expression.samples) == (file.expression.genes, file.expression.samples)
    assert np.array_equal(expression.values, file.expression.values)
    assert notes[1:] == file.notes[1:]
    assert frame.iloc[0, 2] == frame_of_kinds()[frame.columns[2]].iloc[0]


def test_text_far_down_in_a_dataframe_is_named_as_in_a_file():
    frame = frame_of_kinds()
    frame["s2"] = frame["s2"].astype(object)
    frame.loc[66, "s2"] = "low"
    with pytest.raises(InputError, match="The DataFrame, line 68, column s2: 'low' is not a number"):
        read_expression_object(frame, Request())
    frame.loc[66, "s2"] = "1_000"
    with pytest.raises(InputError, match="line 68, column s2: '1_000' is not a number"):
        read_expression_object(frame, Request())


def test_options_that_do_not_go_with_an_object_are_named_alone(tmp_path: Path):
    frame = frame_of_kinds()
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"decimal": "comma"}, "decimal cannot go with an object in memory"),
        ({"header": False, "sheet": "a"}, "header and sheet cannot go with"),
        ({"gene_names": "genes.txt"}, "gene_names cannot go with"),
    ]
    for options, sentence in wrong:
        with pytest.raises(InputError, match=f"^{sentence}"):
            grnledger.init(tmp_path / "a.grn", expression=frame, **options)
    with pytest.raises(InputError, match="only a DataFrame is read with columns"):
        grnledger.init(tmp_path / "a.grn", expression=(VALUES, GENES, CELLS), columns=["c1"])
    repo = grnledger.init(tmp_path / "a.grn", expression=frame, skip_columns=["s5"])
    assert repo.base().record.samples == 5


def test_the_numbers_of_a_dataframe_stay_the_users():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(VALUES.copy(), index=GENES, columns=CELLS)
    expression, _ = read_expression_object(frame, Request())
    frame.iloc[0, 0] += 1.0
    assert np.array_equal(expression.values, VALUES)


@pytest.mark.parametrize("title", ["", "#gene"])
def test_a_dataframe_whose_titles_a_table_would_not_have_is_no_trap(title: str):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(VALUES, index=pandas.Index(GENES, name=title), columns=CELLS)
    check(read_expression_object(frame, Request())[0])
    with pytest.raises(InputError, match="a column without a title"):
        read_expression_object(frame.rename(columns={"c5": ""}), Request())
