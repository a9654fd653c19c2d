"""Partial correlations ρ of pairs of genes: for a block of them, for a gene with all, or pair by pair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ...threads import one_blas_thread
from ..anchor import Dense
from .blocks import BAND_BYTES, above_diagonal
from .scan_memory import require_scan

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..capacitance import Capacitance
    from ..covariance import MatrixSource
    from ..operators import SymmetricOperator
    from .blocks import Block


class RowMeasure(Protocol):
    """A number for each pair of one gene with another: ρ, or one made of it."""

    def row(self, index: int) -> NDArray[np.float64]:
        """Return the numbers of one gene with all, shape (p,)."""
        ...


class PairMeasure(RowMeasure, Protocol):
    """A number for each pair of genes, by whose magnitude pairs can be ranked: ρ, or one made of it."""

    @property
    def whole_rows(self) -> bool:
        """Whether a block costs as much as whole rows."""
        ...

    def block(self, block: Block) -> NDArray[np.float64]:
        """Return the numbers of a block of pairs, shape (b, w), 0 on or below the diagonal."""
        ...

    def pairs(self, pairs: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the numbers of pairs of two different genes, shape (E,)."""
        ...


@dataclass(frozen=True, slots=True)
class PartialCorrelations:
    """The partial correlations of a version, ready to be computed for any rows.

    Parameters
    ----------
    factor : ndarray of float64, shape (p, q)
        W with its rows divided by √Θ_ii.
    signature : ndarray of float64, shape (q,)
        The diagonal of J: ρ_ij = Σ_k J_k w_ik w_jk off the diagonal, less the dense part.
    dense : MatrixSource, optional
        A⁻¹ of a dense anchor; absent for a factor base, whose A⁻¹ is diagonal.
    scale : ndarray of float64, shape (p,)
        1/√Θ_ii.
    capacitance : Capacitance, optional
        What the precision was made of, by which two versions are known to differ little.
    """

    factor: NDArray[np.float64]
    signature: NDArray[np.float64]
    dense: MatrixSource | None
    scale: NDArray[np.float64]
    capacitance: Capacitance | None = None

    @property
    def whole_rows(self) -> bool:
        """Whether a block costs as much as whole rows: a dense part is read by rows."""
        return self.dense is not None

    def norms(self) -> NDArray[np.float64]:
        """Return ‖z‖ of each row of the factor, or a little more, shape (p,); in O(p) where its precision is known.

        Notes
        -----
        Where nothing is subtracted from a diagonal A, Θ_ii = a_ii − ‖w_i‖², with a the diagonal of A⁻¹, and
        ‖z_i‖² = a_ii/Θ_ii − 1. Rounding adds to that at most what q + 8 sums can.
        """
        known = self.capacitance
        if known is None or not known.anchor.is_diagonal or np.any(self.signature < 0):
            return np.sqrt(np.einsum("ij,ij->i", self.factor, self.factor))
        growth = known.anchor.precision.diagonal() * np.square(self.scale)
        growth *= 1.0 + (self.factor.shape[1] + 8) * 2.0**-50
        growth -= 1.0
        return np.sqrt(np.maximum(growth, 0.0, out=growth), out=growth)

    def block(self, block: Block) -> NDArray[np.float64]:
        """Return ρ of a block of pairs, shape (b, w), 0 on or below the diagonal."""
        rows, columns = block
        values = (self.factor[rows] * self.signature) @ self.factor[columns].T
        if self.dense is not None:
            part = self.dense.rows(np.arange(rows.start, rows.stop, dtype=np.intp))[:, columns]
            values -= self.scale[rows, None] * part * self.scale[columns]
        return above_diagonal(values, block)

    def row(self, index: int) -> NDArray[np.float64]:
        """Return ρ of one gene with all, shape (p,); 1 with itself."""
        values = self.factor @ (self.factor[index] * self.signature)
        if self.dense is not None:
            values -= self.scale[index] * self.dense.rows(np.array([index], dtype=np.intp))[0] * self.scale
        values[index] = 1.0
        return values

    def pairs(self, pairs: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return ρ of pairs of two different genes, in O(E (K + r)) and for a dense part O(E p).

        Parameters
        ----------
        pairs : ndarray of intp, shape (E, 2)
            Indices of the genes.

        Returns
        -------
        ndarray of float64, shape (E,)
        """
        values = np.empty(len(pairs))
        order = np.argsort(pairs[:, 0], kind="stable")  # so that each row of a dense part is read once a block
        height = max(1, BAND_BYTES // (8 * max(self.factor.shape[1], 1 if self.dense is None else len(self.scale))))
        for start in range(0, len(pairs), height):
            block = order[start : start + height]
            left, right = pairs[block].T
            rho = np.einsum("ij,ij->i", self.factor[left] * self.signature, self.factor[right])
            if self.dense is not None:
                genes, rows = np.unique(left, return_inverse=True)
                rho -= self.scale[left] * self.dense.rows(genes)[rows, right] * self.scale[right]
            values[block] = rho
        return values


@dataclass(frozen=True, slots=True)
class GeneRows:
    """The partial correlations of a version, one gene at a time: nothing p × (K + r) is formed for a factor base.

    Parameters
    ----------
    precision : SymmetricOperator
        Θ of the version.
    """

    precision: SymmetricOperator

    def row(self, index: int) -> NDArray[np.float64]:
        """Return ρ of one gene with all, shape (p,), 1 with itself; O(p (K + r)) where the diagonal is known."""
        if isinstance(self.precision.core, Dense):
            return partial_correlations(self.precision).row(index)
        roots = np.sqrt(self.precision.diagonal())
        values = self.precision.column(index)
        values /= roots
        values /= -roots[index]
        values[index] = 1.0
        return values


def partial_correlations(precision: SymmetricOperator, capacitance: Capacitance | None = None) -> PartialCorrelations:
    """Return the partial correlations of a precision, in O(p (K + r)²); with what it was made of, if known.

    Raises `EngineError`, code `memory-limit`, where their factor takes more memory than is allowed.
    """
    require_scan(len(precision.panel), len(precision.weights))
    with one_blas_thread():
        scale = 1.0 / np.sqrt(precision.diagonal())
        factor = scale[:, None] * precision.factor
    core = precision.core
    return PartialCorrelations(
        factor, -precision.weights, core.source if isinstance(core, Dense) else None, scale, capacitance
    )
