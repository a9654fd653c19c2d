"""Workbooks and parquet files: the rows of a table by the rules of text."""

from __future__ import annotations

import datetime as dt
import sys
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from grnledger.engine.errors import InputError, NotFound
from grnledger.formats.expression.expression import read_expression
from grnledger.formats.tables.cells import lines_of_rows
from grnledger.formats.tables.delimited import open_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

GENES, SAMPLES = ("TP53", "MDM2", "MYC", "EGFR"), ("s1", "s2", "s3")
VALUES = np.random.default_rng(3).normal(size=(4, 3)).round(9)
"""Of no more digits than openpyxl writes."""
RAISED = (VALUES + 1).round(9)


def rows(values: np.ndarray = VALUES, corner: str | None = None) -> list[list[Any]]:
    return [[corner, *SAMPLES], *([gene, *row] for gene, row in zip(GENES, values.tolist(), strict=True))]


def write_workbook(path: Path, **sheets: Sequence[Sequence[Any]]) -> Path:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, content in sheets.items():
        sheet = book.create_sheet(name)
        for row in content:
            sheet.append(list(row))
    book.save(path)
    return path


def write_parquet(path: Path, columns: dict[str, Any], metadata: dict[str, str] | None = None, **options: Any) -> Path:
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.table(columns, metadata=metadata), path, **options)
    return path


def check(path: Path, values: np.ndarray = VALUES, **options: Any) -> None:
    expression = read_expression(path, **options).expression
    assert np.array_equal(expression.values, values)
    assert (expression.genes, expression.samples) == (GENES, SAMPLES)


@pytest.mark.parametrize("corner", [None, "gene", "Gene Symbol"])
def test_a_sheet_is_read_to_the_last_bit(tmp_path: Path, corner: str | None):
    path = write_workbook(tmp_path / "a.xlsx", expression=rows(corner=corner))
    check(path)
    assert any("of a workbook" in note for note in read_expression(path).notes)


def test_empty_sheets_do_not_count_and_several_full_ones_are_refused(tmp_path: Path):
    check(write_workbook(tmp_path / "a.xlsx", Sheet1=rows(), Sheet2=[], Sheet3=[[None]]))
    path = write_workbook(tmp_path / "b.xlsx", raw=rows(RAISED), normalised=rows())
    with pytest.raises(InputError, match="2 sheets that hold something: raw, normalised") as refusal:
        read_expression(path)
    assert refusal.value.code == "several-sheets"
    check(path, sheet="normalised")
    check(path, RAISED, sheet="raw")
    with pytest.raises(NotFound, match="no sheet 'x'; it has raw, normalised"):
        read_expression(path, sheet="x")
    with pytest.raises(InputError, match="holds nothing in 2 sheets"):
        read_expression(write_workbook(tmp_path / "c.xlsx", a=[], b=[[None, None]]))


@pytest.mark.parametrize("remarks", [[["Normalised by DESeq2."]], [[None, "Notes"], [None], [None, "log2"]]])
def test_a_sheet_of_remarks_in_one_column_is_no_table(tmp_path: Path, remarks: list[list[Any]]):
    path = write_workbook(tmp_path / "a.xlsx", notes=remarks, data=rows())
    check(path)
    assert "read as the sheet 'data' of a workbook" in read_expression(path).notes


def test_a_sheet_goes_with_a_workbook_alone(tmp_path: Path):
    (tmp_path / "a.tsv").write_text("gene\ta\tb\tc\nTP53\t1\t2\t3\nMYC\t1\t2\t4\n")
    with pytest.raises(InputError, match="is not a workbook, and has no sheet 'x'"):
        read_expression(tmp_path / "a.tsv", sheet="x")


def test_a_sheet_that_begins_below_or_has_empty_ends_is_read(tmp_path: Path):
    check(write_workbook(tmp_path / "a.xlsx", a=[[], [None], *rows(corner="gene"), []]))
    check(write_workbook(tmp_path / "b.xlsx", a=[[*row, None, None] for row in rows(corner="gene")]))


def test_what_is_no_number_in_a_sheet_is_named_with_its_row(tmp_path: Path):
    content = rows(corner="gene")
    content[2][2] = "n.d."
    with pytest.raises(InputError, match=r"line 3, column s2: 'n\.d\.' is not a number"):
        read_expression(write_workbook(tmp_path / "a.xlsx", a=content))
    content[2][2] = None
    with pytest.raises(InputError, match=r"not finite: nan \(gene MDM2 in sample s2\)"):
        read_expression(write_workbook(tmp_path / "b.xlsx", a=content))


