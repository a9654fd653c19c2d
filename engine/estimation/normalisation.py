"""Normalisation of counts to a common library size, the floor, and the transform."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from ..wording import counted, some

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..choices import Transform
    from .expression import Expression


def library_scales(expression: Expression) -> NDArray[np.float64]:
    """Return the factor that scales each sample to the median library size, shape (n,).

    Parameters
    ----------
    expression : Expression
        Counts; a library size is the sum of a column over all rows.

    Raises
    ------
    InputError
        A count is negative, or a sample has none.

    Notes
    -----
    O(g n).

    Examples
    --------
    >>> from .expression import Expression
    >>> counts = np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 5.0]])
    >>> library_scales(Expression(counts, ("TP53", "MDM2"), ("s1", "s2", "s3")))
    array([2. , 1. , 0.5])
    """
    negative = np.argwhere(expression.values < 0)
    if len(negative):
        raise InputError(
            f"{counted(len(negative), 'count')} below zero; the first is {expression.describe(*negative[0])}.",
            code="negative-counts",
        )
    libraries = expression.values.sum(axis=0)
    empty = [expression.samples[index] for index in np.flatnonzero(libraries == 0).tolist()]
    if empty:
        raise InputError(
            f"{counted(len(empty), 'sample')} without a single count: {some(empty)}.",
            hint="Leave such samples out of the file.",
        )
    return np.median(libraries) / libraries


def transform(expression: Expression, floor: float | None, transform: Transform) -> NDArray[np.float64]:
    """Return the values after floor and transform, shape (g, n).

    Parameters
    ----------
    expression : Expression
        The values before, with the names for error messages.
    floor : float, optional
        Values below are raised to it first.
    transform : {"none", "log1p", "log2"}
        log1p is the natural log(1 + x); log2 is x to base 2.

    Raises
    ------
    InputError
        The transform is not defined for a value.

    Notes
    -----
    O(g n). Without floor and transform the array is that of the expression.
    """
    values = expression.values if floor is None else np.maximum(expression.values, floor)
    if transform == "none":
        return values
    undefined = values < 0 if transform == "log1p" else values <= 0
    if np.any(undefined):
        raise _undefined_logarithm(expression, np.argwhere(undefined), transform)
    return np.log1p(values) if transform == "log1p" else np.log2(values)


def _undefined_logarithm(expression: Expression, cells: NDArray[np.intp], transform: Transform) -> InputError:
    is_log1p = transform == "log1p"
    return InputError(
        f"{transform} is not defined for {counted(len(cells), 'value')}, {'' if is_log1p else 'zero or '}negative; "
        f"the first is {expression.describe(*cells[0])}.",
        code="log1p-undefined" if is_log1p else "log2-undefined",
    )
