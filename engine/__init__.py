"""Numbers: arrays in, arrays out. No files, no clock, no environment, no printing.

It has the update identities for any matrices: `matrix_inversion_lemma`, `woodbury`,
`sherman_morrison`; and the factor model: `factor_covariance`, `simulate_factor_model`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .lazy import attach

if TYPE_CHECKING:
    from .estimation.estimators import Estimate as Estimate
    from .estimation.expression import Expression as Expression
    from .estimation.factor_analysis import factor_analysis as factor_analysis
    from .estimation.factor_model import factor_covariance as factor_covariance
    from .estimation.factor_model import parameter_counts as parameter_counts
    from .estimation.factor_model import simulate_factor_model as simulate_factor_model
    from .estimation.factor_model import simulate_pathways as simulate_pathways
    from .estimation.preparation import Preparation as Preparation
    from .estimation.preparation import prepare as prepare
    from .estimation.shrinkage import empirical as empirical
    from .estimation.shrinkage import ledoit_wolf as ledoit_wolf
    from .estimation.shrinkage import shrinkage as shrinkage
    from .network.comparison import Difference as Difference
    from .network.comparison import compare as compare
    from .network.covariance import DenseCovariance as DenseCovariance
    from .network.covariance import FactorCovariance as FactorCovariance
    from .network.edges import EdgeRule as EdgeRule
    from .network.edges import Edges as Edges
    from .network.edges import Neighbors as Neighbors
    from .network.inversion import invert as invert
    from .network.inversion import matrix_inversion_lemma as matrix_inversion_lemma
    from .network.inversion import sherman_morrison as sherman_morrison
    from .network.inversion import woodbury as woodbury
    from .network.panel import Panel as Panel
    from .network.pathway import Pathway as Pathway
    from .network.snapshot import Snapshot as Snapshot
    from .network.snapshot import build_snapshot as build_snapshot
    from .network.stability import Spectrum as Spectrum
    from .network.stability import probe as probe
    from .network.stability import refined_columns as refined_columns
    from .network.stability import spectrum as spectrum
else:
    __getattr__, __dir__, __all__ = attach(__name__)
