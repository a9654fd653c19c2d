"""Files of pathways on a panel: what each kind means, and every refusal with its name in it."""

from __future__ import annotations

import gzip
import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.engine.errors import GrnError, InputError, NotFound, NotPositiveDefinite
from grnledger.engine.network.panel import Panel
from grnledger.formats.models.factor_models import write_loadings
from grnledger.formats.models.matrix_export import write_matrix, write_npz
from grnledger.formats.pathways.pathways import PathwayFile, detect_kind, read_pathways
from grnledger.formats.tables.delimited import open_table, read_body

if TYPE_CHECKING:
    from pathlib import Path

    from grnledger.engine.network.pathway import Pathway

PANEL = Panel(("TP53", "MDM2", "CDKN1A", "IL6", "TNF"))


def write(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


def dense(file: PathwayFile) -> dict[str, list[float]]:
    """One column a name, over the whole panel."""
    columns: dict[str, list[float]] = {}
    for pathway in file.pathways:
        full = np.zeros((len(PANEL), pathway.rank))
        full[pathway.genes] = pathway.loadings
        columns |= {name: column.tolist() for name, column in zip(pathway.names, full.T, strict=True)}
    return columns


def term(pathways: tuple[Pathway, ...], size: int) -> np.ndarray:
    """The sum of the terms that the pathways stand for, dense."""
    total = np.zeros((size, size))
    for pathway in pathways:
        x = np.zeros((size, pathway.rank))
        x[pathway.genes] = pathway.columns()
        total += pathway.sign * x @ x.T
    return total


# Gene sets


def test_a_gene_set_is_flat_in_standard_deviations(tmp_path: Path):
    path = write(tmp_path / "h.gmt", "# from\nP53\thttp://x\tTP53\tMDM2\tTP53\t\nINF\t\tIL6\tTNF\r\n")
    file = read_pathways(path, PANEL)
    assert dense(file) == {"P53": [0.1, 0.1, 0, 0, 0], "INF": [0, 0, 0, 0.1, 0.1]}
    assert (file.kind, file.strength, file.units, file.dropped) == ("gmt", 0.1, "sd", {})
    assert {(pathway.sign, pathway.units) for pathway in file.pathways} == {(1, "sd")}
    assert file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert "counted once" in file.notes[0]


def test_strength_and_subtract_and_only_are_obeyed(tmp_path: Path):
    path = write(tmp_path / "h.gmt", "A\t\tTP53\nB\t\tMDM2\nC\t\tIL6\n")
    file = read_pathways(path, PANEL, strength=0.25, subtract=True, only=["C", "A"])
    assert [pathway.names for pathway in file.pathways] == [("A",), ("C",)]
    assert [pathway.sign for pathway in file.pathways] == [-1, -1]
    assert file.pathways[0].loadings.tolist() == [[0.25]]


def test_two_names_of_one_gene_count_once_in_a_set(tmp_path: Path):
    path = write(tmp_path / "h.gmt", "A\t\tTP53\tp53\tMDM2\n")
    assert dense(read_pathways(path, PANEL, aliases={"p53": "TP53"})) == {"A": [0.1, 0.1, 0, 0, 0]}


def test_a_packed_set_file_is_known_by_its_name(tmp_path: Path):
    path = tmp_path / "H.GMT.gz"
    path.write_bytes(gzip.compress(b"A\t\tTP53\n"))
    assert detect_kind(path) == "gmt"
    assert dense(read_pathways(path, PANEL)) == {"A": [0.1, 0, 0, 0, 0]}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("A\t\tTP53\nB\t\t\n", "line 2: the gene set B has no genes"),
        ("A\t\tTP53\nA\t\tMDM2\n", "line 2: the set A occurs already in line 1"),
        ("A http://x TP53 MDM2\n", "line 1 has no tab"),
        ("\t\tTP53\n", "no name"),
        ("# nothing\n", "no gene set"),
    ],
)
def test_a_gene_set_that_cannot_be_used_is_named(tmp_path: Path, content: str, sentence: str):
    with pytest.raises(InputError, match=sentence):
        read_pathways(write(tmp_path / "h.gmt", content), PANEL)


# Genes that are not on the panel


