"""Columns that a table has computed of its other columns, such as means behind the samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

MOST_AT_AN_EDGE = 8
"""Most columns in front of the samples or behind them that are compared with statistics of the samples."""

NUMBERS = 200_000
"""About as many numbers are looked at, in rows from all over the table; 40 rows at least, and 400 at most."""

SIGNIFICANT = 6e-6
"""Relative error of numbers that are written with six significant digits, as many programs do."""

FEW_AT_AN_EDGE = 3
"""The same in a table of more than `MOST_COLUMNS` columns."""

FIRST_LOOK = 8
"""Rows that are compared first; most columns differ there."""

MOST_COLUMNS = 500
"""Most columns of a table whose first and last columns are compared with all that stand together."""

FEWEST_VALUES = 5
"""Fewest different values of a column that can be told from a statistic of others by them."""

_STATISTICS: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "mean": lambda rows: rows.mean(axis=1),
    "sum": lambda rows: rows.sum(axis=1),
    "median": lambda rows: np.median(rows, axis=1),
    "largest": lambda rows: rows.max(axis=1),
    "smallest": lambda rows: rows.min(axis=1),
    "range": lambda rows: np.ptp(rows, axis=1),
    "standard deviation": lambda rows: rows.std(axis=1, ddof=1),
    "standard deviation (n)": lambda rows: rows.std(axis=1),
    "variance": lambda rows: rows.var(axis=1, ddof=1),
    "variance (n)": lambda rows: rows.var(axis=1),
    "standard error": lambda rows: rows.std(axis=1, ddof=1) / np.sqrt(rows.shape[1]),
    "coefficient of variation": lambda rows: rows.std(axis=1, ddof=1) / rows.mean(axis=1),
    "coefficient of variation (%)": lambda rows: 100 * rows.std(axis=1, ddof=1) / rows.mean(axis=1),
    "number above zero": lambda rows: np.count_nonzero(rows > 0, axis=1).astype(np.float64),
    "share above zero": lambda rows: np.count_nonzero(rows > 0, axis=1) / rows.shape[1],
    "log2 of the mean": lambda rows: np.log2(rows.mean(axis=1)),
    "log2 of the mean, plus 1": lambda rows: np.log2(rows.mean(axis=1) + 1),
    "mean of log2, plus 1": lambda rows: np.log2(rows + 1).mean(axis=1),
}


def find_summaries(values: NDArray[np.float64]) -> dict[int, str]:
    """Return the columns in front or behind that are a statistic of all columns between, and which statistic.

    Parameters
    ----------
    values : ndarray of float64, shape (rows, columns)

    Examples
    --------
    >>> values = np.random.default_rng(1).normal(7, 2, (20, 4)).round(2)
    >>> find_summaries(np.column_stack([values, values.mean(axis=1).round(3), values.max(axis=1)]))
    {4: 'mean', 5: 'largest'}
    """
    columns = values.shape[1]
    rows = _some_rows(values)
    if len(rows) < FEWEST_VALUES or columns < 3:
        return {}
    units = _units(rows)
    best: dict[int, str] = {}
    edge = MOST_AT_AN_EDGE if columns <= MOST_COLUMNS else FEW_AT_AN_EDGE
    for between, outside in _cuts(columns, min(edge, columns - 2)):
        known: dict[int, str] = {}
        for name, statistic in _STATISTICS.items():
            if not _agree(rows[:FIRST_LOOK], statistic, between, outside, units):
                continue
            known.update(dict.fromkeys(_agree(rows, statistic, between, outside, units), name))
        if len(known) > max(len(best), len(outside) // 2):
            best = known
    return {column: best[column] for column in sorted(best) if _varies(rows[:, column], float(units[column]))}


def find_parts(values: NDArray[np.float64]) -> dict[int, str]:
    """Return the columns that are the sum, mean or difference of others that stand together, to be read after `the`.

    Parameters
    ----------
    values : ndarray of float64, shape (rows, columns)
    """
    rows = _some_rows(values)
    columns = values.shape[1]
    if len(rows) < FEWEST_VALUES or columns < 4:
        return {}
    units = _units(rows)
    sums = np.concatenate([np.zeros((len(rows), 1)), np.cumsum(rows, axis=1)], axis=1)
    parts: dict[int, str] = {}
    edge = MOST_AT_AN_EDGE if columns <= MOST_COLUMNS else 0
    at_edges = {*range(edge), *range(columns - edge, columns)}
    for width in range(2, min(MOST_AT_AN_EDGE, columns - 2) + 1):
        windows = sums[:, width:] - sums[:, :-width]  # of the columns start … start + width - 1
        pairs = {(s, c) for s in range(columns - width + 1) for c in (s - 1, s + width, *at_edges)}
        pairs = sorted((s, c) for s, c in pairs if 0 <= c < columns and not s <= c < s + width)
        starts, candidates = [s for s, _ in pairs], [c for _, c in pairs]
        for name, scale in (("sum", 1.0), ("mean", 1.0 / width)):
            expected = scale * windows[:FIRST_LOOK, starts]
            for at in np.flatnonzero(_are_rounded(rows[:FIRST_LOOK, candidates], expected, units[candidates])).tolist():
                column, window = candidates[at], scale * windows[:, [starts[at]]]
                does = bool(_are_rounded(rows[:, [column]], window, units[[column]])[0])
                beside = range(starts[at], starts[at] + width)
                is_equal = any(np.array_equal(rows[:, column], rows[:, other]) for other in beside)
                if does and not is_equal and column not in parts and _varies(rows[:, column], float(units[column])):
                    parts[column] = f"{name} of {width} other columns"
    for column in _differences(rows, units):
        parts.setdefault(column, "difference of two others")
    return dict(sorted(parts.items()))


def _differences(rows: NDArray[np.float64], units: NDArray[np.float64]) -> Iterator[int]:
    """Yield the columns that are the difference of two others, near by or as far off in blocks."""
    columns = rows.shape[1]
    blocks = [columns // 3] if columns % 3 == 0 else []
    for step in {1, *blocks}:
        for column in range(columns):
            pairs = {(column + a * step, column + b * step) for a, b in ((-1, -2), (1, 2), (-1, 1), (-2, 1), (-1, 2))}
            for a, b in sorted(pair for pair in pairs if min(pair) >= 0 and max(pair) < columns):
                expected = np.abs(rows[:, [a]] - rows[:, [b]])
                if (
                    _are_rounded(np.abs(rows[:FIRST_LOOK, [column]]), expected[:FIRST_LOOK], units[[column]])[0]
                    and _are_rounded(np.abs(rows[:, [column]]), expected, units[[column]])[0]
                    and np.any(rows[:, column] < 0)
                    and _varies(rows[:, column], float(units[column]))
                ):
                    yield column


def _cuts(columns: int, edge: int) -> Iterator[tuple[slice, list[int]]]:
    """Yield the columns between and those outside of them, for every number of columns behind or in front."""
    for outside in range(1, edge + 1):
        yield slice(0, columns - outside), list(range(columns - outside, columns))
    for outside in range(1, edge + 1):
        yield slice(outside, columns), list(range(outside))


def _some_rows(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return rows from all over the table that are finite."""
    count = min(400, max(40, NUMBERS // max(1, values.shape[1])))
    rows = values[:: max(1, len(values) // count)]
    return rows[np.isfinite(rows).all(axis=1)]


def _agree(
    rows: NDArray[np.float64],
    statistic: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    between: slice,
    outside: list[int],
    units: NDArray[np.float64],
) -> list[int]:
    """Return which columns outside are a statistic of those between, rounded."""
    with np.errstate(all="ignore"):
        expected = statistic(rows[:, between])
    if not np.isfinite(expected).all():
        return []
    agree = _are_rounded(rows[:, outside], expected[:, None], units[outside])
    return [column for column, does in zip(outside, agree.tolist(), strict=True) if does]


def _units(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the unit to which the numbers of each column are rounded, at most six decimals; 0 beyond."""
    units = np.zeros(rows.shape[1])
    for decimals in range(6, -1, -1):
        are = np.all(np.abs(np.round(rows, decimals) - rows) < 1e-9 + 1e-12 * np.abs(rows), axis=0)
        units[are] = 10.0**-decimals
    return units


def _are_rounded(
    columns: NDArray[np.float64], expected: NDArray[np.float64], units: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Return which columns are what is expected, rounded to their units."""
    return np.all(np.abs(columns - expected) <= 0.5001 * units + SIGNIFICANT * np.abs(expected), axis=0)


def _varies(column: NDArray[np.float64], unit: float) -> bool:
    """Whether a column has so many values, so far apart, that it agrees with another by no chance."""
    return len(np.unique(column)) >= FEWEST_VALUES and float(np.std(column)) > 20 * unit * (unit < 1) + 2 * unit
