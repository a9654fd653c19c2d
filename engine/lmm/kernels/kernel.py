"""Kernels: the covariance K of a random effect, n × n, in the two forms that a model takes it in.

Either has `size`, `trace`, `times` (KA), `solve` ((K + δI)⁻¹A) and `see`, which gives what it makes of the columns of
a model: their products under H(δ)⁻¹ = (K + δI)⁻¹ at any δ, for all traits (`grid`) or for each at its own (`paired`),
under H = I (`at_identity`) and at δ = 0 (`at_zero`).
"""

from __future__ import annotations

from .diagonal_kernel import DiagonalAndFactor, RotatedByDiagonal
from .spectral import Rotated, Spectral

Kernel = Spectral | DiagonalAndFactor
"""K by its eigenvectors, or as a diagonal and a factor, of which no eigenvectors serve every δ."""

RotatedColumns = Rotated | RotatedByDiagonal
"""The columns of a model as a kernel sees them."""
