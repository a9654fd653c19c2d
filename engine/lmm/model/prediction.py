"""Prediction of the random effect, with the variance of its error, for the rows of a model and for other rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...errors import EngineError, ShapeError
from ...threads import one_blas_thread
from ..kernels.spectral import Spectral
from ..kernels.stacks import roots, solutions
from .boundary import at_h2_1

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .fit import Fit, Model


@dataclass(frozen=True, slots=True)
class Prediction:
    """The predicted random effect of the rows of a model.

    Parameters
    ----------
    effect : ndarray of float64, shape (n,)
        û, the best linear unbiased prediction: σg²K V⁻¹(y − Xβ̂).
    error_variance : ndarray of float64, shape (n,)
        Var(û − u), including the error of the covariates' effects (the PEV of animal breeding).
    """

    effect: NDArray[np.float64]
    error_variance: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class OutOfSamplePrediction:
    """The predicted values of n* rows that are not in the model.

    Parameters
    ----------
    value, error_variance : ndarray of float64, shape (n*,)
        ŷ, including the covariates' part, and Var(ŷ − y), including the noise of a new row.
    effect : ndarray of float64, shape (n*,)
        The part of ŷ along the kernel.
    """

    value: NDArray[np.float64]
    error_variance: NDArray[np.float64]
    effect: NDArray[np.float64]


def blup(model: Model, fit: Fit, *, trait: int = 0) -> Prediction:
    """Return the predicted random effect of the rows of a model (BLUP).

    With KH⁻¹K = K − δI + δ²H⁻¹, Var(û − u)/σg² is the diagonal of K − KPK = δI − δ²H⁻¹ + KEEᵀK. Zero throughout at
    h² = 0. (Henderson 1975, Biometrics 31:423.)

    Notes
    -----
    O(nkr) for a decomposed kernel.
    """
    n = model.size
    if np.isinf(fit.delta):
        return Prediction(np.zeros(n), np.zeros(n))
    with one_blas_thread():
        if fit.delta == 0.0 and _is_singular(model):  # no noise: only the covariates' effects are uncertain
            end = at_h2_1(model.rotated, n, fit.method)
            frame = model.fixed.basis
            variance = np.einsum("ij,jk,ik->i", frame, end.inverse, frame)
            return Prediction(model.traits[:, trait] - frame @ end.effects[:, trait], fit.variance_kernel * variance)
        p_y, along = _p_y(model, fit, trait)
        effect = model.kernel.times(p_y[:, None])[:, 0]
        k_along = model.kernel.times(along)
        variance = _conditional_variance(model, fit.delta) + np.einsum("ij,ij->i", k_along, k_along)
    return Prediction(effect, fit.variance_kernel * variance)


def predict(
    model: Model,
    fit: Fit,
    cross: NDArray[np.float64],
    diagonal: NDArray[np.float64],
    covariates: NDArray[np.float64],
    *,
    trait: int = 0,
) -> OutOfSamplePrediction:
    """Return the predicted values of rows that are not in the model.

    Parameters
    ----------
    model, fit : Model, Fit
        The model, and its fit.
    cross : ndarray of float64, shape (n*, n)
        The kernel between the new rows and the old.
    diagonal : ndarray of float64, shape (n*,)
        The kernel of each new row with itself.
    covariates : ndarray of float64, shape (n*, r)
        Covariates of the new rows, in the columns that the model uses, including the intercept.
    trait : int
        Which of several.

    Raises
    ------
    ShapeError
        The arrays do not fit the model.
    EngineError
        At h² = 1 of a singular kernel.
    """
    if cross.shape[1:] != (model.size,) or diagonal.shape != cross.shape[:1]:
        raise ShapeError(f"A kernel of shape {cross.shape} does not fit new rows and {model.size} old ones.")
    if covariates.shape != (len(cross), fit.rank):
        raise ShapeError(f"New rows need covariates of shape ({len(cross)}, {fit.rank}), not {covariates.shape}.")
    if fit.delta == 0.0 and _is_singular(model):
        raise EngineError("At h² = 1 of a singular kernel nothing is predicted for rows outside of the model.")
    mean = covariates @ fit.effects
    if np.isinf(fit.delta):
        along = model.fixed.effects(np.eye(fit.rank))
        spread = np.einsum("ij,ij->i", covariates @ along, covariates @ along)
        return OutOfSamplePrediction(mean, fit.variance_noise * (1.0 + spread), np.zeros(len(cross)))
    with one_blas_thread():
        p_y, along = _p_y(model, fit, trait)
        solved = model.kernel.solve(fit.delta, cross.T)
        explained = np.einsum("ij,ji->i", cross, solved)
        # x* − QᵀH⁻¹k*: the covariates of a new row without the part that the kernel predicts from the other rows
        frame = covariates @ model.fixed.effects(np.eye(fit.rank)) - solved.T @ model.fixed.basis
        information = model.fixed.basis.T @ model.kernel.solve(fit.delta, model.fixed.basis)
        spread = np.einsum("ij,ij->i", frame, np.linalg.solve(information, frame.T).T)
    variance = fit.variance_kernel * (diagonal - explained + spread) + fit.variance_noise
    effect = cross @ p_y
    return OutOfSamplePrediction(mean + effect, variance, effect)


def _is_singular(model: Model) -> bool:
    return isinstance(model.kernel, Spectral) and model.kernel.rank < model.kernel.size


def _p_y(model: Model, fit: Fit, trait: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return Py, shape (n,), and E with EEᵀ = H⁻¹Q(QᵀH⁻¹Q)⁻¹QᵀH⁻¹, shape (n, r)."""
    frame, residual = model.fixed.basis, model.traits[:, trait]
    of_frame = model.kernel.solve(fit.delta, frame)
    root = roots(frame.T @ of_frame)
    along = solutions(root, of_frame.T).T
    of_trait = model.kernel.solve(fit.delta, residual[:, None])[:, 0]
    return of_trait - along @ (along.T @ residual), along


def _conditional_variance(model: Model, delta: float) -> NDArray[np.float64]:
    """Return the diagonal of K − KH⁻¹K, shape (n,)."""
    kernel = model.kernel
    if isinstance(kernel, Spectral):
        return np.square(kernel.vectors) @ (kernel.values * delta / (kernel.values + delta))
    inverse = np.diagonal(kernel.solve(delta, np.eye(kernel.size)))
    return delta - delta**2 * inverse