def test_missing_genes_are_an_error_with_a_way_out_and_dropped_ones_are_recorded(tmp_path: Path):
    path = write(tmp_path / "h.gmt", "A\t\tTP53\tXIST\tTSIX\nB\t\tMDM2\nC\t\tXIST\tIL6\n")
    with pytest.raises(InputError, match=r"2 of 5 genes \(40 %\) are not on the panel.*XIST, TSIX") as caught:
        read_pathways(path, PANEL)
    assert caught.value.code == "genes-not-on-panel"
    file = read_pathways(path, PANEL, missing="drop")
    assert file.dropped == {"A": ("XIST", "TSIX"), "C": ("XIST",)}
    assert dense(file) == {"A": [0.1, 0, 0, 0, 0], "B": [0, 0.1, 0, 0, 0], "C": [0, 0, 0, 0.1, 0]}


def test_a_pathway_with_no_gene_left_is_skipped_with_a_note_unless_nothing_would_remain(tmp_path: Path):
    path = write(tmp_path / "h.gmt", "A\t\tTP53\nB\t\tXIST\n")
    file = read_pathways(path, PANEL, missing="drop")
    assert dense(file) == {"A": [0.1, 0, 0, 0, 0]}
    assert file.left_out == ("B",)
    assert "1 pathway without a gene on the panel left out: B" in file.notes
    with pytest.raises(InputError, match="no gene of B is on the panel, such as XIST"):
        read_pathways(path, PANEL, missing="drop", only=["B"])


def test_a_regulator_alone_does_not_make_a_regulon(tmp_path: Path):
    path = write(tmp_path / "r.tsv", "source\ttarget\nTP53\tXIST\n")
    with pytest.raises(InputError, match="no gene of TP53"):
        read_pathways(path, PANEL, missing="drop")


def test_a_name_that_is_not_in_the_file_is_answered_with_near_ones(tmp_path: Path):
    path = write(tmp_path / "h.gmt", "HALLMARK_P53_PATHWAY\t\tTP53\nHALLMARK_HYPOXIA\t\tIL6\n")
    with pytest.raises(NotFound, match=r"no pathway named 'hallmark_p53'; it has 2\.") as caught:
        read_pathways(path, PANEL, only=["hallmark_p53"])
    assert "HALLMARK_P53_PATHWAY" in caught.value.hint


# Regulons


@pytest.mark.parametrize(
    "header", ["source\ttarget\tweight", "Source\tTarget\tMOR", "TF\ttarget\timportance", "tf\tTarget_gene\tweight"]
)
def test_a_regulon_loads_strength_times_weight_and_its_source_strength(tmp_path: Path, header: str):
    path = write(tmp_path / "r.tsv", f"{header}\nTP53\tMDM2\t2\nTP53\tCDKN1A\t-1\nSTAT3\tIL6\t1\nTP53\tMDM2\t2.0\n")
    assert detect_kind(path) == "regulon"
    file = read_pathways(path, PANEL, strength=0.5)
    assert dense(file) == {"TP53": [0.5, 1.0, -0.5, 0, 0], "STAT3": [0, 0, 0, 0.5, 0]}
    assert (file.units, file.strength) == ("sd", 0.5)


def test_without_weights_every_target_loads_the_strength(tmp_path: Path):
    file = read_pathways(write(tmp_path / "r.csv", "id,target,source\n0,MDM2,TP53\n1,IL6,TNF\n"), PANEL)
    assert dense(file) == {"TP53": [0.1, 0.1, 0, 0, 0], "TNF": [0, 0, 0, 0.1, 0.1]}
    assert "weight 1" in file.notes[0]


def test_a_source_loads_plus_the_strength_even_where_it_represses_itself(tmp_path: Path):
    path = write(tmp_path / "r.tsv", "source\ttarget\tweight\nTP53\tTP53\t-3\nTP53\tMDM2\t2\n")
    assert dense(read_pathways(path, PANEL, strength=0.5)) == {"TP53": [0.5, 1, 0, 0, 0]}


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ("TP53\tMDM2\t1\nTP53\tMDM2\t-1\n", "line 3: TP53 → MDM2 has the weight -1, and in an earlier line 1"),
        ("TP53\tMDM2\t\n", "line 2, column weight: the weight '' of TP53 → MDM2"),
        ("TP53\tMDM2\tinf\n", "not a finite number"),
        ("TP53\tMDM2\tstrong\n", "line 2, column weight: the weight 'strong' of TP53 → MDM2 is not a number"),
        ("TP53\t\t1\n", "no gene in column"),
        ("TP53\tMDM2\t0\n", "TP53"),
        ("", "nothing below its header"),
    ],
)
def test_a_regulon_that_cannot_be_used_is_named(tmp_path: Path, rows: str, sentence: str):
    with pytest.raises(InputError, match=sentence):
        read_pathways(write(tmp_path / "r.tsv", f"source\ttarget\tweight\n{rows}"), PANEL)


