"""Gene sets as tools write them: each file has one right reading, for a commit and for a test of sets."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.engine.errors import InputError
from grnledger.engine.network.panel import Panel
from grnledger.formats.pathways.pathways import PathwayFile, read_pathways
from grnledger.formats.sets.gene_sets import read_gene_sets

if TYPE_CHECKING:
    from pathlib import Path

PANEL = Panel(("TP53", "MDM2", "MYC", "CDKN1A", "EGFR", "BAX", "IL6", "TNF"))

P53, INF = ["TP53", "MDM2", "BAX"], ["IL6", "TNF"]
RIGHT = {"P53": set(P53), "INF": set(INF)}

MSIGDB = {
    name: {"systematicName": "M1", "pmid": "1", "exactSource": "", "geneSymbols": genes, "collection": "H"}
    for name, genes in (("P53", P53), ("INF", INF))
}


def rows(line: str, **more: list[str]) -> str:
    """Return a line for each gene of each set; `{s}` is the set, `{g}` the gene, others count."""
    pairs = [(s, g) for s, genes in (("P53", P53), ("INF", INF)) for g in genes]
    return "".join(line.format(s=s, g=g, i=i, n=10 + i, **more) + "\n" for i, (s, g) in enumerate(pairs))


SETS = {
    "GMT": ("s.gmt", "P53\thttp://x\tTP53\tMDM2\tBAX\nINF\tna\tIL6\tTNF\n"),
    "GMT of Excel": (
        "s.gmt",
        '"P53"\t"genes of p53, curated"\t"TP53"\t"MDM2"\t"BAX"\r\n"INF"\t"na"\t"IL6"\t"TNF"\t\t\r\n',
    ),
    "GMT padded with tabs and commas": ("s.gmt", "P53\tna\tTP53\tMDM2\tBAX\t\t\nINF\tna\tIL6\tTNF,,,\n"),
    "library of Enrichr": ("KEGG_2021_Human.txt", "P53\t\tTP53\tMDM2\tBAX\t\nINF\t\tIL6\tTNF\t\n"),
    "library of Enrichr without an ending": ("KEGG_2021_Human", "P53\t\tTP53\tMDM2\tBAX\nINF\t\tIL6\tTNF\n"),
    "GMT as tsv": ("s.tsv", "P53\tp53 pathway\tTP53\tMDM2\tBAX\nINF\tinflammation\tIL6\tTNF\n"),
    "GMX": ("s.gmx", "P53\tINF\nna\tna\nTP53\tIL6\nMDM2\tTNF\nBAX\t\n"),
    "GMX without trailing tabs": ("s.gmx", "P53\tINF\n> a set\t> a set\nTP53\tIL6\nMDM2\tTNF\nBAX\n"),
    "GMX as text": ("s.txt", "P53\tINF\nna\tna\nTP53\tIL6\nMDM2\tTNF\nBAX\t\n"),
    "JSON of lists": ("s.json", json.dumps({"P53": P53, "INF": INF})),
    "JSON of MSigDB": ("s.v2023.json", json.dumps(MSIGDB, indent=1)),
    "JSON without an ending": ("sets", " " + json.dumps({"P53": P53, "INF": INF})),
    "msigdbr": (
        "m.csv",
        "gs_cat,gs_subcat,gs_name,gene_symbol,entrez_gene,ensembl_gene,human_gene_symbol,gs_id,gs_pmid,gs_description\n"
        + rows('H,"",{s},{g},{n},ENSG0000000{n},{g},M1,123,"a set, curated"'),
    ),
    "msigdbr 10": (
        "m.tsv",
        "gene_symbol\tncbi_gene\tensembl_gene\tdb_gene_symbol\tsource_gene\tgs_id\tgs_name\tgs_collection\tgs_pmid\n"
        + rows("{g}\t{n}\tENSG0000000{n}\t{g}\t{g}\tM1\t{s}\tH\t"),
    ),
    "msigdbr, two columns": ("m.csv", "gs_name,gene_symbol\n" + rows("{s},{g}")),
    "msigdbr with row names of R": (
        "m.csv",
        '"","gs_name","gene_symbol"\n' + rows('"{i}","{s}","{g}"'),
    ),
    "TERM2GENE": ("t.csv", "term,gene\n" + rows("{s},{g}")),
    "TERM2GENE of R": ("t.txt", "term\tgene\n" + rows("{i}\t{s}\t{g}")),
    "decoupler": ("d.csv", ",geneset,genesymbol,collection\n" + rows("{i},{s},{g},hallmark")),
    "decoupler, the genes first": ("d.csv", "genesymbol,collection,geneset\n" + rows("{g},hallmark,{s}")),
    "source beside sets is where they come from": ("g.csv", "term,gene,source\n" + rows("{s},{g},GO:BP")),
    "semicolons and comments": ("t.csv", "# of 2024\n# by hand\nSet;Gene\n" + rows("{s};{g}")),
    "a workbook's quotation marks": ("t.tsv", '"Gene Set"\t"Gene Symbol"\n' + rows('"{s}"\t"{g}"')),
    "lists between semicolons": ("l.tsv", "set\tgenes\nP53\tTP53;MDM2;BAX\nINF\tIL6;TNF\n"),
    "lists between commas": ("l.csv", 'set,genes\nP53,"TP53, MDM2, BAX"\nINF,"IL6, TNF"\n'),
    "lists between commas in tabs": ("l.tsv", "pathway\tgenes\nP53\tTP53,MDM2,BAX\nINF\tIL6,TNF\n"),
    "a list of one gene among others": ("l.tsv", "pathway\tsize\tgenes\nP53\t3\tTP53|MDM2|BAX\nINF\t2\tIL6|TNF\n"),
    "clusterProfiler": (
        "e.csv",
        (
            '"","ID","Description","GeneRatio","BgRatio","pvalue","p.adjust","qvalue","geneID","Count"\n'
            '"P53","P53","p53 pathway","3/9","200/4383",0.001,0.01,0.01,"TP53/MDM2/BAX",3\n'
            '"INF","INF","inflammation","2/9","200/4383",0.002,0.01,0.01,"IL6/TNF",2\n'
        ),
    ),
    "gseapy": (
        "e.tsv",
        (
            "Gene_set\tTerm\tOverlap\tP-value\tAdjusted P-value\tGenes\n"
            "H\tP53\t3/200\t0.001\t0.01\tTP53;MDM2;BAX\nH\tINF\t2/200\t0.002\t0.01\tIL6;TNF\n"
        ),
    ),
    "fgsea": (
        "f.tsv",
        (
            "pathway\tpval\tpadj\tES\tNES\tsize\tleadingEdge\n"
            "P53\t0.001\t0.01\t0.7\t2.1\t200\tTP53 MDM2 BAX\nINF\t0.002\t0.01\t-0.6\t-1.9\t200\tIL6 TNF\n"
        ),
    ),
    "TRUE and FALSE": (
        "b.csv",
        (
            "gene,P53,INF\nTP53,TRUE,FALSE\nMDM2,TRUE,FALSE\nBAX,TRUE,FALSE\nIL6,FALSE,TRUE\nTNF,FALSE,TRUE\n"
            "EGFR,FALSE,FALSE\n"
        ),
    ),
    "True and False, without a title": (
        "b.tsv",
        "\tP53\tINF\nTP53\tTrue\tFalse\nMDM2\tTrue\tFalse\nBAX\tTrue\tFalse\nIL6\tFalse\tTrue\nTNF\tFalse\tTrue\n",
    ),
}


def members(file: PathwayFile) -> dict[str, set[str]]:
    """Return the genes of each pathway, all of which load the strength."""
    for pathway in file.pathways:
        assert np.all(pathway.loadings == 0.1), pathway.names
    return {pathway.names[0]: set(PANEL.names(pathway.genes)) for pathway in file.pathways}


@pytest.mark.parametrize(("name", "content"), SETS.values(), ids=SETS)
def test_sets_are_read_as_the_tool_meant_them(tmp_path: Path, name: str, content: str):
    path = tmp_path / name
    path.write_text(content)
    assert members(read_pathways(path, PANEL)) == RIGHT
    assert {pathway.name: set(pathway.genes) for pathway in read_gene_sets(path)} == RIGHT


def test_a_packed_library_under_another_ending_is_read(tmp_path: Path):
    path = tmp_path / "library.txt.gz"
    path.write_bytes(gzip.compress(SETS["library of Enrichr"][1].encode()))
    assert members(read_pathways(path, PANEL)) == RIGHT


@pytest.mark.parametrize(
    ("name", "content", "set_name"),
    [
        ("P53.grp", "# genes of p53\nTP53\nMDM2\nBAX\n", "P53"),
        ("x.v2023.grp", "P53\n> genes of p53\nTP53\nMDM2\nBAX\nBAX\n", "P53"),
        ("my.set.grp", "TP53\r\nMDM2\r\n\r\nBAX\r\n", "my.set"),
    ],
)
def test_a_grp_file_is_one_set(tmp_path: Path, name: str, content: str, set_name: str):
    (tmp_path / name).write_text(content)
    assert members(read_pathways(tmp_path / name, PANEL)) == {set_name: set(P53)}
    assert [(s.name, set(s.genes)) for s in read_gene_sets(tmp_path / name)] == [(set_name, set(P53))]


def test_lists_of_ids_are_no_numbers_with_a_decimal_comma(tmp_path: Path):
    (tmp_path / "l.tsv").write_text("set\tgenes\nA\t7157,4193\nB\t4609,581\n")
    sets = read_gene_sets(tmp_path / "l.tsv")
    assert {s.name: s.genes for s in sets} == {"A": ("7157", "4193"), "B": ("4609", "581")}


def test_genes_of_another_vocabulary_are_chosen_by_their_column(tmp_path: Path):
    (tmp_path / "m.csv").write_text("gs_name,gene_symbol,ensembl_gene\nA,TP53,ENSG00000141510\n")
    panel = Panel(("ENSG00000141510", "ENSG00000135679"))
    file = read_pathways(tmp_path / "m.csv", panel, gene_column="ensembl_gene")
    assert file.pathways[0].genes.tolist() == [0]
    assert file.choices == {"gene_column": "ensembl_gene"}
    only = "gs_name,entrez_gene\nA,7157\n"
    (tmp_path / "m.csv").write_text(only)
    assert read_pathways(tmp_path / "m.csv", Panel(("7157", "1"))).pathways[0].genes.tolist() == [0]


BINARY = ["gene,A,B\nTP53,1,0\nMDM2,1,0\nIL6,0,1\n", "gene,A,B\nTP53,1,\nMDM2,1,\nIL6,,1\n"]


@pytest.mark.parametrize("content", BINARY)
def test_a_table_of_0_and_1_is_refused_naming_both_readings_unless_one_is_said(tmp_path: Path, content: str):
    path = tmp_path / "b.csv"
    path.write_text(content)
    with pytest.raises(InputError, match="which genes belong to a set, or be loadings of 1") as caught:
        read_pathways(path, PANEL)
    assert caught.value.code == "membership-or-loadings"
    right = {"A": {"TP53", "MDM2"}, "B": {"IL6"}}
    assert members(read_pathways(path, PANEL, kind="membership")) == right
    assert members(read_pathways(path, PANEL, strength=0.1)) == right
    assert {s.name: set(s.genes) for s in read_gene_sets(path)} == right
    for said in ({"kind": "loadings"}, {"units": "raw"}):
        file = read_pathways(path, PANEL, **said)
        assert (file.kind, file.units, file.pathways[0].loadings.tolist()) == ("loadings", "raw", [[1.0], [1.0]])


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("s.gmt", "A\tna\tTP53\tMDM2\nA\tna\tIL6\tTNF\n", "line 2: the set A occurs already in line 1"),
        ("s.json", '{"A": ["TP53"], "A": ["MDM2"]}', "A stands twice in one object"),
        ("s.json", '{"A": {"about": "p53"}}', "A has no field of genes; it has about"),
        ("s.json", '{"A": []}', "the gene set A has no genes"),
        ("s.json", '{"A": ["TP53", null]}', "'None' among the genes of A is no name"),
        ("s.json", '{"A": "TP53"}', "the genes of A are no list"),
        ("s.json", '{"A": ["TP53"', "line 1 is not JSON"),
        ("s.json", "[" * 100_000, "cannot be read as JSON"),
        ("s.json", "[1]", "no object of names and genes"),
        ("s.gmx", "A\tA\nna\tna\nTP53\tMDM2\n", "two columns are named A"),
        ("s.gmx", "A\tB\nna\tna\nTP53\t\n", "the gene set B has no genes"),
        ("s.gmx", "A\tB\nna\tna\nTP53\tIL6\tMYC\n", "row 3 has 3 fields"),
        ("s.grp", "TP53\tMDM2\n", "line 1 has several fields"),
        ("s.grp", "# nothing\n", "holds no gene"),
        ("s.tsv", "set\tgenes\nA\tTP53;MDM2\nB\tIL6,TNF\n", "'IL6,TNF' is not one gene"),
        ("s.tsv", "set\tgenes\nA\tTP53;MDM2\nA\tIL6;TNF\n", "the set A occurs already in line 2"),
        ("s.csv", "gene,A,B\nTP53,TRUE,FALSE\nMDM2,FALSE,maybe\n", "'A' of .* holds words, such as TRUE, FALSE"),
        ("s.csv", "gene,A\nTP53,TRUE\nTP53,FALSE\n", "the gene TP53 occurs more than once"),
        ("s.csv", "gene,A,B\nTP53,TRUE,FALSE\n", "the gene set B has no genes"),
        ("s.txt", "TP53\nMDM2\nBAX\n", "not recognised as a file of pathways"),
    ],
)
def test_sets_that_cannot_be_used_are_named(tmp_path: Path, name: str, content: str, sentence: str):
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=sentence):
        read_pathways(tmp_path / name, PANEL)


@pytest.mark.parametrize(
    "content",
    [
        "probe\tannotation\tnote\nTP53\tEGFR\tgood\nMDM2\tMYC\tgood\nBAX\tTNF\n",
        "TP53\tMDM2\tstrong\tlow\nMYC\tBAX\tweak\n",
    ],
)
def test_ragged_tables_are_not_taken_for_gmt_in_silence(tmp_path: Path, content: str):
    (tmp_path / "x.txt").write_text(content)
    with pytest.raises(InputError):
        read_pathways(tmp_path / "x.txt", PANEL, missing="drop")


def test_ids_of_genes_in_lines_are_sets(tmp_path: Path):
    (tmp_path / "c2.entrez.txt").write_text("A\thttp://x\t7157\t4193\nB\thttp://y\t4609\t7015\t1\n")
    sets = read_gene_sets(tmp_path / "c2.entrez.txt")
    assert {s.name: s.genes for s in sets} == {"A": ("7157", "4193"), "B": ("4609", "7015", "1")}


@pytest.mark.parametrize("title", ["p_val", "padj", "P.Value", "adj.P.Val", "FDR"])
def test_results_of_tests_are_no_loadings(tmp_path: Path, title: str):
    path = tmp_path / "de.csv"
    path.write_text(f"gene,log2FoldChange,{title}\nTP53,1.5,0.01\nMDM2,-2,0.02\n")
    with pytest.raises(InputError, match="does not look like a table of loadings") as caught:
        read_pathways(path, PANEL)
    assert caught.value.code == "results-not-loadings"
    assert len(read_pathways(path, PANEL, kind="loadings").pathways) == 2


def test_weights_are_no_membership(tmp_path: Path):
    (tmp_path / "p.csv").write_text("pathway,gene,weight\nA,TP53,2.5\nA,MDM2,-1\n")
    with pytest.raises(InputError, match="genes of different weights or signs, in A"):
        read_gene_sets(tmp_path / "p.csv")
