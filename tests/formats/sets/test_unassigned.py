"""Names of sets that mean "no set", in every form of sets; and genes that have no name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from grnledger.engine.errors import InputError
from grnledger.engine.network.panel import Panel
from grnledger.formats.pathways.pathways import PathwayFile, read_pathways

if TYPE_CHECKING:
    from pathlib import Path

PANEL = Panel(("TP53", "MDM2", "MYC", "CDKN1A", "EGFR", "BAX", "IL6", "TNF"))
GENES = (("TP53", "MDM2", "BAX"), ("IL6", "TNF"), ("MYC", "EGFR"))


def table(names: tuple[str, ...]) -> tuple[str, str]:
    return "t.csv", "gene,module\n" + "".join(
        f"{g},{n}\n" for n, genes in zip(names, GENES, strict=True) for g in genes
    )


def gmt(names: tuple[str, ...]) -> tuple[str, str]:
    return "t.gmt", "".join("\t".join((n, "na", *genes)) + "\n" for n, genes in zip(names, GENES, strict=True))


def as_json(names: tuple[str, ...]) -> tuple[str, str]:
    return "t.json", json.dumps(dict(zip(names, GENES, strict=True)))


def lists(names: tuple[str, ...]) -> tuple[str, str]:
    return "t.tsv", "set\tgenes\n" + "".join(f"{n}\t{';'.join(g)}\n" for n, g in zip(names, GENES, strict=True))


def membership(names: tuple[str, ...]) -> tuple[str, str]:
    rows = [[gene, *("TRUE" if gene in genes else "FALSE" for genes in GENES)] for genes in GENES for gene in genes]
    return "t.tsv", "".join("\t".join(row) + "\n" for row in [["gene", *names], *rows])


NO_SET = {
    "WGCNA": ("blue", "grey", "turquoise"),
    "WGCNA in American": ("blue", "gray", "darkolivegreen4"),
    "eigengenes": ("MEblue", "MEgrey", "MEgreenyellow"),
    "hdWGCNA": ("INH-M1", "grey", "INH-M2"),
    "words": ("T cells", "Unassigned", "B cells"),
    "two words": ("T cells", "not assigned", "B cells"),
    "unclassified": ("A", "unclassified", "B"),
    "noise": ("A", "noise", "B"),
    "HDBSCAN": ("0", "-1", "2"),
}


@pytest.mark.parametrize("form", [table, gmt, as_json, lists, membership])
@pytest.mark.parametrize("names", NO_SET.values(), ids=NO_SET)
def test_genes_of_no_set_make_none(tmp_path: Path, names: tuple[str, ...], form):
    name, content = form(names)
    (tmp_path / name).write_text(content)
    choices = {"set_column": "module", "gene_column": "gene"} if form is table else {}
    file = read_pathways(tmp_path / name, PANEL, **choices)
    assert {pathway.label for pathway in file.pathways} == {names[0], names[2]}
    assert sum(f"{names[1]!r} (2 genes) left out" in note for note in file.notes) == 1
    asked = read_pathways(tmp_path / name, PANEL, only=[names[1]], **choices)
    assert [pathway.label for pathway in asked.pathways] == [names[1]]


@pytest.mark.parametrize(
    "names", [("0", "1", "2"), ("A", "grey", "B"), ("1", "-1", "2"), ("grey matter", "blue", "red")]
)
def test_names_that_may_be_those_of_sets_stay(tmp_path: Path, names: tuple[str, ...]):
    name, content = table(names)
    (tmp_path / name).write_text(content)
    file = read_pathways(tmp_path / name, PANEL, set_column="module", gene_column="gene")
    assert sorted(pathway.label for pathway in file.pathways) == sorted(names)


def test_directions_are_no_clusters(tmp_path: Path):
    (tmp_path / "t.csv").write_text(table(("0", "-1", "1"))[1])
    with pytest.raises(InputError, match="directions of change") as refusal:
        read_pathways(tmp_path / "t.csv", PANEL, set_column="module", gene_column="gene")
    assert refusal.value.code == "clusters-or-directions"


def labels(file: PathwayFile) -> dict[str, list[str]]:
    return {pathway.label: list(PANEL.names(pathway.genes)) for pathway in file.pathways}


UNNAMED = {
    "sets": (
        "cell_name,Symbol\nT cell,TP53\nT cell,\nT cell,MDM2\nB cell,NA\nB cell,MYC\n",
        {"set_column": "cell_name"},
    ),
    "regulons": ("TF,target,mor\nTP53,MDM2,1\nTP53,,1\nMYC,EGFR,-1\nMYC,#N/A,1\n", {}),
    "lists": ("set,genes\nA,TP53;MDM2\nB,\nC,MYC;NA\nD,NA\n", {}),
    "membership": ("gene,A,B\nTP53,TRUE,FALSE\n,TRUE,TRUE\nMYC,FALSE,TRUE\nNA,TRUE,FALSE\n", {}),
}


@pytest.mark.parametrize(("content", "choices"), UNNAMED.values(), ids=UNNAMED)
def test_rows_without_a_gene_are_counted(tmp_path: Path, content: str, choices: dict[str, str]):
    (tmp_path / "t.csv").write_text(content)
    file = read_pathways(tmp_path / "t.csv", PANEL, **choices)
    column = {"cell_name": "Symbol", "TF": "target", "set": "genes", "gene": "gene"}[content.split(",", maxsplit=1)[0]]
    assert any(f"2 rows without a gene in {column!r} skipped" in note for note in file.notes)
    assert len(file.pathways) == 2


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("TF,target\nTP53,MDM2\nMYC,\nEGFR,\n", "2 of 3 rows have no gene in column 'target'.* merged cells"),
        ("set,gene\nA,TP53\n,MDM2\n", "line 3: MDM2 has no set in column 'set'.* merged cells"),
        ("TF,target\nTP53,MDM2\n,BAX\n", "line 3: BAX has no regulator in column 'TF'.* merged cells"),
    ],
)
def test_names_that_may_be_those_of_the_row_above_are_refused(tmp_path: Path, content: str, why: str):
    (tmp_path / "t.csv").write_text(content)
    with pytest.raises(InputError, match=why):
        read_pathways(tmp_path / "t.csv", PANEL)


COUNTED = {
    "for UpSet": ("Gene,Chr,A,B,n_sets\nTP53,17,1,1,2\nMDM2,12,0,1,1\nMYC,8,1,0,1\n", "n_sets"),
    "total in words": ("gene\tA\tB\tC\ttotal\nTP53\tTRUE\tTRUE\tTRUE\t3\nMYC\tFALSE\tTRUE\tFALSE\t1\n", "total"),
    "in front": ("gene,degree,A,B\nTP53,1,1,0\nMDM2,1,0,1\nMYC,1,1,0\n", "degree"),
    "without a word": ("gene,A,B,x\nTP53,1,1,2\nMDM2,0,0,0\nMYC,1,0,1\n", "x"),
}


@pytest.mark.parametrize("kind", ["auto", "membership"])
@pytest.mark.parametrize(("content", "title"), COUNTED.values(), ids=COUNTED)
def test_a_count_of_sets_is_no_set(tmp_path: Path, content: str, title: str, kind: str):
    (tmp_path / "t.tsv").write_text(content)
    file = read_pathways(tmp_path / "t.tsv", PANEL, kind=kind)
    assert {"A", "B"} <= set(labels(file)) <= {"A", "B", "C"}
    assert "TP53" in labels(file)["A"]
    assert any(f"{title!r} skipped: it counts the sets" in note for note in file.notes)


def test_a_count_that_is_wrong_further_down_is_named(tmp_path: Path):
    rows = "".join(f"G{i},1,{i % 2},{1 + i % 2}\n" for i in range(60)) + "TP53,1,0,2\n"
    (tmp_path / "t.csv").write_text("gene,A,B,n\n" + rows)
    with pytest.raises(InputError, match="line 62: the column 'n' counts the sets"):
        read_pathways(tmp_path / "t.csv", PANEL, missing="drop")


def test_a_counted_matrix_of_genes_by_genes_is_asked_about(tmp_path: Path):
    (tmp_path / "t.csv").write_text("gene,TP53,MYC,n\nBAX,1,1,2\nMDM2,1,0,1\n")
    with pytest.raises(InputError) as refusal:
        read_pathways(tmp_path / "t.csv", PANEL)
    assert refusal.value.code == "targets-or-loadings"


def test_kinds_of_cells_are_not_taken_for_their_names(tmp_path: Path):
    content = "cell_type,cell_name,Symbol\nNormal cell,T cell,TP53\nNormal cell,B cell,MYC\nNormal cell,B cell,BAX\n"
    (tmp_path / "t.csv").write_text(content)
    with pytest.raises(InputError) as refusal:
        read_pathways(tmp_path / "t.csv", PANEL)
    assert (refusal.value.code, refusal.value.facts) == ("set-column-ambiguous", {"first": "cell_name"})
    file = read_pathways(tmp_path / "t.csv", PANEL, set_column="cell_name")
    assert set(labels(file)) == {"T cell", "B cell"}
