"""Support: against the density under a covariance that is formed whole, fold by fold, with the pathway in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from grnledger.engine.adjustment.contrasts import hold_out_contrasts
from grnledger.engine.errors import InputError
from grnledger.engine.estimation.folds import FOLDS, Samples, fold_of_samples
from grnledger.engine.inference import support
from grnledger.engine.inference.support import INNER_FOLDS, held_out_gains
from grnledger.engine.network.pathway import Pathway

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]
    Term = Callable[[Pathway, Matrix, Matrix], Matrix]

INTENSITIES = (0.6, 0.3)
GROUPS = np.repeat(np.arange(10), 2)


def expression(seed: int = 0) -> Matrix:
    """Return 14 genes in 20 samples, of which replicates are alike and six genes go together."""
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((14, 20)) + 0.5 * np.repeat(rng.standard_normal((14, 10)), 2, axis=1)
    values[:6] += np.repeat(rng.standard_normal(10), 2)
    return values * rng.uniform(0.5, 2, (14, 1)) + rng.uniform(3, 9, (14, 1))


def pathways() -> list[Pathway]:
    several, inner = np.random.default_rng(5).normal(0, 0.4, (4, 2)), np.array([[1, 0.6], [0.6, 2]])
    return [
        Pathway(("set",), np.arange(6), np.full((6, 1), 0.4)),
        Pathway(("raw",), np.array([1, 4, 9]), np.array([[0.3], [-0.2], [0.5]]), units="raw"),
        Pathway(("minus",), np.array([0, 7]), np.array([[0.2], [0.3]]), sign=-1),
        Pathway(("a", "b"), np.array([2, 3, 8, 11]), several, covariance=inner),
        Pathway(("other",), np.array([6, 10, 12, 13]), np.full((4, 1), 0.6)),
    ]


def moments(others: Matrix, degrees: int | None = None) -> tuple[Matrix, Matrix, Matrix]:
    """Return the mean, the shrunk standard deviations and the shrunk covariance of samples, formed whole."""
    share, variance_share = INTENSITIES
    mean = others.mean(axis=1) if degrees is None else np.zeros(len(others))
    deviations = others - mean[:, np.newaxis]
    covariance = deviations @ deviations.T / (degrees or others.shape[1] - 1)
    spread = np.diagonal(covariance)
    shrunk = np.sqrt(variance_share * np.median(spread) + (1 - variance_share) * spread)
    correlation = (1 - share) * covariance / np.sqrt(np.outer(spread, spread)) + share * np.eye(len(others))
    return mean, shrunk, correlation * np.outer(shrunk, shrunk)


def own_term(pathway: Pathway, others: Matrix, deviations: Matrix) -> Matrix:
    loadings = np.zeros((len(others), pathway.rank))
    loadings[pathway.genes] = pathway.loadings
    if pathway.units == "sd":
        loadings *= deviations[:, np.newaxis]
    inner = np.eye(pathway.rank) if pathway.covariance is None else pathway.covariance
    return pathway.sign * loadings @ inner @ loadings.T


def component_term(pathway: Pathway, others: Matrix, deviations: Matrix) -> Matrix:
    scores = others[pathway.genes] - others[pathway.genes].mean(axis=1, keepdims=True)
    scores /= scores.std(axis=1, keepdims=True)
    scale = 1.0 if pathway.units == "sd" else 1.0 / deviations[pathway.genes]
    length = np.linalg.norm(pathway.loadings[:, 0] * scale)
    loadings = np.zeros(len(others))
    loadings[pathway.genes] = np.linalg.svd(scores)[0][:, 0] * length
    loadings *= deviations
    return pathway.sign * np.outer(loadings, loadings)


def dense_gains(values: Matrix, held: NDArray[np.bool_], pathway: Pathway, factor: float, term: Term) -> Matrix:
    others = values[:, ~held]
    mean, deviations, covariance = moments(others)
    changed = covariance + factor**2 * term(pathway, others, deviations)
    new = values[:, held] - mean[:, np.newaxis]
    return log_density(new, changed) - log_density(new, covariance)


def log_density(new: Matrix, covariance: Matrix) -> Matrix:
    """Return the log density of centred samples, up to a constant; NaN where there is no covariance."""
    if np.linalg.eigvalsh(covariance)[0] <= 0:
        return np.full(new.shape[1], np.nan)
    return -0.5 * (np.linalg.slogdet(covariance)[1] + np.sum(new * np.linalg.solve(covariance, new), axis=0))


def held_in_turn(groups: NDArray[np.intp], most: int = FOLDS) -> list[NDArray[np.bool_]]:
    where = fold_of_samples(groups, most)
    return [where == fold for fold in range(int(where.max()) + 1)]


@pytest.mark.parametrize("groups", [GROUPS, np.arange(20)])
def test_gains_are_those_of_covariances_formed_whole(groups: NDArray[np.intp]) -> None:
    values, asked = expression(), pathways()
    gains = held_out_gains(Samples(values), groups, asked, INTENSITIES)
    truth = np.empty((20, len(asked)))
    for held in held_in_turn(groups):
        for index, pathway in enumerate(asked):
            truth[held, index] = dense_gains(values, held, pathway, 1.0, own_term)
    np.testing.assert_allclose(gains.nats, truth, atol=1e-10)
    assert (gains.strengths == 1).all()


@pytest.mark.parametrize("components", [0, 2])
def test_gains_of_contrasts_are_those_of_covariances_formed_whole(components: int) -> None:
    values, asked, basis = expression(2), pathways(), np.column_stack([np.ones(20), np.arange(20) // 4 % 2])
    gains = held_out_gains(Samples(values, basis, components), GROUPS, asked, INTENSITIES)
    truth: list[Matrix] = []
    for held in held_in_turn(GROUPS):
        others, new, degrees = hold_out_contrasts(values, held, basis, components)
        _, deviations, covariance = moments(others, degrees)
        changes = [
            log_density(new, covariance + own_term(pathway, others, deviations)) - log_density(new, covariance)
            for pathway in asked
        ]
        truth.append(np.transpose(changes))
    np.testing.assert_allclose(gains.nats, np.concatenate(truth), atol=1e-10)
    assert gains.units.tolist() == np.repeat(np.arange(10), [len(part) for part in truth]).tolist()
    fitted = held_out_gains(Samples(values, basis, components), GROUPS, asked, INTENSITIES, choose_strength=True)
    assert np.isfinite(fitted.nats).all()


def test_many_pathways_in_turn_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    values, asked = expression(), pathways()
    together = held_out_gains(Samples(values), GROUPS, asked, INTENSITIES, choose_strength=True)
    monkeypatch.setattr(support, "AT_ONCE", 2)
    in_turn = held_out_gains(Samples(values), GROUPS, asked, INTENSITIES, choose_strength=True)
    np.testing.assert_allclose(in_turn.nats, together.nats, atol=1e-10)


def test_loadings_by_component_come_from_the_samples_that_are_not_held_out() -> None:
    values, asked = expression(), [pathway for pathway in pathways() if pathway.rank == 1]
    gains = held_out_gains(Samples(values), GROUPS, asked, INTENSITIES, loadings="pc1").nats
    for held in held_in_turn(GROUPS):
        for index, pathway in enumerate(asked):
            truth = dense_gains(values, held, pathway, 1.0, component_term)
            np.testing.assert_allclose(gains[held, index], truth, atol=1e-10)


def test_components_of_more_genes_than_samples_agree_with_those_of_fewer() -> None:
    rows = np.random.default_rng(1).standard_normal((9, 5))
    first = np.linalg.svd(rows)[0][:, 0]
    assert abs(first @ support._first_component(rows)) == pytest.approx(1)
    assert abs(np.linalg.svd(rows.T)[0][:, 0] @ support._first_component(rows.T)) == pytest.approx(1)


@pytest.mark.parametrize(("loadings", "term"), [("own", own_term), ("pc1", component_term)])
def test_strengths_are_chosen_without_the_samples_held_out(
    monkeypatch: pytest.MonkeyPatch, loadings: Any, term: Term
) -> None:
    values, strengths = expression(3), (0.0, 0.5, 1.0, 4.0)
    monkeypatch.setattr(support, "STRENGTHS", strengths)
    asked = [pathway for pathway in pathways() if pathway.rank == 1][:3]
    gains = held_out_gains(Samples(values), GROUPS, asked, INTENSITIES, choose_strength=True, loadings=loadings)
    chosen = np.empty((20, len(asked)))
    for held in held_in_turn(GROUPS):
        others = values[:, ~held]
        inner = np.unique(GROUPS[~held], return_inverse=True)[1]
        for index, pathway in enumerate(asked):
            totals = [
                sum(dense_gains(others, part, pathway, factor, term).sum() for part in held_in_turn(inner, INNER_FOLDS))
                for factor in strengths
            ]
            chosen[held, index] = strengths[int(np.nanargmax(totals))]
            truth = dense_gains(values, held, pathway, chosen[held, index][0], term)
            np.testing.assert_allclose(gains.nats[held, index], truth, atol=1e-10)
    np.testing.assert_allclose(gains.strengths, chosen.mean(axis=0))
    assert chosen.min() == 0 < chosen.max()


def test_a_subtraction_that_leaves_no_covariance_has_no_support() -> None:
    pathway = Pathway(("all",), np.arange(14), np.full((14, 1), 0.9), sign=-1)
    assert (held_out_gains(Samples(expression()), GROUPS, [pathway], INTENSITIES).nats == -np.inf).all()
    fitted = held_out_gains(Samples(expression()), GROUPS, [pathway], INTENSITIES, choose_strength=True)
    assert np.isfinite(fitted.nats).all()


def test_a_gene_without_variance_in_what_a_part_leaves_is_refused() -> None:
    values = expression()
    values[0] = 5.0
    values[0, :2] = 6.0
    with pytest.raises(InputError, match=r"1 of 14 genes are constant .* λ_var = 0"):
        held_out_gains(Samples(values), GROUPS, pathways(), (0.5, 0.0))
    assert np.isfinite(held_out_gains(Samples(values), GROUPS, pathways(), (0.5, 0.1)).nats).all()
