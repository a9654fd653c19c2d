"""Expression: measured values of genes in samples, and which genes do not vary."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import numpy as np

from ..choices import DuplicateSamples
from ..errors import InputError, NotFound, ShapeError, check_choice
from ..wording import counted, some

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MINIMUM_SAMPLES = 3
"""Smallest number of samples: with two, every pair of genes has a correlation of ±1."""


@dataclass(frozen=True, slots=True)
class Expression:
    """The values of a file: one row a probe or gene, one column a sample.

    Parameters
    ----------
    values : ndarray of float64, shape (g, n)
        In the units of the file; NaN where a value is missing, which `prepare` refuses. Made read-only.
    genes : tuple of str
        g names, one a row. They may repeat: `prepare` resolves that.
    samples : tuple of str
        n names, one a column; n ≥ 3.

    Raises
    ------
    ShapeError
        The names do not fit the array.
    InputError
        There are fewer than three samples.
    """

    values: NDArray[np.float64]
    genes: tuple[str, ...]
    samples: tuple[str, ...]

    def __post_init__(self) -> None:
        expected = (len(self.genes), len(self.samples))
        if self.values.shape != expected:
            raise ShapeError(
                f"{counted(expected[0], 'gene')} and {counted(expected[1], 'sample')} do not fit an array of shape "
                f"{self.values.shape}."
            )
        _check_samples(len(self.samples))
        self.values.setflags(write=False)

    def describe(self, row: int, column: int) -> str:
        """Return one value with its names, such as "-220 (gene TP53 in sample ALL_1)"."""
        return f"{self.values[row, column]:g} (gene {self.genes[row]} in sample {self.samples[column]})"

    def select_samples(self, names: Sequence[str]) -> Expression:
        """Return the values of some samples, in the order of the names.

        Raises
        ------
        NotFound
            A sample is not there.
        InputError
            A name occurs twice in either list, or fewer than three samples are selected.
        """
        at = {name: index for index, name in enumerate(self.samples)}
        missing = [name for name in names if name not in at]
        if missing:
            are = "is" if len(missing) == 1 else "are"
            raise NotFound(
                f"{counted(len(missing), 'sample')} of the {len(names):,} wanted {are} not there: {some(missing)}.",
                hint=f"The data have: {some(self.samples)}.",
            )
        times_wanted, times_there = Counter(names), Counter(self.samples)
        twice = [name for name in times_wanted if times_wanted[name] > 1 or times_there[name] > 1]
        if twice:
            raise InputError(f"The sample {some(twice, 1)} is wanted twice, or names two samples.")
        chosen = np.array([at[name] for name in names], dtype=np.intp)
        return Expression(np.ascontiguousarray(self.values[:, chosen]), self.genes, tuple(names))

    def distinguish_samples(self, duplicates: DuplicateSamples) -> Expression:
        """Return one column a sample name.

        Parameters
        ----------
        duplicates : {"error", "first", "mean", "number"}
            What becomes of columns of one name: an error, the first of them, their mean, or names with `_2`, `_3` …

        Raises
        ------
        InputError
            Names repeat, and it is "error".
        """
        check_choice("duplicate samples", duplicates, get_args(DuplicateSamples))
        numbers = Counter(self.samples)
        if len(numbers) == len(self.samples):
            return self
        if duplicates == "error":
            repeated = [name for name, number in numbers.items() if number > 1]
            raise InputError(
                f"{counted(len(repeated), 'name')} of samples {'is' if len(repeated) == 1 else 'are'} repeated: "
                f"{some([f'{name} ({numbers[name]} times)' for name in repeated])}.",
                code="repeated-samples",
            )
        if duplicates == "number":
            seen: Counter[str] = Counter()
            names: list[str] = []
            for name in self.samples:
                seen[name] += 1
                number = seen[name]
                while number > 1 and f"{name}_{number}" in numbers:
                    number += len(self.samples)
                names.append(name if number == 1 else f"{name}_{number}")
            return Expression(self.values, self.genes, tuple(names))
        groups: dict[str, list[int]] = {}
        for column, name in enumerate(self.samples):
            groups.setdefault(name, []).append(column)
        if duplicates == "first":
            values = self.values[:, [columns[0] for columns in groups.values()]]
        else:
            values = np.column_stack([self.values[:, columns].mean(axis=1) for columns in groups.values()])
        return Expression(np.ascontiguousarray(values), self.genes, tuple(groups))

    def refuse_missing(self) -> None:
        """Refuse values that are missing or not finite, naming some with their genes and samples."""
        finite = np.isfinite(self.values)
        if np.all(finite):
            return
        cells = np.argwhere(~finite)
        rows = len(np.unique(cells[:, 0]))
        first = [self.describe(row, column) for row, column in cells[:4].tolist()]
        raise InputError(
            f"{counted(len(cells), 'value')} of the expression, in {counted(rows, 'row')}, "
            f"{'is' if len(cells) == 1 else 'are'} not finite: {some(first, 3)}.",
            hint="Impute or correct them in the file, or leave those genes or samples out of it.",
        )


def is_constant(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which genes have one value in all samples, shape (p,).

    Their largest value equals their smallest. A standard deviation of zero is no test of it: the mean of n equal
    numbers is rounded, and their computed standard deviation is then not zero.

    Parameters
    ----------
    values : ndarray of float64, shape (p, n)
        Genes by samples.

    Examples
    --------
    >>> is_constant(np.array([[0.1, 0.1, 0.1], [0.1, 0.1, 0.2]]))
    array([ True, False])
    """
    return values.max(axis=1) == values.min(axis=1)


def variances(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the unbiased variance of each gene, shape (p,), exactly zero for a constant one.

    Parameters
    ----------
    values : ndarray of float64, shape (p, n)
        Genes by samples; n ≥ 2.

    Examples
    --------
    >>> variances(np.array([[0.1, 0.1, 0.1], [1.0, 2.0, 3.0]]))
    array([0., 1.])
    """
    return np.where(is_constant(values), 0.0, values.var(axis=1, ddof=1))


def centred(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values less the mean of their gene, shape (p, n), exactly zero for a constant gene.

    Parameters
    ----------
    values : ndarray of float64, shape (p, n)
        Genes by samples.

    Raises
    ------
    ShapeError
        The array is not genes by samples.
    InputError
        There are fewer than three samples, or a value is not finite.
    """
    if values.ndim != 2:
        raise ShapeError(f"Expression is an array of genes by samples; this one has shape {values.shape}.")
    _check_samples(values.shape[1])
    if not np.all(np.isfinite(values)):
        raise InputError("The expression holds a value that is not finite.")
    deviations = values - values.mean(axis=1, keepdims=True)
    deviations[is_constant(values)] = 0.0
    return deviations


def _check_samples(number: int) -> None:
    if number < MINIMUM_SAMPLES:
        raise InputError(
            f"Correlations need at least {MINIMUM_SAMPLES} samples; there are {number}.",
            code="too-few-samples",
        )
