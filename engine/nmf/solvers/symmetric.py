# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# (scipy ships no types for what becomes of a sparse array)
"""Symmetric KL-NMF, V ≈ W Wᵀ with the diagonal left out: modules of a matrix of similarities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array, issparse

from ...errors import InputError
from .descent import descend_symmetric
from .factorization import Factorization, finish
from .kernels import FLOOR
from .observed import MOST_HELD_OUT, Observed, missing_entries, observe
from .solver import check_rank, check_size

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .observed import Mask, Sparse


MOST_PAIRS = 1_000_000
"""Most pairs held out: more of them teach nothing more, and holding them out takes as long as the fit."""

ROUNDING = 1e-8
"""Largest difference of two mirrored entries, as a share of the largest entry."""


def observe_symmetric(values: Any, *, held_out: Mask | Sparse | None = None, dtype: type = np.float32) -> Observed:
    """Return a symmetric matrix ready to be factored, its diagonal left out.

    Parameters
    ----------
    values : ndarray or sparse array, shape (p, p)
        Similarities, symmetric and not negative; NaN is missing.
    held_out : ndarray or sparse array of bool, shape (p, p), optional
        Entries to leave out besides; of (i, j) and (j, i) both or neither.
    dtype : numpy.float32 or numpy.float64
        The precision of the factors.

    Raises
    ------
    InputError
        The matrix is not symmetric, or as for `observe`.
    """
    if len(values.shape) != 2 or values.shape[0] != values.shape[1]:
        raise InputError(f"A symmetric matrix has as many rows as columns, unlike {values.shape}.")
    missing = missing_entries(csr_array(values) if bool(issparse(values)) else np.asarray(values, dtype=np.float64))
    positions, mirrored = missing.nonzero(), csr_array(missing.T).nonzero()
    if any(not np.array_equal(upper, lower) for upper, lower in zip(positions, mirrored, strict=True)):
        raise InputError("The matrix is not symmetric: of two entries that should be one, only one is missing.")
    largest = _largest(values - values.T)
    if largest > ROUNDING * _largest(values):
        raise InputError(f"The matrix is not symmetric: two entries that should be one differ by {largest:.3g}.")
    size = values.shape[0]
    diagonal = csr_array((np.ones(size, dtype=np.bool_), (np.arange(size), np.arange(size))), shape=(size, size))
    observed = observe(values, held_out=diagonal if held_out is None else diagonal + csr_array(held_out), dtype=dtype)
    return Observed(observed.rows, observed.rows, observed.scale)  # its columns are its rows: it is stored once


def speckled_pairs(values: Any, share: float, seed: int) -> Sparse:
    """Return pairs of genes to hold out, (i, j) with (j, i), sparse: a share of all, at the most `MOST_PAIRS`."""
    shape = values.shape
    size, stream = shape[0], np.random.default_rng([seed, 11])
    number = min(int(share * size * (size - 1) / 2), MOST_PAIRS)
    first, second = stream.integers(0, size, number), stream.integers(0, size, number)
    apart = first != second
    rows, columns = np.concatenate([first[apart], second[apart]]), np.concatenate([second[apart], first[apart]])
    mask = csr_array((np.ones(len(rows), dtype=np.bool_), (rows, columns)), shape=shape)
    mask.sum_duplicates()
    full = np.diff(mask.indptr) > MOST_HELD_OUT * size
    keep = csr_array((~full).astype(np.bool_)[:, None] & (~full)[None, :]) if np.any(full) else None
    return mask if keep is None else csr_array(mask.multiply(keep))


def fit_symmetric(
    observed: Observed,
    rank: int,
    *,
    seed: int = 0,
    start: NDArray[np.float64] | None = None,
    tolerance: float = 1e-7,
    most_sweeps: int = 2_000,
) -> Factorization:
    """Return the factor of a symmetric matrix, V ≈ W Wᵀ.

    Parameters
    ----------
    observed : Observed
        V, shape (p, p), from `observe_symmetric`.
    rank : int
        R.
    seed : int
        The start is drawn with it.
    start : ndarray, shape (p, R), optional
        The factor to start from.
    tolerance, most_sweeps
        As for `fit`.

    Returns
    -------
    Factorization
        `modules` sum to one, and modules × usage is W Wᵀ. The divergence is that of the pairs i ≠ j, each counted
        once. O(p² R) a sweep, O(nnz R) for a sparse V, on one thread: each line's weights depend on those before it.

    Notes
    -----
    With the diagonal left out, the divergence by the weights of one gene is that of one row of V ≈ W Hᵀ, so the same
    majorisers serve (`kernels`), and it never rises.
    """
    check_rank(observed, rank)
    _check_without_diagonal(observed)
    w = _prepare_start(observed, rank, seed, start)
    descent = descend_symmetric(observed.rows, w, tolerance, most_sweeps)
    start_seed = seed if start is None else None
    return finish(observed, descent.w, descent.w, descent.trace, converged=descent.converged, seed=start_seed)


def _check_without_diagonal(observed: Observed) -> None:
    """Refuse a matrix that `observe_symmetric` did not make: the weights of a line would be on both sides."""
    stored, (p, n) = observed.rows.stored, observed.shape
    lines = np.repeat(np.arange(p), np.diff(stored.missing_starts))
    if p != n or np.count_nonzero(lines == stored.missing) < p:
        raise InputError(
            f"A matrix of {p:,} × {n:,} that includes its diagonal has no symmetric factor.",
            hint="Make it with `observe_symmetric`, which leaves the diagonal out.",
        )


def symmetric_factor(factorization: Factorization) -> NDArray[np.float64]:
    """Return W, shape (p, R), of a symmetric factorization V ≈ W Wᵀ: a start from which a fit continues."""
    return factorization.modules * np.sqrt(factorization.usage.sum(axis=1))


def _largest(values: Any) -> float:
    """Return the largest absolute value of a matrix, dense or sparse; 0 if there is none."""
    stored = np.asarray(values) if isinstance(values, np.ndarray) else csr_array(values).data
    return float(np.nanmax(np.abs(stored), initial=0.0))


def _prepare_start(observed: Observed, rank: int, seed: int, start: NDArray[np.float64] | None) -> NDArray[Any]:
    size = observed.shape[0]
    if start is None:
        drawn = np.random.default_rng(seed).uniform(0.05, 1.0, size=(size, rank))
        return (drawn * np.sqrt(1.0 / rank) / 0.525).astype(observed.dtype)
    if start.shape != (size, rank) or not np.all(np.isfinite(start)) or np.any(start < 0.0):
        raise InputError(f"A start of shape {start.shape} does not fit: ({size}, {rank}), none of it negative, does.")
    check_size(observed, start, start.T)
    return np.maximum(start / np.sqrt(observed.scale), FLOOR).astype(observed.dtype)
