"""Linear mixed models: how much of a signal goes along a network, and what exceeds that."""

from __future__ import annotations

from .association.component import ComponentTest, run_component_test
from .association.enrichment import Enrichment, enrich
from .association.exact import ExactScanner
from .association.leave_out import LeaveOut, LeaveOutFit
from .association.results import ScanResult
from .association.scan import Scanner, make_scanner
from .kernels.diagonal_kernel import DiagonalAndFactor
from .kernels.kernel import Kernel
from .kernels.network_kernel import network_kernel, shared_factor
from .kernels.spectral import Spectral, of_factor, of_matrix
from .model.contrast import permuted_groups, t_statistics
from .model.design import Design, design
from .model.fit import Fit, Model, fit, fit_many, make_model
from .model.interval import Interval, bootstrap_interval, profile_interval, reduced_kernel, simulate_null, wald_interval
from .model.mixture import Mixture, MixtureFit, fit_mixture
from .model.prediction import OutOfSamplePrediction, Prediction, blup, predict
from .model.reduced import Reduced, reduced_factor, reduced_matrix

__all__ = [
    "ComponentTest",
    "Design",
    "DiagonalAndFactor",
    "Enrichment",
    "ExactScanner",
    "Fit",
    "Interval",
    "Kernel",
    "LeaveOut",
    "LeaveOutFit",
    "Mixture",
    "MixtureFit",
    "Model",
    "OutOfSamplePrediction",
    "Prediction",
    "Reduced",
    "ScanResult",
    "Scanner",
    "Spectral",
    "blup",
    "bootstrap_interval",
    "design",
    "enrich",
    "fit",
    "fit_many",
    "fit_mixture",
    "make_model",
    "make_scanner",
    "network_kernel",
    "of_factor",
    "of_matrix",
    "permuted_groups",
    "predict",
    "profile_interval",
    "reduced_factor",
    "reduced_kernel",
    "reduced_matrix",
    "run_component_test",
    "shared_factor",
    "simulate_null",
    "t_statistics",
    "wald_interval",
]
