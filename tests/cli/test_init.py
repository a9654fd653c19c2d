"""`grn init`: every source and every option ends up in the base, and is told."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

SAMPLES = [f"s{number}" for number in range(1, 13)]


def names(count: int) -> list[str]:
    return [f"GENE{number}" for number in range(1, count + 1)]


def write_table(path: Path, genes: list[str], values: NDArray[np.float64], columns: list[str] | None = None) -> Path:
    lines = ["\t".join(["gene", *(columns or SAMPLES[: values.shape[1]])])]
    lines += ["\t".join([gene, *map(repr, row)]) for gene, row in zip(genes, values.tolist(), strict=True)]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def counts() -> NDArray[np.float64]:
    """20 genes, 12 samples; the last gene is 7 everywhere, the one before it is above 3 in two samples only."""
    values = np.random.default_rng(3).poisson(40.0, size=(20, 12)).astype(np.float64)
    values[-1] = 7.0
    values[-2] = [1.0] * 10 + [9.0, 12.0]
    return values


@pytest.fixture
def table(tmp_path: Path, counts: NDArray[np.float64]) -> Path:
    return write_table(tmp_path / "counts.tsv", names(20), counts)


@pytest.fixture
def init(grn: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """`grn init --json` of a new store; the base's record."""

    def run(*arguments: object, store: str = "a.grn") -> Any:
        answer = grn("init", tmp_path / store, *arguments, "--json")
        assert answer.code == 0, answer.err
        return answer.json["base"]

    return run


def test_a_base_from_expression_records_its_source(
    init: Callable[..., Any], grn: Callable[..., Any], table: Path, tmp_path: Path
) -> None:
    base = init("--expression", table, "-m", "our counts")
    assert base["source"] == {
        "file": "counts.tsv",
        "sha256": hashlib.sha256(table.read_bytes()).hexdigest(),
        "parameters": {},
    }
    assert (base["genes"], base["samples"], base["estimator"], base["form"]) == (20, 12, "shrinkage", "dense")
    assert 0 < base["parameters"]["lambda"] <= 1
    assert base["keeps_expression"] is True
    versions = grn("log", "--json", "-s", tmp_path / "a.grn").json["versions"]
    assert [(version["version"], version["message"], version["author"]) for version in versions] == [
        ("v0", "our counts", "Ada")
    ]


def test_init_names_its_version_in_json_and_its_base_in_text_and_rows(
    grn: Callable[..., Any], table: Path, tmp_path: Path
) -> None:
    answer = grn("init", tmp_path / "a.grn", "--expression", table, "--json").json
    assert (answer["version"], len(answer["id"]), len(answer["content"])) == ("v0", 64, 64)
    text = grn("init", tmp_path / "b.grn", "--expression", table)
    assert [line.split()[0] for line in text.out.splitlines()] == [
        "store", "genes", "samples", "base", "λ", "λ", "λ", "held", "constant", "expression", "source",
    ]  # fmt: skip
    rows = grn("init", tmp_path / "c.grn", "--expression", table, "--tsv").rows
    assert {"name": "genes", "value": "20"} in rows


def test_decisions_are_noted_beside_the_answer(grn: Callable[..., Any], table: Path, tmp_path: Path) -> None:
    answer = grn("init", tmp_path / "a.grn", "--expression", table, "--floor", 3)
    assert "Genes in rows" in answer.err
    assert "1 of 20 genes is detected (above the floor of 3) in fewer than 20 % of the 12 samples" in answer.err
    assert "consider --min-detected 0.2" in answer.err
    assert "1, kept as isolated nodes" in answer.out


def test_preparation_is_recorded(init: Callable[..., Any], table: Path) -> None:
    base = init("--expression", table, "--floor", 3, "--transform", "log2", "--min-detected", 0.2, "--drop-constant")
    assert base["preparation"] == {"floor": 3.0, "transform": "log2", "min_detected": 0.2, "drop_constant": True}
    assert (base["genes"], base["constant_genes"]) == (18, 0)
    counted = init("--expression", table, "--counts", "--top-variance", 5, store="b.grn")
    assert counted["preparation"] == {"counts": True, "transform": "log1p", "top_variance": 5}
    assert counted["genes"] == 5
    plain = init("--expression", table, "--counts", "--transform", "none", store="c.grn")
    assert plain["preparation"]["transform"] == "none"


