"""Columns whose numbers or titles are not of the kind of the others, and names among the genes that are of no gene."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..genes.orientation import is_gene_id, title_word
from .summaries import MOST_COLUMNS, find_parts
from .titles import SAMPLE_TITLES, has_digit, stem_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

FEWEST_COMPARED = 10
"""Fewest genes by whose order a column is compared with the others."""

FEWEST_BESIDE_A_SERIES = 5
"""The same for a column whose title is of no series, where those of the others are of one."""

ALIKE, UNLIKE = 0.8, 0.3
"""Rank correlations: the samples of a study lie above the first among themselves, an annotation below the second."""

FAR = 100.0
"""A column of numbers that are so many times larger or smaller than those of the others is of another measure."""

NEAR = 10.0
"""The numbers of samples are within such a factor, where the scale of a column is judged."""

CHANCE = 1e-4
"""Largest probability that a column of decimals has whole numbers alone."""

IN_SERIES = 0.6
"""Least share of titles that are of series, where the others are beside a series."""

MOST_ARE_NEAR = 0.7
"""Least share of the other columns whose numbers are within that factor."""

COMPARED = 50
"""Most columns that are compared with each other, beside those at the edges."""

MOST_ROWS, FEWEST_ROWS = 2000, 100
"""Most genes by which columns are compared, and fewest of a wide table."""

MOST_NUMBERS = 2_000_000
"""About as many numbers are compared in a wide table."""


class Unlike(NamedTuple):
    """A column that may be no sample: its position, and why, to be read after `it`."""

    column: int
    reason: str


@dataclass(frozen=True, slots=True)
class _Titles:
    """What titles tell of columns: whether each is one of a series, of none beside a series, or names a control."""

    in_series: list[bool]
    beside: list[bool]
    controls: list[bool]


def find_unlike(
    titles: Sequence[str], values: NDArray[np.float64], doubtful: Collection[int] = ()
) -> tuple[list[Unlike], list[int]]:
    """Return the columns of values that may be no samples, and those of the doubtful ones that are none.

    A column is judged at an edge of the table by whether its numbers are whole where those of the others are not, or
    the reverse, by their size and by their order; and anywhere by whether it is the sum or mean of columns beside it.
    A doubtful one is none where its numbers are unlike, or its title stands beside a series; where nothing can tell,
    it may be one.

    Parameters
    ----------
    titles : sequence of str
        One a column.
    values : ndarray of float64, shape (genes, columns)
    doubtful : collection of int
        The columns whose titles describe genes in many tables.
    """
    if len(titles) < 3 or not len(values):
        return [], []
    count = min(MOST_ROWS, max(FEWEST_ROWS, MOST_NUMBERS // len(titles)))
    rows = values[:: max(1, len(values) // count)]
    read = _read_titles(titles)
    every = {unlike.column: unlike for unlike in _of_another_order(read, rows)}
    for others in (_whole_beside_decimals(read, rows), _of_another_size(read, rows)):
        every.update({unlike.column: unlike for unlike in others})
    parts = find_parts(values) if len(titles) <= MOST_COLUMNS else {}
    every.update({column: Unlike(column, f"is the {part}") for column, part in parts.items()})
    none: list[int] = []
    likeness = _likeness(rows, doubtful) if doubtful else {}
    for column in doubtful:
        own, typical = likeness[column]
        if column in every or read.beside[column] or own < ALIKE * typical:
            every.pop(column, None)
            none.append(column)
        elif not typical >= LIKE:  # too few rows to tell, or samples that do not go along with each other
            every[column] = Unlike(column, "has a title as what describes genes")
    return [every[column] for column in sorted(every)], none


def find_unlike_names(names: Sequence[str], values: NDArray[np.float64]) -> list[int]:
    """Return which names of genes are words, as `weight_kg` is, and stand together before or behind all others.

    Parameters
    ----------
    names : sequence of str
    values : ndarray of float64, shape (names, samples)
        A single word counts where its values are whole numbers and those of most others are not, or where nearly all
        other names have capital letters.
    """
    phrases = [bool(_PHRASE.fullmatch(name.strip())) for name in names]
    words = [bool(_WORD.fullmatch(name.strip())) for name in names]
    if not any(phrases) and not any(words) and all(map(_SYMBOL.fullmatch, names)):
        return []
    some_rows = _are_whole(values[:: max(1, len(values) // FEWEST_ROWS)])
    are_decimals = 2 * int(np.count_nonzero(some_rows)) < len(some_rows)
    of_genes = sum(bool(_SYMBOL.fullmatch(name)) for name in names) >= CAPITALS * len(names)
    of_ids = sum(map(is_gene_id, names)) >= CAPITALS * len(names)
    small = sum(map(str.islower, names)) >= CAPITALS * len(names)
    capitals = sum(name[:1].isupper() for name in names) >= CAPITALS * len(names)
    edge = max(NARROW, min(WIDE, len(names) // 10))
    at_edges = sorted({*range(min(edge, len(names))), *range(max(0, len(names) - edge), len(names))})
    whole = dict(zip(at_edges, _are_whole(values[at_edges]).tolist(), strict=True))
    unlike = [
        is_phrase
        or not name.isascii()
        or (is_word and ((are_decimals and whole.get(i, False)) or (capitals and name.islower())))
        or (of_genes and not _SYMBOL.fullmatch(name))
        or (of_ids and not is_gene_id(name))
        or (small and not name.islower())
        for i, (name, is_phrase, is_word) in enumerate(zip(names, phrases, words, strict=True))
    ]
    places = [i for i, is_unlike in enumerate(unlike) if is_unlike]
    return places if set(places) <= set(at_edges) and len(places) <= max(2, len(names) // 3) else []


_SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9@.-]*(orf\d+[A-Z]?)?|(ENS[A-Z]*|LINC|MIR|LOC|RP\d+-)\w+(\.\d+)?|hsa-\S+|\S+_at")
"""A symbol of a human gene, or an id beside such symbols."""

NARROW, WIDE = 8, 50
"""Most names in front of all others, or behind, that may describe samples: a tenth of all, within these."""


def _are_whole(rows: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which rows have whole numbers alone, missing values apart."""
    finite = np.where(np.isfinite(rows), rows, 0.0)
    return np.all(finite == np.round(finite), axis=1)


