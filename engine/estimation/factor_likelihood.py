"""The likelihood of the factor model: its maximum over loadings and uniquenesses, and the density of new samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import qr
from scipy.optimize import OptimizeResult, minimize

from ..adjustment.components import largest_components
from ..threads import one_blas_thread

if TYPE_CHECKING:
    from numpy.typing import NDArray

IDLE_EXCESS = 1e-8
"""Largest excess of an eigenvalue over 1 at which its factor explains nothing but rounding."""


@dataclass(frozen=True, slots=True)
class FactorFit:
    """The factor model R ≈ F Fᵀ + diag(ψ) of greatest likelihood, as far as the search got.

    Parameters
    ----------
    loadings : ndarray of float64, shape (p, K)
        F, with FᵀΨ⁻¹F diagonal, the strongest factor first; factors that explain nothing are left out, so that K
        may be less than the number requested.
    uniquenesses : ndarray of float64, shape (p,)
        ψ.
    eigenvalues : ndarray of float64, shape (K,)
        Of Ψ^-½ R Ψ^-½, all above 1; FᵀΨ⁻¹F has them less 1 on its diagonal.
    discrepancies : tuple of float
        log |Σ| + tr(Σ⁻¹R) at the start and after each iteration; it never rises.
    gradient : float
        The largest difference between a gene's modelled and its sample variance, relative to its uniqueness; where the
        model has too much, at most the distance to the bound in log ψ.
    """

    loadings: NDArray[np.float64]
    uniquenesses: NDArray[np.float64]
    eigenvalues: NDArray[np.float64]
    discrepancies: tuple[float, ...]
    gradient: float

    @property
    def iterations(self) -> int:
        """How many iterations were made."""
        return len(self.discrepancies) - 1

    def log_likelihood(self) -> float:
        """Return the log likelihood of the samples it was fitted to, in nats a sample."""
        return -0.5 * (len(self.uniquenesses) * float(np.log(2 * np.pi)) + self.discrepancies[-1])


def fit_factors(
    root: NDArray[np.float64], factors: int, *, lower: float, tolerance: float, max_iterations: int
) -> FactorFit:
    """Return the factor model of greatest likelihood for a correlation matrix R = A Aᵀ.

    Parameters
    ----------
    root : ndarray of float64, shape (p, m)
        A; `correlation_root` makes it.
    factors : int
        K < m.
    lower : float
        No uniqueness goes below this.
    tolerance : float
        The search ends when `FactorFit.gradient` is no larger.
    max_iterations : int
        The largest number of iterations; the caller checks the gradient.

    Returns
    -------
    FactorFit
        The caller decides by its gradient whether it converged.

    Notes
    -----
    For given Ψ the best loadings are known: with θ and u the largest eigenvalues and vectors of Ψ^-½ R Ψ^-½, they are
    Ψ^½ u (θ−1)^½ (Lawley 1940). What remains is a function of Ψ alone, minimised over log ψ by L-BFGS-B, as R's
    factanal does over ψ (Jöreskog, Psychometrika 32 (1967), equation 18). Each evaluation costs O(pm²) for small m, or
    O(pmK) by Lanczos steps; nothing is p × p.
    """
    with one_blas_thread():
        return _search(root, factors, lower, tolerance, max_iterations)


def correlation_root(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return A with A Aᵀ = ZZᵀ / (n−1), shape (p, min(n, p)).

    Parameters
    ----------
    scores : ndarray of float64, shape (p, n)
        Z, standardised genes by samples.

    Notes
    -----
    Where there are more samples than genes, the transposed R of a QR decomposition replaces all of them: O(p²n),
    once.
    """
    genes, samples = scores.shape
    root: NDArray[np.float64] = scores / np.sqrt(samples - 1)
    if samples <= genes:
        return root
    with one_blas_thread():
        upper = np.asarray(qr(root.T, mode="r")[0], dtype=np.float64)
    return upper[:genes].T