def test_a_panel_from_a_file_keeps_its_order(
    init: Callable[..., Any], grn: Callable[..., Any], table: Path, tmp_path: Path
) -> None:
    (tmp_path / "panel.txt").write_text("GENE4\nGENE2\nGENE9\n")
    assert init("--expression", table, "--genes", tmp_path / "panel.txt")["genes"] == 3
    rows = grn("export", "--matrix", "covariance", "-s", tmp_path / "a.grn").rows
    assert [row["gene"] for row in rows] == ["GENE4", "GENE2", "GENE9"]


def test_rows_of_one_gene_are_refused_without_duplicates(
    init: Callable[..., Any], grn: Callable[..., Any], counts: NDArray[np.float64], tmp_path: Path
) -> None:
    doubled = write_table(tmp_path / "doubled.tsv", ["GENE1", *names(19)], counts)
    refused = grn("init", tmp_path / "x.grn", "--expression", doubled)
    assert refused.code == 2
    assert "GENE1" in refused.err
    assert "--duplicates max-variance" in refused.err
    for number, way in enumerate(("max-variance", "mean", "first")):
        base = init("--expression", doubled, "--duplicates", way, store=f"{number}.grn")
        assert (base["genes"], base["preparation"]["duplicates"]) == (19, way)


def test_genes_may_stand_in_columns(
    init: Callable[..., Any], grn: Callable[..., Any], counts: NDArray[np.float64], table: Path, tmp_path: Path
) -> None:
    turned = write_table(tmp_path / "turned.tsv", SAMPLES, counts.T, names(20))
    turned.write_text(turned.read_text().replace("gene\t", "sample\t", 1))
    init("--expression", table)
    assert init("--expression", turned, "--genes-in", "columns", store="b.grn")["genes"] == 20
    matrices = [grn("export", "--matrix", "precision", "-s", tmp_path / f"{name}.grn").out for name in "ab"]
    assert matrices[0] == matrices[1]


@pytest.mark.parametrize(("estimator", "more"), [("shrinkage", ()), ("ledoit-wolf", ()), ("factor", ("--factors", 2))])
def test_estimators(init: Callable[..., Any], table: Path, estimator: str, more: tuple[object, ...]) -> None:
    base = init("--expression", table, "--drop-constant", "--estimator", estimator, *more)
    assert base["estimator"].startswith(estimator)


def test_the_empirical_covariance_is_refused_when_it_is_singular(
    init: Callable[..., Any], grn: Callable[..., Any], table: Path, tmp_path: Path
) -> None:
    refused = grn("init", tmp_path / "x.grn", "--expression", table, "--estimator", "empirical", "--drop-constant")
    assert refused.code == 5
    assert "19 genes" in refused.err
    assert "12 samples" in refused.err
    assert "shrinkage" in refused.err
    assert not (tmp_path / "x.grn").exists()
    base = init("--expression", table, "--estimator", "empirical", "--drop-constant", "--top-variance", 5)
    assert (base["genes"], base["parameters"]) == (5, {})


def test_expression_is_kept_or_not(init: Callable[..., Any], table: Path, tmp_path: Path) -> None:
    assert init("--expression", table, "--keep-expression")["keeps_expression"] is True
    assert init("--expression", table, "--no-keep-expression", store="b.grn")["keeps_expression"] is False
    sizes = [sum(path.stat().st_size for path in (tmp_path / name / "base").iterdir()) for name in ("a.grn", "b.grn")]
    assert sizes[0] > sizes[1]


def write_names(group: h5py.Group, index: list[str]) -> None:
    group.attrs["_index"] = "_index"
    group.create_dataset("_index", data=[name.encode() for name in index])


