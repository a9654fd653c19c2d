"""Files of annotations (GAF) and MSigDB's tables of single sets."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import pytest
from grnledger.engine.errors import InputError
from grnledger.engine.network.panel import Panel
from grnledger.formats.pathways.pathways import PathwayFile, read_pathways
from grnledger.formats.sets.gene_sets import read_set_library

if TYPE_CHECKING:
    from pathlib import Path

GENES = ("TP53", "MDM2", "CDKN1A", "IL6", "TNF", "MYC", "BAX", "JUN")
PANEL = Panel(GENES)


def members(file: PathwayFile) -> dict[str, list[str]]:
    return {pathway.label: [GENES[gene] for gene in pathway.genes] for pathway in file.pathways}


def gaf(*rows: tuple[str, str, str]) -> str:
    """Return a GAF file of symbols, qualifiers and terms."""
    behind = "PMID:1\tIDA\t\tP\tDown-regulated protein\t\tprotein\ttaxon:9606\t20200101\tGO\t\t\n"
    line = "UniProtKB\tP0{}\t{}\t{}\t{}\t" + behind
    return "!gaf-version: 2.2\n!generated-by: GOC\n" + "".join(
        line.format(i, gene, qualifier, term) for i, (gene, qualifier, term) in enumerate(rows)
    )


ROWS = (
    ("TP53", "involved_in", "GO:0006915"),
    ("BAX", "involved_in", "GO:0006915"),
    ("BAX", "enables", "GO:0006915"),
    ("MYC", "NOT|involved_in", "GO:0006915"),
    ("IL6", "", "GO:0005125"),
)
TERMS = {"GO:0006915": ["TP53", "BAX"], "GO:0005125": ["IL6"]}


@pytest.mark.parametrize("options", [{}, {"kind": "gaf"}, {"set_column": "5", "gene_column": "3"}])
def test_annotations_are_sets_without_those_that_say_not(tmp_path: Path, options: dict[str, Any]):
    path = tmp_path / "goa.gaf.gz"
    path.write_bytes(gzip.compress(gaf(*ROWS).encode()))
    file = read_pathways(path, PANEL, **options)
    assert members(file) == TERMS
    assert "1 row left out that says NOT in column '4'" in file.notes


def test_annotations_are_a_library_of_sets_too(tmp_path: Path):
    (tmp_path / "goa.gaf").write_text(gaf(*ROWS))
    file = read_set_library(tmp_path / "goa.gaf")
    assert {pathway.name: list(pathway.genes) for pathway in file.pathways} == TERMS
    assert file.notes[0].startswith("a file of annotations (GAF): sets are the terms of column 5, genes the symbols")


def test_what_is_no_gaf_is_refused_as_one(tmp_path: Path):
    (tmp_path / "t.tsv").write_text("a\tb\tTP53\td\te\n")
    with pytest.raises(InputError, match="it has 5 columns, and GAF has 17"):
        read_pathways(tmp_path / "t.tsv", PANEL, kind="gaf")


MSIGDB = (
    'STANDARD_NAME\t{names}\nSYSTEMATIC_NAME\tM1\tM2\nCOLLECTION\tH\tH\nDESCRIPTION_BRIEF\tGenes of "x\t\nPMID\t\n'
    "AUTHORS\tLiberzon A,Birger C\nSOURCE_MEMBERS\t7157,4193\t3569\nGENE_SYMBOLS\t{genes}\nFOUNDER_NAMES\tA,B\n"
)
ONE = MSIGDB.format(names="HALLMARK_P53", genes="TP53,MDM2,BAX")
TWO = MSIGDB.format(names="HALLMARK_P53\tHALLMARK_IL6", genes="TP53,MDM2,BAX\tIL6, TNF")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (ONE, {"HALLMARK_P53": ["TP53", "MDM2", "BAX"]}),
        (TWO, {"HALLMARK_P53": ["TP53", "MDM2", "BAX"], "HALLMARK_IL6": ["IL6", "TNF"]}),
        ('STANDARD_NAME,A\nGENE_SYMBOLS,"TP53,BAX"\n', {"A": ["TP53", "BAX"]}),
    ],
    ids=["one", "two", "between commas"],
)
def test_the_properties_of_msigdb_are_sets(tmp_path: Path, content: str, expected: dict[str, list[str]]):
    path = tmp_path / "HALLMARK.v2024.1.Hs.tsv"
    path.write_text(content)
    file = read_pathways(path, PANEL)
    assert members(file) == {name: sorted(genes, key=GENES.index) for name, genes in expected.items()}
    assert {pathway.name: list(pathway.genes) for pathway in read_set_library(path).pathways} == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (MSIGDB.format(names="A\tA", genes="TP53\tMYC"), "two columns are named A"),
        (MSIGDB.format(names="A\tB", genes="TP53"), "the gene set B has no genes"),
        ("STANDARD_NAME\tA\nGENE_SYMBOLS\t\n", "has no line GENE_SYMBOLS"),
    ],
)
def test_properties_without_genes_or_of_one_name_are_refused(tmp_path: Path, content: str, message: str):
    (tmp_path / "m.tsv").write_text(content)
    with pytest.raises(InputError, match=message):
        read_pathways(tmp_path / "m.tsv", PANEL)
