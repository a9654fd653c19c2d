"""Edges and neighbours against brute force over all pairs."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.engine.errors import InputError, NotFound
from grnledger.engine.network.anchor import anchor_of
from grnledger.engine.network.covariance import ArraySource, DenseCovariance, FactorCovariance
from grnledger.engine.network.inversion import invert
from grnledger.engine.network.pairs import blocks, edge_rule as rules, edges as network
from grnledger.engine.network.pairs.edge_rule import EdgeRule
from grnledger.engine.network.pairs.edges import edges, neighbors
from grnledger.engine.network.panel import Panel
from grnledger.engine.network.pathway import Pathway
from grnledger.engine.network.snapshot import Snapshot, build_snapshot
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray

if TYPE_CHECKING:
    from grnledger.engine.network.covariance import Covariance

Matrix = NDArray[np.float64]
Ranked = list[tuple[int, int, float]]

properties = settings(max_examples=150, derandomize=True, deadline=None)


def version(base: Covariance, *pathways: Pathway) -> Snapshot:
    panel = Panel(tuple(f"G{number}" for number in range(base.size)))
    return build_snapshot(panel, anchor_of(base), pathways, base.standard_deviations())


def shape_blocks(patch: pytest.MonkeyPatch, size: int, height: int) -> None:
    """Have blocks of so many rows, whole ones or in tiles."""
    patch.setattr(blocks, "BAND_BYTES", 8 * size * height)
    patch.setattr(blocks, "HEIGHT", height)
    patch.setattr(blocks, "WIDTH", 2 * height)


def with_rho(rho: Matrix) -> Snapshot:
    """A version with exactly these partial correlations: Θ has 1 on its diagonal, so that nothing is rounded."""
    precision = np.where(np.eye(len(rho), dtype=bool), 1.0, -rho)
    covariance = np.linalg.inv(precision)
    return version(DenseCovariance(ArraySource(covariance), ArraySource(precision), 0.0))


def symmetric(size: int, values: list[float]) -> Matrix:
    """A matrix of zeros with these values above the diagonal, row by row, and below."""
    matrix = np.zeros((size, size))
    matrix[np.triu_indices(size, 1)] = values
    return matrix + matrix.T


def random_version(form: str, genes: int, seed: int) -> Snapshot:
    """A version with pathways added and subtracted, on a base of either form."""
    rng = np.random.default_rng(seed)
    base: Covariance = FactorCovariance(rng.uniform(0.5, 1.0, genes), 0.4 * rng.standard_normal((genes, 3)))
    if form == "dense":
        base = invert(base.columns() @ base.columns().T + np.diag(base.noise))
    everyone = np.arange(genes)
    added = Pathway(("p53", "MAPK"), everyone, 0.5 * rng.standard_normal((genes, 2)), covariance=np.eye(2) + 0.5)
    removed = Pathway(("Wnt",), everyone, 0.4 * rng.standard_normal((genes, 1)) / np.sqrt(genes), -1)
    return version(base, added, removed)


def dense_rho(snapshot: Snapshot) -> Matrix:
    """ρ of all pairs by inverting the dense covariance, 0 on the diagonal."""
    precision = np.linalg.inv(snapshot.covariance.to_dense())
    roots = np.sqrt(np.diagonal(precision))
    rho = -precision / np.outer(roots, roots)
    np.fill_diagonal(rho, 0.0)
    return rho


def brute_edges(rho: Matrix, edge_rule: EdgeRule) -> Ranked:
    """All pairs that pass, one by one: strongest first, ties in panel order, and all that tie with the last."""
    actual = [(i, j, float(rho[i, j])) for i, j in itertools.combinations(range(len(rho)), 2) if rho[i, j] != 0]
    actual.sort(key=lambda pair: -abs(pair[2]))
    return passing(actual, edge_rule)


def passing(ranked: Ranked, edge_rule: EdgeRule) -> Ranked:
    if edge_rule.rule == "threshold":
        return [pair for pair in ranked if abs(pair[2]) >= edge_rule.value]
    return [pair for pair in ranked if abs(pair[2]) >= abs(ranked[min(int(edge_rule.value), len(ranked)) - 1][2])]


def brute_neighbors(rho: Matrix, gene: int, edge_rule: EdgeRule) -> Ranked:
    actual = [(gene, other, float(rho[gene, other])) for other in range(len(rho)) if rho[gene, other] != 0]
    actual.sort(key=lambda pair: -abs(pair[2]))
    return passing(actual, edge_rule)


def listed(actual: network.Edges) -> Ranked:
    return [(left, right, rho) for (left, right), rho in zip(actual.pairs.tolist(), actual.rho.tolist(), strict=True)]


@st.composite
def exact_networks(draw: st.DrawFn) -> Matrix:
    """Partial correlations of few values: many ties, many zeros, and all of them exact in binary."""
    size = draw(st.integers(2, 12))
    pair = st.sampled_from([0.0, 0.0, 0.03125, -0.03125, 0.0625, -0.0625, 0.015625])
    count = size * (size - 1) // 2
    return symmetric(size, draw(st.lists(pair, min_size=count, max_size=count)))


edge_rules = st.one_of(
    st.builds(EdgeRule, st.just("top"), st.sampled_from([1, 2, 3, 5, 10, 66, 1000])),
    st.builds(EdgeRule, st.just("threshold"), st.sampled_from([0.015625, 0.03125, 0.0625, 0.01, 0.04, 0.5, 1.0])),
)


@properties
@given(rho=exact_networks(), edge_rule=edge_rules, band=st.sampled_from([8, 200, 2 << 20]))
def test_edges_with_ties_and_zeros_are_those_of_brute_force(rho: Matrix, edge_rule: EdgeRule, band: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BAND_BYTES", band)
        actual = edges(with_rho(rho).precision, edge_rule)
    expected = brute_edges(rho, edge_rule)
    assert listed(actual) == expected
    assert actual.max_abs == np.abs(rho).max()
    assert len(actual) == len(expected)
    if edge_rule.rule == "threshold":
        assert actual.threshold == edge_rule.value
    else:
        assert actual.threshold == (abs(expected[-1][2]) if expected else 1.0)


@properties
@given(rho=exact_networks(), edge_rule=edge_rules, data=st.data())
def test_neighbors_with_ties_and_zeros_are_those_of_brute_force(
    rho: Matrix, edge_rule: EdgeRule, data: st.DataObject
) -> None:
    gene = data.draw(st.integers(0, len(rho) - 1))
    actual = neighbors(with_rho(rho).precision, gene, edge_rule)
    expected = brute_neighbors(rho, gene, edge_rule)
    assert list(zip(actual.partners.tolist(), actual.rho.tolist(), strict=True)) == [pair[1:] for pair in expected]
    assert actual.gene == f"G{gene}"
    assert actual.max_abs == np.abs(rho[gene]).max()
    if edge_rule.rule == "top":
        assert actual.threshold == (abs(expected[-1][2]) if expected else 1.0)


@pytest.mark.parametrize("form", ["dense", "factors"])
@pytest.mark.parametrize("genes", [2, 3, 40, 130])
@pytest.mark.parametrize(
    "edge_rule", [EdgeRule("top", 1), EdgeRule("top", 25), EdgeRule("top", 10**6), EdgeRule("threshold", 0.02)]
)
def test_edges_of_a_version_are_those_of_dense_algebra(form: str, genes: int, edge_rule: EdgeRule) -> None:
    snapshot = random_version(form, genes, seed=genes)
    actual, expected = edges(snapshot.precision, edge_rule), brute_edges(dense_rho(snapshot), edge_rule)
    assert actual.pairs.tolist() == [[left, right] for left, right, _ in expected]
    np.testing.assert_allclose(actual.rho, [rho for *_, rho in expected], atol=1e-13)
    np.testing.assert_allclose(actual.max_abs, np.abs(dense_rho(snapshot)).max(), atol=1e-13)


@pytest.mark.parametrize("form", ["dense", "factors"])
@pytest.mark.parametrize("genes", [2, 3, 130])
@pytest.mark.parametrize(
    "edge_rule", [EdgeRule("top", 1), EdgeRule("top", 20), EdgeRule("top", 1000), EdgeRule("threshold", 0.02)]
)
def test_neighbors_in_a_version_are_those_of_dense_algebra(form: str, genes: int, edge_rule: EdgeRule) -> None:
    snapshot = random_version(form, genes, seed=genes)
    for gene in {0, 1, genes - 1}:
        actual, expected = (
            neighbors(snapshot.precision, gene, edge_rule),
            brute_neighbors(dense_rho(snapshot), gene, edge_rule),
        )
        assert actual.partners.tolist() == [partner for _, partner, _ in expected]
        np.testing.assert_allclose(actual.rho, [rho for *_, rho in expected], atol=1e-13)


@pytest.mark.parametrize("form", ["dense", "factors"])
@pytest.mark.parametrize("edge_rule", [EdgeRule("top", 60), EdgeRule("threshold", 0.05)])
def test_neither_the_bands_nor_the_threads_change_the_edges(
    form: str, edge_rule: EdgeRule, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = random_version(form, 90, seed=1)
    expected = edges(snapshot.precision, edge_rule)
    assert len(expected) >= 60
    for height, threads in itertools.product([1, 7, 89, 90], [1, 2, 5]):
        shape_blocks(monkeypatch, 90, height)
        monkeypatch.setattr(blocks, "cores", lambda threads=threads: threads)
        actual = edges(snapshot.precision, edge_rule)
        assert actual.pairs.tolist() == expected.pairs.tolist()
        np.testing.assert_allclose(actual.rho, expected.rho, rtol=0, atol=1e-15)
        np.testing.assert_allclose(actual.max_abs, expected.max_abs, rtol=0, atol=1e-15)


@pytest.mark.parametrize("form", ["dense", "factors"])
@pytest.mark.parametrize("height", [1, 3, 100])
def test_pairs_that_tie_but_for_rounding_are_kept_together(
    form: str, height: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    shape_blocks(monkeypatch, 30, height)
    # In sd units a flat set moves all its pairs alike, whatever the variances: equal numbers, but not equal bits.
    base: Covariance = FactorCovariance(np.random.default_rng(6).uniform(0.1, 9.0, 30), np.empty((30, 0)))
    if form == "dense":
        base = invert(np.diag(base.noise))
    weak = Pathway(("p53",), np.arange(5, 25), np.full((20, 1), 0.1))
    strong = Pathway(("MAPK",), np.arange(25, 30), np.full((5, 1), 0.2))
    snapshot = version(base, weak, strong)
    within = [list(itertools.combinations(range(*ends), 2)) for ends in ((25, 30), (5, 25))]
    few, more = edges(snapshot.precision, EdgeRule("top", 3)), edges(snapshot.precision, EdgeRule("top", 11))
    # They tie, and stand in panel order, whichever of them has the larger last bit.
    assert list(map(tuple, few.pairs.tolist())) == within[0]
    assert list(map(tuple, more.pairs.tolist())) == within[0] + within[1]
    assert len(np.unique(more.rho)) > 2
    partners = neighbors(snapshot.precision, 7, EdgeRule("top", 2))
    assert partners.partners.tolist() == [index for index in range(5, 25) if index != 7]


@pytest.mark.parametrize("form", ["dense", "factors"])
def test_what_is_zero_but_for_rounding_is_no_edge(form: str) -> None:
    rng = np.random.default_rng(2)
    base: Covariance = FactorCovariance(rng.uniform(0.5, 1.0, 12), np.empty((12, 0)))
    if form == "dense":
        base = invert(np.diag(base.noise))
    loadings = rng.standard_normal((12, 1))
    everyone = np.arange(12)
    there_and_back = version(
        base, Pathway(("on",), everyone, loadings), Pathway(("off",), everyone.copy(), loadings.copy(), -1)
    )
    assert len(edges(there_and_back.precision, EdgeRule("top", 5))) == 0
    assert len(neighbors(there_and_back.precision, 3, EdgeRule("top", 5))) == 0


def test_an_isolated_gene_has_no_neighbors_and_a_network_of_them_no_edges() -> None:
    isolated = FactorCovariance(np.array([0.5, 1.0, 2.0, 3.0]), np.empty((4, 0)))
    actual = edges(version(isolated).precision, EdgeRule("top", 4))
    assert (len(actual), actual.max_abs, actual.threshold) == (0, 0.0, 1.0)
    pair = Pathway(("p53",), np.array([0, 2]), np.ones((2, 1)))
    snapshot = version(isolated, pair)
    assert [edge[:2] for edge in snapshot.edges()] == [("G0", "G2")]
    assert list(snapshot.neighbors("G1")) == []
    assert snapshot.neighbors("G1").max_abs == 0.0


def test_a_snapshot_is_asked_for_its_edges_and_neighbors_by_name() -> None:
    rho = symmetric(4, [0.25, -0.5, 0.0, 0.0, 0.125, 0.0])
    snapshot = with_rho(rho)
    assert list(snapshot.edges()) == [("G0", "G2", -0.5), ("G0", "G1", 0.25), ("G1", "G3", 0.125)]
    assert list(snapshot.edges(top=1)) == [("G0", "G2", -0.5)]
    assert list(snapshot.edges(threshold=0.25)) == [("G0", "G2", -0.5), ("G0", "G1", 0.25)]
    assert list(snapshot.neighbors("G0")) == [("G2", -0.5), ("G1", 0.25)]
    assert list(snapshot.neighbors(0, top=1)) == [("G2", -0.5)]
    assert list(snapshot.neighbors("G0", threshold=0.5)) == [("G2", -0.5)]
    with pytest.raises(NotFound, match="G9"):
        snapshot.neighbors("G9")


def test_a_snapshot_lists_as_many_edges_as_there_are_genes_and_20_neighbors_unless_asked_otherwise() -> None:
    snapshot = random_version("factors", 40, seed=3)
    assert len(snapshot.edges()) == 40
    assert len(snapshot.neighbors(0)) == 20


@pytest.mark.parametrize(
    "edge_rule", [("top", 0), ("top", -3), ("top", 2.5), ("top", np.inf), ("threshold", 0.0), ("threshold", 1.1)]
)
def test_an_edge_rule_out_of_range_is_refused(edge_rule: tuple[str, float]) -> None:
    with pytest.raises(InputError, match=f"{edge_rule[1]:g}"):
        EdgeRule(*edge_rule)  # pyright: ignore[reportArgumentType]
    with pytest.raises(InputError):
        EdgeRule("threshold", float("nan"))


def test_two_edge_rules_at_once_are_refused() -> None:
    with pytest.raises(InputError, match="not by both"):
        EdgeRule.of(0.1, 5, 20)
    assert EdgeRule.of(None, None, 20) == EdgeRule("top", 20)


@pytest.mark.parametrize("height", [1, 4, 100])
def test_more_edges_than_memory_holds_are_refused(height: int, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = random_version("factors", 30, seed=4)
    strengths = np.sort(np.abs(dense_rho(snapshot)[np.triu_indices(30, 1)]))
    monkeypatch.setattr(rules, "MOST_EDGES", 100)
    shape_blocks(monkeypatch, 30, height)
    between = (strengths[-100] + strengths[-101]) / 2
    assert len(edges(snapshot.precision, EdgeRule("threshold", between))) == 100
    for edge_rule in (
        EdgeRule("threshold", (strengths[-101] + strengths[-102]) / 2),
        EdgeRule("threshold", 1e-9),
        EdgeRule("top", 101),
    ):
        with pytest.raises(InputError, match="More than 100"):
            edges(snapshot.precision, edge_rule)


@pytest.mark.parametrize(("form", "blocks_at_most"), [("dense", 7), ("factors", 200)])
def test_progress_goes_from_block_to_block_up_to_the_whole(
    form: str, blocks_at_most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    shape_blocks(monkeypatch, 20, 3)
    shares: list[float] = []
    edges(random_version(form, 20, seed=5).precision, EdgeRule("top", 5), progress=shares.append)
    assert 1 < len(shares) <= blocks_at_most
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
