"""Non-negative matrix factorization under the Kullback–Leibler divergence: gene modules, and what they explain."""

from __future__ import annotations

from .consensus import dispersion, matched, stability
from .factorization import Factorization
from .membership import Memberships, Moonlighting, memberships, moonlighting
from .multiplicative import multiplicative
from .observed import Observed, observe, speckled
from .rank import RankSurvey, Surveyed, rank_survey
from .simulation import Simulated, simulate_counts
from .solver import fit, fit_each
from .symmetric import fit_symmetric, observe_symmetric

__all__ = [
    "Factorization",
    "Memberships",
    "Moonlighting",
    "Observed",
    "RankSurvey",
    "Simulated",
    "Surveyed",
    "dispersion",
    "fit",
    "fit_each",
    "fit_symmetric",
    "matched",
    "memberships",
    "moonlighting",
    "multiplicative",
    "observe",
    "observe_symmetric",
    "rank_survey",
    "simulate_counts",
    "speckled",
    "stability",
]
