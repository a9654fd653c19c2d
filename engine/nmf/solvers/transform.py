# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# (scipy ships no types for what becomes of a sparse array)
"""New samples in the modules of a fit: how much of each module each of them has, the modules staying as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array, issparse

from ...errors import InputError
from ...mapping import Sequential, Threads, apply
from ...threads import cores
from ...wording import counted
from .kernels import FLOOR
from .observed import check_entries, check_kind, missing_entries
from .sides import Side

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .factorization import Factorization
    from .observed import Matrix, Sparse

NEGLIGIBLE = 1e-12
"""A weight below this share of its module's largest comes from the floor of the factors, and counts as 0."""

SWEEPS_BETWEEN_CHECKS = 10
"""Number of sweeps before convergence of the samples is checked again."""

WORTH_THREADS = 1_000_000
"""Least number of products in a sweep for which threads are worth starting."""


@dataclass(frozen=True, slots=True)
class Projection:
    """How much of each module new samples have.

    Parameters
    ----------
    usage : ndarray of float64, shape (R, m)
        H, in units of V; NaN where no gene of the module was observed in the sample.
    divergences : ndarray of float64, shape (m,)
        D = Σ v log(v / (WH)) − v + WH of each sample over what was observed, in units of V: how badly the modules fit.
    excess : ndarray of float64, shape (m,)
        How far above the least that the modules allow each divergence is at the most, in units of V.
    converged : ndarray of bool, shape (m,)
        Whether the excess came within the tolerance before the sweeps ran out.
    """

    usage: NDArray[np.float64]
    divergences: NDArray[np.float64]
    excess: NDArray[np.float64]
    converged: NDArray[np.bool_]

    def __post_init__(self) -> None:
        for array in (self.usage, self.divergences, self.excess, self.converged):
            array.setflags(write=False)


def transform(
    factorization: Factorization,
    values: Any,
    *,
    tolerance: float = 1e-10,
    most_sweeps: int = 10_000,
    threads: int | None = None,
) -> Projection:
    """Return how much of each module of a fit new samples have.

    Parameters
    ----------
    factorization : Factorization
        Its modules W, shape (p, R), are used, and stay as they are.
    values : ndarray or scipy sparse array, shape (p, m)
        V of the new samples, in the units and with the genes of the fit, in their order. NaN is missing.
    tolerance : float
        A sample is done when its divergence is known to be within this share of Σ v of the least possible.
    most_sweeps : int
        It ends after so many, `converged` or not.
    threads : int, optional
        At the most; as many as there are cores by default. The answer has the same bits with any number.

    Returns
    -------
    Projection
        In O(p m R) a sweep, O(nnz R) for a sparse V, in double precision. No sample depends on the others.

    Raises
    ------
    InputError
        The number of genes is another, or a value is negative or infinite; the first is named.

    Notes
    -----
    The divergence is convex in H, so there is one least value; where modules do not depend on each other, one H. With
    N = Σ v, T = Σ (WH) and B and s₁ as in `kernels`, it lies at the most T − N + N log maxᵣ (s₁ / B) below a sample's
    own (after Lindsay 1983, Ann. Stat. 11, 86–94): that is the excess, which is compared with the tolerance.

    A sample that is 0 throughout has a usage of 0. Where all genes of a module are missing in a sample nothing is known
    of that usage, and it is NaN; so are all usages of a sample that is missing throughout. A gene that no module of the
    fit has (it was 0 there) is not informative, and is left out, also of the divergence.

    Examples
    --------
    >>> from grnledger.engine.nmf import fit, observe, simulate_counts
    >>> counts = simulate_counts(30, 20, 2, seed=1).counts
    >>> modules = fit(observe(counts[:, :15]), 2)
    >>> new = transform(modules, counts[:, 15:])
    >>> new.usage.shape, bool(new.converged.all())
    ((2, 5), True)
    """
    check_kind(values)
    shape = np.shape(values)
    if len(shape) != 2 or shape[0] != len(factorization.modules):
        raise InputError(
            f"The modules have {counted(len(factorization.modules), 'gene')}, so new samples have the shape "
            f"({len(factorization.modules)}, m), not {shape}."
        )
    weights = np.where(
        factorization.modules < NEGLIGIBLE * factorization.modules.max(axis=0), 0.0, factorization.modules
    )
    known = np.flatnonzero(weights.any(axis=1))
    weights = np.ascontiguousarray(weights[known])
    samples = _copy_samples(values)
    check_entries(samples.T, "gene", "sample")
    samples = samples if len(known) == shape[0] else samples[:, known]
    missing = missing_entries(samples)
    totals = _scale_samples(samples)
    lines, seen = Side.from_matrix(samples, missing, np.float64), _observed_weights(missing, weights)

    def solve(which: NDArray[np.intp]) -> Projection:
        return _solve(lines.select(which), totals[which], seen[which], weights, tolerance, most_sweeps)

    bands = (threads or cores()) if lines.work(weights.shape[1]) >= WORTH_THREADS else 1
    mapper = Threads(bands) if bands > 1 else Sequential()
    parts = list(mapper(apply, np.array_split(np.arange(len(lines)), bands), shared=solve))
    return Projection(
        np.concatenate([part.usage for part in parts], axis=1),
        *(np.concatenate([getattr(part, name) for part in parts]) for name in ("divergences", "excess", "converged")),
    )


