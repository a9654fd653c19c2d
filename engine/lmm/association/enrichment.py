"""Gene sets shifted beyond what a network predicts: competitive tests of sets beside the random effect of a version.

z = Cα + xβ + u + e with x the membership of a set, u ~ N(0, σg²R) and e ~ N(0, σe²I): β is how much further from the
other genes the set lies than genes with the same links would. With σe² = 0 this is the generalised least
squares of MAGMA and PhenoPLIER, with a fixed δ the ridge of PoPS.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import numpy as np

from ...choices import Alternative
from ...errors import check_choice
from ...multiple_tests import benjamini_hochberg
from ..model.tails import t_two_sided

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from .scan import Scanner
    from .set_variance import SetVariance

LOG2 = float(np.log10(2.0))


@dataclass(frozen=True, slots=True)
class Enrichment:
    """Tests of m sets; NaN for a set that has all genes, or none.

    Parameters
    ----------
    beta, se, t : ndarray of float64, shape (m,)
        Shift of the set against the other genes, in units of z, its standard error, and t.
    freedom : ndarray of float64, shape (m,)
        Degrees of freedom of t: n − r − 1, or fewer with a variance of the sets' own.
    log10_p, q : ndarray of float64, shape (m,)
        log₁₀ p of the alternative; q by Benjamini and Hochberg over the sets that could be tested.
    """

    beta: NDArray[np.float64]
    se: NDArray[np.float64]
    t: NDArray[np.float64]
    freedom: NDArray[np.float64]
    log10_p: NDArray[np.float64]
    q: NDArray[np.float64]


def enrich(
    null: Scanner, sets: csr_array, *, alternative: Alternative = "two-sided", set_variance: SetVariance | None = None
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
    set_variance : SetVariance, optional
        The variance of the sets' own in the kernel of the null model; t has its degrees of freedom.
    """
    scan = null.scan(sets)
    t = scan.beta / scan.se
    freedom = np.full(len(t), float(null.size - null.rank - 1))
    two_sided = scan.log10_p
    if set_variance is not None:
        freedom = set_variance.freedom(np.maximum(scan.se**2, set_variance.variances), freedom[0])
        two_sided = t_two_sided(t, freedom)
    log10_p = one_sided(two_sided, t, alternative)
    q = np.full(len(t), np.nan)
    tested = np.isfinite(log10_p) | np.isneginf(log10_p)
    q[tested] = benjamini_hochberg(np.minimum(10.0 ** log10_p[tested], 1.0))
    return Enrichment(scan.beta, scan.se, t, freedom, log10_p, q)


def one_sided(log10_p: NDArray[np.float64], t: NDArray[np.float64], alternative: Alternative) -> NDArray[np.float64]:
    """Return log₁₀ p of an alternative from that of the two-sided test and the sign of t."""
    check_choice("alternative", alternative, get_args(Alternative))
    if alternative == "two-sided":
        return log10_p
    in_direction = t > 0 if alternative == "greater" else t < 0
    half = log10_p - LOG2
    return np.where(in_direction, half, np.log1p(-(10.0**half)) / np.log(10.0))