def test_two_weights_for_one_gene_of_the_panel_are_refused(tmp_path: Path):
    path = write(tmp_path / "r.tsv", "source\ttarget\tweight\nSTAT3\tp53\t1\nSTAT3\tTP53\t2\n")
    with pytest.raises(InputError, match="two loadings for the gene TP53: as p53 and as TP53"):
        read_pathways(path, PANEL, aliases={"p53": "TP53"})


# Loading tables


@pytest.mark.parametrize("header", ["gene\tA\tB", "\tA\tB", "Symbol\tA\tB"])
def test_a_loading_table_is_taken_as_it_is_with_blanks_for_zero(tmp_path: Path, header: str):
    path = write(tmp_path / "l.tsv", f"{header}\nTNF\t-.5\t\nTP53\t1e-3\t2\nMDM2\t\t0\nIL6\t\t.25\n")
    file = read_pathways(path, PANEL)
    assert dense(file) == {"A": [1e-3, 0, 0, 0, -0.5], "B": [2, 0, 0, 0.25, 0]}
    assert [pathway.genes.tolist() for pathway in file.pathways] == [[0, 4], [0, 3]]
    assert (file.kind, file.units, file.strength) == ("loadings", "raw", None)
    assert read_pathways(path, PANEL, units="sd", allow_large=True).pathways[0].units == "sd"
    with pytest.raises(InputError, match="TP53 would load 2 standard deviations on B: its variance would grow 5-fold"):
        read_pathways(path, PANEL, units="sd")


def test_a_row_index_before_the_genes_is_no_pathway(tmp_path: Path):
    path = write(tmp_path / "l.csv", ",gene,A\n0,TP53,1.5\n1,IL6,2\n")
    assert dense(read_pathways(path, PANEL)) == {"A": [1.5, 0, 0, 2, 0]}


@pytest.mark.parametrize(
    ("title", "fields"),
    [
        ("length", "1200 340"),
        ("gc_content", "0.41 0.52"),
        ("Entrez_Gene_Id", "7157 3569"),
        ("chr", "17 7"),
        ("description", "tumour interleukin"),
        ("GeneLength", "0.9 0.7"),
        ("mean exon length", "1200 340"),
        ("max", "1200 340"),
        ("class", "kinase cytokine"),
    ],
)
@pytest.mark.parametrize("cells", ["1 0", ".5 -.25"])
def test_a_column_that_describes_genes_is_no_pathway(tmp_path: Path, title: str, fields: str, cells: str):
    """Loadings, and memberships of 0 and 1, beside what a table says of its genes."""
    for header, rows in (
        (f"gene,{title},A", [f"{f},{c}" for f, c in zip(fields.split(), cells.split(), strict=True)]),
        (f"gene,A,{title}", [f"{c},{f}" for f, c in zip(fields.split(), cells.split(), strict=True)]),
    ):
        path = write(tmp_path / "l.csv", f"{header}\nTP53,{rows[0]}\nIL6,{rows[1]}\n")
        file = read_pathways(path, PANEL, strength=None if "." in cells else 0.5)
        assert list(dense(file)) == ["A"]
        assert any(f"'{title}' skipped: no pathways, but what describes genes" in note for note in file.notes)


@pytest.mark.parametrize(
    "title", ["MAX", "GC", "Telomere length", "CHROMOSOME_SEGREGATION", "GC_B_CELLS", "score", "MAP", "Class"]
)
def test_a_pathway_of_a_title_that_may_describe_genes_is_read(tmp_path: Path, title: str):
    path = write(tmp_path / "l.csv", f"gene,{title},A\nTP53,.5,1.5\nIL6,-.25,2\n")
    assert list(dense(read_pathways(path, PANEL))) == [title, "A"]


