"""Exchangeable columns in place of residuals: what estimators that take samples for exchangeable can be given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEED = 0
"""Seed of the rotation of residuals."""


def exchangeable_columns(
    residuals: NDArray[np.float64], basis: NDArray[np.float64], seed: int = SEED
) -> NDArray[np.float64]:
    """Return residuals as m + 1 columns without order, of mean zero and of the same products, m = n − k.

    Parameters
    ----------
    residuals : ndarray of float64, shape (p, n)
        Rows that are orthogonal to the basis.
    basis : ndarray of float64, shape (n, k)
        Orthonormal columns that were removed.
    seed : int
        Of the rotation.

    Notes
    -----
    A shrinkage intensity compares products of genes from sample to sample, and takes samples for exchangeable.
    Residuals lie in m of n dimensions; in a basis of principal components, where one column has nearly all of a
    component, λ* would come out as 1. So they are written in m coordinates by the block reflector that maps the basis
    to the first axes (Schreiber and Parlett, SIAM Journal on Numerical Analysis 25 (1988)), rotated at random (twice:
    random signs, random order, and a discrete cosine transform, as in Ailon and Chazelle, STOC 2006), and spread over
    m + 1 columns that sum to zero, as n samples less their mean do: by the rows but the constant one of a discrete
    cosine transform of length m + 1. If samples are independent and normal, so are such columns, in any basis.
    O(pnk + pn log n).

    Examples
    --------
    >>> from .components import remove
    >>> values = np.random.default_rng(0).standard_normal((4, 9))
    >>> basis = np.full((9, 1), 1 / 3)
    >>> residuals = remove(values, basis)
    >>> columns = exchangeable_columns(residuals, basis)
    >>> np.allclose(columns @ columns.T, residuals @ residuals.T), np.allclose(columns.sum(axis=1), 0)
    (True, True)
    """
    coordinates = _coordinates(residuals, basis)
    genes, dimensions = len(coordinates), int(coordinates.shape[1])
    stream = np.random.RandomState(seed)  # the legacy generator always gives the same (NEP 19)
    for _ in range(2):
        signs = np.where(stream.random_sample(dimensions) < 0.5, -1.0, 1.0)
        coordinates = _cosines(coordinates[:, stream.permutation(dimensions)] * signs)
    without_mean = np.zeros((genes, dimensions + 1))
    without_mean[:, 1:] = coordinates
    return _cosines(without_mean, is_inverse=True)


def _coordinates(residuals: NDArray[np.float64], basis: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return residuals in m orthonormal coordinates, shape (p, m).

    With B the basis, B₁ its first k rows and B₁ = USVᵀ, H = I − WTWᵀ is the reflector with HBΩ = E, Ω = −VUᵀ; rows x
    that are orthogonal to B have 0 as the first k of xH, and x₂ + x₁ (I + USUᵀ)⁻¹ (B₂Ω)ᵀ as the others.
    """
    removed = basis.shape[1]
    left, lengths, right = np.linalg.svd(basis[:removed])
    turned = -basis[removed:] @ (right.T @ left.T)
    inverse = (left / (1.0 + lengths)) @ left.T
    return residuals[:, removed:] + residuals[:, :removed] @ (inverse @ turned.T)


def _cosines(values: NDArray[np.float64], *, is_inverse: bool = False) -> NDArray[np.float64]:
    """Return rows in the orthonormal basis of the discrete cosine transform of type II, or back."""
    from scipy.fft import dct, idct  # which is loaded for estimates and tests alone

    transform = idct if is_inverse else dct
    return np.asarray(transform(values, norm="ortho", axis=1), dtype=np.float64)
