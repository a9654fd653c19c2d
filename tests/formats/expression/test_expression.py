"""Expression in tables, Matrix Market files and 10x folders: layouts found, said, and checked."""

from __future__ import annotations

import gzip
import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.engine.errors import InputError, NotFound
from grnledger.formats.expression.expression import ExpressionFile, read_expression
from scipy.io import mmwrite
from scipy.sparse import coo_matrix

if TYPE_CHECKING:
    from pathlib import Path

VALUES = np.array([[1.0, -2.5, 3.0], [0.1, 20.0, 1e-7]])
GENES, SAMPLES = ("TP53", "MDM2"), ("a", "b", "c")


def write(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


def rows(delimiter: str = "\t", about: str = "") -> str:
    return "".join(
        delimiter.join([gene, *([about] if about else []), *map(str, numbers)]) + "\n"
        for gene, numbers in zip(GENES, VALUES.tolist(), strict=True)
    )


def check(file: ExpressionFile) -> None:
    assert (file.expression.genes, file.expression.samples) == (GENES, SAMPLES)
    assert np.array_equal(file.expression.values, VALUES)


def said(file: ExpressionFile, words: str) -> bool:
    return any(words in note for note in file.notes)


# Tables


@pytest.mark.parametrize(
    "content",
    [
        "Gene\ta\tb\tc\n" + rows(),
        "Gene,a,b,c\r\n" + rows(",").replace("\n", "\r\n"),
        "Gene a b c\n" + rows("  "),
        "\ta\tb\tc\n" + rows(),
        "a\tb\tc\n" + rows(),
        "Gene\tNAME\ta\tb\tc\t\n" + rows(about="1000_at"),
        "Gene\tDescription\ta\tb\tc\n" + rows(about="na"),
        "Hugo_Symbol\tEntrez_Gene_Id\ta\tb\tc\n" + rows(about="7157"),
        "#1.2\n2\t3\nNAME\tDescription\ta\tb\tc\n" + rows(about="na"),
        '!Series_title\t"x"\n!series_matrix_table_begin\n"ID_REF"\t"a"\t"b"\t"c"\n'
        + rows()
        + "!series_matrix_table_end\n",
        "# Program:featureCounts; Command:x\nGeneid\tLength\ta\tb\tc\n" + rows(about="1735"),
    ],
)
def test_a_table_reads_the_same_from_every_writer(tmp_path: Path, content: str):
    path = write(tmp_path / "e.txt", content)
    file = read_expression(path)
    check(file)
    assert file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert said(file, "genes in rows: ")
    path.write_bytes(gzip.compress(content.encode()))
    check(read_expression(path))


def test_columns_that_describe_genes_are_skipped_with_a_note(tmp_path: Path):
    file = read_expression(write(tmp_path / "e", "Gene\tNAME\ta\tb\tc\n" + rows(about="1000_at")))
    assert said(file, "column skipped that describes the rows: NAME ('1000_at')")
    assert said(file, "genes in rows: the first header cell is 'Gene'")
    assert said(file, "tabs")


@pytest.mark.parametrize("corner", ["sample", "", "patient id"])
def test_genes_in_columns_are_detected_and_transposed(tmp_path: Path, corner: str):
    lines = [f"{s},{x},{y}" for s, (x, y) in zip(SAMPLES, VALUES.T.tolist(), strict=True)]
    file = read_expression(write(tmp_path / "e.csv", "\n".join([f"{corner},TP53,MDM2", *lines])))
    check(file)
    assert said(file, "genes in columns: ")
    assert file.expression.values.flags.c_contiguous


def test_the_axis_can_be_forced(tmp_path: Path):
    path = write(tmp_path / "e", "Gene\tx\ty\tz\na\t1\t2\t3\nb\t4\t5\t6\nc\t7\t8\t9\n")
    assert read_expression(path, genes_in="columns").expression.genes == ("x", "y", "z")
    file = read_expression(path, genes_in="rows")
    assert file.expression.genes == ("a", "b", "c")
    assert said(file, "genes in rows: as asked")


def test_a_table_without_a_header_names_its_samples_and_says_so(tmp_path: Path):
    path = write(tmp_path / "e", "anise 897 24 129\napricot 174 3 26\nbasil 1 2 3\ncumin 4 5 6\ndill 7 8 9\n")
    file = read_expression(path)
    assert file.expression.genes == ("anise", "apricot", "basil", "cumin", "dill")
    assert file.expression.samples == ("s1", "s2", "s3")
    assert file.expression.values[:2].tolist() == [[897, 24, 129], [174, 3, 26]]
    assert said(file, "no header: the first line holds numbers after 'anise'")
    with pytest.raises(InputError, match="no header"):
        read_expression(path, genes_in="columns")


@pytest.mark.parametrize(
    "header",
    ["\t1\t2\t3", "gene\t1\t2\t3", "x\t0\t1\t2", "x\t7\t8\t9", "1\t2\t3", "gene\t30\t20\t10"],
)
def test_names_of_samples_may_be_numbers(tmp_path: Path, header: str):
    file = read_expression(write(tmp_path / "e", f"{header}\nTP53\t1.5\t1\t2\nMDM2\t2\t1\t3\n"))
    assert file.expression.genes == GENES
    assert file.expression.samples == tuple(header.split("\t")[-3:])


def test_many_rising_whole_numbers_are_names_and_few_are_values(tmp_path: Path):
    many = read_expression(write(tmp_path / "e", "x 101 102 104 201 202 204\nTP53 1 2 3 4 5 6\n"))
    assert many.expression.samples == ("101", "102", "104", "201", "202", "204")
    few = read_expression(write(tmp_path / "e", "MDM2 10 20 31\nTP53 1 2 3\n"))
    assert few.expression.genes == ("MDM2", "TP53")


def test_genes_may_repeat_and_dates_among_them_are_pointed_out(tmp_path: Path):
    file = read_expression(write(tmp_path / "e", "gene\ta\tb\tc\nTP53\t1\t2\t3\nTP53\t4\t5\t6\n2-Sep\t1\t1\t1\n"))
    assert file.expression.genes == ("TP53", "TP53", "2-Sep")
    assert said(file, "look like dates, as a spreadsheet makes of SEPT2: 2-Sep (1 in all)")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("Gene\ta\tb\tc\nTP53\t1\tabc\t2\n", "line 2, column b: 'abc' is not a number"),
        ("Gene\ta\tb\tc\nTP53\t1\t2\n", "line 2 has 3 fields where 4 belong"),
        ("Gene\ta\tb\tc\nTP53\t1\t2\t3\t4\n", "line 2 has 5 fields where 4 belong"),
        ("Gene\ta\tb\tc\nTP53\t1\tNA\t2\n", "not finite"),
        ("Gene\ta\tb\nTP53\t1\t2\n", "at least 3 samples"),
        ("Gene\ta\tb\tc\n", "no numbers below"),
        ("Gene\tabout\nTP53\tx\n", "no column of numbers: its column 'about' holds text, such as 'x' in line 2"),
        ("Gene\ta\tb\tc\nTP53\t1\t2\t3\n\t1\t2\t3\n", "gene number 2 has an empty name"),
        ("#1.2\n3\t3\nNAME\tDescription\ta\tb\tc\n" + rows(about="na"), "claims 3 × 3 in its second line and holds 2"),
        ("#1.4\n2\t3\t0\t0\nid\ta\tb\tc\n" + rows(), "version 1.4"),
        ("just words\n", "one row"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_by_name(tmp_path: Path, content: str, sentence: str):
    with pytest.raises(InputError, match=sentence):
        read_expression(write(tmp_path / "e", content))


def test_options_of_other_kinds_of_file_are_refused(tmp_path: Path):
    path = write(tmp_path / "e", "Gene\ta\tb\tc\n" + rows())
    for options in ({"layer": "counts"}, {"raw": True}, {"gene_names": path}):
        with pytest.raises(InputError):
            read_expression(path, **options)


def test_leukemia_reads_as_its_readme_says(shared_data: Path):
    expression = read_expression(shared_data / "leukemia.tsv").expression
    assert expression.values.shape == (11_548, 48)
    assert len(set(expression.genes)) == 9_020
    assert (expression.genes[0], expression.samples[0], expression.values[0, 0]) == ("MAPK3", "ALL_1", 1633.6)
    naive = [line.split("\t") for line in (shared_data / "leukemia.tsv").read_text().splitlines()]
    assert np.array_equal(expression.values[-1], np.array(naive[-1][2:50], dtype=float))


def test_the_course_table_has_no_header(shared_data: Path):
    file = read_expression(shared_data / "mcb112_w10_2021-data.tbl")
    assert file.expression.values.shape == (100, 60)
    assert file.expression.genes[:2] == ("anise", "apricot")
    assert file.expression.samples[-1] == "s60"


# Matrix Market and 10x


def write_tenx(folder: Path, *, packed: bool, prefix: str = "", transposed: bool = False) -> np.ndarray:
    counts = np.random.default_rng(5).poisson(0.7, size=(6, 4)).astype(float)
    names = "".join(f"ENSG0000000000{i}\tG{i}\tGene Expression\n" for i in range(6))
    files = {
        f"{prefix}features.tsv": names.encode(),
        f"{prefix}barcodes.tsv": b"".join(b"cell%d-1\n" % i for i in range(4)),
    }
    mmwrite(folder / "m.mtx", coo_matrix(counts.T if transposed else counts), field="integer")
    files[f"{prefix}matrix.mtx"] = (folder / "m.mtx").read_bytes()
    (folder / "m.mtx").unlink()
    for name, content in files.items():
        path = folder / (f"{name}.gz" if packed else name)
        path.write_bytes(gzip.compress(content) if packed else content)
    return counts


@pytest.mark.parametrize("packed", [True, False])
def test_a_10x_folder_has_symbols_and_barcodes(tmp_path: Path, packed: bool):
    counts = write_tenx(tmp_path, packed=packed)
    file = read_expression(tmp_path)
    assert np.array_equal(file.expression.values, counts)
    assert file.expression.genes == tuple(f"G{i}" for i in range(6))
    assert file.expression.samples == tuple(f"cell{i}-1" for i in range(4))
    matrix = tmp_path / ("matrix.mtx.gz" if packed else "matrix.mtx")
    assert file.sha256 == hashlib.sha256(matrix.read_bytes()).hexdigest()
    assert said(file, "genes in rows: there are 6 gene names, and 4 sample names")


def test_files_with_a_prefix_and_cells_in_rows_are_understood(tmp_path: Path):
    counts = write_tenx(tmp_path, packed=True, prefix="GSM1_", transposed=True)
    file = read_expression(tmp_path / "GSM1_matrix.mtx.gz")
    assert np.array_equal(file.expression.values, counts)
    assert said(file, "genes in columns")
    with pytest.raises(NotFound, match=r"no matrix\.mtx"):
        read_expression(tmp_path)


def test_features_that_are_not_genes_are_skipped_with_a_note(tmp_path: Path):
    counts = write_tenx(tmp_path, packed=False)
    features = tmp_path / "features.tsv"
    features.write_text(features.read_text().replace("G2\tGene Expression", "CD3\tAntibody Capture"))
    file = read_expression(tmp_path)
    assert np.array_equal(file.expression.values, np.delete(counts, 2, axis=0))
    assert said(file, "1 feature")


def test_a_matrix_with_a_file_of_names_and_a_header_in_it(tmp_path: Path):
    text = "%%MatrixMarket matrix coordinate real general\n% by hand\n3 2 4\n1 1 .5\n3 2 2\n1 1 1\n2 1 -7\n"
    matrix = write(tmp_path / "x.mtx", text)
    names = write(tmp_path / "names.txt", "gene\nTP53\nMDM2\n")
    file = read_expression(matrix, gene_names=names)
    assert file.expression.values.tolist() == [[1.5, -7, 0], [0, 0, 2]]
    assert file.expression.samples == ("s1", "s2", "s3")
    assert said(file, "samples are named s1 … s3")
    with pytest.raises(InputError, match="neither features"):
        read_expression(matrix)
    with pytest.raises(InputError, match="shape 3 × 2, and there are 2 gene names"):
        read_expression(matrix, gene_names=names, genes_in="rows")


def test_array_and_pattern_files_are_read(tmp_path: Path):
    names = write(tmp_path / "names", "TP53\nMDM2\n")
    whole = write(tmp_path / "a.mtx", "%%MatrixMarket matrix array integer general\n2 3\n1\n2\n3\n4\n5\n6\n")
    assert read_expression(whole, gene_names=names).expression.values.tolist() == [[1, 3, 5], [2, 4, 6]]
    marks = write(tmp_path / "p.mtx", "%%MatrixMarket matrix coordinate pattern general\n2 3 2\n1 1\n2 3\n")
    assert read_expression(marks, gene_names=names).expression.values.tolist() == [[1, 0, 0], [0, 0, 1]]
    none = write(tmp_path / "n.mtx", "%%MatrixMarket matrix coordinate real general\n2 3 0\n")
    assert not read_expression(none, gene_names=names).expression.values.any()


BANNER = "%%MatrixMarket matrix coordinate real general\n"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (BANNER + "2 3 2\n1 1 1\n", "claims 2 lines of 3 numbers and holds 1"),
        (BANNER + "2 3 1\n1 1 1\n2 2 1\n", "holds 2"),
        (BANNER + "2 3 1\n1 4 1\n", "4 is not an index from 1 to 3"),
        (BANNER + "2 3 1\n1 0 1\n", "0 is not an index"),
        (BANNER + "2 3 1\n1 1.5 1\n", "1.5 is not an index"),
        (BANNER + "2 3 1\n1 1 x\n", "damaged"),
        (BANNER + "2 3\n", "does not give the size"),
        (BANNER + "2 3 999999999999\n1 1 1\n", "more than the file holds"),
        (BANNER + "2 900000000 1\n1 1 1\n", "without names|memory"),
        (BANNER + "2 90000000000 1\n1 1 1\n", "without names"),
        (BANNER.replace("real", "complex") + "2 3 1\n1 1 1 1\n", "complex"),
        (BANNER.replace("general", "symmetric") + "2 2 1\n1 1 1\n", "symmetric"),
        ("%%MatrixMarket vector\n", "does not begin"),
        ("%%MatrixMarket matrix array real general\n99999 99999\n1\n", "more than the file holds"),
    ],
)
def test_a_matrix_market_file_that_cannot_be_used_is_refused(tmp_path: Path, content: str, sentence: str):
    names = write(tmp_path / "names", "TP53\nMDM2\n")
    with pytest.raises(InputError, match=sentence):
        read_expression(write(tmp_path / "x.mtx", content), gene_names=names)
