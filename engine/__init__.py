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
    from .estimation.factor_model import (
        factor_covariance as factor_covariance,
        parameter_counts as parameter_counts,
        simulate_factor_model as simulate_factor_model,
        simulate_pathways as simulate_pathways,
    )
    from .estimation.preparation import Preparation as Preparation, prepare as prepare
    from .estimation.shrinkage import empirical as empirical, ledoit_wolf as ledoit_wolf, shrinkage as shrinkage
    from .network.comparison.difference import Difference as Difference
    from .network.comparison.versions import compare as compare
    from .network.covariance import DenseCovariance as DenseCovariance, FactorCovariance as FactorCovariance
    from .network.eigenvalues.spectrum import Spectrum as Spectrum, spectrum as spectrum
    from .network.inversion import (
        invert as invert,
        matrix_inversion_lemma as matrix_inversion_lemma,
        sherman_morrison as sherman_morrison,
        woodbury as woodbury,
    )
    from .network.pairs.edge_rule import EdgeRule as EdgeRule
    from .network.pairs.edges import Edges as Edges, Neighbors as Neighbors
    from .network.panel import Panel as Panel
    from .network.pathway import Pathway as Pathway
    from .network.snapshot import Snapshot as Snapshot, build_snapshot as build_snapshot
    from .network.stability import probe as probe, refined_columns as refined_columns
else:
    __getattr__, __dir__ = attach(__name__)
