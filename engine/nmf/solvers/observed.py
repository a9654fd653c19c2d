# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# (scipy ships no types for what becomes of a sparse array)
"""The matrix to factor: V, non-negative, dense or sparse, of which some entries may be missing or held out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array, issparse

from ...errors import InputError
from ...wording import counted
from .sides import Side

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]
    Sparse = csr_array[Any, Any]
    Matrix = NDArray[np.float64] | Sparse

LARGEST_VALUE = 1e50
"""The largest value allowed: fourth powers of larger ones are not held by double precision."""

SPARSE_BELOW = 0.3
"""Share of non-zero entries below which it is quicker to visit those alone."""


MOST_ENTRIES = 4_000_000
"""Most entries held out: more of them teach nothing more."""

MOST_HELD_OUT = 0.5
"""Share of a row or column above which none of its entries is held out."""


@dataclass(frozen=True, slots=True)
class Observed:
    """A non-negative matrix V, as the solver visits it: along its rows, and along its columns.

    Make one with `observe`.

    Parameters
    ----------
    rows, columns : Side
        V and Vᵀ, divided by `scale`; 0 where nothing is observed.
    scale : float
        The mean of V over what is observed: single precision is at its best about 1.
    """

    rows: Side
    columns: Side
    scale: float

    @property
    def shape(self) -> tuple[int, int]:
        """(p, n)."""
        return len(self.rows), len(self.columns)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The precision of the factors."""
        return self.rows.stored.values.dtype


def observe(values: Any, *, held_out: Mask | Sparse | None = None, dtype: type = np.float32) -> Observed:
    """Return a matrix ready to be factored.

    Parameters
    ----------
    values : ndarray or scipy sparse array, shape (p, n)
        Counts, intensities or similarities, none of them negative. NaN is missing. Entries that a sparse array does not
        store are 0, and observed.
    held_out : ndarray or sparse array of bool, shape (p, n), optional
        True where an entry is to be left out, as if it were missing.
    dtype : numpy.float32 or numpy.float64
        The precision of the factors. With either, sums of more than 2,048 terms are taken in double precision.

    Raises
    ------
    InputError
        A value is negative, infinite or above 1e50; nothing is positive; the array is masked or complex; or a row or
        column has nothing observed. The first is named.
    """
    check_kind(values)
    is_sparse = bool(issparse(values))
    stored = csr_array(values, dtype=np.float64) if is_sparse else np.asarray(values, dtype=np.float64)
    if stored.ndim != 2 or 0 in stored.shape:
        raise InputError(f"There is nothing to factor in an array of shape {stored.shape}.")
    check_entries(stored, "row", "column")
    left_out = _left_out(stored, held_out)
    check_observed(left_out, "row", "column")
    filled = _without(stored, left_out)
    entries = math.prod(stored.shape)
    scale = float(filled.sum()) / (entries if left_out is None else entries - left_out.nnz)
    if scale <= 0.0:
        raise InputError("Every value observed is 0: there is nothing to factor.")
    filled /= scale
    nonzero = np.count_nonzero(filled) if isinstance(filled, np.ndarray) else filled.nnz
    if nonzero < SPARSE_BELOW * entries:
        filled = csr_array(filled)
    elif not isinstance(filled, np.ndarray):
        filled = filled.toarray()
    rows = Side.from_matrix(filled, left_out, dtype)
    return Observed(rows, Side.from_matrix(filled.T, None if left_out is None else left_out.T, dtype), scale)


def speckled(values: Any, share: float, seed: int) -> Sparse:
    """Return entries of a matrix to hold out, True there: this share of what is observed, of no line more than half.

    Parameters
    ----------
    values : ndarray or sparse array, shape (p, n)
        V; NaN is missing.
    share : float
        Which part of the entries, at the most `MOST_ENTRIES`.
    seed : int
        They are drawn with it.

    Returns
    -------
    csr_array of bool, shape (p, n)
    """
    p, n = values.shape
    stream, number = np.random.default_rng([seed, 7]), max(1, min(round(share * p * n), MOST_ENTRIES))
    positions = stream.choice(p * n, number, replace=False, shuffle=False)
    rows, columns = np.divmod(positions, n)
    seen = ~np.isnan(np.asarray(values[rows, columns], dtype=np.float64).ravel())
    rows, columns = rows[seen], columns[seen]
    stored: Any = csr_array(values) if bool(issparse(values)) else np.asarray(values, dtype=np.float64)
    missing = missing_entries(stored)
    allowed = np.ones(len(rows), dtype=np.bool_)
    for lines, left_out, of in ((rows, missing, n), (columns, csr_array(missing.T), p)):
        observed = of - np.diff(left_out.indptr)
        allowed[(np.bincount(lines, minlength=len(observed)) > MOST_HELD_OUT * observed)[lines]] = False
    rows, columns = rows[allowed], columns[allowed]
    return csr_array((np.ones(len(rows), dtype=np.bool_), (rows, columns)), shape=(p, n))


