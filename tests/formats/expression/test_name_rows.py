"""Lists of names beside a matrix: quotation marks are letters, and headers of R are left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.engine.errors import InputError, NotFound
from grnledger.formats.expression.expression import read_expression

if TYPE_CHECKING:
    from pathlib import Path

MATRIX = "%%MatrixMarket matrix array integer general\n3 4\n" + "".join(f"{value}\n" for value in range(12))
VALUES = np.arange(12.0).reshape(4, 3).T
IDS = ("ENSG1", "ENSG2", "ENSG3")
CELLS = "A-1\nB-1\nC-1\nD-1\n"


def write(folder: Path, genes: str, cells: str = CELLS, prefix: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in (("matrix.mtx", MATRIX), ("genes.tsv", genes), ("barcodes.tsv", cells)):
        (folder / f"{prefix}{name}").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("genes", "names"),
    [
        ('ENSG1\tTP53\nENSG2\t"MDM2\nENSG3\tMYC\n', ("TP53", '"MDM2', "MYC")),
        ('ENSG1\tTP53"\nENSG2\tMDM2\nENSG3\tMY"C\n', ('TP53"', "MDM2", 'MY"C')),
        ("ENSG1\tTP53\nENSG2\t3'-x\nENSG3\tMYC\n", ("TP53", "3'-x", "MYC")),
        ('"TP53"\n"MDM2"\n"MYC"\n', ("TP53", "MDM2", "MYC")),
        ('"x"\n"TP53"\n"MDM2"\n"MYC"\n', ("TP53", "MDM2", "MYC")),
        ('"x"\n"1"\t"TP53"\n"2"\t"MDM2"\n"3"\t"MYC"\n', ("TP53", "MDM2", "MYC")),
        ('"V1"\t"V2"\n"1"\t"ENSG1"\t"TP53"\n"2"\t"ENSG2"\t"MDM2"\n"3"\t"ENSG3"\t"MYC"\n', ("TP53", "MDM2", "MYC")),
        ("gene_id\tgene_name\nENSG1\tTP53\nENSG2\tMDM2\nENSG3\tMYC\n", ("TP53", "MDM2", "MYC")),
        ("V1\nTP53\nMDM2\nMYC\n", ("TP53", "MDM2", "MYC")),
        ("\t0\n0\tTP53\n1\tMDM2\n2\tMYC\n", ("TP53", "MDM2", "MYC")),
    ],
)
def test_genes_are_named_as_their_writer_meant(tmp_path: Path, genes: str, names: tuple[str, ...]):
    expression = read_expression(write(tmp_path / "a", genes)).expression
    assert expression.genes == names
    assert np.array_equal(expression.values, VALUES)


def test_a_header_above_barcodes_is_left_out_and_said(tmp_path: Path):
    file = read_expression(write(tmp_path / "a", "TP53\nMDM2\nMYC\n", '"x"\n' + CELLS))
    assert file.expression.samples == ("A-1", "B-1", "C-1", "D-1")
    assert any("the first line of barcodes.tsv, 'x', is left out: it is a header" in note for note in file.notes)


@pytest.mark.parametrize(
    ("genes", "sentence"),
    [
        ("AFX\nTP53\nMDM2\nMYC\nEGFR\nKRAS\n", "6 gene names"),
        ("Ngenes\nA\nB\nC\nD\nE\n", "6 gene names"),
        ("1\n2\n3\n", "row numbers, from 1 to 3, and no names of genes"),
        ("0\n1\n2\n", "row numbers, from 0 to 2"),
    ],
)
def test_lists_that_do_not_fit_are_refused(tmp_path: Path, genes: str, sentence: str):
    with pytest.raises(InputError, match=sentence):
        read_expression(write(tmp_path / "a", genes))


def test_one_name_too_many_may_be_a_header(tmp_path: Path):
    folder = write(tmp_path / "a", "TP53\nMDM2\nMYC\n", "Zelle\n" + CELLS)
    with pytest.raises(InputError, match="5 names, one more than the matrix; the first, 'Zelle', may be a header"):
        read_expression(folder)


@pytest.mark.parametrize(("column", "names"), [("id", IDS), ("1", IDS), ("gene_name", ("TP53", "MDM2", "MYC"))])
def test_a_column_of_the_features_is_chosen(tmp_path: Path, column: str, names: tuple[str, ...]):
    folder = write(tmp_path / "a", "ENSG1\tTP53\nENSG2\tMDM2\nENSG3\tMYC\n")
    assert read_expression(folder, gene_column=column).expression.genes == names
    with pytest.raises(NotFound, match="no column 'biotype': it has 2 columns"):
        read_expression(folder, gene_column="biotype")
    with pytest.raises(NotFound, match="no column '3'"):
        read_expression(folder, gene_column="3")


def test_a_folder_without_a_matrix_says_what_it_has(tmp_path: Path):
    folder = write(tmp_path / "a", "TP53\nMDM2\nMYC\n", prefix="GSM1_")
    with pytest.raises(NotFound, match=r"has no matrix\.mtx, but GSM1_matrix\.mtx") as refusal:
        read_expression(folder)
    assert "Name the file" in refusal.value.hint
    assert read_expression(folder / "GSM1_matrix.mtx").expression.genes == ("TP53", "MDM2", "MYC")
    (tmp_path / "b" / "filtered").mkdir(parents=True)
    with pytest.raises(NotFound, match=r"or matrix\.mtx\.gz, but filtered/"):
        read_expression(tmp_path / "b")
    (tmp_path / "c.zarr").mkdir()
    (tmp_path / "c.zarr" / ".zgroup").write_text("{}")
    with pytest.raises(InputError, match="zarr store"):
        read_expression(tmp_path / "c.zarr")
