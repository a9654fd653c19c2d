"""Mixed models written down: dense matrices, Cholesky and slogdet, and the kernels that tests try."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from grnledger.engine.lmm.kernels.diagonal_kernel import DiagonalAndFactor
from grnledger.engine.lmm.kernels.spectral import of_factor, of_matrix
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import brentq

KINDS = ("low rank", "wide", "uncentred", "ties", "centred", "diagonal and factor")


@dataclass
class Dense:
    """The model written down: V = K + δI, and everything from its inverse."""

    kernel: np.ndarray
    trait: np.ndarray
    covariates: np.ndarray  # full column rank
    method: str

    def at(self, delta: float, *, kernel_alone: bool = False):
        n, r = self.covariates.shape
        if np.isinf(delta):
            h = np.eye(n)
        else:
            h = self.kernel + (0.0 if kernel_alone else delta) * np.eye(n)
        factor = cho_factor(h)
        inverse = cho_solve(factor, np.eye(n))
        x = self.covariates
        information = x.T @ inverse @ x
        p = inverse - inverse @ x @ np.linalg.solve(information, x.T @ inverse)
        y = self.trait - x @ np.linalg.lstsq(x, self.trait)[0]
        residual = y @ p @ y
        nu = n - r if self.method == "reml" else n
        value = nu * (np.log(2 * np.pi * residual / nu) + 1) + np.linalg.slogdet(h)[1]
        if self.method == "reml":
            value += np.linalg.slogdet(information)[1] - np.linalg.slogdet(x.T @ x)[1]
        slope = -nu * (y @ p @ p @ y) / residual + np.trace(p if self.method == "reml" else inverse)
        beta = np.linalg.solve(information, x.T @ inverse @ self.trait)
        variance = residual / nu
        errors = np.sqrt(residual / (n - r) * np.diagonal(np.linalg.inv(information)))
        return -0.5 * value, -0.5 * slope * (1 if np.isinf(delta) else delta), beta, errors, variance

    def best(self, scale: float):
        logs = np.log(scale) + np.linspace(-14, 14, 85)
        slopes = np.array([self.at(np.exp(t))[1] for t in logs])
        roots = [
            np.exp(brentq(lambda t: self.at(np.exp(t))[1], logs[at], logs[at + 1], xtol=1e-13))
            for at in np.flatnonzero((slopes[:-1] > 0) & (slopes[1:] <= 0))
        ]
        return max([np.inf, *roots], key=lambda delta: self.at(delta)[0])


def a_kernel(kind: str, n: int, rng: np.random.Generator):
    """Return K and what the engine is given of it."""
    if kind == "low rank":
        g = rng.normal(size=(n, max(2, n // 6))) * np.geomspace(0.2, 3, max(2, n // 6))
        return g @ g.T, of_factor(g)
    if kind == "wide":
        g = rng.normal(size=(n, 3 * n)) / np.sqrt(3 * n)
        return g @ g.T, of_factor(g)
    if kind == "uncentred":
        g = rng.integers(0, 3, size=(n, 2 * n)).astype(float)
        return g @ g.T / (2 * n), of_matrix(g @ g.T / (2 * n))
    if kind == "ties":
        values = np.repeat([0.0, 0.5, 2.0], [n - 2 * (n // 3), n // 3, n // 3])
        q = np.linalg.qr(rng.normal(size=(n, n)))[0]
        k = (q * values) @ q.T
        return k, of_matrix((k + k.T) / 2)
    if kind == "centred":
        g = rng.normal(size=(n, 2 * n))
        g -= g.mean(axis=0)
        return g @ g.T / (2 * n), of_matrix(g @ g.T / (2 * n))
    if kind == "diagonal and factor":
        d, u = rng.uniform(0.2, 0.9, n), rng.normal(size=(n, 5))
        signs = np.array([1.0, 1, 1, 1, -1])
        u[:, 4] = 0.1 * u[:, 0]
        return np.diag(d) + (u * signs) @ u.T, DiagonalAndFactor(d, u, signs)
    raise AssertionError(kind)


def a_trait(k: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Return a trait of which about this share goes along K."""
    n = len(k)
    root = np.linalg.cholesky(k + 1e-9 * np.trace(k) / n * np.eye(n))
    return 2 + np.sqrt(share * n / np.trace(k)) * (root @ rng.normal(size=n)) + np.sqrt(1 - share) * rng.normal(size=n)


def dense_p(k, delta, x):
    """Return P at δ, by the dense inverse of K + δI."""
    h = np.eye(len(k)) if np.isinf(delta) else k + delta * np.eye(len(k))
    inverse = np.linalg.inv(h)
    return inverse - inverse @ x @ np.linalg.solve(x.T @ inverse @ x, x.T @ inverse)
