"""Values of figures of signals: p of a scan against chance, the likelihood of h², and shifts of gene sets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import betaincinv, chdtri

from ...engine.errors import InputError, check_count
from ...engine.lmm.model.curve import likelihood_at
from ...engine.lmm.model.fit import fit_many
from ...engine.lmm.model.interval import profile_interval
from ...formats.tables.result_rows import numbers, read_columns

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from ...engine.choices import Method
    from ...storage.repository import Repository
    from ..lmm.model import StoreModel

STRONGEST, STEPS = 2_000, 2_000
"""Tests of a scan that are all drawn, and the most of the others: those nearest to equal steps of the expected p."""

NAMED = 10
"""Tests of the least p whose names are kept."""

MEDIAN_CHI2 = 0.45493642311957283
"""Median of χ² with one degree of freedom."""

BAND = 0.95
"""Coverage of the band of a scan's p, and of the interval of h²."""

LEVELS = 241
"""Values of h² of a curve, half of them around its interval."""

MOST_SETS = 40
"""Most sets of a figure, where no number is given."""


@dataclass(frozen=True, slots=True)
class QQ:
    """p of the tests of a scan, ordered, against those of as many tests of nothing.

    Parameters
    ----------
    expected, observed : ndarray of float64, shape (k,)
        −log₁₀ p, the least p first; of many tests some of those in the middle are left out.
    low, high : ndarray of float64, shape (k,)
        The band that holds 95 % of the −log₁₀ p of that rank, by the beta distribution of order statistics.
    tests, untested : int
        Number of tests with a p, and of those without a result.
    inflation : float
        λ_GC, the median χ² of the tests over that of chance.
    names : tuple of str
        The tests of the least p, in that order.
    source : str
        The name of the file.
    """

    expected: NDArray[np.float64]
    observed: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    tests: int
    untested: int
    inflation: float
    names: tuple[str, ...]
    source: str


def qq(path: Path) -> QQ:
    """Return the ordered p of a scan.

    Parameters
    ----------
    path : Path
        A table with the columns `ID` and `LOG10P`, which has no least value, as p has.

    Raises
    ------
    InputError
        It has no such columns, or no test has a p.
    """
    ids, fields = read_columns(path, ("ID", "LOG10P"), code="no-scan-to-draw")
    logs = -np.array(numbers(path, "LOG10P", fields, most=0.0))
    is_tested = np.isfinite(logs)
    order = np.argsort(-logs[is_tested], kind="stable")
    tests = len(order)
    if not tests:
        raise InputError(f"No test of {path} has a p.", code="no-scan-to-draw")
    rows = np.flatnonzero(is_tested)[order]
    first: list[int] = rows[:NAMED].tolist()
    ranks = _drawn_ranks(tests)
    low, high = (-np.log10(betaincinv(ranks, tests - ranks + 1, share)) for share in ((1 + BAND) / 2, (1 - BAND) / 2))
    median: float = 10.0 ** -float(np.median(logs[is_tested]))
    return QQ(
        expected=-np.log10((ranks - 0.5) / tests),
        observed=logs[rows[ranks - 1]],
        low=low,
        high=high,
        tests=tests,
        untested=int(np.count_nonzero(~is_tested)),
        inflation=float(chdtri(1, median)) / MEDIAN_CHI2,
        names=tuple(ids[row] for row in first),
        source=path.name,
    )


def _drawn_ranks(tests: int) -> NDArray[np.int64]:
    """Return the ranks that are drawn: all of the first, then equal steps of their logarithm."""
    if tests <= STRONGEST + STEPS:
        return np.arange(1, tests + 1)
    rest = np.geomspace(STRONGEST + 1, tests, STEPS).round().astype(np.int64)
    return np.unique(np.concatenate([np.arange(1, STRONGEST + 1), rest]))