def check_entries(values: Any, row: str, column: str) -> None:
    """Refuse negative and infinite values, naming the first by what rows and columns are.

    Raises
    ------
    InputError
        With the number of such values, and the first of them.
    """
    dense = isinstance(values, np.ndarray)
    data = values if dense else values.tocsr().data
    if data.size and data.min() >= 0.0 and data.max() <= LARGEST_VALUE:  # neither is true of NaN
        return
    for bad, what, hint in (
        (data < 0.0, "negative", "Give counts or intensities as they are, before centring or a logarithm."),
        (np.isinf(data), "infinite", "Correct it, or make it NaN, which is treated as missing."),
        (
            data > LARGEST_VALUE,
            f"larger than {LARGEST_VALUE:g}",
            "Divide all of them by one number: the modules stay the same.",
        ),
    ):
        if np.any(bad):
            first = int(np.argmax(bad))
            if dense:
                indices = divmod(first, values.shape[1])
            else:
                stored = values.tocsr()
                indices = int(np.searchsorted(stored.indptr, first, side="right")) - 1, int(stored.indices[first])
            number = int(np.count_nonzero(bad))
            raise InputError(
                f"{counted(number, 'value')} {'is' if number == 1 else 'are'} {what}: {data.flat[first]:g} in "
                f"{row} {indices[0]}, {column} {indices[1]}.",
                hint=hint,
            )


def missing_entries(values: Matrix) -> Sparse:
    """Return where a matrix is NaN, True in CSR."""
    if isinstance(values, np.ndarray):
        return csr_array(np.isnan(values))
    missing = csr_array((np.isnan(values.data), values.indices, values.indptr), shape=values.shape, copy=True)
    missing.eliminate_zeros()
    return missing


def check_kind(values: Any) -> None:
    """Refuse an array of which converting it to real numbers would silently lose a part.

    Raises
    ------
    InputError
        It is a masked array, or complex.
    """
    if isinstance(values, np.ma.MaskedArray):
        raise InputError("The mask of a masked array would be ignored.", hint="Make it NaN: values.filled(numpy.nan).")
    if np.iscomplexobj(values):
        raise InputError("Complex values have no non-negative factors.")


def _left_out(stored: Matrix, held_out: Mask | Sparse | None) -> Sparse | None:
    """Return where nothing is observed, True in CSR; None if nowhere."""
    if held_out is not None and (held_out.shape != stored.shape or held_out.dtype != np.bool_):
        raise InputError(
            f"What is held out is an array of bool of shape {stored.shape}, not of {held_out.dtype} of shape "
            f"{held_out.shape}."
        )
    is_complete = not np.any(np.isnan(stored if isinstance(stored, np.ndarray) else stored.data))
    if held_out is None:
        return None if is_complete else missing_entries(stored)
    return csr_array(held_out if is_complete else missing_entries(stored) + csr_array(held_out))


def check_observed(left_out: Sparse | None, row: str, column: str) -> None:
    """Refuse a row or column of which nothing is observed: its factors would be undetermined.

    Raises
    ------
    InputError
        The first is named, by what rows and columns are.
    """
    if left_out is None:
        return
    for name, counts, most in (
        (row, np.diff(left_out.indptr), left_out.shape[1]),
        (column, np.bincount(left_out.indices, minlength=left_out.shape[1]), left_out.shape[0]),
    ):
        if np.any(counts == most):
            raise InputError(
                f"Nothing is observed of {name} {int(np.argmax(counts == most))}: all of it is missing or held out.",
                hint=f"Leave that {name} out.",
            )


def _without(stored: Matrix, left_out: Sparse | None) -> Matrix:
    """Return a copy of V with 0 where nothing is observed, dense or in CSR as it came."""
    if isinstance(stored, np.ndarray):
        filled = stored.copy()
        if left_out is not None:
            filled[left_out.nonzero()] = 0.0
        return filled
    filled = csr_array(stored, copy=True)
    if left_out is None:
        filled.sum_duplicates()
    else:
        filled.data = np.where(np.isnan(filled.data), 0.0, filled.data)
        filled = csr_array(filled - filled.multiply(left_out))
    filled.eliminate_zeros()
    return filled
