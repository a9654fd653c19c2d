"""Whether an inverse that was stored is one: a product with a random vector, or some rows, against what it is of.

An inverse of a covariance comes from a file, and can be whole, consistent in itself, and wrong. One product with a
random vector shows that in O(p²), in one pass over each matrix. It is drawn from a text that depends on every number
of the file, its content id, so that nobody can have chosen the numbers to please it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ..errors import NotPositiveDefinite
from ..threads import one_blas_thread, one_blas_thread_unless_large
from .columns import columns_of
from .dense.symmetry import largest_gap
from .stability import LARGEST_CONDITION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from .anchor import Anchor
    from .covariance import DenseCovariance, MatrixSource
    from .pathway import Pathway

SOUND_ERROR = 1e-6
"""Largest relative error of an inverse that counts as sound, whatever its condition."""

ROUNDING = 64 * float(np.finfo(np.float64).eps)
"""Error of a sound inverse for each unit of its condition, where that explains more than `SOUND_ERROR`."""

VECTORS = 3
"""Random vectors that a matrix is multiplied with at once: who tries again until one says nothing has to meet three."""

ROWS = 32
"""Rows by which an inverse is judged that is too large to be read whole."""


class Truth(Protocol):
    """A symmetric p × p matrix, computed in another way than by reading the one that is judged."""

    def times(self, right: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return Σ Y, shape (p, k)."""
        ...

    def rows(self, indices: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return rows of Σ, shape (m, p)."""
        ...


class VersionCovariance:
    """Σ of a version as its base and pathways give it, without its inverse or any small matrix.

    Parameters
    ----------
    anchor : Anchor
        That of the base.
    pathways : sequence of Pathway
        The active pathways, in any order.
    deviations : ndarray of float64, shape (p,)
        The standard deviation of each gene under the base.
    added : ndarray of float64, shape (p,), optional
        What is added to the variances.
    """

    def __init__(
        self,
        anchor: Anchor,
        pathways: Sequence[Pathway],
        deviations: NDArray[np.float64],
        added: NDArray[np.float64] | None = None,
    ) -> None:
        self._anchor = anchor
        self._columns = columns_of(pathways, deviations)
        signs = [float(pathway.sign) for pathway in pathways for _ in pathway.names]
        self._signs: NDArray[np.float64] = np.array(signs, dtype=np.float64)
        self._added = np.zeros(len(deviations)) if added is None else added

    @property
    def size(self) -> int:
        """The number of genes p."""
        return len(self._added)

    def times(self, right: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return Σ Y, shape (p, k), in O((pK + m) k), or one pass over a dense base."""
        factors, columns = self._anchor.columns, self._columns
        product = self._anchor.covariance.matmat(right) + factors @ (factors.T @ right)
        product += columns.times(self._signs[:, np.newaxis] * columns.transposed_times(right))
        return product + self._added[:, np.newaxis] * right

    def rows(self, indices: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return rows of Σ, shape (m, p)."""
        factors = self._anchor.columns
        rows = self._anchor.covariance.rows(indices) + (factors @ factors[indices].T).T
        rows += self._columns.times(self._signs[:, np.newaxis] * self._columns.rows(indices).T).T
        rows[np.arange(len(indices)), indices] += self._added[indices]
        return rows


@dataclass(frozen=True, slots=True)
class InverseError:
    """How far a stored pair Σ and Θ is from being a covariance and its inverse, in units where variances are 1.

    Parameters
    ----------
    error : float
        The largest entry of ΣΘg − g, of the asymmetry of either, and of Σ less the truth, of which one is given; not a
        number where a matrix holds what is none.
    condition : float
        ‖C‖₁ ‖C⁻¹‖₁ of the correlations C, of the rows that were read.
    """

    error: float
    condition: float

    @property
    def bound(self) -> float:
        """The largest error that rounding explains."""
        return max(SOUND_ERROR, ROUNDING * self.condition)

    @property
    def is_sound(self) -> bool:
        """Whether Θ is the inverse of Σ, as far as was looked."""
        return self.condition <= LARGEST_CONDITION and self.error <= self.bound

    def __str__(self) -> str:
        if not self.condition <= LARGEST_CONDITION:
            return f"its correlations have a condition of {self.condition:.1e}, and no digit of an inverse is right"
        return f"its precision is not the inverse of its covariance: the relative error is {self.error:.1e}"


def judge_inverse(pair: DenseCovariance, seed: str, truth: Truth | None = None) -> InverseError:
    """Return the error of a stored covariance and its inverse, by a product of each with random vectors: O(p²).

    Parameters
    ----------
    pair : DenseCovariance
        Σ and Θ as they were stored.
    seed : str
        Hexadecimal digits that nobody can choose freely, such as the content id of the file.
    truth : Truth, optional
        Σ from elsewhere; by default that of the pair.
    """
    vectors = _stream(seed).standard_normal((pair.size, VECTORS))
    with one_blas_thread(), np.errstate(all="ignore"):
        deviations, variances = pair.standard_deviations(), pair.covariance.diagonal()
        scale = deviations[:, np.newaxis]
        solved, inverse_norm, gap = _times(pair.precision, scale * vectors, deviations, pair.precision.diagonal())
        both = np.hstack([solved, vectors / scale])
        products, norm, other_gap = _times(pair.covariance, both, 1.0 / deviations, variances)
        errors = [gap / max(inverse_norm, 1.0), other_gap / max(norm, 1.0)]
        if truth is not None:
            expected = truth.times(both)
            errors.append(float(np.abs((products[:, VECTORS:] - expected[:, VECTORS:]) / scale).max()) / max(norm, 1.0))
            products = expected
        errors.append(float(np.abs(products[:, :VECTORS] / scale - vectors).max()))
    return InverseError(float(np.max(errors)), norm * inverse_norm)


def judge_rows(pair: DenseCovariance, seed: str, truth: Truth | None = None) -> InverseError:
    """Return the error of `ROWS` rows of a stored inverse, drawn from a seed: O(p); parameters as `judge_inverse`."""
    indices = np.sort(_stream(seed).choice(pair.size, size=min(ROWS, pair.size), replace=False)).astype(np.intp)
    with one_blas_thread(), np.errstate(all="ignore"):
        deviations = pair.standard_deviations()
        chosen = deviations[indices][:, np.newaxis]
        precision, covariance = pair.precision.rows(indices), pair.covariance.rows(indices)
        expected = covariance if truth is None else truth.rows(indices)
        norm = float((np.abs(covariance / chosen) / deviations).sum(axis=1).max())
        inverse_norm = float((np.abs(precision * chosen) * deviations).sum(axis=1).max())
        unit = (precision @ expected.T) * chosen / chosen.T - np.eye(len(indices))
        places = np.arange(len(indices))
        diagonal = precision[places, indices] - pair.precision.diagonal()[indices]
        errors = [
            float(np.abs(unit).max()),
            float(np.abs((covariance - expected) / chosen / deviations).max()),
            float(np.abs(diagonal * chosen[:, 0] ** 2).max()),
            float(np.abs(covariance[places, indices] / chosen[:, 0] ** 2 - 1.0).max()),
        ]
    return InverseError(float(np.max(errors)), norm * inverse_norm)


def factored_log_det(pair: DenseCovariance) -> float:
    """Return log |Σ| of a stored covariance, by Cholesky factorization: O(p³) operations and 8p² bytes.

    Raises
    ------
    NotPositiveDefinite
        Σ is no covariance.
    """
    from scipy.linalg import lapack  # which no other question here needs

    deviations = pair.standard_deviations()
    matrix = np.empty((pair.size, pair.size))
    for rows, values in pair.covariance.blocks():
        np.divide(values, deviations[rows, np.newaxis], out=matrix[rows])
        matrix[rows] /= deviations
    gap, row, column = largest_gap(matrix)
    if not gap <= SOUND_ERROR:
        raise NotPositiveDefinite(f"Its entry {row}, {column} is not its entry {column}, {row}.")
    with one_blas_thread_unless_large(pair.size):
        factor, failed = lapack.dpotrf(matrix.T, lower=0, clean=0, overwrite_a=1)
    if failed:
        raise NotPositiveDefinite(f"Its first {failed} genes have no positive definite covariance.")
    return 2.0 * float(np.sum(np.log(factor.diagonal())) + np.sum(np.log(deviations)))


def _times(
    source: MatrixSource, right: NDArray[np.float64], scale: NDArray[np.float64], diagonal: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float, float]:
    """Return M Y, the largest sum of a row's absolute values of the scaled matrix, and how far it is from symmetric.

    That is the largest entry of (M − Mᵀ) Y, and of its diagonal less the one that is stored beside it, scaled.
    """
    answer, mirrored, norm, gap = np.empty_like(right), np.zeros_like(right), 0.0, 0.0
    for rows, values in source.blocks():
        np.matmul(values, right, out=answer[rows])
        mirrored += values.T @ right[rows]
        norm = float(np.maximum(norm, (scale[rows] * (np.abs(values) @ scale)).max()))
        own = values[np.arange(len(values)), np.arange(rows.start, rows.stop)] - diagonal[rows]
        gap = float(np.maximum(gap, np.abs(own * scale[rows] ** 2).max()))
    return answer, norm, float(np.maximum(gap, np.abs((answer - mirrored) * scale[:, np.newaxis]).max()))


def _stream(seed: str) -> np.random.Generator:
    return np.random.default_rng(int(seed, 16))
