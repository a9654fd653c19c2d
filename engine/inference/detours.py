"""What of a shrunk partial correlation comes of a path through one other gene, and is no edge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy import sparse

    from ..network.pairs.strongest import SelectedPairs


def edge_matrix(selection: SelectedPairs, size: int) -> sparse.csr_array:
    """Return selected pairs as a symmetric sparse matrix of their ρ.

    Parameters
    ----------
    selection : SelectedPairs
        Pairs with ρ as their first value.
    size : int
        p.
    """
    from scipy import sparse  # which is loaded for bases with samples alone

    left, right = selection.pairs.T
    rho = selection.values[:, 0]
    rows, columns = np.concatenate([left, right]), np.concatenate([right, left])
    return sparse.csr_array((np.concatenate([rho, rho]), (rows, columns)), shape=(size, size))


def without_detours(
    pairs: NDArray[np.intp], rho: NDArray[np.float64], edges: sparse.csr_array, intensity: float
) -> NDArray[np.float64]:
    """Return |ρ| of pairs less what the strongest path through one other gene accounts for.

    Where two genes are correlated through a third alone, their partial correlation is 0, but its shrunk estimate is
    not: shrinkage takes away a part of what the third gene explains. To first order the part that is left is
    λ/(1−λ) ρ_ik ρ_kj. Only one path counts, the strongest: in a group of genes that are all alike, each pair has as
    many paths as there are other members, and their sum would take every edge away.

    Parameters
    ----------
    pairs : ndarray of intp, shape (E, 2)
        Indices of genes.
    rho : ndarray of float64, shape (E,)
        Their partial correlations.
    edges : sparse array, shape (p, p)
        ρ of the pairs that paths may go along; symmetric, its diagonal empty.
    intensity : float
        λ, above 0 and below 1.

    Returns
    -------
    ndarray of float64, shape (E,)
        |ρ_ij| − λ/(1−λ) max_k |ρ_ik ρ_kj|, at least 0; over paths of the sign of ρ_ij, else |ρ_ij|.

    Notes
    -----
    Of three genes with r_ij = r_ik r_kj, and correlations shrunk to (1−λ)r, −θ_ij/√(θ_ii θ_jj) is
    λ/(1−λ) ab / √((1−a²)(1−b²)), with a = (1−λ) r_ik and b = (1−λ) r_kj. The evidence is in
    `docs/decisions/0027-which-edges-can-be-told-from-chance.md`. O(Σ degrees of the pairs' genes).

    Examples
    --------
    >>> from scipy import sparse
    >>> chain = sparse.csr_array(np.array([[0.0, 0.4, 0.0], [0.4, 0.0, 0.4], [0.0, 0.4, 0.0]]))
    >>> without_detours(np.array([[0, 2], [0, 1]]), np.array([0.2, 0.4]), chain, 0.5).round(2)
    array([0.04, 0.4 ])
    """
    strengths = np.abs(rho)
    if not len(pairs):
        return strengths
    weight = intensity / (1.0 - intensity)
    order = np.argsort(pairs[:, 0], kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(pairs[order, 0]) != 0])
    row = np.zeros(edges.shape[0])
    for first, last in zip(starts, [*starts[1:], len(order)], strict=True):
        chosen = order[first:last]
        gene = int(pairs[chosen[0], 0])
        of_gene = slice(edges.indptr[gene], edges.indptr[gene + 1])
        row[edges.indices[of_gene]] = edges.data[of_gene]
        strengths[chosen] -= weight * _strongest_paths(row, pairs[chosen, 1], np.sign(rho[chosen]), edges)
        row[edges.indices[of_gene]] = 0.0
    return np.maximum(strengths, 0.0)


def _strongest_paths(
    row: NDArray[np.float64], partners: NDArray[np.intp], signs: NDArray[np.float64], edges: sparse.csr_array
) -> NDArray[np.float64]:
    """Return, of one gene's ρ with all and each of some partners, the largest product along a path of a sign."""
    degrees: NDArray[np.intp] = (edges.indptr[partners + 1] - edges.indptr[partners]).astype(np.intp)
    longest = np.zeros(len(partners))
    if not degrees.sum():
        return longest
    ends: NDArray[np.intp] = np.cumsum(degrees)
    starts = edges.indptr[partners] - (ends - degrees)
    positions = np.repeat(starts, degrees) + np.arange(int(ends[-1]), dtype=np.intp)
    products = row[edges.indices[positions]] * edges.data[positions] * np.repeat(signs, degrees)
    has_any = degrees > 0
    longest[has_any] = np.maximum.reduceat(products, (ends - degrees)[has_any])
    return np.maximum(longest, 0.0)
