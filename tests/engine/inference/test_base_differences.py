"""Differences between two bases against the same splits of dense matrices, and studies whose truth is known."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from grnledger.engine.errors import InputError
from grnledger.engine.inference.base_differences import (
    BaseDifferences,
    Condition,
    confident_q,
    in_deviations,
    judge_differences,
)
from grnledger.engine.network.panel import Panel
from grnledger.engine.network.pathway import Pathway
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
GENES = 14
PANEL = Panel(tuple(f"GENE{number}" for number in range(GENES)))


def dense_rho(samples: Matrix, intensity: float, pathways: tuple[Pathway, ...] = ()) -> Matrix:
    """ρ of shrunk correlations and pathways in standard deviations, by inverting them."""
    covariance = (1 - intensity) * np.corrcoef(samples) + intensity * np.eye(len(samples))
    for pathway in pathways:
        column = np.zeros(len(samples))
        column[pathway.genes] = pathway.loadings[:, 0]
        covariance += pathway.sign * np.outer(column, column)
    precision = np.linalg.inv(covariance)
    scale = np.sqrt(precision.diagonal())
    return -precision / np.outer(scale, scale)


def strongest(rho: Matrix, most: int) -> set[tuple[int, int]]:
    pairs = list(itertools.combinations(range(len(rho)), 2))
    return set(sorted(pairs, key=lambda pair: -abs(rho[pair]))[:most])


def naive(before: Condition, after: Condition, most: int, splits: int, seed: int) -> dict[tuple[int, int], list[float]]:
    """ρ of both, expected difference, z and q of each pair that is judged, pair by pair and split by split."""
    sides = (before, after)
    scaled = [
        (side.samples - side.samples.mean(1, keepdims=True)) / side.samples.std(1, ddof=1, keepdims=True)
        for side in sides
    ]
    pooled = np.hstack(scaled)
    labels = [("a", int(group)) for group in before.groups] + [("b", int(group)) for group in after.groups]
    groups = sorted(set(labels))
    number = len(set(before.groups.tolist()))
    stream, data = np.random.RandomState(seed), [(before.samples, after.samples)]
    for _ in range(splits):
        chosen = {groups[at] for at, place in enumerate(stream.permutation(len(groups))) if place < number}
        mask = np.array([label in chosen for label in labels])
        data.append((pooled[:, mask], pooled[:, ~mask]))
    rhos = [
        [dense_rho(samples, side.intensity, side.pathways) for samples, side in zip(pair, sides, strict=True)]
        for pair in data
    ]
    selected = [strongest(first, most) | strongest(second, most) for first, second in rhos]
    every = sorted(set().union(*selected))
    d = {pair: np.array([second[pair] - first[pair] for first, second in rhos]) for pair in every}
    spread = [np.median([np.delete(d[pair], turn).var(ddof=1) for pair in every]) for turn in range(splits + 1)]
    least = min(sides, key=lambda side: side.intensity)
    together = strongest(dense_rho(pooled, least.intensity, least.pathways), most)

    def t(pair: tuple[int, int], turn: int) -> float:
        others = np.delete(d[pair], turn)
        return float((d[pair][turn] - others.mean()) / np.sqrt((others.var(ddof=1) + spread[turn]) / 2))

    answer: dict[tuple[int, int], list[float]] = {}
    for pair in selected[0]:
        stratum = [{one for one in chosen if (one in together) == (pair in together)} for chosen in selected]
        q = 1.0
        for cut in sorted({abs(t(one, 0)) for one in stratum[0]}):
            if cut > abs(t(pair, 0)):
                continue
            counts = [sum(abs(t(one, turn)) >= cut for one in chosen) for turn, chosen in enumerate(stratum)]
            q = min(q, max(*counts[1:], np.mean(counts[1:]) + 1 / splits) / counts[0])
        expected = float(np.delete(d[pair], 0).mean())
        answer[pair] = [float(rhos[0][0][pair]), float(rhos[0][1][pair]), expected, t(pair, 0), q]
    return answer


@pytest.mark.parametrize("pathways", [False, True], ids=["bases alone", "with pathways"])
def test_differences_are_those_of_dense_matrices_split_by_split(pathways: bool) -> None:
    stream = np.random.default_rng(3)
    mixing = np.eye(GENES) + 0.5 * np.eye(GENES, k=1)
    added = Pathway(("p53",), np.array([1, 4, 7]), np.array([[0.4], [0.5], [-0.3]]), 1, "sd")
    taken = Pathway(("loss",), np.array([2, 9]), np.array([[0.3], [0.2]]), -1, "sd")
    before = Condition(
        5 + 3 * mixing @ stream.normal(size=(GENES, 30)),
        np.repeat(np.arange(15), 2),
        0.5,
        (added, taken) if pathways else (),
    )
    after = Condition(mixing @ stream.normal(size=(GENES, 9)), np.arange(9), 0.7, (added,) if pathways else ())
    judged = judge_differences(PANEL, before, after, 10, splits=5, seed=4)
    truth = naive(before, after, 10, splits=5, seed=4)
    assert {tuple(pair) for pair in judged.pairs.tolist()} == set(truth)
    rows = np.column_stack([judged.rho, judged.expected, judged.z, judged.q])
    for pair, row in zip(judged.pairs.tolist(), rows, strict=True):
        np.testing.assert_allclose(row, truth[tuple(pair)], rtol=1e-9, atol=1e-12)
    assert list(judged.q) == sorted(judged.q)


def test_q_is_the_largest_number_of_the_null_over_that_of_the_data() -> None:
    stream = np.random.default_rng(5)
    observed = np.round(stream.exponential(size=30), 1)  # with ties
    null = [np.round(stream.exponential(size=size), 1) for size in (25, 30, 40)]
    shares = {}
    for cut in observed:
        counts = [int((part >= cut).sum()) for part in null]
        shares[cut] = min(1.0, max(*counts, np.mean(counts) + 1 / 3) / (observed >= cut).sum())
    expected = [min(share for cut, share in shares.items() if cut <= strength) for strength in observed]
    np.testing.assert_allclose(confident_q(observed, null), expected, rtol=1e-12)
    assert confident_q(np.empty(0), null).shape == (0,)


def chain(samples: int, stream: np.random.Generator, flipped: NDArray[np.intp] | None = None) -> Matrix:
    """Samples of a chain of 80 genes, each .6 of the one before; −.6 where it is flipped."""
    values = stream.normal(size=(80, samples))
    weights = np.full(80, 0.6)
    weights[flipped if flipped is not None else []] = -0.6
    for gene in range(1, 80):
        values[gene] = weights[gene] * values[gene - 1] + 0.8 * values[gene]
    return values


def judged_chains(before: Matrix, after: Matrix) -> BaseDifferences:
    panel = Panel(tuple(f"GENE{number}" for number in range(80)))
    first, second = (
        Condition(values, np.arange(values.shape[1]), intensity) for values, intensity in ((before, 0.4), (after, 0.7))
    )
    return judge_differences(panel, first, second, 80)


def test_two_bases_of_one_truth_are_not_distinguishable_though_lambda_and_n_differ() -> None:
    for seed in range(4):
        stream = np.random.default_rng(seed)
        judged = judged_chains(chain(160, stream), chain(40, stream))
        assert np.abs(judged.rho[:, 1] - judged.rho[:, 0]).max() > 0.1
        assert judged.called().mean() <= 0.02


def test_flipped_edges_are_told_from_chance() -> None:
    stream = np.random.default_rng(11)
    flipped = np.arange(5, 80, 10)
    judged = judged_chains(chain(160, stream), chain(80, stream, flipped))
    called = judged.pairs[judged.called()].tolist()
    assert all([gene - 1, gene] in called for gene in flipped.tolist())
    far = [pair for pair in called if min(abs(gene - flip) for gene in pair for flip in flipped) > 3]
    assert len(far) <= 1


def test_a_few_groups_are_refused_however_many_samples_they_have() -> None:
    values = np.random.default_rng(0).normal(size=(GENES, 20))
    few, many = Condition(values, np.repeat(np.arange(4), 5), 0.5), Condition(values, np.arange(20), 0.5)
    with pytest.raises(InputError, match="One side has 4 groups of samples, fewer than 5"):
        judge_differences(PANEL, many, few, 10)


def test_raw_loadings_are_divided_by_the_deviations_of_their_genes() -> None:
    deviations = np.linspace(0.5, 2.0, GENES)
    genes, loadings = np.array([3, 5]), np.array([[1.0], [2.0]])
    raw, sd = (Pathway(("x",), genes, loadings, 1, units) for units in ("raw", "sd"))
    first, second = in_deviations([raw, sd], deviations)
    np.testing.assert_allclose(first.loadings[:, 0], [1 / deviations[3], 2 / deviations[5]])
    assert first.units == "sd"
    assert second is sd


def test_progress_reaches_the_end() -> None:
    shares: list[float] = []
    values = np.random.default_rng(0).normal(size=(GENES, 20))
    side = Condition(values, np.arange(20), 0.5)
    judge_differences(PANEL, side, side, 10, splits=3, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
