"""The design: which categories and covariates of samples are removed, as orthonormal columns."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError, ShapeError
from ..wording import counted, some
from .components import orthonormalise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Design:
    """What is removed from n samples by least squares: their mean, or means of categories, and covariates.

    Parameters
    ----------
    basis : ndarray of float64, shape (n, k + 1)
        Orthonormal columns that span the intercept, the categories and the covariates; made read-only.
    redundant : tuple of str
        Names of the covariates that are sums of others, of categories or of the intercept, and so remove nothing more.
    alone : tuple of int
        Indices of the samples that are alone in their category: nothing is left of them.
    """

    basis: NDArray[np.float64]
    redundant: tuple[str, ...] = ()
    alone: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        self.basis.setflags(write=False)


def build_design(
    samples: int,
    categories: Sequence[str] = (),
    covariates: NDArray[np.float64] | None = None,
    names: Sequence[str] = (),
) -> Design:
    """Return the design of categories and covariates, with an intercept.

    Parameters
    ----------
    samples : int
        n.
    categories : sequence of str
        The category of each sample; none removes the mean of all.
    covariates : ndarray of float64, shape (n, m), optional
        Numbers of each sample.
    names : sequence of str
        m names of covariates.

    Raises
    ------
    ShapeError
        The parts are not of n samples.
    InputError
        A covariate is not finite, or fewer than two dimensions of the samples are left.

    Notes
    -----
    Of covariates that depend on each other, the first stay. O(n(m + c)²) for c categories.

    Examples
    --------
    >>> age = np.array([30.0, 40.0, 50.0, 61.0, 70.0])
    >>> both = build_design(5, covariates=np.column_stack([age, 12 * age]), names=("years", "months"))
    >>> both.basis.shape, both.redundant
    ((5, 2), ('months',))
    """
    if categories and len(categories) != samples:
        raise ShapeError(f"There are {len(categories):,} categories for {counted(samples, 'sample')}.")
    columns = _category_columns(categories) if categories else np.full((samples, 1), 1.0 / np.sqrt(samples))
    redundant: tuple[str, ...] = ()
    if covariates is not None:
        _check_covariates(covariates, samples, names)
        first = columns.shape[1]
        columns, used = orthonormalise(np.column_stack([columns, covariates]))
        redundant = tuple(name for index, name in enumerate(names) if first + index not in used)
    if samples - columns.shape[1] < 2:
        raise InputError(
            f"Of {counted(samples, 'sample')}, {columns.shape[1]} means and effects are to be removed: that leaves "
            f"{counted(max(0, samples - columns.shape[1]), 'degree')} of freedom, and correlations need 2.",
            code="nothing-left-of-samples",
        )
    sizes = Counter(categories)
    alone = tuple(index for index, category in enumerate(categories) if sizes[category] == 1)
    return Design(columns, redundant, alone)


def _category_columns(categories: Sequence[str]) -> NDArray[np.float64]:
    """Return one column of unit length a category, which is not zero on its samples."""
    codes, sizes = np.unique(list(categories), return_inverse=True, return_counts=True)[1:]
    columns = np.zeros((len(codes), len(sizes)))
    columns[np.arange(len(codes)), codes] = 1.0 / np.sqrt(sizes[codes])
    return columns


def _check_covariates(covariates: NDArray[np.float64], samples: int, names: Sequence[str]) -> None:
    if covariates.shape != (samples, len(names)):
        raise ShapeError(
            f"{counted(len(names), 'covariate')} of {counted(samples, 'sample')} do not fit an array of shape "
            f"{covariates.shape}."
        )
    missing = [name for name, column in zip(names, covariates.T, strict=True) if not np.all(np.isfinite(column))]
    if missing:
        raise InputError(
            f"{counted(len(missing), 'covariate')} without a value in some sample: {some(missing)}.",
            hint="Each sample needs a number or a category; estimate from the others, or leave the covariate out.",
        )
