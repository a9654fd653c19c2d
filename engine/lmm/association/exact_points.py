"""The part of an exact scan that no test changes: Py and E at many δ, in the coordinates of the kernel's eigenvectors.

With these, xᵀPx and xᵀPy of a test at all δ are products of its coordinates with small matrices.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..kernels.stacks import roots, solutions, stacked_inverse, transposed
from ..model.boundary import at_h2_1, nullity_spanned
from ..model.likelihood import LOG_2PI, profile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ...choices import Method
    from ..kernels.spectral import Rotated

LARGEST_NULLITY = 16
"""Most dimensions of a null space of which a basis is formed; without one, lengths outside of U lose digits."""


@dataclass(frozen=True, slots=True)
class RotatedTests:
    """A block of b tests in the coordinates of the kernel's eigenvectors.

    Parameters
    ----------
    inside, inside_squares : ndarray of float64, shape (b, k)
        x̃ = Uᵀx, and its squares.
    outside : ndarray of float64, shape (b, 1 + r)
        Products of x with y and Q outside of U.
    outside_squares : ndarray of float64, shape (b,)
        |x|² outside of U.
    residual_squares, squares : ndarray of float64, shape (b,)
        |Sx|² and |x|².
    """

    inside: NDArray[np.float64]
    inside_squares: NDArray[np.float64]
    outside: NDArray[np.float64]
    outside_squares: NDArray[np.float64]
    residual_squares: NDArray[np.float64]
    squares: NDArray[np.float64]

    def select(self, tests: NDArray[np.intp]) -> RotatedTests:
        """Return some of the tests."""
        return RotatedTests(*(getattr(self, name)[tests] for name in RotatedTests.__slots__))


@dataclass(frozen=True, slots=True)
class Points:
    """Some values of δ, with the factors of xᵀPx and xᵀPy there that do not depend on x.

    Parameters
    ----------
    deltas : ndarray of float64, shape (g,)
        δ.
    weights : ndarray of float64, shape (k, g)
        1/(λ + δ).
    inside : ndarray of float64, shape (k, g(1 + r))
        U-coordinates of Py, and of E with EEᵀ = H⁻¹Q(QᵀH⁻¹Q)⁻¹QᵀH⁻¹.
    outside : ndarray of float64, shape (1 + r, g(1 + r))
        Coefficients of Py and E in y and Q outside of U.
    outside_weights : ndarray of float64, shape (g,)
        1/δ, or zero where K is regular.
    residual, log_det : ndarray of float64, shape (g,)
        yᵀPy; log|H| + log|QᵀH⁻¹Q| for REML, log|H| for ML.
    """

    deltas: NDArray[np.float64]
    weights: NDArray[np.float64]
    inside: NDArray[np.float64]
    outside: NDArray[np.float64]
    outside_weights: NDArray[np.float64]
    residual: NDArray[np.float64]
    log_det: NDArray[np.float64]

    def products(self, tests: RotatedTests) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return xᵀPx and xᵀPy of each test, each of shape (b, g)."""
        b, g = len(tests.inside), len(self.deltas)
        linear = (tests.inside @ self.inside + tests.outside @ self.outside).reshape(b, g, -1)
        quadratic = tests.inside_squares @ self.weights + tests.outside_squares[:, None] * self.outside_weights
        return quadratic - np.einsum("bgr,bgr->bg", linear[:, :, 1:], linear[:, :, 1:]), linear[:, :, 0]


def points_at(deltas: NDArray[np.float64], rotated: Rotated, trait: int, size: int, method: Method) -> Points:
    """Return the points of a trait at some δ.

    Parameters
    ----------
    deltas : ndarray of float64, shape (g,)
        δ.
    rotated : Rotated
        The basis of the covariates, and the traits.
    trait, size : int
        Which trait, and n.
    method : {"reml", "ml"}
        Which likelihood.
    """
    g, r = len(deltas), rotated.fixed.shape[1]
    moments = rotated.moments_on_grid(deltas, 1)  # of all traits: only this one's are used
    root = roots(moments.ff[0])
    half = solutions(root, moments.ft[0][:, :, trait, None])[:, :, 0]
    effects = solutions(transposed(root), half[:, :, None])[:, :, 0]
    weights = 1.0 / (rotated.values[:, None] + deltas)
    outside_weights = 1.0 / deltas if rotated.nullity else np.zeros(g)
    coefficients = np.zeros((1 + r, g, 1 + r))  # of Py and E in [y, Q]
    coefficients[0, :, 0] = 1.0
    coefficients[1:, :, 0] = -effects.T
    coefficients[1:, :, 1:] = stacked_inverse(root).transpose(2, 0, 1)  # rows: Eᵀ = L⁻¹QᵀH⁻¹
    columns = np.vstack([rotated.trait_rows[[trait]], rotated.fixed.T])  # (1 + r, k)
    inside = np.einsum("ak,agb->kgb", columns, coefficients) * weights[:, :, None]
    log_det = moments.log_det + (np.linalg.slogdet(moments.ff[0])[1] if method == "reml" else 0.0)
    return Points(
        deltas,
        weights,
        inside.reshape(-1, g * (1 + r)),
        (coefficients * outside_weights[None, :, None]).reshape(1 + r, -1),
        outside_weights,
        profile(moments, deltas, size, method).residual[:, trait],
        log_det,
    )


def end_points(rotated: Rotated, scale: float, trait: int, size: int, method: Method) -> list[Points]:
    """Return the points at the ends that are possible: h² = 0, as δ far beyond any eigenvalue, and h² = 1."""
    ends = [points_at(np.array([scale * 1e14]), rotated, trait, size, method)]
    if not rotated.nullity and float(rotated.values.min()) > 1e-12 * float(rotated.values.max()):
        ends.append(points_at(np.zeros(1), rotated, trait, size, method))
    elif 0 < rotated.nullity <= LARGEST_NULLITY and nullity_spanned(rotated) == rotated.nullity and method == "reml":
        ends.append(_points_at_h2_1(rotated, trait, size))
    return ends


def _points_at_h2_1(rotated: Rotated, trait: int, size: int) -> Points:
    """Return the points at h² = 1 of a kernel whose null space the covariates span, for REML."""
    r = rotated.fixed.shape[1]
    end = at_h2_1(rotated, size, "reml")
    inverse, axes = np.linalg.eigh(end.inverse)
    free = axes * np.sqrt(inverse.clip(0.0))  # E = H⁻¹Q(QᵀH⁻¹Q)^(−½); directions with fixed effects have none
    weights = 1.0 / rotated.values
    along = weights[:, None] * (rotated.fixed @ free)
    p_y = weights * (rotated.trait_rows[trait] - rotated.fixed @ end.effects[:, trait])
    residual, freedom = end.residual[trait], size - r
    log_det = -2.0 * end.log_likelihood[trait] - freedom * (LOG_2PI + np.log(residual / freedom) + 1.0)
    return Points(
        np.zeros(1),
        weights[:, None],
        np.column_stack([p_y, along]),
        np.zeros((1 + r, 1 + r)),
        np.zeros(1),
        np.array([residual]),
        np.array([log_det]),
    )
