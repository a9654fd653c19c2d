"""Kernels: the covariance K of a random effect, n × n, in the two forms that a model accepts.

Both have `size`, `trace`, `times` (KA), `solve` ((K + δI)⁻¹A) and `rotate`. The latter returns the columns of a model
in a form that gives their products under H(δ)⁻¹ = (K + δI)⁻¹ for all traits (`moments_on_grid`), for each trait at its
own δ (`moments_by_trait`), under H = I (`moments_at_identity`) and at δ = 0 (`moments_at_zero`).
"""

from __future__ import annotations

from .diagonal_kernel import DiagonalAndFactor, RotatedByDiagonal
from .spectral import Rotated, Spectral

Kernel = Spectral | DiagonalAndFactor
"""K by its eigenvectors, or as a diagonal and a factor, whose eigenvectors are not computed."""

RotatedColumns = Rotated | RotatedByDiagonal
"""The fixed effects and traits of a model, prepared for one of the two kernels."""
