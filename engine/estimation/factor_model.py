"""The factor model Σ = B F Bᵀ + diag(noise): its covariance, simulation, and number of parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from ..network.covariance import FactorCovariance
from ..threads import one_blas_thread_unless_large

if TYPE_CHECKING:
    from numpy.typing import NDArray


def factor_covariance(
    loadings: NDArray[np.float64], noise: NDArray[np.float64], factor_covariance: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Return the covariance B F Bᵀ + diag(noise) of genes that K pathways drive, formed in full.

    Parameters
    ----------
    loadings : ndarray of float64, shape (p, K)
        B: how strongly each pathway moves each gene, in the units of the expression.
    noise : ndarray of float64, shape (p,)
        The variance of each gene that no pathway explains; positive.
    factor_covariance : ndarray of float64, shape (K, K), optional
        F, how the pathways go together; symmetric positive definite, the identity when absent.

    Returns
    -------
    ndarray of float64, shape (p, p)
        Symmetric to the last bit and positive definite.

    Raises
    ------
    ShapeError
        The arrays do not fit together.
    InputError
        A value is not finite, or a noise variance is not positive.
    NotPositiveDefinite
        F is not positive definite.

    Notes
    -----
    O(p²K).

    Examples
    --------
    >>> loadings = np.array([[0.8, 0.0], [0.7, 0.0], [0.1, 0.9], [0.1, 0.8]])
    >>> np.round(factor_covariance(loadings, np.array([0.04, 0.03, 0.05, 0.06])), 2)
    array([[0.68, 0.56, 0.08, 0.08],
           [0.56, 0.52, 0.07, 0.07],
           [0.08, 0.07, 0.87, 0.73],
           [0.08, 0.07, 0.73, 0.71]])
    """
    covariance = None if factor_covariance is None else factor_covariance.copy()
    model = FactorCovariance(noise.copy(), loadings.copy(), covariance)
    return form_covariance(model.columns(), model.noise)


def form_covariance(columns: NDArray[np.float64], noise: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return U Uᵀ + diag(noise), shape (p, p), symmetric to the last bit.

    Parameters
    ----------
    columns : ndarray of float64, shape (p, K)
        U.
    noise : ndarray of float64, shape (p,)
        Added to the diagonal; may be zero.

    Notes
    -----
    O(p²K).
    """
    # NumPy hands A Aᵀ to BLAS as one triangle and mirrors it: half the work, and symmetric.
    with one_blas_thread_unless_large(len(columns)):
        covariance = columns @ columns.T
    covariance[np.diag_indices_from(covariance)] += noise
    return covariance


def simulate_factor_model(
    genes: int,
    factors: int,
    *,
    seed: int | np.random.RandomState,
    scale: float = 0.1,
    noise: tuple[float, float] = (0.01, 0.05),
) -> FactorCovariance:
    """Return a factor model drawn at random: loadings N(0, scale²), noise uniform.

    Parameters
    ----------
    genes, factors : int
        p and K.
    seed : int or RandomState
        The random numbers: p × K normal ones first, then p uniform ones. NumPy's legacy generator, since
        its stream is frozen for ever (NEP 19); pass a `RandomState` to draw more from the same stream.
    scale : float
        The standard deviation of a loading, in the units of the expression.
    noise : tuple of two floats
        The ends of the interval from which noise variances are drawn.

    Returns
    -------
    FactorCovariance
        loadings of shape (p, K), noise of shape (p,), F = I.

    Raises
    ------
    InputError
        A size is negative, or the noise could be drawn at or below zero.

    Notes
    -----
    O(pK).

    Examples
    --------
    >>> model = simulate_factor_model(100, 5, seed=42)
    >>> model.loadings.shape, bool(np.all(model.noise >= 0.01))
    ((100, 5), True)
    """
    if genes < 1 or factors < 0:
        raise InputError(f"A factor model cannot have {genes} genes and {factors} factors.")
    if not 0.0 < noise[0] <= noise[1]:
        raise InputError(f"Noise variances are drawn between two positive numbers, not {noise[0]:g} and {noise[1]:g}.")
    stream = _stream(seed)
    loadings = stream.randn(genes, factors) * scale
    return FactorCovariance(stream.uniform(noise[0], noise[1], genes), loadings)


def simulate_pathways(
    genes: int, pathways: int, *, seed: int | np.random.RandomState, scale: float = 0.05
) -> NDArray[np.float64]:
    """Return loadings N(0, scale²) of new pathways, drawn at random.

    Parameters
    ----------
    genes, pathways : int
        p and D.
    seed : int or RandomState
        As in `simulate_factor_model`.
    scale : float
        The standard deviation of a loading, in the units of the expression.

    Returns
    -------
    ndarray of float64, shape (p, D)
        One column a pathway.

    Examples
    --------
    >>> simulate_pathways(500, 5, seed=42).shape
    (500, 5)
    """
    return _stream(seed).randn(genes, pathways) * scale


def parameter_counts(genes: int, factors: int) -> tuple[int, int]:
    """Return how many numbers a full covariance and a factor model hold: p(p+1)/2, and pK + p.

    Examples
    --------
    >>> parameter_counts(500, 10)
    (125250, 5500)
    """
    return genes * (genes + 1) // 2, genes * factors + genes


def _stream(seed: int | np.random.RandomState) -> np.random.RandomState:
    return seed if isinstance(seed, np.random.RandomState) else np.random.RandomState(seed)
