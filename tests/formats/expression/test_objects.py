"""Objects in memory: AnnData, DataFrames, and matrices with names."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import grnledger
import numpy as np
import pytest
from grnledger.engine.errors import InputError, NotFound
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
    with pytest.raises(InputError, match="^sheet cannot go with an object in memory, only with a file"):
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
