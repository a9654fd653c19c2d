"""The edge of the noise: the penalty at which pairs are put in order, which is neither a base nor a test."""

from __future__ import annotations

import math


def noise_edge(genes: int, degrees_of_freedom: int) -> float:
    """Return t = (1 + √(p/ν))², the largest eigenvalue that correlations of independent genes tend to.

    Parameters
    ----------
    genes : int
        p.
    degrees_of_freedom : int
        ν: samples less one, less what was removed from them, at least 1.

    Notes
    -----
    Marchenko and Pastur, Mathematics of the USSR-Sbornik 1 (1967); largest eigenvalue: Geman, Annals of Probability 8
    (1980).

    Examples
    --------
    >>> noise_edge(400, 100)
    9.0
    """
    return (1.0 + math.sqrt(genes / degrees_of_freedom)) ** 2


def score_penalty(genes: int, degrees_of_freedom: int, shrinkage: float) -> float:
    """Return τ, at which ρ of Σ + τV puts pairs in order: V has the variances of the base on its diagonal.

    Parameters
    ----------
    genes : int
        p.
    degrees_of_freedom : int
        ν: samples less one, less what was removed from them, at least 1.
    shrinkage : float
        λ of the base, 0 to 1.

    Returns
    -------
    float
        max(0, (1−λ)t − λ). On a base without pathways, Σ + τV is then the sample covariance with λ/(1−λ) = t.

    Notes
    -----
    A component of eigenvalue e among the sample correlations has the weight (1−λ)e / (λ + (1−λ)e) in Θ. At a small λ
    all weigh the same, those of pure noise too; at λ/(1−λ) = t the weight bends where noise ends. The evidence is in
    `docs/decisions/0022-edges-are-ordered-by-a-score.md`.

    Examples
    --------
    >>> score_penalty(400, 100, 0.25)
    6.5
    >>> score_penalty(400, 100, 1.0)
    0.0
    """
    return max(0.0, (1.0 - shrinkage) * noise_edge(genes, degrees_of_freedom) - shrinkage)
