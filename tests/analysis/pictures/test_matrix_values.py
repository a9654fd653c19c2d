"""Matrices for figures: the numbers of dense truth, of the genes that the remark says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grnledger
import numpy as np
import pytest
from grnledger.analysis.pictures.genes import MOST_GENES, cluster
from grnledger.analysis.pictures.loadings import loadings
from grnledger.analysis.pictures.matrices import (
    NamedMatrix,
    common_covariance,
    correlation,
    covariance,
    decomposition,
    partial_correlation,
)
from grnledger.engine import FactorCovariance, Pathway, simulate_factor_model
from grnledger.engine.errors import InputError, NotFound, ShapeError
from picture_store import GENES, STRONGER, WEAKER, base, dense, make_store, rho_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from grnledger.storage.repository import Repository


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return make_store(tmp_path_factory.mktemp("pictures") / "s.grn")


def in_panel_order(matrix: NamedMatrix) -> np.ndarray:
    """The numbers with rows and columns put back into the order of the panel."""
    order = [matrix.rows.index(gene) for gene in GENES if gene in matrix.rows]
    return matrix.values[np.ix_(order, order)]


@pytest.mark.parametrize("make", [covariance, correlation, partial_correlation, common_covariance])
def test_a_heatmap_has_the_numbers_of_dense_truth(repo: Repository, make: Callable[..., NamedMatrix]) -> None:
    sigma = dense(repo, "v2")
    scale = np.sqrt(np.diagonal(sigma))
    model = base()
    truth = {
        covariance: sigma,
        correlation: sigma / np.outer(scale, scale),
        partial_correlation: rho_of(sigma),
        common_covariance: model.loadings @ model.factor_covariance @ model.loadings.T,
    }[make]
    matrix = make(repo, "HEAD")
    assert sorted(matrix.rows) == sorted(matrix.columns) == sorted(GENES)
    np.testing.assert_allclose(in_panel_order(matrix), truth, rtol=1e-10, atol=1e-12)
    assert matrix.title.startswith("v2: ")
    assert matrix.remark == "all 20 genes; clustered"
    few = make(repo, "HEAD", genes=["G12", "$A_1$", "G12"])
    assert (few.rows, few.remark) == (("G12", "$A_1$"), "2 genes of 20")
    at = [GENES.index(gene) for gene in few.rows]
    np.testing.assert_allclose(few.values, truth[np.ix_(at, at)], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("rev", ["v0", "v1", "v2"])
def test_a_decomposition_adds_up_to_sigma(repo: Repository, rev: str) -> None:
    parts = decomposition(repo, rev)
    assert (
        parts.symbols
        == {
            "v0": ("B F Bᵀ", "D"),
            "v1": ("B F Bᵀ", "X Xᵀ", "D"),
            "v2": ("B F Bᵀ", "X J Xᵀ", "D"),
        }[rev]
    )
    np.testing.assert_allclose(in_panel_order(parts.total), dense(repo, rev), rtol=1e-12)
    np.testing.assert_allclose(sum(part.values for part in parts.parts), parts.total.values, rtol=1e-12)
    np.testing.assert_allclose(np.diagonal(in_panel_order(parts.parts[-1])), base().noise)
    assert {part.rows for part in parts.parts} == {parts.total.rows}


def test_of_a_large_panel_the_genes_of_the_strongest_edges_are_shown(tmp_path: Path) -> None:
    model = simulate_factor_model(90, 3, seed=5)
    names = [f"G{number:02}" for number in range(90)]
    repo = grnledger.init(tmp_path / "s.grn", factor_model=model, genes=names)
    rho = np.abs(rho_of(dense(repo, "v0")))
    left, right = np.triu_indices(90, 1)
    strongest = np.argsort(-rho[left, right], kind="stable")
    expected = list(dict.fromkeys(np.stack([left, right], axis=1)[strongest].ravel().tolist()))[:10]
    matrix = partial_correlation(repo, "v0", most=10)
    assert set(matrix.rows) == {names[gene] for gene in expected}
    assert matrix.remark == "10 of 90 genes: those of the strongest edges"
    assert len(covariance(repo, "v0").rows) == 60


def test_where_there_are_no_edges_the_first_genes_are_shown(tmp_path: Path) -> None:
    lone = FactorCovariance(np.ones(70), np.zeros((70, 0)))
    repo = grnledger.init(tmp_path / "s.grn", factor_model=lone, genes=[f"G{number:02}" for number in range(70)])
    matrix = correlation(repo, "v0", most=5)
    assert matrix.rows == ("G00", "G01", "G02", "G03", "G04")
    np.testing.assert_array_equal(matrix.values, np.eye(5))


def test_the_genes_of_a_pathway_are_those_with_its_largest_loadings(repo: Repository) -> None:
    assert covariance(repo, "v1", pathway=STRONGER).rows == ("$A_1$", "G08", "G12")
    fewer = covariance(repo, "v1", pathway=STRONGER, most=2)
    assert fewer.rows == ("$A_1$", "G08")
    assert fewer.remark == f"2 of the 3 genes of {STRONGER}: the largest loadings"


def test_genes_that_cannot_be_drawn_are_refused(repo: Repository) -> None:
    with pytest.raises(NotFound, match=r"No pathway 'P' is active in v2: active are"):
        covariance(repo, "v2", pathway="P")
    with pytest.raises(NotFound, match="none is active"):
        covariance(repo, "v0", pathway=STRONGER)
    with pytest.raises(NotFound, match="NOWHERE"):
        covariance(repo, "v2", genes=["NOWHERE"])
    with pytest.raises(InputError, match="not by both"):
        covariance(repo, "v2", genes=["G12"], pathway=STRONGER)
    with pytest.raises(InputError) as refused:
        covariance(repo, "v2", most=MOST_GENES + 1)
    assert refused.value.code == "too-many-genes-to-draw"
    with pytest.raises(ShapeError):
        NamedMatrix(np.zeros((2, 2)), ("a",), ("a", "b"))


def test_a_dense_base_has_no_factors_to_draw(tmp_path: Path) -> None:
    repo = grnledger.init(tmp_path / "s.grn", covariance=np.diag([1.0, 2.0]), genes=["A", "B"])
    for make in (common_covariance, decomposition):
        with pytest.raises(InputError) as refused:
            make(repo, "v0")
        assert refused.value.code == "no-factors-to-draw"
    with pytest.raises(InputError) as refused:
        loadings(repo, "v0")
    assert refused.value.code == "no-loadings-to-draw"


def test_loadings_are_in_units_of_the_expression_and_have_the_sign_of_their_term(repo: Repository) -> None:
    model, deviations = base(), base().standard_deviations()
    x = np.zeros((20, 2))
    for gene, value in {"$A_1$": 0.9, "G08": -0.7, "G12": 0.4}.items():
        x[GENES.index(gene), 0] = value * deviations[GENES.index(gene)]
    x[GENES.index("G09"), 1], x[GENES.index("G10"), 1] = -0.2, -0.1
    both = loadings(repo, "v2")
    assert both.columns == ("factor 1", "factor 2", STRONGER, f"−{WEAKER}")
    assert both.divided == 2
    rows = [both.rows.index(gene) for gene in GENES]
    np.testing.assert_allclose(both.values[rows], np.hstack([model.loadings, x]), rtol=1e-12)
    factors = loadings(repo, "v2", part="factors", most=4)
    largest = np.sort(np.argsort(-np.square(model.loadings).sum(axis=1), kind="stable")[:4])
    assert factors.rows == tuple(GENES[gene] for gene in largest)
    only = loadings(repo, "v2", part="pathways", most=6)
    assert (only.columns, only.divided) == ((STRONGER, f"−{WEAKER}"), 0)
    assert only.rows == ("$A_1$", "G08", "G09", "G10", "G12")
    assert only.remark == "the 5 genes with loadings, of 20"


def test_the_factors_of_an_estimate_by_shrinkage_are_its_samples(tmp_path: Path) -> None:
    values = np.random.default_rng(2).standard_normal((80, 12))
    rows = ["\t".join(["gene", *(f"S{number}" for number in range(12))])]
    rows += ["\t".join([f"G{number}", *map(str, row)]) for number, row in enumerate(values)]
    (tmp_path / "e.tsv").write_text("\n".join(rows) + "\n")
    repo = grnledger.init(tmp_path / "s.grn", expression=tmp_path / "e.tsv", intensity="analytic", groups="none")
    matrix = loadings(repo, "v0")
    assert matrix.columns == tuple(f"S{number}" for number in range(12))
    assert len(matrix.rows) == 40


def test_clusters_stand_together_whatever_order_they_come_in() -> None:
    stream = np.random.default_rng(4)
    groups = np.repeat(np.arange(6), 10)
    similarity = np.where(groups[:, None] == groups, 0.8, 0.05) + 0.01 * stream.standard_normal((60, 60))
    similarity = 0.5 * (similarity + similarity.T)
    mixed = stream.permutation(60)
    order = groups[mixed][cluster(similarity[np.ix_(mixed, mixed)])]
    assert np.count_nonzero(np.diff(order)) == 5
    assert sorted(cluster(similarity).tolist()) == list(range(60))


def test_loadings_on_pathways_that_are_called_as_the_genes_are_no_matrix_of_pairs(tmp_path: Path) -> None:
    repo = make_store(tmp_path / "s.grn")
    repo.create_branch("regulons", "v0")
    repo.switch("regulons")
    repo.commit([Pathway.of(repo.panel, name, {name: 0.1, "G15": 0.1}) for name in ("G08", "G09")])
    matrix = loadings(repo, "HEAD", part="pathways", genes=["G08", "G09"])
    assert matrix.rows == matrix.columns
    assert not matrix.is_of_pairs
    assert correlation(repo, "HEAD", genes=["G08", "G09"]).is_of_pairs
