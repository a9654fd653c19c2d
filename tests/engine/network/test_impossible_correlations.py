"""No question answers with a correlation above 1: one beyond rounding says that something is wrong, one within is 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.engine.errors import EngineError
from grnledger.engine.inference.links import pathway_links
from grnledger.engine.inference.regulators import regulator_correlations
from grnledger.engine.network.anchor import anchor_of
from grnledger.engine.network.attribution import contributions
from grnledger.engine.network.comparison.versions import compare
from grnledger.engine.network.covariance import ArraySource, DenseCovariance
from grnledger.engine.network.matrix_blocks import matrix_blocks
from grnledger.engine.network.operators import bound_correlations, bounded
from grnledger.engine.network.pairs.edge_rule import EdgeRule
from grnledger.engine.network.panel import Panel
from grnledger.engine.network.pathway import Pathway
from grnledger.engine.network.snapshot import Snapshot, build_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

SIZE = 8
TOP = EdgeRule("top", 3)

QUESTIONS: dict[str, Callable[[Snapshot], object]] = {
    "correlation": lambda version: version.correlation(range(SIZE)),
    "partial correlation": lambda version: version.partial_correlation(range(SIZE)),
    "edges, top": lambda version: version.edges(top=3),
    "edges, threshold": lambda version: version.edges(threshold=0.5),
    "neighbors": lambda version: version.neighbors(0, top=2),
    "contributions": lambda version: contributions(version, 0, np.array([1, 2])),
    "diff": lambda version: compare(version, version_of(1.0), TOP),
    "correlations in blocks": lambda version: list(matrix_blocks(version, "correlation")),
    "partial correlations in blocks": lambda version: list(matrix_blocks(version, "partial-correlation")),
    "links": lambda version: list(pathway_links(version.precision, [SET], np.ones(SIZE))),
    "regulators": lambda version: regulator_correlations(version.covariance, np.array([0])),
}

SET = Pathway(("set",), np.array([0, 1]), np.array([[1.0], [0.5]]), 1, "raw")


def version_of(wrong: float) -> Snapshot:
    """A version of a dense base, in whose Σ and Θ the entries of genes 0 and 1 are so many times what they are."""
    rng = np.random.default_rng(1)
    loadings = rng.standard_normal((SIZE, 2))
    loadings[1] = loadings[0]
    covariance = loadings @ loadings.T + np.eye(SIZE) / 2
    precision = np.linalg.inv(covariance)
    for matrix in (covariance, precision):
        matrix[0, 1] *= wrong
        matrix[1, 0] *= wrong
    base = DenseCovariance(ArraySource(covariance), ArraySource(precision), 0.0)
    panel = Panel(tuple(f"G{number}" for number in range(SIZE)))
    return build_snapshot(panel, anchor_of(base), (), np.ones(SIZE))


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("wrong", [30.0, -30.0])
@pytest.mark.parametrize("question", QUESTIONS)
def test_no_question_answers_with_a_correlation_beyond_one_or_with_none(question: str, wrong: float) -> None:
    QUESTIONS[question](version_of(1.0))
    with pytest.raises(EngineError, match=r"none is above 1") as refused:
        QUESTIONS[question](version_of(wrong))
    assert refused.value.code == "impossible-correlation"


@dataclass(frozen=True)
class Answer:
    """As edges and their like are."""

    rho: np.ndarray
    strength: np.ndarray
    max_abs: float


def test_an_answer_is_cut_to_one_in_all_that_is_a_correlation() -> None:
    rho, score = np.array([0.5, -1.0 - 1e-9]), np.array([3.0, 2.0])
    by_rho, by_score = Answer(rho, rho, 1.0 + 1e-9), Answer(rho, score, 3.0)
    for answer in (by_rho, by_score):
        bound_correlations(answer)
        assert answer.rho.tolist() == [0.5, -1.0]
    assert (by_rho.strength is by_rho.rho, by_rho.max_abs) == (True, 1.0)
    assert (by_score.strength is score, by_score.max_abs) == (True, 3.0)
    with pytest.raises(EngineError, match="none is above 1"):
        bound_correlations(Answer(rho, rho, 1.5))


def test_what_rounding_leads_beyond_one_is_one() -> None:
    np.testing.assert_array_equal(bounded(np.array([0.5, 1.0 + 1e-9, -1.0 - 1e-12])), [0.5, 1.0, -1.0])
    within = np.array([0.5, -1.0])
    assert bounded(within) is within
