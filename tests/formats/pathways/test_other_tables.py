"""Tables of genes and numbers that may be no loadings: each kind is refused by name, and its ways out are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from grnledger.engine.errors import InputError
from grnledger.engine.network.panel import Panel
from grnledger.formats.pathways.pathways import PathwayFile, read_pathways

if TYPE_CHECKING:
    from pathlib import Path

GENES = ("TP53", "MDM2", "CDKN1A", "IL6", "TNF", "MYC", "BAX", "JUN")
DEVIATIONS = np.array([0.5, 0.8, 1.2, 0.6, 0.9, 1.1, 0.7, 0.4])
PANEL = Panel(GENES, samples=("LU-1", "LU-2", "LU-3"), deviations=DEVIATIONS)


def table(titles: list[str], *columns: list[Any], genes: tuple[str, ...] = GENES) -> str:
    """Return a table of some genes and columns, separated by tabs."""
    rows = [[gene, *map(str, row)] for gene, *row in zip(genes, *columns, strict=False)]
    return "".join("\t".join(row) + "\n" for row in [titles, *rows])


def read(path: Path, content: str, **options: Any) -> PathwayFile:
    path.write_text(content, encoding="utf-8")
    return read_pathways(path, PANEL, **options)


def loadings(file: PathwayFile) -> dict[str, dict[str, float]]:
    return {
        name: {GENES[g]: float(v) for g, v in zip(p.genes, p.loadings[:, column], strict=True) if v}
        for p in file.pathways
        for column, name in enumerate(p.names)
    }


SMALL = [0.1, -0.2, 0.3, 0.05, 0.15, -0.1, 0.2, 0.12]
COUNTS = [3, 0, 12, 7, 1, 5, 2, 9]

REFUSED = {
    "samples of the base": (table(["gene", "LU-1", "LU-2", "LU-3"], SMALL, SMALL, SMALL), "expression-or-loadings"),
    "one such sample beside another": (table(["gene", "LU-2", "A"], SMALL, SMALL), "expression-or-loadings"),
    "samples in rows": (
        "sample\tTP53\tMDM2\tIL6\nLU-1\t0.1\t0.2\t0.3\nLU-2\t0.1\t0.2\t0.4\n",
        "expression-or-loadings",
    ),
    "expression of others": (table(["gene", "a", "b"], [9.1] * 8, [7.25] * 8), "loading-too-large-raw"),
    "correlations": (table(["", *GENES[:3]], *np.eye(3).tolist(), genes=GENES[:3]), "matrix-or-loadings"),
    "correlations of decimals": (table(["gene", *GENES], *([SMALL] * 8)), "matrix-or-loadings"),
    "weights of regulators": (
        table(["gene", "TP53", "MYC"], SMALL[1:5], SMALL[2:6], genes=GENES[1:5]),
        "targets-or-loadings",
    ),
    "regulators in rows": ("TF\tMDM2\tBAX\tIL6\nTP53\t0.1\t0.2\t0.3\nMYC\t0.1\t0.2\t0.4\n", "targets-or-loadings"),
    "counts": (table(["gene", "n_mutated"], COUNTS), "groups-or-loadings"),
    "counts as decimals": (table(["gene", "hits"], [f"{c}.0" for c in COUNTS]), "groups-or-loadings"),
    "ranks beside decimals": (table(["gene", "rank_x", "A"], list(range(1, 9)), SMALL), "groups-or-loadings"),
    "signs": (table(["gene", "A", "B"], [1, -1, 0, 1, 0, 0, 0, 1], [0, 1, 1, -1, 0, 0, 0, 1]), "signs-or-loadings"),
    "two groupings": (
        table(["gene", "leiden_0.4", "leiden_1"], [0, 1, 2, 0, 1, 2, 0, 1], [0, 1, 2, 3, 0, 1, 2, 3]),
        "set-column-ambiguous",
    ),
    "words": (
        table(["gene", "what"], ["high", "low", "low", "low", "high", "low", "high", "low"]),
        "words-or-loadings",
    ),
}


@pytest.mark.parametrize(("content", "code"), REFUSED.values(), ids=REFUSED)
def test_what_may_be_something_else_is_refused(tmp_path: Path, content: str, code: str):
    with pytest.raises(InputError) as refusal:
        read(tmp_path / "t.tsv", content)
    assert refusal.value.code == code
    assert "is not a number" not in refusal.value.message


@pytest.mark.parametrize("name", [name for name in REFUSED if REFUSED[name][1] != "words-or-loadings"])
def test_who_insists_gets_loadings(tmp_path: Path, name: str):
    file = read(tmp_path / "t.tsv", REFUSED[name][0], kind="loadings", allow_large=True)
    assert (file.kind, file.units) == ("loadings", "raw")
    assert all(loadings(file).values())


LEGITIMATE = {
    "principal components": table(["", "PC1", "PC2"], SMALL, SMALL[::-1]),
    "a pathway of few genes": "gene\tA\nTP53\t0.25\nMDM2\t\n",
    "a pathway called as a gene": table(["gene", "TP53"], SMALL),
    "signatures of genes": table(["gene", "TP53_KO", "MYC_OE"], SMALL, SMALL),
    "with a column of lengths": table(["gene", "length", "A"], [1000 + c for c in COUNTS], SMALL),
    "a whole number among decimals": table(["gene", "A"], [0.1, 0, 0.3, 0, 0, 1, 0.2, 0.1]),
}


@pytest.mark.parametrize("content", LEGITIMATE.values(), ids=LEGITIMATE)
def test_loadings_are_read_as_they_are(tmp_path: Path, content: str):
    file = read(tmp_path / "t.tsv", content)
    assert (file.kind, file.units) == ("loadings", "raw")


@pytest.mark.parametrize("units", ["raw", "sd"])
def test_named_units_say_that_whole_numbers_are_loadings(tmp_path: Path, units: Any):
    file = read(tmp_path / "t.tsv", REFUSED["signs"][0], units=units, allow_large=True)
    assert loadings(file)["A"] == {"TP53": 1, "MDM2": -1, "IL6": 1, "JUN": 1}


@pytest.mark.parametrize(
    ("gene", "loading", "is_large"), [("TP53", 0.49, False), ("TP53", 0.51, True), ("CDKN1A", 1.19, False)]
)
def test_raw_loadings_are_judged_by_the_deviation_of_their_gene(
    tmp_path: Path, gene: str, loading: float, *, is_large: bool
):
    content = f"gene\tA\n{gene}\t{loading}\nTNF\t-0.1\n"
    if not is_large:
        assert loadings(read(tmp_path / "t.tsv", content))["A"][gene] == loading
        return
    with pytest.raises(InputError, match=r"TP53 would load 1.02 standard deviations \(0.51 in units of the expr"):
        read(tmp_path / "t.tsv", content)
    assert loadings(read(tmp_path / "t.tsv", content, allow_large=True))["A"][gene] == loading
    assert read_pathways(tmp_path / "t.tsv", Panel(GENES)).units == "raw"  # a panel without a base cannot judge


def test_a_pathway_covariance_scales_what_is_judged(tmp_path: Path):
    (tmp_path / "f.tsv").write_text("name\tA\nA\t0.01\n")
    file = read(tmp_path / "t.tsv", "gene\tA\nTP53\t3\n", pathway_covariance=tmp_path / "f.tsv")
    assert loadings(file) == {"A": {"TP53": pytest.approx(0.3)}}


def test_groups_are_chosen_by_their_column(tmp_path: Path):
    file = read(tmp_path / "t.tsv", REFUSED["counts"][0], set_column="n_mutated")
    assert loadings(file)["3"] == {"TP53": 0.1}
    file = read(tmp_path / "t.tsv", REFUSED["two groupings"][0], set_column="leiden_0.4")
    assert {name: list(genes) for name, genes in loadings(file).items()} == {
        "0": ["TP53", "IL6", "BAX"],
        "1": ["MDM2", "TNF", "JUN"],
        "2": ["CDKN1A", "MYC"],
    }


@pytest.mark.parametrize(
    "title", ["cluster", "seurat_clusters", "leiden", "moduleLabels", "moduleColor", "Module colour"]
)
@pytest.mark.parametrize("gene", ["gene", "", "Gen"])
def test_a_column_of_clusters_makes_sets(tmp_path: Path, title: str, gene: str):
    labels = ["blue", "tan", "blue", "red"] if "olo" in title else ["0", "1", "0", "2"]
    file = read(tmp_path / "t.tsv", table([gene, title], labels))
    assert loadings(file) == {
        labels[0]: {"TP53": 0.1, "CDKN1A": 0.1},
        labels[1]: {"MDM2": 0.1},
        labels[3]: {"IL6": 0.1},
    }
    assert any(repr(title) in note for note in file.notes)


def test_markers_of_clusters_are_sets_with_every_other_column_named(tmp_path: Path):
    content = table(
        ["", "p_val", "avg_log2FC", "cluster", "gene"], ["1e-9"] * 4, [2.5, 1, 2, 1], [0, 0, 1, 1], [*GENES[:4]]
    )
    file = read(tmp_path / "t.tsv", content)
    assert {name: list(genes) for name, genes in loadings(file).items()} == {
        "0": ["TP53", "MDM2"],
        "1": ["CDKN1A", "IL6"],
    }
    assert "columns not read: 'p_val', 'avg_log2FC'; 'avg_log2FC' can be chosen as weights" in file.notes


@pytest.mark.parametrize(
    ("flags", "members"), [(("TRUE", "FALSE", "TRUE"), ["TP53", "CDKN1A"]), (("no", "yes", "no"), ["MDM2"])]
)
def test_flags_beside_members_are_asked_about(tmp_path: Path, flags: tuple[str, ...], members: list[str]):
    content = "set\tgene\tleading\n" + "".join(f"A\t{gene}\t{f}\n" for gene, f in zip(GENES, flags, strict=False))
    with pytest.raises(InputError) as refusal:
        read(tmp_path / "t.tsv", content)
    assert (refusal.value.code, refusal.value.facts["column"]) == ("flags-of-members", "leading")
    assert list(loadings(read(tmp_path / "t.tsv", content, weight_column="leading"))["A"]) == members
    file = read(tmp_path / "t.tsv", content, weight_column="none")
    assert list(loadings(file)["A"]) == list(GENES[:3])
    assert "columns not read: 'leading'" in file.notes


@pytest.mark.parametrize("kind", ["regulon", "membership"])
def test_a_matrix_of_signs_has_two_more_readings(tmp_path: Path, kind: str):
    content = table(["gene", "TP53", "MYC"], [1, -1, 0], [0, 1, 1], genes=("MDM2", "BAX", "JUN"))
    file = read(tmp_path / "t.tsv", content, kind=kind)
    own = {"TP53": 0.1} if kind == "regulon" else {}
    assert loadings(file)["TP53"] == {**own, "MDM2": 0.1, "BAX": -0.1}
    assert file.units == "sd"


def test_programs_in_rows_are_pathways(tmp_path: Path):
    content = "\tTP53\tMDM2\tIL6\tTNF\n1\t0.1\t-0.2\t0\t0.05\n2\t0.3\t0.1\t0.2\t0\n"
    file = read(tmp_path / "t.tsv", content)
    assert loadings(file) == {
        "1": {"TP53": 0.1, "MDM2": -0.2, "TNF": 0.05},
        "2": {"TP53": 0.3, "MDM2": 0.1, "IL6": 0.2},
    }
    assert file.notes == ("pathways in rows, genes in columns: 2 pathways, 4 genes",)


MATRIX = "TP53\tMYC\tJUN\nMDM2\t1\t0\t0\nBAX\t0\t-1\t0\nIL6\t0\t0\t1\nTNF\t0\t1\t0\n"
BY_COLUMNS = {"TP53": {"MDM2": 1}, "MYC": {"BAX": -1, "TNF": 1}, "JUN": {"IL6": 1}}
BY_ROWS = {"MDM2": {"TP53": 1}, "BAX": {"MYC": -1}, "IL6": {"JUN": 1}, "TNF": {"MYC": 1}}


def edges(file: PathwayFile) -> dict[str, dict[str, float]]:
    """Return the weights of targets by regulator, without the regulator's own."""
    return {
        name: {g: round(v / (file.strength or 1), 6) for g, v in genes.items() if g != name}
        for name, genes in loadings(file).items()
    }


