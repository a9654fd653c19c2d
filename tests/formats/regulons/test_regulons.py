"""Regulons: signs are read or refused by name, and weights without a scale are never loadings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.engine.errors import InputError, NotFound
from grnledger.engine.network.panel import Panel
from grnledger.formats.pathways.pathways import read_pathways
from regulon_files import loadings, read

if TYPE_CHECKING:
    from pathlib import Path

REPRESSES = {"TP53": {"TP53": 1.0, "MDM2": 1.0, "MYC": -1.0}}

SIGNED = {
    "TRRUST": "TF\tTarget\tMode\tPMID\nTP53\tMDM2\tActivation\t12\nTP53\tMYC\tRepression\t9\n",
    "TRRUST without its header": "TP53\tMDM2\tActivation\t12;33\nTP53\tMYC\tRepression\t9\n",
    "OmniPath": "source_genesymbol\ttarget_genesymbol\tis_directed\tis_stimulation\tis_inhibition\n"
    "TP53\tMDM2\t1\t1\t0\nTP53\tMYC\t1\t0\t1\n",
    "OmniPath with words": "source,target,is_stimulation,is_inhibition\nTP53,MDM2,True,False\nTP53,MYC,False,True\n",
    "sign": "source,target,sign\nTP53,MDM2,+\nTP53,MYC,-\n",
    "sign as a number": "source,target,sign\nTP53,MDM2,1\nTP53,MYC,-1\n",
    "sign as a decimal": "source,target,sign\nTP53,MDM2,1.0\nTP53,MYC,-1.0\n",
    "effect": "regulator;target;effect\nTP53;MDM2;activator\nTP53;MYC;repressor\n",
    "Regulation": "tf,target,Regulation\nTP53,MDM2,Up\nTP53,MYC,Down\n",
    "interaction_type": "source,target,interaction_type\nTP53,MDM2,stimulation\nTP53,MYC,inhibition\n",
    "arrows": "source,interaction,target\nTP53,-->,MDM2\nTP53,--|,MYC\n",
    "SIGNOR": "source,target,effect\nTP53,MDM2,up-regulates quantity by expression\nTP53,MYC,down-regulates\n",
    "CellOracle": "source,target,coef_mean,coef_abs,p,-logp\nTP53,MDM2,1,1,.01,2\nTP53,MYC,-1,1,.01,2\n",
    "DoRothEA": "tf,confidence,target,mor\nTP53,A,MDM2,1\nTP53,A,MYC,-1\n",
    "CollecTRI": "source,target,weight,resources,sign_decision\nTP53,MDM2,1,x,PMID\nTP53,MYC,-1,y,default activation\n",
    "importance and a sign": "TF,target,importance,regulation\nTP53,MDM2,1,1\nTP53,MYC,1,-1\n",
    "correlations": "source,target,rho\nTP53,MDM2,1\nTP53,MYC,-1\n",
    "a sign that agrees with the weight": "source,target,weight,sign\nTP53,MDM2,1,+\nTP53,MYC,-1,-\n",
}


@pytest.mark.parametrize("content", SIGNED.values(), ids=SIGNED)
def test_a_sign_is_read_wherever_a_table_has_it(tmp_path: Path, content: str):
    assert loadings(read(tmp_path / "r.tsv", content)) == REPRESSES


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("source,target,weight,rho\nTP53,MDM2,1,.4\nTP53,MYC,1,-.3\n", "column 'rho' of .* may hold the signs"),
        ("source,target,kind\nTP53,MDM2,activation\nTP53,MYC,repression\n", "column 'kind' of .* may hold the signs"),
        ("source,target,score\nTP53,MDM2,2.5\nTP53,MYC,-1.5\n", "column 'score' of .* may hold the signs"),
        ("source,target,effect\nTP53,MDM2,activation\nTP53,MYC,phosphorylation\n", "'phosphorylation' is not known as"),
        (
            "source,target,is_activation\nTP53,MDM2,TRUE\nTP53,MYC,FALSE\n",
            "'is_activation' of .* no column of the other",
        ),
        ("source,target,activation\nTP53,MDM2,yes\nTP53,MYC,no\n", "'activation' of .* no column of the other"),
        ("source,target,is_repressor\nTP53,MDM2,0\nTP53,MYC,1\n", "'is_repressor' of .* no column of the other"),
        ("source,target,evidence\nTP53,MDM2,induces\nTP53,MYC,represses\n", "column 'evidence' of .* may hold the"),
        ("source,target,sign_decision\nTP53,MDM2,PMID\nTP53,MYC,PMID\n", "no column of the signs themselves"),
        ("source,target,weight,sign\nTP53,MDM2,-1,+\nTP53,MYC,2,-\n", "the weights have signs"),
        ("TF\tTarget\tMode\nTP53\tMDM2\tActivation\nTP53\tMYC\tUnknown\n", "1 of 2 pairs has no known sign"),
        ("TF\tTarget\tMode\nTP53\tMYC\tActivation\nTP53\tMYC\tRepression\n", "1 of 1 pair has both signs"),
        ("source,target,is_stimulation,is_inhibition\nTP53,MDM2,1,1\nTP53,MYC,0,1\n", "1 of 2 pairs has both signs"),
        ("source,target,effect\nTP53,MDM2,activation\nTP53,MYC,repression\nTP53,BAX,-\n", "1 of 3 pairs has no"),
        ("source,target,effect\nTP53,MDM2,up\nTP53,MYC,-\nTP53,BAX,\u2212\n", "2 of 3 pairs have no known sign"),
        ("source,target,sign\nTP53,MDM2,-\nTP53,MYC,-\n", "2 of 2 pairs have no known sign"),
        ("source,target,kind\nTP53,MDM2,+\nTP53,MYC,-\n", "column 'kind' of .* may hold the signs .* such as '-'"),
    ],
)
def test_a_column_that_may_hold_signs_is_never_ignored(tmp_path: Path, content: str, sentence: str):
    with pytest.raises(InputError, match=sentence):
        read(tmp_path / "r.tsv", content)


def test_options_choose_the_column_of_signs_and_what_unknown_ones_are(tmp_path: Path):
    content = "source,target,kind\nTP53,MDM2,activation\nTP53,MYC,repression\n"
    assert loadings(read(tmp_path / "r.tsv", content, sign_column="kind")) == REPRESSES
    assert loadings(read(tmp_path / "r.tsv", content, sign_column="none"))["TP53"]["MYC"] == 1.0
    with pytest.raises(NotFound, match="no column 'mode'"):
        read(tmp_path / "r.tsv", content, sign_column="mode")
    content = "TF\tTarget\tMode\nTP53\tMDM2\tActivation\nTP53\tMYC\tUnknown\n"
    file = read(tmp_path / "r.tsv", content, unknown_sign="drop")
    assert loadings(file) == {"TP53": {"TP53": 1.0, "MDM2": 1.0}}
    assert "1 pair of unknown sign left out" in file.notes
    assert loadings(read(tmp_path / "r.tsv", content, unknown_sign="plus"))["TP53"]["MYC"] == 1.0
    with pytest.raises(InputError, match="not a table of regulons"):
        read(tmp_path / "s.gmt", "A\tna\tTP53\n", unknown_sign="drop")


@pytest.mark.parametrize("plus", ["+", "1", "+1", "1.0"])
@pytest.mark.parametrize("dash", ["-", "\u2013", "\u2212"])
def test_a_dash_is_a_minus_beside_a_plus_however_far_down(tmp_path: Path, plus: str, dash: str):
    """What a dash means is decided by the whole column, and not by the rows above it."""
    rows = "".join(f"TP53\tG{i}\t{dash}\n" for i in range(60))
    content = f"source\ttarget\tsign\nTP53\tMYC\t{dash}\n{rows}"
    file = read(tmp_path / "r.tsv", f"{content}TP53\tMDM2\t{plus}\n", missing="drop")
    assert loadings(file) == REPRESSES
    for word in ("activation", "induces", "down"):
        with pytest.raises(InputError, match="61 of 63 pairs have no known sign"):
            read(tmp_path / "r.tsv", f"{content}TP53\tMDM2\t{plus}\nTP53\tBAX\t{word}\n", missing="drop")


def test_dashes_that_stand_for_nothing_hide_no_sign(tmp_path: Path):
    content = "source,target,comment,n\nTP53,MDM2,-,1\nTP53,MYC,-,-\n"
    assert loadings(read(tmp_path / "r.tsv", content))["TP53"] == {"TP53": 1.0, "MDM2": 1.0, "MYC": 1.0}


IN_PART = {
    "rows": "TF\tTarget\tMode\nTP53\tMDM2\tActivation\nTP53\tMYC\tUnknown\nTP53\tMYC\tRepression\n",
    "rows, the known first": (
        "TF\tTarget\tMode\nTP53\tMDM2\tActivation\nTP53\tMYC\tRepression\nTP53\tMYC\tUnknown\nTP53\tMYC\tUnknown\n"
    ),
    "rows with dashes": "TF\tTarget\tMode\nTP53\tMDM2\tActivation\nTP53\tMYC\t-\nTP53\tMYC\tRepression\n",
    "TRRUST": "TP53\tMDM2\tActivation\t1\nTP53\tMYC\tRepression\t2\nTP53\tMYC\tUnknown\t3\n",
    "parts": "TF:TG\t[TRRUST] Regulation\t[A] Sign\nTP53:MDM2\tActivation\t\nTP53:MYC\tUnknown;Repression\t\n",
    "columns": "TF:TG\t[TRRUST] Regulation\t[A] Sign\nTP53:MDM2\tActivation\t\nTP53:MYC\tUnknown\tDOWN\n",
    "flags": ("source\ttarget\tis_stimulation\tis_inhibition\nTP53\tMDM2\t1\t0\nTP53\tMYC\t0\t0\nTP53\tMYC\t0\t1\n"),
    "weights": (
        "source\ttarget\tweight\tsign\nTP53\tMDM2\t1\tactivation\nTP53\tMYC\t1\tunknown\nTP53\tMYC\t1\trepression\n"
    ),
    "SIF": "TP53\tactivates\tMDM2\nTP53\tbinds\tMYC\nTP53\trepresses\tMYC\n",
}


@pytest.mark.parametrize("content", IN_PART.values(), ids=IN_PART)
def test_a_known_sign_counts_beside_an_unknown_one(tmp_path: Path, content: str):
    file = read(tmp_path / "r.tsv", content)
    assert loadings(file) == REPRESSES
    assert any(note.startswith("1 pair of unknown sign in some entries has the sign") for note in file.notes)


@pytest.mark.parametrize(
    "modes",
    [
        ("Activation", "Repression"),
        ("Unknown", "Activation", "Repression"),
        ("Activation", "Unknown", "Repression"),
        ("Activation", "Repression", "Activation", "Unknown"),
        ("Activation;Repression", "Activation"),
        ("both", "Activation"),
    ],
)
def test_a_pair_of_both_signs_has_none_in_any_order(tmp_path: Path, modes: tuple[str, ...]):
    for order in (modes, modes[::-1]):
        rows = "".join(f"TP53\tMYC\t{mode}\n" for mode in order)
        with pytest.raises(InputError, match="1 of 2 pairs has both signs, such as TP53 → MYC"):
            read(tmp_path / "r.tsv", f"TF\tTarget\tMode\nTP53\tMDM2\tActivation\n{rows}")


def test_pairs_of_unknown_sign_and_other_weights_are_refused(tmp_path: Path):
    content = "source,target,weight,sign\nTP53,MDM2,1,activation\nTP53,MYC,2,unknown\nTP53,MYC,1,repression\n"
    with pytest.raises(InputError, match="has the weight -1, and in an earlier line 2"):
        read(tmp_path / "r.csv", content)


@pytest.mark.parametrize("name", ["TP53(+)", "TP53_(+)", "TP53 (12g)", "TP53_extended (12g)", "TP53(+) (12g)"])
def test_the_regulator_of_a_regulon_of_scenic_is_its_gene(tmp_path: Path, name: str):
    file = read(tmp_path / "r.tsv", f"source\ttarget\tweight\n{name}\tMDM2\t1\n{name}\tMYC\t1\n")
    assert loadings(file) == {name: {"TP53": 1.0, "MDM2": 1.0, "MYC": 1.0}}


def test_a_regulon_of_repression_loads_its_targets_with_the_opposite_sign(tmp_path: Path):
    file = read(tmp_path / "r.tsv", "source\ttarget\nTP53(-)\tMDM2\nTP53(-)\tMYC\n")
    assert loadings(file) == {"TP53(-)": {"TP53": 1.0, "MDM2": -1.0, "MYC": -1.0}}


def test_a_regulator_that_is_not_on_the_panel_is_said(tmp_path: Path):
    file = read(tmp_path / "r.tsv", "source\ttarget\nSOX2\tMDM2\nSOX2\tMYC\n")
    assert any("1 regulator not on the panel, so that only targets load: SOX2" in note for note in file.notes)


IMPORTANCE = "TF\ttarget\timportance\nTP53\tMDM2\t85.3\nTP53\tMYC\t0.02\n"


def test_weights_without_a_scale_are_refused_until_they_are_given_one(tmp_path: Path):
    sentence = r"MDM2 would load 8\.53 standard deviations on TP53: its variance would grow 73\.8-fold"
    with pytest.raises(InputError, match=sentence) as caught:
        read(tmp_path / "r.tsv", IMPORTANCE)
    assert caught.value.facts["strength"] == "0.0012"
    assert loadings(read(tmp_path / "r.tsv", IMPORTANCE, allow_large=True))["TP53"]["MDM2"] == 85.3
    by_largest = loadings(read(tmp_path / "r.tsv", IMPORTANCE, normalize="max"))["TP53"]
    assert by_largest == {"TP53": 1.0, "MDM2": 1.0, "MYC": round(0.02 / 85.3, 6)}
    by_rank = loadings(read(tmp_path / "r.tsv", IMPORTANCE, normalize="rank"))["TP53"]
    assert by_rank == {"TP53": 1.0, "MDM2": 1.0, "MYC": 0.5}
    unit = loadings(read(tmp_path / "r.tsv", IMPORTANCE, normalize="unit"))["TP53"]
    assert np.isclose(unit["MDM2"] ** 2 + unit["MYC"] ** 2, 1.0, atol=1e-5)


def test_weights_of_progeny_are_those_of_pathways_and_not_of_genes(tmp_path: Path):
    content = "source,target,weight,p_value\nEGFR,MDM2,10.8,8e-13\nEGFR,MYC,-9.7,1e-12\nTrail,BAX,4,1e-9\n"
    with pytest.raises(InputError, match=r"would load 1\.08 standard deviations"):
        read(tmp_path / "r.csv", content)
    file = read(tmp_path / "r.csv", content, normalize="max")
    assert loadings(file) == {"EGFR": {"MDM2": 1.0, "MYC": round(-9.7 / 10.8, 6)}, "Trail": {"BAX": 1.0}}
    long = "gene,pathway,weight,p.value\nMDM2,EGFR,1.47,0.0016\nMYC,EGFR,0.18,0.2\n"
    assert loadings(read(tmp_path / "r.csv", long)) == {"EGFR": {"MDM2": 1.47, "MYC": 0.18}}


def test_a_gmt_whose_descriptions_are_genes_is_refused_naming_both_readings(tmp_path: Path):
    content = "SET1\tTP53\tMDM2\tMYC\nSET2\tEGFR\tBAX\tMYC\n"
    with pytest.raises(InputError, match="may be a description, as GMT files have it, or the first gene of the set"):
        read(tmp_path / "s.gmt", content)
    genes = loadings(read(tmp_path / "s.gmt", content, descriptions=False))
    assert genes["SET1"] == {"TP53": 1.0, "MDM2": 1.0, "MYC": 1.0}
    assert loadings(read(tmp_path / "s.gmt", content, descriptions=True))["SET1"] == {"MDM2": 1.0, "MYC": 1.0}
    assert len(read(tmp_path / "s.gmt", "A\thttps://x\tTP53\tMYC\nB\tna\tBAX\n").pathways) == 2


def test_weights_that_enrichr_puts_behind_genes_are_read(tmp_path: Path):
    assert loadings(read(tmp_path / "s.gmt", "S\t\tTP53,1.0\tMDM2,1.0\n"))["S"] == {"TP53": 1.0, "MDM2": 1.0}
    file = read(tmp_path / "s.gmt", "S\t\tTP53,0.5\tMDM2,0.25\n")
    assert loadings(file)["S"] == {"TP53": 0.5, "MDM2": 0.25}
    assert any("weights behind the genes of 1 set read" in note for note in file.notes)


def test_pathways_of_few_genes_on_the_panel_are_left_out_as_asked(tmp_path: Path):
    content = "A\tna\tTP53\tMDM2\tMYC\nB\tna\tBAX\tXIST\nC\tna\tXIST\n"
    file = read(tmp_path / "s.gmt", content, missing="drop", min_genes=2)
    assert [pathway.names[0] for pathway in file.pathways] == ["A"]
    assert file.left_out == ("B", "C")
    with pytest.raises(InputError, match="fewer than 5 genes on the panel"):
        read(tmp_path / "s.gmt", content, missing="drop", min_genes=5)


def test_ids_that_a_program_made_decimals_are_found_on_the_panel(tmp_path: Path):
    panel = Panel(("7157", "4193", "4609"))
    (tmp_path / "s.gmt").write_text("A\tna\t7157.0\t4193.0\n")
    assert read_pathways(tmp_path / "s.gmt", panel).pathways[0].genes.tolist() == [0, 1]
