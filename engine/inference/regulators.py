"""Regulators: the correlation of each gene with a regulator given the other regulators alone.

Given all genes, the neighbours of a target in its own operon explain its regulator away. With T the regulators, g a
target that is none of them, C the correlations of the version, A = C_TT, b = C_Tg and w = A⁻¹b, the precision of T and
g together is

    [[A⁻¹ + wwᵀ/s, −w/s], [−wᵀ/s, 1/s]],   s = 1 − bᵀw,   so that   ρ_tg|T = w_t / √((A⁻¹)_tt s + w_t²).

A target that is a regulator itself is conditioned on the others: ρ is that of A⁻¹.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from ..network.operators import bounded
from ..network.pairs.strongest import rounding_steps
from ..threads import one_blas_thread
from .clr import background, clr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..network.operators import SymmetricOperator

TARGETS_AT_ONCE = 4_096
"""Number of targets that are computed together, so that no more than that many columns are in memory beside ρ."""


def regulator_penalty(number: int, degrees_of_freedom: int, shrinkage: float) -> float:
    """Return τ, at which ρ of Σ + τV puts pairs of regulator and target in order: max(0, (1−λ)|T|/ν − λ).

    Parameters
    ----------
    number : int
        |T|: how many regulators.
    degrees_of_freedom : int
        ν: independent samples less one, at least 1.
    shrinkage : float
        λ of the base, 0 to 1.

    Notes
    -----
    On a base without pathways, Σ + τV is the sample covariance with λ/(1−λ) = |T|/ν, unless the base is shrunk by more:
    the ridge at which a regression of a target on all regulators predicts best where they explain half of its variance
    (Hoerl, Kennard and Baldwin, Communications in Statistics 4 (1975); Dobriban and Wager, Annals of Statistics 46
    (2018), for many regulators). The edge of the noise, (1 + √(|T|/ν))², which orders pairs of all genes, weighs too
    much where regulators are fewer than samples; see `docs/decisions/0024-regulators-given-the-others.md`.

    Examples
    --------
    >>> regulator_penalty(200, 100, 0.25)
    1.25
    >>> regulator_penalty(10, 100, 0.25)
    0.0
    """
    return max(0.0, (1.0 - shrinkage) * number / degrees_of_freedom - shrinkage)


def regulator_correlations(
    covariance: SymmetricOperator, regulators: NDArray[np.intp], penalties: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Return ρ of each regulator with each gene, given the other regulators alone, shape (|T|, p).

    Parameters
    ----------
    covariance : SymmetricOperator
        Σ of the version.
    regulators : ndarray of intp, shape (|T|,)
        Genes, each once.
    penalties : ndarray of float64, shape (p,), optional
        What is added to the variances: τv, where ρ is a score; see `regulator_penalty`.

    Returns
    -------
    ndarray of float64, shape (|T|, p)
        0 of a regulator with itself.

    Notes
    -----
    O(|T| p (|T| + K + r)): of Σ only the rows of regulators are computed, and nothing p × p. Partial correlations from
    a precision: Lauritzen, Graphical Models (1996), section 5.1.

    Examples
    --------
    >>> from ..network.anchor import anchor_of
    >>> from ..network.covariance import FactorCovariance
    >>> from ..network.panel import Panel
    >>> from ..network.snapshot import build_snapshot
    >>> base = FactorCovariance(np.ones(3), np.array([[1.0], [1.0], [0.0]]))
    >>> version = build_snapshot(Panel(("TP53", "MDM2", "GAPDH")), anchor_of(base), (), np.ones(3))
    >>> regulator_correlations(version.covariance, np.array([0]))
    array([[0. , 0.5, 0. ]])
    """
    size = covariance.shape[0]
    with one_blas_thread():
        variances = covariance.diagonal()
        roots = np.sqrt(variances if penalties is None else variances + penalties)
        among = _correlations(covariance, regulators, regulators, roots)
        triangle = cho_factor(among, lower=True, check_finite=False)
        inverse = cho_solve(triangle, np.eye(len(regulators)), check_finite=False)
        inverse = (inverse + inverse.T) / 2.0  # so that two regulators tie in both directions
        diagonal = np.diagonal(inverse).copy()
        rho = np.empty((len(regulators), size))
        for start in range(0, size, TARGETS_AT_ONCE):
            targets = np.arange(start, min(start + TARGETS_AT_ONCE, size))
            shared = _correlations(covariance, regulators, targets, roots)
            weights = cho_solve(triangle, shared, check_finite=False)
            unexplained = 1.0 - np.einsum("tg,tg->g", shared, weights)
            unexplained[np.isin(targets, regulators)] = 1.0  # their columns are filled in below
            rho[:, targets] = weights / np.sqrt(diagonal[:, None] * unexplained + np.square(weights))
        rho[:, regulators] = -inverse / np.sqrt(np.outer(diagonal, diagonal))
    rho[np.arange(len(regulators)), regulators] = 0.0
    return bounded(rho)


def regulator_clr(rho: NDArray[np.float64], regulators: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return how far each |ρ| stands out from those of the regulator and of the target, shape (|T|, p); see `clr`.

    The background of a regulator is all genes but itself, and that of a target all regulators but itself.
    """
    magnitudes = np.abs(rho)
    squares = np.square(magnitudes)
    sizes = np.full(rho.shape[1], float(len(regulators)))
    sizes[regulators] -= 1.0
    of_regulators = background(magnitudes.sum(axis=1), squares.sum(axis=1), rho.shape[1] - 1)
    of_targets = background(magnitudes.sum(axis=0), squares.sum(axis=0), np.maximum(sizes, 1.0))
    strengths = clr(magnitudes, of_regulators, of_targets)
    strengths[np.arange(len(regulators)), regulators] = 0.0
    return strengths


def strongest_targets(
    strengths: NDArray[np.float64], targets: NDArray[np.intp], count: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the pairs with the largest magnitudes, strongest first, ties but for rounding by regulator and target.

    Parameters
    ----------
    strengths : ndarray of float64, shape (|T|, p)
        Of each regulator with each gene; 0 is no pair.
    targets : ndarray of intp, shape (k,)
        The genes that count as targets, ascending.
    count : int
        How many at the most.

    Returns
    -------
    rows, genes : ndarray of intp, shape (E,)
        Row of the regulator, and index of the target.
    """
    magnitudes = np.abs(strengths[:, targets]).ravel()
    steps, candidates = rounding_steps(magnitudes), np.flatnonzero(magnitudes > 0)
    if count < len(candidates):
        least = np.partition(steps[candidates], -count)[-count]
        candidates = candidates[steps[candidates] >= least]
    order = candidates[np.argsort(-steps[candidates], kind="stable")][:count]
    rows, columns = np.divmod(order, len(targets))
    return rows, targets[columns]


def _correlations(
    covariance: SymmetricOperator, rows: NDArray[np.intp], columns: NDArray[np.intp], roots: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return correlations at rows × columns, 1 of a gene with itself."""
    block = covariance.block(rows, columns) / np.outer(roots[rows], roots[columns])
    block[rows[:, None] == columns[None, :]] = 1.0
    return block
