"""Columns of an expression table whose numbers or titles are not of the kind of the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .summaries import MOST_COLUMNS, find_parts
from .title_kinds import compare_titles

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from .title_kinds import TitleKinds

FEWEST_COMPARED = 10
"""Fewest genes by whose order a column is compared with the others."""

FEWEST_BESIDE = 5
"""The same for a column whose title is of another kind than those of the others."""

ALIKE, UNLIKE = 0.8, 0.3
"""Rank correlations: the samples of a study lie above the first among themselves, an annotation below the second."""

VERY_ALIKE, LESS_ALIKE = 0.9, 0.5
"""Where samples lie above the first among themselves, a column below the second is unlike them."""

LIKE = 0.5
"""Of a column whose title is of another kind, or describes genes in many tables: least median rank correlation with
the others, as a share of that among the others; and least that among the others, for this to tell anything."""

FAR = 100.0
"""A column of numbers that are so many times larger or smaller than those of the others is of another measure."""

NEAR = 10.0
"""The numbers of samples are within such a factor, where the scale of a column is judged."""

CHANCE = 1e-4
"""Largest probability that a column of decimals has whole numbers alone."""

MOST = 0.7
"""Least share of the other columns that are within `NEAR` of each other, or have decimals, or have none."""

APART = 1.5
"""A column whose numbers are all beyond those of all others by such a factor is of another measure."""

NEGATIVE, FEW_NEGATIVE = 0.2, 0.05
"""Least share of negative numbers of a column that is unlike others without any; the second beside other titles."""

ERRORS = 2.0
"""By so many standard errors, of Fisher's z, the correlation of a column of another title is below that of others."""

COMPARED = 50
"""Most columns that are compared with each other, beside those at the edges."""

EDGE = 8
"""Most columns at an edge whose order is compared, and no more than a third of all."""

MOST_ROWS, FEWEST_ROWS = 2000, 100
"""Most genes by which columns are compared, and fewest of a wide table."""

MOST_NUMBERS = 2_000_000
"""About as many numbers are compared in a wide table."""


class Unlike(NamedTuple):
    """A column that may be no sample: its position, and why, to be read after `it`."""

    column: int
    reason: str


class UnlikeColumns(NamedTuple):
    """Columns that are not as the others: those that may be no samples, and those that are none."""

    asked: list[Unlike]
    none: list[int]