def test_h5ad_has_x_layers_and_raw(
    init: Callable[..., Any], grn: Callable[..., Any], counts: NDArray[np.float64], tmp_path: Path
) -> None:
    path = tmp_path / "cells.h5ad"
    with h5py.File(path, "w") as file:
        file["X"] = counts.T
        file["layers/scaled"] = counts.T / 2
        file["raw/X"] = np.hstack([counts.T, counts.T[:, :1] + 1])
        write_names(file.create_group("obs"), SAMPLES)
        write_names(file.create_group("var"), names(20))
        write_names(file.create_group("raw/var"), names(21))
    assert init("--expression", path)["genes"] == 20
    assert init("--expression", path, "--layer", "scaled", store="b.grn")["source"]["parameters"] == {"layer": "scaled"}
    assert init("--expression", path, "--raw", store="c.grn")["genes"] == 21
    diagonals = [
        float(
            grn("export", "--matrix", "covariance", "--genes", "GENE1", "-s", tmp_path / f"{name}.grn").rows[0]["GENE1"]
        )
        for name in "ab"
    ]
    assert diagonals[1] == pytest.approx(diagonals[0] / 4)


def test_matrix_market_takes_its_genes_from_a_file(
    init: Callable[..., Any], counts: NDArray[np.float64], tmp_path: Path
) -> None:
    entries = [f"{i + 1} {j + 1} {counts[i, j]:g}" for i, j in np.argwhere(counts)]
    head = ["%%MatrixMarket matrix coordinate real general", f"20 12 {len(entries)}"]
    (tmp_path / "counts.mtx").write_text("\n".join([*head, *entries]) + "\n")
    (tmp_path / "mine.txt").write_text("\n".join(names(20)) + "\n")
    base = init("--expression", tmp_path / "counts.mtx", "--gene-names", tmp_path / "mine.txt")
    assert (base["genes"], base["samples"]) == (20, 12)


def test_a_covariance_is_taken_as_it_is(init: Callable[..., Any], grn: Callable[..., Any], tmp_path: Path) -> None:
    sigma = np.array([[2.0, 0.5, 0.1], [0.5, 1.0, -0.2], [0.1, -0.2, 1.5]])
    write_table(tmp_path / "sigma.tsv", names(3), sigma, names(3))
    assert init("--covariance", tmp_path / "sigma.tsv")["estimator"] == "given covariance"
    printed = grn("export", "--matrix", "covariance", "-s", tmp_path / "a.grn").rows
    assert [[float(row[gene]) for gene in names(3)] for row in printed] == sigma.tolist()


def test_a_singular_covariance_is_refused_and_the_ridge_is_the_users_to_give(
    init: Callable[..., Any], grn: Callable[..., Any], tmp_path: Path
) -> None:
    sigma = np.array([[1.0, 2.0], [2.0, 1.0]])
    write_table(tmp_path / "sigma.tsv", names(2), sigma, names(2))
    refused = grn("init", tmp_path / "x.grn", "--covariance", tmp_path / "sigma.tsv")
    assert refused.code == 5
    assert "smallest eigenvalue is -1" in refused.err
    assert "--ridge" in refused.err
    base = init("--covariance", tmp_path / "sigma.tsv", "--ridge", 1.5)
    assert base["parameters"] == {"ridge": 1.5}


def test_a_nameless_covariance_takes_its_names_from_a_file(init: Callable[..., Any], tmp_path: Path) -> None:
    np.save(tmp_path / "sigma.npy", np.eye(3))
    (tmp_path / "genes.txt").write_text("A\nB\nC\n")
    assert init("--covariance", tmp_path / "sigma.npy", "--genes", tmp_path / "genes.txt")["genes"] == 3


