"""Non-negative matrix factorization under the Kullback–Leibler divergence: gene modules, and what they explain."""

from __future__ import annotations

from .modules.analysis import Analysis, analyse
from .modules.consensus import dispersion, match_modules, stability
from .modules.enrichment import BestSet, best_sets
from .modules.membership import Memberships, memberships
from .modules.moonlighting import Moonlighting, moonlighting
from .modules.rank import RankRow, RankSurvey, rank_survey
from .modules.similarity import positive_correlations
from .simulation import SimulatedCounts, simulate_counts
from .solvers.estimator import KLNMF, EstimatorError, NotConvergedWarning
from .solvers.factorization import Factorization
from .solvers.multiplicative import multiplicative
from .solvers.observed import Observed, observe, speckled
from .solvers.solver import fit, fit_each
from .solvers.symmetric import fit_symmetric, observe_symmetric
from .solvers.transform import Projection, transform

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
    "Projection",
    "RankRow",
    "RankSurvey",
    "SimulatedCounts",
    "analyse",
    "best_sets",
    "dispersion",
    "fit",
    "fit_each",
    "fit_symmetric",
    "match_modules",
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
