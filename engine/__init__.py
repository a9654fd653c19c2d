"""Numbers: arrays in, arrays out. No files, no clock, no environment, no printing.

The update identities stand here by themselves, for any matrices: `matrix_inversion_lemma`, `woodbury`,
`sherman_morrison`; and the factor model: `factor_covariance`, `simulate_factor_model`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .lazy import lazily

if TYPE_CHECKING:
    from .estimation.estimators import Estimate
    from .estimation.expression import Expression
    from .estimation.factor_analysis import factor_analysis
    from .estimation.factor_model import factor_covariance, parameter_counts, simulate_factor_model, simulate_pathways
    from .estimation.preparation import Preparation, prepare
    from .estimation.shrinkage import empirical, ledoit_wolf, shrinkage
    from .network.comparison import Difference, compare
    from .network.covariance import DenseCovariance, FactorCovariance
    from .network.edges import EdgeRule, Edges, Neighbors
    from .network.inversion import invert, matrix_inversion_lemma, sherman_morrison, woodbury
    from .network.panel import Panel
    from .network.pathway import Pathway
    from .network.snapshot import Snapshot, build_snapshot
    from .network.stability import Spectrum, probe, refined_columns, spectrum

__all__ = [
    "DenseCovariance",
    "Difference",
    "EdgeRule",
    "Edges",
    "Estimate",
    "Expression",
    "FactorCovariance",
    "Neighbors",
    "Panel",
    "Pathway",
    "Preparation",
    "Snapshot",
    "Spectrum",
    "build_snapshot",
    "compare",
    "empirical",
    "factor_analysis",
    "factor_covariance",
    "invert",
    "ledoit_wolf",
    "matrix_inversion_lemma",
    "parameter_counts",
    "prepare",
    "probe",
    "refined_columns",
    "sherman_morrison",
    "shrinkage",
    "simulate_factor_model",
    "simulate_pathways",
    "spectrum",
    "woodbury",
]

__getattr__ = lazily(
    __name__,
    {
        "EdgeRule": "network.edges",
        "DenseCovariance": "network.covariance",
        "Difference": "network.comparison",
        "Edges": "network.edges",
        "Estimate": "estimation.estimators",
        "Expression": "estimation.expression",
        "FactorCovariance": "network.covariance",
        "Neighbors": "network.edges",
        "Panel": "network.panel",
        "Pathway": "network.pathway",
        "Preparation": "estimation.preparation",
        "Snapshot": "network.snapshot",
        "Spectrum": "network.stability",
        "compare": "network.comparison",
        "empirical": "estimation.shrinkage",
        "factor_analysis": "estimation.factor_analysis",
        "factor_covariance": "estimation.factor_model",
        "invert": "network.inversion",
        "ledoit_wolf": "estimation.shrinkage",
        "matrix_inversion_lemma": "network.inversion",
        "parameter_counts": "estimation.factor_model",
        "prepare": "estimation.preparation",
        "probe": "network.stability",
        "refined_columns": "network.stability",
        "sherman_morrison": "network.inversion",
        "shrinkage": "estimation.shrinkage",
        "simulate_factor_model": "estimation.factor_model",
        "simulate_pathways": "estimation.factor_model",
        "spectrum": "network.stability",
        "build_snapshot": "network.snapshot",
        "woodbury": "network.inversion",
    },
)