def find_unlike(titles: Sequence[str], values: NDArray[np.float64], doubtful: Collection[int] = ()) -> UnlikeColumns:
    """Return the columns of values that may be no samples, and those that are none.

    A column is judged at an edge of the table by whether its numbers are whole where those of the others are not, or
    the reverse, by their size and by their order; and anywhere by whether it is the sum or mean of columns beside it.
    It is none where its title is of another kind than the others, its numbers do not go along with theirs, and its
    title has a unit, or they are of another size, or whole where the others are not. A doubtful one is none where its
    numbers are unlike, or its title is of another kind; where nothing can tell, it may be one.

    Parameters
    ----------
    titles : sequence of str
        One a column.
    values : ndarray of float64, shape (genes, columns)
    doubtful : collection of int
        The columns whose titles describe genes in many tables.
    """
    if len(titles) < 3 or not len(values):
        return UnlikeColumns([], [])
    count = min(MOST_ROWS, max(FEWEST_ROWS, MOST_NUMBERS // len(titles)))
    rows = values[:: max(1, len(values) // count)]
    kinds = compare_titles(titles)
    parts = find_parts(values) if len(titles) <= MOST_COLUMNS else {}
    every, none = _Edges(kinds, rows, frozenset(doubtful)).peel(set(parts))
    every.update({column: f"is the {part}" for column, part in parts.items()})
    likeness = _likeness(rows, doubtful) if doubtful else {}
    for column in doubtful:
        own, typical = likeness[column]
        if column in every or column in none or kinds.beside[column] or own < ALIKE * typical:
            every.pop(column, None)
            none.add(column)
        elif not typical >= LIKE:  # too few rows to tell, or samples that do not go along with each other
            every[column] = "has a title as what describes genes"
    return UnlikeColumns([Unlike(column, every[column]) for column in sorted(every)], sorted(none))


@dataclass(frozen=True, slots=True)
class _Judgement:
    """Why a column is unlike others, and whether it is surely no sample."""

    reason: str
    is_none: bool


class _Numbers(NamedTuple):
    """What the numbers of several columns are.

    How many columns, of these how many have decimals for the most part and how many none; the share of numbers with
    decimals, and of negative ones.
    """

    columns: int
    decimal: int
    whole: int
    fractions: float
    negative: float


class _Edges:
    """The columns at the edges of a table, compared with the others."""

    def __init__(self, kinds: TitleKinds, rows: NDArray[np.float64], doubtful: Collection[int]) -> None:
        self._kinds, self._genes = kinds, len(rows)
        self._not_typical = [i in doubtful or is_beside for i, is_beside in enumerate(kinds.beside)]
        self._sizes = np.array([_median(np.abs(column[np.isfinite(column) & (column != 0)])) for column in rows.T])
        self._lowest = np.where(np.isfinite(rows), rows, np.inf).min(axis=0)
        self._highest = np.where(np.isfinite(rows), rows, -np.inf).max(axis=0)
        measured = np.isfinite(rows) & (rows != 0)
        self._numbers = measured.sum(axis=0)
        self._fractions = (measured & (np.where(measured, rows, 0.0) % 1 != 0)).sum(axis=0)
        self._negative = (measured & (rows < 0)).sum(axis=0)
        self._compared, self._correlations = _correlate(rows)

    def peel(self, known: Collection[int]) -> tuple[dict[int, str], set[int]]:
        """Return the columns that may be no samples, with the reason, and those that are none.

        Parameters
        ----------
        known : collection of int
            Columns that are known to be unlike the others.
        """
        left = [column for column in range(len(self._sizes)) if column not in known]
        most = max(1, len(left) // 3) if not any(self._not_typical) else len(left) - 2
        asked: dict[int, str] = {}
        none: set[int] = set()
        was = -1
        while was != len(left):
            was = len(left)
            for end in (0, -1):
                while len(left) > 2 and len(asked) + len(none) < most:
                    column = left[end]
                    judgement = self._judge(column, [other for other in left if other != column])
                    if judgement is None:
                        break
                    left.remove(column)
                    if judgement.is_none:
                        none.add(column)
                    else:
                        asked[column] = judgement.reason
        rest = self._numbers_of(left)
        for column in left:  # among the others, where the title is of another kind
            if self._kinds.beside[column] and (reason := self._of_other_numbers(column, rest)):
                asked[column] = reason
        return asked, none

    def _judge(self, column: int, others: list[int]) -> _Judgement | None:
        typical = [other for other in others if not self._not_typical[other]]
        if len(typical) >= 2:
            others = typical
        if self._kinds.in_series[column] or len(others) < 2:
            return None
        numbers = self._of_other_numbers(column, self._numbers_of(others))
        is_control, is_beside = self._kinds.controls[column], self._kinds.beside[column]
        size = None if is_control else self._of_another_size(column, others)
        order = None if is_control else self._of_another_order(column, others)
        reason = numbers or size or order
        if reason is None:
            return None
        is_other = numbers is not None or size is not None or self._kinds.of_measures[column]
        return _Judgement(reason, is_none=is_beside and order is not None and is_other)

    def _numbers_of(self, columns: Sequence[int]) -> _Numbers:
        numbers, fractions = self._numbers[list(columns)], self._fractions[list(columns)]
        count = max(1, int(numbers.sum()))
        return _Numbers(
            columns=len(columns),
            decimal=int(np.count_nonzero((numbers > 0) & (2 * fractions >= numbers))),
            whole=int(np.count_nonzero(fractions == 0)),
            fractions=int(fractions.sum()) / (count + 1),
            negative=int(self._negative[list(columns)].sum()) / count,
        )

    def _of_other_numbers(self, column: int, others: _Numbers) -> str | None:
        """Return whether a column has whole or negative numbers where others have none, or decimals, as a reason."""
        if others.columns < 3 or not self._numbers[column]:
            return None
        least = FEW_NEGATIVE if self._kinds.beside[column] else NEGATIVE
        if self._negative[column] >= max(least, NEAR * others.negative) * self._numbers[column]:
            return f"has negative numbers, and the others have {'few' if others.negative else 'none'}"
        if others.decimal >= MOST * others.columns:
            if not self._fractions[column] and (1 - others.fractions) ** self._numbers[column] < CHANCE:
                return "has whole numbers, and the others have decimals"
        elif others.whole >= MOST * others.columns and 2 * self._fractions[column] >= self._numbers[column]:
            return "has decimals, and the others are whole numbers"
        return None

    def _of_another_size(self, column: int, others: Sequence[int]) -> str | None:
        """Return whether the numbers of a column are far larger or smaller than those of others, as a reason."""
        is_beside, size = self._kinds.beside[column], float(self._sizes[column])
        lowest, highest = float(self._lowest[list(others)].min()), float(self._highest[list(others)].max())
        if self._genes >= FEWEST_BESIDE and (self._lowest[column] > APART * highest > 0):
            return f"has numbers from {self._lowest[column]:.3g} up, and the others have none above {highest:.3g}"
        if self._genes >= FEWEST_BESIDE and 0 < APART * self._highest[column] < lowest:
            return f"has numbers up to {self._highest[column]:.3g}, and the others have none below {lowest:.3g}"
        if not (is_beside or self._genes < FEWEST_COMPARED) or not np.isfinite(size):
            return None
        sizes = self._sizes[list(others)]
        sizes = sizes[np.isfinite(sizes)]
        middle, far = _median(sizes), NEAR if is_beside else FAR
        near = np.count_nonzero((sizes >= middle / NEAR) & (sizes <= middle * NEAR))
        if len(sizes) < 2 or near < MOST * len(sizes) or middle / far <= size <= middle * far:
            return None
        return f"has numbers of about {size:.3g}, and the others of about {middle:.3g}"

    def _of_another_order(self, column: int, others: Sequence[int]) -> str | None:
        """Return whether a column goes along with no other, where they go along with each other, as a reason."""
        is_beside = self._kinds.beside[column]
        if self._genes < (FEWEST_BESIDE if is_beside else FEWEST_COMPARED) or column not in self._compared:
            return None
        among = [self._compared[other] for other in others if other in self._compared]
        if len(among) < 2:
            return None
        typical = _median(self._correlations[np.ix_(among, among)])
        own = _median(self._correlations[self._compared[column], among])
        limit = LESS_ALIKE if typical > VERY_ALIKE else UNLIKE
        if self._kinds.of_measures[column]:
            limit = max(limit, ALIKE * typical)
        elif is_beside:
            error = 1 / np.sqrt(max(1, self._genes - 3))
            surely_below = float(np.tanh(np.arctanh(min(typical, 0.999)) - ERRORS * error))
            limit = max(limit, LIKE * typical, min(ALIKE * typical, surely_below))
        elif typical <= ALIKE or len(among) < 3:
            return None
        if not own < limit:
            return None
        title = "has a title of another kind and " if typical <= UNLIKE else ""
        correlation = f"median rank correlation {own:.2f}; among them {typical:.2f}"
        return f"{title}does not go along with the others ({correlation})"


def _correlate(rows: NDArray[np.float64]) -> tuple[dict[int, int], NDArray[np.float64]]:
    """Return the absolute rank correlations of columns at the edges and some between, and where each column stands.

    None where there are few rows without missing values. The diagonal is NaN.
    """
    columns = rows.shape[1]
    edge = max(1, min(EDGE, columns - 2))
    spread = (round((columns - 1) * i / (COMPARED - 1)) for i in range(COMPARED))
    chosen = sorted({*range(min(edge, columns)), *range(max(0, columns - edge), columns), *spread})
    whole = rows[np.isfinite(rows[:, chosen]).all(axis=1)][:, chosen]
    if len(whole) < FEWEST_BESIDE or 2 * len(whole) < len(rows):
        return {}, np.empty((0, 0))
    with np.errstate(invalid="ignore", divide="ignore"):
        correlations = np.abs(np.atleast_2d(np.corrcoef(_ranks(whole))))
    np.fill_diagonal(correlations, np.nan)
    return {column: i for i, column in enumerate(chosen)}, correlations


def _likeness(rows: NDArray[np.float64], columns: Collection[int]) -> dict[int, tuple[float, float]]:
    """Return the median rank correlation of columns with the others, and that among these; NaN for too few rows."""
    others = [column for column in range(rows.shape[1]) if column not in columns]
    if len(others) < 2:
        others = list(range(rows.shape[1]))
    if len(rows) < FEWEST_BESIDE or len(others) < 3 or not np.isfinite(rows).all():
        return dict.fromkeys(columns, (float("nan"), float("nan")))
    compared = others[:: max(1, len(others) // COMPARED)]
    chosen = [*columns, *compared]
    with np.errstate(invalid="ignore", divide="ignore"):
        correlations = np.nan_to_num(np.abs(np.atleast_2d(np.corrcoef(_ranks(rows[:, chosen])))))
    among = correlations[len(columns) :, len(columns) :]
    typical = _median(among[~np.eye(len(among), dtype=np.bool_)])
    likeness: dict[int, tuple[float, float]] = {}
    for at, column in enumerate(columns):
        apart = [len(columns) + i for i, other in enumerate(compared) if other != column]
        likeness[column] = _median(correlations[at, apart]), typical
    return likeness


def _median(numbers: NDArray[np.float64]) -> float:
    """Return the median of numbers that are defined, or NaN: a column of one value has no correlation."""
    defined = numbers[np.isfinite(numbers)]
    return float(np.median(defined)) if defined.size else float("nan")


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rank of each value in its column, shape (columns, rows); the mean rank of ties."""
    ranks = np.empty(values.T.shape)
    for row, column in zip(ranks, values.T, strict=True):
        _, which, numbers = np.unique(column, return_inverse=True, return_counts=True)
        row[:] = (np.cumsum(numbers) - (numbers - 1) / 2)[which]
    return ranks