def test_a_factor_model_is_an_archive_or_three_tables(
    init: Callable[..., Any], grn: Callable[..., Any], tmp_path: Path
) -> None:
    loadings, noise = np.array([[0.8, 0.0], [0.7, 0.0], [0.1, 0.9], [0.1, 0.8]]), np.array([0.04, 0.03, 0.05, 0.06])
    factors = np.array([[1.0, 0.3], [0.3, 1.0]])
    genes = ["TP53", "BRCA1", "IL6", "TNF"]
    np.savez(tmp_path / "model.npz", loadings=loadings, noise=noise, factor_covariance=factors, genes=genes)
    write_table(tmp_path / "b.tsv", genes, loadings, ["one", "two"])
    write_table(tmp_path / "d.tsv", genes, noise[:, None], ["noise"])
    write_table(tmp_path / "f.tsv", ["one", "two"], factors, ["one", "two"])
    first = init("--factor-model", tmp_path / "model.npz")
    tables = ("--noise", tmp_path / "d.tsv", "--factor-covariance", tmp_path / "f.tsv")
    second = init("--factor-model", tmp_path / "b.tsv", *tables, store="b.grn")
    assert (first["form"], first["factors"]) == (second["form"], second["factors"]) == ("factor", 2)
    expected = loadings @ factors @ loadings.T + np.diag(noise)
    for name in "ab":
        rows = grn("export", "--matrix", "covariance", "-s", tmp_path / f"{name}.grn").rows
        np.testing.assert_allclose([[float(row[gene]) for gene in genes] for row in rows], expected, atol=1e-14)


def test_a_store_with_another_ending_is_made_and_warned_about(
    grn: Callable[..., Any], table: Path, tmp_path: Path
) -> None:
    answer = grn("init", tmp_path / "tumour", "--expression", table)
    assert answer.code == 0
    assert "A store that is not named *.grn is not found automatically" in answer.err


def test_simulate_draws_the_same_model_from_the_same_seed(grn: Callable[..., Any], tmp_path: Path) -> None:
    shape = (
        "--genes",
        30,
        "--factors",
        3,
        "--scale",
        0.2,
        "--noise",
        0.1,
        0.2,
        "--pathways",
        2,
        "--pathway-scale",
        0.3,
    )
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        answer = grn("simulate", *shape, "--seed", seed, "-o", tmp_path / f"{name}.npz")
        assert answer.code == 0
        assert "30 genes, 3 factors, seed" in answer.err
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert (tmp_path / "a.npz").read_bytes() != (tmp_path / "c.npz").read_bytes()
    with np.load(tmp_path / "a.npz") as model, np.load(tmp_path / "a.pathways.npz") as drawn:
        assert model["loadings"].shape == (30, 3)
        assert 0.1 <= model["noise"].min() <= model["noise"].max() <= 0.2
        assert drawn["pathways"].tolist() == ["p53", "NF-kB"]
        assert 0.2 < drawn["loadings"].std() < 0.4


