"""Gene sets shifted beyond what a network predicts: competitive tests of sets beside the random effect of a version.

z = Cα + xβ + u + e with x the membership of a set, u ~ N(0, σg²R) and e ~ N(0, σe²I): β is how much further from the
other genes the set lies than genes that are linked as its genes are. With σe² = 0 this is the generalised least
squares of MAGMA and PhenoPLIER, with a fixed δ the ridge of PoPS.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from ..errors import check_choice
from ..false_discovery import adjusted

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from .scan import Scanner

Alternative = Literal["two-sided", "greater", "less"]

LOG2 = float(np.log10(2.0))


@dataclass(frozen=True, slots=True)
class Enriched:
    """What m sets came to; NaN for a set that holds all genes, or none.

    Parameters
    ----------
    beta, se, t : ndarray of float64, shape (m,)
        Shift of the set against the other genes, in units of z, its standard error, and t.
    freedom : int
        Of t: n − r − 1.
    log10_p, q : ndarray of float64, shape (m,)
        Of the alternative; q by Benjamini and Hochberg over the sets that could be tested.
    """

    beta: NDArray[np.float64]
    se: NDArray[np.float64]
    t: NDArray[np.float64]
    freedom: int
    log10_p: NDArray[np.float64]
    q: NDArray[np.float64]


def enrich(null: Scanner, sets: csr_array, *, alternative: Alternative = "two-sided") -> Enriched:
    """Return the competitive test of each set.

    Parameters
    ----------
    null : Scanner
        The null model, made for sparse tests by Wald's statistic.
    sets : csr_array, shape (m, n)
        Membership, a set a row.
    alternative : {"two-sided", "greater", "less"}
        Which shift counts.
    """
    found = null.scan(sets)
    t = found.beta / found.se
    log10_p = sided(found.log10_p, t, alternative)
    q = np.full(len(t), np.nan)
    tested = np.isfinite(log10_p) | np.isneginf(log10_p)
    q[tested] = adjusted(10.0 ** log10_p[tested])
    return Enriched(found.beta, found.se, t, null.size - null.rank - 1, log10_p, q)


def sided(log10_p: NDArray[np.float64], t: NDArray[np.float64], alternative: Alternative) -> NDArray[np.float64]:
    """Return log₁₀ p of an alternative from that of the two-sided test and the sign of t."""
    check_choice("alternative", alternative, ("two-sided", "greater", "less"))
    if alternative == "two-sided":
        return log10_p
    meant = t > 0 if alternative == "greater" else t < 0
    half = log10_p - LOG2
    return np.where(meant, half, np.log1p(-(10.0**half)) / np.log(10.0))