def _copy_samples(values: Any) -> Matrix:
    """Return a copy of Vᵀ, shape (m, p), dense or in CSR as it came."""
    if not bool(issparse(values)):
        return np.array(np.asarray(values).T, dtype=np.float64, order="C")
    samples = csr_array(values.T, dtype=np.float64, copy=True)
    samples.sum_duplicates()
    return samples


def _scale_samples(samples: Matrix) -> NDArray[np.float64]:
    """Make missing values 0 and each sample sum to one, in place; return their totals before, shape (m,)."""
    data = samples if isinstance(samples, np.ndarray) else samples.data
    data[np.isnan(data)] = 0.0
    totals = np.asarray(samples.sum(axis=1), dtype=np.float64)
    divisors = np.where(totals > 0.0, totals, 1.0)
    if isinstance(samples, np.ndarray):
        samples /= divisors[:, None]
    else:
        data /= np.repeat(divisors, np.diff(samples.indptr))
    return totals


def _observed_weights(missing: Sparse, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return B, the sum of each module's weights over the genes observed in each sample, shape (m, R)."""
    seen = np.tile(weights.sum(axis=0), (missing.shape[0], 1))
    for sample in np.flatnonzero(np.diff(missing.indptr)).tolist():
        left_out = missing.indices[missing.indptr[sample] : missing.indptr[sample + 1]]
        seen[sample] = np.delete(weights, left_out, axis=0).sum(axis=0)
    return seen


def _solve(
    lines: Side,
    totals: NDArray[np.float64],
    seen: NDArray[np.float64],
    weights: NDArray[np.float64],
    tolerance: float,
    most: int,
) -> Projection:
    """Return the usages of samples that sum to one each, or are 0 throughout, in units of their totals."""
    left, sweeps = np.flatnonzero(totals > 0.0), 0
    usage = np.zeros(seen.shape)
    usage[left] = 1.0 / seen[left].sum(axis=1, keepdims=True)
    excess = np.where(totals > 0.0, np.inf, 0.0)
    while len(left) and sweeps < most:
        active, part = usage[left], lines.select(left)
        for _ in range(min(SWEEPS_BETWEEN_CHECKS, most - sweeps)):
            part.sweep(active, weights, measured=False)
            sweeps += 1
        usage[left] = active
        largest = (1.0 - part.gradient(active, weights)).max(axis=1)
        excess[left] = np.sum(active * seen[left], axis=1) - 1.0 + np.log(largest)
        left = left[~(excess[left] <= tolerance)]
    divergences = totals * np.maximum(lines.divergences(usage, weights), 0.0)
    scaled = np.where(usage > FLOOR, usage * totals[:, None], 0.0)
    scaled[seen <= 0.0] = np.nan
    converged = np.ones(len(lines), dtype=np.bool_)
    converged[left] = False
    return Projection(np.ascontiguousarray(scaled.T), divergences, totals * np.maximum(excess, 0.0), converged)
