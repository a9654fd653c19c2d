"""Decoys: of the same size, loadings, variances and mean correlation, and of nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.engine.inference.decoys import STRATA, Strata, matched_decoys, mean_correlation
from grnledger.engine.network.pathway import Pathway

if TYPE_CHECKING:
    from numpy.typing import NDArray


@pytest.fixture(scope="module")
def values() -> NDArray[np.float64]:
    """Genes of which the first half goes with one factor, more or less, each with a variance of its own."""
    rng = np.random.default_rng(0)
    values = rng.standard_normal((200, 25))
    values[:100] += rng.uniform(0, 1.5, (100, 1)) * rng.standard_normal(25)
    return values * rng.uniform(0.5, 3, (200, 1)) + rng.uniform(2, 8, (200, 1))


@pytest.fixture(scope="module")
def strata(values: NDArray[np.float64]) -> Strata:
    return Strata.of(values)


PATHWAYS = [
    Pathway(("together",), np.arange(10, 30), np.full((20, 1), 0.1)),
    Pathway(("apart",), np.arange(150, 165), np.full((15, 1), 0.1)),
    Pathway(("signed",), np.arange(40, 60), 0.1 * np.array([[1.0], [-2.0]] * 10), units="raw"),
    Pathway(("minus",), np.arange(90, 110), np.linspace(0.1, 0.3, 20)[:, np.newaxis], sign=-1),
]


def dense_mean(values: NDArray[np.float64], pathway: Pathway) -> float:
    correlations, loadings = np.corrcoef(values[pathway.genes]), pathway.loadings[:, 0]
    products = np.outer(loadings, loadings)
    others = ~np.eye(len(loadings), dtype=bool)
    return float((products * correlations)[others].sum() / np.abs(products)[others].sum())


def test_strata_are_deciles_of_variance(values: NDArray[np.float64], strata: Strata) -> None:
    variances = values.var(axis=1)
    assert np.bincount(strata.stratum).tolist() == [20] * STRATA
    for stratum in range(STRATA - 1):
        assert variances[strata.stratum == stratum].max() <= variances[strata.stratum == stratum + 1].min()


def test_decoys_have_the_loadings_the_variances_and_the_mean_correlation(
    values: NDArray[np.float64], strata: Strata
) -> None:
    for pathway, decoys in zip(PATHWAYS, matched_decoys(strata, PATHWAYS), strict=True):
        mean = dense_mean(values, pathway)
        assert mean_correlation(strata, pathway) == pytest.approx(mean)
        assert len(decoys) == 20
        for decoy in decoys:
            assert (decoy.names, decoy.sign, decoy.units) == (pathway.names, pathway.sign, pathway.units)
            # each loading keeps to the decile of its gene
            assert sorted(zip(strata.stratum[decoy.genes], decoy.loadings[:, 0], strict=True)) == sorted(
                zip(strata.stratum[pathway.genes], pathway.loadings[:, 0], strict=True)
            )
            assert dense_mean(values, decoy) == pytest.approx(mean, rel=0.02, abs=0.001)
        assert len({tuple(decoy.genes) for decoy in decoys}) == 20
        assert not any(set(decoy.genes) & set(pathway.genes) for decoy in decoys)


def test_decoys_of_one_pathway_depend_on_no_other_and_on_the_seed(strata: Strata) -> None:
    def genes(asked: list[Pathway], **named: int) -> list[list[int]]:
        return [decoy.genes.tolist() for decoy in matched_decoys(strata, asked, 5, **named)[-1]]

    assert genes(PATHWAYS) == genes(PATHWAYS[-1:]) == genes(PATHWAYS[-1:], seed=0)
    assert genes(PATHWAYS) != genes(PATHWAYS, seed=1)


def test_pathways_that_are_alike_have_decoys_of_their_own(strata: Strata) -> None:
    pathway = PATHWAYS[1]
    (like,) = matched_decoys(strata, [pathway], 1)[0]
    pairs = zip(*matched_decoys(strata, [pathway, like], 10), strict=True)
    shared = [len(set(one.genes) & set(other.genes)) / len(one.genes) for one, other in pairs]
    assert np.mean(shared) < 0.3


def test_a_mean_that_cannot_be_reached_ends_as_near_as_exchanges_lead(strata: Strata) -> None:
    whole = Pathway(("all",), np.arange(200), np.full((200, 1), 0.1))
    alone = Pathway(("alone",), np.array([3]), np.array([[0.1]]))
    (every,), (one,) = matched_decoys(strata, [whole, alone], 1)
    assert every.genes.tolist() == list(range(200))  # there are no others
    assert strata.stratum[one.genes] == strata.stratum[3]
    assert one.genes != 3
    assert mean_correlation(strata, alone) == 0
    assert matched_decoys(strata, [alone], 0) == [[]]
