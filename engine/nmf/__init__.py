"""Non-negative matrix factorization under the Kullback–Leibler divergence: gene modules, and what they explain."""

from __future__ import annotations

from .analysis import Analysis, analyse
from .consensus import dispersion, matched, stability
from .enrichment import BestSet, best_sets
from .estimator import KLNMF, EstimatorError, NotConvergedWarning
from .factorization import Factorization
from .membership import Memberships, memberships
from .moonlighting import Moonlighting, moonlighting
from .multiplicative import multiplicative
from .observed import Observed, observe, speckled
from .rank import RankSurvey, Surveyed, rank_survey
from .similarity import positive_correlations
from .simulation import Simulated, simulate_counts
from .solver import fit, fit_each
from .symmetric import fit_symmetric, observe_symmetric
from .transform import Transformed, transform

__all__ = [
    "KLNMF",
    "Analysis",
    "BestSet",
    "EstimatorError",
    "Factorization",
    "Memberships",
    "Moonlighting",
    "NotConvergedWarning",
    "Observed",
    "RankSurvey",
    "Simulated",
    "Surveyed",
    "Transformed",
    "analyse",
    "best_sets",
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
    "positive_correlations",
    "rank_survey",
    "simulate_counts",
    "speckled",
    "stability",
    "transform",
]
