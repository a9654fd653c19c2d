"""The order of pairs against brute force: the score by inverting Σ + τV, clr by its formula pair by pair."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from grnledger.engine.inference.noise_edge import noise_edge, score_penalty
from grnledger.engine.inference.ranking import context_likelihood
from grnledger.engine.network.anchor import anchor_of
from grnledger.engine.network.comparison.versions import compare
from grnledger.engine.network.covariance import DenseCovariance, FactorCovariance
from grnledger.engine.network.inversion import invert, invert_penalised
from grnledger.engine.network.pairs.blocks import Block
from grnledger.engine.network.pairs.edge_rule import EdgeRule
from grnledger.engine.network.pairs.edges import edges, neighbors
from grnledger.engine.network.pairs.partial_correlations import partial_correlations
from grnledger.engine.network.panel import Panel
from grnledger.engine.network.pathway import Pathway
from grnledger.engine.network.snapshot import Snapshot, build_snapshot
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
GENES, PENALTY = 30, 3.0


def base_of(form: str, seed: int = 0) -> FactorCovariance | DenseCovariance:
    rng = np.random.default_rng(seed)
    base = FactorCovariance(rng.uniform(0.5, 2.0, GENES), 0.6 * rng.standard_normal((GENES, 4)))
    return base if form == "factor" else invert(base.columns() @ base.columns().T + np.diag(base.noise))


def penalised(base: FactorCovariance | DenseCovariance) -> FactorCovariance | DenseCovariance:
    return base.penalised(PENALTY) if isinstance(base, FactorCovariance) else invert_penalised(base, PENALTY)


def pathways(seed: int = 1) -> list[Pathway]:
    rng = np.random.default_rng(seed)
    added = Pathway(("p53",), np.arange(8), 0.7 * rng.standard_normal((8, 1)))
    return [added, Pathway(("Wnt",), np.arange(4, 9), 0.05 * rng.standard_normal((5, 1)), -1)]


def version(base: FactorCovariance | DenseCovariance, source: FactorCovariance | DenseCovariance) -> Snapshot:
    panel = Panel(tuple(f"G{number}" for number in range(GENES)))
    return build_snapshot(panel, anchor_of(source), pathways(), base.standard_deviations())


def rho_of(covariance: Matrix) -> Matrix:
    precision = np.linalg.inv(covariance)
    scale = 1.0 / np.sqrt(precision.diagonal())
    return -precision * np.outer(scale, scale)


def brute_score(base: FactorCovariance | DenseCovariance) -> Matrix:
    covariance = version(base, base).covariance.to_dense()
    return rho_of(covariance + PENALTY * np.diag(np.square(base.standard_deviations())))


def pairs_of(matrix: Matrix) -> list[tuple[float, int, int]]:
    return [(matrix[left, right], left, right) for left, right in itertools.combinations(range(len(matrix)), 2)]


@pytest.mark.parametrize("form", ["factor", "dense"])
def test_edges_are_ranked_by_the_score_and_have_the_rho_of_the_version(form: str) -> None:
    base = base_of(form)
    own, score = version(base, base), version(base, penalised(base))
    truth, expected = rho_of(own.covariance.to_dense()), brute_score(base)
    best = sorted(pairs_of(expected), key=lambda pair: -abs(pair[0]))[:25]

    ranked = edges(own.precision, EdgeRule("top", 25), ranked_by=partial_correlations(score.precision))

    assert [tuple(pair) for pair in ranked.pairs.tolist()] == [pair[1:] for pair in best]
    np.testing.assert_allclose(ranked.strength, [pair[0] for pair in best], rtol=1e-9)
    np.testing.assert_allclose(ranked.rho, [truth[pair[1:]] for pair in best], rtol=1e-9)
    assert ranked.threshold == pytest.approx(abs(best[-1][0]))
    assert ranked.max_abs == pytest.approx(abs(best[0][0]))
    assert [pair[1:] for pair in best] != [
        pair[1:] for pair in sorted(pairs_of(truth), key=lambda pair: -abs(pair[0]))[:25]
    ]


@pytest.mark.parametrize("form", ["factor", "dense"])
def test_neighbors_are_ranked_by_the_score(form: str) -> None:
    base = base_of(form)
    measure = partial_correlations(version(base, penalised(base)).precision)
    expected, truth = brute_score(base)[3], rho_of(version(base, base).covariance.to_dense())[3]
    order = [index for index in np.argsort(-np.abs(expected)) if index != 3][:6]

    partners = neighbors(version(base, base).precision, 3, EdgeRule("top", 6), ranked_by=measure)

    assert partners.partners.tolist() == order
    np.testing.assert_allclose(partners.strength, expected[order], rtol=1e-9)
    np.testing.assert_allclose(partners.rho, truth[order], rtol=1e-9)


def test_a_threshold_cuts_the_strength() -> None:
    base = base_of("factor")
    measure = partial_correlations(version(base, penalised(base)).precision)
    strengths = sorted(abs(pair[0]) for pair in pairs_of(brute_score(base)))
    least = float(np.mean(strengths[200:202]))

    ranked = edges(version(base, base).precision, EdgeRule("threshold", least), ranked_by=measure)

    assert len(ranked) == len(strengths) - 201


@pytest.mark.parametrize("form", ["factor", "dense"])
def test_any_pairs_have_the_rho_of_their_rows(form: str) -> None:
    base = base_of(form)
    rho = partial_correlations(version(base, base).precision)
    chosen = np.random.default_rng(2).integers(0, GENES, (400, 2))
    chosen = chosen[chosen[:, 0] != chosen[:, 1]]

    expected = [rho.row(int(left))[right] for left, right in chosen]

    np.testing.assert_allclose(rho.pairs(chosen), expected, rtol=1e-12, atol=1e-15)


def test_clr_is_its_formula_pair_by_pair() -> None:
    base = base_of("factor")
    rho = partial_correlations(version(base, base).precision)
    matrix = np.abs(rho_of(version(base, base).covariance.to_dense()))
    z = np.empty_like(matrix)
    for gene, row in enumerate(matrix):
        others = np.delete(row, gene)
        z[gene] = np.maximum(0.0, (row - others.mean()) / others.std())
    expected = np.sqrt(z**2 + z.T**2)

    clr = context_likelihood(rho, GENES)

    left, right = np.triu_indices(GENES, 1)
    pairs = np.stack([left, right], axis=1)
    np.testing.assert_allclose(clr.pairs(pairs), expected[left, right], rtol=1e-9)
    np.testing.assert_allclose(np.delete(clr.row(5), 5), np.delete(expected[5], 5), rtol=1e-9)
    np.testing.assert_allclose(clr.block(Block(slice(4, 9), slice(4, GENES))), np.triu(expected, 1)[4:9, 4:], rtol=1e-9)


def test_versions_are_compared_by_the_score_with_rho_beside() -> None:
    base = base_of("factor")
    after, panel = version(base, base), version(base, base).panel
    deviations = base.standard_deviations()
    before = build_snapshot(panel, anchor_of(base), (), deviations)
    plain = build_snapshot(panel, anchor_of(penalised(base)), (), deviations)
    measures = (
        partial_correlations(plain.precision),
        partial_correlations(version(base, penalised(base)).precision),
    )
    scores = (rho_of(plain.covariance.to_dense()), brute_score(base))
    rho = [rho_of(side.covariance.to_dense()) for side in (before, after)]
    change = sorted(pairs_of(scores[1] - scores[0]), key=lambda pair: -abs(pair[0]))[:10]

    difference = compare(before, after, EdgeRule("top", 20), changes=10, ranked_by=measures)

    assert [tuple(pair) for pair in difference.pairs.tolist()] == [pair[1:] for pair in change]
    np.testing.assert_allclose(difference.rho, [[side[pair[1:]] for side in rho] for pair in change], rtol=1e-8)
    np.testing.assert_allclose(difference.strength, [[s[pair[1:]] for s in scores] for pair in change], rtol=1e-8)
    least = sorted((abs(pair[0]) for pair in pairs_of(scores[0])), reverse=True)[19]
    is_edge = [np.abs(score[np.triu_indices(GENES, 1)]) >= least * (1 - 1e-12) for score in scores]
    assert difference.gained == int(np.sum(is_edge[1] & ~is_edge[0]))
    assert difference.lost == int(np.sum(is_edge[0] & ~is_edge[1]))
    assert difference.gained > 0


def test_on_a_bare_base_the_score_is_that_of_the_correlations_at_the_edge_of_the_noise() -> None:
    rng = np.random.default_rng(3)
    scores = rng.standard_normal((GENES, 12))
    scores = (scores - scores.mean(axis=1, keepdims=True)) / scores.std(axis=1, ddof=1, keepdims=True)
    correlation, shrinkage = scores @ scores.T / 11, 0.3
    noise_part = np.eye(GENES)

    penalty = score_penalty(GENES, 11, shrinkage)
    shrunk = shrinkage * noise_part + (1 - shrinkage) * correlation

    expected = rho_of(noise_edge(GENES, 11) * noise_part + correlation)
    np.testing.assert_allclose(rho_of(shrunk + penalty * noise_part), expected, rtol=1e-9)


def test_the_largest_eigenvalue_of_noise_is_near_the_edge() -> None:
    rng = np.random.default_rng(4)
    scores = rng.standard_normal((900, 101))
    scores = (scores - scores.mean(axis=1, keepdims=True)) / scores.std(axis=1, ddof=1, keepdims=True)

    largest = np.linalg.norm(scores, 2) ** 2 / 100

    assert largest == pytest.approx(noise_edge(900, 100), rel=0.05)


def test_a_gene_whose_pairs_are_all_alike_lets_nothing_stand_out() -> None:
    rho = partial_correlations(version(base_of("factor"), base_of("factor")).precision)
    flat = replace(rho, factor=np.ones((GENES, 1)), signature=np.full(1, 0.25), dense=None)

    clr = context_likelihood(flat, GENES)

    assert clr.row(0)[1:].tolist() == [0.0] * (GENES - 1)
