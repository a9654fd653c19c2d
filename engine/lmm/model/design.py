"""Fixed effects: covariates as an orthonormal basis, without those that add nothing, which are named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import solve_triangular

from ...adjustment.components import orthonormalise
from ...errors import EngineError, InputError, ShapeError
from ...wording import some

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

INTERCEPT = "intercept"

MOST, LEAST = 1e100, 1e-100
"""Bounds of the largest value of a column: squares of others, and sums of these, are beyond double precision."""


@dataclass(frozen=True, slots=True)
class Design:
    """Covariates X and the basis Q of what they span: X_kept = Q T.

    Make one with `design`.

    Parameters
    ----------
    names, dropped : tuple of str
        The r columns used, in their order, and those that are linear combinations of the ones before them.
    basis : ndarray of float64, shape (n, r)
        Q, orthonormal.
    triangle : ndarray of float64, shape (r, r)
        T, upper triangular.
    """

    names: tuple[str, ...]
    dropped: tuple[str, ...]
    basis: NDArray[np.float64]
    triangle: NDArray[np.float64]

    @property
    def rank(self) -> int:
        """The number r of columns used."""
        return len(self.names)

    def effects(self, in_basis: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the effects of the covariates, shape (r, …), from those of the basis."""
        if not self.rank:
            return in_basis
        return solve_triangular(self.triangle, in_basis, check_finite=False)

    def residual(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the residuals of columns, shape (n, c), on the covariates."""
        residual = columns - self.basis @ (self.basis.T @ columns)
        return residual - self.basis @ (self.basis.T @ residual)


def design(
    covariates: NDArray[np.float64] | None = None,
    names: Sequence[str] = (),
    *,
    size: int | None = None,
    intercept: bool = True,
) -> Design:
    """Return fixed effects, an intercept first.

    Parameters
    ----------
    covariates : ndarray of float64, shape (n, c), optional
        Finite.
    names : sequence of str
        Names of the covariates; `x1`, `x2` … when absent.
    size : int, optional
        n, where there are no covariates.
    intercept : bool
        Whether a column of ones stands before them.

    Raises
    ------
    ShapeError
        Names and columns do not fit.
    InputError
        A value is not finite.

    Notes
    -----
    Each column is orthogonalised twice against those before it (Gram–Schmidt), and left out where less than 1e-7 of its
    length remains: the intercept stays, and the later of two equal covariates is left out.

    Examples
    --------
    >>> age = np.array([31.0, 44.0, 58.0, 60.0])
    >>> both = design(np.column_stack([age, 12 * age]), ("years", "months"))
    >>> both.names, both.dropped
    (('intercept', 'years'), ('months',))
    """
    columns: NDArray[np.float64] = np.empty((size or 0, 0))
    if covariates is not None:
        columns = np.asarray(covariates, dtype=np.float64)
        if columns.ndim != 2 or (size is not None and len(columns) != size):
            raise ShapeError(f"Covariates are rows by columns, not an array of shape {columns.shape}.")
    all_names = tuple(names) or tuple(f"x{index + 1}" for index in range(columns.shape[1]))
    if len(all_names) != columns.shape[1]:
        raise ShapeError(f"There are {len(all_names)} names for {columns.shape[1]} covariates.")
    bad = np.argwhere(~np.isfinite(columns))
    if len(bad):
        row, column = (int(index) for index in bad[0])
        raise InputError(f"The covariate {some([all_names[column]])} is {columns[row, column]} in row {row + 1}.")
    refuse_extreme(columns, all_names)
    if intercept:
        columns = np.column_stack([np.ones(len(columns)), columns])
        all_names = (INTERCEPT, *all_names)
    return _orthonormalise(columns, all_names)


def refuse_extreme(columns: NDArray[np.float64], names: Sequence[str]) -> None:
    """Refuse columns whose squares double precision does not hold.

    Raises
    ------
    EngineError
        The largest value of a column, shape (n, m), is above 1e100 or below 1e-100; zeros alone pass.
    """
    largest = np.max(np.abs(columns), axis=0, initial=0.0)
    for index in np.flatnonzero((largest > MOST) | ((largest > 0) & (largest < LEAST)))[:1]:
        name = some([names[int(index)]])
        raise EngineError(
            f"{name} has values of up to {largest[index]:.3g}, whose squares double precision does not hold.",
            hint="Multiply all of them by one number: h² does not depend on the unit.",
        )


def _orthonormalise(columns: NDArray[np.float64], names: tuple[str, ...]) -> Design:
    basis, used = orthonormalise(columns)
    dropped = tuple(name for index, name in enumerate(names) if index not in used)
    return Design(tuple(names[index] for index in used), dropped, basis, np.triu(basis.T @ columns[:, used]))
