"""Links against the precision of genes and activities together, by explicit inversion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.engine.inference import links as wing
from grnledger.engine.inference.links import Link, PathwayLinks, pathway_links, strongest_links
from grnledger.engine.network import operators
from grnledger.engine.network.anchor import anchor_of
from grnledger.engine.network.covariance import FactorCovariance
from grnledger.engine.network.inversion import invert
from grnledger.engine.network.panel import Panel
from grnledger.engine.network.pathway import Pathway
from grnledger.engine.network.snapshot import build_snapshot

if TYPE_CHECKING:
    from grnledger.engine.network.covariance import Covariance
    from numpy.typing import NDArray

GENES = 9
F = np.array([[1.5, 0.4], [0.4, 0.8]])


def base_of(form: str) -> Covariance:
    rng = np.random.default_rng(5)
    base = FactorCovariance(rng.uniform(0.5, 2.0, GENES), 0.6 * rng.standard_normal((GENES, 3)))
    return base if form == "factor" else invert(base.columns() @ base.columns().T + np.diag(base.noise))


def dense(base: Covariance) -> NDArray[np.float64]:
    panel = Panel(tuple(f"G{number}" for number in range(GENES)))
    return build_snapshot(panel, anchor_of(base), (), np.ones(GENES)).covariance.to_dense()


def pathways() -> list[Pathway]:
    """One in raw units, one in standard deviations with mixed signs, and two columns with a covariance, one entry 0."""
    tied = np.array([[0.3, 0.0], [-0.2, 0.5], [0.4, 0.1]])
    return [
        Pathway(("A",), np.array([0, 3, 4]), np.array([[0.7], [0.5], [0.2]]), units="raw"),
        Pathway(("B",), np.array([1, 3, 8]), np.array([[0.4], [-0.6], [0.1]])),
        Pathway(("C", "D"), np.array([2, 5, 6]), tied, covariance=F),
    ]


def links(base: Covariance, *asked: Pathway) -> list[PathwayLinks]:
    panel = Panel(tuple(f"G{number}" for number in range(GENES)))
    deviations = base.standard_deviations()
    alone = build_snapshot(panel, anchor_of(base), (), deviations)
    return list(pathway_links(alone.precision, asked, deviations))


def joint(base: Covariance) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The covariance of genes and of four activities, the loadings, and the covariance of activities."""
    loadings = np.zeros((GENES, 4))
    scale = base.standard_deviations()
    a, b, tied = pathways()
    loadings[a.genes, 0] = a.loadings[:, 0]
    loadings[b.genes, 1] = b.loadings[:, 0] * scale[b.genes]
    loadings[tied.genes, 2:] = tied.loadings * scale[tied.genes][:, None]
    activities = np.eye(4)
    activities[2:, 2:] = F
    cross = loadings @ activities
    return np.block([[dense(base) + cross @ loadings.T, cross], [cross.T, activities]]), loadings, activities


@pytest.mark.parametrize("form", ["factor", "dense"])
@pytest.mark.parametrize("at_once", [2, 64])
def test_a_link_is_the_partial_correlation_of_gene_and_activity(
    monkeypatch: pytest.MonkeyPatch, form: str, at_once: int
) -> None:
    monkeypatch.setattr(wing, "COLUMNS_AT_ONCE", at_once)
    monkeypatch.setattr(operators, "ROWS_AT_ONCE", at_once)
    base = base_of(form)
    covariance, loadings, _ = joint(base)
    precision = np.linalg.inv(covariance)
    roots = np.sqrt(np.diagonal(precision))
    rho = -precision / np.outer(roots, roots)
    computed = links(base, *pathways())
    assert [linked.name for linked in computed] == ["A", "B", "C", "D"]
    for column, linked in enumerate(computed):
        np.testing.assert_allclose(linked.rho, rho[:GENES, GENES + column], atol=1e-12)
        assert linked.members.tolist() == (loadings[:, column] != 0).tolist()


def test_leverage_is_the_share_of_the_variance_that_the_genes_determine() -> None:
    base = base_of("factor")
    covariance, _, activities = joint(base)
    for column, linked in enumerate(links(base, *pathways())):
        others = [index for index in range(4) if index != column]
        before = activities[column, column] - activities[column, others] @ np.linalg.solve(
            activities[np.ix_(others, others)], activities[others, column]
        )
        known = [*range(GENES), *(GENES + index for index in others)]
        cross = covariance[GENES + column, known]
        after = covariance[GENES + column, GENES + column] - cross @ np.linalg.solve(
            covariance[np.ix_(known, known)], cross
        )
        assert linked.leverage == pytest.approx(1 - after / before, abs=1e-12)


