"""Signs of regulation that are read, those that are asked about, and edges without a header."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from grnledger.engine.errors import InputError
from grnledger.formats.pathways.pathways import read_pathways
from regulon_files import PANEL, loadings, read

if TYPE_CHECKING:
    from pathlib import Path

UNSIGNED = {"TP53": {"TP53": 1.0, "MDM2": 1.0, "MYC": 1.0}, "MYC": {"MYC": 1.0, "TERT": 1.0}}
SIGNED = {"TP53": {"TP53": 1.0, "MDM2": 1.0, "MYC": -1.0}, "MYC": {"MYC": 1.0, "TERT": 1.0}}
WEIGHTED = {"TP53": {"TP53": 1.0, "MDM2": 0.5, "MYC": -0.25}, "MYC": {"MYC": 1.0, "TERT": 1.5}}


REGULATES = ("expression", "activation", "aktiviert", "UP", "transactivates", "activates expression", "-->", "induces")
REPRESSES = ("repression", "inhibition", "hemmt", "DN", "transrepresses", "inhibits expression", "--|", "blocks")


@pytest.mark.parametrize(("plus", "minus"), [*zip(REGULATES, REPRESSES, strict=True)])
@pytest.mark.parametrize(
    "titles", ["source,target,effect", "from,to,subtype1", "entry1,entry2,name", "tf,target,Type2"]
)
def test_words_of_both_signs_are_read(tmp_path: Path, plus: str, minus: str, titles: str):
    table = f"{titles}\nTP53,MDM2,{plus}\nTP53,MYC,{minus}\nMYC,TERT,{plus}\n"
    assert loadings(read(tmp_path / "a.csv", table)) == SIGNED


@pytest.mark.parametrize("title", ["subtype_of_edge", "Class", "remark", "outcome", "notes"])
@pytest.mark.parametrize("plus", ["expression", "binding", "GErel", "phosphorylation", "+p", ""])
@pytest.mark.parametrize("minus", ["repression", "inhibition", "--|", "represses expression", "downregulates"])
def test_words_of_repression_under_any_title_are_asked_about(tmp_path: Path, title: str, plus: str, minus: str):
    table = f"source,target,{title}\nTP53,MDM2,{plus}\nTP53,MYC,{minus}\nMYC,TERT,{plus}\n"
    with pytest.raises(InputError) as refusal:
        read(tmp_path / "a.csv", table)
    assert refusal.value.code == "column-may-be-signs"
    assert loadings(read(tmp_path / "a.csv", table, sign_column="none")) == UNSIGNED


@pytest.mark.parametrize("field", ["-", "–", "R", "Down syndrome", "GErel", "MYC repressor"])
def test_marks_that_may_be_anything_are_no_words_of_repression(tmp_path: Path, field: str):
    table = f"source,target,note\nTP53,MDM2,{field}\nTP53,MYC,text\nMYC,TERT,{field}\n"
    assert loadings(read(tmp_path / "a.csv", table)) == UNSIGNED


def test_repression_in_a_second_column_is_asked_about_where_the_first_has_none(tmp_path: Path):
    table = "from,to,subtype1,subtype2\nTP53,MDM2,activation,\nTP53,MYC,expression,inhibition\nMYC,TERT,activation,\n"
    with pytest.raises(InputError, match=r"'subtype2'.*'inhibition'"):
        read(tmp_path / "a.csv", table)


@pytest.mark.parametrize("title", ["effect", "sign", "mode", "Regulation", "subtype1"])
@pytest.mark.parametrize(
    ("plus", "minus"), [("1", "2"), ("2", "1"), ("1.0", "2.0"), ("0", "2"), ("2", "2"), ("3", "1")]
)
def test_codes_under_a_title_of_signs_are_no_weights(tmp_path: Path, title: str, plus: str, minus: str):
    table = f"source,target,{title}\nTP53,MDM2,{plus}\nTP53,MYC,{minus}\nMYC,TERT,{plus}\n"
    with pytest.raises(InputError, match="codes of activation and repression, or weights") as refusal:
        read(tmp_path / "a.csv", table)
    assert refusal.value.code == "codes-or-weights"
    assert loadings(read(tmp_path / "a.csv", table, sign_column="none")) == UNSIGNED


@pytest.mark.parametrize(
    ("weights", "expected"),
    [(("1", "-1", "1"), SIGNED), (("0.5", "-0.25", "1.5"), WEIGHTED), (("1", "1", "1"), UNSIGNED)],
)
@pytest.mark.parametrize("mark", ["\t", ",", " "])
def test_edges_with_weights_need_no_header(tmp_path: Path, weights: tuple[str, ...], expected: object, mark: str):
    pairs = (("TP53", "MDM2"), ("TP53", "MYC"), ("MYC", "TERT"))
    table = "".join(mark.join((*pair, weight)) + "\n" for pair, weight in zip(pairs, weights, strict=True))
    file = read(tmp_path / "a.tsv", table)
    assert loadings(file) == expected
    assert "no header: read as source, target, weight" in file.notes


@pytest.mark.parametrize(
    "weights", [("0.5", "0.25", "0.01"), ("1", "2", "1"), ("10022617", "12202480", "1"), ("0", "1", "1")]
)
def test_numbers_that_may_be_no_weights_want_a_title(tmp_path: Path, weights: tuple[str, ...]):
    pairs = (("TP53", "MDM2"), ("TP53", "MYC"), ("MYC", "TERT"))
    table = "".join("\t".join((*pair, weight)) + "\n" for pair, weight in zip(pairs, weights, strict=True))
    with pytest.raises(InputError) as refusal:
        read(tmp_path / "a.tsv", table)
    assert (refusal.value.code, refusal.value.facts["formats"]) == ("format-not-known", "regulon")


def test_importances_without_a_header_are_weights(tmp_path: Path):
    table = "TP53\tMDM2\t12.5\nTP53\tMYC\t8.25\nMYC\tTERT\t3.1\n"
    with pytest.raises(InputError) as refusal:
        read(tmp_path / "a.tsv", table)
    assert refusal.value.code == "loading-too-large"
    assert loadings(read(tmp_path / "a.tsv", table, normalize="max"))["TP53"] == {"TP53": 1.0, "MDM2": 1.0, "MYC": 0.66}


@pytest.mark.parametrize("title", ["official gene symbol", "Official Symbol"])
def test_markers_of_cell_types_are_sets(tmp_path: Path, title: str):
    table = f"species\t{title}\tcell type\tcanonical marker\nHs\tMDM2\tT cells\t1\nHs\tMYC\tT cells\t1\n"
    assert loadings(read(tmp_path / "a.tsv", table)) == {"T cells": {"MDM2": 1.0, "MYC": 1.0}}


@pytest.mark.parametrize("title", ["MI", "cor", "weight", "importance", "mor", "score"])
def test_edges_without_a_sign_are_said_to_be_activation(tmp_path: Path, title: str):
    table = f"Regulator\tTarget\t{title}\nTP53\tMDM2\t0.4\nTP53\tMYC\t0.5\n"
    assert any("all are taken as activation" in note for note in read(tmp_path / "a.tsv", table).notes)
    table = f"Regulator\tTarget\tmor\t{title}x\nTP53\tMDM2\t-1\t0.4\nTP53\tMYC\t1\t0.5\n"
    assert not any("activation" in note for note in read(tmp_path / "b.tsv", table).notes)


@pytest.mark.parametrize("relation", ["pp", "controls-expression-of", "binds"])
def test_relations_without_a_sign_are_said_to_be_activation(tmp_path: Path, relation: str):
    file = read(tmp_path / "a.sif", f"TP53\t{relation}\tMDM2\nTP53\t{relation}\tMYC\n")
    assert any("all are taken as activation" in note for note in file.notes)


@pytest.mark.parametrize(
    "table",
    [
        "source\ttarget\tscore\tnes\nTP53\tMDM2\t2\t3\nTP53\tMYC\t3\t4\n",
        "source\ttarget\tweight\tscore\nTP53\tMDM2\t0.2\t3\nTP53\tMYC\t0.3\t4\n",
    ],
)
def test_notes_name_no_option(tmp_path: Path, table: str):
    notes = " ".join(read(tmp_path / "a.tsv", table).notes)
    assert "can be chosen" in notes
    assert "_column" not in notes


@pytest.mark.parametrize("shares", ["tags=40%, list=10%, signal=30%", "signal=3%"])
def test_the_leading_edge_of_gsea_is_no_list_of_genes(tmp_path: Path, shares: str):
    table = f"ID\tNES\tleading_edge\tcore_enrichment\nGO:1\t2\t{shares}\tMDM2/MYC\nGO:2\t1\t{shares}\tTERT/MYC\n"
    sets = loadings(read(tmp_path / "a.tsv", table))
    assert sets == {"GO:1": {"MDM2": 1.0, "MYC": 1.0}, "GO:2": {"TERT": 1.0, "MYC": 1.0}}
    without = "".join(line.rsplit("\t", 1)[0] + "\n" for line in table.splitlines())
    with pytest.raises(InputError) as refusal:
        read(tmp_path / "b.tsv", without)
    assert refusal.value.code == "columns-not-named"


@pytest.mark.parametrize("content", ["TP53\tMDM2\tx;y\n", "a b\tc\td;1,2\n"])
def test_a_refusal_prints_no_escaped_tabs(tmp_path: Path, content: str):
    with pytest.raises(InputError) as refusal:
        read(tmp_path / "a.tsv", content)
    assert "\\" not in refusal.value.message


BOTH = ("-+", "+-", "+/-", "-/+", "±", "dual", "Dual", "activator/repressor", "+,-", "activator and repressor")


@pytest.mark.parametrize("both", BOTH)
@pytest.mark.parametrize("title", ["effect", "5)function", "sign"])
def test_both_signs_in_a_field_are_no_sign(tmp_path: Path, both: str, title: str):
    words = ("activator", "repressor") if "act" in both else ("+", "-")
    rows = f"TP53\tMDM2\t{words[0]}\nTP53\tMYC\t{words[1]}\nMYC\tTERT\t{words[0]}\nMYC\tBAX\t{both}\n"
    with pytest.raises(InputError) as refusal:
        read(tmp_path / "a.tsv", f"source\ttarget\t{title}\n{rows}")
    assert refusal.value.code == "unknown-signs"
    assert loadings(read_pathways(tmp_path / "a.tsv", PANEL, unknown_sign="drop")) == SIGNED


OTHERS = ("splicing", "see text", "2", "n.d.", "+++?", "context")


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize(("plus", "minus"), [("+", "-"), ("1", "-1"), ("up", "dn"), ("A", "R"), ("pos", "neg")])
def test_a_column_of_signs_is_asked_about_whatever_else_it_holds(tmp_path: Path, other: str, plus: str, minus: str):
    rows = "".join(
        f"{source}\t{target}\t{sign}\n"
        for source, target, sign in (
            ("TP53", "MDM2", plus),
            ("TP53", "MYC", minus),
            ("MYC", "TERT", plus),
            ("MYC", "BAX", other),
            ("EGFR", "BAX", other),
        )
    )
    with pytest.raises(InputError) as refusal:
        read(tmp_path / "a.tsv", f"source\ttarget\twhat\n{rows}")
    assert (refusal.value.code, refusal.value.facts["column"]) == ("column-may-be-signs", "what")


def test_a_column_of_repression_alone_is_asked_about(tmp_path: Path):
    rows = "TP53\tMDM2\t-1\nTP53\tMYC\t-1\nMYC\tTERT\tsee text\n"
    with pytest.raises(InputError) as refusal:
        read(tmp_path / "a.tsv", f"source\ttarget\twhat\n{rows}")
    assert refusal.value.code == "column-may-be-signs"


def test_regulated_names_are_targets(tmp_path: Path):
    rows = "R\tTP53\tTP53\tG\tMDM2\tactivator\nR\tTP53\tTP53\tG\tMYC\trepressor\nR\tMYC\tMYC\tG\tTERT\tactivator\n"
    titles = "1)regulatorId\t2)regulatorName\t3)RegulatorGeneName\t4)regulatedId\t5)regulatedName\t6)function"
    assert loadings(read(tmp_path / "a.tsv", f"{titles}\n{rows}")) == SIGNED


@pytest.mark.parametrize("prefix", [("", "", ""), ("2)", "4)", "5)"), ("(2) ", "(4) ", "(5) ")])
def test_titles_are_read_with_the_numbers_of_regulondb(tmp_path: Path, prefix: tuple[str, str, str]):
    source, target, sign = (f"{p}{t}" for p, t in zip(prefix, ("tfName", "geneName", "function"), strict=True))
    rows = "R1\tTP53\tG1\tMDM2\t+\tS\nR1\tTP53\tG2\tMYC\t-\tW\nR2\tMYC\tG3\tTERT\t+\tS\n"
    content = f"1)tfId\t{source}\t3)geneId\t{target}\t{sign}\t7)confidenceLevel\n{rows}"
    assert loadings(read(tmp_path / "a.txt", content)) == SIGNED
    assert loadings(read_pathways(tmp_path / "a.txt", PANEL, source_column=source, gene_column=target)) == SIGNED


def test_a_function_in_words_is_no_sign(tmp_path: Path):
    rows = "TP53\tMDM2\tDNA repair\nTP53\tMYC\tcell cycle\nMYC\tTERT\ttelomeres\n"
    assert loadings(read(tmp_path / "a.tsv", f"tf\ttarget\tfunction\n{rows}")) == UNSIGNED


PLAIN = "TP53\tMDM2\t+\nTP53\tBAX\t-\n"
NONE, TWICE = "TP53\tMYC\t?\n", "MYC\tTERT\t+\nMYC\tTERT\t-\n"
UNSETTLED = {
    "none": (PLAIN + NONE, "1 of 3 pairs has no known sign, such as TP53 → MYC (line 4)"),
    "both": (PLAIN + TWICE, "1 of 3 pairs has both signs, such as MYC → TERT (line 5)"),
    "of each": (
        PLAIN + NONE + TWICE,
        "1 of 4 pairs has no known sign, and 1 has both signs, such as TP53 → MYC (line 4)",
    ),
}


@pytest.mark.parametrize(("rows", "sentence"), UNSETTLED.values(), ids=UNSETTLED)
@pytest.mark.parametrize("form", ["table", "sif"])
def test_pairs_without_a_sign_and_of_both_are_counted(tmp_path: Path, rows: str, sentence: str, form: str):
    content, name = f"source\ttarget\tsign\n{rows}", "a.tsv"
    if form == "sif":
        fields = [row.split("\t") for row in rows.splitlines()]
        content, name = "".join(f"{s}\t{sign}\t{t}\n" for s, t, sign in fields), "a.sif"
        sentence = sentence.partition(" (line")[0]
    with pytest.raises(InputError) as refusal:
        read(tmp_path / name, content)
    assert sentence in refusal.value.message


@pytest.mark.parametrize(
    "title", ["GS.weight", "GS", "MM.blue", "kMEblue", "geneSignificance", "gene.trait.significance"]
)
@pytest.mark.parametrize("groups", ["moduleColor", "module", "mergedColors"])
def test_what_wgcna_writes_beside_modules_is_no_sign(tmp_path: Path, title: str, groups: str):
    rows = "TP53\tblue\t-0.5\nMDM2\tblue\t0.25\nBAX\tred\t-0.125\nMYC\tred\t0.5\n"
    file = read(tmp_path / "a.tsv", f"geneSymbol\t{groups}\t{title}\n{rows}")
    assert loadings(file) == {"blue": {"TP53": 1.0, "MDM2": 1.0}, "red": {"MYC": 1.0, "BAX": 1.0}}
    assert any(repr(title) in note for note in file.notes if note.startswith("columns not read"))


@pytest.mark.parametrize(("groups", "title"), [("cluster", "avg_log2FC"), ("module", "kME"), ("pathway", "GS.weight")])
def test_other_numbers_of_both_signs_beside_groups_are_asked_about(tmp_path: Path, groups: str, title: str):
    rows = "TP53\tblue\t-0.5\nMDM2\tblue\t0.25\nBAX\tred\t-0.125\nMYC\tred\t0.5\n"
    with pytest.raises(InputError) as refusal:
        read(tmp_path / "a.tsv", f"gene\t{groups}\t{title}\n{rows}")
    assert refusal.value.code == "column-may-be-signs"
