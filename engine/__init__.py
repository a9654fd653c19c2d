"""Numbers: arrays in, arrays out. No files, no clock, no environment, no printing.

The update identities stand here by themselves, for any matrices: `matrix_inversion_lemma`, `woodbury`,
`sherman_morrison`; and the factor model: `factor_covariance`, `simulate_factor_model`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .lazy import lazily

if TYPE_CHECKING:
    from .comparison import Difference, compare
    from .covariance import DenseCovariance, FactorCovariance
    from .estimate import Estimate, empirical, ledoit_wolf, shrinkage
    from .expression import Expression
    from .factor_estimate import factor_analysis
    from .factor_model import factor_covariance, parameter_counts, simulate_factor_model, simulate_pathways
    from .inversion import invert, matrix_inversion_lemma, sherman_morrison, woodbury
    from .network import Cut, Edges, Neighbors
    from .panel import Panel
    from .pathway import Pathway
    from .preparation import Preparation, prepare
    from .snapshot import Snapshot, take
    from .stability import Spectrum, probe, refined_columns, spectrum

__all__ = [
    "Cut",
    "DenseCovariance",
    "Difference",
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
    "take",
    "woodbury",
]

__getattr__ = lazily(
    __name__,
    {
        "Cut": "network",
        "DenseCovariance": "covariance",
        "Difference": "comparison",
        "Edges": "network",
        "Estimate": "estimate",
        "Expression": "expression",
        "FactorCovariance": "covariance",
        "Neighbors": "network",
        "Panel": "panel",
        "Pathway": "pathway",
        "Preparation": "preparation",
        "Snapshot": "snapshot",
        "Spectrum": "stability",
        "compare": "comparison",
        "empirical": "estimate",
        "factor_analysis": "factor_estimate",
        "factor_covariance": "factor_model",
        "invert": "inversion",
        "ledoit_wolf": "estimate",
        "matrix_inversion_lemma": "inversion",
        "parameter_counts": "factor_model",
        "prepare": "preparation",
        "probe": "stability",
        "refined_columns": "stability",
        "sherman_morrison": "inversion",
        "shrinkage": "estimate",
        "simulate_factor_model": "factor_model",
        "simulate_pathways": "factor_model",
        "spectrum": "stability",
        "take": "snapshot",
        "woodbury": "inversion",
    },
)