def test_links_of_a_pathway_depend_on_no_other_and_its_strength_scales_those_of_all_genes_alike() -> None:
    base = base_of("factor")
    a, b, _ = pathways()
    alone, beside = links(base, b)[0], links(base, a, b)[1]
    np.testing.assert_allclose(alone.rho, beside.rho, rtol=1e-12)
    weak = links(base, Pathway(("B",), b.genes, b.loadings / 10))[0]
    ratio = weak.rho / alone.rho
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-10)
    assert ratio[0] < 1


def test_direction_is_the_sign_of_the_loading_that_the_likelihood_would_give() -> None:
    """Its slope in each loading, by differences, with the base's own covariance for that of the samples."""
    base = base_of("factor")
    sample, (_, pathway, _) = dense(base), pathways()
    column = np.zeros(GENES)
    column[pathway.genes] = pathway.loadings[:, 0] * base.standard_deviations()[pathway.genes]

    def log_likelihood(loadings: NDArray[np.float64]) -> float:
        covariance = sample + np.outer(loadings, loadings)
        return -0.5 * float(np.linalg.slogdet(covariance)[1] + np.trace(np.linalg.solve(covariance, sample)))

    linked, step = links(base, pathway)[0], 1e-5 * np.eye(GENES)
    slopes = np.array([log_likelihood(column + e) - log_likelihood(column - e) for e in step])
    others = ~linked.members
    assert linked.directions[others].tolist() == np.sign(slopes[others]).tolist()
    assert linked.directions[linked.members].tolist() == [1, -1, 1]
    assert np.all(np.sign(linked.rho) == -np.sign(slopes))


def test_a_gene_that_varies_as_members_do_is_explained_away() -> None:
    base = FactorCovariance(np.full(4, 0.2), np.array([[0.9], [0.9], [0.9], [0.0]]))
    panel = Panel(("A", "B", "C", "D"))
    alone = build_snapshot(panel, anchor_of(base), (), np.ones(4))
    pathway = Pathway(("u",), np.array([0, 1]), np.full((2, 1), 0.3))
    linked = next(pathway_links(alone.precision, [pathway], np.ones(4)))
    assert linked.rho[2] < 0 < linked.rho[0]
    assert linked.directions.tolist() == [1, 1, 1, 0]


def test_the_strongest_are_those_of_all_links_sorted() -> None:
    rng = np.random.default_rng(1)
    every: list[PathwayLinks] = []
    for name in "ABCDE":
        rho = rng.uniform(-1, 1, GENES).round(1) * (1 + 1e-15 * rng.integers(-2, 3, GENES))  # ties but for rounding
        every.append(PathwayLinks(name, rho, rng.random(GENES) < 0.3, np.sign(rho).astype(np.int8), 0.5))
    for members in (True, False):
        for gene in (None, 4):
            expected = sorted(
                (-abs(float(linked.rho[index].round(1))), number, index)
                for number, linked in enumerate(every)
                for index in range(GENES)
                if (members or not linked.members[index]) and gene in (None, index)
            )
            for count in (None, 1, 7):
                strongest = strongest_links(iter(every), count, members=members, gene=gene)
                answer = [(-abs(round(link.rho, 1)), link.pathway, link.gene) for link in strongest]
                assert answer == expected[:count]
    first = strongest_links(every, 1)[0]
    linked = every[first.pathway]
    assert first == Link(
        first.pathway, first.gene, linked.rho[first.gene], linked.members[first.gene], linked.directions[first.gene]
    )


def test_of_one_pathway_no_more_are_listed_than_its_share() -> None:
    every = links(base_of("factor"), *pathways())
    everything = strongest_links(every, None)
    for each in (1, 2, GENES):
        kept: list[Link] = []
        for link in everything:
            if sum(other.pathway == link.pathway for other in kept) < each:
                kept.append(link)
        assert strongest_links(every, None, each=each) == kept
        assert strongest_links(every, 4, each=each) == kept[:4]


def test_no_pathway_has_no_links() -> None:
    assert links(base_of("factor")) == []
    assert strongest_links([], 5) == []
