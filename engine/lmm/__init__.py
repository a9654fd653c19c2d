"""Linear mixed models: how much of a signal goes along a network, and what exceeds that."""

from __future__ import annotations

from .association.component import Component, component
from .association.enrichment import Enriched, enrich
from .association.exact import ExactScanner
from .association.leave_out import Leaving, LeftOut
from .association.scan import Scanned, Scanner, scanner
from .kernels.diagonal_kernel import DiagonalAndFactor
from .kernels.kernel import Kernel
from .kernels.network_kernel import network_kernel, shared_factor
from .kernels.spectral import Spectral, of_factor, of_matrix
from .model.contrast import drawn_groups, t_statistics
from .model.design import Design, design
from .model.fit import Fit, Model, fit, fits, model
from .model.interval import Interval, bootstrap_interval, drawn, profile_interval, reduced_kernel, wald_interval
from .model.mixture import Mixed, Mixture, mixed
from .model.prediction import Elsewhere, Foretold, foretold, foretold_elsewhere
from .model.reduced import Reduced, reduced_factor, reduced_matrix

__all__ = [
    "Component",
    "Design",
    "DiagonalAndFactor",
    "Elsewhere",
    "Enriched",
    "ExactScanner",
    "Fit",
    "Foretold",
    "Interval",
    "Kernel",
    "Leaving",
    "LeftOut",
    "Mixed",
    "Mixture",
    "Model",
    "Reduced",
    "Scanned",
    "Scanner",
    "Spectral",
    "bootstrap_interval",
    "component",
    "design",
    "drawn",
    "drawn_groups",
    "enrich",
    "fit",
    "fits",
    "foretold",
    "foretold_elsewhere",
    "mixed",
    "model",
    "network_kernel",
    "of_factor",
    "of_matrix",
    "profile_interval",
    "reduced_factor",
    "reduced_kernel",
    "reduced_matrix",
    "scanner",
    "shared_factor",
    "t_statistics",
    "wald_interval",
]