def log_density(fit: FactorFit, scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log density of samples under a fitted model of mean zero, in nats.

    Parameters
    ----------
    fit : FactorFit
        The model.
    scores : ndarray of float64, shape (p, k)
        One column a sample, on the scale of the correlations.

    Returns
    -------
    ndarray of float64, shape (k,)
        One number a sample.

    Notes
    -----
    By Woodbury and the determinant lemma, with I + FᵀΨ⁻¹F diagonal: O(pkK).
    """
    psi = fit.uniquenesses[:, np.newaxis]
    projected = (fit.loadings / psi).T @ scores
    distance = np.sum(scores * scores / psi, axis=0)
    explained = np.sum(projected * projected / fit.eigenvalues[:, np.newaxis], axis=0)
    log_det = float(np.sum(np.log(fit.uniquenesses)) + np.sum(np.log(fit.eigenvalues)))
    return -0.5 * (len(psi) * np.log(2 * np.pi) + log_det + distance - explained)


def _search(root: NDArray[np.float64], factors: int, lower: float, tolerance: float, max_iterations: int) -> FactorFit:
    variances = np.sum(root * root, axis=1)
    if factors == 0:
        return _fit_at(root, variances, np.maximum(variances, lower), 0, lower, [])
    _, loadings, _ = _profile(root, variances, np.ones(len(root)), factors)
    start = np.log(np.maximum(variances - np.sum(loadings * loadings, axis=1), lower))
    bound = float(np.log(lower))

    def discrepancy(log_psi: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        psi = np.exp(log_psi)
        value, loadings, _ = _profile(root, variances, psi, factors)
        return value, _misfit(variances, psi, loadings)

    path = [discrepancy(start)[0]]

    def record(intermediate_result: OptimizeResult) -> None:
        path.append(float(intermediate_result.fun))

    minimum = minimize(
        discrepancy,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(bound, None)] * len(root),
        callback=record,
        options={"gtol": tolerance, "ftol": 0.0, "maxiter": max_iterations, "maxfun": 20 * max_iterations},
    )
    psi = np.where(minimum.x <= bound, lower, np.exp(minimum.x))
    return _fit_at(root, variances, psi, factors, lower, path[:-1])


def _profile(
    root: NDArray[np.float64], variances: NDArray[np.float64], psi: NDArray[np.float64], factors: int
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Return the least log |Σ| + tr(Σ⁻¹R) for given Ψ, the loadings that reach it, and their eigenvalues.

    It is Σ log ψ + Σ s/ψ + Σ (log θ + 1 − θ), the last over the eigenvalues θ > 1 among the K largest.
    """
    scale = np.sqrt(psi)[:, np.newaxis]
    whitened = root / scale
    eigenvalues, vectors = largest_components(whitened, factors)
    explains = eigenvalues > 1 + IDLE_EXCESS
    eigenvalues, vectors = eigenvalues[explains], vectors[:, explains]
    loadings = scale * (whitened @ vectors) * np.sqrt((eigenvalues - 1) / eigenvalues)
    value = np.sum(np.log(psi) + variances / psi) + np.sum(np.log(eigenvalues) + 1 - eigenvalues)
    return float(value), loadings, eigenvalues


def _misfit(
    variances: NDArray[np.float64], psi: NDArray[np.float64], loadings: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return what a gene's modelled variance has too much, relative to ψ, shape (p,): the gradient in log ψ."""
    return (np.sum(loadings * loadings, axis=1) + psi - variances) / psi


def _fit_at(
    root: NDArray[np.float64],
    variances: NDArray[np.float64],
    psi: NDArray[np.float64],
    factors: int,
    lower: float,
    path: list[float],
) -> FactorFit:
    value, loadings, eigenvalues = _profile(root, variances, psi, factors)
    misfit = _misfit(variances, psi, loadings)
    projected = np.minimum(misfit, np.log(psi / lower))
    return FactorFit(loadings, psi, eigenvalues, (*path, value), float(np.max(np.abs(projected))))
