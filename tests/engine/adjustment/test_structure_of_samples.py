"""How many components stand out, and what samples look like: no false alarm on networks, an alarm on what is there."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.adjustment.design import build_design
from grnledger.engine.adjustment.dominance import MOST_SAMPLES, SampleStructure, sample_structure, two_clusters
from grnledger.engine.adjustment.number_of_components import choose_components
from grnledger.engine.errors import InputError


def chain(genes: int, samples: int, seed: int) -> np.ndarray:
    """Genes of which each follows the one before: a network without a hidden factor."""
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((genes, samples))
    for gene in range(1, genes):
        values[gene] = 0.6 * values[gene - 1] + 0.8 * values[gene]
    return values


def with_factors(values: np.ndarray, number: int, seed: int, strength: float = 0.7) -> np.ndarray:
    rng = np.random.default_rng(seed)
    genes, samples = values.shape
    return values + strength * rng.standard_normal((genes, number)) @ rng.standard_normal((number, samples))


@pytest.mark.parametrize("samples", [17, 24, 48, 150])
@pytest.mark.parametrize("factors", [0, 1, 3])
def test_hidden_factors_are_counted_and_a_chain_has_none(samples: int, factors: int):
    design = build_design(samples)
    for seed in range(3):
        values = with_factors(chain(250, samples, seed), factors, seed + 10)
        assert choose_components(values, design) == factors


def test_factors_that_the_design_removes_are_not_counted():
    categories = tuple("abcd" * 20)
    batches = np.random.default_rng(1).standard_normal((200, 4)) @ np.eye(4)[[ord(c) - 97 for c in categories]].T
    values = chain(200, 80, 2) + 1.5 * batches
    assert choose_components(values, build_design(80)) > 0
    assert choose_components(values, build_design(80, categories)) == 0


def test_of_few_samples_no_number_is_chosen():
    with pytest.raises(InputError) as refusal:
        choose_components(chain(100, 12, 0), build_design(12))
    assert refusal.value.code == "too-few-samples-to-choose-components"
    with pytest.raises(InputError):
        choose_components(chain(10, 60, 0), build_design(60))


@pytest.mark.parametrize("samples", [48, 200])
def test_networks_and_normal_factors_cause_no_alarm(samples: int):
    for seed in range(5):
        for values in (chain(200, samples, seed), with_factors(chain(200, samples, seed), 3, seed, 0.3)):
            structure = sample_structure(values)
            assert structure is not None
            assert (structure.is_dominated, structure.clusters) == (False, None)


@pytest.mark.parametrize(
    ("shares", "dominated"),
    [((0.31, 0.05, 0.05), True), ((0.29, 0.1, 0.1), False), ((0.2, 0.18, 0.15), True), ((0.2, 0.18, 0.11), False)],
)
def test_one_component_dominates_by_itself_and_three_together(shares: tuple[float, ...], dominated: bool):
    assert SampleStructure(shares).is_dominated == dominated


def test_a_strong_factor_dominates():
    structure = sample_structure(with_factors(chain(100, 60, 0), 1, 1, 1.5))
    assert structure is not None
    assert structure.is_dominated
    eigenvalues = np.linalg.eigvalsh(np.corrcoef(with_factors(chain(100, 60, 0), 1, 1, 1.5)))[::-1]
    np.testing.assert_allclose(structure.shares, eigenvalues[:3] / 100, rtol=1e-8)


def test_two_kinds_of_cells_are_clusters_and_one_outlier_is_none():
    values = chain(150, 60, 3)
    kinds = values + 1.2 * np.random.default_rng(4).standard_normal((150, 1)) * (np.arange(60) < 20)
    structure = sample_structure(kinds)
    assert structure is not None
    assert (structure.clusters, structure.component) == ((40, 20), 1)
    outlier = values + 5 * np.random.default_rng(4).standard_normal((150, 1)) * (np.arange(60) == 7)
    structure = sample_structure(outlier)
    assert structure is not None
    assert structure.clusters is None


def test_of_many_samples_some_are_drawn_and_of_few_nothing_is_said():
    many = chain(60, MOST_SAMPLES + 300, 5)
    many[:40, ::2] += 2.5
    structure = sample_structure(many)
    assert structure is not None
    assert structure.clusters is not None
    assert sum(structure.clusters) == MOST_SAMPLES
    assert sample_structure(chain(200, 10, 0)) is None
    assert sample_structure(chain(20, 100, 0)) is None


def test_two_clusters_are_those_of_all_cuts():
    values = np.random.default_rng(6).standard_normal(30)
    ordered = np.sort(values)
    total = np.square(values - values.mean()).sum()
    shares = {
        cut: 1 - (np.square(part - part.mean()).sum() + np.square(rest - rest.mean()).sum()) / total
        for cut in range(3, 28)
        for part, rest in [(ordered[:cut], ordered[cut:])]
    }
    cut = max(shares, key=lambda cut: shares[cut])
    share, smaller = two_clusters(values)
    assert (share, smaller) == (pytest.approx(shares[cut]), min(cut, 30 - cut))
