"""Tests of a gene against what others say of the samples: the activity of a pathway, a regulator given the others.

The gene itself has no part in what it is held against. So, where it is independent of all others, the correlation of
the two over samples has the distribution that r has by chance, whatever the others are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..threads import one_blas_thread

if TYPE_CHECKING:
    from numpy.typing import NDArray


def link_correlations(
    scores: NDArray[np.float64], loadings: NDArray[np.float64], intensity: float
) -> NDArray[np.float64]:
    """Return the correlation of each gene with the activity of each pathway, as the other genes have it.

    Parameters
    ----------
    scores : ndarray of float64, shape (p, n)
        Genes by samples.
    loadings : ndarray of float64, shape (p, k)
        X: pathways in columns, in standard deviations.
    intensity : float
        λ, above 0.

    Returns
    -------
    ndarray of float64, shape (p, k)
        corr(z_i, Z₋ᵢᵀ Θ₋ᵢ x₋ᵢ) over samples, with Θ₋ᵢ of all genes but i; 0 where either is constant.

    Notes
    -----
    With a = ZᵀΘx and b_i = ZᵀΘe_i, the activity without gene i is a − b_i (Θx)_i / Θ_ii. O(pn min(p, n) + pnk).
    Activities by generalised least squares: Thomson's regression scores, with correlations shrunk by λ.
    """
    z = _standardised(scores)
    with one_blas_thread():
        # Θ = (I − Z M Zᵀ) / λ, with M = ((n−1) λ/(1−λ) I + ZᵀZ)⁻¹
        shrunk = z @ _inner(z, intensity)
        diagonal = (1.0 - np.einsum("ij,ij->i", shrunk, z)) / intensity
        projected = (z - shrunk @ (z.T @ z)) / intensity
        theta_x = (loadings - shrunk @ (z.T @ loadings)) / intensity
        activities = z.T @ theta_x
        share = theta_x / diagonal[:, np.newaxis]
        own = np.einsum("ij,ij->i", z, projected)[:, np.newaxis]
        products = z @ activities - own * share
        squares = (
            np.square(activities).sum(axis=0)
            - 2.0 * (projected @ activities) * share
            + np.square(projected).sum(axis=1)[:, np.newaxis] * np.square(share)
        )
    return _ratio(products, np.square(z).sum(axis=1)[:, np.newaxis] * squares)


def regulator_sample_correlations(
    scores: NDArray[np.float64], regulators: NDArray[np.intp], ridge: float
) -> NDArray[np.float64]:
    """Return the correlation of each gene with what each regulator has beyond the other regulators, shape (|T|, p).

    Parameters
    ----------
    scores : ndarray of float64, shape (p, n)
        Genes by samples.
    regulators : ndarray of intp, shape (|T|,)
        Genes, each once.
    ridge : float
        What is added to the correlations' diagonal, above 0: |T|/ν, see `regulators.regulator_penalty`.

    Returns
    -------
    ndarray of float64, shape (|T|, p)
        corr(z_g, Z_Tᵀ A⁻¹e_t) over samples, A = C_TT + ridge; where g is a regulator, of the others alone. 0 of a
        regulator with itself.

    Notes
    -----
    O(|T|³ + |T|pn).
    """
    z = _standardised(scores)
    degrees = z.shape[1] - 1
    with one_blas_thread():
        among = z[regulators]
        correlation = among @ among.T / degrees
        inverse = np.asarray(np.linalg.inv(correlation + ridge * np.eye(len(regulators))), dtype=np.float64)
        beyond: NDArray[np.float64] = inverse @ among
        products, squares = beyond @ z.T, np.square(beyond).sum(axis=1)[:, np.newaxis]
        correlations = _ratio(products, squares * np.square(z).sum(axis=1))
        for row, gene in enumerate(regulators):
            # Without the regulator that is the target: A⁻¹ of the others, by a downdate of rank one.
            others = beyond - np.outer(inverse[:, row] / inverse[row, row], beyond[row])
            lengths = np.square(others).sum(axis=1) * float(z[gene] @ z[gene])
            correlations[:, gene] = _ratio(others @ z[gene], lengths)
            correlations[row, gene] = 0.0
    return correlations


def correlation_p_values(correlations: NDArray[np.float64], degrees_of_freedom: int) -> NDArray[np.float64]:
    """Return two-sided p of correlations of independent samples; of the same shape.

    Parameters
    ----------
    correlations : ndarray of float64
        r.
    degrees_of_freedom : int
        ν: independent samples less one; t = r √((ν−1) / (1−r²)) has ν − 1.

    Examples
    --------
    >>> correlation_p_values(np.array([0.0, 0.5]), 19).round(4)
    array([1.    , 0.0248])
    """
    from scipy.special import stdtr  # which is loaded for bases with samples alone

    degrees = max(degrees_of_freedom - 1, 1)
    squares = np.minimum(np.square(correlations), 1.0)
    with np.errstate(divide="ignore"):
        t = np.sqrt(degrees * squares / (1.0 - squares))
    return np.asarray(2.0 * stdtr(degrees, -t), dtype=np.float64)


def _standardised(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return scores with mean 0 and variance 1; 0 for a gene that is constant."""
    centred = scores - scores.mean(axis=1, keepdims=True)
    deviations = centred.std(axis=1, ddof=1, keepdims=True)
    return centred / np.where(deviations > 0, deviations, np.inf)


def _inner(z: NDArray[np.float64], intensity: float) -> NDArray[np.float64]:
    """Return ((n−1) λ/(1−λ) I + ZᵀZ)⁻¹, shape (n, n)."""
    samples = z.shape[1]
    penalty = (samples - 1) * intensity / max(1.0 - intensity, np.finfo(np.float64).eps)
    return np.asarray(np.linalg.inv(z.T @ z + penalty * np.eye(samples)), dtype=np.float64)


def _ratio(products: NDArray[np.float64], squares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return products over the roots of squares; 0 where these are 0, but for rounding beside others of a column."""
    tiny = 1e-12 * squares.max(axis=0, initial=0.0)
    return np.clip(products / np.sqrt(np.where(squares > tiny, squares, np.inf)), -1.0, 1.0)
