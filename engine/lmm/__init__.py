"""Linear mixed models: how much of a signal goes along a network, and what exceeds that."""

from __future__ import annotations

from .component import Component, component
from .contrast import drawn_groups, t_statistics
from .design import Design, design
from .diagonal_kernel import DiagonalAndFactor
from .enrichment import Enriched, enrich
from .exact import ExactScanner
from .fit import Fit, Model, fit, fits, model
from .interval import Interval, bootstrap_interval, drawn, profile_interval, reduced_kernel, wald_interval
from .kernel import Kernel
from .leave_out import Leaving, LeftOut
from .mixture import Mixed, Mixture, mixed
from .network_kernel import network_kernel, shared_factor
from .prediction import Elsewhere, Foretold, foretold, foretold_elsewhere
from .reduced import Reduced, reduced_factor, reduced_matrix
from .scan import Scanned, Scanner, scanner
from .spectral import Spectral, of_factor, of_matrix

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