def test_a_workbook_that_bursts_or_is_damaged_is_refused(tmp_path: Path):
    path = write_workbook(tmp_path / "a.xlsx", a=rows())
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/image1.png", bytes(40 << 20))
    with pytest.raises(InputError, match="decompression bomb"):
        read_expression(path)
    with zipfile.ZipFile(tmp_path / "b.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", b"<workbook>")
    with pytest.raises(InputError, match="cannot be read"):
        read_expression(tmp_path / "b.xlsx")
    with zipfile.ZipFile(tmp_path / "c.xlsb", "w") as archive:
        archive.writestr("xl/workbook.bin", b"x")
    with pytest.raises(InputError, match="binary workbook"):
        read_expression(tmp_path / "c.xlsb")


@pytest.mark.parametrize("compression", ["snappy", "zstd", "gzip", "none"])
def test_parquet_is_read_to_the_last_bit(tmp_path: Path, compression: str):
    columns = {"gene": list(GENES), **{name: VALUES[:, i] for i, name in enumerate(SAMPLES)}}
    path = write_parquet(tmp_path / "a.parquet", columns, compression=compression)
    check(path)
    assert any("read as a parquet file" in note for note in read_expression(path).notes)


def test_the_index_of_pandas_comes_first(tmp_path: Path):
    numbers = {name: VALUES[:, i] for i, name in enumerate(SAMPLES)}
    for name in ("__index_level_0__", "symbol"):
        path = tmp_path / f"{name}.parquet"
        check(write_parquet(path, {**numbers, name: list(GENES)}, {"pandas": f'{{"index_columns": ["{name}"]}}'}))
    ranged = '{"index_columns": [{"kind": "range", "name": null, "start": 0, "stop": 4, "step": 1}]}'
    check(write_parquet(tmp_path / "range.parquet", {"gene": list(GENES), **numbers}, {"pandas": ranged}))
    for number, metadata in enumerate(("{", "[]", '{"index_columns": [["x"]]}')):
        path = tmp_path / f"{number}.parquet"
        check(write_parquet(path, {"gene": list(GENES), **numbers}, {"pandas": metadata}))


def test_narrow_numbers_are_read_as_they_are(tmp_path: Path):
    narrow = VALUES.astype(np.float32)
    columns = {"gene": list(GENES), **{name: narrow[:, i] for i, name in enumerate(SAMPLES)}}
    check(write_parquet(tmp_path / "a.parquet", columns), narrow.astype(float))
    counts = np.arange(12).reshape(4, 3)
    columns = {"gene": list(GENES), **{name: counts[:, i] for i, name in enumerate(SAMPLES)}}
    check(write_parquet(tmp_path / "b.parquet", columns), counts)


def test_parquet_that_is_no_table_is_refused(tmp_path: Path):
    path = write_parquet(tmp_path / "a.parquet", {"gene": list(GENES), "a": [[1], [2], [3], [4]]})
    with pytest.raises(InputError, match="columns of lists or records, such as 'a'"):
        read_expression(path)
    columns = {"gene": list(GENES), **{name: VALUES[:, i] for i, name in enumerate(SAMPLES)}}
    path = write_parquet(tmp_path / "b.parquet", columns)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InputError, match="cannot be read"):
        read_expression(path)
    (tmp_path / "c.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError):
        read_expression(tmp_path / "c.parquet")


def test_a_package_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>")
    (tmp_path / "a.parquet").write_bytes(b"PAR1....PAR1")
    for name, package in (("a.xlsx", "openpyxl"), ("a.parquet", "pyarrow")):
        monkeypatch.setitem(sys.modules, package, None)
        monkeypatch.delitem(sys.modules, f"{package}.parquet", raising=False)
        with pytest.raises(InputError, match=f"takes the package {package}") as refusal:
            read_expression(tmp_path / name)
        assert refusal.value.hint == "pip install 'grnledger[tables]'"


def test_cells_become_fields_of_text(tmp_path: Path):
    row = [
        1,
        2.0,
        0.1,
        True,
        None,
        dt.datetime.fromisoformat("2021-03-01"),
        dt.date(2021, 3, 1),
        'say "x"',
        "a\tb\nc",
        1e300,
    ]
    (line,) = lines_of_rows([row])
    assert line == '1\t2\t0.1\tTRUE\t\t2021-03-01\t2021-03-01\t"say ""x"""\ta b c\t1e+300\n'
    (tmp_path / "a.tsv").write_text(line + line)
    with open_table(tmp_path / "a.tsv") as table:
        assert table.first[1].fields[7:9] == ['say "x"', "a b c"]


def test_a_parquet_file_whose_columns_have_no_readable_names_is_refused(tmp_path: Path):
    path = write_parquet(tmp_path / "a.parquet", {"gene": list(GENES), "sampleX": [1.0] * len(GENES)})
    path.write_bytes(path.read_bytes().replace(b"sampleX", b"sample\xf3"))
    with pytest.raises(InputError, match="cannot be read"):
        read_expression(path)
