"""Layouts of expression tables: what is read, what is skipped and said, and what is refused with both readings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.engine.errors import InputError, NotFound
from grnledger.formats.expression.tables import read_expression_table

if TYPE_CHECKING:
    from pathlib import Path

GENES = ("TP53", "MDM2", "CDKN1A", "BAX", "ACTB", "GAPDH", "MYC", "EGFR", "PTEN", "KRAS", "VIM", "CDH1")
SAMPLES = ("s1", "s2", "s3", "s4", "s5")
STREAM = np.random.default_rng(5)
VALUES = np.round(STREAM.normal(7, 2, (12, 1)) + STREAM.normal(0, 0.5, (12, 5)), 2)


def table(
    *,
    header: tuple[str, ...] = ("gene", *SAMPLES),
    before: str = "",
    under: str = "",
    first: dict[str, list[str]] | None = None,
    last: dict[str, list[str]] | None = None,
    behind: str = "",
    delimiter: str = "\t",
    comma: bool = False,
    names: tuple[str, ...] = GENES,
) -> str:
    """Return the text of a table with columns or rows more than genes, samples and values."""
    first, last = first or {}, last or {}
    lines = [before, delimiter.join((*first, *header, *last)) + "\n", under]
    for index, (name, row) in enumerate(zip(names, VALUES.tolist(), strict=True)):
        numbers = [repr(value).replace(".", ",") if comma else repr(value) for value in row]
        cells = [column[index] for column in first.values()], [column[index] for column in last.values()]
        lines.append(delimiter.join([*cells[0], name, *numbers, *cells[1]]) + "\n")
    return "".join(lines) + behind


def count(start: int = 0, ending: str = "") -> list[str]:
    return [f"{number}{ending}" for number in range(start, start + 12)]


ROWS = "\t".join(["x", "y", "x", "y", "x"])

READ = {
    "index of pandas": table(first={"": count()}),
    "index of pandas, named by it": table(first={"Unnamed: 0": count()}),
    "index of R": table(first={"X": count(1)}),
    "index of R, without a title": table(header=SAMPLES, names=GENES),
    "index of floats": table(first={"": count(0, ".0")}),
    "index of what a filter left": table(first={"": [str(3 * i + 4) for i in range(12)]}),
    "two indices": table(first={"level_0": count(), "index": count()}),
    "index beside annotations": table(first={"": count()}, last={"Description": ["of the cell"] * 12}),
    "numbers as samples": table(header=("ID", "204", "187", "356", "12", "401")),
    "length": table(last={"GeneLength": [str(1000 + 7 * i) for i in range(12)]}),
    "length in front": table(first={"Length": [str(1000 + 7 * i) for i in range(12)]}),
    "summaries of the samples": table(last={"Mean": ["7.1"] * 12, "SD": ["1.2"] * 12, "Total": ["35.5"] * 12}),
    "mean exon length": table(last={"mean exon length": [str(900 + 31 * i) for i in range(12)]}),
    "Entrez": table(last={"ENTREZID": [str(7157 + 3 * i) for i in range(12)]}),
    "places on the genome": table(first={"chr": ["chr1"] * 12, "start": [str(10**6 + i) for i in range(12)]}),
    "statistics": table(last={"logFC": ["1.2"] * 12, "padj": ["0.01"] * 12}),
    "counters of htseq": table(behind="__no_feature\t1\t2\t3\t4\t5\n__ambiguous\t1\t2\t3\t4\t5\n"),
    "counters of STAR": table(under="N_unmapped\t1\t2\t3\t4\t5\nN_multimapping\t1\t2\t3\t4\t5\n"),
    "counters of featureCounts": table(behind="Unassigned_NoFeatures\t1\t2\t3\t4\t5\n"),
    "groups below the header": table(under=f"group\t{ROWS}\n"),
    "groups and an empty row below the header": table(under=f"group\t{ROWS}\ngene\t\t\t\t\t\n"),
    "batches as numbers": table(behind="batch\t1\t1\t2\t2\t1\n"),
    "ages as numbers": table(under="age\t61\t48\t50\t39\t72\n"),
    "a title": table(before="Expression of our cohort\n"),
    "a title in a sheet": table(before="Expression of our cohort\t\t\t\t\t\n\n"),
    "comments": table(before="# made by a pipeline\n#normalised: yes\n"),
    "a header in a comment": "#" + table(),
    "semicolons": table(delimiter=";"),
    "semicolons and decimal commas": table(delimiter=";", comma=True),
    "tabs and decimal commas": table(comma=True),
    "white space and decimal commas": table(delimiter=" ", comma=True),
    "commas in quotation marks": table(delimiter=",").replace("gene", '"gene"'),
    "symbols in the second column": table(first={"contig": ["ctg1"] * 12}),
}


@pytest.mark.parametrize("content", READ.values(), ids=READ)
def test_what_stands_around_the_values_is_skipped(tmp_path: Path, content: str):
    (tmp_path / "e").write_text(content)
    expression, _ = read_expression_table(tmp_path / "e")
    assert expression.genes == GENES
    assert expression.samples in (SAMPLES, ("204", "187", "356", "12", "401"))
    assert np.array_equal(expression.values, VALUES)


def test_what_is_skipped_is_said(tmp_path: Path):
    content = table(first={"": count()}, last={"GeneLength": count(900)}, under=f"\tgroup\t{ROWS}\t\n", before="Ours\n")
    (tmp_path / "e").write_text(content + "12\t__no_feature\t1\t2\t3\t4\t5\t\n")
    _, notes = read_expression_table(tmp_path / "e")
    assert notes == (
        "read as a table separated by tabs",
        "above the header skipped: Ours",
        "line 3 below the header skipped: text on samples",
        "column skipped that only counts the rows: 1 ('0')",
        "column skipped that describes the rows: GeneLength ('900')",
        "1 row of reads that belong to no gene skipped: __no_feature",
        "genes in rows: the first header cell is 'gene'",
    )


def turned(corner: str, names: tuple[str, ...], columns: dict[str, list[str]]) -> str:
    """Return the text of a table of samples × genes, with columns before the genes."""
    rows = [
        ",".join([name, *(c[i] for c in columns.values()), *map(repr, VALUES[:, i].tolist())]) + "\n"
        for i, name in enumerate(names)
    ]
    return ",".join([corner, *columns, *GENES]) + "\n" + "".join(rows)


@pytest.mark.parametrize(
    ("content", "samples"),
    [
        (turned("sample", SAMPLES, {}), SAMPLES),
        (turned("", SAMPLES, {"group": list("aabba")}), SAMPLES),
        (turned("", SAMPLES, {"age": ["61", "48", "50", "39", "72"], "batch": list("12121")}), SAMPLES),
        (turned("", tuple("01234"), {"sample": list(SAMPLES)}), SAMPLES),
        (turned("", tuple("01234"), {}), tuple("01234")),
        (turned("", tuple("01234"), {"group": list("aabba")}), tuple("01234")),
    ],
)
def test_columns_that_describe_samples_are_no_genes(tmp_path: Path, content: str, samples: tuple[str, ...]):
    (tmp_path / "e").write_text(content)
    expression, _ = read_expression_table(tmp_path / "e")
    assert (expression.genes, expression.samples) == (GENES, samples)
    assert np.array_equal(expression.values, VALUES)


PLAIN = tuple(f"locus{number}" for number in (7, 3, 12, 1, 9, 2, 8, 4, 11, 5, 10, 6))

REFUSED = {
    "row numbers for genes": (table(names=tuple(count()), header=("", *SAMPLES)), "numbers of rows or columns"),
    "row numbers from 1": (table(names=tuple(count(1)), header=("id", *SAMPLES)), "numbers of rows or columns"),
    "a comma that may part thousands": (
        "gene\ts1\ts2\ts3\nTP53\t1,234\t2,345\t9,876\nMDM2\t1,111\t2,222\t3,333\n",
        r"may have a decimal comma \(1\.234\) or a comma between thousands \(1234\)",
    ),
    "points between thousands": (
        "Gen;S1;S2;S3;S4\nTP53;214;51;335;1.526\nMDM2;1.285;475;467;6.000\nMYC;12;99;2.000;7\n",
        r"1\.285, may have decimals or a point between thousands \(1285\)",
    ),
    "a point among decimal commas": (
        "gene\ts1\ts2\ts3\n" + "".join(f"G{i}\t1,5\t2,5\t3,25\n" for i in range(60)) + "TP53\t1.234\t1,5\t2\n",
        "line 62: 1.234 has a point",
    ),
    "a header or a gene": (
        "quux\t204\t187\t356\nbar\t12\t40\t7\nfoo\t3\t8\t99\nbaz\t14\t2\t60\n",
        r"may be a header \(of samples named 204, 187, 356\) or the values of a first gene, 'quux'",
    ),
    "genes in rows or in columns": (
        "x\tu\tv\tw\nbar\t1.5\t2\t3\nfoo\t4\t5\t6\nbaz\t7\t8\t9\n",
        r"may be its 3 rows \(bar, foo, baz\) or its 3 columns \(u, v, w\)",
    ),
    "an unknown column of whole numbers": (
        table(last={"S_of_it": [str(v) for v in (90, 1500, 77, 2300, 640, 120, 3100, 55, 980, 410, 2700, 60)]}),
        "Column 'S_of_it' of .* may be a sample, or may describe the genes",
    ),
}


@pytest.mark.parametrize(("content", "sentence"), REFUSED.values(), ids=REFUSED)
def test_a_second_plausible_reading_is_refused_naming_both(tmp_path: Path, content: str, sentence: str):
    (tmp_path / "e").write_text(content)
    with pytest.raises(InputError, match=sentence):
        read_expression_table(tmp_path / "e")


def test_options_choose_between_the_readings(tmp_path: Path):
    path = tmp_path / "e"
    path.write_text("quux\t204\t187\t356\n" + "".join(f"bar{i}\t12\t40\t7\n" for i in range(9)))
    assert read_expression_table(path, header=True)[0].samples == ("204", "187", "356")
    assert read_expression_table(path, header=False)[0].genes[:2] == ("quux", "bar0")
    path.write_text("gene\ts1\ts2\ts3\nTP53\t1,234\t2,345\t9,876\nMDM2\t1,111\t2,222\t3,333\n")
    assert read_expression_table(path, decimal="comma")[0].values[0].tolist() == [1.234, 2.345, 9.876]
    assert read_expression_table(path, decimal="point")[0].values[0].tolist() == [1234, 2345, 9876]
    path.write_text("gene\ts1\ts2\ts3\nTP53\t1,23\t2,34\t9,87\nMDM2\t1,11\t2,22\t3,33\n")
    with pytest.raises(InputError, match="no column of numbers"):
        read_expression_table(path, decimal="point")
    path.write_text("x\tu\tv\tw\nbar\t1.5\t2\t3\nfoo\t4\t5\t6\nbaz\t7\t8\t9\n")
    assert read_expression_table(path, genes_in="columns")[0].genes == ("u", "v", "w")


def test_the_column_of_gene_names_may_be_chosen(tmp_path: Path):
    path = tmp_path / "e"
    path.write_text(table(header=("gene_name", *SAMPLES), first={"gene_id": [f"ENSG{i:011d}" for i in range(12)]}))
    assert read_expression_table(path)[0].genes[0] == "ENSG00000000000"
    assert read_expression_table(path, gene_column="gene_name")[0].genes == GENES
    with pytest.raises(NotFound, match="no column 'symbol'"):
        read_expression_table(path, gene_column="symbol")
    rows = "".join(f"{1000 + i}_at\t{gene}\t{i}.5\t2\t{i}\n" for i, gene in enumerate(GENES))
    path.write_text("#1.2\n12\t3\nNAME\tDescription\ta\tb\tc\n" + rows)
    assert read_expression_table(path, gene_column="Description")[0].genes == GENES


def test_ids_that_a_program_made_decimals_are_whole(tmp_path: Path):
    ids = tuple(f"{7157 + 11 * number}.0" for number in range(12))
    (tmp_path / "e").write_text(table(names=ids, header=("entrez", *SAMPLES)))
    expression, notes = read_expression_table(tmp_path / "e")
    assert expression.genes[:2] == ("7157", "7168")
    assert "ids read as whole numbers, such as 7157.0 as 7157" in notes
