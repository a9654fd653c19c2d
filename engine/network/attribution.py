"""The contribution of each pathway of a version to an edge: ρ of the version less ρ of the version without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from ..threads import one_blas_thread
from .operators import bounded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .panel import Gene
    from .pathway import Pathway
    from .snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one pathway does to the partial correlations of a gene with others.

    Parameters
    ----------
    pathway : Pathway
        The pathway left out.
    rho : ndarray of float64, shape (k,)
        ρ of the gene with each other gene in the version.
    rho_without : ndarray of float64, shape (k,)
        The same in the version without the pathway; NaN where that version does not exist, because something
        subtracted needs the pathway.
    """

    pathway: Pathway
    rho: NDArray[np.float64]
    rho_without: NDArray[np.float64]

    @property
    def delta(self) -> NDArray[np.float64]:
        """ρ of the version less ρ of the version without the pathway, shape (k,)."""
        return self.rho - self.rho_without


def contributions(snapshot: Snapshot, gene: Gene, others: NDArray[np.intp]) -> list[Contribution]:
    """Return what each pathway of a snapshot does to one gene's partial correlations.

    Parameters
    ----------
    snapshot : Snapshot
        The version, read from the anchor of its base: a pathway folded into an anchor cannot be left out.
    gene : str or int
        By name or index.
    others : ndarray of intp, shape (k,)
        Indices of the partners, the gene not among them.

    Raises
    ------
    InputError
        The gene is among its partners.

    Returns
    -------
    list of Contribution
        One a pathway, in the snapshot's order.

    Notes
    -----
    With P = (J + UᵀA⁻¹U)⁻¹ and Y = A⁻¹U P, leaving the columns k out of U gives Θ + Y_k P_kk⁻¹ Y_kᵀ (the inverse of a
    bordered matrix), so that one P serves all pathways: O((K + r)³ + k (K + r)²), and no version is built again. The
    version without k is positive definite exactly when P_kk has the signs of the part of J that belongs to k.
    """
    index = snapshot.panel.index(gene)
    if np.any(others == index):
        name = snapshot.panel.names([index])[0]
        raise InputError(f"{name} is not a partner of itself.", hint="Name two different genes.")
    indices = np.concatenate([[index], others]).astype(np.intp)
    with one_blas_thread():
        inverse = snapshot.capacitance.inverse()
        response = snapshot.capacitance.projected(indices) @ inverse
        precision = snapshot.precision
        row = precision.block([index], indices)[0]
        diagonal = precision.diagonal(indices)
        rho = _rho(row, diagonal)
        answer: list[Contribution] = []
        start = snapshot.capacitance.anchor.columns.shape[1]
        for pathway in snapshot.pathways:
            columns = slice(start, start + pathway.rank)
            without = _without(row, diagonal, response[:, columns], inverse[columns, columns], pathway.sign)
            answer.append(Contribution(pathway, rho, without))
            start += pathway.rank
    return answer


def _without(
    row: NDArray[np.float64],
    diagonal: NDArray[np.float64],
    response: NDArray[np.float64],
    inverse: NDArray[np.float64],
    sign: int,
) -> NDArray[np.float64]:
    """Return ρ after the columns with this response are left out, shape (k,)."""
    if np.linalg.eigvalsh(sign * inverse)[0] <= 0:
        return np.full(len(row) - 1, np.nan)
    correction = np.linalg.solve(inverse, response.T)
    return _rho(row + response[0] @ correction, diagonal + np.einsum("ik,ki->i", response, correction))


def _rho(row: NDArray[np.float64], diagonal: NDArray[np.float64]) -> NDArray[np.float64]:
    return bounded(-row[1:] / np.sqrt(diagonal[0] * diagonal[1:]))
