"""Rows of tables of pairs that say NOT, or that their pair has no direction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from grnledger.engine.errors import InputError
from regulon_files import loadings, read

if TYPE_CHECKING:
    from pathlib import Path

NEGATED = {
    "NOT": ("Qualifier", "", "NOT"),
    "GO": ("QUALIFIER", "involved_in", "NOT|involved_in"),
    "GO of old": ("Qualifier", "contributes_to", "contributes_to|NOT"),
    "in words": ("Qualifier", "part_of", "NOT part_of"),
    "small letters": ("qualifiers", "", "not"),
    "under another title": ("relation to term", "enables", "NOT|enables"),
    "flags": ("negated", "FALSE", "TRUE"),
    "GPAD": ("Negation", "", "NOT"),
    "German": ("Qualifikator", "", "NOT|involved_in"),
}


@pytest.mark.parametrize("options", [{}, {"set_column": "term", "gene_column": "gene"}], ids=["guessed", "chosen"])
@pytest.mark.parametrize(("title", "plain", "negated"), NEGATED.values(), ids=NEGATED)
def test_rows_that_say_not_are_no_members(
    tmp_path: Path, title: str, plain: str, negated: str, options: dict[str, Any]
):
    content = f"gene\t{title}\tterm\nTP53\t{plain}\tA\nMDM2\t{plain}\tA\nMYC\t{negated}\tA\nBAX\t{plain}\tB\n"
    file = read(tmp_path / "t.tsv", content, **options)
    assert loadings(file) == {"A": {"TP53": 1.0, "MDM2": 1.0}, "B": {"BAX": 1.0}}
    assert f"1 row left out that says NOT in column {title!r}" in file.notes


@pytest.mark.parametrize("negated", ["NOT", "NOT|involved_in"])
def test_rows_that_say_not_are_left_out_without_a_header(tmp_path: Path, negated: str):
    content = f"X\tP1\tTP53\t\tT:1\nX\tP2\tMYC\t{negated}\tT:1\nX\tP3\tMDM2\tenables\tT:1\n"
    file = read(tmp_path / "t.tsv", content, set_column="5", gene_column="3")
    assert loadings(file) == {"T:1": {"TP53": 1.0, "MDM2": 1.0}}


def test_lists_and_regulators_that_say_not_are_left_out_too(tmp_path: Path):
    lists = "set\tgenes\tqualifier\nA\tTP53;MDM2\t\nB\tMYC;BAX\tNOT\n"
    assert loadings(read(tmp_path / "l.tsv", lists)) == {"A": {"TP53": 1.0, "MDM2": 1.0}}
    pairs = "TF\ttarget\tqualifier\nTP53\tMDM2\t\nTP53\tMYC\tNOT\n"
    assert loadings(read(tmp_path / "p.tsv", pairs)) == {"TP53": {"TP53": 1.0, "MDM2": 1.0}}


def test_pairs_that_other_rows_do_not_deny_are_counted(tmp_path: Path):
    content = "term\tgene\tqualifier\nA\tTP53\t\nA\tTP53\tNOT\nA\tMDM2\tNOT\n"
    file = read(tmp_path / "t.tsv", content)
    assert loadings(file) == {"A": {"TP53": 1.0}}
    note = "2 rows left out that say NOT in column 'qualifier'; 1 pair of them in other rows that do not say so"
    assert any(other.startswith(note) for other in file.notes), file.notes
    with pytest.raises(InputError, match="all rows say NOT"):
        read(tmp_path / "t.tsv", "term\tgene\tqualifier\nA\tTP53\tNOT\n")


def test_other_words_are_no_negation(tmp_path: Path):
    content = "term\tgene\tqualifier\tremark\nA\tTP53\tnot available\tNOTCH1 too\nA\tMDM2\tnotable\tnot so\n"
    assert loadings(read(tmp_path / "t.tsv", content)) == {"A": {"TP53": 1.0, "MDM2": 1.0}}


@pytest.mark.parametrize(
    ("title", "yes", "no"),
    [
        ("direction", "directed", "undirected"),
        ("Type", "Directed", "Undirected"),
        ("edge_type", "directed", "non-directed"),
        ("is_directed", "1", "0"),
        ("directed", "TRUE", "FALSE"),
    ],
)
def test_directions_are_no_signs_and_pairs_without_one_are_asked_about(tmp_path: Path, title: str, yes: str, no: str):
    content = "source\ttarget\t{}\nTP53\tMDM2\t{}\nTP53\tMYC\t{}\n"
    assert loadings(read(tmp_path / "t.tsv", content.format(title, yes, yes)))["TP53"]["MYC"] == 1.0
    with pytest.raises(InputError, match=rf"1 pair has no direction, such as TP53 and MYC \(line 3.*{no}"):
        read(tmp_path / "t.tsv", content.format(title, yes, no), source_column="source", gene_column="target")


GRAPHITE = (
    '"src_type"\t"src"\t"dest_type"\t"dest"\t"direction"\t"type"\n'
    '"1"\t"SYMBOL"\t"TP53"\t"SYMBOL"\t"MDM2"\t"directed"\t"{}"\n'
    '"2"\t"SYMBOL"\t"TP53"\t"SYMBOL"\t"MYC"\t"directed"\t"{}"\n'
    '"3"\t"SYMBOL"\t"TP53"\t"SYMBOL"\t"BAX"\t"directed"\t"{}"\n'
)


@pytest.mark.parametrize("options", [{}, {"source_column": "src", "gene_column": "dest", "sign_column": "type"}])
@pytest.mark.parametrize(
    ("plus", "minus"),
    [
        ("Process(expression)", "Process(repression)"),
        ("Process (activation)", "Process (inhibition)"),
        ("Control(In: ACTIVATION of BiochemicalReaction)", "Control(Out: INHIBITION of TemplateReaction)"),
        ("GErel(expression)", "GErel(repression)"),
    ],
)
@pytest.mark.parametrize("has_row_names", [True, False])
def test_the_word_in_brackets_is_the_sign(
    tmp_path: Path, plus: str, minus: str, options: dict[str, Any], has_row_names: bool
):
    content = GRAPHITE.format(plus, minus, plus)
    if not has_row_names:
        lines = content.replace('"', "").splitlines()
        content = "\n".join([lines[0], *(line.partition("\t")[2] for line in lines[1:])]) + "\n"
    file = read(tmp_path / "g.txt", content, **options)
    assert loadings(file) == {"TP53": {"TP53": 1.0, "MDM2": 1.0, "MYC": -1.0, "BAX": 1.0}}
    assert file.kind == "regulon"


def test_tables_whose_rows_are_numbered_are_no_gmt(tmp_path: Path):
    content = '"a"\t"b"\t"c"\n"1"\t"TP53"\t"MDM2"\t"MYC"\n"2"\t"TP53"\t"BAX"\t"MYC"\n"3"\t"MYC"\t"BAX"\t"TERT"\n'
    with pytest.raises(InputError) as refusal:
        read(tmp_path / "g.txt", content)
    assert "gmt" not in str(refusal.value.facts)


def test_ids_and_dates_are_not_offered_as_weights(tmp_path: Path):
    titles = "OID\tTF GENEID\tsource\tGENEID_TG\ttarget\tPUBMED_ID\tdate\tscore2"
    rows = "12\t7157\tTP53\t4193\tMDM2\t1234567\t20200101\t0.4\n15\t7157\tTP53\t4609\tMYC\t2234567\t20210405\t0.7\n"
    file = read(tmp_path / "t.tsv", f"{titles}\n{rows}")
    note = next(note for note in file.notes if note.startswith("columns not read"))
    assert note.endswith("; 'score2' can be chosen as weights"), note
    plain = "TP53\tMDM2\t20200101\tq\nTP53\tMYC\t20210301\tr\n"
    file = read(tmp_path / "p.tsv", plain, source_column="1", gene_column="2")
    assert not any("can be chosen" in note for note in file.notes), file.notes
