"""How ρ differs between two versions on one base: of low rank, so that most pairs are known to hardly change.

With C = J + UᵀA⁻¹U = L J Lᵀ the capacitance of a version, Θ = A⁻¹ − A⁻¹U C⁻¹UᵀA⁻¹. Without columns D of U, by the
inverse of a matrix in blocks,

    Θ_without = Θ + Y N⁻¹ Yᵀ,    Y = A⁻¹U C⁻¹E_D = W J L⁻¹E_D,    N = E_DᵀC⁻¹E_D

where E_D has the unit vectors of D, and W = A⁻¹U L⁻ᵀ. (Read from Θ without D, that is
Woodbury's identity; this form loses no digits where D is strong.) Both versions without what they have alone are one,
so that Θ_after − Θ_before = P with

    P = Y_b N_b⁻¹ Y_bᵀ − Y_a N_a⁻¹ Y_aᵀ = Σ_k t_k h_k h_kᵀ,    t_k = ±1

from the eigenvectors of both N: the first for columns that before has alone, the second for those of after. With
c_i = √(Θ_before,ii / Θ_after,ii) and y_ik = h_ik / √Θ_after,ii, for i ≠ j

    ρ_after,ij − ρ_before,ij = (c_i c_j − 1) ρ_before,ij − Σ_k t_k y_ik y_jk

is at most a_i a_j |c_i c_j − 1| + ‖y_i‖‖y_j‖, where a_i is the norm of gene i in the factor of ρ_before. The same holds
for a score, whose Θ is that of Σ with a penalty on its diagonal.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...threads import one_blas_thread
from ...triangular import solve_lower

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..capacitance import Capacitance
    from ..pairs.partial_correlations import PartialCorrelations

LARGEST_DISCREPANCY = 1e-9
"""Largest difference of a change by this form and as the difference of two ρ, beyond which the form is not used."""

CHECKED = 64
"""Number of genes for whose pairs both are compared: half of them with the largest changes."""


@dataclass(frozen=True, slots=True)
class LowRankChange:
    """ρ_after − ρ_before of any two genes.

    Parameters
    ----------
    growth : ndarray of float64, shape (p,)
        c − 1.
    factor : ndarray of float64, shape (p, r)
        y.
    signs : ndarray of float64, shape (r,)
        −t.
    discrepancy : float
        The largest difference from ρ_after − ρ_before that was seen.
    """

    growth: NDArray[np.float64]
    factor: NDArray[np.float64]
    signs: NDArray[np.float64]
    discrepancy: float = 0.0

    def of(self, left: NDArray[np.intp], right: NDArray[np.intp], rho: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the changes of genes with genes, shape (m, n), given ρ before."""
        growth = self.growth[left][:, None]
        change = (1.0 + growth) * self.growth[right]
        change += growth
        change *= rho
        change += (self.factor[left] * self.signs) @ self.factor[right].T
        return change


def low_rank_change(before: PartialCorrelations, after: PartialCorrelations) -> LowRankChange | None:
    """Return how ρ changes between two versions, in O(p (K + r) r); None, where they do not stand on one factor base.

    None too, where the form and the difference of both ρ do not agree to `LARGEST_DISCREPANCY`: near a covariance that
    is hardly positive definite.
    """
    first, second = before.capacitance, after.capacitance
    if first is None or second is None or not _on_one_base(first, second):
        return None
    with one_blas_thread(), np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        images, signs = zip(
            _without(before, _differing_columns(first, second)),
            _without(after, _differing_columns(second, first)),
            strict=True,
        )
        factor, t = np.hstack(images), np.concatenate([signs[0], -signs[1]])
        # Columns of before stand in units of Θ_before, those of after in units of Θ_after: both to those of after.
        ratio = after.scale / before.scale
        factor[:, : len(signs[0])] *= ratio[:, None]
        growth = _growth(np.square(factor / ratio[:, None]) @ t)
        change = LowRankChange(growth, factor, -t)
        discrepancy = _discrepancy(change, before, after) if len(t) else 0.0
    if not discrepancy <= LARGEST_DISCREPANCY:
        return None
    return LowRankChange(change.growth, change.factor, change.signs, discrepancy)


def _growth(lost: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return c − 1, where c = 1/√(1 + x), without taking the difference of what is nearly equal."""
    root = np.sqrt(1.0 + lost)
    return -lost / (root * (1.0 + root))


def _on_one_base(first: Capacitance, second: Capacitance) -> bool:
    if not (first.anchor.is_diagonal and second.anchor.is_diagonal):
        return False
    return first.anchor is second.anchor or (
        np.array_equal(first.anchor.precision.diagonal(), second.anchor.precision.diagonal())
        and (
            first.anchor.columns is second.anchor.columns or np.array_equal(first.anchor.columns, second.anchor.columns)
        )
    )


def _without(rho: PartialCorrelations, columns: list[int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what a precision gains without columns, in units of its own diagonal: h, shape (p, d), and its signs."""
    if not columns or rho.capacitance is None:
        return np.empty((len(rho.factor), 0)), np.empty(0)
    triangle = rho.capacitance.triangle
    unit = np.zeros((len(triangle), len(columns)))
    unit[columns, range(len(columns))] = 1.0
    root = solve_lower(triangle, unit)
    signed = rho.signature[:, None] * root
    eigenvalues, vectors = np.linalg.eigh(root.T @ signed)
    return rho.factor @ (signed @ (vectors / np.sqrt(np.abs(eigenvalues)))), np.sign(eigenvalues)


def _differing_columns(parts: Capacitance, others: Capacitance) -> list[int]:
    """Return the indices in U of the columns of pathways that one version has and another has not."""
    there = Counter(_columns_of(others))
    indices: list[int] = []
    first = len(parts.signature) - parts.loadings.shape[1]
    for index, column in enumerate(_columns_of(parts)):
        if there[column]:
            there[column] -= 1
        else:
            indices.append(first + index)
    return indices


def _columns_of(parts: Capacitance) -> list[tuple[float, bytes, bytes]]:
    """Return the columns of the pathways of a version: the sign, the genes and the loadings of each."""
    loadings = parts.loadings
    signs = parts.signature[len(parts.signature) - loadings.shape[1] :].tolist()
    ends = zip(loadings.starts[:-1].tolist(), loadings.starts[1:].tolist(), strict=True)
    return [
        (sign, loadings.genes[start:stop].astype(np.intp).tobytes(), loadings.values[start:stop].tobytes())
        for sign, (start, stop) in zip(signs, ends, strict=True)
    ]


def _discrepancy(change: LowRankChange, before: PartialCorrelations, after: PartialCorrelations) -> float:
    """Return how far changes by the form are from differences of ρ, and growth from that of the diagonal."""
    size = len(change.growth)
    norms = np.einsum("ij,ij->i", change.factor, change.factor)
    largest = np.argpartition(norms, -min(size, CHECKED // 2))[-(CHECKED // 2) :]
    genes = np.union1d(largest, np.arange(0, size, max(1, 2 * size // CHECKED)))
    rho = [(side.factor[genes] * side.signature) @ side.factor[genes].T for side in (before, after)]
    errors = np.abs(change.of(genes, genes, rho[0]) - (rho[1] - rho[0]))
    np.fill_diagonal(errors, 0.0)
    growth = np.abs((1.0 + change.growth) * before.scale / after.scale - 1.0)
    return float(np.maximum(errors.max(), growth.max()))  # not a number, where either is not
