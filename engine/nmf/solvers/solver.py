"""The solver of KL-NMF: sweeps of exact one-coordinate majorisers, with extrapolation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import InputError
from ...mapping import Threads
from ...threads import cores
from .descent import descend
from .factorization import Factorization, finish
from .kernels import FLOOR

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from ...mapping import Mapper
    from .observed import Observed

    Factors = tuple[NDArray[Any], NDArray[Any]]  # W of shape (p, R) and Hᵀ of shape (n, R)


LARGEST_START = 1e12
"""How many times as large as the matrix a start may be for single precision to hold the sweeps from there."""


def fit(
    observed: Observed,
    rank: int,
    *,
    seed: int = 0,
    start: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None,
    tolerance: float = 1e-7,
    most_sweeps: int = 2_000,
    threads: int | None = None,
) -> Factorization:
    """Return non-negative factors of a matrix, V ≈ W H.

    Parameters
    ----------
    observed : Observed
        V, shape (p, n).
    rank : int
        R, from 1 to the smaller of p and n.
    seed : int
        The start is drawn with it.
    start : pair of ndarray, shape (p, R) and (R, n), optional
        The factors to start from, in units of V; the seed is not used then.
    tolerance : float
        The fit has converged when three sweeps in a row gain less than this share of the divergence.
    most_sweeps : int
        The fit ends after so many, converged or not.
    threads : int, optional
        At the most; as many as there are cores by default. The answer has the same bits with any number.

    Returns
    -------
    Factorization
        In O(p n R) a sweep, O(nnz R) for a sparse V.

    Raises
    ------
    InputError
        The rank or the start does not fit the matrix.

    Notes
    -----
    Each half-sweep updates every coordinate of one factor once, to the least point of a majoriser that agrees with the
    divergence to second order (`kernels`), so that the divergence never rises. Once sweeps gain little, they are
    extrapolated by a share of the last change, after Ang & Gillis (2019), Neural Computation 31, 417–439; a step that
    makes the divergence rise is rejected, and the share halved.
    """
    check_rank(observed, rank)
    first = _draw_start(observed, rank, seed) if start is None else _check_start(observed, rank, start)
    w, h = _balance(*first)
    threads = threads or cores()
    descent = descend(observed.rows, observed.columns, w, h, tolerance, most_sweeps, threads)
    start_seed = seed if start is None else None
    return finish(observed, descent.w, descent.h, descent.trace, converged=descent.converged, seed=start_seed)


def fit_each(
    observed: Observed,
    rank: int,
    seeds: Sequence[int],
    *,
    mapper: Mapper | None = None,
    progress: Callable[[], object] = lambda: None,
    **options: Any,
) -> list[Factorization]:
    """Return a fit from each of several seeds, in their order, side by side; arguments as for `fit`.

    Parameters
    ----------
    mapper : Mapper, optional
        What runs the fits; a thread a core by default.
    progress : callable
        Called after each fit.
    """
    fits: list[Factorization] = []
    mapper = mapper or Threads(cores())
    for factorization in mapper(_fit_from, seeds, shared=(observed, rank, options)):
        fits.append(factorization)
        progress()
    return fits


def _fit_from(shared: tuple[Observed, int, dict[str, Any]], seed: int) -> Factorization:
    observed, rank, options = shared
    return fit(observed, rank, seed=seed, threads=1, **options)


def check_rank(observed: Observed, rank: int) -> None:
    """Refuse a rank that a matrix has no factors of.

    Raises
    ------
    InputError
        It is below 1, or above the smaller of p and n.
    """
    most = min(observed.shape)
    if not 1 <= rank <= most:
        p, n = observed.shape
        raise InputError(
            f"A matrix of {p:,} × {n:,} has no factors of rank {rank}.", hint=f"Choose a rank from 1 to {most:,}."
        )


def _draw_start(observed: Observed, rank: int, seed: int) -> Factors:
    """Return a start: each entry of the factors drawn from U(.05, 1), so that each module begins with all genes."""
    stream = np.random.default_rng(seed)
    height = np.sqrt(1.0 / rank) / 0.525  # the mean of V / scale is 1
    p, n = observed.shape
    w, h = (height * stream.uniform(0.05, 1.0, size=(size, rank)) for size in (p, n))
    return (w.astype(observed.dtype), h.astype(observed.dtype))


def _check_start(observed: Observed, rank: int, start: tuple[NDArray[np.float64], NDArray[np.float64]]) -> Factors:
    w, h = (np.asarray(factor, dtype=np.float64) for factor in start)
    (p, n) = observed.shape
    if w.shape != (p, rank) or h.shape != (rank, n):
        raise InputError(f"A start of shapes {w.shape} and {h.shape} does not fit: ({p}, {rank}) and ({rank}, {n}) do.")
    if not all(factor.min() >= 0.0 and factor.max() < np.inf for factor in (w, h)):  # neither is true of NaN
        raise InputError("A start may hold no negative number, and none that is not finite.")
    check_size(observed, w, h)
    return (w.astype(observed.dtype), (h.T / observed.scale).astype(observed.dtype))


def check_size(observed: Observed, w: NDArray[np.float64], h: NDArray[np.float64]) -> None:
    """Refuse a start, shapes (p, R) and (R, n), whose product is far larger than the matrix.

    Raises
    ------
    InputError
        It is; single precision might not hold the sweeps from there.
    """
    p, n = observed.shape
    with np.errstate(over="ignore", invalid="ignore"):
        size = float(np.sum(w.sum(axis=0) * h.sum(axis=1))) / (observed.scale * p * n)
    largest = max(float(w.max()), float(h.max() / observed.scale))
    if not (size <= LARGEST_START and largest <= LARGEST_START**2):
        raise InputError(
            f"A start whose product is {size:.3g} times as large as the matrix cannot be used.",
            hint="Scale it so that W H is about as large as V, and W and H about as large as each other.",
        )


def _balance(w: NDArray[Any], h: NDArray[Any]) -> Factors:
    """Return the same product with factors whose columns have equal sums, so that single precision suits both."""
    sums = [np.maximum(factor.sum(axis=0, dtype=np.float64), 1e-30) for factor in (w, h)]
    ratio = np.sqrt(sums[1] / sums[0])
    return (
        np.ascontiguousarray(np.maximum(w * ratio, FLOOR), dtype=w.dtype),
        np.ascontiguousarray(np.maximum(h / ratio, FLOOR), dtype=h.dtype),
    )
