"""How far a survey of ranks reaches: on to higher ones until the curve has turned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .rank import RankSurvey, rank_survey

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

STEP = 4
"""Number of ranks that are added at a time."""


def survey_until_turn(
    values: Any,
    ranks: Sequence[int],
    most: int | None,
    *,
    progress: Callable[[float], object] = lambda _: None,
    **options: Any,
) -> RankSurvey:
    """Return a survey of ranks, and of higher ones until the best has two above it that are worse.

    Parameters
    ----------
    values : ndarray or sparse array
        V, as for `rank_survey`.
    ranks : sequence of int
        The ranks to begin with.
    most : int, optional
        The highest rank that may be added; by default none is.
    progress : callable
        Called with the share that is done: each addition takes half of what is left.
    options
        As for `rank_survey`.

    Notes
    -----
    Masks and starts depend on the seed and the rank alone, so that the rows are those of one survey of all these ranks.
    """
    before, part = 0.0, 1.0 if most is None else 0.5

    def report(share: float) -> None:
        progress(before + part * share)

    survey = rank_survey(values, ranks, progress=report, **options)
    while most is not None and (last := survey.rows[-1].rank) < most and not survey.has_turned:
        before, part = before + part, part / 2.0
        more = range(last + 1, min(last + STEP, most) + 1)
        higher = rank_survey(values, more, hold_out=True, progress=report, **options)
        survey = RankSurvey((*survey.rows, *higher.rows), survey.by, {**survey.fits, **higher.fits})
    progress(1.0)
    return survey