@dataclass(frozen=True, slots=True)
class LikelihoodCurve:
    """The profile likelihood of h² of a signal.

    Parameters
    ----------
    h2, log_likelihood : ndarray of float64, shape (g,)
        Values of h², ascending from 0 to 1, and the log likelihood less its maximum; −∞ where there is none.
    best : float
        The most likely h².
    interval : tuple of float
        Its 95 % interval.
    method : {"reml", "ml"}
        Which likelihood.
    size : int
        n.
    log10_p_h2_0 : float
        log₁₀ of p of h² = 0.
    kernel : str
        Which kernel.
    version : str
        The version.
    """

    h2: NDArray[np.float64]
    log_likelihood: NDArray[np.float64]
    best: float
    interval: tuple[float, float]
    method: Method
    size: int
    log10_p_h2_0: float
    kernel: str
    version: str


def h2(repo: Repository, rev: str, *, model: Callable[[Repository, str], tuple[StoreModel, Method]]) -> LikelihoodCurve:
    """Return the profile likelihood of h² of one signal along a version.

    Parameters
    ----------
    repo : Repository
        The store.
    rev : str
        The version.
    model : callable
        Returns the model of the signal, of `analysis.lmm.model.match_rows`, and the likelihood to maximise.

    Raises
    ------
    InputError
        The model is of several signals.
    """
    store_model, method = model(repo, rev)
    if len(store_model.names) != 1:
        raise InputError(
            f"A curve is of one signal, and there are {len(store_model.names):,}.", code="mixture-of-many-traits"
        )
    fit = fit_many(store_model.model, method=method)[0]
    interval = profile_interval(store_model.model, fit, level=BAND)
    spread = max(interval[1] - interval[0], 1e-3)
    around = np.linspace(max(0.0, interval[0] - spread), min(1.0, interval[1] + spread), LEVELS // 2)
    levels = np.unique(np.concatenate([np.linspace(0.0, 1.0, LEVELS - LEVELS // 2), around, [fit.h2]]))
    values = likelihood_at(store_model.model, fit, levels) - fit.log_likelihood
    return LikelihoodCurve(
        levels, values, fit.h2, interval, method, fit.size, fit.log10_p_h2_0, store_model.rows.part,
        repo.version(rev).name,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class SetShifts:
    """Gene sets with their shifts, in the order of their file, which is that of p.

    Parameters
    ----------
    names : tuple of str
        The sets that are drawn.
    genes : ndarray of int64, shape (s,)
        Genes of each that have a value.
    beta, se, q : ndarray of float64, shape (s,)
        The shift beyond what the network predicts, its standard error, and the false discovery rate.
    count : int
        How many sets were tested, drawn or not.
    source : str
        The name of the file.
    """

    names: tuple[str, ...]
    genes: NDArray[np.int64]
    beta: NDArray[np.float64]
    se: NDArray[np.float64]
    q: NDArray[np.float64]
    count: int
    source: str


def sets(path: Path, *, most_sets: int | None = None) -> SetShifts:
    """Return the shifts of the gene sets of least p in a table of tests, `MOST_SETS` of them by default.

    Parameters
    ----------
    path : Path
        A table with the columns `set`, `n_used`, `beta`, `se` and `q`.
    most_sets : int, optional
        How many sets at the most.

    Raises
    ------
    InputError
        It has no such columns, or no set was tested.
    """
    check_count("sets", most_sets, 1)
    titles = ("set", "n_used", "beta", "se", "q")
    names, *fields = read_columns(path, titles, code="no-set-tests-to-draw")
    limits: tuple[dict[str, float], ...] = ({"least": 0, "most": 1e9}, {}, {"least": 0}, {"least": 0, "most": 1})
    columns = np.array(
        [numbers(path, title, column, **limit) for title, column, limit in zip(titles[1:], fields, limits, strict=True)]
    )
    tested = np.flatnonzero(np.isfinite(columns).all(axis=0))
    if not len(tested):
        raise InputError(f"No set of {path} was tested.", code="no-set-tests-to-draw")
    in_order = tested[np.argsort(columns[-1, tested], kind="stable")]  # q orders sets as p does
    drawn = in_order[: most_sets or MOST_SETS]
    used, beta, se, q = columns[:, drawn]
    return SetShifts(
        tuple(names[int(row)] for row in drawn), used.astype(np.int64), beta, se, q, len(tested), path.name
    )