def test_a_single_column_is_a_pathway_and_several_descriptions_are_none(tmp_path: Path):
    path = write(tmp_path / "l.csv", "gene,mean\nTP53,.5\nIL6,-.25\n")
    assert list(dense(read_pathways(path, PANEL))) == ["mean"]
    path = write(tmp_path / "l.csv", "gene,mean,length\nTP53,.5,1\nIL6,-.25,2\n")
    with pytest.raises(InputError, match="beside its genes may describe them: 'mean', 'length'") as caught:
        read_pathways(path, PANEL)
    assert caught.value.code == "results-not-loadings"
    assert list(dense(read_pathways(path, PANEL, kind="loadings"))) == ["mean", "length"]


def test_an_archive_of_loadings_reads_back_bit_for_bit(tmp_path: Path):
    loadings = np.random.default_rng(1).normal(size=(5, 3))
    write_loadings(tmp_path / "l.npz", loadings, PANEL.genes[::-1], ["A", "B", "C"])
    columns = dense(read_pathways(tmp_path / "l.npz", PANEL))
    assert np.array_equal(np.array([columns[name] for name in "ABC"]).T, loadings[::-1])


@pytest.mark.parametrize("named", [True, False])
def test_a_pathway_covariance_makes_the_term_that_dense_algebra_makes(tmp_path: Path, named: bool):
    rng = np.random.default_rng(2)
    loadings = rng.normal(size=(5, 4))
    factor = np.array([[4, 0, 0, 0], [0, 2, 0, 0.7], [0, 0, 1, 0], [0, 0.7, 0, 3.0]])
    write_loadings(tmp_path / "l.npz", loadings, PANEL.genes, ["A", "B", "C", "D"])
    order = [3, 1, 0, 2] if named else [0, 1, 2, 3]
    names = ["ABCD"[i] for i in order]
    write_matrix(tmp_path / ("f.tsv" if named else "f.npy"), factor[np.ix_(order, order)], names, names)
    file = read_pathways(tmp_path / "l.npz", PANEL, pathway_covariance=tmp_path / ("f.tsv" if named else "f.npy"))
    assert [pathway.names for pathway in file.pathways] == [("A",), ("B", "D"), ("C",)]
    assert [pathway.covariance is None for pathway in file.pathways] == [True, False, True]
    assert np.allclose(term(file.pathways, 5), loadings @ factor @ loadings.T, rtol=1e-13, atol=1e-13)


def test_a_pathway_covariance_inside_the_archive_counts_and_only_takes_its_block(tmp_path: Path):
    loadings, factor = np.random.default_rng(3).normal(size=(5, 3)), np.full((3, 3), 0.5) + np.eye(3)
    write_loadings(tmp_path / "l.npz", loadings, PANEL.genes, ["A", "B", "C"], covariance=factor)
    file = read_pathways(tmp_path / "l.npz", PANEL, only=["A", "C"], subtract=True)
    assert [pathway.names for pathway in file.pathways] == [("A", "C")]
    x = loadings[:, [0, 2]]
    assert np.allclose(term(file.pathways, 5), -x @ factor[:2, :2] @ x.T, rtol=1e-13, atol=1e-13)


def test_tied_columns_store_the_union_of_their_genes(tmp_path: Path):
    path = write(tmp_path / "l.csv", "gene,A,B\nTNF,1,\nTP53,,2\nIL6,,\n")
    np.save(tmp_path / "f.npy", np.array([[1, 0.5], [0.5, 1]]))
    (pathway,) = read_pathways(path, PANEL, pathway_covariance=tmp_path / "f.npy").pathways
    assert pathway.genes.tolist() == [0, 4]
    assert pathway.loadings.tolist() == [[0, 2], [1, 0]]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("gene\tA\nTP53\t1\nTP53\t2\n", "gene TP53 occurs more than once"),
        ("gene\tA\tA\nTP53\t1\t2\n", "column A occurs more than once"),
        ("gene\tA\nTP53\tNA\n", "loading of TP53 on A is nan"),
        ("gene\tA\nTP53\tinf\n", "loading of TP53 on A is inf"),
        ("gene\tA\tB\nTP53\t1.5\t0\n", "Pathway B has no loading other than zero"),
        ("gene\tA\t\tB\nTP53\t1\t\t0\n", "column number 2 has an empty name"),
        ("gene\tA\n\t1\n", "gene number 1 has an empty name"),
        ("probe_set_of_mine\tA\nTP53\t1\n", "not recognised as a file of pathways"),
    ],
)
def test_a_loading_table_that_cannot_be_used_is_named(tmp_path: Path, content: str, sentence: str):
    with pytest.raises(InputError, match=sentence):
        read_pathways(write(tmp_path / "l.tsv", content), PANEL)


