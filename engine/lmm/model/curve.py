"""The profile likelihood of h² as a curve, from one end to the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...threads import one_blas_thread
from .likelihood import profile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .fit import Fit, Model


def likelihood_at(model: Model, fit: Fit, h2: NDArray[np.float64], *, trait: int = 0) -> NDArray[np.float64]:
    """Return the log likelihood at given h², all other parameters at their best, shape (g,).

    Parameters
    ----------
    model, fit : Model, Fit
        The model, and its fit.
    h2 : ndarray of float64, shape (g,)
        From 0 to 1; at these ends the values are those of the fit, −∞ where the model is impossible.
    trait : int
        Which of several.

    Notes
    -----
    O(gk r²).

    Examples
    --------
    >>> from ..kernels.spectral import of_factor
    >>> from .fit import fit_many, make_model
    >>> rng = np.random.default_rng(1)
    >>> loadings = rng.normal(size=(400, 10))
    >>> model = make_model(of_factor(loadings), loadings @ rng.normal(size=10) + rng.normal(size=400))
    >>> fit = fit_many(model)[0]
    >>> bool(np.allclose(likelihood_at(model, fit, np.array([0.0, fit.h2])), [fit.log_likelihood_h2_0,
    ...     fit.log_likelihood]))
    True
    """
    inside = (h2 > 0) & (h2 < 1)
    values = np.where(h2 >= 1, fit.log_likelihood_h2_1, fit.log_likelihood_h2_0)
    if inside.any():
        deltas = model.scale * (1.0 - h2[inside]) / h2[inside]
        traits = np.full(len(deltas), trait)
        with one_blas_thread():
            moments = model.rotated.moments_by_trait(deltas, traits, 1)
            values[inside] = profile(moments, deltas, model.size, fit.method).log_likelihood[:, 0]
    return values
