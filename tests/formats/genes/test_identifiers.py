"""Gene names against a panel: spellings that match, and guesses that help when they do not."""

from __future__ import annotations

from pathlib import Path

import pytest
from grnledger.engine.network.panel import Panel
from grnledger.formats.genes.identifiers import (
    Matcher,
    guess_vocabulary,
    missing_genes,
    spreadsheet_dates,
)
from grnledger.formats.genes.orientation import orient

HUMAN = ["TP53", "MDM2", "CDKN1A", "C1orf112", "HLA-A", "MT-CO1"]
HERE = Path("sets.gmt")


def test_the_exact_name_goes_before_the_alias_and_the_alias_before_the_bare_id():
    matcher = Matcher(Panel(("TP53", "P53")), {"P53": "TP53", "p53": "TP53"})
    assert [matcher.index(name) for name in ("TP53", "P53", "p53", "tp53")] == [0, 1, 0, None]


@pytest.mark.parametrize("name", ["ENSG00000141510", "ENSG00000141510.17", "ENSG00000141510.2"])
@pytest.mark.parametrize("on_panel", ["ENSG00000141510", "ENSG00000141510.17"])
def test_ensembl_versions_do_not_matter_on_either_side(name: str, on_panel: str):
    assert Matcher(Panel(("ENSG00000135679.26", on_panel))).index(name) == 1


def test_a_version_matters_where_two_genes_of_the_panel_differ_in_nothing_else():
    matcher = Matcher(Panel(("ENSG00000141510.1", "ENSG00000141510.2")))
    assert matcher.index("ENSG00000141510.2") == 1
    assert matcher.index("ENSG00000141510.3") is None
    assert matcher.index("ENSG00000141510") is None


def test_only_ensembl_ids_have_versions():
    assert Matcher(Panel(("RP11", "AC0.1"))).index("RP11.3") is None


def test_an_alias_is_found_for_an_id_with_its_version():
    assert Matcher(Panel(("TP53", "MDM2")), {"ENSG00000141510": "TP53"}).index("ENSG00000141510.17") == 0


@pytest.mark.parametrize(
    ("names", "vocabulary"),
    [
        (["ENSG00000141510.17", "ENSMUSG00000059552"], "Ensembl gene ids"),
        (["ENST00000269305.9", "ENST00000359597"], "Ensembl transcript ids"),
        (["7157", "4193"], "Entrez ids"),
        (["1000_at", "32096_s_at"], "Affymetrix probe sets"),
        (["P04637", "Q00987", "NM_000546.6"], "RefSeq/UniProt accessions"),
        (["Trp53", "Mdm2", "Cdkn1a", "H2-K1", "1700001C02Rik"], "mouse symbols (Trp53, Mdm2)"),
        (HUMAN, "human symbols"),
        ([*HUMAN, "anise", "apricot", "fennel"], "human symbols"),
        (["anise", "apricot"], None),
        ([], None),
    ],
)
def test_a_vocabulary_is_guessed_from_most_of_the_names(names: list[str], vocabulary: str | None):
    assert guess_vocabulary(names) == vocabulary


def test_missing_genes_are_counted_listed_and_guessed_at():
    error = missing_genes(HERE, ["Trp53", "Mdm2"], 40, Panel(tuple(HUMAN)))
    assert "2 of 40 genes (5 %) are not on the panel of 6 genes (Trp53, Mdm2)" in error.message
    assert "look like mouse symbols (Trp53, Mdm2) and the panel like human symbols" in error.message
    assert error.code == "genes-of-other-vocabulary"


def test_missing_genes_of_one_vocabulary_are_not_guessed_at():
    assert "look like" not in missing_genes(HERE, ["BRCA1"], 1, Panel(tuple(HUMAN))).message


def test_other_letters_and_spreadsheet_dates_are_pointed_out():
    panel = Panel(("anise", "Fennel"))
    assert "fennel may be Fennel" in missing_genes(HERE, ["fennel"], 1, panel).message
    assert "2-Sep" in missing_genes(HERE, ["2-Sep"], 1, panel).message
    assert spreadsheet_dates(["SEPT2", "1-Mar", "Dec-01", "DEC1", "MT-CO1"]) == ["1-Mar", "Dec-01"]


def test_the_axis_of_the_genes_is_not_guessed_from_a_few_rows_more():
    assert orient("x", ["a", "b", "c"], ["d", "e"]) is None


@pytest.mark.parametrize(
    ("first", "rows", "columns", "axis", "reason"),
    [
        ("Gene Symbol", ["a"], ["b", "c"], "rows", "'Gene Symbol'"),
        ("ID_REF", ["a"], ["b", "c"], "rows", "'ID_REF'"),
        ("Barcode", ["a", "b"], ["c"], "columns", "'Barcode'"),
        ("", ["s1", "s2", "s3"], ["actb", "Gapdh", "Rpl13a"], "columns", "actb and others"),
        ("", ["ENSG00000141510.17"], ["s1", "s2"], "rows", "ENSG00000141510.17"),
        ("x", ["a", "b", "c", "d"], ["e", "f"], "rows", "4 rows and 2 columns"),
        ("x", ["a", "b"], ["c", "d", "e", "f"], "columns", "4 columns and 2 rows"),
        ("x", [f"g{i}" for i in range(40)], ["control", "TP53", "MYC", "wildtype", "s5"], "rows", "40 rows"),
        ("x", ["a", "b"], ["s1", "s2", "s3"], "rows", "names of samples, such as s1"),
        ("x", ["AAACCTGA-1", "ACGTACGT-1"], ["a", "b"], "columns", "names of samples, such as AAACCTGA-1"),
    ],
)
def test_the_axis_of_the_genes_goes_by_the_first_evidence(
    first: str, rows: list[str], columns: list[str], axis: str, reason: str
):
    orientation = orient(first, rows, columns)
    assert orientation is not None
    assert orientation.genes_in == axis
    assert reason in orientation.reason
