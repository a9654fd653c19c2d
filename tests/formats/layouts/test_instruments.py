"""Tables as instruments and their programs write them: settings above, spike-ins and contaminants among the genes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.engine.errors import InputError
from grnledger.formats.expression.expression import read_expression
from grnledger.formats.expression.hdf5_request import Request
from grnledger.formats.expression.objects import read_expression_object

if TYPE_CHECKING:
    from pathlib import Path

SAMPLES = tuple(f"S{j}" for j in range(1, 9))
SYMBOLS = ("TP53", "MDM2", "CDKN1A", "BAX", "FAS", "MYC", "STAT1", "STAT3", "E2F1", "EGFR", "KRAS", "BRAF")


def write(path: Path, header: list[str], names: list[str], values: np.ndarray, *, above: str = "") -> Path:
    rows = ("\t".join([name, *map(str, row)]) for name, row in zip(names, values.tolist(), strict=True))
    path.write_text(above + "\t".join(header) + "\n" + "\n".join(rows) + "\n")
    return path


def counts(genes: int) -> np.ndarray:
    return np.random.default_rng(1).negative_binomial(5, 0.02, (genes, len(SAMPLES)))


@pytest.mark.parametrize(
    "above",
    [
        "Illumina Inc. GenomeStudio version 1.9.0\nNormalization = quantile\nDateTime = 3/14/2012 4:05 PM\n\n",
        "Block Type\t96well\nChemistry\tTAQMAN\nExperiment run on\t2019-03-01\n\n",
        "TYPE\ttext\nFeatureExtractor_Version\t10.7\n*\n",
        "Plate read by reader 4 on Monday\n",
    ],
)
@pytest.mark.parametrize("title", ["TargetID", "Gene Symbol"])
def test_settings_of_an_instrument_above_the_header_are_skipped(tmp_path: Path, above: str, title: str):
    values = np.round(np.random.default_rng(2).lognormal(6, 1, (12, 8)), 1)
    titles = [title, *(f"{sample} AVG Signal of array" for sample in SAMPLES)]
    file = read_expression(write(tmp_path / "a.txt", titles, list(SYMBOLS), values, above=above))
    np.testing.assert_array_equal(file.expression.values, values)
    assert file.expression.genes == SYMBOLS
    assert any(note.startswith("above the header skipped") for note in file.notes)


@pytest.mark.parametrize("title", ["gene", "Geneid", "gene_id", ""])
@pytest.mark.parametrize(
    ("ids", "others"),
    [
        ("ENSG{:011}", ["TP53", "MYC", "EGFR"]),
        ("ENSG{:011}", [f"ERCC-{i:05}" for i in range(2, 12)]),
        ("ENSMUSG{:011}", ["GFP", "mCherry", "Cre"]),
        ("ENSMUSG{:011}", ["tdTomato", "EGFP"]),
        ("FBgn{:07}", ["Gal4", "lacZ"]),
        ("AT1G{:05}", ["GUS", "NPTII", "mGFP5"]),
    ],
)
@pytest.mark.parametrize("are_first", [True, False])
def test_spike_ins_and_transgenes_among_ids_are_genes(
    tmp_path: Path, title: str, ids: str, others: list[str], are_first: bool
):
    names = [ids.format(1000 + 7 * i) for i in range(60)]
    names = [*others, *names] if are_first else [*names, *others]
    values = counts(len(names))
    file = read_expression(write(tmp_path / "a.tsv", [title, *SAMPLES], names, values))
    assert file.expression.genes == tuple(names)
    np.testing.assert_array_equal(file.expression.values, values)


@pytest.mark.parametrize("ids", ["ENSG{:011}.3", "ZNF{}"])
def test_one_gene_of_whole_numbers_among_decimals_is_a_gene(tmp_path: Path, ids: str):
    names = [ids.format(100 + i) for i in range(60)]
    values = np.round(np.random.default_rng(4).lognormal(3, 1, (60, 8)), 2)
    values[0] = np.round(values[0]) + 5
    file = read_expression(write(tmp_path / "a.tsv", ["gene", *SAMPLES], names, values))
    assert file.expression.genes == tuple(names)


def test_names_of_a_chosen_column_are_those_of_genes(tmp_path: Path):
    names = [*("dpp", "eve", "ftz", "white"), *(f"CG{1000 + i}" for i in range(60))]
    path = tmp_path / "a.tsv"
    rows = [f"FBgn{i:07}\t{name}\t" for i, name in enumerate(names)]
    numbers = ["\t".join(map(str, row)) for row in counts(64).tolist()]
    path.write_text("\t".join(["gene_id", "gene_name", *SAMPLES]) + "\n" + "\n".join(map(str.__add__, rows, numbers)))
    assert read_expression(path, gene_column="gene_name").expression.genes == tuple(names)


def test_words_in_rows_with_numbers_of_another_kind_are_still_asked_about(tmp_path: Path):
    names = ["eficiencia", *(f"ENSG{i:011}" for i in range(60))]
    values = counts(61).astype(float)
    values[0] = np.linspace(0.61, 0.83, 8)
    with pytest.raises(InputError, match="may be a gene, or may describe the samples"):
        read_expression(write(tmp_path / "a.tsv", ["gene", *SAMPLES], names, values))


@pytest.mark.parametrize("gene_column", [None, "Gene names"])
@pytest.mark.parametrize("mark", ["Reverse", "Potential contaminant", "Only identified by site", "Contaminant"])
def test_rows_that_maxquant_marks_are_no_proteins(tmp_path: Path, gene_column: str | None, mark: str):
    values = np.round(np.random.default_rng(3).lognormal(16, 1, (14, 8)))
    ids = [*(f"P{i:05}" for i in range(12)), "CON__P02538", "P99999"]
    names = [*SYMBOLS, "", "KRT2"]
    rows = [
        "\t".join([ids[i], names[i], *map(str, values[i].astype(int)), "+" if i > 11 else ""])
        for i in (12, *range(12), 13)
    ]
    titles = ["Protein IDs", "Gene names", *(f"LFQ intensity {sample}" for sample in SAMPLES), mark]
    path = tmp_path / "proteinGroups.txt"
    path.write_text("\t".join(titles) + "\n" + "\n".join(rows) + "\n")
    file = read_expression(path, gene_column=gene_column or "Protein IDs")
    assert file.expression.genes == (tuple(ids[:12]) if gene_column is None else SYMBOLS)
    np.testing.assert_array_equal(file.expression.values, values[:12])
    assert any(note.startswith("2 rows of contaminants") and mark in note for note in file.notes)


def proteins(names: list[str], marks: list[str], *, comma: bool = False) -> str:
    values = np.round(np.random.default_rng(3).lognormal(3, 1, (len(names), 8)), 2)
    rows = [
        "\t".join([name, *map(str, row), mark]) for name, row, mark in zip(names, values.tolist(), marks, strict=True)
    ]
    body = "\n".join(rows)
    return "\t".join(["Gene names", *SAMPLES, "Reverse"]) + "\n" + (body.replace(".", ",") if comma else body) + "\n"


def test_marks_are_read_beside_counters_and_decimal_commas(tmp_path: Path):
    names, marks = [*SYMBOLS, "KRT2", "__no_feature"], [*[""] * 12, "+", ""]
    (tmp_path / "a.tsv").write_text(proteins(names, marks))
    assert read_expression(tmp_path / "a.tsv").expression.genes == SYMBOLS
    (tmp_path / "b.tsv").write_text(proteins(names, marks, comma=True))
    assert read_expression(tmp_path / "b.tsv", decimal="comma").expression.genes == SYMBOLS


def test_marks_of_a_data_frame_are_not_passed_over():
    pandas = pytest.importorskip("pandas")
    values = np.round(np.random.default_rng(5).lognormal(3, 1, (3000, 8)), 2)
    frame = pandas.DataFrame(values, columns=list(SAMPLES))
    frame.insert(0, "Gene names", [f"GENE{i}" for i in range(3000)])
    frame["Reverse"] = [""] * 2999 + ["+"]
    with pytest.raises(InputError, match="marks rows that are no proteins in 'Reverse'"):
        read_expression_object(frame, Request())


def test_intensities_of_nothing_are_said(tmp_path: Path):
    values = np.round(np.random.default_rng(3).lognormal(16, 1, (12, 8)))
    values[0, :3] = 0
    titles = ["Gene names", *(f"LFQ intensity {sample}" for sample in SAMPLES), "Reverse"]
    rows = ["\t".join([name, *map(str, row.astype(int)), ""]) for name, row in zip(SYMBOLS, values, strict=True)]
    path = tmp_path / "proteinGroups.txt"
    path.write_text("\t".join(titles) + "\n" + "\n".join(rows) + "\n")
    assert any(note.startswith("3 of 96 intensities are 0") for note in read_expression(path).notes)