_PHRASE = re.compile(r"[A-Za-z][a-z]+([_.][a-z]+)+|.*[^\W\d] +[^\W\d]{3,}.*|.*[^\W\d] \(.*[^\W\d].*\)|.*[%/].*")
"""Several words: `pack_years`, `Age (years)`, `dose mg/kg`."""

_WORD = re.compile(r"[a-z]{2,}\d*")

CAPITALS = 0.8
"""Share of names of genes that begin with a capital letter, where a name in small letters is of none."""

LIKE = 0.5
"""Of a sample whose title describes genes in many tables: least median rank correlation with the others, as a share of
that among the others; and least that among the others, for this to tell anything."""


def _read_titles(titles: Sequence[str]) -> _Titles:
    stems = [stem_of(title) for title in titles]
    sizes = Counter(stems)
    in_series = [sizes[stem] > 1 and has_digit(title) for stem, title in zip(stems, titles, strict=True)]
    controls = [title_word(title) in SAMPLE_TITLES for title in titles]
    if sum(in_series) < max(3, IN_SERIES * len(titles)):
        return _Titles(in_series, [False] * len(titles), controls)
    heads = [re.split(r"[^A-Za-z]", title, maxsplit=1)[0].lower() for title in titles]
    of_series = {head for head, is_one in zip(heads, in_series, strict=True) if is_one and head}
    beside = [
        not is_one and head not in of_series and not is_control
        for head, is_one, is_control in zip(heads, in_series, controls, strict=True)
    ]
    return _Titles(in_series, beside, controls)


def _likeness(rows: NDArray[np.float64], columns: Collection[int]) -> dict[int, tuple[float, float]]:
    """Return the median rank correlation of columns with the others, and that among these; NaN for too few rows."""
    others = [column for column in range(rows.shape[1]) if column not in columns]
    if len(others) < 2:
        others = list(range(rows.shape[1]))
    if len(rows) < FEWEST_BESIDE_A_SERIES or len(others) < 3 or not np.isfinite(rows).all():
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


def _whole_beside_decimals(titles: _Titles, rows: NDArray[np.float64]) -> list[Unlike]:
    """Return the columns at the edges that have whole numbers where the others have decimals, or the reverse."""
    measured = np.isfinite(rows) & (rows != 0)
    fractional = measured & (np.where(measured, rows, 0.0) % 1 != 0)
    numbers, fractions = measured.sum(axis=0), fractional.sum(axis=0)
    decimal = (numbers > 0) & (2 * fractions >= numbers)
    if not decimal.any() or rows.shape[1] < 4:
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
    front = int(np.argmin(few))
    behind = len(few) - int(np.argmin(few[::-1]))
    return [
        Unlike(column, reason)
        for column in np.flatnonzero(few).tolist()
        if titles.beside[column] or ((column < front or column >= behind) and not titles.in_series[column])
    ]


def _of_another_size(titles: _Titles, rows: NDArray[np.float64]) -> list[Unlike]:
    """Return the columns at the edges whose numbers are far larger or smaller than those of all others."""
    sizes = np.array([_median(np.abs(column[np.isfinite(column) & (column != 0)])) for column in rows.T])
    are_few, beside = len(rows) < FEWEST_COMPARED, titles.beside
    unlike: list[Unlike] = []
    left = list(range(rows.shape[1]))
    for end in (0, -1):
        while len(left) > 3:
            column = left[end]
            others = sizes[[other for other in left if other != column and np.isfinite(sizes[other])]]
            far = NEAR if beside[column] else FAR
            middle = _median(others)
            near = np.count_nonzero((others >= middle / NEAR) & (others <= middle * NEAR))
            if len(others) < 2 or near < MOST_ARE_NEAR * len(others) or titles.in_series[column]:
                break
            is_near = middle / far <= sizes[column] <= middle * far
            if is_near or titles.controls[column] or not (are_few or beside[column]):
                break
            left.remove(column)
            reason = f"has numbers of about {sizes[column]:.3g}, and the others of about {middle:.3g}"
            unlike.append(Unlike(column, reason))
    return unlike


def _of_another_order(titles: _Titles, rows: NDArray[np.float64]) -> list[Unlike]:
    """Return the columns at the edges that go along with no other, where the others go along with each other."""
    columns = rows.shape[1]
    beside = titles.beside
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
            if len(rows) < FEWEST_COMPARED and not beside[column]:
                break
            is_sample = titles.in_series[column] or titles.controls[column]
            limit = max(UNLIKE, LIKE * typical) if beside[column] else UNLIKE
            if is_sample or len(others) < 3 or not own < limit:
                break
            if typical <= ALIKE and not beside[column]:
                break
            left.remove(at)
            correlation = f"median rank correlation {own:.2f}; among them {typical:.2f}"
            title = "has a title of another kind and " if typical <= UNLIKE else ""
            unlike.append(Unlike(column, f"{title}does not go along with the others ({correlation})"))
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
