"""Gene sets shifted beyond what a network predicts: competitive tests of sets beside the random effect of a version.

z = Cα + xβ + u + e with x the membership of a set, u ~ N(0, σg²R) and e ~ N(0, σe²I): β is how much further from the
other genes the set lies than genes that are linked as its genes are. With σe² = 0 this is the generalised least
squares of MAGMA and PhenoPLIER, with a fixed δ the ridge of PoPS.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from ...errors import check_choice
from ..model.tails import t_two_sided

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from ..kernels.kernel import Kernel
    from .scan import Scanner

Alternative = Literal["two-sided", "greater", "less"]

LEAST_LINKED = 1e-3
"""Of the variance of the most linked set, what a set that is not linked has."""

LOG2 = float(np.log10(2.0))


@dataclass(frozen=True, slots=True)
class Enrichment:
    """What m sets came to; NaN for a set that holds all genes, or none.

    Parameters
    ----------
    beta, se, t : ndarray of float64, shape (m,)
        Shift of the set against the other genes, in units of z, its standard error, and t.
    freedom : ndarray of float64, shape (m,)
        Of t: n − r − 1, or fewer where the sets have a variance of their own, which few sets tell little of.
    log10_p, q : ndarray of float64, shape (m,)
        Of the alternative; q by Benjamini and Hochberg over the sets that could be tested.
    """

    beta: NDArray[np.float64]
    se: NDArray[np.float64]
    t: NDArray[np.float64]
    freedom: NDArray[np.float64]
    log10_p: NDArray[np.float64]
    q: NDArray[np.float64]


def links(kernel: Kernel, sets: csr_array) -> NDArray[np.float64]:
    """Return how far each set moves as one by what a kernel says of its genes, shape (m,); positive.

    That is the mean of K between two genes of the set, less two standard deviations of what that mean is by chance
    where k columns link genes (an estimate from k samples has as many): √(2/k)/s of the mean variance of a gene. A set
    that is no more linked than that has a thousandth of what the most linked has.

    Parameters
    ----------
    kernel : Kernel
        K; its own diagonal counts for nothing.
    sets : csr_array, shape (m, n)
        Membership, a set a row.

    Notes
    -----
    O(nnz k). After the correlation within sets of CAMERA (Wu & Smyth 2012, Nucleic Acids Research 40:e133).
    """
    factor, signs = kernel.factored
    size = np.maximum(np.asarray(sets.sum(axis=1), dtype=np.float64), 2.0)
    whole = np.square(np.asarray(sets @ factor)) @ signs
    alone = np.asarray(sets @ (np.square(factor) @ signs))
    mean = (whole - alone) / (size * (size - 1.0))
    chance = alone / size * np.sqrt(2.0 / max(len(signs), 1)) / size
    beyond = np.maximum(mean - 2.0 * chance, 0.0)
    most = float(beyond.max(initial=0.0))
    return np.maximum(beyond, LEAST_LINKED * most) if most > 0.0 else np.ones(len(beyond))


@dataclass(frozen=True, slots=True)
class OwnVariance:
    """A variance of the sets' own, beside a signal's random effect.

    Parameters
    ----------
    variances : ndarray of float64, shape (m,)
        Of each set's shift, in squared units of z.
    number : float
        How many sets it was estimated from in effect: (Σ v)²/Σ v².
    """

    variances: NDArray[np.float64]
    number: float


def enrich(
    null: Scanner, sets: csr_array, *, alternative: Alternative = "two-sided", own: OwnVariance | None = None
) -> Enrichment:
    """Return the competitive test of each set.

    Parameters
    ----------
    null : Scanner
        The null model, made for sparse tests by Wald's statistic.
    sets : csr_array, shape (m, n)
        Membership, a set a row.
    alternative : {"two-sided", "greater", "less"}
        Which shift counts.
    own : OwnVariance, optional
        Of the sets, which the null model has in its kernel. What of a squared standard error comes from it has the
        degrees of freedom of the number of sets; the whole has Satterthwaite's.
    """
    from scipy.stats import false_discovery_control  # takes half a second to load

    found = null.scan(sets)
    t = found.beta / found.se
    freedom = np.full(len(t), float(null.size - null.rank - 1))
    two_sided = found.log10_p
    if own is not None:
        whole = np.maximum(found.se**2, own.variances)
        parts = own.variances**2 / max(own.number - 1.0, 1.0) + (whole - own.variances) ** 2 / freedom
        freedom = whole**2 / parts
        two_sided = t_two_sided(t, freedom)
    log10_p = sided(two_sided, t, alternative)
    q = np.full(len(t), np.nan)
    tested = np.isfinite(log10_p) | np.isneginf(log10_p)
    q[tested] = false_discovery_control(np.minimum(10.0 ** log10_p[tested], 1.0))
    return Enrichment(found.beta, found.se, t, freedom, log10_p, q)


def sided(log10_p: NDArray[np.float64], t: NDArray[np.float64], alternative: Alternative) -> NDArray[np.float64]:
    """Return log₁₀ p of an alternative from that of the two-sided test and the sign of t."""
    check_choice("alternative", alternative, ("two-sided", "greater", "less"))
    if alternative == "two-sided":
        return log10_p
    meant = t > 0 if alternative == "greater" else t < 0
    half = log10_p - LOG2
    return np.where(meant, half, np.log1p(-(10.0**half)) / np.log(10.0))
