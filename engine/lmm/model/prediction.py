"""The random effect foretold: for the rows at hand, with the variance of the error, and for rows not seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...errors import EngineError, ShapeError
from ...threads import one_blas_thread
from ..kernels.spectral import Spectral
from ..kernels.stacks import roots, solutions
from .boundary import at_all

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .fit import Fit, Model


@dataclass(frozen=True, slots=True)
class Prediction:
    """What goes along the kernel.

    Parameters
    ----------
    effect : ndarray of float64, shape (n,)
        û, the best linear unbiased prediction: σg²K V⁻¹(y − Xβ̂).
    error_variance : ndarray of float64, shape (n,)
        Var(û − u), that of the covariates' effects included (the PEV of animal breeding).
    """

    effect: NDArray[np.float64]
    error_variance: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class OutOfSamplePrediction:
    """What is foretold of n* rows that the model has not seen.

    Parameters
    ----------
    value, error_variance : ndarray of float64, shape (n*,)
        y, the covariates' part in it, and Var(ŷ − y), the noise of a new row in it.
    effect : ndarray of float64, shape (n*,)
        What of it goes along the kernel.
    """

    value: NDArray[np.float64]
    error_variance: NDArray[np.float64]
    effect: NDArray[np.float64]


def blup(given: Model, found: Fit, *, trait: int = 0) -> Prediction:
    """Return the random effect of the rows that the model was fitted to.

    With KH⁻¹K = K − δI + δ²H⁻¹, Var(û − u)/σg² is the diagonal of K − KPK = δI − δ²H⁻¹ + KEEᵀK. Zero throughout at
    h² = 0. (Henderson 1975, Biometrics 31:423.)

    Notes
    -----
    O(nkr) for a decomposed kernel.
    """
    n = given.size
    if np.isinf(found.delta):
        return Prediction(np.zeros(n), np.zeros(n))
    with one_blas_thread():
        if found.delta == 0.0 and _is_singular(
            given
        ):  # everything goes along it, and the covariates alone are in doubt
            end = at_all(given.rotated, n, found.method)
            frame = given.fixed.basis
            variance = np.einsum("ij,jk,ik->i", frame, end.inverse, frame)
            return Prediction(given.traits[:, trait] - frame @ end.effects[:, trait], found.variance_kernel * variance)
        projected, along = _projected(given, found, trait)
        effect = given.kernel.times(projected[:, None])[:, 0]
        carried = given.kernel.times(along)
        variance = _shrunk(given, found.delta) + np.einsum("ij,ij->i", carried, carried)
    return Prediction(effect, found.variance_kernel * variance)


def predict(
    given: Model,
    found: Fit,
    cross: NDArray[np.float64],
    own: NDArray[np.float64],
    covariates: NDArray[np.float64],
    *,
    trait: int = 0,
) -> OutOfSamplePrediction:
    """Return what the model foretells of rows that it has not seen.

    Parameters
    ----------
    given, found : Model, Fit
        What was fitted, and what came of it.
    cross : ndarray of float64, shape (n*, n)
        The kernel between the new rows and the old.
    own : ndarray of float64, shape (n*,)
        The kernel of each new row with itself.
    covariates : ndarray of float64, shape (n*, r)
        Of the new rows, in the columns that were kept, the intercept among them.
    trait : int
        Which of several.

    Raises
    ------
    ShapeError
        The arrays do not fit the model.
    EngineError
        At h² = 1 of a singular kernel.
    """
    if cross.shape[1:] != (given.size,) or own.shape != cross.shape[:1]:
        raise ShapeError(f"A kernel of shape {cross.shape} does not go between new rows and {given.size} old ones.")
    if covariates.shape != (len(cross), found.rank):
        raise ShapeError(f"New rows need covariates of shape ({len(cross)}, {found.rank}), not {covariates.shape}.")
    if found.delta == 0.0 and _is_singular(given):
        raise EngineError("At h² = 1 of a singular kernel nothing is foretold for rows that the model has not seen.")
    mean = covariates @ found.effects
    if np.isinf(found.delta):
        along = given.fixed.effects(np.eye(found.rank))
        spread = np.einsum("ij,ij->i", covariates @ along, covariates @ along)
        return OutOfSamplePrediction(mean, found.variance_noise * (1.0 + spread), np.zeros(len(cross)))
    with one_blas_thread():
        projected, along = _projected(given, found, trait)
        solved = given.kernel.solve(found.delta, cross.T)
        explained = np.einsum("ij,ji->i", cross, solved)
        # x*: what the covariates of a new row leave after those that its kinship already accounts for
        frame = covariates @ given.fixed.effects(np.eye(found.rank)) - solved.T @ given.fixed.basis
        information = given.fixed.basis.T @ given.kernel.solve(found.delta, given.fixed.basis)
        spread = np.einsum("ij,ij->i", frame, np.linalg.solve(information, frame.T).T)
    variance = found.variance_kernel * (own - explained + spread) + found.variance_noise
    effect = cross @ projected
    return OutOfSamplePrediction(mean + effect, variance, effect)


def _is_singular(given: Model) -> bool:
    return isinstance(given.kernel, Spectral) and given.kernel.rank < given.kernel.size


def _projected(given: Model, found: Fit, trait: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return Py, shape (n,), and E with EEᵀ = H⁻¹Q(QᵀH⁻¹Q)⁻¹QᵀH⁻¹, shape (n, r)."""
    frame, left = given.fixed.basis, given.traits[:, trait]
    of_frame = given.kernel.solve(found.delta, frame)
    root = roots(frame.T @ of_frame)
    along = solutions(root, of_frame.T).T
    of_trait = given.kernel.solve(found.delta, left[:, None])[:, 0]
    return of_trait - along @ (along.T @ left), along


def _shrunk(given: Model, delta: float) -> NDArray[np.float64]:
    """Return the diagonal of K − KH⁻¹K, shape (n,)."""
    kernel = given.kernel
    if isinstance(kernel, Spectral):
        return np.square(kernel.vectors) @ (kernel.values * delta / (kernel.values + delta))
    inverse = np.diagonal(kernel.solve(delta, np.eye(kernel.size)))
    return delta - delta**2 * inverse
