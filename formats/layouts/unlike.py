"""Columns whose numbers or titles are not of the kind of the others, and names among the genes that are of no gene."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .summaries import find_parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FEWEST_COMPARED = 10
"""Fewest genes by whose order a column is compared with the others; `FEWEST_BESIDE_A_SERIES` beside a series."""

FEWEST_BESIDE_A_SERIES = 5

ALIKE, UNLIKE = 0.8, 0.3
"""Rank correlations: the samples of a study lie above the first among themselves, an annotation below the second."""

ALIKE_SERIES, UNLIKE_SERIES = 0.7, 0.6
"""The same for a column whose title is unlike those of the others."""

FAR = 100.0
"""A column of numbers that are so many times larger or smaller than those of the others is of another measure."""

NEAR = 10.0
"""The numbers of samples are within such a factor, where the scale of a column is judged."""

CHANCE = 1e-4
"""Largest probability that a column of decimals has whole numbers alone."""

COMPARED = 50
"""Most columns that are compared with each other, beside those at the edges."""

MOST_ROWS = 2000
"""Most genes by which columns are compared."""


class Unlike(NamedTuple):
    """A column that may be no sample: its position, and why, to be read after `it`."""

    column: int
    reason: str


def find_unlike(titles: Sequence[str], values: NDArray[np.float64]) -> list[Unlike]:
    """Return the columns of values that may be no samples.

    A column is judged at an edge of the table by whether its numbers are whole where those of the others are not, or
    the reverse, by their size and by their order; and anywhere by whether it is the sum or mean of columns beside it.

    Parameters
    ----------
    titles : sequence of str
        One a column.
    values : ndarray of float64, shape (genes, columns)
    """
    if len(titles) < 3 or not len(values):
        return []
    rows = values[:: max(1, len(values) // MOST_ROWS)]
    every = {unlike.column: unlike for unlike in _of_another_order(titles, rows)}
    for others in (_whole_beside_decimals(titles, rows), _of_another_size(titles, rows)):
        every.update({unlike.column: unlike for unlike in others})
    every.update({column: Unlike(column, f"is the {part}") for column, part in find_parts(values).items()})
    return [every[column] for column in sorted(every)]


def find_unlike_names(names: Sequence[str], values: NDArray[np.float64]) -> list[int]:
    """Return which names of genes are words, as `weight_kg` is, and stand together before or behind all others.

    Parameters
    ----------
    names : sequence of str
    values : ndarray of float64, shape (names, samples)
        A single word counts where its values are whole numbers and those of most others are not.
    """
    phrases = [bool(_PHRASE.fullmatch(name.strip())) for name in names]
    words = [bool(_WORD.fullmatch(name.strip())) for name in names]
    if not any(phrases) and not any(words):
        return []
    finite = np.where(np.isfinite(values), values, 0.0)
    whole = np.all(finite == np.round(finite), axis=1)
    are_decimals = 2 * int(np.count_nonzero(whole)) < len(whole)
    unlike = [
        is_phrase or (is_word and are_decimals and is_whole)
        for is_phrase, is_word, is_whole in zip(phrases, words, whole.tolist(), strict=True)
    ]
    if not any(unlike) or sum(phrases) + sum(words) > max(2, len(names) // 4):
        return []
    front = next((i for i, is_unlike in enumerate(unlike) if not is_unlike), len(names))
    behind = next((i for i, is_unlike in enumerate(reversed(unlike)) if not is_unlike), len(names))
    edges = [*range(front), *range(len(names) - behind, len(names))]
    return edges if len(edges) == sum(unlike) else []


def is_one_of_a_series(titles: Sequence[str], column: int) -> bool:
    """Whether a title differs from another one only in its numbers: `AML_24` beside `AML_23` is a sample."""
    stems = [_stem(title) for title in titles]
    return any(character.isdigit() for character in titles[column]) and stems.count(stems[column]) > 1


_PHRASE = re.compile(r"[A-Za-z][a-z]+([ _.][a-z]+)+|[A-Z]?[a-z]+([A-Z][a-z]+)+|[A-Za-z ]+ \([A-Za-z/%²0-9 ]+\)")
"""Several words: `pack_years`, `PackYears`, `Age (years)`."""

_WORD = re.compile(r"[A-Z]?[a-z]{2,}")


def _stem(title: str) -> str:
    return re.sub(r"\d+", "0", title)


def _beside_a_series(titles: Sequence[str]) -> list[bool]:
    """Return for each title whether it is of no series, where most others are of one."""
    stems = [_stem(title) for title in titles]
    sizes = Counter(stem for stem in stems if "0" in stem)
    are_of_one = [sizes[stem] > 1 for stem in stems]
    if sum(are_of_one) < max(3, 0.7 * len(titles)):
        return [False] * len(titles)
    heads = [re.split(r"[^A-Za-z]", title, maxsplit=1)[0].lower() for title in titles]
    of_series = {head for head, is_of_one in zip(heads, are_of_one, strict=True) if is_of_one}
    return [not is_of_one and head not in of_series for head, is_of_one in zip(heads, are_of_one, strict=True)]


def _whole_beside_decimals(titles: Sequence[str], rows: NDArray[np.float64]) -> list[Unlike]:
    """Return the columns at the edges that have whole numbers where the others have decimals, or the reverse."""
    measured = np.isfinite(rows) & (rows != 0)
    fractional = measured & (np.where(measured, rows, 0.0) % 1 != 0)
    numbers, fractions = measured.sum(axis=0), fractional.sum(axis=0)
    decimal = (numbers > 0) & (2 * fractions >= numbers)
    if not decimal.any() or len(titles) < 4:
        return []
    share = fractions[decimal].sum() / (numbers[decimal].sum() + 1)
    whole = (fractions == 0) & ((1 - share) ** numbers < CHANCE)
    few, reason = (
        (whole, "has whole numbers, and the others have decimals")
        if np.count_nonzero(whole) <= np.count_nonzero(decimal)
        else (decimal, "has decimals, and the others are whole numbers")
    )
    if 3 * np.count_nonzero(few) > np.count_nonzero(whole | decimal):
        return []
    beside = _beside_a_series(titles)
    front = int(np.argmin(few))
    behind = len(few) - int(np.argmin(few[::-1]))
    return [
        Unlike(column, reason)
        for column in np.flatnonzero(few).tolist()
        if beside[column] or ((column < front or column >= behind) and not is_one_of_a_series(titles, column))
    ]


def _of_another_size(titles: Sequence[str], rows: NDArray[np.float64]) -> list[Unlike]:
    """Return the columns at the edges whose numbers are far larger or smaller than those of all others."""
    sizes = np.array([_median(np.abs(column[np.isfinite(column) & (column != 0)])) for column in rows.T])
    are_few, beside = len(rows) < FEWEST_COMPARED, _beside_a_series(titles)
    unlike: list[Unlike] = []
    left = list(range(len(titles)))
    for end in (0, -1):
        while len(left) > 3:
            column = left[end]
            others = sizes[[other for other in left if other != column and np.isfinite(sizes[other])]]
            far = NEAR if beside[column] else FAR
            if len(others) < 2 or others.max() > NEAR * others.min() or is_one_of_a_series(titles, column):
                break
            if not (are_few or beside[column]) or others.min() / far <= sizes[column] <= others.max() * far:
                break
            left.remove(column)
            reason = f"has numbers of about {sizes[column]:.3g}, and the others of about {_median(others):.3g}"
            unlike.append(Unlike(column, reason))
    return unlike


def _of_another_order(titles: Sequence[str], rows: NDArray[np.float64]) -> list[Unlike]:
    """Return the columns at the edges that go along with no other, where the others go along with each other."""
    columns = rows.shape[1]
    beside = _beside_a_series(titles)
    fewest = FEWEST_BESIDE_A_SERIES if any(beside) else FEWEST_COMPARED
    if len(rows) < fewest or columns < 4 or not np.isfinite(rows).all():
        return []
    edge = min(8, columns // 3)
    spread = (round((columns - 1) * i / (COMPARED - 1)) for i in range(COMPARED))
    chosen = sorted({*range(edge), *range(columns - edge, columns), *spread})
    with np.errstate(invalid="ignore", divide="ignore"):
        correlations = np.abs(np.atleast_2d(np.corrcoef(_ranks(rows[:, chosen]))))
    np.fill_diagonal(correlations, np.nan)
    unlike: list[Unlike] = []
    left = list(range(len(chosen)))
    for end in (0, -1):
        for _ in range(edge):
            at = left[end]
            others = [i for i in left if i != at]
            typical, own = _median(correlations[np.ix_(others, others)]), _median(correlations[at, others])
            column = int(chosen[at])
            alike, limit = (ALIKE_SERIES, UNLIKE_SERIES) if beside[column] else (ALIKE, UNLIKE)
            if len(rows) < FEWEST_COMPARED and not beside[column]:
                break
            if len(others) < 3 or not (typical > alike and own < limit) or is_one_of_a_series(titles, column):
                break
            left.remove(at)
            unlike.append(
                Unlike(
                    column,
                    f"does not go along with the others (median rank correlation {own:.2f}; among them {typical:.2f})",
                )
            )
    return unlike


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
