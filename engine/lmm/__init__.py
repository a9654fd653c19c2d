"""Linear mixed models: how much of a signal goes along a network, and what exceeds that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import attach

if TYPE_CHECKING:
    from .association.component import ComponentTest as ComponentTest, run_component_test as run_component_test
    from .association.enrichment import Enrichment as Enrichment, enrich as enrich
    from .association.exact import ExactScanner as ExactScanner
    from .association.leave_out import LeaveOut as LeaveOut, LeaveOutFit as LeaveOutFit
    from .association.results import ScanResult as ScanResult
    from .association.scan import Scanner as Scanner, make_scanner as make_scanner
    from .kernels.diagonal_kernel import DiagonalAndFactor as DiagonalAndFactor
    from .kernels.kernel import Kernel as Kernel
    from .kernels.network_kernel import network_kernel as network_kernel, shared_factor as shared_factor
    from .kernels.spectral import Spectral as Spectral, of_factor as of_factor, of_matrix as of_matrix
    from .model.contrast import permuted_groups as permuted_groups, t_statistics as t_statistics
    from .model.design import Design as Design, design as design
    from .model.fit import Fit as Fit, Model as Model, fit as fit, fit_many as fit_many, make_model as make_model
    from .model.interval import (
        Interval as Interval,
        bootstrap_interval as bootstrap_interval,
        profile_interval as profile_interval,
        reduced_kernel as reduced_kernel,
        simulate_null as simulate_null,
        wald_interval as wald_interval,
    )
    from .model.mixture import Mixture as Mixture, MixtureFit as MixtureFit, fit_mixture as fit_mixture
    from .model.prediction import (
        OutOfSamplePrediction as OutOfSamplePrediction,
        Prediction as Prediction,
        blup as blup,
        predict as predict,
    )
    from .model.reduced import Reduced as Reduced, reduced_factor as reduced_factor, reduced_matrix as reduced_matrix
else:
    __getattr__, __dir__ = attach(__name__)
