"""Surveys of ranks that go on until the curve has turned."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.mapping import Threads
from grnledger.engine.nmf import rank_survey, simulate_counts
from grnledger.engine.nmf.modules.rank import RankRow, RankSurvey
from grnledger.engine.nmf.modules.rank_range import survey_until_turn

LIMITS = {"tolerance": 1e-4, "most_sweeps": 100}


@pytest.fixture(scope="module")
def counts() -> np.ndarray:
    return simulate_counts(80, 50, 6, depth=200, moonlighting=0, seed=3).counts


def test_a_rank_beyond_the_first_ones_is_reached(counts: np.ndarray) -> None:
    shares: list[float] = []
    survey = survey_until_turn(
        counts, range(2, 4), 30, restarts=2, seed=0, mapper=Threads(2), progress=shares.append, **LIMITS
    )
    assert survey.chosen.rank == 6
    assert [row.rank for row in survey.rows] == list(range(2, 12))  # 2:3, and four at a time
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    whole = rank_survey(counts, range(2, 12), restarts=2, seed=0, mapper=Threads(1), counts=False, **LIMITS)
    for row, other in zip(survey.rows, whole.rows, strict=True):
        assert (row.held_out, row.divergence) == pytest.approx((other.held_out, other.divergence), rel=1e-9)
    assert len(survey.fits[survey.chosen.rank]) == 2


@pytest.mark.parametrize(("ranks", "counted", "steps"), [([3], True, 5), ([2, 3], True, 28), ([2, 3], False, 26)])
def test_each_fit_of_a_survey_is_one_step_and_each_likelihood_another(
    counts: np.ndarray, ranks: list[int], counted: bool, steps: int
) -> None:
    shares: list[float] = []
    mapper = Threads(1)
    rank_survey(counts, ranks, restarts=4, mapper=mapper, counts=counted, progress=shares.append, **LIMITS)
    np.testing.assert_allclose(shares, np.arange(1, steps + 1) / steps)


def test_a_survey_ends_where_the_curve_has_turned_or_at_the_highest_rank(counts: np.ndarray) -> None:
    options = {"restarts": 1, "seed": 0, "mapper": Threads(2), "counts": False, **LIMITS}
    assert [row.rank for row in survey_until_turn(counts, range(2, 4), None, **options).rows] == [2, 3]
    capped = survey_until_turn(counts, range(2, 4), 4, **options)  # a single rank is added, and predicted too
    assert [row.rank for row in capped.rows] == [2, 3, 4]
    assert np.isfinite([row.held_out for row in capped.rows]).all()
    assert "try higher ones too" in capped.reason


def test_one_rank_alone_is_no_flat_curve() -> None:
    rows = [RankRow(rank, 3.0, 0.1, 1.0, 0.0, 0.0) for rank in (2, 3)]
    assert RankSurvey(tuple(rows)).is_flat
    assert not RankSurvey(tuple(rows[:1])).is_flat


def test_a_curve_has_turned_with_two_worse_ranks_beyond_the_best() -> None:
    def of(*held_out: float) -> RankSurvey:
        return RankSurvey(tuple(RankRow(rank, value, 0.1, 1.0, 0.0, 0.0) for rank, value in enumerate(held_out, 2)))

    assert of(3.0, 2.0, 2.1, 2.2).has_turned
    assert not of(3.0, 2.0, 2.1).has_turned
    assert not of(3.0, 2.0).has_turned