def write_h5ad(path: Path, x: NDArray[np.float64], counts: NDArray[np.float64]) -> Path:
    """Cells × genes: Ensembl ids with symbols beside them, two kinds of cells, and a layer of counts."""
    with h5py.File(path, "w") as file:
        file["X"], file["layers/counts"] = x, counts
        for axis, index in (("obs", [f"c{i}" for i in range(len(x))]), ("var", [f"ENSG{i:011}" for i in range(20)])):
            file.create_group(axis).attrs["_index"] = "_index"
            file[axis].create_dataset("_index", data=index, dtype=h5py.string_dtype())
        file["var"].create_dataset("feature_name", data=names(20), dtype=h5py.string_dtype())
        file["obs"].create_dataset("kind", data=["T", "B"] * (len(x) // 2), dtype=h5py.string_dtype())
    return path


def test_genes_are_named_and_cells_selected_by_columns_of_an_h5ad(
    init: Callable[..., Any], grn: Callable[..., Any], tmp_path: Path, counts: NDArray[np.float64]
) -> None:
    path = write_h5ad(tmp_path / "a.h5ad", counts.T, counts.T)
    base = init("--expression", path, "--gene-column", "feature_name", "--where", "kind=T")
    assert base["samples"] == 6
    assert base["source"]["parameters"] == {"gene_column": "feature_name", "where": "kind=T"}
    (tmp_path / "s.gmt").write_text("S\tx\tGENE1\tGENE2\n")
    assert grn("-s", tmp_path / "a.grn", "commit", tmp_path / "s.gmt").code == 0
    init("--expression", path, store="b.grn")
    answer = grn("-s", tmp_path / "b.grn", "commit", tmp_path / "s.gmt")
    assert answer.code == 2


def test_a_scaled_matrix_beside_counts_is_refused_with_the_choices(
    init: Callable[..., Any], grn: Callable[..., Any], tmp_path: Path, counts: NDArray[np.float64]
) -> None:
    deviations = counts.std(axis=1, ddof=1, keepdims=True)
    scaled = (counts - counts.mean(axis=1, keepdims=True)) / np.where(deviations > 0, deviations, 1.0)
    path = write_h5ad(tmp_path / "a.h5ad", scaled.T, counts.T)
    answer = grn("init", tmp_path / "c.grn", "--expression", path)
    assert answer.code == 2
    assert "X is standardised" in answer.err
    assert "--layer NAME`; --layer X reads X as it is." in answer.err
    assert not (tmp_path / "c.grn").exists()
    assert init("--expression", path, "--layer", "X")["samples"] == 12
    assert init("--expression", path, "--layer", "counts", "--counts", store="b.grn")["samples"] == 12


def test_a_sheet_of_a_workbook_is_named(init: Callable[..., Any], grn: Callable[..., Any], tmp_path: Path) -> None:
    book = pytest.importorskip("openpyxl").Workbook()
    for sheet in (book.active, book.create_sheet("normalised")):
        for row in (["gene", "a", "b", "c"], ["TP53", 1.5, 2, 4], ["MDM2", 3, 2, 2], ["MYC", 1, 7, 3]):
            sheet.append(row)
    book.save(tmp_path / "a.xlsx")
    answer = grn("init", tmp_path / "c.grn", "--expression", tmp_path / "a.xlsx")
    assert answer.code == 2
    assert "--sheet NAME" in answer.err
    base = init("--expression", tmp_path / "a.xlsx", "--sheet", "normalised")
    assert base["source"]["parameters"] == {"sheet": "normalised"}


@pytest.mark.parametrize("options", [("--drop-constant", "--min-detected", "0.5"), ("--genes",)])
def test_genes_that_init_left_out_are_listed_and_told_from_those_that_never_were(
    init: Callable[..., Any], grn: Callable[..., Any], table: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    listed = tmp_path / "listed.txt"
    listed.write_text("\n".join(names(18)) + "\n")
    init("--expression", table, *options, *([listed] if options == ("--genes",) else ["--floor", 3]))
    store = tmp_path / "a.grn"
    rows = grn("-s", store, "show", "v0", "--dropped", "--tsv").rows
    assert [(row["gene"], row["source"]) for row in rows] == [("GENE19", "the data"), ("GENE20", "the data")]
    reasons = ["not in the list of genes"] * 2 if options == ("--genes",) else [rows[0]["reason"], "constant"]
    assert [row["reason"] for row in rows] == reasons
    sets = tmp_path / "sets.gmt"
    sets.write_text("A\t-\tGENE1\tGENE2\tGENE19\tNOWHERE\n")
    refused = grn("-s", store, "commit", sets)
    assert refused.code == 2
    assert "1 of the missing genes was left out when the store was made (GENE19: " in refused.err
    assert "grn show v0 --dropped" in refused.err
    assert grn("-s", store, "commit", sets, "--missing", "drop").code == 0
    answer = grn("-s", store, "show", "--dropped", "--json").json
    assert answer["version"] == "v1"
    assert [(row["gene"], row["source"]) for row in answer["dropped"]] == [("GENE19", "A"), ("NOWHERE", "A")]
    assert [row["reason"] for row in answer["dropped"]] == [reasons[0], "not in the data"]


def test_a_store_that_left_nothing_out_says_so(
    init: Callable[..., Any], grn: Callable[..., Any], table: Path, tmp_path: Path
) -> None:
    init("--expression", table)
    answer = grn("-s", tmp_path / "a.grn", "show", "--dropped")
    assert answer.out == "No gene was left out in v0, as far as is recorded.\n"
    assert grn("-s", tmp_path / "a.grn", "show", "--dropped", "--tsv").rows == []
