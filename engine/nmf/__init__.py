"""Non-negative matrix factorization under the Kullback–Leibler divergence: gene modules, and what they explain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import attach

if TYPE_CHECKING:
    from .modules.analysis import Analysis as Analysis, analyse as analyse
    from .modules.consensus import dispersion as dispersion, match_modules as match_modules, stability as stability
    from .modules.enrichment import BestSet as BestSet, best_sets as best_sets
    from .modules.membership import Memberships as Memberships, memberships as memberships
    from .modules.moonlighting import Moonlighting as Moonlighting, moonlighting as moonlighting
    from .modules.rank import RankRow as RankRow, RankSurvey as RankSurvey, rank_survey as rank_survey
    from .modules.similarity import positive_correlations as positive_correlations
    from .simulation import SimulatedCounts as SimulatedCounts, simulate_counts as simulate_counts
    from .solvers.estimator import (
        KLNMF as KLNMF,
        EstimatorError as EstimatorError,
        NotConvergedWarning as NotConvergedWarning,
    )
    from .solvers.factorization import Factorization as Factorization
    from .solvers.multiplicative import multiplicative as multiplicative
    from .solvers.observed import Observed as Observed, observe as observe, speckled as speckled
    from .solvers.solver import fit as fit, fit_each as fit_each
    from .solvers.symmetric import fit_symmetric as fit_symmetric, observe_symmetric as observe_symmetric
    from .solvers.transform import Projection as Projection, transform as transform
else:
    __getattr__, __dir__ = attach(__name__)
