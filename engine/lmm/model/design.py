"""Fixed effects: covariates as an orthonormal basis, with those that add nothing named and left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import solve_triangular

from ...errors import InputError, ShapeError
from ...wording import some

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

INTERCEPT = "intercept"

ADDS = 1e-7
"""A covariate adds something if more than this share of its length lies outside of those before it; R's `lm` has it."""


@dataclass(frozen=True, slots=True)
class Design:
    """Covariates X and the basis Q of what they span: X_kept = Q T.

    Make one with `design`.

    Parameters
    ----------
    names, dropped : tuple of str
        The r columns kept, in the order given, and those that add nothing to the ones before them.
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
        """The number r of columns kept."""
        return len(self.names)

    def effects(self, in_basis: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the effects of the covariates, shape (r, …), from those of the basis."""
        if not self.rank:
            return in_basis
        return solve_triangular(self.triangle, in_basis, check_finite=False)

    def residual(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what columns, shape (n, c), have outside of the covariates."""
        left = columns - self.basis @ (self.basis.T @ columns)
        return left - self.basis @ (self.basis.T @ left)


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
        Of the covariates; `x1`, `x2` … when absent.
    size : int, optional
        n, where there are no covariates.
    intercept : bool
        Whether a column of ones stands before them.

    Raises
    ------
    ShapeError
        Names and columns do not fit.
    InputError
        A value is not finite; or covariates leave nothing to estimate from.

    Notes
    -----
    Columns are taken in the order given, each orthogonalised twice against those before it (Gram–Schmidt), and left
    out where less than 1e-7 of its length is new: the intercept stays, and the later of two equal covariates goes.

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
    told = tuple(names) or tuple(f"x{place + 1}" for place in range(columns.shape[1]))
    if len(told) != columns.shape[1]:
        raise ShapeError(f"There are {len(told)} names for {columns.shape[1]} covariates.")
    bad = np.argwhere(~np.isfinite(columns))
    if len(bad):
        row, column = (int(place) for place in bad[0])
        raise InputError(f"The covariate {some([told[column]])} is {columns[row, column]} in row {row + 1}.")
    if intercept:
        columns = np.column_stack([np.ones(len(columns)), columns])
        told = (INTERCEPT, *told)
    return _orthonormal(columns, told)


def _orthonormal(columns: NDArray[np.float64], names: tuple[str, ...]) -> Design:
    basis = np.empty(columns.shape)
    kept: list[int] = []
    for place in range(columns.shape[1]):
        column = columns[:, place]
        length = float(np.linalg.norm(column))
        if length == 0.0:
            continue
        left = column / length
        for _ in range(2):
            frame = basis[:, : len(kept)]
            left = left - frame @ (frame.T @ left)
        new = float(np.linalg.norm(left))
        if new > ADDS:
            basis[:, len(kept)] = left / new
            kept.append(place)
    frame = np.ascontiguousarray(basis[:, : len(kept)])
    dropped = tuple(name for place, name in enumerate(names) if place not in kept)
    return Design(tuple(names[place] for place in kept), dropped, frame, np.triu(frame.T @ columns[:, kept]))
