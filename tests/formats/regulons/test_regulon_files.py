"""Regulons as databases and tools write them: each file has one right reading, and nothing is left out in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from grnledger.engine.errors import InputError, NotFound
from regulon_files import loadings, read

if TYPE_CHECKING:
    from pathlib import Path

UNSIGNED = {"TP53": {"TP53": 1.0, "MDM2": 1.0, "MYC": 1.0}, "MYC": {"MYC": 1.0, "TERT": 1.0}}
SIGNED = {"TP53": {"TP53": 1.0, "MDM2": 1.0, "MYC": -1.0}, "MYC": {"MYC": 1.0, "TERT": 1.0}}
WEIGHTED = {"TP53": {"TP53": 1.0, "MDM2": 0.5, "MYC": -0.25}, "MYC": {"MYC": 1.0, "TERT": 1.5}}

SIGNOR = (
    "ENTITYA\tTYPEA\tIDA\tDATABASEA\tENTITYB\tTYPEB\tIDB\tDATABASEB\tEFFECT\tMECHANISM\tRESIDUE\tTAX_ID\tPMID\tDIRECT"
    "\tSENTENCE\tSIGNOR_ID\tSCORE\n"
)


def signor(a: str, b: str, effect: str, number: int) -> str:
    return (
        f'{a}\tprotein\tP0\tUNIPROT\t{b}\tprotein\tP1\tUNIPROT\t{effect}\t"transcriptional regulation"\t'
        f"\t9606\t{number}\tt\tIt is said, that so.\tSIGNOR-{number}\t0.{number}\n"
    )


FILES: dict[str, tuple[str, str, dict[str, dict[str, float]]]] = {
    "SIGNOR": (
        "signor.tsv",
        SIGNOR
        + signor("TP53", "MDM2", "up-regulates quantity by expression", 4)
        + signor("TP53", "MYC", "down-regulates quantity by repression", 5)
        + signor("MYC", "TERT", "up-regulates activity", 6),
        SIGNED,
    ),
    "CollecTRI": (
        "CollecTRI.csv",
        (
            "source,target,weight,resources,references,sign_decision\nTP53,MDM2,1,ExTRI;SIGNOR,123;4,PMID\n"
            "TP53,MYC,-1,ExTRI,5,regulon\nMYC,TERT,1,DoRothEA_A,,default activation\n"
        ),
        SIGNED,
    ),
    "CollecTRI raw": (
        "CollecTRI.tsv",
        (
            "TF:TG\t[ExTRI] Confidence\t[ExTRI] PMID\t[ExTRI] present\t[TRRUST] Regulation\t[TRRUST] present"
            "\t[TFactS] Sign\t[CytReg] Activation/Repression\t[GEREDB] Effect\t[Pavlidis2021] Mode of action"
            "\tTF Category\n"
            "TP53:MDM2\tHigh\t1;2\tExTRI\tActivation;Unknown\tTRRUST\tUP\t\t\tactivation\tdbTF\n"
            "TP53:MYC\tLow\t1\tExTRI\t\t\tDOWN\tRepression\tnegative\t\tdbTF\n"
            "MYC:TERT\tHigh\t12\tExTRI\tActivation\tTRRUST\t\t\t\t\tdbTF\n"
        ),
        SIGNED,
    ),
    "RegNetwork": ("human.source", "TP53\t7157\tMDM2\t4193\nTP53\t7157\tMYC\t4609\nMYC\t4609\tTERT\t7015\n", UNSIGNED),
    "TRRUST": (
        "trrust_rawdata.human.tsv",
        "TP53\tMDM2\tActivation\t1;2\nTP53\tMYC\tRepression\t3\nMYC\tTERT\tActivation\t4\n",
        SIGNED,
    ),
    "SIF with tabs": ("net.sif", "TP53\tactivates\tMDM2\nTP53\tinhibits\tMYC\nMYC\tactivates\tTERT\n", SIGNED),
    "SIF with several targets": ("net.sif", "TP53 pd MDM2 MYC\nMYC pd TERT\nEGFR\n", UNSIGNED),
    "Pathway Commons": (
        "PathwayCommons12.All.hgnc.sif",
        "TP53\tcontrols-expression-of\tMDM2\nTP53\tcontrols-expression-of\tMYC\nMYC\tcontrols-expression-of\tTERT\n",
        UNSIGNED,
    ),
    "Pathway Commons as text": (
        "pc.txt",
        "TP53\tcontrols-expression-of\tMDM2\nTP53\tcontrols-state-change-of\tMYC\nMYC\tcontrols-expression-of\tTERT\n",
        UNSIGNED,
    ),
    "Pathway Commons, extended": (
        "pc.txt",
        (
            "PARTICIPANT_A\tINTERACTION_TYPE\tPARTICIPANT_B\tINTERACTION_DATA_SOURCE\nTP53\tcontrols-expression-of\tMDM2\tReactome\n"
            "TP53\tcontrols-expression-of\tMYC\tReactome\nMYC\tcontrols-expression-of\tTERT\tReactome\n"
        ),
        UNSIGNED,
    ),
    "igraph": (
        "edges.csv",
        '"","V1","V2","weight"\n"1","TP53","MDM2",0.5\n"2","TP53","MYC",-0.25\n"3","MYC","TERT",1.5\n',
        WEIGHTED,
    ),
    "igraph, from and to": (
        "edges.tsv",
        "from\tto\tweight\nTP53\tMDM2\t0.5\nTP53\tMYC\t-0.25\nMYC\tTERT\t1.5\n",
        WEIGHTED,
    ),
    "Cytoscape": (
        "default edge.csv",
        (
            '"SUID","interaction","name","selected","shared interaction","shared name"\n'
            '"1","activates","TP53 (activates) MDM2","false","activates","TP53 (activates) MDM2"\n'
            '"2","inhibits","TP53 (inhibits) MYC","false","inhibits","TP53 (inhibits) MYC"\n'
            '"3","activates","MYC (activates) TERT","false","activates","MYC (activates) TERT"\n'
        ),
        SIGNED,
    ),
    "Cytoscape, names alone": (
        "edges.csv",
        "name,weight\nTP53 (pd) MDM2,0.5\nTP53 (pd) MYC,-0.25\nMYC (pd) TERT,1.5\n",
        WEIGHTED,
    ),
    "Cytoscape, relations without signs": (
        "edges.csv",
        "shared name,shared interaction\nTP53 (pd) MDM2,pd\nTP53 (pd) MYC,pd\nMYC (pd) TERT,pd\n",
        UNSIGNED,
    ),
    "semicolons and decimal commas": (
        "r.csv",
        "source;target;weight\nTP53;MDM2;0,5\nTP53;MYC;-0,25\nMYC;TERT;1,5\n",
        WEIGHTED,
    ),
    "tabs and decimal commas": (
        "r.txt",
        "TF\tTarget\tWeight\nTP53\tMDM2\t0,5\nTP53\tMYC\t-0,25\nMYC\tTERT\t1,5\n",
        WEIGHTED,
    ),
    "comments on top": (
        "r.csv",
        "# made by hand\n# 2024\nsource,target,weight\nTP53,MDM2,0.5\nTP53,MYC,-0.25\nMYC,TERT,1.5\n",
        WEIGHTED,
    ),
    "quotation marks": (
        "r.csv",
        '"source","target","weight"\n"TP53","MDM2","0.5"\n"TP53","MYC","-0.25"\n"MYC","TERT","1.5"\n',
        WEIGHTED,
    ),
    "an index of pandas": (
        "r.csv",
        ",source,target,weight\n0,TP53,MDM2,0.5\n1,TP53,MYC,-0.25\n2,MYC,TERT,1.5\n",
        WEIGHTED,
    ),
    "row names of R": (
        "r.txt",
        "source\ttarget\tweight\n1\tTP53\tMDM2\t0.5\n2\tTP53\tMYC\t-0.25\n3\tMYC\tTERT\t1.5\n",
        WEIGHTED,
    ),
    "DoRothEA": (
        "dorothea.csv",
        "tf,confidence,target,mor\nTP53,A,MDM2,1\nTP53,B,MYC,-1\nMYC,A,TERT,1\n",
        SIGNED,
    ),
    "decoupler's DoRothEA": (
        "net.csv",
        "source,confidence,target,weight\nTP53,A,MDM2,0.5\nTP53,B,MYC,-0.25\nMYC,A,TERT,1.5\n",
        WEIGHTED,
    ),
    "OmniPath": (
        "omnipath.tsv",
        (
            "source\ttarget\tsource_genesymbol\ttarget_genesymbol\tis_directed\tis_stimulation\tis_inhibition"
            "\tconsensus_direction\tconsensus_stimulation\tconsensus_inhibition\tcuration_effort\treferences\n"
            "P04637\tQ00987\tTP53\tMDM2\t1\t1\t0\t1\t1\t0\t5\tx:1\nP04637\tP01106\tTP53\tMYC\t1\t0\t1\t1\t0\t1\t4\tx:2\n"
            "P01106\tO14746\tMYC\tTERT\t1\t1\t0\t1\t1\t0\t3\tx:3\n"
        ),
        SIGNED,
    ),
    "networkx": ("edges.csv", "source,target,weight\nTP53,MDM2,0.5\nTP53,MYC,-0.25\nMYC,TERT,1.5\n", WEIGHTED),
    "GENIE3": (
        "links.txt",
        '"regulatoryGene" "targetGene" "weight"\n"1" "TP53" "MDM2" 0.5\n"2" "TP53" "MYC" -0.25\n"3" "MYC" "TERT" 1.5\n',
        WEIGHTED,
    ),
    "VIPER": (
        "net.tsv",
        "Regulator\tTarget\tMoA\tlikelihood\nTP53\tMDM2\t0.5\t0.7\nTP53\tMYC\t-0.25\t0.2\nMYC\tTERT\t1.5\t1\n",
        WEIGHTED,
    ),
    "igraph, types of edges": (
        "edges.csv",
        "from,to,type\nTP53,MDM2,activation\nTP53,MYC,repression\nMYC,TERT,activation\n",
        SIGNED,
    ),
    "ExTRI": (
        "extri.tsv",
        (
            "Transcription Factor (Associated Gene Name)\tTarget Gene (Associated Gene Name)\tSign\n"
            "TP53\tMDM2\tUP\nTP53\tMYC\tDOWN\nMYC\tTERT\tUP\n"
        ),
        SIGNED,
    ),
}


@pytest.mark.parametrize(("name", "content", "right"), FILES.values(), ids=FILES)
def test_regulons_are_read_as_their_source_meant_them(
    tmp_path: Path, name: str, content: str, right: dict[str, dict[str, float]]
):
    assert loadings(read(tmp_path / name, content)) == right


def test_effects_of_signor_that_are_not_known_count_as_unknown_signs(tmp_path: Path):
    content = SIGNOR + signor("TP53", "MDM2", "up-regulates", 1)
    content += signor("TP53", "BAX", "unknown", 2) + signor("TP53", "EGFR", "form complex", 3)
    with pytest.raises(InputError, match="2 of 3 pairs have no known sign"):
        read(tmp_path / "s.tsv", content)
    assert loadings(read(tmp_path / "s.tsv", content, unknown_sign="drop")) == {"TP53": {"TP53": 1.0, "MDM2": 1.0}}


def test_relations_of_sif_without_a_sign_beside_others_are_counted(tmp_path: Path):
    content = "TP53\tactivates\tMDM2\nTP53\tbinds\tMYC\nTP53\tactivates\tBAX\nTP53\tinhibits\tBAX\n"
    with pytest.raises(InputError, match="1 of 3 pairs has no known sign, and 1 has both signs"):
        read(tmp_path / "s.sif", content)
    assert loadings(read(tmp_path / "s.sif", content, unknown_sign="drop"))["TP53"] == {"TP53": 1.0, "MDM2": 1.0}
    assert loadings(read(tmp_path / "s.sif", content, sign_column="none"))["TP53"]["MYC"] == 1.0


def test_resources_of_collectri_that_disagree_leave_a_sign_unknown(tmp_path: Path):
    content = "TF:TG\t[A] Sign\t[B] Effect\nTP53:MDM2\tUP\tRepression\nTP53:MYC\t\tRepression\n"
    with pytest.raises(InputError, match=r"1 of 2 pairs has both signs, such as TP53 → MDM2"):
        read(tmp_path / "c.tsv", content)


ROWS = 60
"""More rows than are looked at first."""


@pytest.mark.parametrize(
    ("title", "first", "last"),
    [("score", "0.5", "-0.5"), ("kind", "activation", "repression"), ("interaction", "pd", "inhibits")],
)
def test_signs_far_down_in_a_column_that_is_not_read_are_refused(tmp_path: Path, title: str, first: str, last: str):
    """Tables are sorted: the first rows may all be positive."""
    rows = "".join(f"TP53,G{i},{first}\n" for i in range(ROWS))
    content = f"source,target,{title}\n{rows}TP53,MYC,{last}\n"
    with pytest.raises(InputError, match=f"column '{title}' of .* may hold the signs"):
        read(tmp_path / "r.csv", content, missing="drop")


@pytest.mark.parametrize(
    ("header", "row", "notes"),
    [
        ("score,nes", "2,3", "columns not read: 'score', 'nes'; one can be chosen as weights"),
        ("-log10(p)", "3.2", "columns not read: '-log10(p)'; it can be chosen as weights"),
        ("confidence", "0.7", "columns not read: 'confidence'; it can be chosen as weights"),
        ("weight,importance", "1,30", "weights are column 'weight'; 'importance' may be weights too and is not read"),
        ("mor,likelihood", "1,0.5", "weights are column 'mor'; 'likelihood' may be weights too and is not read"),
        ("weight,pvalue", "1,0.5", "columns not read: 'pvalue'"),
    ],
)
def test_numbers_that_are_not_read_are_named(tmp_path: Path, header: str, row: str, notes: str):
    file = read(tmp_path / "r.csv", f"source,target,{header}\nTP53,MDM2,{row}\nTP53,MYC,{row}\n")
    assert loadings(file)["TP53"] == {"TP53": 1.0, "MDM2": 1.0, "MYC": 1.0}
    assert any(note.startswith(notes) for note in file.notes), file.notes


def test_columns_that_are_not_read_are_named_and_ids_and_flags_are_no_weights(tmp_path: Path):
    content = "n,source,target,pmid,target_entrez,is_directed\n1,TP53,MDM2,123,4193,1\n2,TP53,MYC,,4609,1\n"
    notes = read(tmp_path / "r.csv", content).notes
    assert "columns not read: 'pmid', 'target_entrez', 'is_directed'" in notes


def test_the_column_of_weights_can_be_chosen(tmp_path: Path):
    content = "source,target,score,weight\nTP53,MDM2,-0.5,1\nTP53,MYC,2,1\n"
    file = read(tmp_path / "r.csv", content, weight_column="score")
    assert loadings(file)["TP53"] == {"TP53": 1.0, "MDM2": -0.5, "MYC": 2.0}
    assert file.choices == {"weight_column": "score"}
    with pytest.raises(NotFound, match="no column 'rank'; it has source, target, score, weight"):
        read(tmp_path / "r.csv", content, weight_column="rank")
    content = "source,target,weight\nTP53,MDM2,8\nTP53,MYC,2\n"
    assert loadings(read(tmp_path / "r.csv", content, weight_column="none"))["TP53"]["MDM2"] == 1.0


def test_weights_that_are_left_out_are_not_left_out_with_their_signs(tmp_path: Path):
    content = "source,target,weight\nTP53,MDM2,8\nTP53,MYC,-2\n"
    with pytest.raises(InputError, match=r"column 'weight' of .* may hold the signs"):
        read(tmp_path / "r.csv", content, weight_column="none")
    both = read(tmp_path / "r.csv", content, weight_column="none", sign_column="none")
    assert loadings(both)["TP53"]["MYC"] == 1.0


@pytest.mark.parametrize("flags", [("1", "0"), ("TRUE", "FALSE"), ("yes", "no")])
@pytest.mark.parametrize("title", ["is_activation", "repression", "is_inhibitor"])
def test_flags_of_one_sign_are_refused_even_where_they_are_chosen(tmp_path: Path, title: str, flags: tuple[str, str]):
    content = f"source,target,{title}\nTP53,MDM2,{flags[0]}\nTP53,MYC,{flags[1]}\n"
    for chosen in ({}, {"sign_column": title}):
        with pytest.raises(InputError, match="there is no column of the other") as caught:
            read(tmp_path / "r.csv", content, **chosen)
        assert caught.value.code == "one-flag-of-sign"


@pytest.mark.parametrize("field", ["<LOD", "TRUE", "high", "", "NA", "inf", "1.2.3"])
def test_a_weight_that_is_no_number_is_refused_with_what_to_do(tmp_path: Path, field: str):
    with pytest.raises(
        InputError, match=r"line 3, column importance: the weight '.*' of TP53 → MYC is not a"
    ) as caught:
        read(tmp_path / "r.csv", f"TF,target,importance\nTP53,MDM2,1\nTP53,MYC,{field}\n")
    assert caught.value.code == "weight-not-a-number"


@pytest.mark.parametrize("content", ["TP53\tMDM2\t0.5\nTP53\tMYC\t0.25\n", "TP53\tMDM2\nTP53\tMYC\n"])
def test_pairs_without_a_header_are_read_where_that_is_insisted_on(tmp_path: Path, content: str):
    with pytest.raises(InputError, match="not recognised"):
        read(tmp_path / "net.tsv", content)
    file = read(tmp_path / "net.tsv", content, kind="regulon")
    assert loadings(file)["TP53"]["MYC"] in (0.25, 1.0)
    assert file.notes[0].startswith("no header: read as source, target")


def test_sets_with_weights_have_no_regulator(tmp_path: Path):
    file = read(tmp_path / "p.csv", "pathway,gene,weight\nTP53,MDM2,2.5\nTP53,MYC,-1\n")
    assert loadings(file) == {"TP53": {"MDM2": 2.5, "MYC": -1.0}}