def test_an_archive_of_python_objects_is_never_unpickled(tmp_path: Path):
    np.savez(
        tmp_path / "l.npz", loadings=np.ones((1, 1)), genes=np.array(["TP53"], dtype=object), pathways=np.array(["A"])
    )
    with pytest.raises(InputError, match="never unpickled"):
        read_pathways(tmp_path / "l.npz", PANEL)


@pytest.mark.parametrize(
    "arrays",
    [
        {"loadings": np.ones((2, 1)), "genes": ["TP53"], "pathways": ["A"]},
        {"loadings": np.ones((1, 1)), "genes": ["TP53"]},
        {"loadings": np.ones(1), "genes": ["TP53"], "pathways": ["A"]},
        {"loadings": np.array([["x"]]), "genes": ["TP53"], "pathways": ["A"]},
        {"loadings": np.ones((1, 1)), "genes": np.array([1.5]), "pathways": ["A"]},
        {"loadings": np.ones((1, 1)), "genes": ["TP53"], "pathways": ["A"], "covariance": np.ones((2, 2))},
        {"loadings": np.ones((1, 1)), "genes": ["TP53"], "pathways": ["A"], "covariance": -np.ones((1, 1))},
        {"loadings": np.ones((1, 1)), "genes": ["TP53"], "pathways": [""]},
    ],
)
def test_an_archive_whose_arrays_do_not_fit_is_refused(tmp_path: Path, arrays: dict[str, object]):
    write_npz(tmp_path / "l.npz", arrays)  # type: ignore[arg-type]
    with pytest.raises(GrnError) as caught:
        read_pathways(tmp_path / "l.npz", PANEL)
    assert caught.value.code in ("input", "shape", "not-positive-definite")


# Arguments that do not go with a kind


def test_arguments_that_do_not_go_with_the_file_are_refused(tmp_path: Path):
    sets = write(tmp_path / "h.gmt", "A\t\tTP53\n")
    table = write(tmp_path / "l.tsv", "gene\tA\nTP53\t1.5\n")
    factor = write(tmp_path / "f.tsv", "name\tA\nA\t-1\n")
    with pytest.raises(InputError, match="scale them in the file"):
        read_pathways(table, PANEL, strength=0.1)
    with pytest.raises(InputError, match="no raw units"):
        read_pathways(sets, PANEL, units="raw")
    with pytest.raises(InputError, match="is for a loading table"):
        read_pathways(sets, PANEL, pathway_covariance=factor)
    with pytest.raises(NotPositiveDefinite):
        read_pathways(table, PANEL, pathway_covariance=factor)
    for strength in (0.0, -1.0, float("nan")):
        with pytest.raises(InputError, match="positive number"):
            read_pathways(sets, PANEL, strength=strength)
    with pytest.raises(InputError, match="no column 'gene'"):
        read_pathways(sets, PANEL, kind="loadings")
    with pytest.raises(InputError, match="no columns that are known as those of regulators"):
        read_pathways(table, PANEL, kind="regulon")
    with pytest.raises(NotFound, match="There is no file"):
        read_pathways(tmp_path / "absent.gmt", PANEL)


def test_hallmark_sets_match_the_leukemia_panel(shared_data: Path):
    with open_table(shared_data / "leukemia.tsv") as table:
        genes = dict.fromkeys(row.fields[0] for row in read_body(table, 50))
    panel, path = Panel(tuple(genes)), shared_data / "h.all.v7.0.symbols.gmt"
    with pytest.raises(InputError, match=r"997 of 4,384 genes \(22\.7 %\) are not on the panel of 9,020 genes"):
        read_pathways(path, panel)
    file = read_pathways(path, panel, missing="drop")
    assert len(file.pathways) == 50
    sets = {line.split("\t")[0]: line.split("\t")[2:] for line in path.read_text().splitlines()}
    for pathway in file.pathways:
        (name,) = pathway.names
        assert set(panel.names(pathway.genes)) == set(sets[name]) & set(genes)
        assert set(file.dropped[name]) == set(sets[name]) - set(genes)
        assert np.all(pathway.loadings == 0.1)
