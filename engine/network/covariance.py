"""The two forms of a base covariance: dense, and factors plus noise.

A base is what a version starts from. Its rows may be in memory or on disk: `MatrixSource` is all that the
engine needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np

from ..errors import InputError, NotPositiveDefinite, ShapeError
from .stored_rows import compute_anew, is_stored, map_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from .stored_rows import Recall, StoredRows

BLOCK_BYTES = 16 << 20
"""Approximate size of a block of rows of a dense matrix, in bytes: small enough for the processor's caches."""


class MatrixSource(Protocol):
    """A symmetric p × p float64 matrix that is read by rows."""

    @property
    def shape(self) -> tuple[int, int]:
        """(p, p)."""
        ...

    def rows(self, indices: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return rows in the order of the indices, shape (m, p)."""
        ...

    def blocks(self) -> Iterator[tuple[slice, NDArray[np.float64]]]:
        """Yield runs of rows from first to last, each valid until the next one."""
        ...

    def diagonal(self) -> NDArray[np.float64]:
        """Return the diagonal, shape (p,)."""
        ...


@dataclass(frozen=True, slots=True)
class ArraySource:
    """A `MatrixSource` in memory.

    Parameters
    ----------
    values : ndarray of float64, shape (p, p)
        Symmetric; made read-only.
    """

    values: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[0] != self.values.shape[1]:
            raise ShapeError(f"A covariance is square; this array has shape {self.values.shape}.")
        _freeze(self.values)

    @property
    def shape(self) -> tuple[int, int]:
        """(p, p)."""
        return (len(self.values), len(self.values))

    def rows(self, indices: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return a copy of rows in the order of the indices, shape (m, p)."""
        return self.values[indices]

    def blocks(self) -> Iterator[tuple[slice, NDArray[np.float64]]]:
        """Yield runs of rows from first to last."""
        for block in row_blocks(*self.shape):
            yield block, self.values[block]

    def diagonal(self) -> NDArray[np.float64]:
        """Return the diagonal, shape (p,)."""
        return self.values.diagonal().copy()


@dataclass(frozen=True, slots=True)
class DenseCovariance:
    """A base as a p × p covariance Σ₀ and its inverse Θ₀.

    Parameters
    ----------
    covariance, precision : MatrixSource
        Both (p, p), each the other's inverse; `inversion.invert` makes the pair.
    log_det : float
        log |Σ₀|.
    """

    covariance: MatrixSource
    precision: MatrixSource
    log_det: float

    def __post_init__(self) -> None:
        if self.covariance.shape != self.precision.shape:
            raise ShapeError(
                f"A covariance of shape {self.covariance.shape} and a precision of shape "
                f"{self.precision.shape} do not belong together."
            )

    @property
    def size(self) -> int:
        """The number of genes p."""
        return self.covariance.shape[0]

    def standard_deviations(self) -> NDArray[np.float64]:
        """Return the standard deviation of each gene, shape (p,), in the units of the expression."""
        return np.sqrt(self.covariance.diagonal())


@dataclass(frozen=True, slots=True)
class FactorCovariance:
    """A base as factors plus noise, Σ₀ = diag(noise) + B F Bᵀ, never formed.

    Parameters
    ----------
    noise : ndarray of float64, shape (p,)
        The variance of each gene that no factor explains; positive.
    loadings : ndarray of float64, shape (p, K)
        B: genes by factors; K may be 0. `StoredRows` too, which are checked as they are read, and not here.
    factor_covariance : ndarray of float64, shape (K, K), optional
        F, symmetric positive definite; the identity when absent.

    Raises
    ------
    ShapeError
        The arrays do not fit together.
    InputError
        A value is not finite, or a noise variance is not positive.
    NotPositiveDefinite
        F is not positive definite.
    """

    noise: NDArray[np.float64]
    loadings: NDArray[np.float64]
    factor_covariance: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        genes, factors = _check_shape(self.noise, self.loadings)
        if not (np.all(np.isfinite(self.noise)) and (is_stored(self.loadings) or np.all(np.isfinite(self.loadings)))):
            raise InputError("The factor model holds a value that is not finite.")
        if not np.all(self.noise > 0):
            worst = int(np.argmin(self.noise))
            raise InputError(
                f"Noise variances must be positive; gene number {worst} of {genes} has {self.noise[worst]:g}."
            )
        if self.factor_covariance is not None:
            check_pathway_covariance(self.factor_covariance, factors)
        _freeze(self.noise, self.loadings, self.factor_covariance)

    @property
    def size(self) -> int:
        """The number of genes p."""
        return len(self.noise)

    def columns(self) -> NDArray[np.float64]:
        """Return U₀ with U₀U₀ᵀ = B F Bᵀ, shape (p, K): B times the Cholesky factor of F; `StoredRows` of such."""
        if self.factor_covariance is None:
            return self.loadings
        root = np.linalg.cholesky(self.factor_covariance)
        if is_stored(self.loadings):  # not by BLAS, for which the bits of a row depend on how many there are
            return map_rows(self.loadings, lambda _, rows: np.einsum("ik,kl->il", rows, root))
        return self.loadings @ root

    def standard_deviations(self) -> NDArray[np.float64]:
        """Return the standard deviation of each gene, shape (p,), in the units of the expression; or `StoredRows`."""
        columns = self.columns()
        if is_stored(columns):
            return map_rows(columns, self._deviations, shape=(self.size,))
        return self._deviations(slice(None), columns)

    def _deviations(self, genes: NDArray[np.intp] | slice, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.sqrt(self.noise[genes] + np.einsum("ik,ik->i", columns, columns))

    def _are_deviations(self, values: NDArray[np.float64], stream: np.random.Generator) -> bool:
        """Return whether numbers can be the standard deviations: above those of the noise, and right for some genes."""
        genes = np.sort(stream.choice(self.size, size=min(32, self.size), replace=False)).astype(np.intp)
        own = np.asarray(self.standard_deviations()[genes])
        is_above_noise = (np.square(values) >= self.noise * (1.0 - 1e-9)).all()
        return bool(is_above_noise and np.allclose(values[genes], own, rtol=1e-9))

    def penalised(self, penalty: float, recall: Recall = compute_anew) -> FactorCovariance:
        """Return Σ + τV, where V has the variances of Σ on its diagonal and τ ≥ 0 is the penalty, in O(pK).

        Parameters
        ----------
        penalty : float
            τ.
        recall : Recall
            Remembers the standard deviations.

        Examples
        --------
        >>> FactorCovariance(np.ones(2), np.ones((2, 1))).penalised(0.5).noise
        array([2., 2.])
        """
        deviations = recall(
            "standard deviations",
            lambda: np.asarray(self.standard_deviations()),
            shape=(self.size,),
            operations=2.0 * self.size * self.loadings.shape[1],
            check=self._are_deviations,
        )
        noise = self.noise + penalty * np.square(deviations)
        return FactorCovariance(noise, self.loadings, self.factor_covariance)


Covariance = DenseCovariance | FactorCovariance
"""A base, in either form."""


def check_pathway_covariance(matrix: NDArray[np.float64], size: int) -> None:
    """Refuse a pathway covariance that is not symmetric positive definite of this size."""
    if matrix.shape != (size, size):
        raise ShapeError(f"A pathway covariance for {size} columns has shape ({size}, {size}), not {matrix.shape}.")
    if not np.all(np.isfinite(matrix)):
        raise InputError("The pathway covariance holds a value that is not finite.")
    if not np.allclose(matrix, matrix.T, rtol=1e-10, atol=0.0):
        raise InputError("The pathway covariance is not symmetric.")
    smallest = float(np.linalg.eigvalsh(matrix)[0]) if size else 1.0
    if smallest <= 0:
        raise NotPositiveDefinite(
            f"The pathway covariance is not positive definite: its smallest eigenvalue is {smallest:.3g}.",
            eigenvalue=smallest,
        )


def blocks_of(array: NDArray[np.float64]) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Yield runs of rows of a matrix from first to last: the same runs in memory and of `StoredRows`."""
    if is_stored(array):
        yield from cast("StoredRows", array).blocks()
        return
    for block in row_blocks(*array.shape):
        yield block, array[block]


def row_blocks(rows: int, columns: int) -> Iterator[slice]:
    """Yield slices of consecutive rows of a float64 matrix, each about `BLOCK_BYTES`."""
    step = max(1, BLOCK_BYTES // (8 * max(columns, 1)))
    for start in range(0, rows, step):
        yield slice(start, min(start + step, rows))


def _check_shape(noise: NDArray[np.float64], loadings: NDArray[np.float64]) -> tuple[int, int]:
    if noise.ndim != 1 or loadings.ndim != 2 or len(noise) != len(loadings):
        raise ShapeError(f"Noise of shape {noise.shape} does not fit loadings of shape {loadings.shape}.")
    return loadings.shape


def _freeze(*arrays: NDArray[np.float64] | None) -> None:
    for array in arrays:
        if array is not None and not is_stored(array):
            array.setflags(write=False)