@pytest.mark.parametrize(
    ("corner", "expected"),
    [
        *((title, BY_COLUMNS) for title in ("Target", "targets", "Gene", "Zielgen", "gène cible", "靶基因", "symbol")),
        *((title, BY_ROWS) for title in ("TF", "TFs", "regulator", "source", "Transkriptionsfaktor")),
    ],
)
def test_the_title_of_its_rows_says_where_a_matrix_has_regulators(tmp_path: Path, corner: str, expected: Any):
    file = read(tmp_path / "t.tsv", f"{corner}\t{MATRIX}", kind="regulon")
    assert edges(file) == expected
    where = "columns" if expected is BY_COLUMNS else "rows"
    assert any(note.startswith(f"regulators in {where}, ") and repr(corner) in note for note in file.notes)


@pytest.mark.parametrize("corner", ["", "X", "Unnamed: 0", "TF/target", "names"])
def test_a_matrix_that_says_nothing_of_its_regulators_is_asked_about(tmp_path: Path, corner: str):
    with pytest.raises(InputError) as refusal:
        read(tmp_path / "t.tsv", f"{corner}\t{MATRIX}", kind="regulon")
    assert refusal.value.code == "regulators-in-rows-or-columns"
    chosen = refusal.value.facts["column"]
    assert edges(read_pathways(tmp_path / "t.tsv", PANEL, kind="regulon", gene_column=chosen)) == BY_COLUMNS
    assert edges(read_pathways(tmp_path / "t.tsv", PANEL, kind="regulon", source_column=chosen)) == BY_ROWS


def test_a_square_of_genes_is_asked_about(tmp_path: Path):
    square = table(["gene", *GENES[:3]], [0, 0.5, 0], [0, 0, 0.2], [0, 0.1, 0], genes=GENES[:3])
    with pytest.raises(InputError) as refusal:
        read(tmp_path / "t.tsv", square, kind="regulon")
    assert refusal.value.code == "regulators-in-rows-or-columns"


def test_units_alone_take_a_matrix_for_loadings_and_say_so(tmp_path: Path):
    content = table(["", "TP53", "MYC"], [0, 1, 1, 0, 0, -1, 1, 0], [1, 0, 0, 1, -1, 0, 0, 1])
    file = read(tmp_path / "m.tsv", content, units="sd")
    assert any(note.startswith("taken for loadings, of which units were named: ") for note in file.notes), file.notes
    with pytest.raises(InputError) as refusal:
        read(tmp_path / "m.tsv", content, units="sd", strength=0.1)
    assert refusal.value.code == "targets-or-loadings"
    plain = read(tmp_path / "l.tsv", table(["gene", "a", "b"], SMALL, SMALL), units="sd")
    assert not any(note.startswith("taken for loadings") for note in plain.notes)
