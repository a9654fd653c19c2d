"""Sets and networks as spreadsheets and editors leave them, names of regulators, and files that are known by name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from grnledger.engine.errors import GrnError, InputError, NotFound
from grnledger.engine.network.panel import Panel
from grnledger.formats.pathways.pathways import PathwayFile, read_pathways

if TYPE_CHECKING:
    from pathlib import Path

GENES = ("TP53", "MDM2", "CDKN1A", "IL6", "TNF", "MYC", "BAX", "JUN")
PANEL = Panel(GENES)
SETS = {"P53": ["TP53", "MDM2", "BAX"], "INF": ["IL6", "TNF"]}


def members(file: PathwayFile) -> dict[str, list[str]]:
    return {pathway.label: [GENES[gene] for gene in pathway.genes] for pathway in file.pathways}


def book(path: Path, **sheets: list[list[Any]]) -> Path:
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for title, rows in sheets.items():
        sheet = workbook.create_sheet(title)
        for row in rows:
            sheet.append(row)
    workbook.save(path)
    return path


LISTS = {
    "colons and commas": "P53: TP53, MDM2, BAX\nINF: IL6, TNF\n",
    "colons and semicolons": "P53: TP53; MDM2; BAX\n\nINF: IL6; TNF\n",
    "colons and blanks": "P53: TP53 MDM2 BAX\nINF:IL6 TNF\n",
    "GMT between semicolons, padded": "\ufeffP53;a set;TP53;MDM2;BAX\nINF;a set;IL6;TNF;\n",
    "GMT between commas": "P53,na,TP53,MDM2,BAX\nINF,na,IL6,TNF\n",
    "quoted GMT between commas": '"P53","a set, of two","TP53","MDM2","BAX"\n"INF","na","IL6","TNF",""\n',
}


@pytest.mark.parametrize("content", LISTS.values(), ids=LISTS)
def test_a_set_a_line_is_read_in_every_form(tmp_path: Path, content: str):
    path = tmp_path / "lists.txt"
    path.write_text(content, encoding="utf-8")
    file = read_pathways(path, PANEL)
    assert members(file) == SETS
    assert any(note.startswith("a set a line: ") for note in file.notes)


def test_second_fields_that_are_genes_are_asked_about_between_commas_too(tmp_path: Path):
    path = tmp_path / "s.csv"
    path.write_text("P53,TP53,MDM2,BAX,JUN\nINF,IL6,TNF,MYC\n")
    with pytest.raises(InputError) as refusal:
        read_pathways(path, PANEL)
    assert refusal.value.code == "gmt-without-descriptions"
    assert str(path) in refusal.value.message
    assert members(read_pathways(path, PANEL, descriptions=False))["INF"] == ["IL6", "TNF", "MYC"]


COLUMNS = [["P53", "INF"], ["TP53", "IL6"], ["MDM2", "TNF"], ["BAX", None]]


@pytest.mark.parametrize("title", [[], [["Table S3. Signatures of this study."], []]])
@pytest.mark.parametrize("footer", [[], [[], ["* from the literature"]]])
def test_sets_in_columns_of_a_sheet_need_no_descriptions(
    tmp_path: Path, title: list[list[str]], footer: list[list[str]]
):
    file = read_pathways(book(tmp_path / "b.xlsx", S=[*title, *COLUMNS, *footer]), PANEL)
    assert members(file) == SETS
    assert any("skipped" in note for note in file.notes) == bool(title or footer)


@pytest.mark.parametrize("mark", ["\t", ",", ";"])
def test_titles_above_and_remarks_below_a_text_are_skipped(tmp_path: Path, mark: str):
    rows = [
        ["Supplementary Table 2. Network"],
        [],
        ["TF", "target", "sign"],
        ["TP53", "MDM2", "+"],
        ["TP53", "MYC", "-"],
    ]
    rows += [["TP53", "BAX", "+"], [], ["* by hand"]]
    path = tmp_path / "t.txt"
    path.write_text("".join(mark.join(row) + "\n" for row in rows))
    file = read_pathways(path, PANEL)
    assert members(file) == {"TP53": ["TP53", "MDM2", "MYC", "BAX"]}
    assert "1 line above the table and 1 line below the table skipped" in file.notes
    path.write_text(path.read_text().replace(f"MYC{mark}-", f"MYC{mark}splicing"))
    with pytest.raises(InputError, match=r"t\.txt.* 'splicing' is not known"):
        read_pathways(path, PANEL)


def test_a_header_with_words_is_no_title(tmp_path: Path):
    content = ",Some name,Term,NES,lead_genes\n0,a b,A,-0.4,TP53;MDM2;BAX\n1,a b,B,0.5,IL6;TNF;MYC\n"
    (tmp_path / "t.csv").write_text(content)
    assert members(read_pathways(tmp_path / "t.csv", PANEL)) == {
        "A": ["TP53", "MDM2", "BAX"],
        "B": ["IL6", "TNF", "MYC"],
    }


def test_the_title_of_the_only_column_of_r_is_none(tmp_path: Path):
    (tmp_path / "t.tsv").write_text("my pathway\nTP53\t0.5\nMYC\t0.25\n")
    assert members(read_pathways(tmp_path / "t.tsv", PANEL)) == {"my pathway": ["TP53", "MYC"]}


def test_a_sheet_is_chosen_by_name(tmp_path: Path):
    path = book(
        tmp_path / "b.xlsx",
        Netzwerk=[
            ["Transkriptionsfaktor", "Zielgen", "Wirkung"],
            ["TP53", "MDM2", "aktivierend"],
            ["TP53", "MYC", "hemmend"],
        ],
        Legende=[["Wirkung", "aktivierend = +1"]],
    )
    with pytest.raises(InputError) as refusal:
        read_pathways(path, PANEL)
    assert refusal.value.code == "several-sheets"
    (regulon,) = read_pathways(path, PANEL, sheet="Netzwerk").pathways
    assert dict(zip(regulon.genes.tolist(), regulon.loadings[:, 0].tolist(), strict=True)) == {0: 0.1, 1: 0.1, 5: -0.1}
    with pytest.raises(NotFound, match="no sheet 'Nix'; it has Netzwerk, Legende"):
        read_pathways(path, PANEL, sheet="Nix")
    (tmp_path / "t.tsv").write_text("source\ttarget\nTP53\tMDM2\n")
    with pytest.raises(InputError, match="is not a workbook"):
        read_pathways(tmp_path / "t.tsv", PANEL, sheet="S")


def test_two_columns_of_genes_of_one_length_are_asked_about(tmp_path: Path):
    (tmp_path / "t.tsv").write_text("A\tB\nTP53\tMYC\nMDM2\tIL6\nBAX\tTNF\n")
    with pytest.raises(InputError) as refusal:
        read_pathways(tmp_path / "t.tsv", PANEL)
    assert (refusal.value.code, refusal.value.facts["formats"]) == ("format-not-known", "gmx")
    assert members(read_pathways(tmp_path / "t.tsv", PANEL, kind="gmx", descriptions=False)) == {
        "A": ["TP53", "MDM2", "BAX"],
        "B": ["IL6", "TNF", "MYC"],
    }


SCENIC = {
    "r.gmt": "TP53(+)\t2g\tMDM2\tBAX\nMYC(-)\t1g\tJUN\n",
    "r.json": json.dumps({"TP53(+)": ["MDM2", "BAX"], "MYC(-)": ["JUN"]}),
    "r.csv": "name,genes\nTP53(+),MDM2;BAX\nMYC(-),JUN\n",
}


@pytest.mark.parametrize("name", SCENIC)
def test_regulators_in_the_names_of_scenic_load_in_every_format(tmp_path: Path, name: str):
    (tmp_path / name).write_text(SCENIC[name])
    file = read_pathways(tmp_path / name, PANEL)
    assert members(file) == {"TP53(+)": ["TP53", "MDM2", "BAX"], "MYC(-)": ["MYC", "JUN"]}
    assert file.pathways[1].loadings[:, 0].tolist() == [0.1, -0.1]
    assert "2 sets named after regulators, as SCENIC writes them: these load too" in file.notes


def test_some_names_with_a_sign_are_those_of_cells(tmp_path: Path):
    (tmp_path / "r.gmt").write_text("TP53(+)\tx\tMDM2\tBAX\nother cells\tx\tJUN\n")
    assert members(read_pathways(tmp_path / "r.gmt", PANEL))["TP53(+)"] == ["MDM2", "BAX"]


NAMED = {"r.json": json.dumps({"TP53": {"MDM2": 1, "BAX": -1}}), "r.gmt": "TP53\tna\tMDM2\tBAX\n"}


@pytest.mark.parametrize("name", NAMED)
def test_sets_named_as_genes_are_regulons_or_sets(tmp_path: Path, name: str):
    path = tmp_path / name
    path.write_text(NAMED[name])
    with pytest.raises(InputError) as refusal:
        read_pathways(path, PANEL)
    assert refusal.value.code == "regulators-or-sets"
    assert members(read_pathways(path, PANEL, kind="regulon")) == {"TP53": ["TP53", "MDM2", "BAX"]}
    assert members(read_pathways(path, PANEL, kind=refusal.value.facts["kind"])) == {"TP53": ["MDM2", "BAX"]}


@pytest.mark.parametrize(
    ("file", "comment", "name"),
    [
        ("x.grp", "# HALLMARK_HYPOXIA", "HALLMARK_HYPOXIA"),
        ("hypoxia.v2.grp", "# hypoxia", "hypoxia"),
        ("x.grp", "# made by hand", "x"),
        ("x.grp", "# genes", "x"),
    ],
)
def test_the_first_comment_of_a_grp_may_be_its_name(tmp_path: Path, file: str, comment: str, name: str):
    (tmp_path / file).write_text(f"{comment}\n# Genes of another comment.\nTP53\nMDM2\n")
    assert members(read_pathways(tmp_path / file, PANEL)) == {name: ["TP53", "MDM2"]}


FOREIGN = {
    "XML": '<?xml version="1.0"?>\n<MSIGDB NAME="x">\n<GENESET STANDARD_NAME="A" MEMBERS="TP53"/>\n</MSIGDB>\n',
    "OBO": "format-version: 1.2\n\n[Term]\nid: GO:1\n",
    "pySCENIC": ",,Enrichment,Enrichment\n,,TargetGenes,RankAtMax\nTF,MotifID,,\nTP53,m1,\"[('MDM2', 1.0)]\",12\n",
    "scanpy": ",0_names,0_scores,1_names,1_scores\n0,TP53,20.0,IL6,19.0\n",
    "CellOracle": "peak_id,gene_short_name,TP53,MYC\nchr1_0_500,MDM2,1.0,0.0\n",
}


@pytest.mark.parametrize("what", FOREIGN)
def test_files_that_are_not_read_are_named_with_the_way(tmp_path: Path, what: str):
    (tmp_path / "f.txt").write_text(FOREIGN[what])
    with pytest.raises(InputError, match=what) as refusal:
        read_pathways(tmp_path / "f.txt", PANEL)
    assert refusal.value.hint


@pytest.mark.parametrize("ending", ["csv", "parquet", "xlsx"])
@pytest.mark.parametrize("index", [False, True])
def test_the_way_that_is_named_makes_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, index: bool
):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    pytest.importorskip("openpyxl")
    frame = pandas.DataFrame(
        {
            "peak_id": ["c1", "c2", "c3"],
            "gene_short_name": ["MDM2", "MDM2", "BAX"],
            "TP53": [1.0, 0.0, 1.0],
            "MYC": [0.0, 1.0, 0.0],
        }
    )
    path = tmp_path / f"base.{ending}"
    write = {"csv": frame.to_csv, "parquet": frame.to_parquet, "xlsx": frame.to_excel}[ending]
    write(path, index=index)
    with pytest.raises(InputError, match="CellOracle") as refusal:
        read_pathways(path, PANEL)
    monkeypatch.chdir(tmp_path)
    exec(refusal.value.hint.removeprefix("In Python: "), {})
    found = members(read_pathways(tmp_path / "regulons.tsv", PANEL))
    assert {name: set(genes) for name, genes in found.items()} == {
        "TP53": {"TP53", "MDM2", "BAX"},
        "MYC": {"MYC", "MDM2"},
    }


UNDIRECTED = {
    "STRING": ("#node1\tnode2\tcombined_score\nTP53\tMDM2\t0.9\nTP53\tMYC\t0.8\n", "node1", "node2"),
    "proteins": ("protein1 protein2 combined_score\nTP53 MDM2 900\nTP53 MYC 800\n", "protein1", "protein2"),
    "genes": ("gene_a,gene_b,cor\nTP53,MDM2,0.5\nTP53,MYC,0.25\n", "gene_a", "gene_b"),
    "BioGRID": (
        "#ID\tOfficial Symbol Interactor A\tOfficial Symbol Interactor B\n103\tTP53\tMDM2\n104\tTP53\tMYC\n",
        "2",
        "3",
    ),
}


@pytest.mark.parametrize(("content", "first", "second"), UNDIRECTED.values(), ids=UNDIRECTED)
def test_pairs_without_a_direction_are_named(tmp_path: Path, content: str, first: str, second: str):
    (tmp_path / "f.txt").write_text(content)
    with pytest.raises(InputError, match="without a direction") as refusal:
        read_pathways(tmp_path / "f.txt", PANEL)
    assert refusal.value.facts == {"first": first, "second": second}
    file = read_pathways(tmp_path / "f.txt", PANEL, source_column=first, gene_column=second)
    assert members(file) == {"TP53": ["TP53", "MDM2", "MYC"]}


def test_what_is_nothing_of_the_kind_is_refused(tmp_path: Path):
    (tmp_path / "f.txt").write_text("nothing\nof\nthe\nkind\n")
    with pytest.raises(GrnError) as refusal:
        read_pathways(tmp_path / "f.txt", PANEL)
    assert refusal.value.code == "pathways-not-recognised"


IN_COLUMNS = ("Glykolyse|Zellzyklus (G2/M)|Hypoxie", "TP53|MYC|IL6", "MDM2|JUN|TNF", "BAX||")


@pytest.mark.parametrize("mark", ["\t", ";", ","])
@pytest.mark.parametrize("top", ["", "\ufeff", "# a comment\n"])
@pytest.mark.parametrize("titled", [False, True])
def test_sets_in_columns_are_read_between_any_sign(tmp_path: Path, mark: str, top: str, titled: bool):
    lines = [line.replace("|", mark) for line in IN_COLUMNS]
    if titled:
        other = {";": ", ", ",": "; ", "\t": "; "}[mark]
        lines[0] = lines[0].replace("Hypoxie", f"Hypoxie{other}akut" if mark != "," else f'"Hypoxie{other}akut"')
    (tmp_path / "t.csv").write_text(top + "\n".join(lines) + "\n", encoding="utf-8")
    found = members(read_pathways(tmp_path / "t.csv", PANEL))
    assert list(found.values()) == [["TP53", "MDM2", "BAX"], ["MYC", "JUN"], ["IL6", "TNF"]]
    assert list(found)[1] == "Zellzyklus (G2/M)"


COMPLEXES = (
    "ComplexName,subunits(Gene name)",
    "complex_name,subunits_gene_name",
    "Complex,Subunits",
    "name,Gene names",
)


@pytest.mark.parametrize("titles", COMPLEXES)
def test_complexes_are_sets_of_their_subunits(tmp_path: Path, titles: str):
    name, genes = titles.split(",")
    rows = "1\tp53 complex\tHuman\tP1;P2\tTP53;MDM2\n2\tAP-1\tHuman\tP3\tJUN;MYC\n"
    (tmp_path / "t.txt").write_text(f"ComplexID\t{name}\tOrganism\tsubunits(UniProt IDs)\t{genes}\n{rows}")
    found = members(read_pathways(tmp_path / "t.txt", PANEL))
    assert {name: sorted(genes) for name, genes in found.items()} == {
        "p53 complex": ["MDM2", "TP53"],
        "AP-1": ["JUN", "MYC"],
    }
